package lambda

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits and forms of what is kept and not acted upon (API model; those of networks recorded 2025-11).
const (
	maxSubnets, maxSecurityGroups = 16, 5
	maxFileSystems                = 1
)

var (
	subnetForm   = member(`subnet-[0-9a-z]*`, 1024)
	groupForm    = member(`sg-[0-9a-zA-Z]*`, 1024)
	keyForm      = member(`(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()`, 10000)
	accessForm   = member(`arn:aws[a-zA-Z-]*:elasticfilesystem:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:access-point/fsap-[a-f0-9]{17}`, 200)
	mountForm    = member(`/mnt/[a-zA-Z0-9-_.]+`, 160)
	digestInside = regexp.MustCompile(`@sha256:([0-9a-f]{64})$`)
)

// applyKept applies what is kept and not acted upon.
func (ch changes) applyKept(c *function.Config) {
	if ch.vpc != nil {
		c.VPC = nil
		if len(ch.vpc.SubnetIds)+len(ch.vpc.SecurityGroupIds) > 0 {
			c.VPC = &function.VPC{Subnets: ch.vpc.SubnetIds, SecurityGroups: ch.vpc.SecurityGroupIds, IPv6: aws.ToBool(ch.vpc.Ipv6AllowedForDualStack)}
		}
	}
	if ch.files != nil {
		c.FileSystems = nil
		for _, f := range ch.files {
			c.FileSystems = append(c.FileSystems, function.FileSystem{ARN: aws.ToString(f.Arn), Path: aws.ToString(f.LocalMountPath)})
		}
	}
	if ch.key != nil {
		c.KMSKey = *ch.key
	}
	if ch.snap != nil && ch.snap.ApplyOn != "" {
		c.SnapStart = string(ch.snap.ApplyOn)
		if ch.snap.ApplyOn == types.SnapStartApplyOnNone {
			c.SnapStart = ""
		}
	}
	if ch.image != nil && c.Image != nil {
		c.Image = &function.Image{URI: c.Image.URI, EntryPoint: ch.image.EntryPoint, Command: ch.image.Command, WorkingDirectory: aws.ToString(ch.image.WorkingDirectory)}
	}
}

// keptSyntax holds what is kept to the constraints of the API's model.
func keptSyntax(c *function.Config) (v []wire.Violation) {
	if c.VPC != nil {
		v = append(v, listForm("vpcConfig.subnetIds", c.VPC.Subnets, subnetForm, maxSubnets)...)
		v = append(v, listForm("vpcConfig.securityGroupIds", c.VPC.SecurityGroups, groupForm, maxSecurityGroups)...)
	}
	if len(c.FileSystems) > maxFileSystems {
		v = append(v, wire.MaxLength("fileSystemConfigs", fmt.Sprint(len(c.FileSystems)), maxFileSystems))
	}
	for i, f := range c.FileSystems {
		path := fmt.Sprintf("fileSystemConfigs.%d.member.", i+1)
		v = append(append(v, accessForm.check(path+"arn", &f.ARN)...), mountForm.check(path+"localMountPath", &f.Path)...)
	}
	v = append(v, keyForm.check("kMSKeyArn", &c.KMSKey)...)
	v = append(v, keyForm.check("code.sourceKMSKeyArn", &c.SourceKey)...)
	if c.SnapStart != "" && c.SnapStart != string(types.SnapStartApplyOnPublishedVersions) {
		v = append(v, wire.Enum("snapStart.applyOn", c.SnapStart, []string{"PublishedVersions", "None"}))
	}
	return v
}

// listForm holds each of a list to a form.
func listForm(path string, list []string, form constraint, most int) (v []wire.Violation) {
	shown := "[" + strings.Join(list, ", ") + "]"
	if slices.ContainsFunc(list, func(one string) bool { return len(form.check("", &one)) > 0 }) {
		v = append(v, wire.Violation{Value: shown, Path: path, Constraint: fmt.Sprintf("Member must satisfy constraint: [Member must have length less than or equal to %d, "+
			"Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: %s]", form.most, form.pattern)})
	}
	if len(list) > most {
		v = append(v, wire.MaxLength(path, shown, most))
	}
	return v
}

