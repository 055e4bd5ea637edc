#!/usr/bin/env bash
# Runs terraform test in each scenario under examples/ that has tests, against a backend of its own: those that move the clock
# against one whose clock is virtual. With names as arguments, these scenarios alone.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"
forget_cloud
cli=$(terraform_cli) || fail "there is no Terraform or OpenTofu of $least_cli or newer: make setup finds or builds one"
[ -x "$BINARY" ] || fail "there is no $BINARY: make build"

work=$(mktemp -d /tmp/lambdasim-test.XXXXXX)
chmod 711 "$work"
. .ci/backend.sh

finish() {
	local status=$?
	trap - EXIT
	[ $status = 0 ] || show_log
	stop_backend || true
	rm -rf "$work"
	exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

lay_mirror "$work/mirror"
write_cli_config "$work/cli.tfrc" "$work/mirror"
export TF_CLI_CONFIG_FILE=$work/cli.tfrc
mkdir "$work/scenarios"
cp -R examples/testing "$work/testing"

# play runs the tests of a scenario.
play() {
	local scenario=$1 copy=$work/scenarios/$(basename "$1") # as deep as it lies in examples/, for the modules that it calls
	cp -R "$scenario" "$copy"
	rm -rf "$copy"/{.terraform,.lambdasim,build} "$copy"/terraform.tfstate*
	build_functions "$scenario" "$copy"
	TF_VAR_architecture=$(architecture)
	export TF_VAR_architecture
	"$cli" -chdir="$copy" init -no-color -input=false >"$work/log" 2>&1 || { cat "$work/log" >&2 && fail "init failed in $scenario"; }
	"$cli" -chdir="$copy" test -no-color || fail "the tests of $scenario failed"
}

played=0
for clock in real virtual; do
	start_backend --clock "$clock"
	for scenario in examples/scenarios/*/; do
		scenario=${scenario%/}
		compgen -G "$scenario/tests/*.tftest.hcl" >/dev/null || continue
		case " $* " in *" $(basename "$scenario") "* | "  ") ;; *) continue ;; esac
		wants=real
		! grep -rqs --include='*.tf' lambdasim_time_advance "$scenario" || wants=virtual
		[ "$wants" = "$clock" ] || continue
		play "$scenario"
		played=$((played + 1))
	done
	stop_backend
	rm -rf "$work/state" "$work/ready"
done
[ "$played" -gt 0 ] || fail "no scenario has tests"
