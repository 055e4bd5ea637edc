package sqs

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of queues (SDK; SQS quotas).
const (
	maxTags     = 50
	maxList     = 1000 // queues of one answer
	purgePause  = time.Minute
	maxInFlight = 120000
)

// API serves SQS.
type API struct {
	Store *Store
	Clock *clock.Clock
}

// Service is SQS for the wire.
func (a *API) Service() wire.Service {
	return wire.Service{API: wire.SQSAPI(), Fault: toAWS, Operations: map[string]wire.Operation{
		"CreateQueue": wire.Op(a.createQueue, wire.Hot[sqs.CreateQueueInput](), wire.Action[sqs.CreateQueueInput]("sqs:createqueue"),
			wire.Resource(func(ctx context.Context, in *sqs.CreateQueueInput) string {
				return own(ctx, aws.ToString(in.QueueName))
			}), wire.Also(func(ctx context.Context, in *sqs.CreateQueueInput) []wire.Need {
				if !wire.Tagged(in) {
					return nil
				}
				return []wire.Need{{Action: "sqs:tagqueue", Resource: own(ctx, aws.ToString(in.QueueName))}} // API: CreateQueue
			})),
		"ListQueues": wire.Op(a.listQueues, wire.Action[sqs.ListQueuesInput]("sqs:listqueues"),
			wire.Resource(func(ctx context.Context, _ *sqs.ListQueuesInput) string { return own(ctx, "*") })), // so its refusals show it
		"GetQueueUrl":                  wire.Op(a.getQueueURL, wire.Hot[sqs.GetQueueUrlInput](), wire.SelfAuthorized[sqs.GetQueueUrlInput]()),
		"DeleteQueue":                  on(a, "DeleteQueue", a.deleteQueue, func(in *sqs.DeleteQueueInput) *string { return in.QueueUrl }),
		"GetQueueAttributes":           on(a, "GetQueueAttributes", a.getAttributes, func(in *sqs.GetQueueAttributesInput) *string { return in.QueueUrl }),
		"SetQueueAttributes":           on(a, "SetQueueAttributes", a.setAttributes, func(in *sqs.SetQueueAttributesInput) *string { return in.QueueUrl }),
		"TagQueue":                     on(a, "TagQueue", a.tag, func(in *sqs.TagQueueInput) *string { return in.QueueUrl }),
		"UntagQueue":                   on(a, "UntagQueue", a.untag, func(in *sqs.UntagQueueInput) *string { return in.QueueUrl }),
		"ListQueueTags":                on(a, "ListQueueTags", a.listTags, func(in *sqs.ListQueueTagsInput) *string { return in.QueueUrl }),
		"PurgeQueue":                   on(a, "PurgeQueue", a.purge, func(in *sqs.PurgeQueueInput) *string { return in.QueueUrl }),
		"ListDeadLetterSourceQueues":   on(a, "ListDeadLetterSourceQueues", a.listSources, func(in *sqs.ListDeadLetterSourceQueuesInput) *string { return in.QueueUrl }),
		"StartMessageMoveTask":         wire.Op(a.startMove, wire.SelfAuthorized[sqs.StartMessageMoveTaskInput]()),
		"ListMessageMoveTasks":         wire.Op(a.listMoves, wire.SelfAuthorized[sqs.ListMessageMoveTasksInput]()),
		"CancelMessageMoveTask":        wire.Op(a.cancelMove, wire.SelfAuthorized[sqs.CancelMessageMoveTaskInput]()),
		"AddPermission":                on(a, "AddPermission", a.addPermission, func(in *sqs.AddPermissionInput) *string { return in.QueueUrl }),
		"RemovePermission":             on(a, "RemovePermission", a.removePermission, func(in *sqs.RemovePermissionInput) *string { return in.QueueUrl }),
		"SendMessage":                  on(a, "SendMessage", a.sendMessage, func(in *sqs.SendMessageInput) *string { return in.QueueUrl }),
		"SendMessageBatch":             on(a, "SendMessage", a.sendBatch, func(in *sqs.SendMessageBatchInput) *string { return in.QueueUrl }),
		"ReceiveMessage":               on(a, "ReceiveMessage", a.receiveMessage, func(in *sqs.ReceiveMessageInput) *string { return in.QueueUrl }),
		"DeleteMessage":                on(a, "DeleteMessage", a.deleteMessage, func(in *sqs.DeleteMessageInput) *string { return in.QueueUrl }),
		"DeleteMessageBatch":           on(a, "DeleteMessage", a.deleteBatch, func(in *sqs.DeleteMessageBatchInput) *string { return in.QueueUrl }),
		"ChangeMessageVisibility":      on(a, "ChangeMessageVisibility", a.changeVisibility, func(in *sqs.ChangeMessageVisibilityInput) *string { return in.QueueUrl }),
		"ChangeMessageVisibilityBatch": on(a, "ChangeMessageVisibility", a.changeBatch, func(in *sqs.ChangeMessageVisibilityBatchInput) *string { return in.QueueUrl }),
	}}
}

