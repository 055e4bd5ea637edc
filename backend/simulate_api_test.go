package backend_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"
)

const (
	allowGet = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	reportsA = "arn:aws:s3:::reports/a"
)

// A page is of actions; a result's resources are never divided. A marker is good for whatever the next request asks.
func TestSimulationIsPagedByActions(t *testing.T) {
	b := setup(t)
	request := simulationRequest{ActionNames: []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}, ResourceArns: []string{reportsA, "arn:aws:s3:::reports/b"},
		PolicyInputList: []document{allowGet}, MaxItems: aws.Int32(2)}
	names := func(results []iamtypes.EvaluationResult) (list []string) {
		for _, r := range results {
			if len(r.ResourceSpecificResults) != 2 {
				t.Errorf("%s has %d resources", *r.EvalActionName, len(r.ResourceSpecificResults))
			}
			list = append(list, *r.EvalActionName)
		}
		return list
	}
	results, marker, err := b.simulate(t, request)
	if err != nil || marker == nil || !slices.Equal(names(results), request.ActionNames[:2]) {
		t.Fatal(names(results), marker, err)
	}
	request.Marker = marker
	results, last, err := b.simulate(t, request)
	if err != nil || last != nil || !slices.Equal(names(results), request.ActionNames[2:]) {
		t.Fatal(names(results), last, err)
	}
	request.ActionNames = request.ActionNames[:1]
	if results, last, err = b.simulate(t, request); err != nil || last != nil || len(results) != 0 {
		t.Fatal(names(results), last, err)
	}
	t.Run("another account's marker is refused", func(t *testing.T) {
		_, _, err := b.as("111122223333").simulate(t, request)
		if got := asError(err); got != "InvalidInput: Invalid marker for pagination." {
			t.Error(got)
		}
	})
}

// post sends a form as the Query protocol has it, and returns the status and the body.
func post(t *testing.T, endpoint string, form url.Values) (int, string) {
	t.Helper()
	form.Set("Version", "2010-05-08")
	body := form.Encode()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	credentials := aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}
	hash := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, hex.EncodeToString(hash[:]), "iam", "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// What the wire carries: empty lists are empty elements in a result, and are left out of a resource's; the map of details is
// there, empty, where resources are named, and is not there where none are.
func TestSimulationOnTheWire(t *testing.T) {
	b := setup(t)
	form := func(more ...string) url.Values {
		f := url.Values{"Action": {"SimulateCustomPolicy"}, "ActionNames.member.1": {"s3:PutObject"}, "PolicyInputList.member.1": {allowGet}}
		for i := 0; i < len(more); i += 2 {
			f.Set(more[i], more[i+1])
		}
		return f
	}
	const open = `<SimulateCustomPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulateCustomPolicyResult><EvaluationResults><member>`
	for name, c := range map[string]struct {
		form url.Values
		want string
	}{
		"no resources": {form(), open + `<EvalActionName>s3:PutObject</EvalActionName><EvalDecision>implicitDeny</EvalDecision><EvalResourceName>*</EvalResourceName>` +
			`<MatchedStatements></MatchedStatements><MissingContextValues></MissingContextValues></member></EvaluationResults><IsTruncated>false</IsTruncated>`},
		"a resource": {form("ResourceArns.member.1", reportsA), open + `<EvalActionName>s3:PutObject</EvalActionName><EvalDecision>implicitDeny</EvalDecision>` +
			`<EvalDecisionDetails></EvalDecisionDetails><EvalResourceName>arn:aws:s3:::reports/a</EvalResourceName><MatchedStatements></MatchedStatements>` +
			`<MissingContextValues></MissingContextValues><ResourceSpecificResults><member><EvalResourceDecision>implicitDeny</EvalResourceDecision>` +
			`<EvalResourceName>arn:aws:s3:::reports/a</EvalResourceName></member></ResourceSpecificResults></member></EvaluationResults><IsTruncated>false</IsTruncated>`},
		"a statement, a boundary, an organization": {form("ActionNames.member.1", "s3:GetObject", "PermissionsBoundaryPolicyInputList.member.1", allowGet,
			"OrderedOrganizationPolicyInputList.member.1.ServiceControlPolicyInputList.member.1", allowGet),
			open + `<EvalActionName>s3:GetObject</EvalActionName><EvalDecision>allowed</EvalDecision><EvalResourceName>*</EvalResourceName><MatchedStatements><member>` +
				`<EndPosition><Column>95</Column><Line>1</Line></EndPosition><SourcePolicyId>PolicyInputList.1</SourcePolicyId><SourcePolicyType>IAM Policy</SourcePolicyType>` +
				`<StartPosition><Column>38</Column><Line>1</Line></StartPosition></member></MatchedStatements><MissingContextValues></MissingContextValues>` +
				`<OrganizationsDecisionDetail><AllowedByOrganizations>true</AllowedByOrganizations></OrganizationsDecisionDetail>` +
				`<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>true</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail></member>`},
		"another account's resource": {form("ResourceArns.member.1", reportsA, "CallerArn", "arn:aws:iam::000000000000:user/ann", "ResourceOwner", "arn:aws:iam::111122223333:root"),
			`<EvalDecisionDetails><entry><key>IAM Policy</key><value>implicitDeny</value></entry><entry><key>Resource Policy</key><value>implicitDeny</value></entry></EvalDecisionDetails>`},
		"a refusal": {form("ActionNames.member.1", "PutObject"), `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>InvalidInput</Code>` +
			`<Message>The action is invalid since it is missing names</Message></Error><RequestId>`},
	} {
		t.Run(name, func(t *testing.T) {
			status, text := post(t, b.b.URL(), c.form)
			if want := map[bool]int{true: 400, false: 200}[strings.HasPrefix(c.want, "<Error")]; status != want || !strings.Contains(text, c.want) {
				t.Errorf("%d\n%s\nwant\n%s", status, text, c.want)
			}
		})
	}
}

