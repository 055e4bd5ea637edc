package backend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
)

// needs is what an operation needs: the call is made by a user who has the rights in allow, and must be refused for action on
// resource.
type needs struct {
	in               any
	allow            []string // actions that the caller has, on everything
	action, resource string   // "" for SERVICE:Operation
}

// open are operations for which AWS asks for no permission.
var open = []string{"sts:GetCallerIdentity", "sts:GetSessionToken", "sns:ConfirmSubscription", "cognito-idp:SignUp", "cognito-idp:ConfirmSignUp"}

// Every operation that is served is refused to who has no rights, for the action and on the resource that the Service
// Authorization Reference names. One that is new and has no row here is called with what its input has by name, and must be
// refused for its own action.
func TestOperationsNeedTheirPermission(t *testing.T) {
	b := setup(t)
	w := b.operationsWorld(t)
	nobody := b.user(t, "nobody", "")
	granted := map[string]*clients{}
	for service, names := range backend.Operations() {
		for _, name := range names {
			id := service + ":" + name
			if slices.Contains(open, id) {
				continue
			}
			rows, has := w.rows[id]
			if !has {
				rows = []needs{{in: probe(nobody, name, service), resource: "?"}}
			}
			for i, row := range rows {
				t.Run(fmt.Sprint(id, " ", i), func(t *testing.T) {
					caller := nobody
					if len(row.allow) > 0 {
						user := "with-" + strings.NewReplacer(":", "-").Replace(strings.Join(row.allow, "-"))
						user = user[:min(len(user), 60)]
						if granted[user] == nil {
							granted[user] = b.user(t, user, allowing(row.allow))
						}
						caller = granted[user]
					}
					b.mustRefuse(t, caller, service, name, row)
				})
			}
		}
	}
	t.Run("s3:DeleteObjects", func(t *testing.T) {
		out, err := nobody.s3.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("bkt"), Delete: &s3types.Delete{Objects: []s3types.ObjectIdentifier{{Key: aws.String("k/a")}}}})
		if err != nil || len(out.Errors) != 1 || !strings.Contains(*out.Errors[0].Message, `perform: s3:DeleteObject on resource: "arn:aws:s3:::bkt/k/a"`) {
			t.Errorf("%+v, %v", out, err)
		}
	})
	for id := range w.rows {
		service, name, _ := strings.Cut(id, ":")
		if !slices.Contains(backend.Operations()[service], name) {
			t.Errorf("there is a row for %s, which is not served", id)
		}
	}
}

func allowing(actions []string) string {
	list, _ := json.Marshal(actions)
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":` + string(list) + `,"Resource":"*"}]}`
}

// mustRefuse calls an operation, and compares what it was refused for.
func (b *bundle) mustRefuse(t *testing.T, caller *clients, service, name string, row needs) {
	t.Helper()
	action := row.action
	if action == "" {
		action = service + ":" + name
	}
	before, err := b.control.Refusals(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	err = invoke(t.Context(), caller, name, row.in)
	if err == nil {
		t.Fatal("it was let through")
	}
	after, _ := b.control.Refusals(t.Context(), "")
	if len(after) != len(before)+1 {
		t.Fatalf("%d refusals, and the answer %v", len(after)-len(before), err)
	}
	got := after[len(after)-1]
	if got.Action != action || (row.resource != "?" && got.Resource != row.resource) {
		t.Errorf("refused for %s on %s\n   want %s on %s", got.Action, got.Resource, action, row.resource)
	}
	if strings.HasPrefix(name, "Head") {
		return // the answer to HEAD has no body
	}
	if service == "sts" { // which says no more
		got.Message, _, _ = strings.Cut(got.Message, " because ")
	}
	if !strings.Contains(err.Error(), got.Message) && service != "s3" {
		t.Errorf("the answer %v\nis not %s", err, got.Message)
	}
	if service == "s3" && !strings.Contains(err.Error(), `on resource: "`+got.Resource+`" because no identity-based policy allows the `+action+` action`) {
		t.Errorf("the answer: %v", err)
	}
}

// invoke calls the operation of an input, whichever client has it.
func invoke(ctx context.Context, c *clients, name string, in any) error {
	for _, client := range c.all() {
		m := reflect.ValueOf(client).MethodByName(name)
		if m.IsValid() && m.Type().NumIn() > 1 && m.Type().In(1) == reflect.TypeOf(in) {
			out := m.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(in)})
			err, _ := out[1].Interface().(error)
			return err
		}
	}
	return fmt.Errorf("no client has %s of %T", name, in)
}