// own is the ARN of a queue of the caller's.
func own(ctx context.Context, name string) string {
	call := wire.CallFrom(ctx)
	return arn.Queue(call.Region, call.Account, name)
}

// on is an operation on a queue: it finds the queue, and asks the caller's policies and the queue's.
func on[I, O any](a *API, action string, run func(context.Context, *queue, *I) (*O, error), queueURL func(*I) *string) wire.Operation {
	return wire.Op(func(ctx context.Context, in *I) (*O, error) {
		q, err := a.find(ctx, queueURL(in))
		if err != nil {
			return nil, err
		}
		if err := a.require(ctx, action, q); err != nil {
			return nil, err
		}
		return run(ctx, q, in)
	}, wire.Hot[I](), wire.SelfAuthorized[I]())
}

func toAWS(_ context.Context, _ string, err error) *wire.Error {
	switch fault.KindOf(err) {
	case fault.NotFound:
		return wire.Errorf(http.StatusBadRequest, "QueueDoesNotExist", "%v", err)
	case fault.Denied:
		return wire.Errorf(http.StatusForbidden, "AccessDenied", "%v", err)
	case fault.Invalid:
		return wire.Errorf(http.StatusBadRequest, "InvalidParameterValue", "%v", err)
	case fault.Unsupported:
		return wire.Errorf(http.StatusBadRequest, "UnsupportedOperation", "%v", err)
	}
	return nil
}

var accountForm = regexp.MustCompile(`^\d{12}$`)

