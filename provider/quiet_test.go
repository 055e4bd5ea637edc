package provider_test

import (
	"os"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/provider"
)

func TestTheLibrariesLogOnlyWhatSomebodyAsksFor(t *testing.T) {
	const level = "TF_LOG_SDK"
	for _, variable := range []string{"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_PROVIDER_LAMBDASIM", level} {
		t.Setenv(variable, "") // puts back what is there, afterwards
		if err := os.Unsetenv(variable); err != nil {
			t.Fatal(err)
		}
	}
	if err := provider.Quiet(); err != nil || os.Getenv(level) != "OFF" {
		t.Errorf("%s is %q where nobody asks, %v", level, os.Getenv(level), err)
	}
	if err := os.Unsetenv(level); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TF_LOG_PROVIDER", "TRACE")
	if err := provider.Quiet(); err != nil || os.Getenv(level) != "" {
		t.Errorf("%s is %q where somebody asks, %v", level, os.Getenv(level), err)
	}
}
