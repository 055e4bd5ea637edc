package backend_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// caller invokes the function "inner" with its own credentials, and waits until that has written its file.
const caller = `
import datetime, hashlib, hmac, json, os, time, urllib.request
def sign(key, text): return hmac.new(key, text.encode(), hashlib.sha256).digest()
def invoke(name, kind, payload):
    host = os.environ["AWS_ENDPOINT_URL"].split("//")[1]
    path = "/2015-03-31/functions/%s/invocations" % name
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": host, "x-amz-date": now, "x-amz-invocation-type": kind, "x-amz-security-token": os.environ["AWS_SESSION_TOKEN"]}
    names = ";".join(sorted(headers))
    canonical = "\n".join(["POST", path, ""] + ["%s:%s" % (k, headers[k]) for k in sorted(headers)] + ["", names, hashlib.sha256(payload).hexdigest()])
    scope = "%s/us-east-1/lambda/aws4_request" % now[:8]
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in scope.split("/"): key = sign(key, part)
    signature = hmac.new(key, "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()]).encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (os.environ["AWS_ACCESS_KEY_ID"], scope, names, signature)
    return urllib.request.urlopen(urllib.request.Request("http://" + host + path, data=payload, headers=headers)).status
def handler(event, context):
    status = invoke("inner", event["kind"], json.dumps(event).encode())
    while not os.path.exists(event["file"]):
        time.sleep(0.01)
    return {"status": status, "left": context.get_remaining_time_in_millis()}
`

const inner = `
def handler(event, context):
    open(event["file"], "w").close()
`

// A function that waits for what it has set going would hold a virtual clock's only turn until its timeout.
func TestAFunctionMayWaitForWhatItHasInvoked(t *testing.T) {
	dir := folder(t)
	b := setup(t)
	b.role(t, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*"}]}`)
	for name, code := range map[string]string{"outer": caller, "inner": inner} {
		_, err := b.lambda.CreateFunction(t.Context(), &lambda.CreateFunctionInput{FunctionName: &name, Role: aws.String("arn:aws:iam::" + account + ":role/r"),
			Runtime: "python3.12", Handler: aws.String("main.handler"), Timeout: aws.Int32(60), Code: codeOf(archive(t, map[string]string{"main.py": code}))})
		must(t, err)
	}
	for _, kind := range []lambdatypes.InvocationType{"RequestResponse", "Event"} {
		payload := []byte(`{"kind":"` + string(kind) + `","file":"` + filepath.Join(dir, string(kind)) + `"}`)
		t.Run("called synchronously, it waits for "+string(kind), func(t *testing.T) {
			out, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("outer"), Payload: payload})
			must(t, err)
			if out.FunctionError != nil {
				t.Errorf("%s: %s", *out.FunctionError, out.Payload)
			}
		})
		payload = []byte(`{"kind":"` + string(kind) + `","file":"` + filepath.Join(dir, "async-"+string(kind)) + `"}`)
		t.Run("run asynchronously, it waits for "+string(kind), func(t *testing.T) {
			_, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("outer"), InvocationType: "Event", Payload: payload})
			must(t, err)
			_, err = b.control.Drain(t.Context(), time.Minute)
			must(t, err)
		})
	}
	list, err := b.control.Deliveries(t.Context(), control.DeliveriesQuery{})
	must(t, err)
	if len(list) != 8 {
		t.Errorf("%d deliveries, want 4 of each function", len(list))
	}
	for _, d := range list {
		if d.Outcome != "delivered" || d.Attempts != 1 {
			t.Errorf("%s %s: %s after %d attempts", d.TargetARN, d.InvocationType, d.Outcome, d.Attempts)
		}
	}
}
