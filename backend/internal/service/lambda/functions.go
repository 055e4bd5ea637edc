package lambda

import (
	"context"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// createName reads FunctionName of CreateFunction, whose form is stricter.
func createName(ctx context.Context, name string) (function.Key, error) {
	var v []wire.Violation
	ref, err := arn.ParseFunctionRef(name, true)
	if len(name) > maxCreateName {
		v = append(v, wire.MaxLength("functionName", name, maxCreateName))
	}
	if err != nil {
		v = append(v, wire.Pattern("functionName", name, arn.FunctionNamePattern))
	}
	if err := wire.Validation(v...); err != nil {
		return function.Key{}, err
	}
	if len(ref.Name) > maxFunctionName {
		return function.Key{}, invalid("%s", wire.Describe(wire.MaxLength("functionName", ref.Name, maxFunctionName)))
	}
	if err := checkRegion(ctx, ref); err != nil {
		return function.Key{}, err
	}
	if ref = complete(ctx, ref); ref.Account != wire.CallFrom(ctx).Account {
		return function.Key{}, &wire.Error{Status: http.StatusForbidden, Code: "AccessDeniedException", NoType: true}
	}
	return function.Key{Account: ref.Account, Region: ref.Region, Name: ref.Name}, nil
}

func (a *API) createFunction(ctx context.Context, in *lambda.CreateFunctionInput) (*lambda.CreateFunctionOutput, error) {
	k, err := createName(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	if err := refuseCreate(in); err != nil {
		return nil, err
	}
	if in.CodeSigningConfigArn != nil {
		return nil, noSigningConfig(*in.CodeSigningConfigArn)
	}
	c := function.Config{Runtime: string(in.Runtime), Role: *in.Role, Handler: aws.ToString(in.Handler), Description: aws.ToString(in.Description),
		Timeout: defaultTimeout, MemorySize: defaultMemory, EphemeralStorage: defaultStorage, Architectures: []string{"x86_64"},
		TracingMode: "PassThrough", LogFormat: "Text", LogGroup: "/aws/lambda/" + k.Name}
	if c.Image, err = imageOf(in); err != nil {
		return nil, err
	}
	change := changes{in.Timeout, in.MemorySize, in.EphemeralStorage, in.Environment, in.TracingConfig, in.LoggingConfig, in.DeadLetterConfig,
		in.VpcConfig, in.FileSystemConfigs, in.KMSKeyArn, in.SnapStart, in.ImageConfig}
	change.apply(&c)
	c.SourceKey = aws.ToString(in.Code.SourceKMSKeyArn)
	if len(in.Architectures) > 0 {
		c.Architectures = architectures(in.Architectures)
	}
	if err := checkConfig(&c); err != nil {
		return nil, err
	}
	if len(in.Tags) > maxTags {
		return nil, invalid("Number of tags exceeds resource tag limit.")
	}
	if err := a.checkRole(ctx, c.Role, k.ARN()); err != nil {
		return nil, err
	}
	if c.Layers, err = a.layersOf(ctx, in.Layers); err != nil {
		return nil, err
	}
	if err := a.checkDeadLetter(ctx, &function.Version{Name: k.Name, Config: c}); err != nil {
		return nil, err
	}
	if err := a.checkNetwork(ctx, k, &c); err != nil {
		return nil, err
	}
	zip, code, err := a.newPackage(ctx, in, &c)
	if err != nil {
		return nil, err
	}
	if err := checkUnzipped(c.Layers, func() ([]byte, error) { return zip, nil }); err != nil {
		return nil, err
	}
	v, err := a.Functions.Create(ctx, k, c, code, zip, in.Tags, in.Publish)
	if err != nil {
		return nil, err
	}
	return into[lambda.CreateFunctionOutput](v), nil
}

// refuseCreate names what CreateFunction was given and is not simulated.
func refuseCreate(in *lambda.CreateFunctionInput) error {
	return refuse("CreateFunction", map[string]bool{
		"DurableConfig":          in.DurableConfig != nil,
		"CapacityProviderConfig": in.CapacityProviderConfig != nil,
		"TenancyConfig":          in.TenancyConfig != nil,
		"PublishTo":              in.PublishTo != "",
	})
}

// changes are the members that CreateFunction and UpdateFunctionConfiguration share.
type changes struct {
	timeout, memory *int32
	storage         *types.EphemeralStorage
	environment     *types.Environment
	tracing         *types.TracingConfig
	logging         *types.LoggingConfig
	deadLetter      *types.DeadLetterConfig
	vpc             *types.VpcConfig
	files           []types.FileSystemConfig
	key             *string
	snap            *types.SnapStart
	image           *types.ImageConfig
}

func (ch changes) apply(c *function.Config) {
	if ch.timeout != nil {
		c.Timeout = int(*ch.timeout)
	}
	if ch.memory != nil {
		c.MemorySize = int(*ch.memory)
	}
	if ch.storage != nil && ch.storage.Size != nil {
		c.EphemeralStorage = int(*ch.storage.Size)
	}
	if ch.environment != nil {
		c.Environment = ch.environment.Variables
	}
	if ch.tracing != nil && ch.tracing.Mode != "" {
		c.TracingMode = string(ch.tracing.Mode)
	}
	if ch.deadLetter != nil {
		c.DeadLetter = aws.ToString(ch.deadLetter.TargetArn)
	}
	setLogging(c, ch.logging)
	ch.applyKept(c)
}

func architectures(list []types.Architecture) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = string(x)
	}
	return out
}

