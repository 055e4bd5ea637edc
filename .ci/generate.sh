#!/usr/bin/env bash
# Writes the reference (docs/index.md, docs/resources, docs/data-sources …) from the built provider's schemas and from
# examples/. What is written by hand under docs/ stays as it is.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"

forget_cloud
cli=$(terraform_cli) || fail "there is no Terraform or OpenTofu of $least_cli or newer: make setup finds or builds one"
"$cli" fmt -recursive examples

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
lay_mirror "$work/mirror"
write_cli_config "$work/cli.tfrc" "$work/mirror"
export TF_CLI_CONFIG_FILE=$work/cli.tfrc
mkdir "$work/module"
cat >"$work/module/main.tf" <<'TF'
terraform {
  required_providers {
    lambdasim = {
      source = "lambdasim/lambdasim"
    }
  }
}
TF
"$cli" -chdir="$work/module" init -no-color -input=false >"$work/log" 2>&1 || { cat "$work/log" >&2 && fail "init failed"; }
"$cli" -chdir="$work/module" providers schema -json |
	sed 's,"registry[^"]*/lambdasim/lambdasim":,"lambdasim":,' >"$work/schema.json"

docs_tool=0.25.0
program=$tools/tfplugindocs-$docs_tool
if [ ! -x "$program" ]; then
	say "building tfplugindocs $docs_tool into $tools, once"
	mkdir -p "$tools"
	(cd / && GOFLAGS='' GOBIN=$tools/new CGO_ENABLED=0 "$GO" install "github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs@v$docs_tool")
	mv "$tools/new/tfplugindocs" "$program"
	rmdir "$tools/new"
fi
"$program" generate --provider-name lambdasim --rendered-provider-name lambdasim --providers-schema "$work/schema.json" >"$work/log" 2>&1 ||
	{ cat "$work/log" >&2 && fail "tfplugindocs failed"; }
say "docs/ is written"
