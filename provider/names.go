package provider

import "strings"

// awsType is the type prefix in drop-in mode, where the same resources are served under the AWS provider's names.
const awsType = "aws"

// lambdaType names a type of Lambda's own: our names drop the service's (lambdasim_function), AWS's have it
// (aws_lambda_function). Types of other services are called the same after the prefix, in either mode.
func lambdaType(prefix, name string) string {
	if prefix == awsType {
		return prefix + "_lambda_" + name
	}
	return prefix + "_" + name
}

// typeName names a type by what AWS has after its prefix: "iam_group", "lambda_function_url".
func typeName(prefix, typ string) string {
	if name, ok := strings.CutPrefix(typ, "lambda_"); ok {
		return lambdaType(prefix, name)
	}
	return prefix + "_" + typ
}
