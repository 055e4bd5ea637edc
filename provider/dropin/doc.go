// Package dropin runs modules that are written for AWS against the simulator, as they are: "terraform-provider-lambdasim
// dropin run -- terraform apply".
//
// The provider answers under two names. Started as terraform-provider-lambdasim it serves lambdasim_…; started as
// terraform-provider-aws… it serves the same resources as aws_…, with the AWS provider's configuration block. This package
// arranges that Terraform starts it so, and that nothing that Terraform starts can reach a cloud. There is one rule for
// that: what a run needs is made, and what a user has for the real cloud is left out, not overridden piece by piece.
//
//	what a real run would use            what a run here uses
//	──────────────────────────           ───────────────────────────────────────────────────────────────────
//	the module's folder                  a copy, in .lambdasim/dropin/tree of that folder: see tree.go
//	its state backend, or cloud block    a local state in .lambdasim/dropin, which persists: an override file
//	its lock file, its .terraform        the copy's own; the lock has no entry for the providers served here
//	~/.terraformrc, TF_CLI_CONFIG_FILE   a configuration that takes hashicorp/aws from a mirror and from nowhere else
//	TF_…                                 gone, but for variables, logging, tokens of registries: see environ.go
//	AWS_…, profiles, instance metadata   the simulator's address and keys, and files without a profile
//	-chdir, -plugin-dir, -state          refused by name; -backend-config is left out: see arguments.go
//
// Every other provider comes from where somebody has put it for Terraform to find (terraform.d/plugins of the module,
// ~/.terraform.d/plugins), or else from its registry, with the user's proxy, so that archive_file, random_pet and
// null_resource are what they are elsewhere. What they start (local-exec) has the same environment.
//
// The versions in the mirror are chosen so that they satisfy what the module and its child modules ask for: see
// versions.go. They are all the same program. Registry modules are fetched first, because they ask too.
//
// What is not here: nothing decides which resources there are (package provider), or whether a backend runs (package
// autostart, which starts one in the module's folder unless LAMBDASIM_ENDPOINT names one).
package dropin
