package backend_test

import (
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// topicRows are the rights that the operations on topics need: on the topic t, whose default policy gives a user nothing.
func topicRows() map[string][]needs {
	t, all, made := s(topicARN("t")), topicARN("*"), topicARN("new")
	tags := []types.Tag{{Key: s("team"), Value: s("a")}}
	subscription := s(topicARN("t") + ":4f2b5ed1-3a5f-4a3c-a6a1-5d4d5b6c7d8e")
	on := func(in any, action string) []needs { return []needs{{in: in, action: "SNS:" + action, resource: *t}} }
	anywhere := func(in any, action string) []needs { return []needs{{in: in, action: "SNS:" + action, resource: "*"}} }
	return map[string][]needs{
		"sns:CreateTopic": {{in: &sns.CreateTopicInput{Name: s("new")}, action: "SNS:CreateTopic", resource: made},
			{in: &sns.CreateTopicInput{Name: s("new"), Tags: tags}, allow: []string{"sns:CreateTopic"}, action: "SNS:TagResource", resource: made}},
		"sns:ListTopics":                {{in: &sns.ListTopicsInput{}, action: "SNS:ListTopics", resource: all}},
		"sns:ListSubscriptions":         {{in: &sns.ListSubscriptionsInput{}, action: "SNS:ListSubscriptions", resource: all}},
		"sns:DeleteTopic":               on(&sns.DeleteTopicInput{TopicArn: t}, "DeleteTopic"),
		"sns:GetTopicAttributes":        on(&sns.GetTopicAttributesInput{TopicArn: t}, "GetTopicAttributes"),
		"sns:SetTopicAttributes":        on(&sns.SetTopicAttributesInput{TopicArn: t, AttributeName: s("DisplayName")}, "SetTopicAttributes"),
		"sns:AddPermission":             on(&sns.AddPermissionInput{TopicArn: t, Label: s("x"), AWSAccountId: []string{account}, ActionName: []string{"Publish"}}, "AddPermission"),
		"sns:RemovePermission":          on(&sns.RemovePermissionInput{TopicArn: t, Label: s("x")}, "RemovePermission"),
		"sns:TagResource":               on(&sns.TagResourceInput{ResourceArn: t, Tags: tags}, "TagResource"),
		"sns:UntagResource":             on(&sns.UntagResourceInput{ResourceArn: t, TagKeys: []string{"team"}}, "UntagResource"),
		"sns:ListTagsForResource":       on(&sns.ListTagsForResourceInput{ResourceArn: t}, "ListTagsForResource"),
		"sns:Publish":                   on(&sns.PublishInput{TopicArn: t, Message: s("x")}, "Publish"),
		"sns:PublishBatch":              on(&sns.PublishBatchInput{TopicArn: t, PublishBatchRequestEntries: []types.PublishBatchRequestEntry{{Id: s("a"), Message: s("x")}}}, "Publish"),
		"sns:Subscribe":                 on(&sns.SubscribeInput{TopicArn: t, Protocol: s("sqs"), Endpoint: s(queueARN("q"))}, "Subscribe"),
		"sns:ListSubscriptionsByTopic":  on(&sns.ListSubscriptionsByTopicInput{TopicArn: t}, "ListSubscriptionsByTopic"),
		"sns:Unsubscribe":               anywhere(&sns.UnsubscribeInput{SubscriptionArn: subscription}, "Unsubscribe"),
		"sns:GetSubscriptionAttributes": anywhere(&sns.GetSubscriptionAttributesInput{SubscriptionArn: subscription}, "GetSubscriptionAttributes"),
		"sns:SetSubscriptionAttributes": anywhere(&sns.SetSubscriptionAttributesInput{SubscriptionArn: subscription, AttributeName: s("RawMessageDelivery")}, "SetSubscriptionAttributes"),
	}
}
