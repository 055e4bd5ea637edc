package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// functionTimeout is how long create, update and delete may take where the configuration does not say.
const functionTimeout = 10 * time.Minute

type functionResource struct{ resourceBase }

func newFunctionResource() resource.Resource { return &functionResource{} }

var (
	_ resource.ResourceWithConfigure      = &functionResource{}
	_ resource.ResourceWithModifyPlan     = &functionResource{}
	_ resource.ResourceWithValidateConfig = &functionResource{}
	_ resource.ResourceWithImportState    = &functionResource{}
)

// Metadata names the type.
func (r *functionResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = lambdaType(req.ProviderTypeName, "function")
}

// ValidateConfig refuses what is not simulated, and what AWS's provider refuses at plan.
func (r *functionResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	refuse(ctx, req.Config, functionRefused, &resp.Diagnostics)
	var m functionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.PackageType.IsUnknown() || m.PackageType.ValueString() == "Image" {
		return
	}
	for name, v := range map[string]types.String{"handler": m.Handler, "runtime": m.Runtime} {
		if v.IsNull() {
			resp.Diagnostics.AddAttributeError(path.Root(name), "handler and runtime must be set when PackageType is Zip", name+" is missing.")
		}
	}
}

// ModifyPlan fills in what is known before anything is made: region, tags, ARNs, and the hash of the code.
func (r *functionResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients == nil || req.Plan.Raw.IsNull() {
		return
	}
	region := r.planRegion(ctx, req, resp)
	r.planTags(ctx, resp)
	var plan, state functionModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	version := "$LATEST"
	if !req.State.Raw.IsNull() {
		version = state.Version.ValueString()
	}
	r.planNames(ctx, &plan, region, version)
	plan.planKept(&state)
	r.planCode(ctx, req, &plan, &state, &resp.Diagnostics)
	if plan.publishes(&state) {
		plan.Version, plan.QualifiedARN, plan.QualifiedInvokeARN = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	}
	switch {
	case req.State.Raw.IsNull():
	case plan.changes(&state): // also where code alone has changed, which the configuration does not show
		plan.LastModified, plan.SourceCodeSize = types.StringUnknown(), types.Int64Unknown()
	default:
		plan.LastModified, plan.SourceCodeSize = state.LastModified, state.SourceCodeSize
	}
	plan.SigningJobARN, plan.SigningProfileVersionARN = types.StringValue(""), types.StringValue("")
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// planNames writes the ARNs, when region, account and name are known. A backend that does not answer leaves them unknown.
func (r *functionResource) planNames(ctx context.Context, plan *functionModel, region, version string) {
	if region == "" || plan.FunctionName.IsUnknown() {
		return
	}
	account, err := r.clients.Account(ctx)
	if err != nil {
		return
	}
	name := functionNameForm.FindStringSubmatch(plan.FunctionName.ValueString())
	if name == nil {
		return
	}
	plan.ID = types.StringValue(name[5])
	plan.names(region, account, name[5], version)
}

// planCode computes code_sha256 from filename, so that changed code is a change of the plan.
func (r *functionResource) planCode(ctx context.Context, req resource.ModifyPlanRequest, plan, state *functionModel, diags *diag.Diagnostics) {
	var given types.String
	diags.Append(req.Config.GetAttribute(ctx, path.Root("code_sha256"), &given)...)
	switch {
	case !given.IsNull():
	case plan.Filename.IsUnknown():
		plan.CodeSHA256 = types.StringUnknown()
	case !plan.Filename.IsNull():
		data, err := zipped(plan.Filename.ValueString())
		switch {
		case err != nil && !req.State.Raw.IsNull() && !plan.codeMoves(state):
			plan.CodeSHA256 = state.CodeSHA256 // nothing says that the code is another, and it is not read where it is not needed
			return
		case err != nil:
			plan.CodeSHA256 = types.StringUnknown() // the file may be made by something that is applied before
			return
		}
		plan.CodeSHA256 = types.StringValue(codeHash(data))
	case plan.codeMoves(state):
		plan.CodeSHA256 = types.StringUnknown()
	default:
		plan.CodeSHA256 = state.CodeSHA256
	}
}

// codeMoves reports whether the code is to be uploaded again.
func (m *functionModel) codeMoves(state *functionModel) bool {
	return !m.Filename.Equal(state.Filename) || !m.ImageURI.Equal(state.ImageURI) || !m.SourceKMSKeyARN.Equal(state.SourceKMSKeyARN) || !m.S3Bucket.Equal(state.S3Bucket) || !m.S3Key.Equal(state.S3Key) || !m.S3ObjectVersion.Equal(state.S3ObjectVersion) ||
		(!m.SourceCodeHash.IsUnknown() && !m.SourceCodeHash.Equal(state.SourceCodeHash)) || !m.Architectures.Equal(state.Architectures)
}

// configMoves reports whether the configuration is to be written again.
func (m *functionModel) configMoves(state *functionModel) bool {
	return !m.Description.Equal(state.Description) || !m.Handler.Equal(state.Handler) || !m.Runtime.Equal(state.Runtime) || !m.Role.Equal(state.Role) ||
		!m.MemorySize.Equal(state.MemorySize) || !m.Timeout.Equal(state.Timeout) || !m.Environment.Equal(state.Environment) ||
		!m.EphemeralStorage.Equal(state.EphemeralStorage) || !m.TracingConfig.Equal(state.TracingConfig) || !m.LoggingConfig.Equal(state.LoggingConfig) ||
		!m.DeadLetterConfig.Equal(state.DeadLetterConfig) || !m.Layers.Equal(state.Layers) || !m.VPCConfig.Equal(state.VPCConfig) ||
		!m.FileSystemConfig.Equal(state.FileSystemConfig) || !m.ImageConfig.Equal(state.ImageConfig) || !m.SnapStart.Equal(state.SnapStart) || !m.KMSKeyARN.Equal(state.KMSKeyARN)
}

// publishes reports whether a version is to be published: at creation, when publish is turned on, and with every change.
func (m *functionModel) publishes(state *functionModel) bool {
	return m.Publish.IsUnknown() || m.Publish.ValueBool() && (!state.Publish.ValueBool() || m.changes(state))
}

func (m *functionModel) changes(state *functionModel) bool {
	return m.codeMoves(state) || m.configMoves(state) || !m.CodeSHA256.Equal(state.CodeSHA256)
}

// Create makes the function.
func (r *functionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m functionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	ctx, cancel := r.deadline(ctx, &resp.Diagnostics, m.Timeouts.Create)
	defer cancel()
	in := &lambda.CreateFunctionInput{PackageType: awstypes.PackageType(m.PackageType.ValueString()), KMSKeyArn: given(m.KMSKeyARN), FunctionName: m.FunctionName.ValueStringPointer(), Role: m.Role.ValueStringPointer(), Description: m.Description.ValueStringPointer(),
		Handler: m.Handler.ValueStringPointer(), Runtime: awstypes.Runtime(m.Runtime.ValueString()), MemorySize: aws.Int32(int32(m.MemorySize.ValueInt64())),
		Timeout: aws.Int32(int32(m.Timeout.ValueInt64())), Architectures: m.architectures(ctx, &resp.Diagnostics), EphemeralStorage: m.storage(),
		TracingConfig: m.tracing(), LoggingConfig: m.logging(), DeadLetterConfig: m.deadLetter(), Layers: textsOfList(m.Layers), Tags: tagsOf(ctx, m.TagsAll, &resp.Diagnostics), Code: m.code(&resp.Diagnostics), Publish: m.Publish.ValueBool()}
	if v := m.variables(ctx, &resp.Diagnostics); v != nil {
		in.Environment = &awstypes.Environment{Variables: v}
	}
	m.createKept(in)
	if resp.Diagnostics.HasError() {
		return
	}
	client := r.clients.Lambda(m.Region.ValueString())
	err := patiently(ctx, r.clients.Patience, saying(roleTexts), func() error {
		_, err := client.CreateFunction(ctx, in)
		return err
	})
	if err != nil {
		addError(&resp.Diagnostics, "Creating the function", m.FunctionName.ValueString(), err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...) // it exists: if it cannot be read now, the state has it all the same
	if n := m.ReservedConcurrentExecutions.ValueInt64(); n >= 0 {
		r.reserve(ctx, client, &m, &resp.Diagnostics)
	}
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// deadline bounds an operation by its timeout.
func (r *functionResource) deadline(ctx context.Context, diags *diag.Diagnostics, of func(context.Context, time.Duration) (time.Duration, diag.Diagnostics)) (context.Context, context.CancelFunc) {
	d, more := of(ctx, functionTimeout)
	diags.Append(more...)
	return context.WithTimeout(ctx, d)
}

// code is the deployment package as CreateFunction takes it.
func (m *functionModel) code(diags *diag.Diagnostics) *awstypes.FunctionCode {
	if m.Filename.IsNull() {
		return &awstypes.FunctionCode{S3Bucket: m.S3Bucket.ValueStringPointer(), S3Key: m.S3Key.ValueStringPointer(), S3ObjectVersion: given(m.S3ObjectVersion), ImageUri: m.ImageURI.ValueStringPointer(),
			SourceKMSKeyArn: given(m.SourceKMSKeyARN)}
	}
	data, err := zipped(m.Filename.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("filename"), "Reading the code", err.Error())
	} else if want := m.CodeSHA256; !want.IsNull() && !want.IsUnknown() && want.ValueString() != codeHash(data) {
		diags.AddAttributeError(path.Root("filename"), "The code changed between plan and apply",
			fmt.Sprintf("The plan was made with code whose SHA-256 is %s, and now it is %s. Plan again.", want.ValueString(), codeHash(data)))
	}
	return &awstypes.FunctionCode{ZipFile: data, SourceKMSKeyArn: given(m.SourceKMSKeyARN)}
}

// refresh reads the function into the model; it reports false, without an error, when the function is gone.
func (r *functionResource) refresh(ctx context.Context, m *functionModel, diags *diag.Diagnostics) bool {
	region := m.Region.ValueString()
	out, err := r.clients.Lambda(region).GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: m.FunctionName.ValueStringPointer()})
	if isNotFound(err) {
		return false
	}
	if err != nil {
		addError(diags, "Reading the function", m.FunctionName.ValueString(), err)
		return false
	}
	account, err := r.clients.Account(ctx)
	if err != nil {
		addError(diags, "Reading the caller's account", "", err)
		return false
	}
	if m.Region.IsNull() || m.Region.IsUnknown() {
		m.Region = types.StringValue(r.clients.Region)
	}
	version, err := newest(ctx, r.clients.Lambda(region), m.FunctionName.ValueStringPointer())
	if err != nil {
		addError(diags, "Reading the versions of the function", m.FunctionName.ValueString(), err)
		return false
	}
	m.read(out.Configuration)
	if c := out.Code; c != nil {
		m.ImageURI, m.SourceKMSKeyARN = optionalString(c.ImageUri, m.ImageURI), optionalString(c.SourceKMSKeyArn, m.SourceKMSKeyARN)
	}
	m.names(m.Region.ValueString(), account, aws.ToString(out.Configuration.FunctionName), version)
	m.ReservedConcurrentExecutions = types.Int64Value(-1)
	if c := out.Concurrency; c != nil && c.ReservedConcurrentExecutions != nil {
		m.ReservedConcurrentExecutions = types.Int64Value(int64(*c.ReservedConcurrentExecutions))
	}
	m.Tags, m.TagsAll = r.readTags(out.Tags, m.Tags)
	return true
}

