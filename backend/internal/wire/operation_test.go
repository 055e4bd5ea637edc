package wire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// service is a Lambda whose operations answer with err, or with what they saw.
func service(err func() error, see func(ctx context.Context, in any)) wire.Service {
	return wire.Service{API: wire.LambdaAPI(), Operations: map[string]wire.Operation{
		"GetFunction": wire.Op(func(ctx context.Context, in *lambda.GetFunctionInput) (*lambda.GetFunctionOutput, error) {
			see(ctx, in)
			return &lambda.GetFunctionOutput{}, err()
		}, wire.Resource(func(_ context.Context, in *lambda.GetFunctionInput) string {
			return "arn:aws:lambda:::function:" + *in.FunctionName
		})),
		"CreateFunction": wire.Op(func(ctx context.Context, in *lambda.CreateFunctionInput) (*lambda.CreateFunctionOutput, error) {
			see(ctx, in)
			return nil, err()
		}, wire.Unbound[lambda.CreateFunctionInput]()),
		"DeleteFunction": wire.Op(func(ctx context.Context, in *lambda.DeleteFunctionInput) (*lambda.DeleteFunctionOutput, error) {
			see(ctx, in)
			return &lambda.DeleteFunctionOutput{StatusCode: 204}, err()
		}, wire.Unbound[lambda.DeleteFunctionInput]()),
		"ListFunctions": wire.Op(func(ctx context.Context, in *lambda.ListFunctionsInput) (*lambda.ListFunctionsOutput, error) {
			see(ctx, in)
			return &lambda.ListFunctionsOutput{Functions: []types.FunctionConfiguration{}}, err()
		}, wire.Unbound[lambda.ListFunctionsInput]()),
		"Invoke": wire.Op(func(ctx context.Context, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
			see(ctx, in)
			return &lambda.InvokeOutput{StatusCode: 200, Payload: in.Payload, ExecutedVersion: aws.String("$LATEST")}, err()
		}, wire.Action[lambda.InvokeInput]("lambda:InvokeFunction"), wire.Keys(func(context.Context, *lambda.InvokeInput) map[string][]string {
			return map[string][]string{"lambda:Key": {"v"}}
		}), wire.Unbound[lambda.InvokeInput]()),
		"InvokeAsync": wire.Op(func(ctx context.Context, in *lambda.InvokeAsyncInput) (*lambda.InvokeAsyncOutput, error) {
			see(ctx, in)
			return &lambda.InvokeAsyncOutput{Status: 202}, err()
		}, wire.Unbound[lambda.InvokeAsyncInput]()),
		"GetPolicy": wire.Op(func(context.Context, *lambda.GetPolicyInput) (*lambda.GetPolicyOutput, error) {
			panic("a defect")
		}, wire.SelfAuthorized[lambda.GetPolicyInput]()),
	}}
}

func noError() error                  { return nil }
func seeNothing(context.Context, any) {}

