package lambda_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// Recorded from AWS in 2025-11 (test_function_lifecycle, test_function_revisions_basic).
func TestAFunctionGoesThroughItsStates(t *testing.T) {
	b := setup(t)
	created := b.create(t, "f")
	if created.State != types.StatePending || created.StateReasonCode != types.StateReasonCodeCreating || aws.ToString(created.StateReason) != "The function is being created." ||
		created.LastUpdateStatus != "" || aws.ToString(created.FunctionArn) != prefix+"f" || aws.ToString(created.Version) != "$LATEST" {
		t.Errorf("created: %+v", created)
	}
	if *created.Timeout != 3 || *created.MemorySize != 128 || *created.EphemeralStorage.Size != 512 || created.Architectures[0] != types.ArchitectureX8664 ||
		created.TracingConfig.Mode != types.TracingModePassThrough || created.PackageType != types.PackageTypeZip || *created.Description != "" ||
		created.LoggingConfig.LogFormat != types.LogFormatText || *created.LoggingConfig.LogGroup != "/aws/lambda/f" {
		t.Errorf("defaults: %+v", created)
	}
	revisions := []string{*created.RevisionId}
	read := func(what string) *types.FunctionConfiguration {
		t.Helper()
		out, err := b.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("f")})
		if err != nil {
			t.Fatal(err)
		}
		if c := out.Configuration; c.State != types.StateActive || c.LastUpdateStatus != types.LastUpdateStatusSuccessful || c.StateReason != nil || c.LastUpdateStatusReason != nil {
			t.Errorf("%s: %+v", what, c)
		}
		revisions = append(revisions, *out.Configuration.RevisionId)
		return out.Configuration
	}
	read("after creation")
	updated, err := b.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Timeout: aws.Int32(9)})
	if err != nil {
		t.Fatal(err)
	}
	if updated.State != types.StateActive || updated.LastUpdateStatus != types.LastUpdateStatusInProgress || updated.LastUpdateStatusReasonCode != types.LastUpdateStatusReasonCode("Creating") {
		t.Errorf("updated: %+v", updated)
	}
	revisions = append(revisions, *updated.RevisionId)
	if c := read("after an update"); *c.Timeout != 9 || *c.Handler != "main.handler" {
		t.Errorf("an update changed what it was not asked to: %+v", c)
	}
	if _, err := b.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f")}); err != nil {
		t.Fatal(err)
	}
	read("after an update that changes nothing")
	seen := map[string]bool{}
	for _, r := range revisions {
		if seen[r] {
			t.Errorf("a revision comes twice: %v", revisions)
		}
		seen[r] = true
	}
	const wrong = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
	_, err = b.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), RevisionId: &revisions[0]})
	refused(t, err, 412, "PreconditionFailedException", wrong)
	code := input(t, "f").Code.ZipFile
	for _, dry := range []bool{false, true} {
		_, err = b.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: code, RevisionId: &revisions[0], DryRun: dry})
		refused(t, err, 412, "PreconditionFailedException", wrong)
	}
}

const createPattern = `Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`

