package lambda_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

func (b *bundle) reserve(t *testing.T, name string, n int32) error {
	t.Helper()
	_, err := b.PutFunctionConcurrency(t.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: &name, ReservedConcurrentExecutions: &n})
	return err
}

func (b *bundle) provision(t *testing.T, qualifier string, n int32) error {
	t.Helper()
	_, err := b.PutProvisionedConcurrencyConfig(t.Context(), &lambda.PutProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: &qualifier,
		ProvisionedConcurrentExecutions: &n})
	b.quiet(t)
	return err
}

// quiet waits until nothing is due.
func (b *bundle) quiet(t *testing.T) {
	t.Helper()
	if _, err := b.control.Drain(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
}

// Recorded in 2025 (TestLambdaReservedConcurrency).
func TestReservedConcurrency(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	get := func() *int32 {
		out, err := b.GetFunctionConcurrency(t.Context(), &lambda.GetFunctionConcurrencyInput{FunctionName: aws.String("f")})
		if err != nil {
			t.Fatal(err)
		}
		return out.ReservedConcurrentExecutions
	}
	if n := get(); n != nil {
		t.Errorf("a new function has %d", *n)
	}
	if err := b.reserve(t, "f", 900); err != nil || *get() != 900 {
		t.Errorf("got %v", err)
	}
	b.create(t, "g")
	const floor = "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100]."
	refused(t, b.reserve(t, "g", 1), 400, "InvalidParameterValueException", floor)
	if err := b.reserve(t, "f", 0); err != nil {
		t.Error(err)
	}
	refused(t, b.reserve(t, "f", 901), 400, "InvalidParameterValueException", floor)
	settings, err := b.GetAccountSettings(t.Context(), &lambda.GetAccountSettingsInput{})
	if err != nil || settings.AccountLimit.ConcurrentExecutions != 1000 || settings.AccountUsage.FunctionCount != 2 || settings.AccountUsage.TotalCodeSize == 0 {
		t.Errorf("got %+v, %v", settings, err)
	}
	if err := b.reserve(t, "f", 7); err != nil {
		t.Fatal(err)
	}
	settings, err = b.GetAccountSettings(t.Context(), &lambda.GetAccountSettingsInput{})
	if err != nil || *settings.AccountLimit.UnreservedConcurrentExecutions != 993 {
		t.Errorf("got %+v, %v", settings, err)
	}
	if got, err := b.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("f")}); err != nil || *got.Concurrency.ReservedConcurrentExecutions != 7 {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := b.DeleteFunctionConcurrency(t.Context(), &lambda.DeleteFunctionConcurrencyInput{FunctionName: aws.String("f")}); err != nil || get() != nil {
		t.Errorf("got %v", err)
	}
	refused(t, b.reserve(t, "doesnotexist", 1), 404, "ResourceNotFoundException", "Function not found: "+prefix+"doesnotexist:$LATEST")
	_, err = b.GetFunctionConcurrency(t.Context(), &lambda.GetFunctionConcurrencyInput{FunctionName: aws.String("doesnotexist")})
	refused(t, err, 404, "ResourceNotFoundException", "Function not found: "+prefix+"doesnotexist")
	refused(t, b.reserve(t, prefix+"f:1", 1), 400, "InvalidParameterValueException", "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.")
}

// throttled checks that an invocation was refused for the reason.
func throttled(t *testing.T, err error, reason types.ThrottleReason) {
	t.Helper()
	refused(t, err, 429, "TooManyRequestsException", "Rate Exceeded.")
	if e, ok := asType[*types.TooManyRequestsException](err); !ok || e.Reason != reason {
		t.Errorf("got %v, want the reason %s", err, reason)
	}
}

