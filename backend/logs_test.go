package backend_test

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cloudwatchlogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

func (b *bundle) cloudwatch() *cloudwatchlogs.Client { return b.watch }

// wrote makes a function that has written two lines of its own at each of so many runs.
func wrote(t *testing.T, b *bundle, runs int) {
	t.Helper()
	b.role(t, "r", writesLogs)
	b.function(t, "talker", "r", "")
	s := &story{bundle: b, t: t}
	if err := s.script(t.Context(), "talker", `{"outcomes":[{"log":["one","two"]}]}`); err != nil {
		t.Fatal(err)
	}
	for range runs {
		if err := s.call(t.Context(), b.clients, "talker RequestResponse {}"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestALogGroupIsThereWhenAFunctionHasWrittenToIt(t *testing.T) {
	b := setup(t)
	wrote(t, b, 1)
	list, err := b.cloudwatch().DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/aws/lambda/")})
	if err != nil || len(list.LogGroups) != 1 || *list.LogGroups[0].LogGroupName != "/aws/lambda/talker" || *list.LogGroups[0].StoredBytes == 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	if got, want := *list.LogGroups[0].Arn, "arn:aws:logs:us-east-1:"+account+":log-group:/aws/lambda/talker:*"; got != want {
		t.Errorf("the ARN is %s, want %s", got, want)
	}
	_, err = b.cloudwatch().CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/aws/lambda/talker")})
	if _, exists := errors.AsType[*types.ResourceAlreadyExistsException](err); !exists {
		t.Errorf("making it again: %v", err)
	}
	wantRefusal(t, err, "ResourceAlreadyExistsException", "The specified log group already exists")
}

func TestALogGroupKeepsWhatItWasGiven(t *testing.T) {
	b := setup(t)
	name := aws.String("/app/one")
	if _, err := b.cloudwatch().CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: name, Tags: map[string]string{"team": "x"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.cloudwatch().PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: aws.Int32(14)}); err != nil {
		t.Fatal(err)
	}
	_, err := b.cloudwatch().PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: aws.Int32(2)})
	wantRefusal(t, err, "InvalidParameterException", "retentionInDays")
	group := aws.String("arn:aws:logs:us-east-1:" + account + ":log-group:/app/one")
	if _, err := b.cloudwatch().TagResource(t.Context(), &cloudwatchlogs.TagResourceInput{ResourceArn: group, Tags: map[string]string{"stage": "test"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.cloudwatch().UntagResource(t.Context(), &cloudwatchlogs.UntagResourceInput{ResourceArn: group, TagKeys: []string{"team"}}); err != nil {
		t.Fatal(err)
	}
	tags, err := b.cloudwatch().ListTagsForResource(t.Context(), &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: group})
	if err != nil || len(tags.Tags) != 1 || tags.Tags["stage"] != "test" {
		t.Errorf("%v, %v", tags, err)
	}
	list, err := b.cloudwatch().DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePattern: aws.String("ONE")})
	if err != nil || len(list.LogGroups) != 1 || *list.LogGroups[0].RetentionInDays != 14 {
		t.Errorf("%+v, %v", list, err)
	}
	other := cloudwatchlogs.New(b.cloudwatch().Options(), func(o *cloudwatchlogs.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider("222222222222", "test", "")
	})
	_, err = other.ListTagsForResource(t.Context(), &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: group})
	wantRefusal(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
	if _, err := b.cloudwatch().DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: name}); err != nil {
		t.Fatal(err)
	}
	_, err = b.cloudwatch().DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: name})
	wantRefusal(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
}

