package lambda

import (
	"context"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// functionKey is the condition key of a mapping's function.
const functionKey = "lambda:FunctionArn"

// on is an operation on the function that its input names by FunctionName and, where it has one, Qualifier (Service
// Authorization Reference, AWS Lambda).
func on[I, O any](f func(context.Context, *I) (*O, error), options ...wire.Option[I]) wire.Operation {
	return wire.Op(f, append([]wire.Option[I]{wire.Resource(func(ctx context.Context, in *I) string { return functionResource(ctx, in) })}, options...)...)
}

// functionResource is the ARN of the function that an input names; a name that cannot be read is left for the operation to
// refuse.
func functionResource(ctx context.Context, in any) string {
	ref, err := arn.ParseFunctionRef(aws.ToString(text(in, "FunctionName")), false)
	if err != nil {
		return "*"
	}
	if q := text(in, "Qualifier"); q != nil && ref.Qualifier == "" && arn.ValidQualifier(*q) {
		ref.Qualifier = *q
	}
	return complete(ctx, ref).ARN()
}

// madeResource is the ARN of the function that CreateFunction is asked for. It is of the caller's account in any case: the
// operation refuses another's by itself, without a word, as AWS does.
func madeResource(ctx context.Context, in *lambda.CreateFunctionInput) string {
	resource := functionResource(ctx, in)
	if parsed, err := arn.Parse(resource); err == nil {
		parsed.Account = wire.CallFrom(ctx).Account
		return parsed.String()
	}
	return resource
}

// text is a member of an input that is a text; nil where it has none.
func text(in any, member string) *string {
	v := reflect.ValueOf(in).Elem().FieldByName(member)
	if !v.IsValid() {
		return nil
	}
	value, _ := v.Interface().(*string)
	return value
}

// onMapping is an operation on an event source mapping, with the function that the mapping has as a condition key.
func onMapping[I, O any](a *API, f func(context.Context, *I) (*O, error), uuid func(*I) *string) wire.Operation {
	return wire.Op(f, wire.Resource(func(ctx context.Context, in *I) string { return mappingARN(ctx, uuid(in)) }),
		wire.Keys(func(ctx context.Context, in *I) map[string][]string {
			call := wire.CallFrom(ctx)
			m, err := a.Poller.Get(call.Account, call.Region, aws.ToString(uuid(in)))
			if err != nil {
				return nil // the operation will say so
			}
			return map[string][]string{functionKey: {m.FunctionARN}}
		}))
}

func mappingARN(ctx context.Context, uuid *string) string {
	call := wire.CallFrom(ctx)
	return arn.EventSourceMapping(call.Region, call.Account, *uuid)
}

// grantable are the actions, beside those of an invocation, that a function's policy can allow or deny (Lambda guide, actions of
// resource-based policies).
var grantable = map[string]bool{}

func init() {
	for name := range strings.FieldsSeq(`CreateAlias DeleteAlias DeleteFunction DeleteFunctionConcurrency DeleteFunctionEventInvokeConfig
		DeleteProvisionedConcurrencyConfig GetAlias GetFunction GetFunctionConcurrency GetFunctionConfiguration GetFunctionEventInvokeConfig
		GetPolicy GetProvisionedConcurrencyConfig ListAliases ListFunctionEventInvokeConfigs ListProvisionedConcurrencyConfigs ListTags
		ListVersionsByFunction PublishVersion PutFunctionConcurrency PutFunctionEventInvokeConfig PutProvisionedConcurrencyConfig TagResource
		UntagResource UpdateAlias UpdateFunctionCode UpdateFunctionEventInvokeConfig`) {
		grantable["lambda:"+name] = true
	}
}

// grantedPolicy is the policy of the function that an action is asked on, where a function's policy can speak of the action.
func (a *API) grantedPolicy(ctx context.Context, action, resource string) (*policy.Source, error) {
	if !grantable[action] {
		return nil, nil
	}
	ref, err := arn.ParseFunctionRef(resource, false)
	if err != nil || ref.Account == "" {
		return nil, nil // no function: an event source mapping or a layer
	}
	own, err := a.Functions.Policy(ctx, ref)
	if fault.Is(err, fault.NotFound) {
		return nil, nil // the operation says so, to who may know
	}
	return own, err
}

// tagging is the right that an input with tags needs besides.
func tagging(in any, resource string) []wire.Need {
	if !wire.Tagged(in) {
		return nil
	}
	return []wire.Need{{Action: "lambda:TagResource", Resource: resource}}
}

// settingKeys are the condition keys of what a function is configured with.
func settingKeys(layers []string, vpc *types.VpcConfig) map[string][]string {
	keys := map[string][]string{}
	if len(layers) > 0 {
		keys["lambda:Layer"] = layers
	}
	if vpc != nil && len(vpc.SubnetIds) > 0 {
		keys["lambda:SubnetIds"], keys["lambda:VpcIds"] = vpc.SubnetIds, []string{vpcID(vpc.SubnetIds)}
	}
	if vpc != nil && len(vpc.SecurityGroupIds) > 0 {
		keys["lambda:SecurityGroupIds"] = vpc.SecurityGroupIds
	}
	return keys
}

// permissionKeys are the condition keys of AddPermission.
func permissionKeys(principal *string, urlAuth string) map[string][]string {
	keys := map[string][]string{"lambda:Principal": {aws.ToString(principal)}}
	if urlAuth != "" {
		keys["lambda:FunctionUrlAuthType"] = []string{urlAuth}
	}
	return keys
}

// passRole is the question whether the caller may give a role to a function.
func passRole(call *wire.Call, role, functionARN string) authz.Question {
	q := call.Question("iam:PassRole", role)
	q.Keys["iam:PassedToService"] = []string{authz.LambdaService}
	q.Keys["iam:AssociatedResourceArn"] = []string{functionARN}
	return q
}