// Read refreshes the state; a function that is gone leaves it.
func (r *functionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m functionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !r.refresh(ctx, &m, &resp.Diagnostics) {
		if !resp.Diagnostics.HasError() {
			resp.State.RemoveResource(ctx)
		}
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update changes configuration, code and tags, in that order, each only where it differs.
func (r *functionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, was functionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	ctx, cancel := r.deadline(ctx, &resp.Diagnostics, m.Timeouts.Update)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	client := r.clients.Lambda(m.Region.ValueString())
	if m.configMoves(&was) {
		r.updateConfiguration(ctx, client, &m, &was, &resp.Diagnostics)
	}
	if !resp.Diagnostics.HasError() && (m.codeMoves(&was) || !m.CodeSHA256.Equal(was.CodeSHA256)) {
		r.updateCode(ctx, client, &m, &resp.Diagnostics)
	}
	if !resp.Diagnostics.HasError() && !m.ReservedConcurrentExecutions.Equal(was.ReservedConcurrentExecutions) {
		r.reserve(ctx, client, &m, &resp.Diagnostics)
	}
	if !resp.Diagnostics.HasError() && m.publishes(&was) {
		if _, err := client.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: m.FunctionName.ValueStringPointer()}); err != nil {
			addError(&resp.Diagnostics, "Publishing a version of the function", m.FunctionName.ValueString(), err)
		}
	}
	if !resp.Diagnostics.HasError() && !m.TagsAll.Equal(was.TagsAll) {
		r.updateTags(ctx, client, was.ARN.ValueString(), tagsOf(ctx, was.TagsAll, &resp.Diagnostics), tagsOf(ctx, m.TagsAll, &resp.Diagnostics), &resp.Diagnostics)
	}
	if !resp.Diagnostics.HasError() && r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

func (r *functionResource) updateConfiguration(ctx context.Context, client *lambda.Client, m, was *functionModel, diags *diag.Diagnostics) {
	variables := m.variables(ctx, diags)
	if variables == nil {
		variables = map[string]string{} // clears them
	}
	in := &lambda.UpdateFunctionConfigurationInput{FunctionName: m.FunctionName.ValueStringPointer(),
		Role: m.Role.ValueStringPointer(), Description: aws.String(m.Description.ValueString()), Handler: m.Handler.ValueStringPointer(),
		Runtime: awstypes.Runtime(m.Runtime.ValueString()), MemorySize: aws.Int32(int32(m.MemorySize.ValueInt64())), Timeout: aws.Int32(int32(m.Timeout.ValueInt64())),
		Environment: &awstypes.Environment{Variables: variables}, EphemeralStorage: m.storage(), TracingConfig: m.tracing(), LoggingConfig: m.logging(),
		DeadLetterConfig: &awstypes.DeadLetterConfig{TargetArn: aws.String(fieldText(m.DeadLetterConfig, "target_arn"))}, // "" clears it
		Layers:           append([]string{}, textsOfList(m.Layers)...), KMSKeyArn: aws.String(m.KMSKeyARN.ValueString())} // none clears them, "" the key
	m.updateKept(in, was)
	err := patiently(ctx, r.clients.Patience, saying(roleTexts), func() error {
		_, err := client.UpdateFunctionConfiguration(ctx, in)
		return err
	})
	if err != nil {
		addError(diags, "Updating the configuration of the function", m.FunctionName.ValueString(), err)
	}
}

func (r *functionResource) updateCode(ctx context.Context, client *lambda.Client, m *functionModel, diags *diag.Diagnostics) {
	code := m.code(diags)
	if diags.HasError() {
		return
	}
	_, err := client.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: m.FunctionName.ValueStringPointer(), ZipFile: code.ZipFile,
		S3Bucket: code.S3Bucket, S3Key: code.S3Key, S3ObjectVersion: code.S3ObjectVersion, ImageUri: code.ImageUri, SourceKMSKeyArn: code.SourceKMSKeyArn, Architectures: m.architectures(ctx, diags)})
	if err != nil {
		addError(diags, "Updating the code of the function", m.FunctionName.ValueString(), err)
	}
}

