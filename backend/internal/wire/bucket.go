package wire

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// bucketOf finds the bucket in a virtual-hosted S3 host: BUCKET.s3.localhost:4566, BUCKET.s3.us-east-1.localhost,
// BUCKET.localhost, and the same below an allowed host or amazonaws.com (Virtual hosting of general purpose buckets, Amazon
// S3 User Guide). "" where the host names none, and the bucket is in the path.
func bucketOf(hostport string, allowed []string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || slices.Contains(allowed, host) {
		return ""
	}
	for _, base := range append([]string{"localhost", "amazonaws.com"}, allowed...) {
		if prefix, ok := strings.CutSuffix(host, "."+base); ok {
			return withoutEndpoint(prefix)
		}
	}
	return ""
}

// withoutEndpoint cuts the service and the region off: my.bucket.s3.us-east-1 is my.bucket, s3 is nothing.
func withoutEndpoint(prefix string) string {
	labels := strings.Split(prefix, ".")
	for i := len(labels) - 1; i >= 0 && i >= len(labels)-3; i-- {
		if labels[i] == "s3" || strings.HasPrefix(labels[i], "s3-") {
			return strings.Join(labels[:i], ".")
		}
	}
	return prefix
}
