package backend_test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cloudwatchlogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

func TestEventsExpireByTheirGroupsRetention(t *testing.T) {
	b := setup(t)
	wrote(t, b, 1)
	group := aws.String("/aws/lambda/talker")
	_, err := b.cloudwatch().PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: group, RetentionInDays: aws.Int32(3)})
	must(t, err)
	left := func() (events int) {
		out, err := b.cloudwatch().FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group})
		must(t, err)
		return len(out.Events)
	}
	_, err = b.control.AdvanceBy(t.Context(), 71*time.Hour)
	must(t, err)
	_, err = b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("talker")})
	must(t, err)
	each := left() / 2
	if each == 0 {
		t.Fatal("there are no events")
	}
	_, err = b.control.AdvanceBy(t.Context(), 2*time.Hour)
	must(t, err)
	if n := left(); n != each {
		t.Errorf("after three days %d events are left, want the newer %d", n, each)
	}
	streams, err := b.cloudwatch().DescribeLogStreams(t.Context(), &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: group})
	must(t, err)
	if len(streams.LogStreams) != 1 {
		t.Errorf("%d streams are left", len(streams.LogStreams))
	}
}

func TestStreamsComeWithTheNewestFirst(t *testing.T) {
	b := setup(t)
	wrote(t, b, 1)
	for range 2 {
		_, err := b.control.AdvanceBy(t.Context(), 24*time.Hour)
		must(t, err)
		_, err = b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("talker")})
		must(t, err)
	}
	var days []string
	pages := cloudwatchlogs.NewDescribeLogStreamsPaginator(b.cloudwatch(), &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String("/aws/lambda/talker"),
		OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true), Limit: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		must(t, err)
		for _, s := range page.LogStreams {
			days = append(days, (*s.LogStreamName)[:len("2026/01/01")])
		}
	}
	if got := strings.Join(days, " "); got != "2026/01/03 2026/01/02 2026/01/01" {
		t.Errorf("got %s", got)
	}
}

// The AWS CLI's tail, once and with --follow, which goes on where it left off.
func TestTheCLIFollowsALog(t *testing.T) {
	cli := ""
	for _, name := range []string{"aws", "/usr/bin/aws", "/usr/local/bin/aws"} {
		if version, err := exec.CommandContext(t.Context(), name, "--version").Output(); err == nil && strings.HasPrefix(string(version), "aws-cli/2") {
			cli = name
		}
	}
	if cli == "" {
		t.Skip("there is no AWS CLI of version 2 on this machine, which has logs tail")
	}
	b := setupOn(t, backend.Config{DatabaseURL: pgtest.URL(t)})
	wrote(t, b, 1)
	tail := func(arguments ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), cli, append([]string{"logs", "tail", "/aws/lambda/talker", "--format", "short", "--endpoint-url", b.b.URL(), "--region", "us-east-1"}, arguments...)...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "PYTHONUNBUFFERED=1"}
		cmd.Stderr = os.Stderr
		return cmd
	}
	once, err := tail().Output()
	must(t, err)
	if text := string(once); !strings.Contains(text, " one\n") || !strings.Contains(text, " two\n") || strings.Index(text, "START") > strings.Index(text, " one\n") {
		t.Errorf("got:\n%s", text)
	}
	follow := tail("--follow")
	out, err := follow.StdoutPipe()
	must(t, err)
	must(t, follow.Start())
	defer func() { _ = follow.Process.Kill(); _ = follow.Wait() }()
	lines := bufio.NewReader(out)
	ends := 0
	for ends < 2 {
		line, err := lines.ReadString('\n')
		must(t, err)
		if strings.Contains(line, "REPORT RequestId") {
			if ends++; ends == 1 { // it has caught up: what comes now is new
				_, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("talker")})
				must(t, err)
			}
		}
	}
}
