#!/usr/bin/env bash
# Runs golangci-lint with the settings of .golangci.yaml: the one on PATH, or one that is built from its Go module.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"

version=2.15.0
program=$(command -v golangci-lint || true)
if [ -z "$program" ] || ! at_least "$("$program" version --short 2>/dev/null || echo 0)" 2.0.0; then
	program=$tools/golangci-lint-$version
	if [ ! -x "$program" ]; then
		say "building golangci-lint $version into $tools; this takes some minutes, once"
		mkdir -p "$tools"
		(cd / && GOFLAGS='' GOBIN=$tools/new CGO_ENABLED=0 "$GO" install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$version")
		mv "$tools/new/golangci-lint" "$program"
		rmdir "$tools/new"
	fi
fi
"$program" run "$@" ./...
