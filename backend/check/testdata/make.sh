#!/usr/bin/env bash
# make.sh [NAME...]: plans cases/NAME.tf (all without a name) with Terraform and the stand-in provider, into cases/NAME.json.
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
for name; do
  cd "$work"
  dir=$work/case; rm -rf "$dir"; mkdir "$dir"
  awk -v dir="$dir" 'BEGIN { out = dir "/main.tf" } /^# file / { out = dir "/" $3; system("mkdir -p $(dirname " out ")"); next } { print > out }' "$here/cases/$name.tf"
  grep -q '^# alone' "$here/cases/$name.tf" || cp "$here/prelude.tf" "$dir/"
  cd "$dir"
  if grep -q '^module' main.tf; then terraform get > /dev/null; fi
  terraform plan -out=p > log 2>&1 || { echo "$name:"; cat log; exit 1; }
  terraform show -json p | python3 -c '
import json, sys
p = json.load(sys.stdin)
for gone in ("timestamp", "relevant_attributes", "output_changes"): p.pop(gone, None)
for c in p["resource_changes"]:
    for gone in ("before_sensitive", "after_sensitive"): c["change"].pop(gone, None)
def slim(m):
    for r in m.get("resources", []): r.pop("sensitive_values", None)
    for c in m.get("child_modules", []): slim(c)
slim(p["planned_values"]["root_module"])
json.dump(p, sys.stdout, indent=None, separators=(",", ":")); print()' > "$here/cases/$name.json"
done
