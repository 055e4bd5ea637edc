package identity

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"hash/fnv"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// awsPrefix is the ARN prefix of the policies that AWS itself manages.
const awsPrefix = "arn:aws:iam::aws:policy/"

// managed holds AWS's own policies, one a line: path and name, the default version, the instants when the policy was made and
// when that version was, and its document, apart by tabs, sorted. docs/decisions says where it is from.
//
//go:embed managed/policies.tsv.gz
var managed []byte

// awsPolicies are the policies of AWS by their ARNs. They are unpacked when the first is asked for (some 10 ms).
var awsPolicies = sync.OnceValue(func() map[string]*Policy {
	all, err := readManaged()
	if err != nil { // it is embedded
		panic(err)
	}
	return all
})

func readManaged() (map[string]*Policy, error) {
	z, err := gzip.NewReader(bytes.NewReader(managed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	all := map[string]*Policy{}
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 5)
		if len(f) != 5 {
			return nil, fmt.Errorf("the policies of AWS: %q has no five fields", line)
		}
		p := &Policy{Account: "aws", ARN: strings.TrimSuffix(awsPrefix, "/") + f[0], Document: f[4]}
		p.Path, p.Name = path.Split(f[0])
		p.ID = awsID(p.Name)
		if p.Version, err = strconv.Atoi(strings.TrimPrefix(f[1], "v")); err != nil {
			return nil, err
		}
		if p.Created, err = time.Parse(time.RFC3339, f[2]); err != nil {
			return nil, err
		}
		if p.Updated, err = time.Parse(time.RFC3339, f[3]); err != nil {
			return nil, err
		}
		all[p.ARN] = p
	}
	return all, nil
}

// awsID stands for the unique id of a policy of AWS, which the data does not have: it is made of the name.
func awsID(name string) string {
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)
	return "ANPA" + strings.ToUpper(fmt.Sprintf("%016x", h.Sum64()))
}

// awsPolicy returns a policy that AWS manages.
func awsPolicy(policyARN string) (*Policy, bool) {
	if !strings.HasPrefix(policyARN, awsPrefix) {
		return nil, false
	}
	p, ok := awsPolicies()[policyARN]
	if !ok {
		return nil, false
	}
	own := *p
	return &own, true
}

// AWSPolicies lists the policies managed by AWS that are known, by ARN.
func AWSPolicies() []*Policy {
	list := make([]*Policy, 0, len(awsPolicies()))
	for _, p := range awsPolicies() {
		own := *p
		list = append(list, &own)
	}
	slices.SortFunc(list, func(a, b *Policy) int { return strings.Compare(a.ARN, b.ARN) })
	return list
}

// Unknown is the detail of the fault for a policy of AWS that is not known here.
const Unknown = "unknown policy of AWS"

// noPolicy is IAM's sentence for a managed policy that is asked for and is not there.
func noPolicy(policyARN string) error { return gone(policyARN, "Policy "+policyARN+" was not found.") }

// notAttachable is IAM's sentence for one that is to be attached, and noBoundary for one that is to be a boundary.
func notAttachable(policyARN string) error {
	return gone(policyARN, "Policy "+policyARN+" does not exist or is not attachable.")
}

func noBoundary(policyARN string) error {
	return gone(policyARN, "Scope ARN: "+policyARN+" does not exist or is not attachable.")
}

func gone(policyARN, message string) error {
	f := fault.New(fault.NotFound, "%s", message)
	if strings.HasPrefix(policyARN, awsPrefix) {
		f.Detail = Unknown
	}
	return f
}

// Spelling is the ARN of a known policy of AWS that has the name of another ARN, under another path; empty if there is none.
func Spelling(policyARN string) string {
	for _, p := range AWSPolicies() {
		if p.Name == path.Base(policyARN) {
			return p.ARN
		}
	}
	return ""
}
