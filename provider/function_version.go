package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// newest is the version of a function that was published last, $LATEST where none was.
func newest(ctx context.Context, client *lambda.Client, name *string) (string, error) {
	version := "$LATEST"
	pages := lambda.NewListVersionsByFunctionPaginator(client, &lambda.ListVersionsByFunctionInput{FunctionName: name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		if n := len(page.Versions); n > 0 { // in the order of their numbers
			version = aws.ToString(page.Versions[n-1].Version)
		}
	}
	return version, nil
}

// reserve sets the function's reserved concurrency, or takes it away.
func (r *functionResource) reserve(ctx context.Context, client *lambda.Client, m *functionModel, diags *diag.Diagnostics) {
	n := m.ReservedConcurrentExecutions.ValueInt64()
	var err error
	if n < 0 {
		_, err = client.DeleteFunctionConcurrency(ctx, &lambda.DeleteFunctionConcurrencyInput{FunctionName: m.FunctionName.ValueStringPointer()})
	} else {
		_, err = client.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: m.FunctionName.ValueStringPointer(), ReservedConcurrentExecutions: aws.Int32(int32(n))})
	}
	if err != nil {
		addError(diags, "Reserving concurrency of the function", m.FunctionName.ValueString(), err)
	}
}