// updateTags brings the tags of a function or a mapping from one set to another.
func (b *resourceBase) updateTags(ctx context.Context, client *lambda.Client, arn string, was, is map[string]string, diags *diag.Diagnostics) {
	var gone []string
	for k := range was {
		if _, ok := is[k]; !ok {
			gone = append(gone, k)
		}
	}
	if len(gone) > 0 {
		if _, err := client.UntagResource(ctx, &lambda.UntagResourceInput{Resource: &arn, TagKeys: gone}); err != nil {
			addError(diags, "Removing tags of", arn, err)
		}
	}
	if len(is) > 0 {
		if _, err := client.TagResource(ctx, &lambda.TagResourceInput{Resource: &arn, Tags: is}); err != nil {
			addError(diags, "Tagging", arn, err)
		}
	}
}

// Delete removes the function, unless skip_destroy says to leave it.
func (r *functionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m functionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.SkipDestroy.ValueBool() {
		return
	}
	client := r.clients.Lambda(m.Region.ValueString())
	if groups := texts2strings(m.ReplacementSecurityGroupIDs); m.ReplaceSecurityGroupsOnDestroy.ValueBool() && len(groups) > 0 && len(m.network().SubnetIds) > 0 {
		network := m.network()
		network.SecurityGroupIds = groups
		_, err := client.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: m.FunctionName.ValueStringPointer(), VpcConfig: network})
		if err != nil && !isNotFound(err) {
			addError(&resp.Diagnostics, "Replacing the security groups of the function", m.FunctionName.ValueString(), err)
			return
		}
	}
	_, err := client.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: m.FunctionName.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the function", m.FunctionName.ValueString(), err)
	}
}

// ImportState imports by NAME or NAME@REGION.
func (r *functionResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("function_name"), cutRegion(ctx, req, resp), resp)
}