// Messages as recorded from AWS (test_create_lambda_exceptions 2026-01, test_function_arns, TestRuntimeValidation 2025-11).
func TestCreateFunctionRefuses(t *testing.T) {
	b := setup(t)
	b.create(t, "there")
	b.role(t, "other", `"ec2.amazonaws.com"`)
	long := strings.Repeat("a", 65)
	const ipve, validation = "InvalidParameterValueException", "ValidationException"
	const one = "1 validation error detected: Value "
	for name, c := range map[string]struct {
		change        func(*lambda.CreateFunctionInput)
		status        int
		code, message string
	}{
		"a name of 65": {func(in *lambda.CreateFunctionInput) { in.FunctionName = &long }, 400, ipve,
			one + "'" + long + "' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		"a name out of pattern": {func(in *lambda.CreateFunctionInput) { in.FunctionName = aws.String("my-function!") }, 400, validation,
			one + "'my-function!' at 'functionName' failed to satisfy constraint: " + createPattern},
		"a name too long and out of pattern, the length first": {func(in *lambda.CreateFunctionInput) { in.FunctionName = aws.String(strings.Repeat("!", 141)) }, 400, validation,
			"2 validation errors detected: Value '" + strings.Repeat("!", 141) + "' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 140; Value '" +
				strings.Repeat("!", 141) + "' at 'functionName' failed to satisfy constraint: " + createPattern},
		"another region": {func(in *lambda.CreateFunctionInput) {
			in.FunctionName = aws.String("arn:aws:lambda:eu-west-1:000000000000:function:f")
		}, 404, "ResourceNotFoundException",
			"Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"},
		"another account": {func(in *lambda.CreateFunctionInput) {
			in.FunctionName = aws.String("arn:aws:lambda:us-east-1:111111111111:function:f")
		}, 403, "AccessDeniedException", "UnknownError"},
		"a name that is taken": {func(in *lambda.CreateFunctionInput) { in.FunctionName = aws.String("there") }, 409, "ResourceConflictException", "Function already exist: there"},
		"a role that is no ARN": {func(in *lambda.CreateFunctionInput) { in.Role = aws.String("r1") }, 400, validation,
			one + `'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`},
		"a role that does not exist": {func(in *lambda.CreateFunctionInput) { in.Role = aws.String(role + "-no") }, 400, ipve,
			"The role defined for the function cannot be assumed by Lambda."},
		"a role that Lambda may not assume": {func(in *lambda.CreateFunctionInput) { in.Role = aws.String("arn:aws:iam::000000000000:role/other") }, 400, ipve,
			"The role defined for the function cannot be assumed by Lambda."},
		"an unknown runtime": {func(in *lambda.CreateFunctionInput) { in.Runtime = "PYTHON3.9" }, 400, ipve,
			"Value PYTHON3.9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2] or be a valid ARN"},
		"a deprecated runtime": {func(in *lambda.CreateFunctionInput) { in.Runtime = "nodejs14.x" }, 400, ipve,
			"The runtime parameter of nodejs14.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions."},
		"two architectures": {func(in *lambda.CreateFunctionInput) { in.Architectures = []types.Architecture{"x86_64", "arm64"} }, 400, validation,
			one + "'[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1"},
		"an architecture in capitals": {func(in *lambda.CreateFunctionInput) { in.Architectures = []types.Architecture{"X86_64"} }, 400, validation,
			one + "'[X86_64]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"},
		"no zip file": {func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = []byte("no zip") }, 400, ipve,
			"Could not unzip uploaded file. Please check your file, then try to upload again."},
		"a zip file over the limit": {func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = make([]byte, 52428801) }, 413, "RequestEntityTooLargeException",
			"Zipped size must be smaller than 52428800 bytes"},
		"a request over the limit": {func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = make([]byte, 53000000) }, 413, "RequestEntityTooLargeException",
			"Request must be smaller than 70167211 bytes for the CreateFunction operation"},
		"code in a bucket that does not exist": {func(in *lambda.CreateFunctionInput) {
			in.Code = &types.FunctionCode{S3Bucket: aws.String("nowhere"), S3Key: aws.String("k")}
		}, 400, ipve, "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"},
		"variables over 4 KB, measured as Lambda does": {func(in *lambda.CreateFunctionInput) {
			in.Environment = &types.Environment{Variables: map[string]string{"LARGE": strings.Repeat("&", 4085)}}
		}, 400, ipve, `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {"LARGE":"` + strings.Repeat("&", 4085) + `"}`},
		"a reserved variable": {func(in *lambda.CreateFunctionInput) {
			in.Environment = &types.Environment{Variables: map[string]string{"AWS_REGION": "x"}}
		}, 400, ipve, "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION"},
		"51 tags": {func(in *lambda.CreateFunctionInput) {
			in.Tags = map[string]string{}
			for i := range 51 {
				in.Tags[string(rune('a'+i%26))+string(rune('a'+i/26))] = "v"
			}
		}, 400, ipve, "Number of tags exceeds resource tag limit."},
		"what is not simulated, by name": {func(in *lambda.CreateFunctionInput) {
			in.PublishTo, in.DurableConfig = types.FunctionVersionLatestPublishedLatestPublished, &types.DurableConfig{}
		}, 400, ipve, "lambdasim does not simulate DurableConfig, PublishTo of lambda:CreateFunction yet"},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "new")
			c.change(in)
			_, err := b.CreateFunction(t.Context(), in)
			refused(t, err, c.status, c.code, c.message)
		})
	}
	if out, err := b.ListFunctions(t.Context(), &lambda.ListFunctionsInput{}); err != nil || len(out.Functions) != 1 {
		t.Errorf("a refused creation made something: %v %v", out, err)
	}
	in := input(t, "variables")
	in.Environment = &types.Environment{Variables: map[string]string{"LARGE": strings.Repeat("&", 4084)}}
	if _, err := b.CreateFunction(t.Context(), in); err != nil {
		t.Errorf("variables of exactly 4 KB: %v", err)
	}
}

