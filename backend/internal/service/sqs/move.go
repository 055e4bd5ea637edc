package sqs

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of message move tasks (SDK, StartMessageMoveTask, ListMessageMoveTasks).
const (
	maxMoveRate  = 500 // messages a second
	maxMoveTasks = 10  // of one answer
)

// States of a task. It is RUNNING until it has moved what was there, was cancelled, or cannot move a message.
const (
	moveRunning   = "RUNNING"
	moveCompleted = "COMPLETED"
	moveCancelled = "CANCELLED"
	moveFailed    = "FAILED"
)

// Reasons of a failure (developer guide, troubleshooting dead-letter queue redrive).
const (
	moveNoSource = "CouldNotDetermineMessageSource"
	moveNoQueue  = "AWS.SimpleQueueService.NonExistentQueue"
)

// kindMove moves the next messages of a task. It is volatile: the running tasks are found again in the table.
const kindMove = "sqs.move"

// move is a task as its row has it.
type move struct {
	id                  int64
	handle, source      string
	destination, reason *string
	rate                *int32
	total, moved        int64
	status              string
	started             time.Time
}

const moveColumns = `id, handle, source, destination, rate, total, moved, status, reason, started`

func scanMove(row pgx.CollectableRow) (m move, err error) {
	err = row.Scan(&m.id, &m.handle, &m.source, &m.destination, &m.rate, &m.total, &m.moved, &m.status, &m.reason, &m.started)
	return m, err
}

// RunMoves has an agenda run the tasks that move messages. Call it before the agenda starts.
func (s *Store) RunMoves(a *agenda.Agenda) {
	s.agenda = a
	a.Handle(kindMove, 1, s.runMove)
}

// Start goes on with the tasks that were running. Call it once the agenda has started.
func (s *Store) Start(ctx context.Context) error {
	rows, err := s.db.Query(ctx, `SELECT handle, account FROM sqs.moves WHERE status = $1 ORDER BY id`, moveRunning)
	if err != nil {
		return err
	}
	var handle, account string
	_, err = pgx.ForEachRow(rows, []any{&handle, &account}, func() error {
		s.planMove(handle, account, s.db.Now())
		return nil
	})
	return err
}

func (s *Store) planMove(handle, account string, due time.Time) {
	s.agenda.Volatile(agenda.Item{Kind: kindMove, Lane: handle, Account: account, Due: due, Body: []byte(handle)})
}

