package lambda

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/layer"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Constraints of layers (API model).
var (
	layerNameForm    = member(arn.LayerNamePattern, 140)
	layerVersionForm = member(arn.LayerVersionPattern, 2048)
)

const (
	maxLicense         = 512
	maxLayerRuntimes   = 15
	maxLayerArchitects = 2
)

// filterRuntimes are the runtimes by which layers can be listed, as Lambda prints them (recorded 2025-11): also those that it
// has never offered.
const filterRuntimes = "ruby3.5, ruby2.6, dotnetcore1.0, python3.7, nodejs8.10, nasa, ruby2.7, python2.7-greengrass, dotnetcore2.0, python3.8, java21, dotnet6, " +
	"dotnetcore2.1, python3.9, java11, nodejs6.10, provided, dotnetcore3.1, dotnet8, java25, java17, nodejs, nodejs4.3, java8.al2, go1.x, dotnet10, nodejs20.x, go1.9, " +
	"byol, nodejs10.x, provided.al2023, nodejs22.x, python3.10, java8, nodejs12.x, python3.11, nodejs24.x, nodejs8.x, python3.12, nodejs14.x, nodejs8.9, nodejs26.x, " +
	"python3.13, python3.14, nodejs16.x, python3.15, provided.al2, nodejs4.3-edge, nodejs18.x, ruby3.2, python3.4, ruby3.3, ruby3.4, ruby2.5, python3.6, python2.7"

// layerOperations are those on layers.
func (a *API) layerOperations() map[string]wire.Operation {
	return map[string]wire.Operation{
		"PublishLayerVersion": wire.Op(a.publishLayer, wire.Resource(func(ctx context.Context, in *lambda.PublishLayerVersionInput) string {
			return layerKey(ctx, *in.LayerName).ARN()
		})),
		"GetLayerVersion":              wire.Op(a.getLayer, wire.SelfAuthorized[lambda.GetLayerVersionInput]()),
		"GetLayerVersionByArn":         wire.Op(a.getLayerByARN, wire.SelfAuthorized[lambda.GetLayerVersionByArnInput]()),
		"ListLayers":                   wire.Op(a.listLayers, wire.Unbound[lambda.ListLayersInput]()),
		"ListLayerVersions":            wire.Op(a.listLayerVersions, wire.Unbound[lambda.ListLayerVersionsInput]()),
		"DeleteLayerVersion":           onLayer(a.deleteLayer),
		"AddLayerVersionPermission":    onLayer(a.addLayerPermission),
		"RemoveLayerVersionPermission": onLayer(a.removeLayerPermission),
		"GetLayerVersionPolicy":        onLayer(a.getLayerPolicy),
	}
}

// layerKey is the layer that a name or an ARN means.
func layerKey(ctx context.Context, name string) layer.Key {
	if ref, err := arn.ParseLayer(name); err == nil {
		return layer.Key{Account: ref.Account, Region: ref.Region, Name: ref.Name}
	}
	call := wire.CallFrom(ctx)
	return layer.Key{Account: call.Account, Region: call.Region, Name: name}
}

// layerRef reads LayerName and VersionNumber of an operation.
func layerRef(ctx context.Context, name *string, number *int64, more ...wire.Violation) (layer.Key, int64, error) {
	if err := wire.Validation(append(layerNameForm.check("layerName", name), more...)...); err != nil {
		return layer.Key{}, 0, err
	}
	if number != nil && *number < 1 {
		return layer.Key{}, 0, invalid("Layer Version Cannot be less than 1")
	}
	return layerKey(ctx, *name), aws.ToInt64(number), nil
}

// ownLayer is layerRef for what only the layer's own account may do. AWS answers others as if they had no right.
func ownLayer(ctx context.Context, name *string, number *int64, more ...wire.Violation) (layer.Key, int64, error) {
	k, n, err := layerRef(ctx, name, number, more...)
	if call := wire.CallFrom(ctx); err == nil && (k.Account != call.Account || k.Region != call.Region) {
		err = fault.New(fault.Denied, "User: %s is not authorized to perform: lambda:%s on resource: %s", call.Session.ARN, call.Operation, k.ARN())
	}
	return k, n, err
}

// runtimesOf and architecturesOf check what a layer is said to be for.
func compatibility(in *lambda.PublishLayerVersionInput) (v []wire.Violation) {
	runtimes := make([]string, len(in.CompatibleRuntimes))
	for i, r := range in.CompatibleRuntimes {
		runtimes[i] = string(r)
	}
	known := strings.Split(offered, ", ")
	if slices.ContainsFunc(runtimes, func(r string) bool { return !slices.Contains(known, r) && !slices.Contains(deprecated, r) }) {
		v = append(v, wire.Violation{Value: "[" + strings.Join(runtimes, ", ") + "]", Path: "compatibleRuntimes", Constraint: "Member must satisfy enum value set: [" + offered + "]"})
	}
	if len(runtimes) > maxLayerRuntimes {
		v = append(v, wire.MaxLength("compatibleRuntimes", "["+strings.Join(runtimes, ", ")+"]", maxLayerRuntimes))
	}
	arches := architectures(in.CompatibleArchitectures)
	if len(arches) > maxLayerArchitects {
		v = append(v, wire.MaxLength("compatibleArchitectures", "["+strings.Join(arches, ", ")+"]", maxLayerArchitects))
	}
	return append(v, architectureForm("compatibleArchitectures", arches)...)
}

