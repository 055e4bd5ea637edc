package lambda_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// said is an error's code and message, for comparison.
func said(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode() + ": " + e.ErrorMessage()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// Recorded from AWS in 2025-11 (test_lambda_eventinvokeconfig_lifecycle): Put replaces, Update merges, what was not given is
// absent, both destinations are there and empty.
func TestAnEventInvokeConfigIsReplacedOrMerged(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.create(t, "g")
	f := aws.String("f")
	put, err := b.PutFunctionEventInvokeConfig(t.Context(), &lambda.PutFunctionEventInvokeConfigInput{FunctionName: f, MaximumRetryAttempts: aws.Int32(0),
		MaximumEventAgeInSeconds: aws.Int32(60)})
	if err != nil {
		t.Fatal(err)
	}
	if *put.FunctionArn != prefix+"f:$LATEST" || *put.MaximumRetryAttempts != 0 || *put.MaximumEventAgeInSeconds != 60 || put.LastModified == nil ||
		put.DestinationConfig == nil || put.DestinationConfig.OnFailure == nil || put.DestinationConfig.OnSuccess == nil {
		t.Errorf("put: %+v", put)
	}
	b.allow(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*"}]}`)
	if _, err := b.UpdateFunctionEventInvokeConfig(t.Context(), &lambda.UpdateFunctionEventInvokeConfigInput{FunctionName: f,
		DestinationConfig: &types.DestinationConfig{OnSuccess: &types.OnSuccess{Destination: aws.String(prefix + "g")}}}); err != nil {
		t.Fatal(err)
	}
	got, err := b.GetFunctionEventInvokeConfig(t.Context(), &lambda.GetFunctionEventInvokeConfigInput{FunctionName: f})
	if err != nil {
		t.Fatal(err)
	}
	if *got.MaximumRetryAttempts != 0 || aws.ToString(got.DestinationConfig.OnSuccess.Destination) != prefix+"g" || got.DestinationConfig.OnFailure.Destination != nil {
		t.Errorf("updated: %+v", got)
	}
	if _, err := b.PutFunctionEventInvokeConfig(t.Context(), &lambda.PutFunctionEventInvokeConfigInput{FunctionName: f, MaximumRetryAttempts: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	list, err := b.ListFunctionEventInvokeConfigs(t.Context(), &lambda.ListFunctionEventInvokeConfigsInput{FunctionName: f})
	if err != nil || len(list.FunctionEventInvokeConfigs) != 1 {
		t.Fatalf("listed %+v, %v", list, err)
	}
	if c := list.FunctionEventInvokeConfigs[0]; *c.MaximumRetryAttempts != 1 || c.MaximumEventAgeInSeconds != nil || c.DestinationConfig.OnSuccess.Destination != nil {
		t.Errorf("replaced: %+v", c)
	}
	if _, err := b.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: f}); err != nil {
		t.Fatal(err)
	}
	b.create(t, "f")
	_, err = b.GetFunctionEventInvokeConfig(t.Context(), &lambda.GetFunctionEventInvokeConfigInput{FunctionName: f})
	if want := "ResourceNotFoundException: The function " + prefix + "f:$LATEST doesn't have an EventInvokeConfig"; said(err) != want {
		t.Errorf("after the function was made again: %v", err)
	}
}

// Recorded from AWS in 2025-11 (test_lambda_eventinvokeconfig_exceptions).
func TestEventInvokeConfigsAreRefusedAsRecorded(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.allow(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*"}]}`)
	put := func(name string, qualifier *string, success, failure string) error {
		in := &lambda.PutFunctionEventInvokeConfigInput{FunctionName: &name, Qualifier: qualifier, DestinationConfig: &types.DestinationConfig{}}
		if success != "" {
			in.DestinationConfig.OnSuccess = &types.OnSuccess{Destination: &success}
		}
		if failure != "" {
			in.DestinationConfig.OnFailure = &types.OnFailure{Destination: &failure}
		}
		_, err := b.PutFunctionEventInvokeConfig(t.Context(), in)
		return err
	}
	_, nothing := b.PutFunctionEventInvokeConfig(t.Context(), &lambda.PutFunctionEventInvokeConfigInput{FunctionName: aws.String("f")})
	_, absent := b.DeleteFunctionEventInvokeConfig(t.Context(), &lambda.DeleteFunctionEventInvokeConfigInput{FunctionName: aws.String("f"), Qualifier: aws.String("live")})
	_, update := b.UpdateFunctionEventInvokeConfig(t.Context(), &lambda.UpdateFunctionEventInvokeConfigInput{FunctionName: aws.String("f"), MaximumRetryAttempts: aws.Int32(1)})
	_, list := b.ListFunctionEventInvokeConfigs(t.Context(), &lambda.ListFunctionEventInvokeConfigsInput{FunctionName: aws.String("none")})
	_, retries := b.PutFunctionEventInvokeConfig(t.Context(), &lambda.PutFunctionEventInvokeConfigInput{FunctionName: aws.String("f"), MaximumRetryAttempts: aws.Int32(3)})
	for what, c := range map[string]struct {
		err  error
		want string
	}{
		"nothing given":          {nothing, "InvalidParameterValueException: You must specify at least one of error handling or destination setting."},
		"no configuration":       {absent, "ResourceNotFoundException: The function " + prefix + "f:live doesn't have an EventInvokeConfig"},
		"nothing to update":      {update, "ResourceNotFoundException: The function " + prefix + "f:$LATEST doesn't have an EventInvokeConfig"},
		"no function to list":    {list, "ResourceNotFoundException: The function doesn't exist."},
		"too many retries":       {retries, "ValidationException: 1 validation error detected: Value '3' at 'maximumRetryAttempts' failed to satisfy constraint: Member must have value less than or equal to 2"},
		"no function":            {put("none", nil, prefix+"f", ""), "ResourceNotFoundException: The function doesn't exist."},
		"no alias":               {put("f", aws.String("live"), prefix+"f", ""), "ResourceNotFoundException: The function doesn't exist."},
		"two qualifiers":         {put("f:live", aws.String("dead"), prefix+"f", ""), "InvalidParameterValueException: The derived qualifier from the function name does not match the specified qualifier."},
		"itself":                 {put("f", nil, "", prefix+"f"), "InvalidParameterValueException: You can't specify the function as a destination for itself."},
		"a function that is not": {put("f", nil, "", prefix+"doesnotexist"), "InvalidParameterValueException: The destination ARN " + prefix + "doesnotexist is invalid."},
		"another service": {put("f", nil, "arn:aws:iam:us-east-1:000000000000:function:f", ""),
			"InvalidParameterValueException: The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=arn:aws:iam:us-east-1:000000000000:function:f), onFailure=null) is invalid."},
		"no ARN": {put("f", nil, "", "arn:aws:_-/!lambda:us-east-1:000000000000:function:f"), "ValidationException: 1 validation error detected: " +
			"Value 'arn:aws:_-/!lambda:us-east-1:000000000000:function:f' at 'destinationConfig.onFailure.destination' failed to satisfy constraint: Member must satisfy regular expression pattern: " +
			`$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)`},
	} {
		if diff := cmp.Diff(c.want, said(c.err)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
}

// allow gives the execution role a policy.
func (b *bundle) allow(t *testing.T, document string) {
	t.Helper()
	if _, err := b.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("exec"), PolicyName: aws.String("main"), PolicyDocument: &document}); err != nil {
		t.Fatal(err)
	}
}
