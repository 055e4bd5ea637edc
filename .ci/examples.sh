#!/usr/bin/env bash
# Checks that every example is formatted and valid for the provider that was just built.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"

forget_cloud
cli=$(terraform_cli) || fail "there is no Terraform or OpenTofu of $least_cli or newer: make setup finds or builds one"
"$cli" fmt -check -diff -recursive examples || fail "the files above are not formatted: make fmt"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
lay_mirror "$work/mirror"
write_cli_config "$work/cli.tfrc" "$work/mirror"
export TF_CLI_CONFIG_FILE=$work/cli.tfrc

cp -R examples "$work/examples" # whole: one calls another as a module
count=0
while read -r folder; do
	copy=$work/$folder
	count=$((count + 1))
	if ! grep -q required_providers "$copy"/*.tf; then
		cat >"$copy/required_providers.tf" <<'TF'
terraform {
  required_providers {
    lambdasim = {
      source = "lambdasim/lambdasim"
    }
  }
}
TF
	fi
	if ! { "$cli" -chdir="$copy" init -no-color -input=false -backend=false && "$cli" -chdir="$copy" validate -no-color; } >"$work/log" 2>&1; then
		cat "$work/log" >&2
		fail "$folder is not valid"
	fi
done < <(find examples -name '*.tf' -not -path '*/.terraform/*' -not -path 'examples/dropin/*' -exec dirname {} + | sort -u)

# Those that are written for AWS run as they are. To check them nothing is called, so no backend has to be there.
for module in "$work"/examples/dropin/envs/*/; do
	: $((count += 1))
	if ! LAMBDASIM_ENDPOINT=http://127.0.0.1:1 "$BINARY" dropin run --module "$module" -- "$cli" validate -no-color >"$work/log" 2>&1; then
		cat "$work/log" >&2
		fail "examples/dropin/envs/$(basename "$module") is not valid"
	fi
done
[ "$count" -gt 0 ] || fail "there is no example to check"
say "$count examples are valid"
