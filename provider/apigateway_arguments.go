package provider

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// gatewayARN is the ARN of a part of API Gateway, by its path in the API.
func gatewayARN(region types.String, path string) string {
	return "arn:aws:apigateway:" + region.ValueString() + "::" + path
}

// executionARN begins the ARNs of what is called of an API. It names the account, which API Gateway's answers do not.
func executionARN(ctx context.Context, b *resourceBase, region types.String, api string) (types.String, error) {
	who, err := b.clients.STS().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return types.StringUnknown(), err
	}
	return types.StringValue("arn:aws:execute-api:" + region.ValueString() + ":" + *who.Account + ":" + api), nil
}

// parts takes an id apart whose parts are the attributes' values, with slashes between them; nil where there are fewer.
func parts(names ...string) func(id string) map[string]string {
	return func(id string) map[string]string {
		list := strings.SplitN(id, "/", len(names))
		if len(list) != len(names) {
			return nil
		}
		out := map[string]string{}
		for i, name := range names {
			if list[i] == "" {
				return nil
			}
			out[name] = list[i]
		}
		return out
	}
}

// mapOf are texts as an attribute that may be null: what is empty stays as it was written.
func mapOf(m map[string]string, was types.Map) types.Map {
	if len(m) == 0 && len(was.Elements()) == 0 {
		if was.IsUnknown() {
			return types.MapNull(types.StringType)
		}
		return was
	}
	out, _ := types.MapValueFrom(context.Background(), types.StringType, m) // strings always are
	return out
}