// architectureForm checks a list of architectures.
func architectureForm(path string, arches []string) []wire.Violation {
	if !slices.ContainsFunc(arches, func(a string) bool { return a != "x86_64" && a != "arm64" }) {
		return nil
	}
	return []wire.Violation{{Value: "[" + strings.Join(arches, ", ") + "]", Path: path,
		Constraint: "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"}}
}

func (a *API) publishLayer(ctx context.Context, in *lambda.PublishLayerVersionInput) (*lambda.PublishLayerVersionOutput, error) {
	v := compatibility(in)
	if d := aws.ToString(in.Description); len(d) > maxDescription {
		v = append(v, wire.MaxLength("description", d, maxDescription))
	}
	if l := aws.ToString(in.LicenseInfo); len(l) > maxLicense {
		v = append(v, wire.MaxLength("licenseInfo", l, maxLicense))
	}
	k, _, err := ownLayer(ctx, in.LayerName, nil, v...)
	if err != nil {
		return nil, err
	}
	zip, code, err := a.code(ctx, in.Content.ZipFile, in.Content.S3Bucket, in.Content.S3Key, in.Content.S3ObjectVersion)
	if err != nil {
		return nil, err
	}
	unzipped, err := unzippedSize(zip)
	if err != nil {
		return nil, err
	}
	made := &layer.Version{Key: k, Description: aws.ToString(in.Description), License: aws.ToString(in.LicenseInfo), Runtimes: []string{},
		Architectures: architectures(in.CompatibleArchitectures), SHA256: code.SHA256, Size: code.Size, Unzipped: unzipped}
	for _, r := range in.CompatibleRuntimes {
		made.Runtimes = append(made.Runtimes, string(r))
	}
	if err := a.Layers.Publish(ctx, made, zip); err != nil {
		return nil, err
	}
	return layerVersion[lambda.PublishLayerVersionOutput](a, made), nil
}

// layerVersion is a version of a layer as the API's answers show it, as one of the structs that repeat its members.
func layerVersion[T any](a *API, v *layer.Version) *T {
	item := layerItem(v)
	return repeat[T](&lambda.GetLayerVersionOutput{CompatibleArchitectures: item.CompatibleArchitectures, CompatibleRuntimes: item.CompatibleRuntimes,
		CreatedDate: item.CreatedDate, Description: &v.Description, LayerArn: aws.String(v.Key.ARN()), LayerVersionArn: item.LayerVersionArn,
		LicenseInfo: item.LicenseInfo, Version: v.Number,
		Content: &types.LayerVersionContentOutput{CodeSha256: &v.SHA256, CodeSize: v.Size, Location: aws.String(a.LayerURL(v.ARN()))}})
}

// layerItem is a version of a layer as lists show it: without what it holds.
func layerItem(v *layer.Version) types.LayerVersionsListItem {
	item := types.LayerVersionsListItem{LayerVersionArn: aws.String(v.ARN()), Version: v.Number, Description: optional(v.Description), LicenseInfo: optional(v.License),
		CreatedDate: aws.String(v.Created.Format("2006-01-02T15:04:05.000-0700"))}
	for _, r := range v.Runtimes {
		item.CompatibleRuntimes = append(item.CompatibleRuntimes, types.Runtime(r))
	}
	for _, arch := range v.Architectures {
		item.CompatibleArchitectures = append(item.CompatibleArchitectures, types.Architecture(arch))
	}
	return item
}

// mayGetLayer demands that the caller may get a version of a layer: its own policies, and of another account's layer the
// version's policy as well.
func (a *API) mayGetLayer(ctx context.Context, k layer.Key, number int64) error {
	q, err := a.layerQuestion(ctx, k, number)
	if err != nil {
		return err
	}
	return a.Authz.Require(ctx, q)
}

func (a *API) layerQuestion(ctx context.Context, k layer.Key, number int64) (authz.Question, error) {
	q := wire.CallFrom(ctx).Question("lambda:GetLayerVersion", k.VersionARN(number))
	q.ResourceAccount = k.Account
	var err error
	q.ResourcePolicy, err = a.Layers.Policy(ctx, k, number)
	return q, err
}