// awsCLI runs the AWS CLI against a backend and returns what it prints.
func awsCLI(t *testing.T, endpoint string, args ...string) string {
	t.Helper()
	program := "/usr/bin/aws"
	if _, err := os.Stat(program); err != nil {
		if program, err = exec.LookPath("aws"); err != nil {
			t.Skip("the AWS CLI is not installed")
		}
	}
	cmd := exec.CommandContext(t.Context(), program, append([]string{"--endpoint-url", endpoint, "--region", "us-east-1", "--output", "json"}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "NO_PROXY=127.0.0.1"}
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return string(out)
}

func TestSimulationThroughTheCLI(t *testing.T) {
	b := setup(t)
	t.Run("a decision", func(t *testing.T) {
		out := awsCLI(t, b.b.URL(), "iam", "simulate-custom-policy", "--policy-input-list", allowGet, "--action-names", "s3:GetObject", "s3:PutObject",
			"--resource-arns", reportsA, "--context-entries", "ContextKeyName=app:tags,ContextKeyType=stringList,ContextKeyValues=a,b")
		var got struct {
			EvaluationResults []struct {
				EvalActionName, EvalDecision, EvalResourceName string
				MatchedStatements                              []struct{ SourcePolicyId string }
				ResourceSpecificResults                        []struct{ EvalResourceName, EvalResourceDecision string }
			}
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err, out)
		}
		if r := got.EvaluationResults; len(r) != 2 || r[0].EvalDecision != "allowed" || r[1].EvalDecision != "implicitDeny" || len(r[0].MatchedStatements) != 1 ||
			r[0].MatchedStatements[0].SourcePolicyId != "PolicyInputList.1" || len(r[1].ResourceSpecificResults) != 1 {
			t.Error(out)
		}
	})
	t.Run("a refusal", func(t *testing.T) {
		out := awsCLI(t, b.b.URL(), "iam", "simulate-custom-policy", "--policy-input-list", "{", "--action-names", "s3:GetObject")
		const want = "An error occurred (InvalidInput) when calling the SimulateCustomPolicy operation: Policy input list item 1 has invalid content"
		if !strings.Contains(out, want) {
			t.Error(out)
		}
	})
}