func TestErrors(t *testing.T) {
	var err error
	b := setup(t, service(func() error { return err }, seeNothing),
		wire.Service{API: wire.IAMAPI(), Operations: map[string]wire.Operation{
			"GetRole": wire.Op(func(context.Context, *iam.GetRoleInput) (*iam.GetRoleOutput, error) { return nil, err }, wire.Unbound[iam.GetRoleInput]()),
		}},
		wire.Service{API: wire.KinesisAPI(), Operations: map[string]wire.Operation{
			"DescribeStream": wire.Op(func(context.Context, *kinesis.DescribeStreamInput) (*kinesis.DescribeStreamOutput, error) {
				return nil, err
			}, wire.Unbound[kinesis.DescribeStreamInput]()),
		}, Fault: func(_ context.Context, operation string, err error) *wire.Error {
			if fault.Is(err, fault.Throttled) {
				return wire.Errorf(400, "ProvisionedThroughputExceededException", "%s: %v", operation, err)
			}
			return nil
		}})
	ctx := context.Background()
	getFunction := func() error {
		_, err := b.lambda().GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("f")})
		return err
	}

	t.Run("an error of the service is typed at the client", func(t *testing.T) {
		err = wire.Errorf(404, "ResourceNotFoundException", "Function not found: f")
		typed, ok := errors.AsType[*types.ResourceNotFoundException](getFunction())
		if !ok || typed.ErrorMessage() != "Function not found: f" || aws.ToString(typed.Type) != "User" {
			t.Errorf("got %#v", typed)
		}
	})
	t.Run("further members of the error arrive", func(t *testing.T) {
		err = &wire.Error{Status: 429, Code: "TooManyRequestsException", Message: "m", Fields: map[string]string{"Reason": "ConcurrentInvocationLimitExceeded"}, Headers: map[string]string{"Retry-After": "7"}}
		typed, ok := errors.AsType[*types.TooManyRequestsException](getFunction())
		if !ok || typed.Reason != types.ThrottleReasonConcurrentInvocationLimitExceeded || aws.ToString(typed.RetryAfterSeconds) != "7" {
			t.Errorf("got %#v", typed)
		}
	})
	t.Run("a fault of the core is answered by its kind", func(t *testing.T) {
		err = fault.New(fault.Precondition, "The RevisionId provided does not match")
		if _, ok := errors.AsType[*types.PreconditionFailedException](getFunction()); !ok {
			t.Error(getFunction())
		}
	})
	t.Run("Query has the shared codes of its own", func(t *testing.T) {
		err = fault.New(fault.Denied, "no <way>")
		_, got := b.iam().GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("r")})
		wantAPIError(t, got, "AccessDenied", "no <way>")
	})
	t.Run("a header says what AWS's text leaves out", func(t *testing.T) {
		for name, e := range map[string]error{
			"a refusal":   &fault.Error{Kind: fault.Denied, Message: "no", Detail: "refused: nothing allows it\nto allow it: ask"},
			"a malformed": fmt.Errorf("put: %w", &policy.MalformedError{Message: "no", Detail: "refused: nothing allows it\nto allow it: ask"}),
			"a throttle":  &fault.Error{Kind: fault.Throttled, Message: "no", Detail: "a reason of its own"},
		} {
			err = e
			_, got := b.iam().GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("r")})
			want := "refused: nothing allows it | to allow it: ask"
			if name == "a throttle" {
				want = ""
			}
			r, ok := errors.AsType[*awshttp.ResponseError](got)
			if !ok || r.Response.Header.Get(wire.HeaderDetail) != want {
				t.Errorf("%s: %v", name, got)
			}
		}
	})
	t.Run("an error of Query is typed at the client", func(t *testing.T) {
		err = wire.Errorf(404, "NoSuchEntity", "The role with name r cannot be found.")
		_, got := b.iam().GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("r")})
		if typed, ok := errors.AsType[*iamtypes.NoSuchEntityException](got); !ok || typed.ErrorMessage() != "The role with name r cannot be found." {
			t.Errorf("got %v", got)
		}
	})
	t.Run("the service's own table goes before the kinds", func(t *testing.T) {
		err = fault.New(fault.Throttled, "slow down")
		_, got := b.kinesis().DescribeStream(ctx, &kinesis.DescribeStreamInput{StreamName: aws.String("s")})
		if typed, ok := errors.AsType[*kinesistypes.ProvisionedThroughputExceededException](got); !ok || typed.ErrorMessage() != "DescribeStream: slow down" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("an unknown error is hidden, and logged under the request's id", func(t *testing.T) {
		err = errors.New("the disk is on fire")
		got := getFunction()
		wantAPIError(t, got, "InternalFailure", "")
		if strings.Contains(got.Error(), "fire") || !strings.Contains(b.log.String(), "the disk is on fire") {
			t.Errorf("got %v, log %s", got, b.log)
		}
	})
	t.Run("a panic is answered and logged, and the server lives", func(t *testing.T) {
		_, got := b.lambda().GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: aws.String("f")})
		wantAPIError(t, got, "InternalFailure", "")
		if !strings.Contains(b.log.String(), "a defect") {
			t.Error("the log does not have the panic")
		}
	})
	t.Run("an operation that is not simulated is named", func(t *testing.T) {
		_, got := b.lambda().PublishLayerVersion(ctx, &lambda.PublishLayerVersionInput{LayerName: aws.String("l"), Content: &types.LayerVersionContentInput{}})
		wantAPIError(t, got, "NotImplemented", "lambdasim does not simulate lambda:PublishLayerVersion yet")
		_, got = b.iam().ListGroups(ctx, nil)
		wantAPIError(t, got, "NotImplemented", "lambdasim does not simulate iam:ListGroups yet")
		_, got = b.kinesis().ListShards(ctx, &kinesis.ListShardsInput{})
		wantAPIError(t, got, "NotImplemented", "lambdasim does not simulate kinesis:ListShards yet")
	})
	t.Run("a service that is not simulated is named, in the client's protocol", func(t *testing.T) {
		text := `lambdasim does not simulate the service "sts"; it simulates iam, kinesis, lambda`
		_, got := b.sts().GetCallerIdentity(ctx, nil)
		wantAPIError(t, got, "NotImplemented", text)
		_, got = b.s3().ListBuckets(ctx, nil)
		wantAPIError(t, got, "NotImplemented", strings.Replace(text, "sts", "s3", 1))
	})
	t.Run("a missing member is a ValidationException", func(t *testing.T) {
		err = nil
		resp := b.signed(t, "POST", "/2015-03-31/functions", `{"FunctionName":"f"}`)
		wantBody(t, resp, 400, "2 validation errors detected: Value null at 'role' failed to satisfy constraint: Member must not be null; Value null at 'code' failed to satisfy constraint: Member must not be null")
	})
	t.Run("a member of the wrong type is a SerializationException", func(t *testing.T) {
		resp := b.signed(t, "POST", "/2015-03-31/functions", `{"FunctionName":7}`)
		wantBody(t, resp, 400, "/FunctionName: want a string")
		if got := resp.Header.Get("X-Amzn-Errortype"); got != "SerializationException" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("each answer has a request id", func(t *testing.T) {
		if resp := b.signed(t, "GET", "/2015-03-31/functions/f", ""); resp.Header.Get("X-Amzn-Requestid") == "" {
			t.Error(resp.Header)
		}
	})
}

func wantAPIError(t *testing.T, err error, code, message string) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok || api.ErrorCode() != code || message != "" && api.ErrorMessage() != message {
		t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

func wantBody(t *testing.T, resp *http.Response, status int, part string) {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status || !strings.Contains(string(body), part) {
		t.Errorf("got %d %s %v, want %d with %s", resp.StatusCode, body, err, status, part)
	}
}

func TestOperation(t *testing.T) {
	var seen any
	var call *wire.Call
	b := setup(t, service(noError, func(ctx context.Context, in any) { seen, call = in, wire.CallFrom(ctx) }))
	ctx := context.Background()

	t.Run("the caller, the region of the scope and the operation are known", func(t *testing.T) {
		if _, err := b.lambda().GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("f")}); err != nil {
			t.Fatal(err)
		}
		got := *call
		if got.Service != "lambda" || got.Operation != "GetFunction" || got.Region != "eu-west-1" || got.Account != account ||
			got.AccessKeyID != "AKIDPERMANENT" || !got.Signed || got.SourceIP != "127.0.0.1" || got.UserAgent == "" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("authorization is asked for service:Operation on the resource", func(t *testing.T) {
		if _, err := b.lambda().GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("f")}); err != nil {
			t.Fatal(err)
		}
		if got := b.lastAsked(); got.action != "lambda:GetFunction" || got.resource != "arn:aws:lambda:::function:f" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("another action, with keys, on everything", func(t *testing.T) {
		if _, err := b.lambda().Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f")}); err != nil {
			t.Fatal(err)
		}
		want := question{"lambda:InvokeFunction", "*", map[string][]string{"lambda:Key": {"v"}}}
		if diff := cmp.Diff(want, b.lastAsked(), cmp.AllowUnexported(question{})); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("what is denied does not run", func(t *testing.T) {
		seen = nil
		_, err := b.lambda().GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("forbidden")})
		wantAPIError(t, err, "AccessDeniedException", "User: x is not authorized to perform: lambda:GetFunction on resource: arn:aws:lambda:::function:forbidden")
		if seen != nil {
			t.Error("it ran")
		}
	})
	t.Run("a slash at the end and an escaped ARN are the same function", func(t *testing.T) {
		for _, path := range []string{
			"/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Af",
			"/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:f/",
		} {
			if resp := b.signed(t, "GET", path, ""); resp.StatusCode != 200 {
				t.Fatalf("%s: %s", path, resp.Status)
			}
			if got := *seen.(*lambda.GetFunctionInput).FunctionName; got != "arn:aws:lambda:eu-west-1:123456789012:function:f" {
				t.Errorf("%s: got %s", path, got)
			}
		}
		if resp := b.signed(t, "GET", "/2015-03-31/functions/", ""); resp.StatusCode != 200 {
			t.Errorf("the list: %s", resp.Status)
		}
	})
	t.Run("an empty list is there", func(t *testing.T) {
		wantBody(t, b.signed(t, "GET", "/2015-03-31/functions/", ""), 200, `{"Functions":[]}`)
	})
	t.Run("creating answers 201, and nothing where nothing was said", func(t *testing.T) {
		resp := b.signed(t, "POST", "/2015-03-31/functions", `{"FunctionName":"f","Role":"r","Code":{},"Publish":false,"Unknown":{"x":[1]},"Timeout":null}`)
		wantBody(t, resp, 201, "{")
		if !call.Present("Publish") || call.Present("Timeout") || call.Present("Layers") || !call.Present("Unknown", "x") || call.Present("Unknown", "y") {
			t.Error("Present is wrong about the members that were sent")
		}
		if in := seen.(*lambda.CreateFunctionInput); in.Timeout != nil {
			t.Error("null is not absent")
		}
	})
	t.Run("the status that an operation gives goes before the schema's", func(t *testing.T) {
		resp := b.signed(t, "DELETE", "/2015-03-31/functions/f", "")
		if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 204 || len(body) > 0 {
			t.Errorf("got %s %q", resp.Status, body)
		}
	})
	t.Run("an event is passed on byte for byte", func(t *testing.T) {
		event := []byte("{ \"a\" :\t1.0, \"é\": \"\\u00e9\" }\n")
		out, err := b.lambda().Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: event})
		if err != nil || !bytes.Equal(out.Payload, event) || out.StatusCode != 200 || *out.ExecutedVersion != "$LATEST" {
			t.Errorf("got %+v, %v", out, err)
		}
	})
	t.Run("a body that is a reader arrives", func(t *testing.T) {
		//lint:ignore SA1019 the operation is deprecated, and exists
		out, err := b.lambda().InvokeAsync(ctx, &lambda.InvokeAsyncInput{FunctionName: aws.String("f"), InvokeArgs: strings.NewReader(`{"a":1}`)})
		if err != nil || out.Status != 202 {
			t.Fatalf("got %+v, %v", out, err)
		}
		if body, _ := io.ReadAll(seen.(*lambda.InvokeAsyncInput).InvokeArgs); string(body) != `{"a":1}` {
			t.Errorf("got %s", body)
		}
	})
}

