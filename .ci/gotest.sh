#!/usr/bin/env bash
# Runs the Go tests of PACKAGES, with the provider's acceptance tests among them, and sums up what ran.
# Arguments go to go test; -v also prints everything that the tests write.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"

seed=${SEED:-} seeds=${SEEDS:-} minutes=${MINUTES:-}
forget_cloud
cli=$(terraform_cli) || fail "there is no Terraform or OpenTofu of $least_cli or newer: make setup finds or builds one"
export TF_ACC=1 TF_ACC_TERRAFORM_PATH=$cli
if is_tofu "$cli"; then
	export TF_ACC_PROVIDER_HOST=registry.opentofu.org TF_ACC_PROVIDER_NAMESPACE=hashicorp
fi
[ -z "$seed" ] || export LAMBDASIM_SEED=$seed
[ -z "$seeds" ] || export LAMBDASIM_SEEDS=$seeds
[ -z "$minutes" ] || export LAMBDASIM_REAL=${minutes}m

verbose=()
for argument; do
	[ "$argument" = -v ] && verbose=(-v)
done
read -ra packages <<<"${PACKAGES:-./...}"
read -ra race <<<"${RACEFLAG:-}"

summary=$(mktemp)
trap 'rm -f "$summary"' EXIT
"$GO" build -o "$summary" .ci/summary.go
"$GO" test -count=1 -timeout=9m ${race[@]+"${race[@]}"} "$@" -json "${packages[@]}" | "$summary" ${verbose[@]+"${verbose[@]}"}
