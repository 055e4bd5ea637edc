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
# Built, not run: what is released for other systems. Python and Node functions run on macOS too; Windows is sent to its
# subsystem for Linux.
elsewhere() {
	local system
	for system in darwin/arm64 linux/arm64 windows/amd64; do
		GOOS=${system%/*} GOARCH=${system#*/} CGO_ENABLED=0 "$GO" build -trimpath -o /dev/null . || return 1
	done
}

check "tests" .ci/gotest.sh
check "builds for other systems" elsewhere
check "examples" .ci/examples.sh
check "terraform test of the scenarios" .ci/scenarios.sh

if [ ${#failed[@]} -gt 0 ]; then
	fail "failed: $(printf '%s; ' "${failed[@]}")"
fi
say "everything passed"
