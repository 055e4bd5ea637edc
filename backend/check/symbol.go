package check

import (
	"regexp"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
)

// symbol is an attribute that the provider will compute: its ARN as far as the parts are known, or its name in braces.
func (p *Plan) symbol(r *resource, attribute string) value {
	text := p.home(r, p.synthesize(r, attribute))
	if text == "" {
		text = brace(r.address + "." + attribute)
	}
	return value{text: text, symbolic: true, from: r}
}

// part is an attribute as a part of a symbol: its text, or its name in braces.
func (p *Plan) part(r *resource, attribute string) string {
	v := p.attr(r, attribute)
	if v.absent || v.hidden || v.level == open || v.text == "" {
		return brace(r.address + "." + attribute)
	}
	return v.text
}

// arnForms are the ARNs of the types that are sources, targets, roles and policies: the service, and the resource with the
// attributes that it is made of.
var arnForms = map[string]struct{ service, resource string }{
	"lambda_function":         {"lambda", "function:<function_name>"},
	"iam_role":                {"iam", "role<path><name>"},
	"iam_policy":              {"iam", "policy<path><name>"},
	"s3_bucket":               {"s3", "<bucket>"},
	"kinesis_stream":          {"kinesis", "stream/<name>"},
	"dynamodb_table":          {"dynamodb", "table/<name>"},
	"sqs_queue":               {"sqs", "<name>"},
	"sns_topic":               {"sns", "<name>"},
	"cloudwatch_event_bus":    {"events", "event-bus/<name>"},
	"cloudwatch_log_group":    {"logs", "log-group:<name>"},
	"cognito_user_pool":       {"cognito-idp", "userpool/<id>"},
	"config_config_rule":      {"config", "config-rule/<rule_id>"},
	"iot_topic_rule":          {"iot", "rule/<name>"},
	"secretsmanager_secret":   {"secretsmanager", "secret:<name>-{suffix}"},
	"lb_target_group":         {"elasticloadbalancing", "targetgroup/<name>/{id}"},
	"codecommit_repository":   {"codecommit", "<repository_name>"},
	"kinesis_stream_consumer": {"kinesis", "<stream>/consumer/<name>:{time}"},
}

// names are the attributes that repeat a name: id of a bucket is its bucket.
var names = map[string]map[string]string{
	"lambda_function":       {"id": "function_name"},
	"iam_role":              {"id": "name"},
	"s3_bucket":             {"id": "bucket"},
	"kinesis_stream":        {"id": "arn"},
	"dynamodb_table":        {"id": "name"},
	"sns_topic":             {"id": "arn"},
	"sqs_queue":             {"id": "url"},
	"iam_policy":            {"id": "arn"},
	"cloudwatch_event_bus":  {"id": "name"},
	"cloudwatch_log_group":  {"id": "name"},
	"cloudwatch_event_rule": {"id": "name"},
	"secretsmanager_secret": {"id": "arn"},
	"lambda_alias":          {"id": "arn"},
	"lb_target_group":       {"id": "arn"},
}

var attributeOf = regexp.MustCompile(`<(\w+)>`)

