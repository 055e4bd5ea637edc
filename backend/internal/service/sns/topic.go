package sns

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of topics (SNS quotas; API: ListTopics, TagResource).
const (
	pageSize = 100
	maxTags  = 50
)

func (a *API) createTopic(ctx context.Context, in *sns.CreateTopicInput) (*sns.CreateTopicOutput, error) {
	call := wire.CallFrom(ctx)
	if in.DataProtectionPolicy != nil {
		return nil, unsupported("DataProtectionPolicy of CreateTopic")
	}
	t := &topic{Account: call.Account, Region: call.Region, Name: aws.ToString(in.Name), Attributes: map[string]string{}, Tags: map[string]string{}}
	fifo := in.Attributes[attrFIFO] == "true"
	if err := checkName(t.Name, fifo); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(in.Attributes)) {
		if err := checkAttribute(name, in.Attributes[name], fifo, true); err != nil {
			return nil, err
		}
		setAttribute(t.Attributes, name, in.Attributes[name])
	}
	for _, tag := range in.Tags {
		if _, twice := t.Tags[aws.ToString(tag.Key)]; twice {
			return nil, invalid("Duplicated keys are not allowed.")
		}
		t.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	if len(t.Tags) > maxTags {
		return nil, tooManyTags()
	}
	made, err := a.create(ctx, t)
	if err == nil && !made {
		err = a.same(ctx, t, in.Attributes)
	}
	if err != nil {
		return nil, err
	}
	return &sns.CreateTopicOutput{TopicArn: aws.String(t.arn())}, nil
}

// same refuses what differs from the topic that has the name already.
func (a *API) same(ctx context.Context, t *topic, attributes map[string]string) error {
	was, err := a.get(ctx, t.arn())
	if err != nil {
		return err
	}
	shown := was.shown(0, 0)
	for name, value := range attributes {
		if shown[name] != value {
			return invalid("Attributes Reason: Topic already exists with different attributes")
		}
	}
	for key, value := range t.Tags {
		if has, ok := was.Tags[key]; !ok || has != value {
			return invalid("Tags Reason: Topic already exists with different tags")
		}
	}
	return nil
}

// deleteTopic deletes a topic with its subscriptions. Deleting one that is not there succeeds (API: DeleteTopic).
func (a *API) deleteTopic(ctx context.Context, in *sns.DeleteTopicInput) (*sns.DeleteTopicOutput, error) {
	topicARN := aws.ToString(in.TopicArn)
	t, err := a.find(ctx, "TopicArn", topicARN)
	gone := fault.Is(err, fault.NotFound)
	if gone {
		p, _ := arn.Parse(topicARN) // find has read it
		t, err = &topic{Account: p.Account, Region: p.Region, Name: p.Resource}, nil
	}
	if err != nil {
		return nil, err
	}
	if err := a.require(ctx, "DeleteTopic", t); err != nil || gone {
		return &sns.DeleteTopicOutput{}, err
	}
	return &sns.DeleteTopicOutput{}, a.remove(ctx, t)
}

func (a *API) listTopics(ctx context.Context, in *sns.ListTopicsInput) (*sns.ListTopicsOutput, error) {
	call := wire.CallFrom(ctx)
	names, err := a.topicNames(ctx, call.Account, call.Region, aws.ToString(in.NextToken), pageSize+1)
	if err != nil {
		return nil, err
	}
	out := &sns.ListTopicsOutput{Topics: []types.Topic{}}
	if len(names) > pageSize {
		names = names[:pageSize]
		out.NextToken = &names[pageSize-1]
	}
	for _, name := range names {
		out.Topics = append(out.Topics, types.Topic{TopicArn: aws.String(own(ctx, name))})
	}
	return out, nil
}

func (a *API) getTopicAttributes(ctx context.Context, t *topic, _ *sns.GetTopicAttributesInput) (*sns.GetTopicAttributesOutput, error) {
	confirmed, pending, err := a.count(ctx, t)
	if err != nil {
		return nil, err
	}
	return &sns.GetTopicAttributesOutput{Attributes: t.shown(confirmed, pending)}, nil
}

func (a *API) setTopicAttributes(ctx context.Context, t *topic, in *sns.SetTopicAttributesInput) (*sns.SetTopicAttributesOutput, error) {
	name, value := aws.ToString(in.AttributeName), aws.ToString(in.AttributeValue)
	if err := checkAttribute(name, value, t.fifo(), false); err != nil {
		return nil, err
	}
	return &sns.SetTopicAttributesOutput{}, a.change(ctx, t, func(t *topic) error {
		setAttribute(t.Attributes, name, value)
		return nil
	})
}

func tooManyTags() error {
	return wire.Errorf(400, "TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded")
}

func (a *API) tagResource(ctx context.Context, t *topic, in *sns.TagResourceInput) (*sns.TagResourceOutput, error) {
	given := map[string]string{}
	for _, tag := range in.Tags {
		if _, twice := given[aws.ToString(tag.Key)]; twice {
			return nil, invalid("Duplicated keys are not allowed.")
		}
		given[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return &sns.TagResourceOutput{}, a.change(ctx, t, func(t *topic) error {
		maps.Copy(t.Tags, given)
		if len(t.Tags) > maxTags {
			return tooManyTags()
		}
		return nil
	})
}

func (a *API) untagResource(ctx context.Context, t *topic, in *sns.UntagResourceInput) (*sns.UntagResourceOutput, error) {
	return &sns.UntagResourceOutput{}, a.change(ctx, t, func(t *topic) error {
		maps.DeleteFunc(t.Tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
		return nil
	})
}

func (a *API) listTags(_ context.Context, t *topic, _ *sns.ListTagsForResourceInput) (*sns.ListTagsForResourceOutput, error) {
	out := &sns.ListTagsForResourceOutput{Tags: []types.Tag{}}
	for _, key := range slices.Sorted(maps.Keys(t.Tags)) {
		out.Tags = append(out.Tags, types.Tag{Key: aws.String(key), Value: aws.String(t.Tags[key])})
	}
	return out, nil
}

// Tags are the tags of a topic, by its ARN.
func (a *API) Tags(ctx context.Context, topicARN string) (map[string]string, error) {
	t, err := a.get(ctx, topicARN)
	if err != nil {
		return nil, err
	}
	return t.Tags, nil
}