func (c *clients) all() []any {
	return []any{c.lambda, c.iam, c.sts, c.s3, c.kinesis, c.sqs, c.sns, c.tables, c.streams, c.pools, c.watch, c.buses, c.httpAPI, c.restAPI}
}

// probe is an input of an operation without a row, its texts filled in by their names.
func probe(c *clients, name, service string) any {
	for _, client := range c.all() {
		m := reflect.ValueOf(client).MethodByName(name)
		if !m.IsValid() || !strings.HasSuffix(reflect.TypeOf(client).Elem().PkgPath(), packageOf(service)) {
			continue
		}
		in := reflect.New(m.Type().In(1).Elem())
		fill(in.Elem())
		return in.Interface()
	}
	return nil
}

func packageOf(service string) string {
	if p, ok := map[string]string{"cognito-idp": "cognitoidentityprovider", "logs": "cloudwatchlogs", "events": "eventbridge"}[service]; ok {
		return "/" + p
	}
	return "/" + service
}

func fill(v reflect.Value) {
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch {
		case f.Type() == reflect.TypeFor[*string]() && strings.HasSuffix(name, "Document"):
			f.Set(reflect.ValueOf(aws.String(everything)))
		case f.Type() == reflect.TypeFor[*string]() && strings.HasSuffix(name, "Arn"):
			f.Set(reflect.ValueOf(aws.String("arn:aws:iam::" + account + ":policy/probe")))
		case f.Type() == reflect.TypeFor[*string]() && !slices.Contains([]string{"Marker", "NextToken", "NextMarker"}, name):
			f.Set(reflect.ValueOf(aws.String("probe")))
		case f.Kind() == reflect.String && name == "Status":
			f.SetString("Active")
		case f.Type() == reflect.TypeFor[[]string]():
			f.Set(reflect.ValueOf([]string{"probe"}))
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
			fill(f.Index(0))
		case f.Kind() == reflect.Pointer && f.Type().Elem().Kind() == reflect.Int32:
			f.Set(reflect.New(f.Type().Elem()))
		}
	}
}

// permissions is what the rows speak of.
type permissions struct{ rows map[string][]needs }

func (b *bundle) operationsWorld(t *testing.T) *permissions {
	t.Helper()
	ctx := t.Context()
	b.role(t, "r", "")
	if _, err := b.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("deep"), Path: aws.String("/team/"), AssumeRolePolicyDocument: aws.String(trustLambda)}); err != nil {
		t.Fatal(err)
	}
	b.function(t, "f", "r", "")
	b.user(t, "u", "")
	q, err := b.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.sns.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t")}); err != nil {
		t.Fatal(err)
	}
	p, err := b.pools.CreateUserPool(ctx, &cognitoidentityprovider.CreateUserPoolInput{PoolName: aws.String("p")})
	if err != nil {
		t.Fatal(err)
	}
	b.bucket(t, "bkt")
	upload, err := b.s3.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: aws.String("bkt"), Key: aws.String("k/a")})
	if err != nil {
		t.Fatal(err)
	}
	w := &permissions{rows: map[string][]needs{}}
	w.add(lambdaRows())
	w.add(iamRows())
	w.add(s3Rows(upload.UploadId))
	w.add(sqsRows(q.QueueUrl))
	w.add(topicRows())
	w.add(streamRows(b.iterator(t)))
	w.add(tableRows())
	w.add(poolRows(p.UserPool.Id, p.UserPool.Arn))
	w.add(logRows())
	w.add(gatewayRows(b.user(t, "gateway", "")))
	return w
}

// iterator is an iterator of the stream s.
func (b *bundle) iterator(t *testing.T) *string {
	t.Helper()
	name := aws.String("s")
	if _, err := b.kinesis.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: name, ShardCount: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	it, err := b.kinesis.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{StreamName: name, ShardId: aws.String("shardId-000000000000"), ShardIteratorType: "LATEST"})
	if err != nil {
		t.Fatal(err)
	}
	return it.ShardIterator
}

func (w *permissions) add(rows map[string][]needs) {
	for id, list := range rows {
		w.rows[id] = list
	}
}