// synthesize puts a computed attribute together; empty where there is no form for it.
func (p *Plan) synthesize(r *resource, attribute string) string {
	if same := names[r.kind][attribute]; same != "" {
		return p.part(r, same)
	}
	region, account := p.region(r), p.account(r)
	if form, ok := arnForms[r.kind]; ok && attribute == "arn" {
		if form.service == "iam" || form.service == "s3" {
			region = ""
		}
		if form.service == "s3" {
			account = ""
		}
		return arn.ARN{Partition: arn.Partition, Service: form.service, Region: region, Account: account, Resource: p.fill(r, form.resource)}.String()
	}
	function := func() string { return p.part(r, "arn") }
	switch r.kind + "." + attribute {
	case "lambda_function.invoke_arn", "lambda_alias.invoke_arn":
		return invokePath(region, function())
	case "lambda_function.qualified_arn":
		return function() + ":" + p.part(r, "version")
	case "lambda_function.qualified_invoke_arn":
		return invokePath(region, function()+":"+p.part(r, "version"))
	case "lambda_alias.arn":
		return p.functionARN(r, p.part(r, "function_name")) + ":" + p.part(r, "name")
	case "cloudwatch_event_rule.arn":
		return p.ruleARN(r, p.part(r, "name"))
	case "dynamodb_table.stream_arn":
		return p.part(r, "arn") + "/stream/{label}"
	case "sqs_queue.url":
		return "https://sqs." + region + ".amazonaws.com/" + account + "/" + p.part(r, "name")
	case "apigatewayv2_api.execution_arn", "api_gateway_rest_api.execution_arn":
		return p.executionARN(r, p.part(r, "id"))
	case "apigatewayv2_stage.execution_arn":
		return p.executionARN(r, p.part(r, "api_id")) + "/" + p.part(r, "name")
	case "api_gateway_stage.execution_arn":
		return p.executionARN(r, p.part(r, "rest_api_id")) + "/" + p.part(r, "stage_name")
	}
	return ""
}

// fill puts a resource's attributes into a form. A path that is not given is "/".
func (p *Plan) fill(r *resource, form string) string {
	return attributeOf.ReplaceAllStringFunc(form, func(m string) string {
		name := m[1 : len(m)-1]
		if v := p.attr(r, name); name == "path" && v.absent {
			return "/"
		}
		if name == "stream" {
			_, rest, _ := strings.Cut(p.part(r, "stream_arn"), "stream/")
			return "stream/" + rest
		}
		return p.part(r, name)
	})
}

func invokePath(region, functionARN string) string {
	return "arn:" + arn.Partition + ":apigateway:" + region + ":lambda:path/2015-03-31/functions/" + functionARN + "/invocations"
}

func (p *Plan) executionARN(r *resource, api string) string {
	return p.local(r, "execute-api", api)
}

// ruleARN is the ARN of an EventBridge rule, by a resource that has its name and perhaps its bus.
func (p *Plan) ruleARN(r *resource, rule string) string {
	bus := p.attr(r, "event_bus_name")
	name := bus.text
	if i := strings.LastIndex(name, "/"); i >= 0 {
		name = name[i+1:]
	}
	switch {
	case !bus.absent && (bus.level == open || bus.hidden):
		rule = brace(r.address+".event_bus_name") + "/" + rule
	case !bus.absent && name != "default":
		rule = name + "/" + rule
	}
	return p.local(r, "events", "rule/"+rule)
}

// functionARN is a function's ARN, given its name or already an ARN, in the region and account of r.
func (p *Plan) functionARN(r *resource, name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return p.local(r, "lambda", "function:"+strings.TrimPrefix(name, "function:"))
}

// local is an ARN in a resource's own region and account.
func (p *Plan) local(r *resource, service, rest string) string {
	return p.home(r, arn.ARN{Partition: arn.Partition, Service: service, Region: p.region(r), Account: p.account(r), Resource: rest}.String())
}

