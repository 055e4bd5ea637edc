package s3

import (
	"bytes"
	"context"
	"net/http"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	deliveries "github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// lambdaAddress is where a service's own writes come from, as their events say it.
const lambdaAddress = "lambda.amazonaws.com"

// Target is buckets as what others deliver to. A delivery is an object, written as PutObject writes one, with its event.
func (a *API) Target() deliveries.Kind {
	return deliveries.Kind{
		Action: "s3:PutObject", Service: "S3",
		Rights: func(bucket string) []deliveries.Right {
			return []deliveries.Right{{Action: "s3:PutObject", Resource: bucket + "/aws/lambda/"}, {Action: "s3:ListBucket", Resource: bucket}}
		},
		Check: func(ctx context.Context, bucket arn.ARN) error {
			_, err := a.bucket(ctx, bucket.Resource)
			return err
		},
		Deliver: a.deliver,
	}
}

func (a *API) deliver(ctx context.Context, d deliveries.Delivery) error {
	parsed, err := arn.Parse(d.Target)
	if err != nil {
		return fault.New(fault.Invalid, "%v", err)
	}
	b, err := a.bucket(ctx, parsed.Resource)
	if err != nil {
		return err
	}
	for _, right := range []deliveries.Right{{Action: "s3:PutObject", Resource: arn.Object(b.name, d.Object)}, {Action: "s3:ListBucket", Resource: arn.Bucket(b.name)}} {
		q := authz.Question{Session: d.Sender, Source: d.Source, Keys: d.Keys, Action: right.Action, Resource: right.Resource,
			Region: b.region, Decided: d.Decided}
		if err := a.require(ctx, b, q); err != nil {
			return err
		}
	}
	body := newSpool(defaultChecksum)
	defer body.close()
	if _, err := bytes.NewReader(d.Body).WriteTo(body); err != nil {
		return err
	}
	o := &object{bucket: b.name, key: d.Object, contentType: "application/json", headers: map[string]string{}, etag: body.etag()}
	o.setChecksum(defaultChecksum, body.checksum(), fullObject)
	q := &request{r: &http.Request{Header: http.Header{}}, bucket: b.name, key: d.Object, // there are no conditions
		call: &wire.Call{Service: "s3", Operation: "PutObject", Region: b.region, Account: d.Sender.Account, RequestID: a.IDs.UUID(), SourceIP: lambdaAddress, Session: d.Sender}}
	return a.write(ctx, q, o, body, "ObjectCreated:Put")
}
