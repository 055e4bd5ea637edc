package lambda

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Constraints of aliases (API model; the alias's name recorded in 2025-11).
const (
	aliasPattern   = `(?!^[0-9]+$)([a-zA-Z0-9-_]+)`
	maxAlias       = 128
	maxVersion     = 1024
	weightValue    = "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]"
	weightKey      = "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]"
	versionPattern = `(\$LATEST|[0-9]+)`
)

// aliasChange are the members that CreateAlias and UpdateAlias share.
type aliasChange struct {
	name, version, description *string
	routing                    *types.AliasRoutingConfiguration
}

// check holds the members to the constraints of the API's model.
func (ch aliasChange) check() []wire.Violation {
	var v []wire.Violation
	if ch.routing != nil {
		v = append(v, checkWeights(ch.routing.AdditionalVersionWeights)...)
	}
	if n := *ch.name; function.IsVersion(n) || !function.IsAlias(n) || strings.ContainsFunc(n, notOfName) {
		v = append(v, wire.Pattern("name", n, aliasPattern))
	}
	if n := *ch.name; len(n) > maxAlias {
		v = append(v, wire.MaxLength("name", n, maxAlias))
	}
	if ch.version != nil && *ch.version != function.Latest && !function.IsVersion(*ch.version) {
		v = append(v, wire.Pattern("functionVersion", *ch.version, versionPattern))
	}
	if ch.version != nil && len(*ch.version) > maxVersion {
		v = append(v, wire.MaxLength("functionVersion", *ch.version, maxVersion))
	}
	if d := aws.ToString(ch.description); len(d) > maxDescription {
		v = append(v, wire.MaxLength("description", d, maxDescription))
	}
	return v
}

func notOfName(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_')
}

func checkWeights(weights map[string]float64) []wire.Violation {
	const path = "routingConfig.additionalVersionWeights"
	var v []wire.Violation
	for _, constraint := range []struct {
		text   string
		broken func(version string, weight float64) bool
	}{
		{weightKey, func(version string, _ float64) bool { return !function.IsVersion(version) || len(version) > maxVersion }},
		{weightValue, func(_ string, weight float64) bool { return !(weight >= 0 && weight <= 1) }}, // NaN is neither
	} {
		for _, version := range slices.Sorted(maps.Keys(weights)) {
			if constraint.broken(version, weights[version]) {
				v = append(v, wire.Violation{Value: printWeights(weights), Path: path, Constraint: constraint.text})
				break
			}
		}
	}
	return v
}

// printWeights prints weights as AWS's validation errors do: {2=0.5}.
func printWeights(weights map[string]float64) string {
	var parts []string
	for _, version := range slices.Sorted(maps.Keys(weights)) {
		number := strconv.FormatFloat(weights[version], 'f', -1, 64)
		if !strings.ContainsAny(number, ".NI") {
			number += ".0"
		}
		parts = append(parts, version+"="+number)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// aliased is an alias as the API's answers show it, as one of the structs that repeat its members.
func aliased[T any](k function.Key, a *function.Alias) *T {
	c := &types.AliasConfiguration{AliasArn: aws.String(aliasARN(k, a.Name)), Name: &a.Name, FunctionVersion: &a.Version, Description: &a.Description, RevisionId: &a.RevisionID}
	if len(a.Weights) > 0 {
		c.RoutingConfig = &types.AliasRoutingConfiguration{AdditionalVersionWeights: a.Weights}
	}
	return repeat[T](c)
}

func (a *API) createAlias(ctx context.Context, in *lambda.CreateAliasInput) (*lambda.CreateAliasOutput, error) {
	k, err := unqualified(ctx, in.FunctionName, aliasChange{in.Name, in.FunctionVersion, in.Description, in.RoutingConfig}.check()...)
	if err != nil {
		return nil, err
	}
	alias := function.Alias{Name: *in.Name, Version: *in.FunctionVersion, Description: aws.ToString(in.Description)}
	if in.RoutingConfig != nil {
		alias.Weights = in.RoutingConfig.AdditionalVersionWeights
	}
	made, err := a.Functions.CreateAlias(ctx, k, alias)
	if err != nil {
		return nil, err
	}
	return aliased[lambda.CreateAliasOutput](k, made), nil
}

func (a *API) updateAlias(ctx context.Context, in *lambda.UpdateAliasInput) (*lambda.UpdateAliasOutput, error) {
	k, err := unqualified(ctx, in.FunctionName, aliasChange{in.Name, in.FunctionVersion, in.Description, in.RoutingConfig}.check()...)
	if err != nil {
		return nil, err
	}
	alias, err := a.Functions.UpdateAlias(ctx, k, *in.Name, aws.ToString(in.RevisionId), func(alias *function.Alias) {
		if in.FunctionVersion != nil {
			alias.Version = *in.FunctionVersion
		}
		if in.Description != nil {
			alias.Description = *in.Description
		}
		if in.RoutingConfig != nil {
			alias.Weights = in.RoutingConfig.AdditionalVersionWeights
		}
	})
	if err != nil {
		return nil, err
	}
	return aliased[lambda.UpdateAliasOutput](k, alias), nil
}

func (a *API) getAlias(ctx context.Context, in *lambda.GetAliasInput) (*lambda.GetAliasOutput, error) {
	k, err := unqualified(ctx, in.FunctionName, aliasChange{name: in.Name}.check()...)
	if err != nil {
		return nil, err
	}
	alias, err := a.Functions.Alias(ctx, k, *in.Name)
	if err != nil {
		return nil, err
	}
	return aliased[lambda.GetAliasOutput](k, alias), nil
}

func (a *API) deleteAlias(ctx context.Context, in *lambda.DeleteAliasInput) (*lambda.DeleteAliasOutput, error) {
	k, err := unqualified(ctx, in.FunctionName, aliasChange{name: in.Name}.check()...)
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteAliasOutput{}, a.Functions.DeleteAlias(ctx, k, *in.Name)
}

func (a *API) listAliases(ctx context.Context, in *lambda.ListAliasesInput) (*lambda.ListAliasesOutput, error) {
	var v []wire.Violation
	if n := in.FunctionVersion; n != nil && *n != function.Latest && !function.IsVersion(*n) {
		v = append(v, wire.Pattern("functionVersion", *n, versionPattern))
	}
	k, err := unqualified(ctx, in.FunctionName, v...)
	if err != nil {
		return nil, err
	}
	list, err := a.Functions.Aliases(ctx, k, aws.ToString(in.FunctionVersion))
	if err != nil {
		return nil, err
	}
	out := &lambda.ListAliasesOutput{Aliases: []types.AliasConfiguration{}}
	list, out.NextMarker, err = page(list, in.Marker, in.MaxItems, 50, func(alias *function.Alias) string { return alias.Name })
	for i := range list {
		out.Aliases = append(out.Aliases, *aliased[types.AliasConfiguration](k, &list[i]))
	}
	return out, err
}
