#!/usr/bin/env bash
# What make test runs: the vet checks, every test, and the examples. Says at the end what failed.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"

failed=()
check() { # check NAME COMMAND…
	local name=$1
	shift
	say "$name"
	"$@" || failed+=("$name")
}

unformatted() {
	local files
	files=$(gofmt -l main.go provider backend examples .ci)
	[ -z "$files" ] || {
		printf 'not formatted, run make fmt:\n%s\n' "$files"
		return 1
	}
}

check "gofmt" unformatted
check "go vet" "$GO" vet ./...
check "tests" .ci/gotest.sh
check "examples" .ci/examples.sh
check "terraform test of the scenarios" .ci/scenarios.sh

if [ ${#failed[@]} -gt 0 ]; then
	fail "failed: $(printf '%s; ' "${failed[@]}")"
fi
say "everything passed"
