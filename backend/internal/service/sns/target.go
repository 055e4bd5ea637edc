package sns

import (
	"context"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
)

// Target is topics as what others deliver to: the body is the message. The sender's policies and the topic's are asked.
func (a *API) Target() target.Kind {
	return target.Kind{
		Action: "sns:Publish", Service: "SNS",
		Check: func(ctx context.Context, topicARN arn.ARN) error {
			_, err := a.get(ctx, topicARN.String())
			return err
		},
		Deliver: func(ctx context.Context, d target.Delivery) error {
			t, err := a.get(ctx, d.Target)
			if err != nil {
				return err
			}
			q := authz.Question{Session: d.Sender, Source: d.Source, Keys: d.Keys, Decided: d.Decided}
			if err := a.requireAs(ctx, q, "Publish", t); err != nil {
				return err
			}
			m := &message{ID: a.IDs.UUID(), Body: string(d.Body), Attributes: attributesOf(d.Attributes), Group: d.Group, Dedup: d.Dedup}
			if d.Subject != "" {
				m.Subject = &d.Subject
			}
			if err := identify(t, m); err != nil {
				return err
			}
			by, cause := d.Sender.ARN, ""
			if d.Cause.TargetARN != "" {
				by, cause = d.Cause.TargetARN, d.Cause.Onward()
			}
			return a.publish(ctx, t, []*message{m}, "handed on by "+by, cause)
		},
	}
}
