#!/usr/bin/env bash
# Makes sure that this machine has what the demo and the tests need, and installs what is missing:
#
#   PostgreSQL's programs       the backend keeps its state in PostgreSQL, and runs a private one
#   Terraform or OpenTofu       1.8 or newer, which drives the provider
#   python3 and node            functions written in Python and in Node run with them
#   the AWS CLI                 tests use it as people do
#   boto3 and npm               the AWS SDKs that functions use: Debian's for Python; npm fetches that for Node
#
# It asks once where somebody sits at the terminal, and never where CI is set. Where nothing is missing it ends at once.
set -euo pipefail
. "$(dirname "$0")/env.sh"

packages=()
build_tofu=false
reasons=()

want() { # want PACKAGE REASON
	packages+=("$1")
	reasons+=("$2")
}

have_postgres() {
	local folder
	[ -n "${LAMBDASIM_POSTGRES_BIN:-}" ] && return 0
	for folder in $(command -v postgres initdb 2>/dev/null | xargs -r -n 1 dirname | sort | uniq -d) \
		/usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin \
		/opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
		[ -x "$folder/postgres" ] && [ -x "$folder/initdb" ] && return 0
	done
	return 1
}

need_go() {
	command -v "$GO" >/dev/null || fail "there is no Go on this machine: install it from https://go.dev/dl, then go on"
	local have least
	least=$(sed -n 's/^go //p' "$root/go.mod")
	have=$(cd / && "$GO" env GOVERSION | sed 's/^go\([0-9.]*\).*/\1/')
	at_least "$have" "$least" && return
	[ "$(cd / && "$GO" env GOTOOLCHAIN)" != local ] && at_least "$have" 1.21 && return # it fetches the newer one by itself
	fail "Go $have is too old: go.mod asks for $least"
}

look() {
	have_postgres || want postgresql "PostgreSQL's programs: the backend keeps its state in a private PostgreSQL of its own"
	command -v python3 >/dev/null || want python3 "python3: functions written in Python run with it"
	/usr/bin/python3 -c 'import boto3' 2>/dev/null || { [ "$(id -u)" != 0 ] && python3 -c 'import boto3' 2>/dev/null; } ||
		want python3-boto3 "boto3: functions written in Python find it in Lambda's images"
	command -v node >/dev/null || want nodejs "node: functions written in Node run with it"
	command -v npm >/dev/null || want npm "npm: it fetches the AWS SDK that functions written in Node find in Lambda's images"
	case "$(aws --version 2>/dev/null) $(/usr/bin/aws --version 2>/dev/null)" in
	*aws-cli/2*) ;;
	*) want awscli "the AWS CLI: the tests read logs, streams, tables and queues with it" ;;
	esac
	if ! terraform_cli >/dev/null; then
		build_tofu=true
		reasons+=("OpenTofu $tofu_version: there is no Terraform or OpenTofu of $least_cli or newer; it is built from its Go module into $tools, which takes some minutes, once")
	fi
}

ask() {
	{
		echo "This is missing here, and will be installed:"
		printf '  - %s\n' "${reasons[@]}"
	} >&2
	[ -t 0 ] && [ -z "${CI:-}" ] || return 0
	local answer
	read -r -p "Go on? [Y/n] " answer
	case $answer in
	'' | y | Y | yes | Yes) ;;
	*) fail "nothing was installed; install the above by hand, then go on" ;;
	esac
}

# as_root runs a command as root, where that is possible without a password.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

by_hand() {
	# The backend can fetch PostgreSQL by itself, so that alone is no reason to stop.
	if [ "${packages[*]}" = postgresql ]; then
		say "$1; the backend will fetch PostgreSQL's programs by itself when it starts first"
		return 0
	fi
	fail "$1: install these yourself: ${packages[*]}"
}

install_packages() {
	[ ${#packages[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || { by_hand "this machine has no apt-get" && return; }
	as_root true 2>/dev/null || { by_hand "installing needs root, or sudo without a password" && return; }
	say "installing ${packages[*]}"
	local log settings=/etc/postgresql-common/createcluster.d/lambdasim.conf made=false
	log=$(mktemp)
	# Debian makes and starts a database at once; nobody needs that one here.
	if [[ " ${packages[*]} " == *" postgresql "* ]]; then
		as_root mkdir -p "$(dirname "$settings")"
		echo 'create_main_cluster = false' | as_root tee "$settings" >/dev/null
		made=true
	fi
	local ok=true
	{ as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -q -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1 </dev/null || ok=false
	[ $made = false ] || as_root rm -f "$settings"
	if [ $ok = false ]; then
		tail -n 20 "$log" >&2
		fail "apt-get could not install ${packages[*]}; the whole log is in $log"
	fi
	rm -f "$log"
}

# install_tofu builds OpenTofu as its own main module: its go.mod replaces a dependency, which go install refuses.
install_tofu() {
	[ $build_tofu = true ] || return 0
	local work source
	work=$(mktemp -d)
	say "fetching OpenTofu $tofu_version"
	source=$(cd "$work" && GOFLAGS=-modcacherw "$GO" mod download -json "github.com/opentofu/opentofu@v$tofu_version" 2>/dev/null | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
	[ -d "$source" ] || fail "the Go module proxy gave no github.com/opentofu/opentofu@v$tofu_version"
	cp -R "$source" "$work/opentofu"
	chmod -R u+w "$work/opentofu"
	say "building OpenTofu $tofu_version; this takes some minutes"
	(cd "$work/opentofu" && CGO_ENABLED=0 "$GO" build -trimpath -ldflags "-s -w -X github.com/opentofu/opentofu/version.dev=no" -o "$work/tofu" ./cmd/tofu) >"$work/log" 2>&1 ||
		{ tail -n 20 "$work/log" >&2 && fail "OpenTofu $tofu_version could not be built"; }
	mkdir -p "$tools"
	mv "$work/tofu" "$tools/tofu-$tofu_version.new"
	mv "$tools/tofu-$tofu_version.new" "$tools/tofu-$tofu_version"
	rm -rf "$work"
	[ "$(cli_version "$tools/tofu-$tofu_version")" = "$tofu_version" ] || fail "the OpenTofu that was built does not run"
	say "OpenTofu is in $tools"
}

need_go
look
if [ ${#reasons[@]} -gt 0 ]; then
	ask
	install_packages
	install_tofu
fi
