package check

import (
	"strings"
)

// integrations are those of API Gateway that call a function: HTTP and WebSocket APIs (v2) and REST APIs (v1). The source
// is the route or method, in a stage.
func (c *checker) integrations() []call {
	var list []call
	for _, r := range c.plan.of("apigatewayv2_integration") {
		if c.plan.attr(r, "integration_type").text != "AWS_PROXY" || !c.plan.attr(r, "integration_subtype").absent {
			continue
		}
		k := call{service: "apigateway", resource: r, via: "integration_uri", function: c.plan.attr(r, "integration_uri"),
			principals: []string{"apigateway.amazonaws.com"}, account: c.plan.account(r), credential: c.plan.attr(r, "credentials_arn")}
		api := c.plan.part(r, "api_id")
		for _, route := range c.routes(r, api) {
			k.sources = append(k.sources, c.plan.executionARN(r, api)+"/"+c.stage("apigatewayv2_stage", "api_id", "name", api)+"/"+route)
		}
		if len(k.sources) == 0 {
			k.open = "no route of this plan leads to it, so it is not known as what it calls"
		}
		list = append(list, k)
	}
	for _, r := range c.plan.of("api_gateway_integration") {
		if kind := c.plan.attr(r, "type").text; kind != "AWS_PROXY" && kind != "AWS" {
			continue
		}
		api := c.plan.part(r, "rest_api_id")
		k := call{service: "apigateway", resource: r, via: "uri", function: c.plan.attr(r, "uri"), principals: []string{"apigateway.amazonaws.com"},
			account: c.plan.account(r), credential: c.plan.attr(r, "credentials")}
		path := c.path(r, api, c.plan.attr(r, "resource_id"))
		for _, method := range methods(c.plan.attr(r, "http_method").text) {
			k.sources = append(k.sources, c.plan.executionARN(r, api)+"/"+c.stage("api_gateway_stage", "rest_api_id", "stage_name", api)+"/"+method+path)
		}
		list = append(list, k)
	}
	return list
}

// methods are two that ANY stands for: a permission that lets in both is for all.
func methods(method string) []string {
	if method == "ANY" {
		return []string{"GET", "DELETE"}
	}
	return []string{method}
}

// stage is the stage of an API where the plan has one, otherwise a symbol.
func (c *checker) stage(kind, api, name, id string) string {
	for _, s := range c.plan.of(kind) {
		if c.plan.part(s, api) == id {
			return c.plan.part(s, name)
		}
	}
	return "{stage}"
}

// routes lists the routes that lead to an integration, as METHOD/PATH. A route's target is "integrations/ID", in which the
// id is not known before apply: its reference tells.
func (c *checker) routes(integration *resource, api string) []string {
	var list []string
	id := c.plan.part(integration, "id")
	for _, route := range c.plan.of("apigatewayv2_route") {
		target := c.plan.attr(route, "target")
		text := strings.TrimPrefix(target.text, "integrations/")
		if c.plan.part(route, "api_id") != api || (text != id && !(len(target.about) == 1 && target.about[0] == id)) {
			continue
		}
		method, path, found := strings.Cut(c.plan.part(route, "route_key"), " ")
		if !found {
			list = append(list, method) // $default, $connect, or a WebSocket route
			continue
		}
		for _, m := range methods(method) {
			list = append(list, m+path)
		}
	}
	return list
}

// path is the path of a REST API's resource, which begins with a slash.
func (c *checker) path(r *resource, api string, id value) string {
	if id.from != nil && strings.HasSuffix(id.from.kind, "rest_api") {
		return "/"
	}
	if id.from == nil || id.from.kind != "api_gateway_resource" {
		for _, other := range c.plan.of("api_gateway_resource") {
			if c.plan.part(other, "id") == id.text && id.text != "" {
				return c.plan.part(other, "path")
			}
		}
		return "/"
	}
	parent := c.path(r, api, c.plan.attr(id.from, "parent_id"))
	return strings.TrimSuffix(parent, "/") + "/" + c.plan.part(id.from, "path_part")
}

// byRole judges an integration that calls with a role of the customer: the role's policies count, and API Gateway must be
// able to assume it.
func (c *checker) byRole(k call, t target, f Finding) {
	f.Rule = "push/apigateway-role"
	c.judgeRole(f, c.roleOf(k.resource, k.credential), k.principals[0], []request{{[]string{"lambda:InvokeFunction"}, t.arn}}, "invoke")
}