// task finds a task by its handle.
func (s *Store) task(ctx context.Context, handle string) (move, error) {
	rows, err := s.db.Query(ctx, `SELECT `+moveColumns+` FROM sqs.moves WHERE handle = $1`, handle)
	if err != nil {
		return move{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanMove)
}

// runMove moves as many messages as a second allows, and comes again.
func (s *Store) runMove(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	m, err := s.task(ctx, string(item.Body))
	if errors.Is(err, pgx.ErrNoRows) {
		return agenda.Done(), nil // its queue was deleted
	}
	if err != nil || m.status != moveRunning {
		return agenda.Done(), err
	}
	q, err := s.byARN(ctx, m.source)
	if fault.Is(err, fault.NotFound) {
		return agenda.Done(), nil
	}
	if err != nil {
		return agenda.Done(), err
	}
	if err := s.loadTargets(ctx, q, &m); err != nil {
		return agenda.Done(), err
	}
	w := &work{queue: q, shift: &shift{move: m}}
	if err := s.do(ctx, w); err != nil {
		return agenda.Done(), err
	}
	if w.shift.ended {
		return agenda.Done(), nil
	}
	due := s.db.Now()
	if m.rate != nil {
		due = due.Add(time.Second)
	}
	return agenda.Again(due, 0, item.Body), nil
}

// loadTargets reads the queues to which a task moves, so that the writer finds them in memory: its transaction must not wait for
// another connection.
func (s *Store) loadTargets(ctx context.Context, q *queue, m *move) error {
	if m.destination != nil {
		_, err := s.byARN(ctx, *m.destination)
		if fault.Is(err, fault.NotFound) {
			return nil // the writer will say so
		}
		return err
	}
	names, err := s.sources(ctx, q)
	for _, name := range names {
		if _, missing := s.get(ctx, q.account, q.region, name); missing != nil && !fault.Is(missing, fault.NotFound) {
			err = missing
		}
	}
	return err
}

// taskHandle is what a task's handle says. Clients see it as opaque text.
type taskHandle struct {
	Task   string `json:"taskId"`
	Source string `json:"sourceArn"`
}

func (h taskHandle) String() string { return base64.StdEncoding.EncodeToString([]byte(marshal(h))) }

func parseHandle(text string) (h taskHandle, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(text)
	return h, err == nil && json.Unmarshal(raw, &h) == nil
}

func noTask() error {
	return wire.Errorf(http.StatusNotFound, "ResourceNotFoundException", "Task does not exist.")
}

// noResource is the refusal of an ARN of which there is no queue.
func noResource(parameter string) error {
	return wire.Errorf(http.StatusNotFound, "ResourceNotFoundException", "The resource that you specified for the %s parameter doesn't exist.", parameter)
}

// named finds the queue that a parameter names by its ARN, of the request's region.
func (a *API) named(ctx context.Context, parameter string, queueARN *string) (*queue, error) {
	if aws.ToString(queueARN) == "" {
		return nil, missing(parameter)
	}
	p, err := arn.Parse(*queueARN)
	if err != nil || p.Service != "sqs" {
		return nil, invalid("You must use this format to specify the %s: arn:<partition>:<service>:<region>:<account-id>:<resource-id>", parameter)
	}
	q, err := a.Store.byARN(ctx, *queueARN)
	if fault.Is(err, fault.NotFound) || err == nil && p.Region != wire.CallFrom(ctx).Region {
		return nil, noResource(parameter)
	}
	return q, err
}

// mayMove asks for the rights that moving messages needs (developer guide, dead-letter queue redrive permissions): the task's own
// action, and what it does to the queue.
func (a *API) mayMove(ctx context.Context, action string, q *queue) error {
	for _, action := range []string{action, "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} {
		if err := a.require(ctx, action, q); err != nil {
			return err
		}
	}
	return nil
}

func (a *API) startMove(ctx context.Context, in *sqs.StartMessageMoveTaskInput) (*sqs.StartMessageMoveTaskOutput, error) {
	q, err := a.named(ctx, "SourceArn", in.SourceArn)
	if err != nil {
		return nil, err
	}
	if err := a.mayMove(ctx, "StartMessageMoveTask", q); err != nil {
		return nil, err
	}
	if n := in.MaxNumberOfMessagesPerSecond; n != nil && (*n < 1 || *n > maxMoveRate) {
		return nil, invalidParameter(*n, "MaxNumberOfMessagesPerSecond", "Must be between 1 and 500, if provided.")
	}
	sources, err := a.Store.sources(ctx, q)
	if err != nil {
		return nil, err
	}
	if len(sources) == 0 {
		return nil, invalid("Source queue must be configured as a Dead Letter Queue.")
	}
	if err := a.mayReceive(ctx, q, in.DestinationArn, sources); err != nil {
		return nil, err
	}
	handle := a.Store.ids.UUID()
	total := a.Store.visible(q)
	err = a.Store.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO sqs.moves (handle, queue, account, source, destination, rate, total, status, started)
			VALUES (@handle, @queue, @account, @source, @destination, @rate, @total, @status, @now)`,
			pgx.NamedArgs{"handle": handle, "queue": q.id, "account": q.account, "source": q.arn(), "destination": in.DestinationArn,
				"rate": in.MaxNumberOfMessagesPerSecond, "total": total, "status": moveRunning, "now": tx.Now})
		tx.AfterCommit(func() { a.Store.planMove(handle, q.account, tx.Now) })
		return err
	})
	if postgres.IsUnique(err) {
		return nil, invalid("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	}
	if err != nil {
		return nil, err
	}
	return &sqs.StartMessageMoveTaskOutput{TaskHandle: aws.String(taskHandle{handle, q.arn()}.String())}, nil
}

// mayReceive asks for the right to send to where the messages go: the destination, or the queues whose dead letters they are.
func (a *API) mayReceive(ctx context.Context, q *queue, destination *string, sources []string) error {
	if destination != nil {
		to, err := a.named(ctx, "DestinationArn", destination)
		switch {
		case err != nil:
			return err
		case to == q:
			return invalid("Source queue arn and destination queue arn cannot be the same.")
		case to.fifo != q.fifo:
			return invalid("The destination queue must be of the same type as the source queue.")
		}
		return a.require(ctx, "SendMessage", to)
	}
	for _, name := range sources {
		to, err := a.Store.get(ctx, q.account, q.region, name)
		if fault.Is(err, fault.NotFound) {
			continue // deleted a moment ago
		}
		if err != nil {
			return err
		}
		if err := a.require(ctx, "SendMessage", to); err != nil {
			return err
		}
	}
	return nil
}

func (a *API) listMoves(ctx context.Context, in *sqs.ListMessageMoveTasksInput) (*sqs.ListMessageMoveTasksOutput, error) {
	q, err := a.named(ctx, "SourceArn", in.SourceArn)
	if err != nil {
		return nil, err
	}
	if err := a.mayMove(ctx, "ListMessageMoveTasks", q); err != nil {
		return nil, err
	}
	limit := int32(1)
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	if limit < 1 || limit > maxMoveTasks {
		return nil, invalidParameter(limit, "MaxResults", "Must be between 1 and 10, if provided.")
	}
	rows, err := a.Store.db.Query(ctx, `SELECT `+moveColumns+` FROM sqs.moves WHERE queue = @queue ORDER BY id DESC LIMIT @limit`,
		pgx.NamedArgs{"queue": q.id, "limit": limit})
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scanMove)
	out := &sqs.ListMessageMoveTasksOutput{Results: []types.ListMessageMoveTasksResultEntry{}}
	for _, m := range list {
		out.Results = append(out.Results, m.shown())
	}
	return out, err
}

// shown is a task as the list shows it: only one that runs has a handle.
func (m *move) shown() types.ListMessageMoveTasksResultEntry {
	e := types.ListMessageMoveTasksResultEntry{SourceArn: &m.source, DestinationArn: m.destination, MaxNumberOfMessagesPerSecond: m.rate,
		Status: &m.status, FailureReason: m.reason, StartedTimestamp: m.started.UnixMilli(), ApproximateNumberOfMessagesMoved: m.moved,
		ApproximateNumberOfMessagesToMove: &m.total}
	if m.status == moveRunning {
		e.TaskHandle = aws.String(taskHandle{m.handle, m.source}.String())
	}
	return e
}

func (a *API) cancelMove(ctx context.Context, in *sqs.CancelMessageMoveTaskInput) (*sqs.CancelMessageMoveTaskOutput, error) {
	if aws.ToString(in.TaskHandle) == "" {
		return nil, missing("TaskHandle")
	}
	h, ok := parseHandle(*in.TaskHandle)
	if !ok {
		return nil, invalid("Value for parameter TaskHandle is invalid.")
	}
	q, err := a.Store.byARN(ctx, h.Source)
	if fault.Is(err, fault.NotFound) {
		return nil, noTask()
	}
	if err != nil {
		return nil, err
	}
	if err := a.mayMove(ctx, "CancelMessageMoveTask", q); err != nil {
		return nil, err
	}
	m, err := a.Store.task(ctx, h.Task)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noTask()
	}
	if err != nil {
		return nil, err
	}
	w := &work{queue: q, shift: &shift{move: m, cancel: true}}
	if err := a.Store.do(ctx, w); err != nil {
		return nil, err
	}
	if !w.shift.ended {
		return nil, wire.Errorf(http.StatusBadRequest, "UnsupportedOperation", "Only active tasks can be cancelled.")
	}
	return &sqs.CancelMessageMoveTaskOutput{ApproximateNumberOfMessagesMoved: w.shift.moved}, nil
}
