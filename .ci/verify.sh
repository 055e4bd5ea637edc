#!/usr/bin/env bash
# Generates the reference anew and fails where it differs from what is there: what is generated is committed.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"

before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
cp -R docs examples "$before"
.ci/generate.sh
difference=0
for folder in docs examples; do
	diff -ru "$before/$folder" "$folder" || difference=1
done
[ $difference = 0 ] || fail "what is generated differs from what was there; it is written now: look at it and commit it"
say "nothing differs"
