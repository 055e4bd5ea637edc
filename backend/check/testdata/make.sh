#!/usr/bin/env bash
# make.sh [NAME...]: plans cases/NAME.tf (all without a name) with Terraform and the stand-in provider, into cases/NAME.json;
# applies it, and plans it again, when everything is known, into applied/NAME.json.
# Those of lambdasim-* were made with the built provider and a backend in the same way.
# A line "# file PATH" in a case begins another file; "# alone" leaves prelude.tf out.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
(cd "$here/standin" && go build -o "$work/bin/terraform-provider-aws_standin" .)
printf 'provider_installation {\n  dev_overrides {\n    "hashicorp/aws" = "%s"\n  }\n  direct {}\n}\n' "$work/bin" > "$work/rc"
export TF_CLI_CONFIG_FILE=$work/rc CHECKPOINT_DISABLE=1
unset AWS_CA_BUNDLE
[ $# -gt 0 ] || set -- $(cd "$here/cases" && ls *.tf | sed "s/\.tf$//" | grep -v ^lambdasim-)
plan() {
  terraform plan -out=p > log 2>&1 || { echo "$name:"; cat log; exit 1; }
  terraform show -json p | python3 "$here/slim.py" > "$1"
}
mkdir -p "$here/applied"
for name; do
  cd "$work"
  dir=$work/case; rm -rf "$dir"; mkdir "$dir"
  awk -v dir="$dir" 'BEGIN { out = dir "/main.tf" } /^# file / { out = dir "/" $3; system("mkdir -p $(dirname " out ")"); next } { print > out }' "$here/cases/$name.tf"
  grep -q '^# alone' "$here/cases/$name.tf" || cp "$here/prelude.tf" "$dir/"
  cd "$dir"
  if grep -q '^module' main.tf; then terraform get > /dev/null; fi
  plan "$here/cases/$name.json"
  terraform apply -auto-approve > log 2>&1 || { echo "$name:"; cat log; exit 1; }
  plan "$here/applied/$name.json"
done
