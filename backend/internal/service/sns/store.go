package sns

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// topic is a topic as it was read.
type topic struct {
	ID                    int64
	Account, Region, Name string
	Attributes, Tags      map[string]string
	Deleted               int // subscriptions
}

func (t *topic) arn() string { return arn.Topic(t.Region, t.Account, t.Name) }

func (t *topic) fifo() bool { return t.Attributes[attrFIFO] == "true" }

const topicColumns = `id, account, region, name, attributes, tags, deleted`

// subscription is a subscription as it was read.
type subscription struct {
	ID                                  int64
	Topic                               int64
	ARN                                 string
	Owner, Principal                    string
	Protocol, Endpoint                  string
	Attributes                          map[string]string
	Confirmed, Authenticated            bool
	Token                               string
	Created                             time.Time
	TopicAccount, TopicRegion, TopicOwn string
}

func (s *subscription) topicARN() string { return arn.Topic(s.TopicRegion, s.TopicAccount, s.TopicOwn) }

const subscriptions = `SELECT s.id, s.topic, s.arn, s.owner, s.principal, s.protocol, s.endpoint, s.attributes, s.confirmed, s.authenticated, s.token,
	s.created, t.account, t.region, t.name FROM sns.subscriptions s JOIN sns.topics t ON t.id = s.topic `

func noTopic() error { return fault.New(fault.NotFound, "Topic does not exist") }

func noSubscription() error { return fault.New(fault.NotFound, "Subscription does not exist") }

// querier is a transaction, or the database without one.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// get reads the topic of an ARN.
func (a *API) get(ctx context.Context, topicARN string) (*topic, error) {
	return topicOf(ctx, a.DB, topicARN, "")
}

func topicOf(ctx context.Context, q querier, topicARN, lock string) (*topic, error) {
	p, err := arn.Parse(topicARN)
	if err != nil || p.Service != "sns" {
		return nil, noTopic()
	}
	rows, err := q.Query(ctx, `SELECT `+topicColumns+` FROM sns.topics WHERE account = @account AND region = @region AND name = @name `+lock,
		pgx.NamedArgs{"account": p.Account, "region": p.Region, "name": p.Resource})
	if err != nil {
		return nil, err
	}
	t, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByPos[topic])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noTopic()
	}
	return t, err
}

// create makes a topic. One that is there already is left alone: the caller compares.
func (a *API) create(ctx context.Context, t *topic) (made bool, err error) {
	err = a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		done, err := tx.Exec(ctx, `INSERT INTO sns.topics (account, region, name, attributes, tags, created)
			VALUES (@account, @region, @name, @attributes, @tags, @now) ON CONFLICT DO NOTHING`,
			pgx.NamedArgs{"account": t.Account, "region": t.Region, "name": t.Name, "attributes": t.Attributes, "tags": t.Tags, "now": tx.Now})
		made = done.RowsAffected() == 1
		return err
	})
	return made, err
}

// change changes a topic's attributes and tags as they are then.
func (a *API) change(ctx context.Context, t *topic, edit func(t *topic) error) error {
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		now, err := topicOf(ctx, tx, t.arn(), "FOR UPDATE")
		if err != nil {
			return err
		}
		if err := edit(now); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE sns.topics SET attributes = @attributes, tags = @tags WHERE id = @id`,
			pgx.NamedArgs{"id": now.ID, "attributes": now.Attributes, "tags": now.Tags})
		return err
	})
}

// remove deletes a topic with its subscriptions.
func (a *API) remove(ctx context.Context, t *topic) error {
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		return a.deleteTopics(ctx, tx, []int64{t.ID})
	})
}

func (a *API) deleteTopics(ctx context.Context, tx *postgres.Tx, ids []int64) error {
	rows, err := tx.Query(ctx, `DELETE FROM sns.subscriptions WHERE topic = ANY($1) RETURNING arn`, ids)
	if err != nil {
		return err
	}
	gone, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	tx.AfterCommit(func() {
		for _, subscriptionARN := range gone {
			a.filters.Delete(subscriptionARN)
		}
	})
	for _, sql := range []string{`DELETE FROM sns.deduplications WHERE topic = ANY($1)`, `DELETE FROM sns.topics WHERE id = ANY($1)`} {
		if _, err := tx.Exec(ctx, sql, ids); err != nil {
			return err
		}
	}
	return nil
}

// Forget drops the topics of an account ("" for all), and its subscriptions to those of others, in the caller's transaction.
func (a *API) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	rows, err := tx.Query(ctx, `SELECT id FROM sns.topics WHERE @account = '' OR account = @account ORDER BY id`, pgx.NamedArgs{"account": account})
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	if err := a.deleteTopics(ctx, tx, ids); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM sns.subscriptions WHERE owner = @account`, pgx.NamedArgs{"account": account})
	return err
}

// topicNames lists the names of an account's topics that come after a name.
func (a *API) topicNames(ctx context.Context, account, region, after string, limit int) ([]string, error) {
	rows, err := a.DB.Query(ctx, `SELECT name FROM sns.topics WHERE account = @account AND region = @region AND name COLLATE "C" > @after
		ORDER BY name COLLATE "C" LIMIT @limit`, pgx.NamedArgs{"account": account, "region": region, "after": after, "limit": limit})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// count counts a topic's subscriptions.
func (a *API) count(ctx context.Context, t *topic) (confirmed, pending int, err error) {
	err = a.DB.QueryRow(ctx, `SELECT count(*) FILTER (WHERE confirmed), count(*) FILTER (WHERE NOT confirmed) FROM sns.subscriptions WHERE topic = $1`, t.ID).
		Scan(&confirmed, &pending)
	return confirmed, pending, err
}

func selectSubscriptions(ctx context.Context, q querier, where string, args pgx.NamedArgs) ([]*subscription, error) {
	rows, err := q.Query(ctx, subscriptions+where, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToAddrOfStructByPos[subscription])
}

// oneSubscription reads the subscription of an ARN.
func oneSubscription(ctx context.Context, q querier, subscriptionARN, lock string) (*subscription, error) {
	list, err := selectSubscriptions(ctx, q, `WHERE s.arn = @arn `+lock, pgx.NamedArgs{"arn": subscriptionARN})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, noSubscription()
	}
	return list[0], nil
}
