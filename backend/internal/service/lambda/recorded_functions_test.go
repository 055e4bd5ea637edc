package lambda_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// making asks for a function that is good but for what change makes of it.
func making(change func(in *lambda.CreateFunctionInput)) func(*world) error {
	return func(w *world) error {
		in := input(w.t, "new")
		change(in)
		return try(w.CreateFunction(w.t.Context(), in))
	}
}

func ofRuntime(name string) func(*world) error {
	return making(func(in *lambda.CreateFunctionInput) { in.Runtime = types.Runtime(name) })
}

func named(name string) func(*world) error {
	return making(func(in *lambda.CreateFunctionInput) { in.FunctionName = &name })
}

func getting(name string, qualifier ...string) func(*world) error {
	return func(w *world) error {
		in := &lambda.GetFunctionInput{FunctionName: &name}
		if len(qualifier) > 0 {
			in.Qualifier = &qualifier[0]
		}
		return try(w.GetFunction(w.t.Context(), in))
	}
}

func invoking(name string, payload string) func(*world) error {
	return func(w *world) error {
		return try(w.Invoke(w.t.Context(), &lambda.InvokeInput{FunctionName: &name, Payload: []byte(payload)}))
	}
}

func deleting(name string, qualifier *string) func(*world) error {
	return func(w *world) error {
		return try(w.DeleteFunction(w.t.Context(), &lambda.DeleteFunctionInput{FunctionName: &name, Qualifier: qualifier}))
	}
}

// fromObject asks for a function whose code is in S3.
func fromObject(bucket, key string) func(*world) error {
	return making(func(in *lambda.CreateFunctionInput) {
		in.Code = &types.FunctionCode{S3Bucket: &bucket, S3Key: &key}
	})
}

// withEnvironment asks for the variables that a recorded message measured.
func withEnvironment(begins string) func(*world) error {
	return func(w *world) error {
		for _, r := range recordings(w.t) {
			_, measured, _ := strings.Cut(r.message, "String measured: ")
			if !strings.HasPrefix(measured, begins) {
				continue
			}
			variables := map[string]string{}
			w.must(json.Unmarshal([]byte(measured), &variables))
			return making(func(in *lambda.CreateFunctionInput) { in.Environment = &types.Environment{Variables: variables} })(w)
		}
		return nil
	}
}

func withNetwork(subnet, group string) func(*world) error {
	return making(func(in *lambda.CreateFunctionInput) {
		in.VpcConfig = &types.VpcConfig{SubnetIds: []string{subnet}, SecurityGroupIds: []string{group}}
	})
}

func updating(name string, change func(in *lambda.UpdateFunctionCodeInput)) func(*world) error {
	return func(w *world) error {
		in := &lambda.UpdateFunctionCodeInput{FunctionName: &name}
		change(in)
		return try(w.UpdateFunctionCode(w.t.Context(), in))
	}
}

func tagging(resource string, tags map[string]string) func(*world) error {
	return func(w *world) error {
		return try(w.TagResource(w.t.Context(), &lambda.TagResourceInput{Resource: &resource, Tags: tags}))
	}
}

func tagsOf(resource string) func(*world) error {
	return func(w *world) error {
		return try(w.ListTags(w.t.Context(), &lambda.ListTagsInput{Resource: &resource}))
	}
}

const (
	uuidText   = "11111111-2222-3333-4444-555555555555"
	lambdaARN  = "arn:aws:lambda:us-east-1:000000000000:"
	signingARN = lambdaARN + "code-signing-config:csc-0123456789abcdefa"
)

