package check

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// type names in the plan's own naming.
func typed(like *resource, kind string) string {
	if strings.HasPrefix(like.typ, "lambdasim_") {
		return "lambdasim_" + strings.TrimPrefix(kind, "lambda_")
	}
	return "aws_" + kind
}

// instance is how a module's own HCL calls a resource's attribute; the text, quoted, from outside the module.
func instance(r *resource, in *scope, attribute, text string) string {
	if r == nil || r.scope != in {
		return fmt.Sprintf("%q", text)
	}
	key := ""
	switch k := r.key.(type) {
	case string:
		key = fmt.Sprintf("[%q]", k)
	case float64:
		key = fmt.Sprintf("[%d]", int(k))
	}
	return r.typ + "." + r.name + key + "." + attribute
}

var notName = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// label makes an HCL name of words.
func label(words ...string) string {
	return strings.ToLower(strings.Trim(notName.ReplaceAllString(strings.Join(words, "_"), "_"), "_"))
}

// owner finds the resource of the plan that has an ARN, and the attribute in which it has it.
func (c *checker) owner(text string) (*resource, string) {
	for _, r := range c.plan.resources {
		if _, ok := arnForms[r.kind]; !ok && r.kind != "cloudwatch_event_rule" || r.mode != "managed" {
			continue
		}
		for _, attribute := range []string{"arn", "stream_arn"} {
			if c.plan.attr(r, attribute).text == text {
				return r, attribute
			}
		}
	}
	return nil, ""
}

// mendPermission is the permission that would let a source in.
func (c *checker) mendPermission(k call, t target, source string) *Mend {
	s := map[string]any{"Sid": "Allow" + strings.ToUpper(k.service[:1]) + notName.ReplaceAllString(k.service[1:], ""), "Effect": "Allow",
		"Principal": map[string]string{"Service": k.principals[0]}, "Action": "lambda:InvokeFunction", "Resource": t.arn}
	lines := []string{fmt.Sprintf("statement_id  = %q", s["Sid"]), `action        = "lambda:InvokeFunction"`,
		"function_name = " + instance(t.resource, k.resource.scope, "function_name", t.function), fmt.Sprintf("principal     = %q", k.principals[0])}
	if t.qualifier != "" {
		lines = append(lines, fmt.Sprintf("qualifier     = %q", t.qualifier))
	}
	if k.service == "config" {
		s["Condition"] = map[string]any{"StringEquals": map[string]string{"AWS:SourceAccount": k.account}}
		lines = append(lines, fmt.Sprintf("source_account = %q", k.account))
	} else {
		s["Condition"] = map[string]any{"ArnLike": map[string]string{"AWS:SourceArn": source}}
		lines = append(lines, "source_arn    = "+c.sourceHCL(k, source))
	}
	statement, err := json.Marshal(s)
	if err != nil {
		return nil
	}
	return &Mend{Statement: statement, HCL: fmt.Sprintf("resource %q %q {\n  %s\n}", typed(k.resource, "lambda_permission"), label(k.service, k.resource.name), strings.Join(lines, "\n  "))}
}

// sourceHCL is a source's ARN as the trigger's module would write it.
func (c *checker) sourceHCL(k call, source string) string {
	if r, attribute := c.owner(source); r != nil {
		return instance(r, k.resource.scope, attribute, source)
	}
	if group, ok := strings.CutSuffix(source, ":*"); ok {
		if r, _ := c.owner(group); r != nil && r.scope == k.resource.scope {
			return `"${` + instance(r, k.resource.scope, "arn", group) + `}:*"`
		}
	}
	for _, kind := range []string{"apigatewayv2_api", "api_gateway_rest_api"} {
		for _, api := range c.plan.of(kind) {
			prefix := c.plan.attr(api, "execution_arn").text
			if rest, ok := strings.CutPrefix(source, prefix+"/{stage}/"); ok && api.scope == k.resource.scope {
				return `"${` + instance(api, k.resource.scope, "execution_arn", prefix) + `}/*/` + rest + `"`
			}
			if rest, ok := strings.CutPrefix(source, prefix+"/"); ok && api.scope == k.resource.scope {
				return `"${` + instance(api, k.resource.scope, "execution_arn", prefix) + `}/` + rest + `"`
			}
		}
	}
	return fmt.Sprintf("%q", source)
}

// mendRole is the policy that would give a role what it lacks.
func (c *checker) mendRole(ro role, missing []request) *Mend {
	var statements []any
	var hcl []string
	for _, m := range missing {
		resource := m.resource
		text := fmt.Sprintf("%q", resource)
		if bucket, _, ok := strings.Cut(resource, "/aws/lambda/record.json"); ok {
			resource, text = bucket+"/*", fmt.Sprintf("%q", bucket+"/*")
		}
		if r, attribute := c.owner(resource); r != nil && ro.resource != nil {
			text = instance(r, ro.resource.scope, attribute, resource)
		}
		statements = append(statements, map[string]any{"Effect": "Allow", "Action": m.actions, "Resource": resource})
		hcl = append(hcl, fmt.Sprintf("      { Effect = \"Allow\", Action = [%s], Resource = %s },", quotedList(m.actions), text))
	}
	var whole any = statements
	if len(statements) == 1 {
		whole = statements[0]
	}
	statement, err := json.Marshal(whole)
	if err != nil {
		return nil
	}
	typ, role := "aws_iam_role_policy", fmt.Sprintf("%q", ro.name)
	if ro.resource != nil {
		typ, role = typed(ro.resource, "iam_role_policy"), instance(ro.resource, ro.resource.scope, "name", ro.name)
	}
	return &Mend{Statement: statement, HCL: fmt.Sprintf("resource %q %q {\n  role = %s\n  policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [\n%s\n    ]\n  })\n}",
		typ, label(ro.name, strings.NewReplacer(":", "_").Replace(missing[0].actions[0])), role, strings.Join(hcl, "\n"))}
}

func quotedList(list []string) string {
	q := make([]string, len(list))
	for i, s := range list {
		q[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(q, ", ")
}

// mendTrust is the trust policy that lets Lambda assume a role.
func (c *checker) mendTrust(ro role) *Mend {
	return &Mend{Statement: json.RawMessage(`{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}`),
		HCL: "  assume_role_policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [{ Effect = \"Allow\", Principal = { Service = \"lambda.amazonaws.com\" }, Action = \"sts:AssumeRole\" }]\n  })"}
}

// mendURL is the permission that lets anybody call a function URL.
func (c *checker) mendURL(r *resource, t target, sid, action, key string) *Mend {
	argument, value, operator := "function_url_auth_type", `"NONE"`, "StringEquals"
	if key == "lambda:InvokedViaFunctionUrl" {
		argument, value, operator = "invoked_via_function_url", "true", "Bool"
	}
	statement, err := json.Marshal(map[string]any{"Sid": sid, "Effect": "Allow", "Principal": "*", "Action": action, "Resource": t.arn,
		"Condition": map[string]any{operator: map[string]string{key: strings.Trim(value, `"`)}}})
	if err != nil {
		return nil
	}
	return &Mend{Statement: statement, HCL: fmt.Sprintf("resource %q %q {\n  statement_id  = %q\n  action        = %q\n  function_name = %s\n  principal     = \"*\"\n  %s = %s\n}",
		typed(r, "lambda_permission"), label("url", r.name), sid, action, instance(t.resource, r.scope, "function_name", t.function), argument, value)}
}
