# Sourced by scripts that run a backend of their own in the folder $work: starting it, stopping it, showing its log.
# shellcheck shell=bash

backend=
log=$work/backend.log

# start_backend sets LAMBDASIM_ENDPOINT. The folder must let other users through: where this runs as root, the database
# and the functions run as somebody else.
start_backend() {
	local line='' start=$SECONDS
	mkfifo "$work/ready"
	"$root/$BINARY" backend --listen 127.0.0.1:0 --state-dir "$work/state" "$@" >"$work/ready" 2>"$log" &
	backend=$!
	exec 3<"$work/ready" # stays open, so that the backend can go on writing
	until read -r -t 1 -u 3 line && [ -n "$line" ]; do
		kill -0 "$backend" 2>/dev/null || fail "the backend ended before it was ready"
		[ $((SECONDS - start)) -lt 90 ] || fail "the backend is not ready after a minute and a half"
	done
	export LAMBDASIM_ENDPOINT=${line##* at }
	echo "  $line"
}

# stop_backend ends the backend, where one runs, and returns its status.
stop_backend() {
	local stopped=0
	[ -n "$backend" ] || return 0
	kill -TERM "$backend" 2>/dev/null || true
	wait "$backend" || stopped=$?
	backend=
	[ $stopped = 0 ] || printf 'error: the backend ended with status %s\n' "$stopped" >&2
	return $stopped
}

show_log() {
	[ -s "$log" ] || return 0
	printf -- '--- the end of the backend'\''s log:\n' >&2
	tail -n 40 "$log" >&2
}

# build_functions SCENARIO COPY builds each functions/<name>/main.go of a scenario into build/<name>/bootstrap of its copy.
build_functions() {
	local source name
	for source in "$1"/functions/*/main.go; do
		[ -e "$source" ] || continue
		name=$(basename "$(dirname "$source")")
		GOOS=linux CGO_ENABLED=0 "$GO" build -trimpath -tags lambda.norpc -o "$2/build/$name/bootstrap" "./$1/functions/$name"
	done
}

# architecture prints this machine's, as Lambda calls it.
architecture() {
	case $("$GO" env GOARCH) in
	arm64) echo arm64 ;;
	*) echo x86_64 ;;
	esac
}
