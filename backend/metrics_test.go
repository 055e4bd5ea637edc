package backend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

func init() {
	// figures: AWS's metrics of all functions
	verbs["figures"] = func(ctx context.Context, s *story, _ string) error {
		text, err := s.control.Metrics(ctx)
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "aws_lambda_") {
				fmt.Fprint(&s.said, strings.Replace(line, `account="`+account+`",region="us-east-1",`, "", 1))
			}
		}
		return err
	}
}

// figure is the value of a sample of the figures, "" where there is none.
func (b *bundle) figure(t *testing.T, sample string) string {
	t.Helper()
	text, err := b.control.Metrics(t.Context())
	must(t, err)
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, sample+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// line is a line of OpenMetrics 1.0, as far as this exposition uses it.
var line = regexp.MustCompile(`^(# (TYPE [a-zA-Z_:][a-zA-Z0-9_:]* (counter|gauge|summary|info)|HELP [a-zA-Z_:][a-zA-Z0-9_:]* .+|EOF)` +
	`|[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-z_]+="([^"\\]|\\.)*"(,[a-z_]+="([^"\\]|\\.)*")*\})? -?[0-9.e+]+)$`)

func TestMetrics(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "web", "r", "def handler(event, context): pass")
	must(t, b.control.PutScript(t.Context(), "web", scriptOf(t, `{"per":"invocation","outcomes":[{},{"payload":{"statusCode":404}},{"error_type":"Oops","error_message":"m"}]}`)))

	t.Run("the text is OpenMetrics, with each family once", func(t *testing.T) {
		_, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("web")})
		must(t, err)
		res, err := http.Get(b.b.URL() + "/_lambdasim/metrics")
		must(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		must(t, err)
		if got := res.Header.Get("Content-Type"); got != "application/openmetrics-text; version=1.0.0; charset=utf-8" {
			t.Errorf("the type is %s", got)
		}
		if !strings.HasSuffix(string(body), "\n# EOF\n") {
			t.Error("the text does not end with # EOF")
		}
		seen, family := map[string]bool{}, ""
		for l := range strings.Lines(string(body)) {
			l = strings.TrimSuffix(l, "\n")
			if !line.MatchString(l) {
				t.Errorf("not a line of OpenMetrics: %s", l)
			}
			if rest, ok := strings.CutPrefix(l, "# TYPE "); ok {
				if family, _, _ = strings.Cut(rest, " "); seen[family] {
					t.Errorf("family %s comes twice", family)
				}
				seen[family] = true
			} else if !strings.HasPrefix(l, "#") && !strings.HasPrefix(l, family) {
				t.Errorf("a sample of another family after %s: %s", family, l)
			}
		}
		for _, want := range []string{"lambdasim_agenda_waiting", "lambdasim_in_flight", "lambdasim_environments", "lambdasim_goroutines",
			"lambdasim_database_connections", "lambdasim_clock_seconds", "aws_lambda_Invocations", "aws_lambda_Duration"} {
			if !seen[want] {
				t.Errorf("there is no family %s", want)
			}
		}
		if got := b.figure(t, "lambdasim_clock_seconds"); got != "1.7672256e+09" {
			t.Errorf("the clock is at %s", got)
		}
	})

	t.Run("a URL's requests are counted by their answers", func(t *testing.T) {
		_, err := b.lambda.CreateFunctionUrlConfig(t.Context(), &lambda.CreateFunctionUrlConfigInput{FunctionName: aws.String("web"), AuthType: lambdatypes.FunctionUrlAuthTypeNone})
		must(t, err)
		config, err := b.lambda.GetFunctionUrlConfig(t.Context(), &lambda.GetFunctionUrlConfigInput{FunctionName: aws.String("web")})
		must(t, err)
		get := func() int {
			res, err := http.Get(*config.FunctionUrl)
			must(t, err)
			must(t, res.Body.Close())
			return res.StatusCode
		}
		statuses := []int{get()} // before the permission
		for _, in := range []*lambda.AddPermissionInput{
			{StatementId: aws.String("u"), Action: aws.String("lambda:InvokeFunctionUrl"), FunctionUrlAuthType: lambdatypes.FunctionUrlAuthTypeNone},
			{StatementId: aws.String("i"), Action: aws.String("lambda:InvokeFunction"), InvokedViaFunctionUrl: aws.Bool(true)},
		} {
			in.FunctionName, in.Principal = aws.String("web"), aws.String("*")
			_, err := b.lambda.AddPermission(t.Context(), in)
			must(t, err)
		}
		statuses = append(statuses, get(), get())
		if fmt.Sprint(statuses) != "[403 404 502]" {
			t.Fatalf("answers %v", statuses)
		}
		labels := `{account="` + account + `",region="us-east-1",function="web",resource="web"}`
		for name, want := range map[string]string{"UrlRequestCount_total": "3", "Url4xxCount_total": "2", "Url5xxCount_total": "1", "UrlRequestLatency_count": "3"} {
			if got := b.figure(t, "aws_lambda_"+name+labels); got != want {
				t.Errorf("%s is %q, want %s", name, got, want)
			}
		}
	})

	t.Run("a reset of another account leaves the figures, and one of the account's forgets them", func(t *testing.T) {
		sample := `aws_lambda_Invocations_total{account="` + account + `",region="us-east-1",function="web",resource="web",executed_version="$LATEST"}`
		must(t, b.control.Reset(t.Context(), "999999999999"))
		if got := b.figure(t, sample); got != "3" {
			t.Errorf("%q invocations, want 3", got)
		}
		must(t, b.control.Reset(t.Context(), account))
		if got := b.figure(t, sample); got != "" {
			t.Errorf("%q invocations after the reset", got)
		}
	})
}

func scriptOf(t *testing.T, text string) (s control.Script) {
	t.Helper()
	must(t, json.Unmarshal([]byte(text), &s))
	return s
}
