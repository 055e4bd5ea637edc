package apigateway

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// patches say what a patch operation does, by "OP /PATH". A path that ends in /* takes one more segment, which is handed on
// with ~1 and ~0 read as in a JSON pointer (RFC 6901).
type patches map[string]func(name, value string) error

// patch applies patch operations in order. One that is not listed is refused, with AWS's words, which name those that are.
func patch(ops []types.PatchOperation, can patches) error {
	for _, op := range ops {
		f, name := can.find(string(op.Op), aws.ToString(op.Path))
		if f == nil {
			return invalid("Invalid patch path  '%s' specified for op '%s'. Must be one of: [%s]", aws.ToString(op.Path), op.Op, strings.Join(can.paths(string(op.Op)), ", "))
		}
		if err := f(name, aws.ToString(op.Value)); err != nil {
			if fault.KindOf(err) != "" {
				return err
			}
			return invalid("Invalid patch value '%s' specified for path '%s'", aws.ToString(op.Value), aws.ToString(op.Path))
		}
	}
	return nil
}

func (p patches) find(op, path string) (f func(string, string) error, name string) {
	if f := p[op+" "+path]; f != nil {
		return f, ""
	}
	i := strings.LastIndex(path, "/")
	if i < 0 {
		return nil, ""
	}
	return p[op+" "+path[:i]+"/*"], strings.NewReplacer("~1", "/", "~0", "~").Replace(path[i+1:])
}

func (p patches) paths(op string) (list []string) {
	for _, k := range slices.Sorted(maps.Keys(p)) {
		if path, ok := strings.CutPrefix(k, op+" "); ok {
			list = append(list, path)
		}
	}
	return list
}
