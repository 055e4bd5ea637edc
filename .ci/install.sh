#!/usr/bin/env bash
# Puts the built provider into the folder that Terraform and OpenTofu search without being told.
set -euo pipefail
. "$(dirname "$0")/env.sh"

folder=${HOME:?HOME is not set, so there is no place to install to}/.terraform.d/plugins
lay_mirror "$folder"
say "installed $VERSION into $folder: terraform init finds lambdasim/lambdasim now"
