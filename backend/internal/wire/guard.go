package wire

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Guard refuses what a page in the user's own browser could send: a request whose Host is not this backend's (a name that
// somebody points at loopback), whose Origin is elsewhere, or which the browser itself calls cross-site. allowed lists
// further hosts, as given with --listen, in lower case. What pages may call (function URLs, HTTP APIs) is routed before it.
func Guard(next http.Handler, allowed ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if why := suspicious(r, allowed); why != "" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"code": "Forbidden", "message": why}})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func suspicious(r *http.Request, allowed []string) string {
	if !localHost(r.Host, allowed) {
		return fmt.Sprintf("the host %q is not this backend: use 127.0.0.1 or localhost, or start the backend with --allow-hosts", r.Host)
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || !localHost(u.Host, allowed) {
			return fmt.Sprintf("a page of %q may not call this backend", origin)
		}
	}
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		return "a page of another site may not call this backend"
	}
	return ""
}

// localHost reports whether a Host is a loopback name or address, or one that was allowed.
func localHost(hostport string, allowed []string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || slices.Contains(allowed, host) {
		return true
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}
	return slices.ContainsFunc(allowed, func(name string) bool { return strings.HasSuffix(host, "."+name) }) // S3's buckets
}