// Recorded in 2025 (test_reserved_concurrency, test_lambda_concurrency_block): reserved concurrency is a cap.
func TestReservedConcurrencyThrottles(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.script(t, "f", control.ScriptedOutcome{Duration: "2s"})
	invoke := func(kind types.InvocationType) error {
		_, err := b.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: kind})
		return err
	}
	if err := b.reserve(t, "f", 2); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if err := invoke("RequestResponse"); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	throttled(t, invoke("RequestResponse"), types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded)
	if _, err := b.control.AdvanceBy(t.Context(), 3e9); err != nil {
		t.Fatal(err)
	}
	if err := invoke("RequestResponse"); err != nil {
		t.Errorf("after they ended: %v", err)
	}
	if err := b.reserve(t, "f", 0); err != nil {
		t.Fatal(err)
	}
	throttled(t, invoke("RequestResponse"), types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded)
	if err := invoke("Event"); err != nil {
		t.Errorf("an event is taken, whatever the concurrency: %v", err)
	}
}

// Lambda quotas: functions without a reservation share what is left of the account's concurrency.
func TestReservationsLeaveLessToTheOthers(t *testing.T) {
	b := setup(t)
	b.create(t, "f")
	b.create(t, "g")
	b.script(t, "g", control.ScriptedOutcome{Duration: "2s"})
	if err := b.reserve(t, "f", 900); err != nil {
		t.Fatal(err)
	}
	invoke := func() error {
		_, err := b.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("g")})
		return err
	}
	for i := range 100 {
		if err := invoke(); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	throttled(t, invoke(), types.ThrottleReasonConcurrentInvocationLimitExceeded)
}

// Recorded in 2025 (test_reserved_provisioned_overlap): what a version has provisioned is taken from the function's
// reservation, so that $LATEST has less.
func TestProvisionedConcurrencyCountsAgainstTheReservation(t *testing.T) {
	b := setup(t)
	b.versions(t, 1)
	b.script(t, "f", control.ScriptedOutcome{Duration: "2s"})
	if err := b.reserve(t, "f", 2); err != nil {
		t.Fatal(err)
	}
	refused(t, b.provision(t, "1", 3), 400, "InvalidParameterValueException", "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function")
	if err := b.provision(t, "1", 2); err != nil {
		t.Fatal(err)
	}
	refused(t, b.reserve(t, "f", 1), 400, "InvalidParameterValueException", " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2].")
	invoke := func(qualifier string) error {
		_, err := b.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Qualifier: &qualifier})
		return err
	}
	throttled(t, invoke("$LATEST"), types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded)
	for range 2 {
		if err := invoke("1"); err != nil {
			t.Error(err)
		}
	}
	throttled(t, invoke("1"), types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded)
}

