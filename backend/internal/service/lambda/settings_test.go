package lambda_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

const (
	accessPoint = "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0"
	kmsKey      = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
)

func (b *bundle) policy(t *testing.T, role, document string) {
	t.Helper()
	if _, err := b.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &role, PolicyName: aws.String("p"), PolicyDocument: &document}); err != nil {
		t.Fatal(err)
	}
}

// user is a client of a user of the default account with the policy.
func (b *bundle) user(t *testing.T, name, document string) *lambda.Client {
	t.Helper()
	_, err := b.iam.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name})
	if err == nil {
		_, err = b.iam.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("p"), PolicyDocument: &document})
	}
	if err != nil {
		t.Fatal(err)
	}
	key, err := b.iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return lambda.NewFromConfig(config(b.url, *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, ""))
}

// API reference, CreateFunction: what the simulator keeps without acting upon it is shown as it was given.
func TestSettingsAreKept(t *testing.T) {
	b := setup(t)
	network := &types.VpcConfig{SubnetIds: []string{"subnet-1", "subnet-2"}, SecurityGroupIds: []string{"sg-1"}}
	in := input(t, "f")
	in.VpcConfig, in.KMSKeyArn, in.SnapStart = network, aws.String(kmsKey), &types.SnapStart{ApplyOn: types.SnapStartApplyOnPublishedVersions}
	in.TracingConfig = &types.TracingConfig{Mode: types.TracingModeActive}
	in.FileSystemConfigs = []types.FileSystemConfig{{Arn: aws.String(accessPoint), LocalMountPath: aws.String("/mnt/data")}}
	const ipve = "InvalidParameterValueException"
	_, err := b.CreateFunction(t.Context(), in)
	refused(t, err, 400, ipve, "The provided execution role does not have permissions to call CreateNetworkInterface on EC2")
	b.policy(t, "exec", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:CreateNetworkInterface","Resource":"*"}]}`)
	_, err = b.CreateFunction(t.Context(), in)
	refused(t, err, 400, ipve, "The provided execution role does not have permissions to call DescribeNetworkInterfaces on EC2")
	b.policy(t, "exec", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*NetworkInterface*","Resource":"*"}]}`)
	made, err := b.CreateFunction(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	want := &lambda.CreateFunctionOutput{KMSKeyArn: aws.String(kmsKey), FileSystemConfigs: in.FileSystemConfigs, TracingConfig: &types.TracingConfigResponse{Mode: types.TracingModeActive},
		SnapStart: &types.SnapStartResponse{ApplyOn: types.SnapStartApplyOnPublishedVersions, OptimizationStatus: types.SnapStartOptimizationStatusOff},
		VpcConfig: &types.VpcConfigResponse{SubnetIds: network.SubnetIds, SecurityGroupIds: network.SecurityGroupIds, VpcId: made.VpcConfig.VpcId, Ipv6AllowedForDualStack: aws.Bool(false)}}
	got := &lambda.CreateFunctionOutput{KMSKeyArn: made.KMSKeyArn, FileSystemConfigs: made.FileSystemConfigs, TracingConfig: made.TracingConfig, SnapStart: made.SnapStart, VpcConfig: made.VpcConfig}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(lambda.CreateFunctionOutput{}, types.FileSystemConfig{}, types.TracingConfigResponse{}, types.SnapStartResponse{}, types.VpcConfigResponse{}),
		cmpopts.IgnoreFields(lambda.CreateFunctionOutput{}, "ResultMetadata")); diff != "" {
		t.Error(diff)
	}
	if id := *made.VpcConfig.VpcId; !strings.HasPrefix(id, "vpc-") || len(id) != 21 {
		t.Errorf("the network is %s", id)
	}
	t.Run("an update that does not name them leaves them, empty ones take them away", func(t *testing.T) {
		update := &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Description: aws.String("d")}
		out, err := b.UpdateFunctionConfiguration(t.Context(), update)
		if err != nil || out.VpcConfig == nil || len(out.FileSystemConfigs) != 1 || aws.ToString(out.KMSKeyArn) != kmsKey {
			t.Fatalf("%+v, %v", out, err)
		}
		update.VpcConfig, update.KMSKeyArn = &types.VpcConfig{SubnetIds: []string{}, SecurityGroupIds: []string{}}, aws.String("")
		update.FileSystemConfigs, update.SnapStart = []types.FileSystemConfig{}, &types.SnapStart{ApplyOn: types.SnapStartApplyOnNone}
		out, err = b.UpdateFunctionConfiguration(t.Context(), update)
		if err != nil || out.VpcConfig != nil || len(out.FileSystemConfigs) != 0 || out.KMSKeyArn != nil || out.SnapStart.ApplyOn != types.SnapStartApplyOnNone {
			t.Errorf("%+v, %v", out, err)
		}
	})
	t.Run("the key of the package is that of the last upload", func(t *testing.T) {
		in := input(t, "sealed")
		in.Code.SourceKMSKeyArn = aws.String(kmsKey)
		if _, err := b.CreateFunction(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		shown := func() string {
			out, err := b.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("sealed")})
			if err != nil {
				t.Fatal(err)
			}
			return aws.ToString(out.Code.SourceKMSKeyArn)
		}
		if key := shown(); key != kmsKey {
			t.Errorf("the key is %q", key)
		}
		if _, err := b.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("sealed"), ZipFile: in.Code.ZipFile}); err != nil {
			t.Fatal(err)
		}
		if key := shown(); key != "" {
			t.Errorf("the key is %q after an upload without one", key)
		}
	})
	t.Run("half a network is refused", func(t *testing.T) {
		_, err := b.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), VpcConfig: &types.VpcConfig{SubnetIds: []string{"subnet-1"}}})
		refused(t, err, 400, ipve, "SubnetIds and SecurityIds must coexist or be both empty list.")
	})
	t.Run("a policy may demand a network", func(t *testing.T) {
		limited := b.user(t, "limited", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["lambda:CreateFunction","iam:PassRole"],"Resource":"*"},
			{"Effect":"Deny","Action":"lambda:CreateFunction","Resource":"*","Condition":{"Null":{"lambda:VpcIds":"true"}}}]}`)
		in := input(t, "g")
		if _, err := limited.CreateFunction(t.Context(), in); err == nil {
			t.Error("let through without a network")
		}
		in.VpcConfig = network
		if _, err := limited.CreateFunction(t.Context(), in); err != nil {
			t.Error("refused with a network:", err)
		}
	})
}

// API reference, CreateFunction and UpdateFunctionCode; texts of the updates recorded 2025-11 (TestLambdaImages).
func TestImages(t *testing.T) {
	const ipve, digest = "InvalidParameterValueException", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	b := setup(t)
	in := &lambda.CreateFunctionInput{FunctionName: aws.String("i"), Role: aws.String(role), PackageType: types.PackageTypeImage,
		Code: &types.FunctionCode{ImageUri: aws.String("000000000000.dkr.ecr.us-east-1.amazonaws.com/app:v1")}, ImageConfig: &types.ImageConfig{Command: []string{"main.handler"}}}
	made, err := b.CreateFunction(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if made.PackageType != "Image" || made.Handler != nil || made.Runtime != "" || made.ImageConfigResponse.ImageConfig.Command[0] != "main.handler" {
		t.Errorf("got %+v", made)
	}
	_, err = b.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("i"), ZipFile: archive(t, "a", "b")})
	refused(t, err, 400, ipve, "Please provide ImageUri when updating a function with packageType Image.")
	if _, err = b.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("i"), ImageUri: aws.String("x.dkr.ecr.us-east-1.amazonaws.com/app:v2@sha256:" + digest)}); err != nil {
		t.Fatal(err)
	}
	got, err := b.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("i")})
	if err != nil || *got.Code.RepositoryType != "ECR" || *got.Code.ResolvedImageUri != "x.dkr.ecr.us-east-1.amazonaws.com/app@sha256:"+digest || *got.Configuration.CodeSha256 != digest {
		t.Errorf("got %+v %+v, %v", got.Code, got.Configuration, err)
	}
	t.Run("an invocation says what is missing, and a script runs", func(t *testing.T) {
		_, err := b.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("i")})
		if err == nil || !strings.Contains(err.Error(), "lambdasim runs no containers") {
			t.Errorf("got %v", err)
		}
		b.script(t, "i", control.ScriptedOutcome{Payload: []byte(`"scripted"`)})
		out, err := b.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("i")})
		if err != nil || string(out.Payload) != `"scripted"` {
			t.Errorf("%s, %v", out.Payload, err)
		}
	})
	b.create(t, "z")
	_, err = b.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("z"), ImageUri: aws.String("x")})
	refused(t, err, 400, ipve, "Please don't provide ImageUri when updating a function with packageType Zip.")
	in.FunctionName, in.Handler = aws.String("j"), aws.String("h")
	_, err = b.CreateFunction(t.Context(), in)
	refused(t, err, 400, ipve, "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.")
}

// API reference, PutFunctionRecursionConfig, PutRuntimeManagementConfig and the operations on code signing.
func TestManagement(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	name := aws.String("f")
	t.Run("recursion is Terminate until it is allowed", func(t *testing.T) {
		for _, want := range []types.RecursiveLoop{"Terminate", "Allow", "Terminate"} {
			if want == "Allow" {
				if _, err := b.PutFunctionRecursionConfig(t.Context(), &lambda.PutFunctionRecursionConfigInput{FunctionName: name, RecursiveLoop: want}); err != nil {
					t.Fatal(err)
				}
			}
			got, err := b.GetFunctionRecursionConfig(t.Context(), &lambda.GetFunctionRecursionConfigInput{FunctionName: name})
			if err != nil || got.RecursiveLoop != want {
				t.Errorf("got %v, %v, want %s", got, err, want)
			}
			if want == "Allow" {
				if _, err := b.PutFunctionRecursionConfig(t.Context(), &lambda.PutFunctionRecursionConfigInput{FunctionName: name, RecursiveLoop: "Terminate"}); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	t.Run("runtime updates are of a version", func(t *testing.T) {
		if _, err := b.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: name}); err != nil {
			t.Fatal(err)
		}
		runtime := aws.String("arn:aws:lambda:us-east-1::runtime:0123")
		if _, err := b.PutRuntimeManagementConfig(t.Context(), &lambda.PutRuntimeManagementConfigInput{FunctionName: name, Qualifier: aws.String("1"), UpdateRuntimeOn: "Manual", RuntimeVersionArn: runtime}); err != nil {
			t.Fatal(err)
		}
		for qualifier, want := range map[string]types.UpdateRuntimeOn{"1": "Manual", "$LATEST": "Auto"} {
			got, err := b.GetRuntimeManagementConfig(t.Context(), &lambda.GetRuntimeManagementConfigInput{FunctionName: name, Qualifier: &qualifier})
			if err != nil || got.UpdateRuntimeOn != want || *got.FunctionArn != prefix+"f:"+qualifier || (want == "Manual") != (aws.ToString(got.RuntimeVersionArn) == *runtime) {
				t.Errorf("%s: got %+v, %v", qualifier, got, err)
			}
		}
		_, err := b.GetRuntimeManagementConfig(t.Context(), &lambda.GetRuntimeManagementConfigInput{FunctionName: name, Qualifier: aws.String("2")})
		refused(t, err, 404, "ResourceNotFoundException", "Function not found: "+prefix+"f:2")
	})
	t.Run("there is no code signing", func(t *testing.T) {
		got, err := b.GetFunctionCodeSigningConfig(t.Context(), &lambda.GetFunctionCodeSigningConfigInput{FunctionName: name})
		if err != nil || got.CodeSigningConfigArn != nil {
			t.Errorf("got %+v, %v", got, err)
		}
		_, err = b.CreateCodeSigningConfig(t.Context(), &lambda.CreateCodeSigningConfigInput{AllowedPublishers: &types.AllowedPublishers{SigningProfileVersionArns: []string{"x"}}})
		if err == nil || !strings.Contains(err.Error(), "lambdasim does not simulate lambda:CreateCodeSigningConfig") {
			t.Errorf("got %v", err)
		}
	})
}

// API reference, InvokeAsync.
func TestInvokeAsync(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.script(t, "f", control.ScriptedOutcome{Payload: []byte(`1`)})
	//nolint:staticcheck // old programs call it
	out, err := b.InvokeAsync(t.Context(), &lambda.InvokeAsyncInput{FunctionName: aws.String("f"), InvokeArgs: strings.NewReader(`{"a":1}`)})
	if err != nil || out.Status != 202 {
		t.Fatalf("%+v, %v", out, err)
	}
	//nolint:staticcheck // old programs call it
	_, err = b.InvokeAsync(t.Context(), &lambda.InvokeAsyncInput{FunctionName: aws.String("f"), InvokeArgs: strings.NewReader(`{`)})
	if err == nil || !strings.Contains(err.Error(), "InvalidRequestContentException: Could not parse request body into json") {
		t.Errorf("got %v", err)
	}
	if _, err := b.control.AdvanceBy(t.Context(), time.Second); err != nil {
		t.Fatal(err)
	}
	list, err := b.control.Deliveries(t.Context(), control.DeliveriesQuery{Function: prefix + "f"})
	if err != nil || len(list) != 1 || list[0].Outcome != "delivered" || list[0].InvocationType != "Event" {
		t.Errorf("%+v, %v", list, err)
	}
}
