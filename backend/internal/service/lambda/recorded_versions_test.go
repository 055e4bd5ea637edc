package lambda_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func publishing(name string, change func(in *lambda.PublishVersionInput)) func(*world) error {
	return func(w *world) error {
		in := &lambda.PublishVersionInput{FunctionName: &name}
		change(in)
		return try(w.PublishVersion(w.t.Context(), in))
	}
}

// naming asks for an alias of f.
func naming(name, version string, weights map[string]float64) func(*world) error {
	return namingOf("f", name, version, weights)
}

func namingOf(function, name, version string, weights map[string]float64) func(*world) error {
	return func(w *world) error {
		in := &lambda.CreateAliasInput{FunctionName: &function, Name: &name, FunctionVersion: &version}
		if weights != nil {
			in.RoutingConfig = &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights}
		}
		return try(w.CreateAlias(w.t.Context(), in))
	}
}

func addressing(change func(in *lambda.CreateFunctionUrlConfigInput)) func(*world) error {
	return func(w *world) error {
		in := &lambda.CreateFunctionUrlConfigInput{FunctionName: aws.String("f"), AuthType: "NONE"}
		change(in)
		return try(w.CreateFunctionUrlConfig(w.t.Context(), in))
	}
}

func addressOf(qualifier string) func(*world) error {
	return addressing(func(in *lambda.CreateFunctionUrlConfigInput) { in.Qualifier = &qualifier })
}

// ending asks for an event invoke configuration of f.
func ending(change func(in *lambda.PutFunctionEventInvokeConfigInput)) func(*world) error {
	return func(w *world) error {
		in := &lambda.PutFunctionEventInvokeConfigInput{FunctionName: aws.String("f"), DestinationConfig: &types.DestinationConfig{}}
		change(in)
		return try(w.PutFunctionEventInvokeConfig(w.t.Context(), in))
	}
}

func failingTo(destination string) func(*world) error {
	return ending(func(in *lambda.PutFunctionEventInvokeConfigInput) {
		in.DestinationConfig.OnFailure = &types.OnFailure{Destination: &destination}
	})
}

func endingOf(name, qualifier string) func(*world) error {
	return func(w *world) error {
		in := &lambda.GetFunctionEventInvokeConfigInput{FunctionName: &name}
		if qualifier != "" {
			in.Qualifier = &qualifier
		}
		return try(w.GetFunctionEventInvokeConfig(w.t.Context(), in))
	}
}

func reserving(name string) func(*world) error {
	return func(w *world) error { return w.reserve(w.t, name, 1) }
}

func provisioning(name, qualifier string, n int32) func(*world) error {
	return func(w *world) error {
		return try(w.PutProvisionedConcurrencyConfig(w.t.Context(), &lambda.PutProvisionedConcurrencyConfigInput{FunctionName: &name, Qualifier: &qualifier, ProvisionedConcurrentExecutions: &n}))
	}
}

func provisionedOf(name, qualifier string) func(*world) error {
	return func(w *world) error {
		return try(w.GetProvisionedConcurrencyConfig(w.t.Context(), &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: &name, Qualifier: &qualifier}))
	}
}

func aliasOf(name string) func(*world) error {
	return func(w *world) error {
		return try(w.GetAlias(w.t.Context(), &lambda.GetAliasInput{FunctionName: aws.String("f"), Name: &name}))
	}
}

const noConfig = " doesn't have an EventInvokeConfig"