// Recorded in 2025 (TestLambdaProvisionedConcurrency).
func TestProvisionedConcurrency(t *testing.T) {
	b := setup(t)
	b.versions(t, 2)
	b.alias(t, "live", "1", nil)
	b.alias(t, "edge", "$LATEST", nil)
	get := func(qualifier string) (*lambda.GetProvisionedConcurrencyConfigOutput, error) {
		return b.GetProvisionedConcurrencyConfig(t.Context(), &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: &qualifier})
	}
	remove := func(qualifier string) error {
		_, err := b.DeleteProvisionedConcurrencyConfig(t.Context(), &lambda.DeleteProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: &qualifier})
		return err
	}
	const none, unpublished = "No Provisioned Concurrency Config found for this function", "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
	_, err := get("1")
	refused(t, err, 404, "ProvisionedConcurrencyConfigNotFoundException", none)
	made, err := b.PutProvisionedConcurrencyConfig(t.Context(), &lambda.PutProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: aws.String("live"),
		ProvisionedConcurrentExecutions: aws.Int32(3)})
	if err != nil || made.Status != types.ProvisionedConcurrencyStatusEnumInProgress || *made.RequestedProvisionedConcurrentExecutions != 3 || *made.AllocatedProvisionedConcurrentExecutions != 0 {
		t.Fatalf("got %+v, %v", made, err)
	}
	b.quiet(t)
	got, err := get("live")
	if err != nil || got.Status != types.ProvisionedConcurrencyStatusEnumReady || *got.AllocatedProvisionedConcurrentExecutions != 3 {
		t.Errorf("got %+v, %v", got, err)
	}
	refused(t, b.provision(t, "1", 1), 409, "ResourceConflictException", "Version is pointed by a Provisioned Concurrency alias")
	if err := b.provision(t, "2", 1); err != nil {
		t.Fatal(err)
	}
	b.alias(t, "second", "2", nil)
	refused(t, b.provision(t, "second", 1), 409, "ResourceConflictException", "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version")
	list, err := b.ListProvisionedConcurrencyConfigs(t.Context(), &lambda.ListProvisionedConcurrencyConfigsInput{FunctionName: aws.String("f"), MaxItems: aws.Int32(1)})
	if err != nil || len(list.ProvisionedConcurrencyConfigs) != 1 || *list.ProvisionedConcurrencyConfigs[0].FunctionArn != prefix+"f:2" || list.NextMarker == nil {
		t.Errorf("got %+v, %v", list, err)
	}
	const ipve, notFound = "InvalidParameterValueException", "ResourceNotFoundException"
	refused(t, b.provision(t, "$LATEST", 1), 400, ipve, unpublished)
	refused(t, b.provision(t, "edge", 1), 400, ipve, unpublished)
	refused(t, b.provision(t, "noalias", 1), 404, notFound, "Cannot find alias arn: "+prefix+"f:noalias")
	refused(t, b.provision(t, "10", 1), 404, notFound, "Function not found: "+prefix+"f:10")
	refused(t, b.provision(t, "1", 0), 400, "ValidationException", "1 validation error detected: Value '0' at 'provisionedConcurrentExecutions' failed to satisfy constraint: Member must have value greater than or equal to 1")
	refused(t, b.provision(t, "live", 1001), 400, ipve, "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [1000].")
	refused(t, b.provision(t, "live", 900), 400, ipve, "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].")
	const published = "The function resource provided must be an alias or a published version."
	_, err = get("$LATEST")
	refused(t, err, 400, ipve, published)
	refused(t, remove("$LATEST"), 400, ipve, published)
	for _, qualifier := range []string{"1", "noalias"} {
		_, err := b.GetProvisionedConcurrencyConfig(t.Context(), &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: aws.String("doesnotexist"), Qualifier: &qualifier})
		want := "Function not found: " + prefix + "doesnotexist:1"
		if qualifier == "noalias" {
			want = "Cannot find alias arn: " + prefix + "doesnotexist:noalias"
		}
		refused(t, err, 404, notFound, want)
	}
	_, err = b.ListProvisionedConcurrencyConfigs(t.Context(), &lambda.ListProvisionedConcurrencyConfigsInput{FunctionName: aws.String("doesnotexist")})
	refused(t, err, 404, notFound, "Function not found: "+prefix+"doesnotexist")
	for range 2 {
		if err := remove("live"); err != nil {
			t.Error(err)
		}
	}
	_, err = get("live")
	refused(t, err, 404, "ProvisionedConcurrencyConfigNotFoundException", none)
}

// The developer guide, "Configuring provisioned concurrency": what exceeds it runs on what the account shares.
func TestProvisionedConcurrencySpillsOver(t *testing.T) {
	b := setup(t)
	b.versions(t, 1)
	b.create(t, "other")
	b.script(t, "f", control.ScriptedOutcome{Duration: "2s"})
	if err := b.reserve(t, "other", 896); err != nil { // 104 are left: 4 provisioned, 100 shared
		t.Fatal(err)
	}
	if err := b.provision(t, "1", 4); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for ; ran < 200; ran++ {
		if _, err := b.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f:1")}); err != nil {
			throttled(t, err, types.ThrottleReasonConcurrentInvocationLimitExceeded)
			break
		}
	}
	if ran != 104 {
		t.Errorf("%d ran at once", ran)
	}
}