// gotLayer finds a version that the caller may get.
func (a *API) gotLayer(ctx context.Context, k layer.Key, number int64) (*layer.Version, error) {
	if err := a.mayGetLayer(ctx, k, number); err != nil {
		return nil, err
	}
	if call := wire.CallFrom(ctx); k.Region != call.Region {
		return nil, invalid("lambdasim answers for the layers of one region at a time: ask in %s for %s", k.Region, k.VersionARN(number))
	}
	v, err := a.Layers.Get(ctx, k, number)
	if fault.Is(err, fault.NotFound) {
		return nil, wire.Errorf(http.StatusNotFound, "ResourceNotFoundException", "The resource you requested does not exist.")
	}
	return v, err
}

func (a *API) getLayer(ctx context.Context, in *lambda.GetLayerVersionInput) (*lambda.GetLayerVersionOutput, error) {
	k, number, err := layerRef(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	v, err := a.gotLayer(ctx, k, number)
	if err != nil {
		return nil, err
	}
	return layerVersion[lambda.GetLayerVersionOutput](a, v), nil
}

func (a *API) getLayerByARN(ctx context.Context, in *lambda.GetLayerVersionByArnInput) (*lambda.GetLayerVersionByArnOutput, error) {
	if err := wire.Validation(layerVersionForm.check("arn", in.Arn)...); err != nil {
		return nil, err
	}
	k, number, ok := layer.ParseVersion(*in.Arn)
	if !ok {
		return nil, invalid("lambdasim does not have AWS's own layers: %s", *in.Arn)
	}
	v, err := a.gotLayer(ctx, k, number)
	if err != nil {
		return nil, err
	}
	return layerVersion[lambda.GetLayerVersionByArnOutput](a, v), nil
}

func (a *API) deleteLayer(ctx context.Context, in *lambda.DeleteLayerVersionInput) (*lambda.DeleteLayerVersionOutput, error) {
	k, number, err := ownLayer(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteLayerVersionOutput{}, a.Layers.Delete(ctx, k, number)
}

// filter checks what lists of layers are narrowed by, and says which versions meet it. One that names no architectures is for
// x86_64, as AWS has it.
func filter(runtime types.Runtime, arch types.Architecture) (func(*layer.Version) bool, error) {
	var v []wire.Violation
	if runtime != "" && !slices.Contains(strings.Split(filterRuntimes, ", "), string(runtime)) {
		v = append(v, wire.Violation{Value: string(runtime), Path: "compatibleRuntime", Constraint: "Member must satisfy enum value set: [" + filterRuntimes + "]"})
	}
	if arch != "" && arch != types.ArchitectureX8664 && arch != types.ArchitectureArm64 {
		v = append(v, wire.Enum("compatibleArchitecture", string(arch), []string{"x86_64", "arm64"}))
	}
	return func(l *layer.Version) bool {
		return (runtime == "" || slices.Contains(l.Runtimes, string(runtime))) &&
			(arch == "" || slices.Contains(l.Architectures, string(arch)))
	}, wire.Validation(v...)
}

func (a *API) matchingLayers(ctx context.Context, k layer.Key, runtime types.Runtime, arch types.Architecture) ([]layer.Version, error) {
	meets, err := filter(runtime, arch)
	if err != nil {
		return nil, err
	}
	list, err := a.Layers.List(ctx, k)
	return slices.DeleteFunc(list, func(v layer.Version) bool { return !meets(&v) }), err
}

func (a *API) listLayers(ctx context.Context, in *lambda.ListLayersInput) (*lambda.ListLayersOutput, error) {
	call := wire.CallFrom(ctx)
	list, err := a.matchingLayers(ctx, layer.Key{Account: call.Account, Region: call.Region}, in.CompatibleRuntime, in.CompatibleArchitecture)
	if err != nil {
		return nil, err
	}
	list = slices.CompactFunc(list, func(a, b layer.Version) bool { return a.Name == b.Name }) // the newest comes first
	out := &lambda.ListLayersOutput{Layers: []types.LayersListItem{}}
	list, out.NextMarker, err = page(list, in.Marker, in.MaxItems, 50, func(v *layer.Version) string { return v.Name })
	for i := range list {
		latest := layerItem(&list[i])
		out.Layers = append(out.Layers, types.LayersListItem{LayerName: &list[i].Name, LayerArn: aws.String(list[i].Key.ARN()), LatestMatchingVersion: &latest})
	}
	return out, err
}

func (a *API) listLayerVersions(ctx context.Context, in *lambda.ListLayerVersionsInput) (*lambda.ListLayerVersionsOutput, error) {
	k, _, err := ownLayer(ctx, in.LayerName, nil)
	if err != nil {
		return nil, err
	}
	list, err := a.matchingLayers(ctx, k, in.CompatibleRuntime, in.CompatibleArchitecture)
	if err != nil {
		return nil, err
	}
	out := &lambda.ListLayerVersionsOutput{LayerVersions: []types.LayerVersionsListItem{}}
	list, out.NextMarker, err = page(list, in.Marker, in.MaxItems, 50, func(v *layer.Version) string { return fmt.Sprintf("%020d", math.MaxInt64-v.Number) })
	for i := range list {
		out.LayerVersions = append(out.LayerVersions, layerItem(&list[i]))
	}
	return out, err
}
