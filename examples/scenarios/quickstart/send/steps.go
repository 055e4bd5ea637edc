package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// upload puts an object. S3 answers before any function has run, whatever becomes of the event.
func (s *sender) upload(ctx context.Context, key string) error {
	objects := s3.NewFromConfig(s.root(""), func(o *s3.Options) { o.UsePathStyle = true })
	_, err := objects.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.out.UploadsBucket.Value, Key: &key,
		Body: strings.NewReader("what " + key + " holds\n"), ContentType: aws.String("text/plain")})
	if err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	say("put s3://%s/%s: S3 took it", s.out.UploadsBucket.Value, key)
	return nil
}

// orders puts n records, of three customers in turn; a customer's orders share a partition key and so a shard.
func (s *sender) orders(ctx context.Context, n int) error {
	in := &kinesis.PutRecordsInput{StreamName: &s.out.OrdersStream.Value}
	customers := []string{"ada", "grace", "edsger"}
	for i := range n {
		customer := customers[i%len(customers)]
		data, err := json.Marshal(map[string]any{"id": i + 1, "customer": customer, "cents": 390 + 60*i})
		if err != nil {
			return err
		}
		in.Records = append(in.Records, kinesistypes.PutRecordsRequestEntry{Data: data, PartitionKey: &customer})
	}
	out, err := kinesis.NewFromConfig(s.root("")).PutRecords(ctx, in)
	if err != nil {
		return fmt.Errorf("put records: %w", err)
	}
	if failed := aws.ToInt32(out.FailedRecordCount); failed > 0 {
		return fmt.Errorf("put records: the stream refused %d of %d", failed, n)
	}
	shards := map[string]int{}
	for _, r := range out.Records {
		shards[*r.ShardId]++
	}
	say("put %d orders into %s: the stream took them, %s", n, s.out.OrdersStream.Value, counts(shards))
	return nil
}

func counts(shards map[string]int) string {
	var list []string
	for i := range len(shards) + 8 {
		if name := fmt.Sprintf("shardId-%012d", i); shards[name] > 0 {
			list = append(list, fmt.Sprintf("%d in %s", shards[name], name))
		}
	}
	return strings.Join(list, ", ")
}

// quote invokes the quote function as a session of one of the roles, and demands that it is allowed or refused.
func (s *sender) quote(ctx context.Context, who, expect string) error {
	role, known := map[string]value{"storefront": s.out.StorefrontRole, "partner": s.out.PartnerRole, "bystander": s.out.BystanderRole}[who]
	if !known {
		return fmt.Errorf("%q is not one of storefront, partner, bystander", who)
	}
	cfg, err := s.assume(ctx, role.Value, who)
	if err != nil {
		return err
	}
	out, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{FunctionName: &s.out.QuoteFunction.Value,
		Payload: []byte(`{"item":"tea","quantity":2}`)})
	var refusal smithy.APIError
	switch {
	case errors.As(err, &refusal) && refusal.ErrorCode() == "AccessDeniedException":
		say("%s asks for a quote: refused\n    %s", who, refusal.ErrorMessage())
		if expect != "refused" {
			return fmt.Errorf("%s should have been allowed", who)
		}
		return nil
	case err != nil:
		return fmt.Errorf("invoke as %s: %w", who, err)
	case out.FunctionError != nil:
		return fmt.Errorf("invoke as %s: the function failed: %s", who, out.Payload)
	}
	say("%s asks for a quote: %s", who, out.Payload)
	if expect != "allowed" {
		return fmt.Errorf("%s should have been refused", who)
	}
	return nil
}

// expect waits until nothing is due and nothing is in flight, and demands at least n deliveries with the outcome.
func (s *sender) expect(ctx context.Context, function string, n int, outcome string) error {
	if err := s.drain(ctx); err != nil {
		return err
	}
	name := map[string]value{"uploads": s.out.UploadsFunction, "orders": s.out.OrdersFunction, "quote": s.out.QuoteFunction}[function].Value
	if name == "" {
		return fmt.Errorf("%q is not one of uploads, orders, quote", function)
	}
	list, err := s.control.Deliveries(ctx, control.DeliveriesQuery{Function: name, Outcome: outcome, After: s.after})
	if err != nil {
		return err
	}
	if len(list) < n {
		all, _ := s.control.DeliveriesText(ctx, control.DeliveriesQuery{Function: name, After: s.after})
		return fmt.Errorf("%d deliveries to %s are %s where at least %d should be; there are:\n%s", len(list), name, outcome, n, all)
	}
	say("%d %s to %s: %s", len(list), plural(len(list), "delivery", "deliveries"), name, outcome)
	if outcome == "denied" {
		fmt.Print(indented(because(list[len(list)-1])))
	}
	return nil
}

// records is how a batch says its size in the trace.
var records = regexp.MustCompile(`^(\d+) records? of shard`)

// arrived demands that batches with exactly n orders altogether were delivered.
func (s *sender) arrived(ctx context.Context, n int) error {
	if err := s.drain(ctx); err != nil {
		return err
	}
	list, err := s.control.Deliveries(ctx, control.DeliveriesQuery{Function: s.out.OrdersFunction.Value, Outcome: "delivered", After: s.after})
	if err != nil {
		return err
	}
	got := 0
	for _, d := range list {
		for _, step := range d.Steps {
			if m := records.FindStringSubmatch(step.Reason); step.Kind == "batched" && m != nil {
				size, err := strconv.Atoi(m[1])
				if err != nil {
					return err
				}
				got += size
			}
		}
	}
	if got != n {
		return fmt.Errorf("%d orders arrived where %d were put", got, n)
	}
	say("%d of %d orders arrived", got, n)
	return nil
}

func (s *sender) drain(ctx context.Context) error {
	out, err := s.control.Drain(ctx, 20*time.Second)
	if err != nil {
		return fmt.Errorf("wait until all is quiet: %w", err)
	}
	if !out.Quiet {
		return fmt.Errorf("wait until all is quiet: still in flight %v, due %v", out.InFlight, out.Due)
	}
	return nil
}

func say(format string, args ...any) { fmt.Printf("  "+format+"\n", args...) }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
