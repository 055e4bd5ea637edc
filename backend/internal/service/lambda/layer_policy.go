package lambda

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/layer"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Constraints of AddLayerVersionPermission (API model).
var (
	layerActionForm    = member(`lambda:GetLayerVersion`, 22)
	layerPrincipalForm = member(`\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root`, 0)
)

// onLayer is an operation on the version of a layer that its input names by LayerName and VersionNumber.
func onLayer[I, O any](f func(context.Context, *I) (*O, error)) wire.Operation {
	return wire.Op(f, wire.Resource(func(ctx context.Context, in *I) string {
		k := layerKey(ctx, aws.ToString(text(in, "LayerName")))
		number, _ := reflect.ValueOf(in).Elem().FieldByName("VersionNumber").Interface().(*int64)
		return k.VersionARN(aws.ToInt64(number))
	}))
}

func (a *API) addLayerPermission(ctx context.Context, in *lambda.AddLayerVersionPermissionInput) (*lambda.AddLayerVersionPermissionOutput, error) {
	v := layerActionForm.check("action", in.Action)
	v = append(v, layerPrincipalForm.check("principal", in.Principal)...)
	v = append(v, statementForm.check("statementId", in.StatementId)...)
	v = append(v, orgForm.check("organizationId", in.OrganizationId)...)
	k, number, err := ownLayer(ctx, in.LayerName, in.VersionNumber, v...)
	if err != nil {
		return nil, err
	}
	statement, revision, err := a.Layers.AddPermission(ctx, k, number, layer.Permission{StatementID: *in.StatementId, Principal: *in.Principal,
		Organization: aws.ToString(in.OrganizationId), RevisionID: aws.ToString(in.RevisionId)})
	if err != nil {
		return nil, err
	}
	return &lambda.AddLayerVersionPermissionOutput{Statement: &statement, RevisionId: &revision}, nil
}

func (a *API) removeLayerPermission(ctx context.Context, in *lambda.RemoveLayerVersionPermissionInput) (*lambda.RemoveLayerVersionPermissionOutput, error) {
	k, number, err := ownLayer(ctx, in.LayerName, in.VersionNumber, removeForm.check("statementId", in.StatementId)...)
	if err != nil {
		return nil, err
	}
	return &lambda.RemoveLayerVersionPermissionOutput{}, a.Layers.RemovePermission(ctx, k, number, *in.StatementId, aws.ToString(in.RevisionId))
}

func (a *API) getLayerPolicy(ctx context.Context, in *lambda.GetLayerVersionPolicyInput) (*lambda.GetLayerVersionPolicyOutput, error) {
	k, number, err := ownLayer(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	text, revision, err := a.Layers.PolicyText(ctx, k, number)
	if err != nil {
		return nil, err
	}
	return &lambda.GetLayerVersionPolicyOutput{Policy: &text, RevisionId: &revision}, nil
}