// checkKept holds what is kept to what Lambda demands beyond the syntax.
func checkKept(c *function.Config) error {
	if c.VPC != nil && (len(c.VPC.Subnets) == 0 || len(c.VPC.SecurityGroups) == 0) {
		return invalid("SubnetIds and SecurityIds must coexist or be both empty list.")
	}
	if len(c.FileSystems) > 0 && c.VPC == nil {
		return invalid("Function must be configured to execute in a VPC to reference access point %s.", c.FileSystems[0].ARN)
	}
	if c.Image != nil && (c.Runtime != "" || c.Handler != "" || len(c.Layers) > 0) {
		return invalid("Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.")
	}
	return nil
}

// networkRights are what an execution role must be allowed of EC2 so that its function can be in a network, in the order in
// which Lambda asks.
var networkRights = []string{"CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface"}

// checkNetwork demands that the execution role may make network interfaces, where the function is to be in a network.
func (a *API) checkNetwork(ctx context.Context, k function.Key, c *function.Config) error {
	if c.VPC == nil {
		return nil
	}
	session, err := a.Authz.RoleSession(ctx, c.Role, k.Name)
	if err != nil {
		return err
	}
	for _, right := range networkRights {
		for _, resource := range networkResources(k, right, c.VPC) {
			err := a.Authz.Require(ctx, authz.Question{Session: session, Action: "ec2:" + right, Resource: resource, ResourceAccount: session.Account, Region: k.Region})
			if fault.Is(err, fault.Denied) {
				return invalid("The provided execution role does not have permissions to call %s on EC2", right)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// networkResources are what EC2 asks about (Service Authorization Reference, Amazon EC2).
func networkResources(k function.Key, right string, vpc *function.VPC) []string {
	ec2 := func(resource string) string {
		return arn.ARN{Partition: arn.Partition, Service: "ec2", Region: k.Region, Account: k.Account, Resource: resource}.String()
	}
	switch right {
	case "DescribeNetworkInterfaces":
		return []string{"*"}
	case "DeleteNetworkInterface":
		return []string{ec2("network-interface/*")}
	}
	all := []string{ec2("network-interface/*")}
	for _, id := range vpc.Subnets {
		all = append(all, ec2("subnet/"+id))
	}
	for _, id := range vpc.SecurityGroups {
		all = append(all, ec2("security-group/"+id))
	}
	return all
}

// checkNewNetwork is checkNetwork for an update that changes the network or the role. It reads, and so comes before the
// transaction.
func (a *API) checkNewNetwork(ctx context.Context, k function.Key, in *lambda.UpdateFunctionConfigurationInput) error {
	if in.VpcConfig == nil && in.Role == nil {
		return nil
	}
	v, _, err := a.Functions.Get(ctx, k)
	if err != nil {
		return err
	}
	c := v.Config
	reconfigure(&c, in)
	return a.checkNetwork(ctx, k, &c)
}

// vpcID is the network that subnets are said to be in. There is no EC2 to ask: it is made of their ids, so that functions in
// the same subnets are in the same network.
func vpcID(subnets []string) string {
	if len(subnets) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(slices.Sorted(slices.Values(subnets)), " ")))
	return fmt.Sprintf("vpc-%x", sum)[:len("vpc-")+17]
}

// showKept adds what is kept to a function as the API's answers show it.
func showKept(c *types.FunctionConfiguration, v *function.Version) {
	c.KMSKeyArn = optional(v.KMSKey)
	if v.VPC != nil {
		c.VpcConfig = &types.VpcConfigResponse{SubnetIds: v.VPC.Subnets, SecurityGroupIds: v.VPC.SecurityGroups, VpcId: aws.String(vpcID(v.VPC.Subnets)),
			Ipv6AllowedForDualStack: aws.Bool(v.VPC.IPv6)}
	}
	for _, f := range v.FileSystems {
		c.FileSystemConfigs = append(c.FileSystemConfigs, types.FileSystemConfig{Arn: aws.String(f.ARN), LocalMountPath: aws.String(f.Path)})
	}
	if v.SnapStart != "" {
		c.SnapStart.ApplyOn = types.SnapStartApplyOn(v.SnapStart)
		if v.Version != function.Latest {
			c.SnapStart.OptimizationStatus = types.SnapStartOptimizationStatusOn
		}
	}
	if v.Image == nil {
		return
	}
	c.PackageType, c.Runtime, c.Handler, c.RuntimeVersionConfig = types.PackageTypeImage, "", nil, nil
	if i := v.Image; len(i.EntryPoint)+len(i.Command) > 0 || i.WorkingDirectory != "" {
		c.ImageConfigResponse = &types.ImageConfigResponse{ImageConfig: &types.ImageConfig{EntryPoint: i.EntryPoint, Command: i.Command, WorkingDirectory: optional(i.WorkingDirectory)}}
	}
}

// imageCode is what stands for a container image's code: its digest, where the address has one, and else the digest of the
// address. There is no registry to ask.
func imageCode(uri string) function.Code {
	if m := digestInside.FindStringSubmatch(uri); m != nil {
		return function.Code{SHA256: m[1]}
	}
	return function.Code{SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(uri)))}
}