var versionErrors = []asking{
	{part: "CodeSHA256 (aaaa", ask: publishing("i", func(in *lambda.PublishVersionInput) {
		in.CodeSha256 = aws.String("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	})},
	{part: "CodeSHA256 (somenonexistentsha256)", ask: publishing("f", func(in *lambda.PublishVersionInput) { in.CodeSha256 = aws.String("somenonexistentsha256") })},
	{part: "GetFunction/GetAlias API", ask: publishing("f", func(in *lambda.PublishVersionInput) { in.RevisionId = aws.String(uuidText) })},
	{part: "$LATEST is not supported for an alias", ask: naming("a", "$LATEST", map[string]float64{"1": 0.5})},
	{part: "Invalid function version 1.", ask: naming("a", "1", map[string]float64{"1": 0.5})},
	{part: "Number of items in AdditionalVersionWeights", ask: naming("a", "1", map[string]float64{"2": 0.5, "3": 0.2})},
	{part: "Alias already exists", ask: naming("custom", "1", nil)},
	{part: "'2024' at 'name'", ask: naming("2024", "1", nil)},
	{part: "{$LATEST=0.5}", ask: naming("a", "1", map[string]float64{"$LATEST": 0.5})},
	{part: "{2=-1.0}", ask: naming("a", "1", map[string]float64{"2": -1})},
	{part: "{2=2.0}", ask: naming("a", "1", map[string]float64{"2": 2})},
	{part: "function:<function-name:1>:10", ask: naming("a", "10", nil)},
	{part: "function:<function-name:1>-unknown:1", ask: namingOf("f-unknown", "a", "1", nil)},
	{part: "Alias not found", ask: func(w *world) error {
		return try(w.UpdateAlias(w.t.Context(), &lambda.UpdateAliasInput{FunctionName: aws.String("f"), Name: aws.String("non-existent"), Description: aws.String("d")}))
	}},
	{part: "Cannot find alias arn: arn:<partition>:lambda:<region>:111111111111:function:<function-name:1>:non-existent", ask: aliasOf("non-existent")},
	{part: "function:<function-name:1>:aliasdoesnotexist", ask: getting("f", "aliasdoesnotexist")},

	{part: "Failed to create function url config", ask: func(w *world) error {
		create := addressing(func(*lambda.CreateFunctionUrlConfigInput) {})
		w.must(create(w))
		return create(w)
	}},
	{part: "ResourceNotFoundException: Function does not exist", ask: addressing(func(in *lambda.CreateFunctionUrlConfigInput) { in.FunctionName = aws.String("none") })},
	{part: "'$LATEST' at 'qualifier'", ask: addressOf("$LATEST")},
	{part: "'1' at 'qualifier'", ask: addressOf("1")},
	{part: "'2' at 'qualifier'", ask: addressOf("2")},
	{part: "'UNKNOWN' at 'invokeMode'", ask: addressing(func(in *lambda.CreateFunctionUrlConfigInput) { in.InvokeMode = "UNKNOWN" })},

	{part: "You must specify at least one of error handling", ask: ending(func(in *lambda.PutFunctionEventInvokeConfigInput) { in.DestinationConfig = nil })},
	{part: "You can't specify the function as a destination for itself.", ask: failingTo(prefix + "f")},
	{part: "The destination ARN", ask: failingTo(prefix + "doesnotexist")},
	{part: "_-/!lambda", ask: failingTo("arn:aws:_-/!lambda:us-east-1:000000000000:function:f")},
	{part: "The provided destination config", ask: ending(func(in *lambda.PutFunctionEventInvokeConfigInput) {
		in.DestinationConfig.OnSuccess = &types.OnSuccess{Destination: aws.String("arn:aws:iam:us-east-1:000000000000:function:f")}
	})},
	{part: "The function doesn't exist.", ask: ending(func(in *lambda.PutFunctionEventInvokeConfigInput) {
		in.FunctionName, in.MaximumRetryAttempts = aws.String("none"), aws.Int32(1)
	})},
	{part: "function:<fn-name>:1221" + noConfig, ask: endingOf("f", "1221")},
	{part: "function:<function-name:1>:$LATEST" + noConfig, ask: endingOf("f", "")},
	{part: "function:<function-name:1>:1" + noConfig, ask: endingOf("f", "1")},
	{part: "function:<function-name:1>:doesnotexist" + noConfig, ask: endingOf("f", "doesnotexist")},
	{part: "function:<function-name:1>:eventinvokealias" + noConfig, ask: endingOf("f", "eventinvokealias")},
	{part: "function:<nonexisting-fn-name>:$LATEST" + noConfig, ask: endingOf("nonexisting", "")},
	{part: "function:doesnotexist:$LATEST" + noConfig, ask: endingOf("doesnotexist", "")},

	{part: "This operation is permitted on Lambda functions only.", ask: reserving("f:custom")},
	{part: "Function not found: arn:<partition>:lambda:<region>:111111111111:function:doesnotexist:$LATEST", ask: reserving("doesnotexist")},
	{part: "cannot be applied to unpublished", ask: provisioning("f", "$LATEST", 1)},
	{part: "Value '0' at 'provisionedConcurrentExecutions'", ask: provisioning("f", "1", 0)},
	{part: "The function resource provided must be", ask: provisionedOf("f", "$LATEST")},
	{part: "No Provisioned Concurrency Config found", ask: provisionedOf("f", "1")},
	{part: "Function not found: arn:<partition>:lambda:<region>:111111111111:function:doesnotexist:1", ask: provisioning("doesnotexist", "1", 1)},
	{part: "function:doesnotexist:noalias", ask: provisioning("doesnotexist", "noalias", 1)},
	{part: "function:<function-name:1>:noalias", ask: provisioning("f", "noalias", 1)},
	{part: "Cannot find alias arn: arn:<partition>:lambda:<region>:111111111111:function:<function-name:1>:doesnotexist", ask: provisioning("f", "doesnotexist", 1)},
	{part: "function:<function-name:1>:<alias-name>", ask: provisioning("f", "an-alias", 1)},
}

// elsewhere are asserted by tests that need more than one request.
var elsewhere = []asking{
	{part: "should not be lower than function's total", test: "TestProvisionedConcurrencyCountsAgainstTheReservation"},
	{part: "Requested Provisioned Concurrency should not be greater", test: "TestProvisionedConcurrencyCountsAgainstTheReservation"},
	{part: "Specified ConcurrentExecutions for function decreases", test: "TestProvisionedConcurrency"},
	{part: "Specified ConcurrentExecutions for function is greater", test: "TestProvisionedConcurrency"},
	{part: "Specified ReservedConcurrentExecutions for function decreases", test: "TestReservedConcurrency"},
	{part: "Alias can't be used for Provisioned", test: "TestProvisionedConcurrency"},
	{part: "Version is pointed by a Provisioned", test: "TestProvisionedConcurrency"},
	{part: "Rate Exceeded.", ask: func(w *world) error {
		w.create(w.t, "none")
		w.must(w.reserve(w.t, "none", 0))
		return invoking("none", "{}")(w)
	}},
	{part: "Zipped size must be smaller", test: "TestCreateFunctionRefuses"},
	{part: "Request must be smaller than 70167211", test: "TestCreateFunctionRefuses"},
}