func TestUpdateAndDeleteRefuse(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	missing := "Function not found: " + prefix + "nobody"
	configure := func(in lambda.UpdateFunctionConfigurationInput) error {
		_, err := b.UpdateFunctionConfiguration(t.Context(), &in)
		return err
	}
	t.Run("a function that does not exist", func(t *testing.T) {
		refused(t, configure(lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("nobody")}), 404, "ResourceNotFoundException", missing)
	})
	t.Run("the syntax comes before the look-up", func(t *testing.T) {
		refused(t, configure(lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("nobody"), Timeout: aws.Int32(0)}), 400, "ValidationException",
			"1 validation error detected: Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1")
	})
	t.Run("a deprecated runtime", func(t *testing.T) {
		refused(t, configure(lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Runtime: "go1.x"}), 400, "InvalidParameterValueException",
			"The runtime parameter of go1.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.")
	})
	t.Run("an image for a zip function", func(t *testing.T) {
		_, err := b.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ImageUri: aws.String("x")})
		refused(t, err, 400, "InvalidParameterValueException", "Please don't provide ImageUri when updating a function with packageType Zip.")
	})
	for qualifier, c := range map[string]struct {
		status        int
		code, message string
	}{
		"$LATEST":  {400, "InvalidParameterValueException", "$LATEST version cannot be deleted without deleting the function."},
		"$latest":  {404, "ResourceNotFoundException", "Function not found: " + prefix + "f"},
		"alias":    {400, "InvalidParameterValueException", "Deletion of aliases is not currently supported."},
		"invalid!": {400, "ValidationException", `1 validation error detected: Value 'invalid!' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+`},
	} {
		t.Run("deletion of the qualifier "+qualifier, func(t *testing.T) {
			_, err := b.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f"), Qualifier: &qualifier})
			refused(t, err, c.status, c.code, c.message)
		})
	}
	t.Run("two qualifiers that differ", func(t *testing.T) {
		_, err := b.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("nobody:a"), Qualifier: aws.String("b")})
		refused(t, err, 400, "InvalidParameterValueException", "The derived qualifier from the function name does not match the specified qualifier.")
	})
	if _, err := b.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}); err != nil {
		t.Fatal(err)
	}
	_, err := b.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")})
	refused(t, err, 404, "ResourceNotFoundException", "Function not found: "+prefix+"f")
}

// The API reference of ListFunctions: a list leaves out the state, the last update and the runtime's version.
func TestListsShowASubset(t *testing.T) {
	b := setup(t)
	b.create(t, "a")
	b.create(t, "b")
	b.create(t, "c")
	first, err := b.ListFunctions(t.Context(), &lambda.ListFunctionsInput{MaxItems: aws.Int32(2), FunctionVersion: types.FunctionVersionAll})
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Functions) != 2 || first.NextMarker == nil || *first.Functions[0].FunctionArn != prefix+"a:$LATEST" {
		t.Fatalf("got %+v", first)
	}
	rest, err := b.ListFunctions(t.Context(), &lambda.ListFunctionsInput{Marker: first.NextMarker})
	if err != nil {
		t.Fatal(err)
	}
	if len(rest.Functions) != 1 || rest.NextMarker != nil || *rest.Functions[0].FunctionArn != prefix+"c" {
		t.Fatalf("got %+v", rest)
	}
	versions, err := b.ListVersionsByFunction(t.Context(), &lambda.ListVersionsByFunctionInput{FunctionName: aws.String("a")})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range append(append(first.Functions, rest.Functions...), versions.Versions...) {
		if c.State != "" || c.LastUpdateStatus != "" || c.RuntimeVersionConfig != nil || c.CodeSha256 == nil {
			t.Errorf("got %+v", c)
		}
	}
	_, err = b.ListFunctions(t.Context(), &lambda.ListFunctionsInput{FunctionVersion: "invalid"})
	refused(t, err, 400, "ValidationException", "1 validation error detected: Value 'invalid' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]")
}

// Recorded from AWS in 2025-11 (TestLambdaTags, TestLambdaTag).
func TestTags(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	tag := func(resource string, tags map[string]string) error {
		_, err := b.TagResource(t.Context(), &lambda.TagResourceInput{Resource: &resource, Tags: tags})
		return err
	}
	if err := tag(prefix+"f", map[string]string{"a": "1", "b": "2"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.UntagResource(t.Context(), &lambda.UntagResourceInput{Resource: aws.String(prefix + "f"), TagKeys: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	out, err := b.ListTags(t.Context(), &lambda.ListTagsInput{Resource: aws.String(prefix + "f")})
	if err != nil || len(out.Tags) != 1 || out.Tags["b"] != "2" {
		t.Errorf("got %v %v", out, err)
	}
	refused(t, tag(prefix+"nobody", map[string]string{"a": "1"}), 404, "ResourceNotFoundException", "Function not found: "+prefix+"nobody")
	refused(t, tag(prefix+"f:alias", map[string]string{"a": "1"}), 400, "InvalidParameterValueException",
		"Tags on function aliases and versions are not supported. Please specify a function ARN.")
	refused(t, tag("arn:aws:something", map[string]string{"a": "1"}), 400, "ValidationException",
		`1 validation error detected: Value 'arn:aws:something' at 'resource' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)`)
}
