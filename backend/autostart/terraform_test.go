package autostart_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// terraform is Terraform or OpenTofu in the working folder, with the provider that was built.
func (b *bundle) terraform(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if program == "" {
		var err error
		if program, err = exec.LookPath("terraform"); err != nil {
			t.Skip("neither TF_ACC_TERRAFORM_PATH nor a terraform: make test finds or builds one")
		}
	}
	settings := filepath.Join(t.TempDir(), "cli.tfrc")
	text := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  dev_overrides {\n    \"lambdasim/lambdasim\" = %q\n  }\n  direct {}\n}\n", filepath.Dir(binary))
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+settings, "TF_IN_AUTOMATION=1")
	return cmd
}

func (b *bundle) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const kinesis = `
terraform {
  required_providers {
    lambdasim = { source = "lambdasim/lambdasim" }
  }
}

provider "lambdasim" {}

resource "lambdasim_kinesis_stream" "s" {
  name        = "started"
  shard_count = 1
}
`

func TestTerraformNeedsNoEndpoint(t *testing.T) {
	b := setup(t)
	b.write(t, "main.tf", kinesis)
	if out, err := b.terraform(t, "apply", "-auto-approve", "-no-color").CombinedOutput(); err != nil {
		t.Fatalf("apply: %v\n%s", err, out)
	}
	first, err := b.folder.Status(t.Context())
	if err != nil || first == nil {
		t.Fatalf("the backend did not outlive the command (%v)", err)
	}
	var all sync.WaitGroup
	for range 3 { // several commands at once, after a crash
		all.Add(1)
		cmd := b.terraform(t, "plan", "-detailed-exitcode", "-lock=false", "-no-color")
		go func() {
			defer all.Done()
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("the plan is not empty: %v\n%s", err, out)
			}
		}()
	}
	all.Wait()
	b.kill(t, first)
	if out, err := b.terraform(t, "destroy", "-auto-approve", "-no-color").CombinedOutput(); err != nil {
		t.Fatalf("destroy: %v\n%s", err, out)
	}
}

func TestADiagnosticNamesTheLog(t *testing.T) {
	b := setup(t)
	b.write(t, "main.tf", strings.Replace(kinesis, `provider "lambdasim" {}`, "provider \"lambdasim\" {\n  access_key = \"AKIAIOSFODNN7EXAMPLE\"\n}", 1))
	out, err := b.terraform(t, "apply", "-auto-approve", "-no-color").CombinedOutput()
	text := strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╵", " ").Replace(string(out))), "")
	if err == nil || !strings.Contains(text, strings.Join(strings.Fields(b.folder.Log()), "")) {
		t.Errorf("want an error that names %s, got %v\n%s", b.folder.Log(), err, out)
	}
}

func TestRunsOfTerraformTestShareTheBackend(t *testing.T) {
	b := setup(t)
	b.write(t, "main.tf", kinesis)
	b.write(t, "tests/stream.tftest.hcl", `
run "first" {
  assert {
    condition     = lambdasim_kinesis_stream.s.arn == "arn:aws:kinesis:us-east-1:000000000000:stream/started"
    error_message = "The stream has another ARN."
  }
}

run "second" {
  command = plan
  assert {
    condition     = lambdasim_kinesis_stream.s.shard_count == 1
    error_message = "The stream is gone."
  }
}
`)
	if out, err := b.terraform(t, "test", "-no-color").CombinedOutput(); err != nil {
		t.Fatalf("test: %v\n%s", err, out)
	}
	if running, err := b.folder.Status(t.Context()); err != nil || running == nil {
		t.Errorf("no backend runs afterwards (%v)", err)
	}
}
