package provider

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// TestDropinServesWhatAWSHasAndNothingElse holds the two modes to one another: what has a counterpart in the AWS provider is
// served in both, under AWS's name; what is the simulator's own is not served under AWS's prefix.
func TestDropinServesWhatAWSHasAndNothingElse(t *testing.T) {
	served := map[string]bool{}
	own, aws := New("test")(), NewAWS("test")()
	for _, p := range []provider.Provider{own, aws} {
		for _, create := range p.Resources(t.Context()) {
			var name resource.MetadataResponse
			create().Metadata(context.Background(), resource.MetadataRequest{ProviderTypeName: awsType}, &name)
			served[name.TypeName] = p == aws
		}
		for _, create := range p.DataSources(t.Context()) {
			var name datasource.MetadataResponse
			create().Metadata(context.Background(), datasource.MetadataRequest{ProviderTypeName: awsType}, &name)
			served["data "+name.TypeName] = p == aws
		}
	}
	for name, inAWS := range served {
		if isOwn := differences[name] == noCounterpart; isOwn == inAWS {
			t.Errorf("%s: served in drop-in mode: %v; the simulator's own: %v", name, inAWS, isOwn)
		}
	}
}

// A block that the AWS provider takes is taken: no argument of it may be lost.
func TestTheConfigurationBlockIsWhole(t *testing.T) {
	var s provider.SchemaResponse
	NewAWS("test")().Schema(t.Context(), provider.SchemaRequest{}, &s)
	if diags := s.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Fatal(diags)
	}
	for _, name := range []string{"access_key", "allowed_account_ids", "custom_ca_bundle", "ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode", "forbidden_account_ids",
		"http_proxy", "https_proxy", "insecure", "max_retries", "no_proxy", "profile", "region", "retry_mode", "s3_us_east_1_regional_endpoint", "s3_use_path_style", "secret_key",
		"shared_config_files", "shared_credentials_files", "skip_credentials_validation", "skip_metadata_api_check", "skip_region_validation", "skip_requesting_account_id", "sts_region",
		"tag_policy_compliance", "token", "token_bucket_rate_limiter_capacity", "use_dualstack_endpoint", "use_fips_endpoint", "user_agent"} {
		if a, ok := s.Schema.Attributes[name]; !ok || !a.IsOptional() {
			t.Errorf("%s is not an argument", name)
		}
	}
	for _, name := range []string{"assume_role", "assume_role_with_web_identity", "default_tags", "endpoints", "ignore_tags"} {
		if _, ok := s.Schema.Blocks[name]; !ok {
			t.Errorf("%s is not a block", name)
		}
	}
}