func (a *API) updateFunctionConfiguration(ctx context.Context, in *lambda.UpdateFunctionConfigurationInput) (*lambda.UpdateFunctionConfigurationOutput, error) {
	k, _, err := own(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	err = refuse("UpdateFunctionConfiguration", map[string]bool{
		"DurableConfig":          in.DurableConfig != nil,
		"CapacityProviderConfig": in.CapacityProviderConfig != nil,
	})
	if err != nil {
		return nil, err
	}
	if err := syntaxOf(in); err != nil {
		return nil, err
	}
	if in.Role != nil { // before the transaction: it may have to read, and a transaction that waits for a second connection can wait for ever
		if _, _, err := a.Functions.Get(ctx, k); err != nil {
			return nil, err
		}
		if err := a.checkRole(ctx, *in.Role, k.ARN()); err != nil {
			return nil, err
		}
	}
	if err := a.checkNewDeadLetter(ctx, k, in); err != nil {
		return nil, err
	}
	if err := a.checkNewNetwork(ctx, k, in); err != nil {
		return nil, err
	}
	layers, err := a.newLayers(ctx, k, in.Layers)
	if err != nil {
		return nil, err
	}
	v, err := a.Functions.Update(ctx, k, aws.ToString(in.RevisionId), func(c *function.Config) error {
		reconfigure(c, in)
		if in.Layers != nil {
			c.Layers = layers
		}
		return checkConfig(c)
	}, nil, nil, false)
	if err != nil {
		return nil, err
	}
	return into[lambda.UpdateFunctionConfigurationOutput](v), nil
}

// newLayers finds the layers that a function is to have from now on, where the request names any.
func (a *API) newLayers(ctx context.Context, k function.Key, list []string) ([]function.Layer, error) {
	if len(list) == 0 {
		return nil, nil
	}
	if _, _, err := a.Functions.Get(ctx, k); err != nil {
		return nil, err
	}
	layers, err := a.layersOf(ctx, list)
	if err != nil {
		return nil, err
	}
	return layers, checkUnzipped(layers, func() ([]byte, error) { return a.Functions.Code(ctx, k, "") })
}

// reconfigure applies UpdateFunctionConfiguration: what it does not name stays.
func reconfigure(c *function.Config, in *lambda.UpdateFunctionConfigurationInput) {
	changes{in.Timeout, in.MemorySize, in.EphemeralStorage, in.Environment, in.TracingConfig, in.LoggingConfig, in.DeadLetterConfig,
		in.VpcConfig, in.FileSystemConfigs, in.KMSKeyArn, in.SnapStart, in.ImageConfig}.apply(c)
	if in.Runtime != "" {
		c.Runtime = string(in.Runtime)
	}
	if in.Handler != nil {
		c.Handler = *in.Handler
	}
	if in.Description != nil {
		c.Description = *in.Description
	}
	if in.Role != nil {
		c.Role = *in.Role
	}
}

// syntaxOf holds the members that UpdateFunctionConfiguration was given to their constraints, before anybody looks whether
// there is such a function.
func syntaxOf(in *lambda.UpdateFunctionConfigurationInput) error {
	c := function.Config{Role: "arn:aws:iam::000000000000:role/r", Timeout: defaultTimeout, MemorySize: defaultMemory, EphemeralStorage: defaultStorage}
	reconfigure(&c, in)
	return syntax(&c)
}

func (a *API) updateFunctionCode(ctx context.Context, in *lambda.UpdateFunctionCodeInput) (*lambda.UpdateFunctionCodeOutput, error) {
	k, _, err := own(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	err = refuse("UpdateFunctionCode", map[string]bool{"PublishTo": in.PublishTo != ""})
	if err != nil {
		return nil, err
	}
	was, _, err := a.Functions.Get(ctx, k)
	if err != nil {
		return nil, err
	}
	zip, code, err := a.nextPackage(ctx, in, was)
	if err != nil {
		return nil, err
	}
	if in.DryRun {
		if in.RevisionId != nil && *in.RevisionId != was.RevisionID {
			return nil, function.WrongRevision()
		}
		was.Code = code
		return into[lambda.UpdateFunctionCodeOutput](was), nil
	}
	v, err := a.Functions.Update(ctx, k, aws.ToString(in.RevisionId), func(c *function.Config) error {
		if len(in.Architectures) > 0 {
			c.Architectures = architectures(in.Architectures)
		}
		if in.ImageUri != nil && c.Image != nil {
			image := *c.Image
			image.URI = *in.ImageUri
			c.Image = &image
		}
		c.SourceKey = aws.ToString(in.SourceKMSKeyArn)
		if err := checkUnzipped(c.Layers, func() ([]byte, error) { return zip, nil }); err != nil {
			return err
		}
		return checkConfig(c)
	}, &code, zip, in.Publish)
	if err != nil {
		return nil, err
	}
	out := into[lambda.UpdateFunctionCodeOutput](v)
	if in.Publish {
		out.FunctionArn = aws.String(v.QualifiedARN())
	}
	return out, nil
}

func (a *API) getFunction(ctx context.Context, in *lambda.GetFunctionInput) (*lambda.GetFunctionOutput, error) {
	r, tags, err := a.read(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	c := configuration(r.Version)
	c.FunctionArn = &r.InvokedARN
	out := &lambda.GetFunctionOutput{Configuration: c, Code: a.codeLocation(r.Version)}
	if len(tags) > 0 {
		out.Tags = tags
	}
	reserved, err := a.Functions.Reserved(ctx, function.Key{Account: r.Version.Account, Region: r.Version.Region, Name: r.Version.Name})
	if reserved != nil {
		out.Concurrency = &types.Concurrency{ReservedConcurrentExecutions: narrow(reserved)}
	}
	return out, err
}

// codeLocation says where a version's package is.
func (a *API) codeLocation(v *function.Version) *types.FunctionCodeLocation {
	if v.Image != nil {
		repository, _, _ := strings.Cut(v.Image.URI, "@")
		if i := strings.LastIndex(repository, ":"); i > strings.LastIndex(repository, "/") {
			repository = repository[:i]
		}
		return &types.FunctionCodeLocation{RepositoryType: aws.String("ECR"), ImageUri: &v.Image.URI, ResolvedImageUri: aws.String(repository + "@sha256:" + v.Code.SHA256)}
	}
	return &types.FunctionCodeLocation{RepositoryType: aws.String("S3"), Location: aws.String(a.CodeURL(v)), SourceKMSKeyArn: optional(v.SourceKey)}
}

// read resolves a reference for the reading operations.
func (a *API) read(ctx context.Context, name, qualifier *string) (*function.Resolved, map[string]string, error) {
	k, ref, err := own(ctx, name, qualifier)
	if err != nil {
		return nil, nil, err
	}
	r, err := a.Functions.Describe(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	_, tags, err := a.Functions.Get(ctx, k)
	return r, tags, err
}

func (a *API) getFunctionConfiguration(ctx context.Context, in *lambda.GetFunctionConfigurationInput) (*lambda.GetFunctionConfigurationOutput, error) {
	r, _, err := a.read(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	out := into[lambda.GetFunctionConfigurationOutput](r.Version)
	out.FunctionArn = &r.InvokedARN
	return out, nil
}
