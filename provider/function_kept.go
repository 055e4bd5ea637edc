package provider

import (
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The blocks of a function that the backend keeps and shows, and that nothing here acts upon: its network, its file system,
// its snapshots, and what overrides its image's settings.

// The objects of these blocks.
var (
	vpcConfigType = map[string]attr.Type{"ipv6_allowed_for_dual_stack": types.BoolType, "security_group_ids": types.SetType{ElemType: types.StringType},
		"subnet_ids": types.SetType{ElemType: types.StringType}, "vpc_id": types.StringType}
	fileSystemConfigType = map[string]attr.Type{"arn": types.StringType, "local_mount_path": types.StringType}
	imageConfigType      = map[string]attr.Type{"command": types.ListType{ElemType: types.StringType}, "entry_point": types.ListType{ElemType: types.StringType},
		"working_directory": types.StringType}
	snapStartType = map[string]attr.Type{"apply_on": types.StringType, "optimization_status": types.StringType}
)

var mountPathForm = regexp.MustCompile(`^/mnt/[0-9A-Za-z_.-]+$`)

// keptBlocks are their schemas.
func keptBlocks() map[string]schema.Block {
	list := func(description string) schema.ListAttribute {
		return schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: description}
	}
	ids := func(description string) schema.SetAttribute {
		return schema.SetAttribute{ElementType: types.StringType, Required: true, MarkdownDescription: description}
	}
	return map[string]schema.Block{
		"file_system_config": block("An EFS access point. It is stored; nothing is mounted.", map[string]schema.Attribute{
			"arn": schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the access point.", Validators: []validator.String{arnValidator()}},
			"local_mount_path": schema.StringAttribute{Required: true, MarkdownDescription: "Where the function is to find it: `/mnt/NAME`.",
				Validators: []validator.String{stringvalidator.RegexMatches(mountPathForm, "want /mnt/ and a name of letters, digits, _, - and .")}},
		}, nil),
		"image_config": block("What overrides the settings of a container image. It is stored; no container is run.", map[string]schema.Attribute{
			"command": list("Arguments of the entry point."), "entry_point": list("The program, with its first arguments."),
			"working_directory": schema.StringAttribute{Optional: true, MarkdownDescription: "Working directory."},
		}, nil),
		"snap_start": block("Snapshots of initialized versions. It is stored; every environment is initialized anew.", map[string]schema.Attribute{
			"apply_on":            schema.StringAttribute{Required: true, MarkdownDescription: "`PublishedVersions` or `None`.", Validators: []validator.String{stringvalidator.OneOf(enum(awstypes.SnapStartApplyOn("").Values())...)}},
			"optimization_status": schema.StringAttribute{Computed: true, MarkdownDescription: "`On` for a published version, `Off` for `$LATEST`, which this shows."},
		}, nil),
		"vpc_config": block("The network that the function is to reach. It is stored, and the execution role must be allowed to make network interfaces; the function runs in this machine's network.", map[string]schema.Attribute{
			"ipv6_allowed_for_dual_stack": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether it may send IPv6 in dual-stack subnets."},
			"security_group_ids":          ids("Ids of security groups. They need not exist."), "subnet_ids": ids("Ids of subnets. They need not exist."),
			"vpc_id": schema.StringAttribute{Computed: true, MarkdownDescription: "Id of the network, made of the subnets' ids."},
		}, nil),
	}
}

// member is a field of the one block of a list as its Go type.
func member[T attr.Value](list types.List, name string) (v T) {
	v, _ = field(list, name).(T)
	return v
}

// network is vpc_config; without subnets and groups it says that there is none.
func (m *functionModel) network() *awstypes.VpcConfig {
	return &awstypes.VpcConfig{SubnetIds: append([]string{}, texts2strings(member[types.Set](m.VPCConfig, "subnet_ids"))...),
		SecurityGroupIds:        append([]string{}, texts2strings(member[types.Set](m.VPCConfig, "security_group_ids"))...),
		Ipv6AllowedForDualStack: aws.Bool(member[types.Bool](m.VPCConfig, "ipv6_allowed_for_dual_stack").ValueBool())}
}

// fileSystems is file_system_config; an empty list says that there is none.
func (m *functionModel) fileSystems() []awstypes.FileSystemConfig {
	if len(m.FileSystemConfig.Elements()) == 0 {
		return []awstypes.FileSystemConfig{}
	}
	return []awstypes.FileSystemConfig{{Arn: aws.String(fieldText(m.FileSystemConfig, "arn")), LocalMountPath: aws.String(fieldText(m.FileSystemConfig, "local_mount_path"))}}
}

// snapshots is snap_start; None where the block is not there.
func (m *functionModel) snapshots() *awstypes.SnapStart {
	if on := fieldText(m.SnapStart, "apply_on"); on != "" {
		return &awstypes.SnapStart{ApplyOn: awstypes.SnapStartApplyOn(on)}
	}
	return &awstypes.SnapStart{ApplyOn: awstypes.SnapStartApplyOnNone}
}

// image is image_config; without members it says that nothing overrides the image's settings.
func (m *functionModel) image() *awstypes.ImageConfig {
	return &awstypes.ImageConfig{Command: textsOfList(member[types.List](m.ImageConfig, "command")), EntryPoint: textsOfList(member[types.List](m.ImageConfig, "entry_point")),
		WorkingDirectory: given(member[types.String](m.ImageConfig, "working_directory"))}
}

