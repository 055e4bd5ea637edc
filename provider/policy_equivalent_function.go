package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/policydoc"
)

type policyEquivalentFunction struct{}

func newPolicyEquivalentFunction() function.Function { return policyEquivalentFunction{} }

// Metadata names the function.
func (policyEquivalentFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "policy_equivalent"
}

// Definition describes the function.
func (policyEquivalentFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Whether two policies mean the same.",
		MarkdownDescription: "Compares two policies by what they mean, as the resources of this provider do. The order of statements and of the elements of lists makes no difference, nor does a list of one " +
			"beside its element, an account's number beside the ARN of its root, the case of `Effect`, or `true` beside `\"true\"` in a condition. `Sid`, `Version` and `Id` count. Nothing is called.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "a", MarkdownDescription: "A policy, JSON."},
			function.StringParameter{Name: "b", MarkdownDescription: "Another one."},
		},
		Return: function.BoolReturn{},
	}
}

// Run compares.
func (policyEquivalentFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var texts [2]string
	if resp.Error = req.Arguments.Get(ctx, &texts[0], &texts[1]); resp.Error != nil {
		return
	}
	for i, text := range texts {
		if text == "" {
			continue
		}
		if err := syntax(text); err != nil {
			resp.Error = function.NewArgumentFuncError(int64(i), "not JSON: "+err.Error())
			return
		}
	}
	same, err := policydoc.Equivalent(texts[0], texts[1])
	if err != nil {
		resp.Error = function.NewFuncError(err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, same)
}
