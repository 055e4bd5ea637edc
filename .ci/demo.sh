#!/usr/bin/env bash
# The quickstart, end to end: starts a backend of its own, applies examples/scenarios/quickstart, sends real events, breaks
# and mends permissions on the way, prints the delivery trace, destroys, and stops the backend.
#
# Everything happens in a temporary folder, on a free port of the loopback interface. KEEP=1 leaves the folder behind.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"
forget_cloud

began=$SECONDS
cli=$(terraform_cli) || fail "there is no Terraform or OpenTofu of $least_cli or newer: make setup finds or builds one"
[ -x "$BINARY" ] || fail "there is no $BINARY: make build"

work=$(mktemp -d /tmp/lambdasim-demo.XXXXXX)
chmod 711 "$work" # functions and the database run as other users where this runs as root
. .ci/backend.sh

finish() {
	local status=$?
	trap - EXIT
	if [ $status -ne 0 ]; then
		printf '\nthe demo failed (status %s)\n' "$status" >&2
		if [ -s "$work/terraform.log" ]; then
			printf -- '--- the end of the last command of %s:\n' "$(basename "$cli")" >&2
			tail -n 30 "$work/terraform.log" >&2
		fi
		show_log
	fi
	stop_backend || true
	[ -n "${KEEP:-}" ] && echo "everything is still in $work" >&2 || rm -rf "$work"
	exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

title() { printf '\n== %s\n' "$*"; }

# terraform runs the CLI in the copy of the quickstart and keeps what it prints for the case that it fails.
terraform() { "$cli" -chdir="$work/quickstart" "$@" >"$work/terraform.log" 2>&1 </dev/null; }

apply() { # apply [-var …]
	terraform apply -auto-approve -input=false -no-color -var "architecture=$(architecture)" "$@" || return
	grep -E '^(Apply complete|No changes)' "$work/terraform.log" | sed 's/^/  /'
	"$cli" -chdir="$work/quickstart" output -json >"$work/outputs.json"
}

send() { "$work/send" -outputs "$work/outputs.json" ${mark:+-after "$mark"} "$@"; }

title "Build what the demo runs"
cp -R examples/scenarios/quickstart "$work/quickstart"
rm -rf "$work"/quickstart/{.terraform,.lambdasim,build} "$work"/quickstart/terraform.tfstate*
build_functions examples/scenarios/quickstart "$work/quickstart"
"$GO" build -o "$work/send" ./examples/scenarios/quickstart/send
lay_mirror "$work/mirror"
write_cli_config "$work/cli.tfrc" "$work/mirror"
export TF_CLI_CONFIG_FILE=$work/cli.tfrc
echo "  the provider, a function in Go, and the program that sends events"

title "Start the simulator"
start_backend

title "$(basename "$cli") init and apply: three functions, one for each way of being invoked"
terraform init -input=false -no-color
apply -var partner_admitted=false

title "Push: an object arrives, S3 calls the function, its policy decides"
send upload incoming/cat.jpg
send upload "incoming/red flower.jpg"
send upload elsewhere/ignored.jpg
send expect uploads 2 delivered

title "Pull: orders arrive, Lambda's poller reads the stream as the execution role"
send orders 6
send arrived 6

title "Custom applications: they call Invoke themselves"
send quote storefront
send -expect refused quote partner

title "Refused at configuration: a permission whose source ARN names another bucket"
if apply -var partner_admitted=false -var wrong_source_arn=true; then
	fail "S3 took a notification that it may not deliver"
fi
grep -q 'Unable to validate the following destination configurations' "$work/terraform.log" ||
	fail "the apply failed, but not with S3's error"
sed -n '/Error:/,$p' "$work/terraform.log" | sed -e 's/^[│╷╵ ]*//' -e '/^$/d' -e 's/^/    /'

title "Mended, and the partner's account is named by the function's policy now"
apply
send quote partner
send -expect refused quote bystander

title "Taken away: the bucket's permission, and the role's right to read the stream"
apply -var revoke_upload_permission=true -var revoke_stream_read=true
mark=$("$work/send" -outputs "$work/outputs.json" mark)
send upload incoming/late.jpg
send orders 4
send expect uploads 1 denied
send expect orders 1 denied

title "Given back: the poller goes on where it stopped, and no order is lost"
apply
send arrived 4
send upload incoming/again.jpg
send expect uploads 1 delivered
mark=

title "The delivery trace"
send trace

title "$(basename "$cli") destroy, and stop"
terraform destroy -auto-approve -input=false -no-color -var "architecture=$(architecture)"
grep '^Destroy complete' "$work/terraform.log" | sed 's/^/  /'
stop_backend
echo "  the backend has stopped"
printf '\nThe demo took %s seconds. Next: README.md, "Five minutes".\n' "$((SECONDS - began))"