// The operations are actions themselves: on everything where policies are given, on the user, group or role where theirs are
// asked for, which is found by its name, so that a wrong path is no way round a deny.
func TestWhoMaySimulate(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	for _, name := range []string{"ann", "bob"} {
		if _, err := b.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: &name, Path: aws.String("/team/")}); err != nil {
			t.Fatal(err)
		}
	}
	nobody := b.user(t, "nobody", "")
	auditor := b.user(t, "auditor", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["iam:SimulatePrincipalPolicy","iam:GetContextKeysForPrincipalPolicy"],"Resource":"*"},
		{"Effect":"Deny","Action":"iam:*","Resource":"arn:aws:iam::000000000000:user/team/bob"}]}`)
	custom := simulationRequest{ActionNames: []string{"s3:GetObject"}, PolicyInputList: []document{allowGet}}
	of := func(source string) simulationRequest {
		return simulationRequest{ActionNames: []string{"s3:GetObject"}, PolicySourceArn: &source}
	}
	for name, c := range map[string]struct {
		who    *clients
		asks   simulationRequest
		refuse string // of the message; "" for allowed
	}{
		"root":                        {b.clients, custom, ""},
		"nobody":                      {nobody, custom, "iam:SimulateCustomPolicy on resource: *"},
		"an auditor on a user":        {auditor, of("arn:aws:iam::000000000000:user/team/ann"), ""},
		"not on one that is denied":   {auditor, of("arn:aws:iam::000000000000:user/team/bob"), "iam:SimulatePrincipalPolicy on resource: arn:aws:iam::000000000000:user/team/bob"},
		"nor by way of a wrong path":  {auditor, of("arn:aws:iam::000000000000:user/bob"), "iam:SimulatePrincipalPolicy on resource: arn:aws:iam::000000000000:user/team/bob"},
		"nor on policies of his own":  {auditor, custom, "iam:SimulateCustomPolicy on resource: *"},
		"a wrong path does otherwise": {auditor, of("arn:aws:iam::000000000000:user/elsewhere/ann"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := c.who.simulate(t, c.asks)
			if c.refuse == "" && err != nil || c.refuse != "" && (err == nil || !strings.HasPrefix(asError(err), "AccessDenied: ") || !strings.Contains(asError(err), c.refuse)) {
				t.Error(err)
			}
		})
	}
	t.Run("the keys of one that is denied", func(t *testing.T) {
		_, err := auditor.iam.GetContextKeysForPrincipalPolicy(ctx, &iam.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: aws.String("arn:aws:iam::000000000000:user/bob")})
		if err == nil || !strings.HasPrefix(asError(err), "AccessDenied: ") {
			t.Error(err)
		}
	})
}

func TestContextKeysOfPolicies(t *testing.T) {
	b := setup(t)
	const asked = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b","Resource":"arn:aws:s3:::x/${aws:username}","Condition":{"StringLike":{"s3:prefix":"${aws:userid}/*"},"Null":{"AWS:Username":"true"}}}]}`
	custom, err := b.iam.GetContextKeysForCustomPolicy(t.Context(), &iam.GetContextKeysForCustomPolicyInput{PolicyInputList: []string{asked, allowGet, asked}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"aws:username", "s3:prefix", "aws:userid", "AWS:Username"}, custom.ContextKeyNames); diff != "" {
		t.Error(diff)
	}
	_, err = b.iam.GetContextKeysForCustomPolicy(t.Context(), &iam.GetContextKeysForCustomPolicyInput{PolicyInputList: []string{"{"}})
	if got := asError(err); got != "InvalidInput: Policy input list item 1 has invalid content" {
		t.Error(got)
	}
	b.user(t, "ann", asked)
	principal, err := b.iam.GetContextKeysForPrincipalPolicy(t.Context(), &iam.GetContextKeysForPrincipalPolicyInput{
		PolicySourceArn: aws.String("arn:aws:iam::000000000000:user/ann"), PolicyInputList: []string{strings.ReplaceAll(asked, "s3:prefix", "s3:delimiter")}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"aws:username", "s3:prefix", "aws:userid", "AWS:Username", "s3:delimiter"}, principal.ContextKeyNames); diff != "" {
		t.Error(diff)
	}
}
