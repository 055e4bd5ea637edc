package logs

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cloudwatchlogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs/filter"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// maxEvents is how many events an answer has at most.
const maxEvents = 10000

// describeStreams lists streams by name, or those with the newest events first, which is what people and tools ask for.
func (a *API) describeStreams(ctx context.Context, in *cloudwatchlogs.DescribeLogStreamsInput) (*cloudwatchlogs.DescribeLogStreamsOutput, error) {
	latest := in.OrderBy == types.OrderByLastEventTime
	switch {
	case latest && in.LogStreamNamePrefix != nil:
		return nil, fault.New(fault.Invalid, "Cannot order by LastEventTime with a logStreamNamePrefix.")
	case latest != aws.ToBool(in.Descending):
		return nil, unsupported("DescribeLogStreams", "streams in this order (by name, and by LastEventTime descending, are)")
	}
	limit, err := pageSize(in.Limit, maxGroups)
	if err != nil {
		return nil, err
	}
	account, region, name := place(ctx, either(in.LogGroupName, in.LogGroupIdentifier))
	var list []logs.LogStream
	skip := 0
	if latest {
		if skip, err = strconv.Atoi(cmp.Or(aws.ToString(in.NextToken), "0")); err != nil || skip < 0 {
			return nil, fault.New(fault.Invalid, "The specified nextToken is invalid.")
		}
		list, err = a.Store.Latest(ctx, account, region, name, skip, limit+1)
	} else {
		list, err = a.Store.Streams(ctx, account, region, name, aws.ToString(in.LogStreamNamePrefix), aws.ToString(in.NextToken), limit+1)
	}
	if err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.DescribeLogStreamsOutput{LogStreams: []types.LogStream{}}
	if len(list) > limit {
		if out.NextToken = &list[limit-1].Name; latest {
			out.NextToken = aws.String(strconv.Itoa(skip + limit))
		}
		list = list[:limit]
	}
	for _, s := range list {
		first, last := s.First.UnixMilli(), s.Last.UnixMilli()
		out.LogStreams = append(out.LogStreams, types.LogStream{LogStreamName: &s.Name, CreationTime: &first, FirstEventTimestamp: &first,
			LastEventTimestamp: &last, LastIngestionTime: &last, StoredBytes: &s.Bytes})
	}
	return out, nil
}

// between sets the span of time of a query: milliseconds, the start in, the end out.
func between(q *logs.Query, start, end *int64) {
	if start != nil {
		q.From = time.UnixMilli(*start)
	}
	if end != nil {
		q.To = time.UnixMilli(*end)
	}
}

// A token names a position and the direction in which to go on.
func token(direction string, p logs.Position) *string {
	return aws.String(fmt.Sprintf("%s/%056d.%d", direction, p.Row, p.Line))
}

func parseToken(text string) (direction string, p logs.Position, err error) {
	if len(text) > 2 {
		direction = text[:1]
		_, err = fmt.Sscanf(text[2:], "%d.%d", &p.Row, &p.Line)
	}
	if err != nil || direction != "f" && direction != "b" {
		return "", p, fault.New(fault.Invalid, "The specified nextToken is invalid.")
	}
	return direction, p, nil
}

// getEvents reads one stream, the newest events first unless startFromHead says otherwise; its tokens lead on in both
// directions, and at an end the same token comes back.
func (a *API) getEvents(ctx context.Context, in *cloudwatchlogs.GetLogEventsInput) (*cloudwatchlogs.GetLogEventsOutput, error) {
	limit, err := pageSize(in.Limit, maxEvents)
	if err != nil {
		return nil, err
	}
	q := logs.Query{Streams: []string{*in.LogStreamName}, Limit: limit, Backward: !aws.ToBool(in.StartFromHead)}
	q.Account, q.Region, q.Group = place(ctx, either(in.LogGroupName, in.LogGroupIdentifier))
	between(&q, in.StartTime, in.EndTime)
	var from logs.Position
	if in.NextToken != nil {
		direction, p, err := parseToken(*in.NextToken)
		if err != nil {
			return nil, err
		}
		if from, q.Backward = p, direction == "b"; q.Backward {
			q.Before = p
		} else {
			q.After = p
		}
	}
	lines, _, err := a.Store.Read(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.GetLogEventsOutput{Events: []types.OutputLogEvent{}, NextForwardToken: token("f", from), NextBackwardToken: token("b", from)}
	for _, l := range lines {
		at := l.At.UnixMilli()
		out.Events = append(out.Events, types.OutputLogEvent{Message: &l.Message, Timestamp: &at, IngestionTime: &at})
	}
	if len(lines) > 0 {
		out.NextForwardToken, out.NextBackwardToken = token("f", lines[len(lines)-1].Position), token("b", lines[0].Position)
	}
	return out, nil
}

func (a *API) filterEvents(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	switch {
	case len(in.LogStreamNames) > 0 && in.LogStreamNamePrefix != nil:
		return nil, fault.New(fault.Invalid, "LogStreamNames and LogStreamNamePrefix are mutually exclusive parameters.")
	case in.StartFromHead != nil && !*in.StartFromHead:
		return nil, unsupported("FilterLogEvents", "startFromHead false")
	}
	limit, err := pageSize(in.Limit, maxEvents)
	if err != nil {
		return nil, err
	}
	q := logs.Query{Streams: in.LogStreamNames, Prefix: aws.ToString(in.LogStreamNamePrefix), Limit: limit}
	q.Account, q.Region, q.Group = place(ctx, either(in.LogGroupName, in.LogGroupIdentifier))
	between(&q, in.StartTime, in.EndTime)
	if in.NextToken != nil {
		if _, q.After, err = parseToken(*in.NextToken); err != nil {
			return nil, err
		}
	}
	pattern, err := filter.Compile(aws.ToString(in.FilterPattern))
	if err != nil {
		return nil, fault.New(fault.Invalid, "Invalid filter pattern: %v", err)
	}
	lines, more, err := a.matching(ctx, q, pattern)
	if err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.FilterLogEventsOutput{Events: []types.FilteredLogEvent{}, SearchedLogStreams: []types.SearchedLogStream{}}
	for _, l := range lines {
		at := l.At.UnixMilli()
		out.Events = append(out.Events, types.FilteredLogEvent{EventId: aws.String(eventID(l)),
			LogStreamName: &l.Stream, Message: &l.Message, Timestamp: &at, IngestionTime: &at})
	}
	if more {
		out.NextToken = token("f", lines[len(lines)-1].Position)
	}
	return out, nil
}

// matching reads lines that a pattern lets through, as many as the query wants, and says whether the limit left some out.
func (a *API) matching(ctx context.Context, q logs.Query, pattern *filter.Filter) (found []logs.Line, more bool, err error) {
	for more = true; more && len(found) <= q.Limit; {
		var lines []logs.Line
		if lines, more, err = a.Store.Read(ctx, q); err != nil {
			return nil, false, err
		}
		for _, l := range lines {
			q.After = l.Position
			if pattern.Match(l.Message) {
				found = append(found, l)
			}
		}
	}
	if len(found) > q.Limit {
		return found[:q.Limit], true, nil
	}
	return found, more, nil
}

// eventID names an event: 56 digits, which grow.
func eventID(l logs.Line) string { return fmt.Sprintf("%050d%06d", l.Position.Row, l.Position.Line) }