func TestLogEventsAreReadInPages(t *testing.T) {
	b := setup(t)
	wrote(t, b, 3)
	group := aws.String("/aws/lambda/talker")
	var all []string
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(b.cloudwatch(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group, Limit: aws.Int32(4)})
	ids := map[string]bool{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Events) > 4 {
			t.Errorf("a page has %d events", len(page.Events))
		}
		for _, e := range page.Events {
			all = append(all, *e.Message)
			ids[*e.EventId] = true
		}
	}
	spoken := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s != "one" && s != "two" })
	if want := []string{"one", "two", "one", "two", "one", "two"}; !slices.Equal(spoken, want) || len(ids) != len(all) {
		t.Errorf("read %q with %d ids", all, len(ids))
	}
	streams, err := b.cloudwatch().DescribeLogStreams(t.Context(), &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: group})
	if err != nil || len(streams.LogStreams) != 1 {
		t.Fatalf("%v, %v", streams, err)
	}
	last, err := b.cloudwatch().GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: streams.LogStreams[0].LogStreamName, Limit: aws.Int32(2)})
	if err != nil || len(last.Events) != 2 || *last.Events[1].Message != all[len(all)-1] {
		t.Fatalf("%+v, %v", last, err)
	}
	before, err := b.cloudwatch().GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: streams.LogStreams[0].LogStreamName, Limit: aws.Int32(2), NextToken: last.NextBackwardToken})
	if err != nil || len(before.Events) != 2 || *before.Events[1].Message != all[len(all)-3] {
		t.Errorf("%+v, %v; all %q", before, err, all)
	}
	end, err := b.cloudwatch().GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: streams.LogStreams[0].LogStreamName, NextToken: last.NextForwardToken})
	if err != nil || len(end.Events) != 0 || *end.NextForwardToken != *last.NextForwardToken {
		t.Errorf("at the end: %+v, %v", end, err)
	}
	_, err = b.cloudwatch().FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group, FilterPattern: aws.String("ERROR:")})
	wantRefusal(t, err, "InvalidParameterException", "invalid character(s) in term 'ERROR:'")
	var two []string
	searched := cloudwatchlogs.NewFilterLogEventsPaginator(b.cloudwatch(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group, FilterPattern: aws.String("two"), Limit: aws.Int32(2)})
	for searched.HasMorePages() {
		page, err := searched.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Events) > 2 {
			t.Errorf("a page has %d events", len(page.Events))
		}
		for _, e := range page.Events {
			two = append(two, *e.Message)
		}
	}
	if want := []string{"two", "two", "two"}; !slices.Equal(two, want) {
		t.Errorf("found %q", two)
	}
	_, err = b.cloudwatch().FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/nobody")})
	wantRefusal(t, err, "ResourceNotFoundException", "does not exist")
	_, err = b.cloudwatch().FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group, NextToken: aws.String("x/1")})
	wantRefusal(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
}

const writesLogs = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}`

// Developer guide, sending function logs to CloudWatch: Lambda writes them as the execution role, and without the rights drops them.
func TestALogIsWrittenAsTheExecutionRole(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "talker", "r", "")
	s := &story{bundle: b, t: t}
	must(t, s.script(t.Context(), "talker", `{"outcomes":[{"log":["one","two"]}]}`))
	call := func() {
		t.Helper()
		out, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("talker"), LogType: "Tail"})
		must(t, err)
		if tail, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult)); err != nil || !strings.Contains(string(tail), "one\ntwo\n") {
			t.Errorf("the tail is %s, %v", tail, err)
		}
	}
	lines := func() int {
		t.Helper()
		out, err := b.cloudwatch().FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/talker")})
		if err != nil {
			wantRefusal(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
			return -1
		}
		return len(out.Events)
	}
	missing := func() (actions []string) {
		t.Helper()
		list, err := b.control.Refusals(t.Context(), "")
		must(t, err)
		for _, r := range list {
			if !strings.Contains(r.Reason, "\nwithout it AWS drops the log of arn:aws:lambda:us-east-1:000000000000:function:talker:$LATEST;") ||
				!strings.Contains(r.Reason, "to allow it: lambdasim_iam_role_policy") {
				t.Errorf("the reason is %s", r.Reason)
			}
			actions = append(actions, r.Action)
		}
		return actions
	}
	t.Run("a role that may do nothing writes nothing, and the control API has the lines", func(t *testing.T) {
		call()
		call()
		if n := lines(); n != -1 {
			t.Errorf("%d lines", n)
		}
		if own := b.logs(t, "talker"); strings.Count(own, "one\ntwo\n") != 2 {
			t.Errorf("the control API has %s", own)
		}
	})
	t.Run("the refusals say which rights are missing, once", func(t *testing.T) {
		if got := missing(); !slices.Equal(got, []string{"logs:PutLogEvents", "logs:CreateLogStream", "logs:CreateLogGroup"}) {
			t.Errorf("%v", got)
		}
	})
	t.Run("a role that may not make the group writes nothing while there is none", func(t *testing.T) {
		b.rolePolicy(t, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/talker:*"}]}`)
		call()
		if n := lines(); n != -1 {
			t.Errorf("%d lines", n)
		}
		if got := missing(); len(got) != 4 || got[3] != "logs:CreateLogGroup" {
			t.Errorf("%v", got)
		}
	})
	t.Run("and writes once somebody has made it", func(t *testing.T) {
		_, err := b.cloudwatch().CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/aws/lambda/talker")})
		must(t, err)
		call()
		if n := lines(); n != 5 {
			t.Errorf("%d lines", n)
		}
	})
	t.Run("a group that is deleted is not made again", func(t *testing.T) {
		_, err := b.cloudwatch().DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/aws/lambda/talker")})
		must(t, err)
		call()
		if n := lines(); n != -1 {
			t.Errorf("%d lines", n)
		}
	})
	t.Run("with the three rights it makes the group itself", func(t *testing.T) {
		b.rolePolicy(t, "r", writesLogs)
		call()
		if n := lines(); n != 5 {
			t.Errorf("%d lines", n)
		}
	})
	t.Run("a deny drops it again", func(t *testing.T) {
		b.rolePolicy(t, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"},{"Effect":"Deny","Action":"logs:PutLogEvents","Resource":"*"}]}`)
		call()
		if n := lines(); n != 5 {
			t.Errorf("%d lines", n)
		}
	})
}
