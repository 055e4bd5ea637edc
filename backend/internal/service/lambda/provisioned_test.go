package lambda_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// Developer guide, provisioned concurrency: environments are initialised ahead, an invocation of what is provisioned has no cold start.
func TestProvisionedEnvironmentsAreInitialisedAhead(t *testing.T) {
	b := setup(t)
	publish := func(code string) (version string) {
		t.Helper()
		in := input(t, "f")
		in.Code.ZipFile, in.Publish = archive(t, "main.py", code), true
		out, err := b.CreateFunction(t.Context(), in)
		if err != nil {
			up, again := b.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: in.Code.ZipFile, Publish: true})
			if again != nil {
				t.Fatal(err, again)
			}
			return *up.Version
		}
		return *out.Version
	}
	invoke := func(name string) (answer, log string) {
		t.Helper()
		out, err := b.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name, LogType: types.LogTypeTail})
		if err != nil {
			t.Fatal(err)
		}
		text, err := base64.StdEncoding.DecodeString(*out.LogResult)
		if err != nil {
			t.Fatal(err)
		}
		return string(out.Payload), string(text)
	}
	get := func(qualifier string) string {
		t.Helper()
		b.quiet(t)
		out, err := b.GetProvisionedConcurrencyConfig(t.Context(), &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: &qualifier})
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(out.Status, " ", *out.AllocatedProvisionedConcurrentExecutions, " of ", *out.RequestedProvisionedConcurrentExecutions, " ", aws.ToString(out.StatusReason))
	}
	const code = "import os\nn = 0\ndef handler(e, c):\n    global n\n    n += 1\n    return [os.environ['AWS_LAMBDA_INITIALIZATION_TYPE'], n]\n"
	first := publish(code)
	b.alias(t, "live", first, nil)
	if answer, log := invoke("f:live"); answer != `["on-demand", 1]` || !strings.Contains(log, "Init Duration") {
		t.Errorf("%s: %s", answer, log)
	}
	if err := b.provision(t, "live", 2); err != nil {
		t.Fatal(err)
	}
	t.Run("the configuration is ready once they are", func(t *testing.T) {
		if got := get("live"); got != "READY 2 of 2 " {
			t.Error(got)
		}
	})
	t.Run("an invocation finds one, which knows what it is", func(t *testing.T) {
		if answer, log := invoke("f:live"); answer != `["provisioned-concurrency", 1]` || strings.Contains(log, "Init Duration") || strings.Contains(log, "INIT_START") {
			t.Errorf("%s: %s", answer, log)
		}
		if answer, _ := invoke("f:live"); answer != `["provisioned-concurrency", 2]` {
			t.Error(answer)
		}
	})
	second := publish("# again\n" + code)
	t.Run("they move with the alias", func(t *testing.T) {
		if _, err := b.UpdateAlias(t.Context(), &lambda.UpdateAliasInput{FunctionName: aws.String("f"), Name: aws.String("live"), FunctionVersion: &second}); err != nil {
			t.Fatal(err)
		}
		if got := get("live"); got != "READY 2 of 2 " {
			t.Error(got)
		}
		if answer, log := invoke("f:live"); answer != `["provisioned-concurrency", 1]` || strings.Contains(log, "Init Duration") {
			t.Errorf("%s: %s", answer, log)
		}
		if answer, _ := invoke("f:" + first); answer != `["on-demand", 2]` {
			t.Errorf("the first version answers %s", answer)
		}
	})
	t.Run("without a configuration they are gone", func(t *testing.T) {
		if _, err := b.DeleteProvisionedConcurrencyConfig(t.Context(), &lambda.DeleteProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: aws.String("live")}); err != nil {
			t.Fatal(err)
		}
		b.quiet(t)
		if answer, _ := invoke("f:live"); answer != `["on-demand", 1]` {
			t.Error(answer)
		}
	})
	t.Run("code that does not initialise fails the configuration, and invocations run beside it", func(t *testing.T) {
		broken := publish("raise Exception('no')\n")
		if err := b.provision(t, broken, 2); err != nil {
			t.Fatal(err)
		}
		if got := get(broken); got != "FAILED 0 of 2 FUNCTION_ERROR_INIT_FAILURE" {
			t.Error(got)
		}
		if answer, log := invoke("f:" + broken); !strings.Contains(answer, `"no"`) || !strings.Contains(log, "INIT_START") {
			t.Errorf("%s: %s", answer, log)
		}
	})
}