// createKept adds to a request what is given of these blocks.
func (m *functionModel) createKept(in *lambda.CreateFunctionInput) {
	if n := m.network(); len(n.SubnetIds)+len(n.SecurityGroupIds) > 0 {
		in.VpcConfig = n
	}
	in.FileSystemConfigs = m.fileSystems()
	if len(m.SnapStart.Elements()) > 0 {
		in.SnapStart = m.snapshots()
	}
	if !blankValue(m.ImageConfig) {
		in.ImageConfig = m.image()
	}
}

// updateKept adds to a request what has changed of these blocks; what is no longer there is cleared.
func (m *functionModel) updateKept(in *lambda.UpdateFunctionConfigurationInput, was *functionModel) {
	if !m.VPCConfig.Equal(was.VPCConfig) {
		in.VpcConfig = m.network()
	}
	if !m.FileSystemConfig.Equal(was.FileSystemConfig) {
		in.FileSystemConfigs = m.fileSystems()
	}
	if !m.SnapStart.Equal(was.SnapStart) {
		in.SnapStart = m.snapshots()
	}
	if !m.ImageConfig.Equal(was.ImageConfig) {
		in.ImageConfig = m.image()
	}
}

// planKept says what of these blocks is computed and known: what the state has, as long as nothing changes that it follows
// from.
func (m *functionModel) planKept(state *functionModel) {
	same := func(is, was types.List, names ...string) bool {
		for _, name := range names {
			if a, b := field(is, name), field(was, name); a == nil || b == nil || !a.Equal(b) {
				return false
			}
		}
		return true
	}
	if same(m.VPCConfig, state.VPCConfig, "subnet_ids") {
		m.VPCConfig = withField(m.VPCConfig, "vpc_id", types.StringValue(fieldText(state.VPCConfig, "vpc_id")))
	}
	if same(m.SnapStart, state.SnapStart, "apply_on") {
		m.SnapStart = withField(m.SnapStart, "optimization_status", types.StringValue(fieldText(state.SnapStart, "optimization_status")))
	}
}

// readKept takes what the API says. A block that was written and says nothing stays as it was written.
func (m *functionModel) readKept(c *awstypes.FunctionConfiguration) {
	m.KMSKeyARN = optionalString(c.KMSKeyArn, m.KMSKeyARN)
	m.readNetwork(c.VpcConfig)
	m.readSnapshots(c.SnapStart)
	m.readImage(c.ImageConfigResponse)
	m.FileSystemConfig = types.ListNull(types.ObjectType{AttrTypes: fileSystemConfigType})
	if len(c.FileSystemConfigs) > 0 {
		f := c.FileSystemConfigs[0]
		m.FileSystemConfig = objects(fileSystemConfigType, map[string]attr.Value{"arn": types.StringPointerValue(f.Arn), "local_mount_path": types.StringPointerValue(f.LocalMountPath)})
	}
}

func (m *functionModel) readNetwork(v *awstypes.VpcConfigResponse) {
	switch is := m.network(); {
	case v != nil && len(v.SubnetIds)+len(v.SecurityGroupIds) > 0:
		m.VPCConfig = objects(vpcConfigType, map[string]attr.Value{"ipv6_allowed_for_dual_stack": types.BoolValue(aws.ToBool(v.Ipv6AllowedForDualStack)),
			"security_group_ids": asSet(v.SecurityGroupIds), "subnet_ids": asSet(v.SubnetIds), "vpc_id": types.StringValue(aws.ToString(v.VpcId))})
	case len(m.VPCConfig.Elements()) > 0 && len(is.SubnetIds)+len(is.SecurityGroupIds) == 0:
		m.VPCConfig = withField(m.VPCConfig, "vpc_id", types.StringValue(""))
	default:
		m.VPCConfig = types.ListNull(types.ObjectType{AttrTypes: vpcConfigType})
	}
}

func (m *functionModel) readSnapshots(s *awstypes.SnapStartResponse) {
	if s == nil || s.ApplyOn == awstypes.SnapStartApplyOnNone && fieldText(m.SnapStart, "apply_on") != string(awstypes.SnapStartApplyOnNone) {
		m.SnapStart = types.ListNull(types.ObjectType{AttrTypes: snapStartType})
		return
	}
	m.SnapStart = objects(snapStartType, map[string]attr.Value{"apply_on": types.StringValue(string(s.ApplyOn)), "optimization_status": types.StringValue(string(s.OptimizationStatus))})
}

func (m *functionModel) readImage(r *awstypes.ImageConfigResponse) {
	if r == nil || r.ImageConfig == nil {
		if blankValue(m.ImageConfig) && len(m.ImageConfig.Elements()) > 0 {
			return
		}
		m.ImageConfig = types.ListNull(types.ObjectType{AttrTypes: imageConfigType})
		return
	}
	list := func(name string, api []string) attr.Value {
		if was := member[types.List](m.ImageConfig, name); len(api) == 0 && (was.IsNull() || was.IsUnknown()) {
			return types.ListNull(types.StringType)
		}
		return types.ListValueMust(types.StringType, texts2values(api))
	}
	m.ImageConfig = objects(imageConfigType, map[string]attr.Value{"command": list("command", r.ImageConfig.Command), "entry_point": list("entry_point", r.ImageConfig.EntryPoint),
		"working_directory": optionalString(r.ImageConfig.WorkingDirectory, member[types.String](m.ImageConfig, "working_directory"))})
}