// find finds the queue of a URL: the last two parts of its path, whatever the host, in the region of the request.
func (a *API) find(ctx context.Context, queueURL *string) (*queue, error) {
	if aws.ToString(queueURL) == "" {
		return nil, missing("QueueUrl")
	}
	u, err := url.Parse(*queueURL)
	if err != nil {
		return nil, wire.Errorf(http.StatusBadRequest, "InvalidAddress", "The address %s is not valid for this endpoint.", *queueURL)
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	n := len(parts)
	if n < 2 || !accountForm.MatchString(parts[n-2]) {
		return nil, wire.Errorf(http.StatusBadRequest, "InvalidAddress", "The address %s is not valid for this endpoint.", *queueURL)
	}
	return a.Store.get(ctx, parts[n-2], wire.CallFrom(ctx).Region, parts[n-1])
}

// address is the URL of a queue, at the address to which the request came.
func address(ctx context.Context, account, name string) *string {
	r := wire.CallFrom(ctx).HTTP
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return aws.String(scheme + r.Host + "/" + account + "/" + name)
}

func (a *API) createQueue(ctx context.Context, in *sqs.CreateQueueInput) (*sqs.CreateQueueOutput, error) {
	call := wire.CallFrom(ctx)
	name := aws.ToString(in.QueueName)
	if name == "" {
		return nil, missing("QueueName")
	}
	fifo := in.Attributes[attrFIFO] == "true"
	if err := checkName(name, fifo); err != nil {
		return nil, err
	}
	attributes := maps.Clone(in.Attributes)
	maps.DeleteFunc(attributes, func(name, value string) bool { return rules[name].erases && value == "" })
	if attributes == nil {
		attributes = map[string]string{}
	}
	if err := check(attributes, fifo, true); err != nil {
		return nil, err
	}
	if err := together(attributes); err != nil {
		return nil, err
	}
	if err := a.Store.checkRedrive(ctx, call.Account, call.Region, name, fifo, attributes); err != nil {
		return nil, err
	}
	if len(in.Tags) > maxTags {
		return nil, invalid("Too many tags added for queue %s.", name)
	}
	tags := in.Tags
	if tags == nil {
		tags = map[string]string{}
	}
	made, err := a.Store.create(ctx, &queue{account: call.Account, region: call.Region, name: name, attributes: attributes, tags: tags})
	if err == nil && !made {
		err = a.same(ctx, call.Account, call.Region, name, attributes)
	}
	if err != nil {
		return nil, err
	}
	return &sqs.CreateQueueOutput{QueueUrl: address(ctx, call.Account, name)}, nil
}

// same refuses attributes that differ from those of the queue that has the name already.
func (a *API) same(ctx context.Context, account, region, name string, attributes map[string]string) error {
	q, err := a.Store.get(ctx, account, region, name)
	if err != nil {
		return err
	}
	a.Store.mu.Lock()
	defer a.Store.mu.Unlock()
	shown := q.shown()
	for _, attribute := range slices.Sorted(maps.Keys(attributes)) {
		if shown[attribute] != attributes[attribute] {
			return wire.Errorf(http.StatusBadRequest, "QueueNameExists", "A queue already exists with the same name and a different value for attribute %s", attribute)
		}
	}
	return nil
}

func (a *API) getQueueURL(ctx context.Context, in *sqs.GetQueueUrlInput) (*sqs.GetQueueUrlOutput, error) {
	call := wire.CallFrom(ctx)
	account := call.Account
	if in.QueueOwnerAWSAccountId != nil {
		account = *in.QueueOwnerAWSAccountId
	}
	if aws.ToString(in.QueueName) == "" {
		return nil, missing("QueueName")
	}
	q, err := a.Store.get(ctx, account, call.Region, *in.QueueName)
	if err != nil {
		return nil, err
	}
	if err := a.require(ctx, "GetQueueUrl", q); err != nil {
		return nil, err
	}
	return &sqs.GetQueueUrlOutput{QueueUrl: address(ctx, account, q.name)}, nil
}

// page reads a page's size and where it begins. Without a size there is one page.
func page(max *int32, token *string) (limit int, err error) {
	switch {
	case max == nil && token != nil:
		return 0, missing("MaxResults")
	case max == nil:
		return maxList, nil
	case *max < 1 || *max > maxList:
		return 0, invalidParameter(*max, "MaxResults", "MaxResults must be an integer between 1 and 1000.")
	}
	return int(*max), nil
}

func (a *API) listQueues(ctx context.Context, in *sqs.ListQueuesInput) (*sqs.ListQueuesOutput, error) {
	call := wire.CallFrom(ctx)
	limit, err := page(in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	names, err := a.Store.names(ctx, call.Account, call.Region, aws.ToString(in.QueueNamePrefix), aws.ToString(in.NextToken), limit+1)
	if err != nil {
		return nil, err
	}
	out := &sqs.ListQueuesOutput{}
	out.QueueUrls, out.NextToken = addresses(ctx, names, limit, in.MaxResults != nil)
	return out, nil
}

// addresses are the URLs of a page of queues, and the token of the next.
func addresses(ctx context.Context, names []string, limit int, paged bool) (urls []string, next *string) {
	if len(names) > limit {
		names = names[:limit]
		if paged {
			next = &names[limit-1]
		}
	}
	for _, name := range names {
		urls = append(urls, *address(ctx, wire.CallFrom(ctx).Account, name))
	}
	return urls, next
}

func (a *API) listSources(ctx context.Context, q *queue, in *sqs.ListDeadLetterSourceQueuesInput) (*sqs.ListDeadLetterSourceQueuesOutput, error) {
	limit, err := page(in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	names, err := a.Store.sources(ctx, q)
	if err != nil {
		return nil, err
	}
	if in.NextToken != nil {
		names = slices.DeleteFunc(names, func(n string) bool { return n <= *in.NextToken })
	}
	out := &sqs.ListDeadLetterSourceQueuesOutput{}
	out.QueueUrls, out.NextToken = addresses(ctx, names, limit, in.MaxResults != nil)
	if out.QueueUrls == nil {
		out.QueueUrls = []string{}
	}
	return out, nil
}

func (a *API) deleteQueue(ctx context.Context, q *queue, _ *sqs.DeleteQueueInput) (*sqs.DeleteQueueOutput, error) {
	return &sqs.DeleteQueueOutput{}, a.Store.remove(ctx, q)
}

func (a *API) getAttributes(_ context.Context, q *queue, in *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error) {
	a.Store.mu.Lock()
	defer a.Store.mu.Unlock()
	a.Store.advance(q, a.Clock.Now())
	shown := q.shown()
	out := map[string]string{}
	for _, n := range in.AttributeNames {
		name := string(n)
		_, known := rules[name]
		switch {
		case name == attrAll:
			out = shown
		case !known && !slices.Contains(computed, name):
			return nil, unknownAttribute(name)
		case shown[name] != "":
			out[name] = shown[name]
		}
	}
	if len(out) == 0 {
		out = nil
	}
	return &sqs.GetQueueAttributesOutput{Attributes: out}, nil
}

func (a *API) setAttributes(ctx context.Context, q *queue, in *sqs.SetQueueAttributesInput) (*sqs.SetQueueAttributesOutput, error) {
	if len(in.Attributes) == 0 {
		return nil, missing("Attribute.Name")
	}
	if err := check(in.Attributes, q.fifo, false); err != nil {
		return nil, err
	}
	if err := a.Store.checkRedrive(ctx, q.account, q.region, q.name, q.fifo, in.Attributes); err != nil {
		return nil, err
	}
	if in.Attributes[attrKMSKey] != "" && in.Attributes[attrManagedSSE] == "true" {
		return nil, together(in.Attributes)
	}
	return &sqs.SetQueueAttributesOutput{}, a.Store.change(ctx, q, func(attributes, _ map[string]string) error {
		merge(attributes, in.Attributes)
		return together(attributes)
	})
}

func (a *API) tag(ctx context.Context, q *queue, in *sqs.TagQueueInput) (*sqs.TagQueueOutput, error) {
	if len(in.Tags) == 0 {
		return nil, missing("Tags")
	}
	return &sqs.TagQueueOutput{}, a.Store.change(ctx, q, func(_, tags map[string]string) error {
		maps.Copy(tags, in.Tags)
		if len(tags) > maxTags {
			return invalid("Too many tags added for queue %s.", q.name)
		}
		return nil
	})
}

func (a *API) untag(ctx context.Context, q *queue, in *sqs.UntagQueueInput) (*sqs.UntagQueueOutput, error) {
	if len(in.TagKeys) == 0 {
		return nil, missing("TagKeys")
	}
	return &sqs.UntagQueueOutput{}, a.Store.change(ctx, q, func(_, tags map[string]string) error {
		maps.DeleteFunc(tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
		return nil
	})
}

func (a *API) listTags(_ context.Context, q *queue, _ *sqs.ListQueueTagsInput) (*sqs.ListQueueTagsOutput, error) {
	_, tags := a.Store.stored(q)
	if len(tags) == 0 {
		tags = nil
	}
	return &sqs.ListQueueTagsOutput{Tags: tags}, nil
}

func (a *API) purge(ctx context.Context, q *queue, _ *sqs.PurgeQueueInput) (*sqs.PurgeQueueOutput, error) {
	a.Store.mu.Lock()
	purged := q.purged
	a.Store.mu.Unlock()
	if a.Clock.Now().Sub(purged) < purgePause {
		return nil, wire.Errorf(http.StatusForbidden, "PurgeQueueInProgress", "Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.name)
	}
	return &sqs.PurgeQueueOutput{}, a.Store.do(ctx, &work{queue: q, purge: true})
}