func TestNewServer(t *testing.T) {
	ok := wire.Config{Authenticator: keys{}, IDs: newBundle(t).ids(), Log: newBundle(t).logger()}
	t.Run("an operation that the SDK does not have is refused", func(t *testing.T) {
		_, err := wire.NewServer(ok, wire.Service{API: wire.IAMAPI(), Operations: map[string]wire.Operation{
			"GetRoll": wire.Op(func(context.Context, *iam.GetRoleInput) (*iam.GetRoleOutput, error) { return nil, nil }),
		}})
		if err == nil || !strings.Contains(err.Error(), "iam has no operation GetRoll") {
			t.Error(err)
		}
	})
	t.Run("an operation with another's output is refused", func(t *testing.T) {
		_, err := wire.NewServer(ok, wire.Service{API: wire.IAMAPI(), Operations: map[string]wire.Operation{
			"GetRole": wire.Op(func(context.Context, *iam.GetRoleInput) (*iam.GetUserOutput, error) { return nil, nil }, wire.Unbound[iam.GetRoleInput]()),
		}})
		if err == nil {
			t.Error("it was taken")
		}
	})
	t.Run("an operation of which nobody says what permission it needs is refused", func(t *testing.T) {
		_, err := wire.NewServer(ok, wire.Service{API: wire.IAMAPI(), Operations: map[string]wire.Operation{
			"GetRole": wire.Op(func(context.Context, *iam.GetRoleInput) (*iam.GetRoleOutput, error) { return nil, nil }),
		}})
		if err == nil || !strings.Contains(err.Error(), "nobody says which permission iam:GetRole needs") {
			t.Error(err)
		}
	})
	t.Run("a service given twice is refused", func(t *testing.T) {
		if _, err := wire.NewServer(ok, wire.Service{API: wire.IAMAPI()}, wire.Service{API: wire.IAMAPI()}); err == nil {
			t.Error("it was taken")
		}
	})
}