// home puts an ARN into the partition of a resource's region.
func (p *Plan) home(r *resource, text string) string {
	partition := arn.Partition
	switch region := p.region(r); {
	case strings.HasPrefix(region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return strings.ReplaceAll(text, "arn:"+arn.Partition+":", "arn:"+partition+":")
}

const (
	someAccount = "{account}"
	someRegion  = "{region}"
)

// region is the region in which a resource lives.
func (p *Plan) region(r *resource) string {
	if v := r.values["region"]; v != nil && v != "" {
		return plainText(v)
	}
	if v := p.providerSetting(r, "region"); v != "" {
		return v
	}
	if r.config != nil && p.regions[r.config.ProviderKey] != "" {
		return p.regions[r.config.ProviderKey]
	}
	return someRegion
}

var arnWithRegion = regexp.MustCompile(`^arn:aws[a-z-]*:[a-z0-9-]+:([a-z]{2,}-[a-z-]+-\d):`)

// findRegions learns the region of each provider configuration that does not say it (AWS_REGION does then): from aws_region,
// or from the ARNs that are known, if they agree.
func (p *Plan) findRegions() {
	p.regions = map[string]string{}
	differ := map[string]bool{}
	for _, r := range p.resources {
		text, _ := r.values["arn"].(string)
		m := arnWithRegion.FindStringSubmatch(text)
		if r.config == nil || m == nil || r.mode != "managed" || r.kind == "" {
			continue
		}
		key := r.config.ProviderKey
		if was := p.regions[key]; was != "" && was != m[1] {
			differ[key] = true
		}
		p.regions[key] = m[1]
	}
	for key := range differ {
		delete(p.regions, key)
	}
	for _, r := range p.resources {
		if r.kind != "region" || r.mode != "data" || r.config == nil {
			continue
		}
		for _, attribute := range []string{"region", "name", "id"} {
			if text, _ := r.values[attribute].(string); text != "" {
				p.regions[r.config.ProviderKey] = text
				break
			}
		}
	}
}

// providerSetting is an argument of the configuration of a resource's provider, where it is a constant or a root variable.
func (p *Plan) providerSetting(r *resource, argument string) string {
	if r.config == nil {
		return ""
	}
	c, ok := p.raw.Configuration.ProviderConfig[r.config.ProviderKey]
	if !ok {
		return ""
	}
	e, ok := c.Expressions[argument]
	if !ok {
		return ""
	}
	if leaves := references(e); len(leaves) != 1 || !strings.HasPrefix(leaves[0], "var.") {
		m, _ := e.(map[string]any)
		if list, ok := m["constant_value"].([]any); ok && len(list) == 1 {
			return plainText(list[0])
		}
		return plainText(m["constant_value"])
	}
	v := p.follow(asker{scope: p.root, site: "provider." + argument}, references(e)[0], nil)
	if v.symbolic || v.hidden {
		return ""
	}
	return v.text
}

var arnWithAccount = regexp.MustCompile(`^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}):`)

// credentials are the arguments of a provider's configuration that may lead to another account.
var credentials = []string{"access_key", "account_id", "allowed_account_ids", "assume_role", "assume_role_with_web_identity", "profile", "shared_config_files", "shared_credentials_files"}

// identity is what a provider configuration's account depends on: aliases that differ in their region alone share it.
func (p *Plan) identity(key string) string {
	own := map[string]any{}
	for _, argument := range credentials {
		if e, ok := p.raw.Configuration.ProviderConfig[key].Expressions[argument]; ok {
			own[argument] = e
		}
	}
	if len(own) == 0 {
		return ""
	}
	return plainText(own)
}

// findAccounts learns the account of each identity: from aws_caller_identity, from an ARN that is known.
func (p *Plan) findAccounts() {
	p.accounts = map[string]string{}
	learn := func(r *resource, account string) {
		if r.config == nil || account == "" {
			return
		}
		if id := p.identity(r.config.ProviderKey); p.accounts[id] == "" {
			p.accounts[id] = account
		}
	}
	for _, r := range p.resources {
		if r.kind == "caller_identity" && r.mode == "data" {
			learn(r, plainText(r.values["account_id"]))
		}
	}
	for _, r := range p.resources {
		text, _ := r.values["arn"].(string)
		if m := arnWithAccount.FindStringSubmatch(text); m != nil && r.mode == "managed" && r.kind != "" {
			learn(r, m[1])
		}
	}
}

// account is the account in which a resource lives.
func (p *Plan) account(r *resource) string {
	if r.config == nil {
		return someAccount
	}
	for _, argument := range []string{"account_id", "allowed_account_ids"} {
		if v := p.providerSetting(r, argument); len(v) == 12 {
			return v
		}
	}
	id := p.identity(r.config.ProviderKey)
	if a := p.accounts[id]; a != "" {
		return a
	}
	if id == "" {
		return someAccount
	}
	return brace("account of the provider " + r.config.ProviderKey)
}
