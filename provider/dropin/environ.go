package dropin

import (
	"path/filepath"
	"slices"
	"strings"
)

// kept are the TF_… variables that a run keeps, or their beginnings: a module's variables, logging, how to ask, tokens of
// registries and how to speak to them. Everything else that begins so can lead elsewhere (TF_CLI_CONFIG_FILE,
// TF_REATTACH_PROVIDERS, TF_DATA_DIR, TF_CLI_ARGS, TF_HTTP_ADDRESS, TF_PLUGIN_CACHE_DIR …) and is left out.
var kept = []string{"TF_VAR_", "TF_LOG", "TF_INPUT", "TF_IN_AUTOMATION", "TF_TOKEN_", "TF_REGISTRY_", "TF_WORKSPACE"}

// leads reports whether a variable can lead a run to something other than the simulator.
func leads(name string) bool {
	switch {
	case strings.HasPrefix(name, "AWS_"), name == "LAMBDASIM_ENDPOINT", name == "BOTO_CONFIG":
		return true
	case strings.HasPrefix(name, "TF_"):
		return !slices.ContainsFunc(kept, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	}
	return false
}

// profiles are the files that take the place of ~/.aws/config and ~/.aws/credentials.
func profiles(endpoint, region string) (config, credentials string) {
	return "[default]\nregion = " + region + "\nendpoint_url = " + endpoint + "\n", "[default]\naws_access_key_id = test\naws_secret_access_key = test\n"
}

// environment is what a run starts with: the user's, without what leads elsewhere, and with what leads to the simulator. The
// S3 backend of Terraform before 1.6 has variables of its own for addresses. The proxy stays, for registries: the provider
// never uses it, and what is on this machine is not asked for through it.
func environment(user []string, folder, endpoint, region string) []string {
	var env []string
	var around string
	for _, v := range user {
		name, value, _ := strings.Cut(v, "=")
		switch {
		case leads(name):
		case strings.EqualFold(name, "NO_PROXY"):
			around = strings.Trim(around+","+value, ",")
		default:
			env = append(env, v)
		}
	}
	around = strings.Trim(around+",127.0.0.1,localhost", ",")
	env = append(env, "NO_PROXY="+around, "no_proxy="+around, "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+filepath.Join(folder, "cli.tfrc"),
		"LAMBDASIM_ENDPOINT="+endpoint, "AWS_ENDPOINT_URL="+endpoint, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_REGION="+region, "AWS_DEFAULT_REGION="+region, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+filepath.Join(folder, "aws_config"), "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(folder, "aws_credentials"))
	for _, service := range []string{"S3", "DYNAMODB", "STS", "IAM", "SSO"} {
		env = append(env, "AWS_"+service+"_ENDPOINT="+endpoint)
	}
	return env
}

// regionOf is the region that the user's environment names: a name leads nowhere, and modules rely on it.
func regionOf(user []string) string {
	values := map[string]string{}
	for _, v := range user {
		name, value, _ := strings.Cut(v, "=")
		values[name] = value
	}
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if values[name] != "" {
			return values[name]
		}
	}
	return "us-east-1"
}
