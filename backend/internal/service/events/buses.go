package events

import (
	"cmp"
	"context"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

var (
	busForm  = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,256}$`)
	ruleForm = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)
)

func (a *API) createBus(ctx context.Context, in *eventbridge.CreateEventBusInput) (*eventbridge.CreateEventBusOutput, error) {
	switch {
	case in.EventSourceName != nil:
		return nil, unsupported("CreateEventBus", "partner event sources (EventSourceName)")
	case in.KmsKeyIdentifier != nil:
		return nil, unsupported("CreateEventBus", "customer keys (KmsKeyIdentifier)")
	case in.DeadLetterConfig != nil:
		return nil, unsupported("CreateEventBus", "a bus's own dead letters, which are about customer keys (DeadLetterConfig)")
	case in.LogConfig != nil:
		return nil, unsupported("CreateEventBus", "a bus's logs (LogConfig)")
	case strings.Contains(*in.Name, "/"):
		return nil, invalid("Event bus name must not contain '/'.")
	case !busForm.MatchString(*in.Name):
		return nil, wire.Validation(wire.Pattern("name", *in.Name, `[/\.\-_A-Za-z0-9]+`))
	case *in.Name == defaultBus:
		return nil, fault.New(fault.Exists, "Event bus default already exists.")
	}
	b := &bus{busKey: place(ctx, in.Name), description: aws.ToString(in.Description), tags: map[string]string{}}
	for _, t := range in.Tags {
		b.tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	err := a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if err := lock(ctx, tx, b.busKey); err != nil {
			return err
		}
		switch _, err := a.bus(ctx, tx, b.busKey); {
		case err == nil:
			return fault.New(fault.Exists, "Event bus %s already exists.", b.Bus)
		case !fault.Is(err, fault.NotFound):
			return err
		}
		return writeBus(ctx, tx, b)
	})
	return &eventbridge.CreateEventBusOutput{EventBusArn: aws.String(b.arn()), Description: in.Description}, err
}

func (a *API) updateBus(ctx context.Context, in *eventbridge.UpdateEventBusInput) (*eventbridge.UpdateEventBusOutput, error) {
	switch {
	case in.KmsKeyIdentifier != nil && *in.KmsKeyIdentifier != "":
		return nil, unsupported("UpdateEventBus", "customer keys (KmsKeyIdentifier)")
	case in.DeadLetterConfig != nil && aws.ToString(in.DeadLetterConfig.Arn) != "":
		return nil, unsupported("UpdateEventBus", "a bus's own dead letters, which are about customer keys (DeadLetterConfig)")
	case in.LogConfig != nil:
		return nil, unsupported("UpdateEventBus", "a bus's logs (LogConfig)")
	}
	k, err := own(ctx, "UpdateEventBus", in.Name)
	if err != nil {
		return nil, err
	}
	err = a.changeBus(ctx, k, func(b *bus) error {
		if in.Description != nil {
			b.description = *in.Description
		}
		return nil
	})
	return &eventbridge.UpdateEventBusOutput{Arn: aws.String(k.arn()), Name: &k.Bus, Description: in.Description}, err
}

func (a *API) describeBus(ctx context.Context, in *eventbridge.DescribeEventBusInput) (*eventbridge.DescribeEventBusOutput, error) {
	k, err := own(ctx, "DescribeEventBus", in.Name)
	if err != nil {
		return nil, err
	}
	b, err := a.bus(ctx, a.DB, k)
	if err != nil {
		return nil, err
	}
	s := b.shown()
	return &eventbridge.DescribeEventBusOutput{Arn: s.Arn, Name: s.Name, Description: s.Description, Policy: s.Policy, CreationTime: s.CreationTime,
		LastModifiedTime: s.LastModifiedTime}, nil
}

// shown is the bus as the API shows it. A default bus that nobody has changed has no times here.
func (b *bus) shown() types.EventBus {
	s := types.EventBus{Arn: aws.String(b.arn()), Name: &b.Bus, Description: given(b.description), Policy: given(b.policy)}
	if !b.created.IsZero() {
		s.CreationTime, s.LastModifiedTime = aws.Time(b.created.UTC()), aws.Time(b.modified.UTC())
	}
	return s
}

func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// deleteBus does nothing where there is no such bus, as AWS.
func (a *API) deleteBus(ctx context.Context, in *eventbridge.DeleteEventBusInput) (*eventbridge.DeleteEventBusOutput, error) {
	k, err := own(ctx, "DeleteEventBus", in.Name)
	switch {
	case err != nil:
		return nil, err
	case k.Bus == defaultBus:
		return nil, invalid("Cannot delete event bus default.")
	}
	err = a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if err := lock(ctx, tx, k); err != nil {
			return err
		}
		var rules int
		err := tx.QueryRow(ctx, `SELECT count(*) FROM events.rules WHERE account = @account AND region = @region AND bus = @bus`, k.arguments()).Scan(&rules)
		switch {
		case err != nil:
			return err
		case rules > 0:
			return invalid("Event bus can't be deleted since it has rules.")
		}
		_, err = tx.Exec(ctx, `DELETE FROM events.buses WHERE account = @account AND region = @region AND name = @bus`, k.arguments())
		return err
	})
	return &eventbridge.DeleteEventBusOutput{}, err
}

func (a *API) listBuses(ctx context.Context, in *eventbridge.ListEventBusesInput) (*eventbridge.ListEventBusesOutput, error) {
	k := place(ctx, nil)
	rows, err := a.DB.Query(ctx, `SELECT `+busColumns+` FROM events.buses WHERE account = @account AND region = @region`, k.arguments())
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scanBus)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(list, func(b *bus) bool { return b.Bus == defaultBus }) {
		list = append(list, &bus{busKey: k})
	}
	list = slices.DeleteFunc(list, func(b *bus) bool { return !strings.HasPrefix(b.Bus, aws.ToString(in.NamePrefix)) })
	list, next, err := page(list, in.NextToken, in.Limit, func(b *bus) string { return b.Bus })
	if err != nil {
		return nil, err
	}
	out := &eventbridge.ListEventBusesOutput{EventBuses: []types.EventBus{}, NextToken: next}
	for _, b := range list {
		out.EventBuses = append(out.EventBuses, b.shown())
	}
	return out, nil
}

// maxPage is the most that a list answers with at once (API model).
const maxPage = 100

// page sorts a list by key and cuts it to what NextToken and Limit ask for. A token says after which key to go on.
func page[T any](list []T, token *string, limit *int32, key func(T) string) ([]T, *string, error) {
	n := maxPage
	if limit != nil {
		if *limit < 1 {
			return nil, nil, wire.Validation(wire.AtLeast("limit", int(*limit), 1))
		}
		if *limit > maxPage {
			return nil, nil, wire.Validation(wire.AtMost("limit", int(*limit), maxPage))
		}
		n = int(*limit)
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	if token != nil && *token != "" {
		after, err := base64.RawURLEncoding.DecodeString(*token)
		if err != nil {
			return nil, nil, invalid("The token %q is not one that a list answered with.", *token)
		}
		list = slices.DeleteFunc(list, func(item T) bool { return key(item) <= string(after) })
	}
	if n >= len(list) {
		return list, nil, nil
	}
	next := base64.RawURLEncoding.EncodeToString([]byte(key(list[n-1])))
	return list[:n], &next, nil
}
