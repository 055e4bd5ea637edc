package lambda_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func layered(layers ...string) func(*world) error {
	return making(func(in *lambda.CreateFunctionInput) { in.Layers = layers })
}

func layering(runtimes []types.Runtime, arches []types.Architecture) func(*world) error {
	return func(w *world) error {
		return try(w.PublishLayerVersion(w.t.Context(), &lambda.PublishLayerVersionInput{LayerName: aws.String("new"), CompatibleRuntimes: runtimes,
			CompatibleArchitectures: arches, Content: &types.LayerVersionContentInput{ZipFile: archive(w.t, "a", "b")}}))
	}
}

func layerOf(number int64) func(*world) error {
	return func(w *world) error {
		return try(w.GetLayerVersion(w.t.Context(), &lambda.GetLayerVersionInput{LayerName: aws.String("l"), VersionNumber: &number}))
	}
}

func layersFor(runtime types.Runtime, arch types.Architecture) func(*world) error {
	return func(w *world) error {
		return try(w.ListLayers(w.t.Context(), &lambda.ListLayersInput{CompatibleRuntime: runtime, CompatibleArchitecture: arch}))
	}
}

// granting asks for a permission on version 1 of the layer l.
func granting(change func(in *lambda.AddLayerVersionPermissionInput)) func(*world) error {
	return func(w *world) error {
		in := &lambda.AddLayerVersionPermissionInput{LayerName: aws.String("l"), VersionNumber: aws.Int64(1), StatementId: aws.String("s1"),
			Action: aws.String("lambda:GetLayerVersion"), Principal: aws.String("*")}
		change(in)
		return try(w.AddLayerVersionPermission(w.t.Context(), in))
	}
}

// permitting asks for a permission on a function.
func permitting(name, qualifier string, change func(in *lambda.AddPermissionInput)) func(*world) error {
	return func(w *world) error {
		in := permission("s3")
		in.FunctionName = &name
		if qualifier != "" {
			in.Qualifier = &qualifier
		}
		change(in)
		return try(w.AddPermission(w.t.Context(), in))
	}
}

func withdrawing(name, sid string) func(*world) error {
	return func(w *world) error {
		return try(w.RemovePermission(w.t.Context(), &lambda.RemovePermissionInput{FunctionName: &name, StatementId: &sid}))
	}
}

var layerErrors = []asking{
	{part: "Cannot reference more than 5", ask: layered(layerPrefix+"a:1", layerPrefix+"b:1", layerPrefix+"c:1", layerPrefix+"d:1", layerPrefix+"e:1", layerPrefix+"f:1")},
	{part: "layer:<resource:1>:9 does not exist", ask: layered(layerPrefix + "l:9")},
	{part: "layer:doesnotexist:1 does not exist", ask: layered(layerPrefix + "doesnotexist:1")},
	{part: "Layers are not in the same region", ask: layered("arn:aws:lambda:eu-west-1:000000000000:layer:l:1")},
	{part: "layer:<resource:1>:1 are versions of the same layer", ask: layered(layerPrefix+"l:1", layerPrefix+"l:1")},
	{part: "layer:<resource:1>:2 are versions of the same layer", ask: layered(layerPrefix+"l:1", layerPrefix+"l:2")},
	{part: "at 'layers' failed", ask: layered(layerPrefix + "l")},
	{part: "Layer Version Cannot be less than 1", ask: layerOf(0)},
	{part: "'archdoesnotexist'", ask: layersFor("", "archdoesnotexist")},
	{part: "'runtimedoesnotexist'", ask: layersFor("runtimedoesnotexist", "")},
	{part: "'[invalidruntime]'", ask: layering([]types.Runtime{"invalidruntime"}, []types.Architecture{"invalidarch"})},
	{part: "'[invalidruntime, invalidruntime2, nodejs20.x]'", ask: layering([]types.Runtime{"invalidruntime", "invalidruntime2", "nodejs20.x"}, []types.Architecture{"invalidarch", "x86_64"})},
	{part: "layer:<resource:1>' at 'arn'", ask: func(w *world) error {
		return try(w.GetLayerVersionByArn(w.t.Context(), &lambda.GetLayerVersionByArnInput{Arn: aws.String(layerPrefix + "l")}))
	}},
	{part: "layer:<resource:1>:2 does not exist", ask: granting(func(in *lambda.AddLayerVersionPermissionInput) {
		in.LayerName, in.VersionNumber = aws.String("other"), aws.Int64(2)
	})},
	{part: "layer:<resource:1>-doesnotexist:1 does not exist", ask: granting(func(in *lambda.AddLayerVersionPermissionInput) { in.LayerName = aws.String("l-doesnotexist") })},
	{part: "'*' at 'action'", ask: granting(func(in *lambda.AddLayerVersionPermissionInput) { in.Action = aws.String("*") })},
	{part: "GetLayerPolicy API", ask: granting(func(in *lambda.AddLayerVersionPermissionInput) { in.RevisionId = aws.String(uuidText) })},
	{part: "No policy is associated", ask: func(w *world) error {
		return try(w.GetLayerVersionPolicy(w.t.Context(), &lambda.GetLayerVersionPolicyInput{LayerName: aws.String("l"), VersionNumber: aws.Int64(2)}))
	}},
	{part: "Statement doesnotexist is not found", ask: func(w *world) error {
		return try(w.RemoveLayerVersionPermission(w.t.Context(), &lambda.RemoveLayerVersionPermissionInput{LayerName: aws.String("l"), VersionNumber: aws.Int64(1), StatementId: aws.String("doesnotexist")}))
	}},
	{part: "The statement id (s1)", ask: func(w *world) error {
		grant := granting(func(*lambda.AddLayerVersionPermissionInput) {})
		w.must(grant(w))
		return grant(w)
	}},
}

var policyErrors = []asking{
	{part: "The provided principal was invalid", ask: permitting("f", "", func(in *lambda.AddPermissionInput) { in.Principal = aws.String("invalid.nonaws.com") })},
	{part: "'example.com' at 'statementId'", ask: permitting("f", "", func(in *lambda.AddPermissionInput) { in.StatementId = aws.String("example.com") })},
	{part: "'invalid-qualifier-with-?-char'", ask: permitting("f", "invalid-qualifier-with-?-char", func(*lambda.AddPermissionInput) {})},
	{part: "function:<function-name>:42", ask: permitting("f", "42", func(*lambda.AddPermissionInput) {})},
	{part: "valid-with-$-but-doesnotexist", ask: permitting("f", "valid-with-$-but-doesnotexist", func(*lambda.AddPermissionInput) {})},
	{part: "function:<function-name>:alias-doesnotexist", ask: permitting("f", "alias-doesnotexist", func(*lambda.AddPermissionInput) {})},
	{part: "The statement id (s3)", ask: func(w *world) error {
		permit := permitting("f", "", func(*lambda.AddPermissionInput) {})
		w.must(permit(w))
		return permit(w)
	}},
	{part: "Call the GetPolicy API", ask: permitting("f", "", func(in *lambda.AddPermissionInput) { in.RevisionId = aws.String(uuidText) })},
	{part: "Statement non-existent is not found", ask: withdrawing("f", "non-existent")},
	{part: "No policy found for", ask: withdrawing("doesnotexist", "s")},
}