var functionErrors = []asking{
	{part: "AccessDeniedException: $", ask: named("arn:aws:lambda:us-east-1:222222222222:function:x")},
	{part: "at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64", ask: named(strings.Repeat("a", 65))},
	{part: "Member must have length less than or equal to 140", ask: named(prefix + strings.Repeat("a", 100))},
	{part: "'invalid:function:name'", ask: named("invalid:function:name")},
	{part: "@function:myfn", ask: invoking("arn:aws:lambda:us-east-1:123400000000@function:myfn", "{}")},
	{part: "Functions from '<wrong-region>'", ask: getting("arn:aws:lambda:eu-west-1:000000000000:function:f")},
	{part: "Functions from 'ap-southeast-1'", ask: getting("arn:aws:lambda:ap-southeast-1:000000000000:function:f")},
	{part: "Could not unzip", ask: making(func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = []byte("this is not a zipfile") })},
	{part: "Code: NoSuchBucket", ask: fromObject("none-such", "k")},
	{part: "Code: NoSuchKey", ask: fromObject("bkt", "none")},
	{part: `measured: {"LARGE_VAR"`, ask: withEnvironment(`{"LARGE_VAR"`)},
	{part: "Unzipped size must be", ask: making(func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = hugeZip() })},
	{part: "Number of tags exceeds", ask: making(func(in *lambda.CreateFunctionInput) { in.Tags = manyTags() })},
	{part: "parameter of dotnetcore3.1 is", ask: ofRuntime("dotnetcore3.1")},
	{part: "parameter of go1.x is", ask: ofRuntime("go1.x")},
	{part: "parameter of java8 is", ask: ofRuntime("java8")},
	{part: "parameter of nodejs12.x is", ask: ofRuntime("nodejs12.x")},
	{part: "parameter of nodejs14.x is", ask: ofRuntime("nodejs14.x")},
	{part: "parameter of provided is", ask: ofRuntime("provided")},
	{part: "parameter of python3.7 is", ask: ofRuntime("python3.7")},
	{part: "parameter of ruby2.7 is", ask: ofRuntime("ruby2.7")},
	{part: "Value PYTHON3.9 at", ask: ofRuntime("PYTHON3.9")},
	{part: "Value non-existent-runtime at", ask: ofRuntime("non-existent-runtime")},
	{part: "'[X86_64]'", ask: making(func(in *lambda.CreateFunctionInput) { in.Architectures = []types.Architecture{"X86_64"} })},
	{part: "'[x86_64, arm64]'", ask: making(func(in *lambda.CreateFunctionInput) { in.Architectures = []types.Architecture{"x86_64", "arm64"} })},
	{part: "Value 'r1' at 'role'", ask: making(func(in *lambda.CreateFunctionInput) { in.Role = aws.String("r1") })},
	{part: "'invalidOption' at 'snapStart.applyOn'", ask: making(func(in *lambda.CreateFunctionInput) { in.SnapStart = &types.SnapStart{ApplyOn: "invalidOption"} })},
	{part: "vpcConfig.securityGroupIds", ask: withNetwork("subnet-1", "no-group")},
	{part: "vpcConfig.subnetIds", ask: withNetwork("no-subnet", "sg-1")},
	{part: "Please don't provide ImageUri", ask: updating("f", func(in *lambda.UpdateFunctionCodeInput) { in.ImageUri = aws.String("x/app:1") })},
	{part: "Please provide ImageUri", ask: updating("i", func(in *lambda.UpdateFunctionCodeInput) { in.ZipFile = hugeZip() })},
	{part: "'invalid' at 'functionVersion'", ask: func(w *world) error {
		return try(w.ListFunctions(w.t.Context(), &lambda.ListFunctionsInput{FunctionVersion: "invalid"}))
	}},
	{part: "'recursiveLoop'", ask: func(w *world) error {
		return try(w.PutFunctionRecursionConfig(w.t.Context(), &lambda.PutFunctionRecursionConfigInput{FunctionName: aws.String("f"), RecursiveLoop: "InvalidValue"}))
	}},
	{part: "The code signing configuration cannot be found", ask: making(func(in *lambda.CreateFunctionInput) { in.CodeSigningConfigArn = aws.String(signingARN) })},
	{part: "The Lambda code signing configuration", ask: func(w *world) error {
		return try(w.GetCodeSigningConfig(w.t.Context(), &lambda.GetCodeSigningConfigInput{CodeSigningConfigArn: aws.String(signingARN)}))
	}},
	{part: "function:csc-test-doesnotexist", ask: func(w *world) error {
		return try(w.PutFunctionCodeSigningConfig(w.t.Context(), &lambda.PutFunctionCodeSigningConfigInput{FunctionName: aws.String("csc-test-doesnotexist"), CodeSigningConfigArn: aws.String(signingARN)}))
	}},
	{part: "Invalid UTF-8 start byte 0x87", ask: invoking("f", "\"\x87\"")},
	{part: "(CTRL-CHAR, code 153)", ask: invoking("f", "\x99")},
	{part: "function:some-function:$LATEST", ask: invoking("some-function:$LATEST", "{}")},
	{part: "function:<function-name:1>:non-existent-alias", ask: invoking("f:non-existent-alias", "{}")},
	{part: "Function not found: arn:<partition>:lambda:<region>:111111111111:function:<fn-name>$", ask: deleting("none", aws.String("5"))},
	{part: "Function not found: arn:<partition>:lambda:<region>:111111111111:function:<fn-name>:1221", ask: getting("f", "1221")},
	{part: "Function not found: arn:<partition>:lambda:<region>:111111111111:function:<function-name:1>$", ask: getting("gone")},
	{part: "function:<nonexisting-fn-name>$", ask: deleting("nonexisting", nil)},
	{part: "Function not found: arn:<partition>:lambda:<region>:111111111111:function:<resource-name>", ask: tagsOf(prefix + "none")},
	{part: "Function not found: arn:<partition>:lambda:<region>:111111111111:function:doesnotexist$", ask: getting("doesnotexist")},
	{part: "$LATEST version cannot be deleted", ask: deleting("f", aws.String("$LATEST"))},
	{part: "The derived qualifier", ask: getting("f:custom", "$LATEST")},
	{part: "An error occurred and the request cannot be processed.", ask: tagging(prefix+"f", map[string]string{})},
	{part: "Tags on function aliases", ask: tagging(prefix+"f:custom", map[string]string{"a": "b"})},
	{part: "Capacity provider not found", ask: tagsOf(lambdaARN + "capacity-provider:none")},
	{part: "Event source mapping not found", ask: tagsOf(lambdaARN + "event-source-mapping:" + uuidText)},
	{part: "capacity-provider:<resource-name>:alias'", ask: tagsOf(lambdaARN + "capacity-provider:none:alias")},
	{part: "event-source-mapping:<resource-name>:alias'", ask: tagsOf(lambdaARN + "event-source-mapping:" + uuidText + ":alias")},
	{part: "foobar:<resource-name>", ask: tagsOf(lambdaARN + "foobar:x")},
	{part: "'arn:<partition>:something'", ask: tagsOf("arn:aws:something")},
	{part: "Value null at 'tagKeys'", ask: func(w *world) error {
		return try(w.UntagResource(w.t.Context(), &lambda.UntagResourceInput{Resource: aws.String(prefix + "f"), TagKeys: []string{}}))
	}},
	{part: "We currently do not support adding policies", ask: permitting("f", "$LATEST", func(*lambda.AddPermissionInput) {})},
}

// hugeZip is a zip file that says it holds more than a function may.
func hugeZip() []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	_, _ = w.CreateRaw(&zip.FileHeader{Name: "zeros", UncompressedSize64: 262144001}) // of a buffer, no error
	_ = w.Close()
	return b.Bytes()
}

// manyTags are one more than there may be.
func manyTags() map[string]string {
	tags := map[string]string{}
	for i := range 51 {
		tags["k"+itoa(i)] = "v"
	}
	return tags
}