// newPackage finds the package of CreateFunction: a zip file, or an image's address, which makes c an image's.
func (a *API) newPackage(ctx context.Context, in *lambda.CreateFunctionInput, c *function.Config) ([]byte, function.Code, error) {
	if c.Image != nil {
		return nil, imageCode(c.Image.URI), nil
	}
	return a.code(ctx, in.Code.ZipFile, in.Code.S3Bucket, in.Code.S3Key, in.Code.S3ObjectVersion)
}

// imageOf reads the image of CreateFunction; nil for a zip file.
func imageOf(in *lambda.CreateFunctionInput) (*function.Image, error) {
	switch {
	case in.PackageType != "" && !slices.Contains(in.PackageType.Values(), in.PackageType):
		return nil, wire.Validation(wire.Enum("packageType", string(in.PackageType), []string{"Image", "Zip"}))
	case in.PackageType == types.PackageTypeImage && in.Code.ImageUri == nil:
		return nil, invalid("Please provide ImageUri when creating a function with packageType Image.")
	case in.PackageType != types.PackageTypeImage && in.Code.ImageUri != nil:
		return nil, invalid("Please don't provide ImageUri when creating a function with packageType Zip.")
	case in.PackageType == types.PackageTypeImage && in.Code.ZipFile != nil:
		return nil, invalid("Please don't provide ZipFile when creating a function with packageType Image.")
	case in.PackageType == types.PackageTypeImage && in.Code.S3Bucket != nil:
		return nil, invalid("Please don't provide S3Bucket when creating a function with packageType Image.")
	case in.PackageType == types.PackageTypeImage:
		return &function.Image{URI: *in.Code.ImageUri}, nil
	}
	return nil, nil
}

// nextPackage finds the package of UpdateFunctionCode, which is of the kind that the function has.
func (a *API) nextPackage(ctx context.Context, in *lambda.UpdateFunctionCodeInput, was *function.Version) ([]byte, function.Code, error) {
	switch {
	case was.Image == nil && in.ImageUri != nil:
		return nil, function.Code{}, invalid("Please don't provide ImageUri when updating a function with packageType Zip.")
	case was.Image != nil && in.ImageUri == nil:
		return nil, function.Code{}, invalid("Please provide ImageUri when updating a function with packageType Image.")
	case was.Image != nil:
		return nil, imageCode(*in.ImageUri), nil
	}
	return a.code(ctx, in.ZipFile, in.S3Bucket, in.S3Key, in.S3ObjectVersion)
}
