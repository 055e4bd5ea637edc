# Sourced by the other scripts: where the tools are, and an environment that leads nowhere but to the simulator.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
GO=${GO:-go}
VERSION=${VERSION:-0.1.0}
BINARY=${BINARY:-bin/terraform-provider-lambdasim}

# The OpenTofu that is built where there is neither it nor Terraform. It must be a version that the module proxy lists.
tofu_version=1.12.6
least_cli=1.8.0
tools=${LAMBDASIM_TOOLS:-${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}}
tools=${LAMBDASIM_TOOLS:-${tools:+$tools/lambdasim}}
tools=${tools:-$root/.lambdasim/tools}

# forget_cloud unsets what would lead an SDK or Terraform elsewhere: profiles, keys, endpoints, certificate bundles,
# another CLI configuration, arguments for every command.
forget_cloud() {
	local name
	for name in $(compgen -e); do
		case $name in
		AWS_* | TF_* | LAMBDASIM_ENDPOINT) unset "$name" ;;
		esac
	done
	export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1
}

# say prints what a script does, on standard error.
say() { printf '==> %s\n' "$*" >&2; }

fail() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# at_least VERSION LEAST
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# cli_version PROGRAM prints 1.11.4, or nothing where it doesn't run.
cli_version() {
	(
		forget_cloud
		"$1" version 2>/dev/null | sed -n '1s/^[A-Za-z]* v\([0-9.]*\).*/\1/p'
	)
}

# terraform_cli prints the path of a Terraform or OpenTofu that is new enough, or fails.
terraform_cli() {
	local program version
	for program in "${LAMBDASIM_CLI:-}" "$(command -v terraform || true)" "$(command -v tofu || true)" "$tools/tofu-$tofu_version"; do
		[ -n "$program" ] && [ -x "$program" ] || continue
		version=$(cli_version "$program")
		if [ -n "$version" ] && at_least "$version" "$least_cli"; then
			printf '%s\n' "$program"
			return 0
		fi
	done
	return 1
}

# is_tofu PROGRAM
is_tofu() {
	(
		forget_cloud
		"$1" version 2>/dev/null | grep '^OpenTofu' >/dev/null
	)
}

# platform prints the provider's platform as Terraform writes it: linux_amd64.
platform() { printf '%s_%s\n' "$("$GO" env GOOS)" "$("$GO" env GOARCH)"; }

# lay_mirror FOLDER lays the built provider into a mirror that terraform and tofu install from.
lay_mirror() {
	local host place
	for host in registry.terraform.io registry.opentofu.org; do
		place=$1/$host/lambdasim/lambdasim/$VERSION/$(platform)
		mkdir -p "$place"
		cp -f "$root/$BINARY" "$place/terraform-provider-lambdasim_v$VERSION"
	done
}

# write_cli_config FILE MIRROR writes a CLI configuration that knows the mirror and no registry.
write_cli_config() {
	cat >"$1" <<CONFIG
disable_checkpoint = true

provider_installation {
  filesystem_mirror {
    path    = "$2"
    include = ["registry.terraform.io/lambdasim/*", "registry.opentofu.org/lambdasim/*"]
  }
}
CONFIG
}
