package dropin

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	version "github.com/hashicorp/go-version"
)

// The constraints are of published modules, and of every form that Terraform has.
func TestChosenVersionsSatisfyEveryConstraint(t *testing.T) {
	for _, c := range []struct {
		constraints []string
		want        string
	}{
		{nil, "6.99.0"}, {[]string{"~> 3.27"}, "3.99.0"}, {[]string{"~> 4.8.0"}, "4.8.99"}, {[]string{"~> 5.0"}, "5.99.0"}, {[]string{"~> 6.0"}, "6.99.0"},
		{[]string{"~> 6.32.1"}, "6.32.99"}, {[]string{">= 5, < 7"}, "6.99.0"}, {[]string{">= 5, < 6"}, "5.99.0"}, {[]string{"= 5.31.0"}, "5.31.0"}, {[]string{"5.31.0"}, "5.31.0"},
		{[]string{"> 5.0.0, < 5.1.0"}, "5.0.99"}, {[]string{"!= 6.99.0", ">= 6"}, "6.100.0"}, {[]string{">= 7.1"}, "7.99.0"}, {[]string{"~> 5.0", ">= 4.0", "< 5.31.2"}, "5.31.1"},
		{[]string{"= 6.0.0-beta2"}, "6.0.0-beta2"}, {[]string{"<= 2.70.0"}, "2.70.0"}, {[]string{"~> 2.7"}, "2.99.0"}, {[]string{"< 3.0.0"}, "2.99.0"},
	} {
		got, err := choose(c.constraints, "6.99.0")
		if err != nil {
			t.Errorf("%q: %v", c.constraints, err)
			continue
		}
		for _, text := range c.constraints {
			if all, err := version.NewConstraint(text); err != nil || !all.Check(version.Must(version.NewVersion(got))) {
				t.Errorf("%q: %s does not satisfy %s (%v)", c.constraints, got, text, err)
			}
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.constraints, got, c.want)
		}
	}
	if v, err := choose([]string{"~> 4.0", "~> 5.0"}); err == nil {
		t.Errorf("%s satisfies two constraints that contradict one another", v)
	}
}

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestEveryFormOfARequirementIsRead(t *testing.T) {
	dir := write(t, map[string]string{
		"a/b/root/main.tf": `terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      version               = "~> 5.0"
      configuration_aliases = [aws.other]
    }
    cloud  = { source = "registry.terraform.io/hashicorp/aws", version = ">= 5.1" }
    random = { source = "hashicorp/random", version = "~> 3.0" }
    ours   = { source = "lambdasim/lambdasim", version = "~> 0.1" }
  }
}
module "one" { source = "../../modules/one" }
module "two" { source = "terraform-aws-modules/lambda/aws" }`,
		"a/b/root/old.tf.json":            `{"terraform": {"required_providers": {"aws": ">= 4.9"}}}`,
		"a/b/root/provider.tofu":          `provider "aws" { version = "< 6" }`,
		"a/b/root/tests/all.tftest.hcl":   "run \"setup\" {\n  module {\n    source = \"./setup\"\n  }\n}",
		"a/b/root/setup/main.tf":          "terraform {\n  required_providers {\n    aws = { version = \"!= 5.7.0\" }\n  }\n}",
		"a/modules/one/main.tf":           "terraform {\n  required_providers {\n    aws = \"> 5.2\"\n  }\n}\nmodule \"deeper\" {\n  source = \"../../../shared\"\n}",
		"a/b/root/broken.tf":              `resource {`,
		"a/b/root/.terraform/modules/x/m": "",
	})
	r, err := readModules(filepath.Join(dir, "a/b/root"), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range r.constraints {
		slices.Sort(list)
	}
	want := map[string][]string{"hashicorp/aws": {"!= 5.7.0", "< 6", "> 5.2", ">= 4.9", ">= 5.1", "~> 5.0"}, "lambdasim/lambdasim": {"~> 0.1"}}
	if diff := cmp.Diff(want, r.constraints); diff != "" || !r.remote {
		t.Errorf("remote: %v; %s", r.remote, diff)
	}
	if n, err := climbs(filepath.Join(dir, "a/b/root"), r.folders, nil); n != 3 || err != nil {
		t.Errorf("the modules reach %d folders up (%v), want 3: modules/one names ../../../shared", n, err)
	}
	if n, err := climbs(filepath.Join(dir, "a/b/root"), nil, []string{"apply", "-var-file=../prod.tfvars"}); n != 1 || err != nil {
		t.Errorf("the arguments reach %d folders up (%v), want 1", n, err)
	}
}

func TestCommandsThatWouldLeadElsewhereAreRefused(t *testing.T) {
	for _, words := range [][]string{{}, {"bash", "-c", "terraform apply"}, {"terraform-provider-aws"}, {"terraform", "-chdir=elsewhere", "apply"}, {"tofu", "init", "-plugin-dir", "x"},
		{"terraform", "apply", "-state=../real.tfstate"}, {"terraform", "apply", "--state", "x"}, {"terraform", "destroy", "-backup=-"}, {"terraform", "init", "-from-module=x"}} {
		if c, err := readCommand(words); err == nil {
			t.Errorf("%q is taken: %v", words, c)
		}
	}
	c, err := readCommand([]string{"/opt/terraform_1.5.7", "init", "-backend-config", "prod.hcl", "-backend-config=a=b", "-reconfigure", "-upgrade", "-lockfile=readonly"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"init", "-reconfigure", "-upgrade"}, c.final()); diff != "" || len(c.left) != 5 {
		t.Errorf("%v left out; %s", c.left, diff)
	}
	for line, want := range map[string]bool{"terraform apply": true, "terraform -version": false, "terraform fmt": false, "tofu plan -help": false, "terraform state list": true} {
		if c, err := readCommand(strings.Fields(line)); err != nil || c.needsProviders() != want {
			t.Errorf("%s: needs providers %v, want %v (%v)", line, !want, want, err)
		}
	}
}

func TestAnEnvironmentLeadsToTheSimulatorAlone(t *testing.T) {
	user := []string{"HOME=/home/x", "PATH=/bin", "AWS_PROFILE=prod", "AWS_REGION=eu-west-1", "AWS_ENDPOINT_URL_S3=https://real", "AWS_SESSION_TOKEN=t", "AWS_CA_BUNDLE=/x",
		"TF_CLI_CONFIG_FILE=/x", "TF_REATTACH_PROVIDERS={}", "TF_DATA_DIR=/x", "TF_CLI_ARGS_apply=-state=x", "TF_PLUGIN_CACHE_DIR=/x", "TF_HTTP_ADDRESS=x", "TF_ENCRYPTION=x",
		"TF_VAR_a=b", "TF_LOG=debug", "TF_TOKEN_app_terraform_io=t", "HTTPS_PROXY=http://proxy", "no_proxy=corp", "LAMBDASIM_ENDPOINT=http://other"}
	want := []string{"HOME=/home/x", "PATH=/bin", "TF_VAR_a=b", "TF_LOG=debug", "TF_TOKEN_app_terraform_io=t", "HTTPS_PROXY=http://proxy",
		"NO_PROXY=corp,127.0.0.1,localhost", "no_proxy=corp,127.0.0.1,localhost", "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=/f/cli.tfrc", "LAMBDASIM_ENDPOINT=http://sim",
		"AWS_ENDPOINT_URL=http://sim", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/f/aws_config", "AWS_SHARED_CREDENTIALS_FILE=/f/aws_credentials", "AWS_S3_ENDPOINT=http://sim",
		"AWS_DYNAMODB_ENDPOINT=http://sim", "AWS_STS_ENDPOINT=http://sim", "AWS_IAM_ENDPOINT=http://sim", "AWS_SSO_ENDPOINT=http://sim"}
	if diff := cmp.Diff(want, environment(user, "/f", "http://sim", regionOf(user))); diff != "" {
		t.Error(diff)
	}
}

func TestALockFileKeepsOtherProviders(t *testing.T) {
	dir := write(t, map[string]string{".terraform.lock.hcl": `provider "registry.terraform.io/hashicorp/aws" {
  version = "5.31.0"
}

# kept
provider "registry.terraform.io/hashicorp/random" {
  version = "3.6.0"
}
`})
	file := filepath.Join(dir, ".terraform.lock.hcl")
	if err := unlock(file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(text), "hashicorp/aws") || !strings.Contains(string(text), "hashicorp/random") || !strings.Contains(string(text), "# kept") {
		t.Errorf("%s (%v)", text, err)
	}
}

// The copy follows the module, keeps what a run wrote into it, and never writes back.
func TestACopyFollowsItsModule(t *testing.T) {
	dir := write(t, map[string]string{"env/test/main.tf": "1", "env/test/sub/gone.txt": "x", "env/test/terraform.tfstate": "real", "env/test/.terraform/x": "real",
		"env/prod/main.tf": "p", "modules/m/main.tf": "m"})
	module := filepath.Join(dir, "env/test")
	folder := filepath.Join(module, ".lambdasim/dropin")
	tr := &tree{module: module, root: filepath.Join(folder, "tree"), levels: 2, record: filepath.Join(folder, "copied.json")}
	sync := func() {
		t.Helper()
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := tr.sync(folder); err != nil {
			t.Fatal(err)
		}
	}
	content := func(path string) string {
		text, err := os.ReadFile(filepath.Join(tr.dir(), path))
		if err != nil {
			return "nothing"
		}
		return string(text)
	}
	sync()
	if err := os.WriteFile(filepath.Join(tr.dir(), "built.zip"), []byte("zip"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(module, "main.tf"), []byte("22"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(module, "sub/gone.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "env/prod")); err != nil {
		t.Fatal(err)
	}
	sync()
	for path, want := range map[string]string{"main.tf": "22", "sub/gone.txt": "nothing", "built.zip": "zip", "terraform.tfstate": "nothing", ".terraform/x": "nothing",
		"../../modules/m/main.tf": "m", "../prod/main.tf": "nothing"} {
		if got := content(path); got != want {
			t.Errorf("%s has %q, want %q", path, got, want)
		}
	}
	if _, err := os.Lstat(filepath.Join(tr.dir(), "../prod")); err == nil {
		t.Error("a link to what is gone is still there")
	}
	if err := os.WriteFile(filepath.Join(tr.dir(), "zzzzz_override.tf"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if name, err := laterOverride(tr.dir()); name != "zzzzz_override.tf" || err != nil {
		t.Errorf("the later override is %q (%v)", name, err)
	}
}

func TestAModuleThatIsNotThereIsSaid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "main.tf")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for module, want := range map[string]string{
		filepath.Join(t.TempDir(), "envs"): "envs: there is no such folder",
		file:                               "main.tf is not a folder",
	} {
		var stderr strings.Builder
		status := Command([]string{"run", "--module", module, "--", "terraform", "plan"}, "0.1.0", nil, io.Discard, &stderr)
		if status != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: status %d, %q; want %q", module, status, stderr.String(), want)
		}
	}
}
