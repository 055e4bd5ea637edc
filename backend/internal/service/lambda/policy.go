package lambda

import (
	"context"
	"net/http"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// constraint is a pattern and lengths of a member of AddPermission (API model).
type constraint struct {
	pattern string
	re      *regexp.Regexp
	most    int
}

func member(pattern string, most int) constraint {
	return constraint{pattern, regexp.MustCompile(`^(?:` + pattern + `)$`), most}
}

var (
	actionForm    = member(`(lambda:[*]|lambda:[a-zA-Z]+|[*])`, 0)
	principalForm = member(`[^\s]+`, 0)
	sourceARNForm = member(`arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)`, 0)
	accountForm   = member(`\d{12}`, 12)
	statementForm = member(`([a-zA-Z0-9-_]+)`, 100)
	removeForm    = member(`([a-zA-Z0-9-_.]+)`, 100)
	tokenForm     = member(`[a-zA-Z0-9._\-]+`, 256)
	orgForm       = member(`o-[a-z0-9]{10,32}`, 34)
)

func (c constraint) check(path string, value *string) []wire.Violation {
	if value == nil {
		return nil
	}
	var v []wire.Violation
	if c.most > 0 && len(*value) > c.most {
		v = append(v, wire.MaxLength(path, *value, c.most))
	}
	if !c.re.MatchString(*value) {
		v = append(v, wire.Pattern(path, *value, c.pattern))
	}
	return v
}

// policyTarget reads the function of a policy operation, with the version or alias whose policy it is. AWS refuses $LATEST.
func policyTarget(ctx context.Context, name, qualifier *string, more ...wire.Violation) (function.Key, arn.FunctionRef, error) {
	k, ref, err := own(ctx, name, qualifier, more...)
	if err == nil && ref.Qualifier == function.Latest {
		err = invalid("We currently do not support adding policies for $LATEST.")
	}
	return k, ref, err
}

func (a *API) addPermission(ctx context.Context, in *lambda.AddPermissionInput) (*lambda.AddPermissionOutput, error) {
	var v []wire.Violation
	v = append(v, actionForm.check("action", in.Action)...)
	v = append(v, principalForm.check("principal", in.Principal)...)
	v = append(v, sourceARNForm.check("sourceArn", in.SourceArn)...)
	v = append(v, accountForm.check("sourceAccount", in.SourceAccount)...)
	v = append(v, statementForm.check("statementId", in.StatementId)...)
	v = append(v, tokenForm.check("eventSourceToken", in.EventSourceToken)...)
	v = append(v, orgForm.check("principalOrgID", in.PrincipalOrgID)...)
	if t := in.FunctionUrlAuthType; t != "" && t != types.FunctionUrlAuthTypeNone && t != types.FunctionUrlAuthTypeAwsIam {
		v = append(v, wire.Enum("functionUrlAuthType", string(t), []string{"NONE", "AWS_IAM"}))
	}
	k, ref, err := policyTarget(ctx, in.FunctionName, in.Qualifier, v...)
	if err != nil {
		return nil, err
	}
	if in.FunctionUrlAuthType != "" && *in.Action != "lambda:InvokeFunctionUrl" {
		return nil, invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
	}
	if in.EventSourceToken != nil && (in.SourceArn != nil || in.SourceAccount != nil) {
		return nil, invalid("An EventSourceToken cannot be combined with a SourceArn or a SourceAccount")
	}
	statement, err := a.Functions.AddPermission(ctx, k, ref.Qualifier, function.Permission{
		StatementID: *in.StatementId, Action: *in.Action, Principal: *in.Principal, SourceARN: aws.ToString(in.SourceArn),
		SourceAccount: aws.ToString(in.SourceAccount), EventSourceToken: aws.ToString(in.EventSourceToken),
		PrincipalOrgID: aws.ToString(in.PrincipalOrgID), FunctionURLAuthType: string(in.FunctionUrlAuthType),
		InvokedViaFunctionURL: aws.ToBool(in.InvokedViaFunctionUrl), RevisionID: aws.ToString(in.RevisionId),
	})
	if err != nil {
		return nil, err
	}
	return &lambda.AddPermissionOutput{Statement: &statement}, nil
}

func (a *API) removePermission(ctx context.Context, in *lambda.RemovePermissionInput) (*lambda.RemovePermissionOutput, error) {
	k, ref, err := own(ctx, in.FunctionName, in.Qualifier, removeForm.check("statementId", in.StatementId)...)
	if err != nil {
		return nil, err
	}
	err = a.Functions.RemovePermission(ctx, k, ref.Qualifier, *in.StatementId, aws.ToString(in.RevisionId))
	if fault.Is(err, fault.NotFound) {
		if _, _, missing := a.Functions.Get(ctx, k); missing != nil {
			return nil, wire.Errorf(http.StatusNotFound, "ResourceNotFoundException", "No policy found for: %s", k.ARN())
		}
	}
	return &lambda.RemovePermissionOutput{}, err
}

func (a *API) getPolicy(ctx context.Context, in *lambda.GetPolicyInput) (*lambda.GetPolicyOutput, error) {
	k, ref, err := own(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	text, revision, err := a.Functions.PolicyText(ctx, k, ref.Qualifier)
	if err != nil {
		return nil, err
	}
	return &lambda.GetPolicyOutput{Policy: &text, RevisionId: &revision}, nil
}
