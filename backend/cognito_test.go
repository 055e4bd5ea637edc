package backend_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

// lines is a log that a test reads.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) find(t *testing.T, pattern string) string {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	m := regexp.MustCompile(pattern).FindStringSubmatch(l.text.String())
	if m == nil {
		t.Fatalf("the log has nothing like %s:\n%s", pattern, l.text.String())
	}
	return m[1]
}

func cognitoSetup(t *testing.T) (*bundle, *lines) {
	log := &lines{}
	b := setupOn(t, backend.Config{Clock: "virtual", Seed: 1, DatabaseURL: pgtest.URL(t), Log: slog.New(slog.NewTextHandler(log, nil))})
	return b, log
}

// userPool makes a pool and a client.
func (b *bundle) userPool(t *testing.T, in *cognito.CreateUserPoolInput, secret bool) (*types.UserPoolType, *types.UserPoolClientType) {
	t.Helper()
	in.PoolName = aws.String("people")
	pool, err := b.cognito().CreateUserPool(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	client, err := b.cognito().CreateUserPoolClient(t.Context(), &cognito.CreateUserPoolClientInput{UserPoolId: pool.UserPool.Id, ClientName: aws.String("app"), GenerateSecret: secret})
	if err != nil {
		t.Fatal(err)
	}
	return pool.UserPool, client.UserPoolClient
}

func signUpAs(client *types.UserPoolClientType, name string, attributes ...string) *cognito.SignUpInput {
	in := &cognito.SignUpInput{ClientId: client.ClientId, Username: &name, Password: aws.String("Passw0rd!")}
	for i := 0; i < len(attributes); i += 2 {
		in.UserAttributes = append(in.UserAttributes, types.AttributeType{Name: &attributes[i], Value: &attributes[i+1]})
	}
	return in
}

func wantRefusal(t *testing.T, err error, code, message string) {
	t.Helper()
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), message) {
		t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

func TestASignUpIsConfirmedByTheCodeThatIsLogged(t *testing.T) {
	b, log := cognitoSetup(t)
	pool, client := b.userPool(t, &cognito.CreateUserPoolInput{AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"}}, false)
	out, err := b.cognito().SignUp(t.Context(), signUpAs(client, "ada", "email", "ada@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	if out.UserConfirmed || out.CodeDeliveryDetails == nil || *out.CodeDeliveryDetails.Destination != "a***@e***" {
		t.Errorf("got %+v", out)
	}
	code := log.find(t, `code=(\d{6})`)
	_, err = b.cognito().SignUp(t.Context(), signUpAs(client, "Ada"))
	wantRefusal(t, err, "UsernameExistsException", "User already exists")
	confirm := &cognito.ConfirmSignUpInput{ClientId: client.ClientId, Username: aws.String("ada"), ConfirmationCode: aws.String("x" + code)}
	_, err = b.cognito().ConfirmSignUp(t.Context(), confirm)
	wantRefusal(t, err, "CodeMismatchException", "Invalid verification code provided, please try again.")
	confirm.ConfirmationCode = &code
	if _, err = b.cognito().ConfirmSignUp(t.Context(), confirm); err != nil {
		t.Fatal(err)
	}
	_, err = b.cognito().ConfirmSignUp(t.Context(), confirm)
	wantRefusal(t, err, "NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")
	user, err := b.cognito().AdminGetUser(t.Context(), &cognito.AdminGetUserInput{UserPoolId: pool.Id, Username: aws.String("ada")})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, a := range user.UserAttributes {
		got[*a.Name] = *a.Value
	}
	if user.UserStatus != "CONFIRMED" || got["email_verified"] != "true" || got["sub"] != *out.UserSub {
		t.Errorf("%s %v", user.UserStatus, got)
	}
}

func TestSignUpsThatCognitoDoesNotTake(t *testing.T) {
	b, _ := cognitoSetup(t)
	_, client := b.userPool(t, &cognito.CreateUserPoolInput{UsernameAttributes: []types.UsernameAttributeType{"email"},
		Schema: []types.SchemaAttributeType{{Name: aws.String("name"), Required: aws.Bool(true), Mutable: aws.Bool(true), AttributeDataType: "String"},
			{Name: aws.String("team"), AttributeDataType: "String"}}}, false)
	good := func() *cognito.SignUpInput {
		return signUpAs(client, "ada@example.com", "name", "Ada", "custom:team", "blue")
	}
	for _, c := range []struct {
		name, code, message string
		change              func(in *cognito.SignUpInput)
	}{
		{"no address as the name", "InvalidParameterException", "Username should be an email.", func(in *cognito.SignUpInput) { in.Username = aws.String("ada") }},
		{"a required attribute is missing", "InvalidParameterException", "name: The attribute is required", func(in *cognito.SignUpInput) { in.UserAttributes = nil }},
		{"an attribute that the schema lacks", "InvalidParameterException", "custom:shoe: Attribute does not exist in the schema.", func(in *cognito.SignUpInput) {
			in.UserAttributes = append(in.UserAttributes, types.AttributeType{Name: aws.String("custom:shoe"), Value: aws.String("39")})
		}},
		{"a short password", "InvalidPasswordException", "Password not long enough", func(in *cognito.SignUpInput) { in.Password = aws.String("Aa1!") }},
		{"a password without a symbol", "InvalidPasswordException", "Password must have symbol characters", func(in *cognito.SignUpInput) { in.Password = aws.String("Passw0rdd") }},
		{"an unknown client", "ResourceNotFoundException", "User pool client abc does not exist.", func(in *cognito.SignUpInput) { in.ClientId = aws.String("abc") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := good()
			c.change(in)
			_, err := b.cognito().SignUp(t.Context(), in)
			wantRefusal(t, err, c.code, c.message)
		})
	}
	if _, err := b.cognito().SignUp(t.Context(), good()); err != nil {
		t.Error(err)
	}
}

func TestChangesOfAPoolAtOnceUndoNothing(t *testing.T) {
	b, _ := cognitoSetup(t)
	pool, _ := b.userPool(t, &cognito.CreateUserPoolInput{}, false)
	client := b.cognito()
	errs := make(chan error, 12)
	for i := range cap(errs) {
		go func() {
			_, err := client.TagResource(context.Background(), &cognito.TagResourceInput{ResourceArn: pool.Arn, Tags: map[string]string{fmt.Sprint("tag", i): "x"}})
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	tags, err := client.ListTagsForResource(t.Context(), &cognito.ListTagsForResourceInput{ResourceArn: pool.Arn})
	if err != nil || len(tags.Tags) != cap(errs) {
		t.Errorf("%d tags are left of %d (%v)", len(tags.Tags), cap(errs), err)
	}
}

func TestAClientWithASecretMustProveIt(t *testing.T) {
	b, _ := cognitoSetup(t)
	_, client := b.userPool(t, &cognito.CreateUserPoolInput{}, true)
	in := signUpAs(client, "ada")
	_, err := b.cognito().SignUp(t.Context(), in)
	wantRefusal(t, err, "NotAuthorizedException", "SECRET_HASH was not received")
	in.SecretHash = aws.String("bm8=")
	_, err = b.cognito().SignUp(t.Context(), in)
	wantRefusal(t, err, "NotAuthorizedException", "Unable to verify secret hash for client "+*client.ClientId)
	mac := hmac.New(sha256.New, []byte(*client.ClientSecret))
	mac.Write([]byte("ada" + *client.ClientId))
	in.SecretHash = aws.String(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	if _, err = b.cognito().SignUp(t.Context(), in); err != nil {
		t.Error(err)
	}
}

func TestAPoolIsItsAccountsAlone(t *testing.T) {
	b, _ := cognitoSetup(t)
	pool, client := b.userPool(t, &cognito.CreateUserPoolInput{}, false)
	other := cognito.New(b.cognito().Options(), func(o *cognito.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider("222222222222", "test", "")
	})
	_, err := other.DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: pool.Id})
	wantRefusal(t, err, "ResourceNotFoundException", "User pool "+*pool.Id+" does not exist.")
	// Whoever signs up needs no account at all: the request is not signed.
	body, _ := json.Marshal(map[string]any{"ClientId": client.ClientId, "Username": "ada", "Password": "Passw0rd!"})
	for target, want := range map[string]int{"SignUp": 200, "ListUsers": 400} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.b.URL(), bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+target)
		req.Header.Set("Content-Type", "application/x-amz-json-1.1")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s without a signature: %d, want %d", target, res.StatusCode, want)
		}
	}
}

func TestWhatPoolsDoNotSimulateIsRefusedByName(t *testing.T) {
	b, _ := cognitoSetup(t)
	for name, in := range map[string]*cognito.CreateUserPoolInput{
		"PreTokenGeneration":  {LambdaConfig: &types.LambdaConfigType{PreTokenGeneration: aws.String(functionARN("f"))}},
		"MfaConfiguration ON": {MfaConfiguration: "ON"},
		"AliasAttributes":     {AliasAttributes: []types.AliasAttributeType{"email"}},
	} {
		in.PoolName = aws.String("people")
		_, err := b.cognito().CreateUserPool(t.Context(), in)
		wantRefusal(t, err, "InvalidParameterException", name)
	}
	_, err := b.cognito().InitiateAuth(t.Context(), &cognito.InitiateAuthInput{AuthFlow: "USER_PASSWORD_AUTH", ClientId: aws.String("x")})
	wantRefusal(t, err, "NotImplemented", "InitiateAuth")
}

// The event is what aws-lambda-go's own type reads and writes without loss.
func TestTheTriggersEventIsTheOneThatFunctionsKnow(t *testing.T) {
	b, _ := cognitoSetup(t)
	b.role(t, "r", "")
	b.function(t, "gate", "r", "import json\n\ndef handler(event, context):\n    print('EVENT ' + json.dumps(event))\n    event['response']['autoConfirmUser'] = True\n    return event\n")
	pool, client := b.userPool(t, &cognito.CreateUserPoolInput{LambdaConfig: &types.LambdaConfigType{PreSignUp: aws.String(functionARN("gate"))}}, false)
	if _, err := b.lambda.AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: aws.String("gate"), StatementId: aws.String("pool"),
		Principal: aws.String("cognito-idp.amazonaws.com"), Action: aws.String("lambda:InvokeFunction"), SourceArn: pool.Arn}); err != nil {
		t.Fatal(err)
	}
	in := signUpAs(client, "ada", "email", "ada@example.com")
	in.ClientMetadata = map[string]string{"from": "web"}
	out, err := b.cognito().SignUp(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if !out.UserConfirmed {
		t.Error("the function's answer was not heeded")
	}
	res, err := http.Get(b.b.URL() + control.Prefix + "functions/gate/logs")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	logged, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(logged), "EVENT ")
	text, _, _ := strings.Cut(rest, "\n")
	var event events.CognitoEventUserPoolsPreSignup
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&event); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	want := events.CognitoEventUserPoolsPreSignup{
		CognitoEventUserPoolsHeader: events.CognitoEventUserPoolsHeader{Version: "1", TriggerSource: "PreSignUp_SignUp", Region: "us-east-1", UserPoolID: *pool.Id,
			UserName: "ada", CallerContext: events.CognitoEventUserPoolsCallerContext{AWSSDKVersion: "aws-sdk-unknown-unknown", ClientID: *client.ClientId}},
		Request: events.CognitoEventUserPoolsPreSignupRequest{UserAttributes: map[string]string{"email": "ada@example.com"}, ClientMetadata: map[string]string{"from": "web"}},
	}
	if diff := cmp.Diff(want, event); diff != "" {
		t.Errorf("the event differs (-want +got):\n%s", diff)
	}
	mappings, err := b.control.Mappings(t.Context(), "gate")
	if err != nil || len(mappings) != 1 {
		t.Fatalf("%v, %v", mappings, err)
	}
	if diff := cmp.Diff(control.Mapping{Function: functionARN("gate"), Source: control.Source{Service: "cognito-idp", ARN: *pool.Arn}, Model: "push", KeptBy: "cognito-idp",
		ID: "PreSignUp", InvocationType: "RequestResponse", Permission: "the function's policy must let cognito-idp.amazonaws.com invoke it", Permitted: true,
		Reason: mappings[0].Reason}, mappings[0]); diff != "" {
		t.Errorf("the mapping differs (-want +got):\n%s", diff)
	}
}

// In a pool whose users go by email address the address is the name: of many who sign up with one at once, one gets it.
func TestAnAddressIsTakenOnce(t *testing.T) {
	b, _ := cognitoSetup(t)
	pool, client := b.userPool(t, &cognito.CreateUserPoolInput{UsernameAttributes: []types.UsernameAttributeType{"email", "phone_number"}}, false)
	var all sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for range 8 {
		all.Go(func() {
			_, err := b.cognito().SignUp(t.Context(), signUpAs(client, "Ada@example.com"))
			if err != nil {
				wantRefusal(t, err, "UsernameExistsException", "User already exists")
				return
			}
			mu.Lock()
			defer mu.Unlock()
			taken++
		})
	}
	all.Wait()
	if taken != 1 {
		t.Errorf("the address was given to %d users", taken)
	}
	_, err := b.cognito().SignUp(t.Context(), signUpAs(client, "+123", "email", "ADA@example.com"))
	wantRefusal(t, err, "UsernameExistsException", "User already exists")
	if _, err := b.cognito().AdminGetUser(t.Context(), &cognito.AdminGetUserInput{UserPoolId: pool.Id, Username: aws.String("ada@example.com")}); err != nil {
		t.Error(err)
	}
}
