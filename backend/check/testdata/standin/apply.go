package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const account = "123456789012"

func (s *server) UpgradeResourceState(_ context.Context, r *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	t := schema(s.resources[r.TypeName]).ValueType()
	v, err := r.RawState.Unmarshal(t)
	if err != nil {
		return nil, err
	}
	d, err := tfprotov6.NewDynamicValue(t, v)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &d}, err
}

func (s *server) ReadResource(_ context.Context, r *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: r.CurrentState}, nil
}

// ApplyResourceChange makes up what AWS would compute: ARNs as AWS has them, ids otherwise.
func (s *server) ApplyResourceChange(_ context.Context, r *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	t := schema(s.resources[r.TypeName]).ValueType()
	v, err := r.PlannedState.Unmarshal(t)
	if err != nil || v.IsNull() {
		return &tfprotov6.ApplyResourceChangeResponse{NewState: r.PlannedState}, err
	}
	in, _ := plain(v).(map[string]any)
	h := fnv.New32a()
	fmt.Fprint(h, r.TypeName, in)
	made := s.made(r.TypeName, in, fmt.Sprintf("m%08x", h.Sum32()))
	v, err = tftypes.Transform(v, func(p *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		switch {
		case v.IsKnown():
			return v, nil
		case v.Type().Is(tftypes.String):
			if text, ok := made[where(p)]; ok {
				return tftypes.NewValue(v.Type(), text), nil
			}
			return tftypes.NewValue(v.Type(), made["id"]), nil
		}
		return tftypes.NewValue(v.Type(), nil), nil
	})
	if err != nil {
		return nil, err
	}
	d, err := tfprotov6.NewDynamicValue(t, v)
	return &tfprotov6.ApplyResourceChangeResponse{NewState: &d}, err
}

// made are the computed attributes of a resource.
func (s *server) made(typ string, in map[string]any, id string) map[string]string {
	text := func(name string) string { v, _ := in[name].(string); return v }
	region := text("region")
	if region == "" {
		region = s.region
	}
	partition := "aws"
	if strings.HasPrefix(region, "cn-") {
		partition = "aws-cn"
	}
	name := text("name")
	if name == "" {
		name = text("name_prefix") + id
	}
	arn := func(service, rest string) string {
		return "arn:" + partition + ":" + service + ":" + region + ":" + account + ":" + rest
	}
	m := map[string]string{"id": id, "name": name, "arn": arn("other", id), "region": region, "version": "1", "policy": ""}
	switch strings.TrimPrefix(typ, "aws_") {
	case "lambda_function":
		m["arn"], m["id"] = arn("lambda", "function:"+text("function_name")), text("function_name")
		m["invoke_arn"] = "arn:" + partition + ":apigateway:" + region + ":lambda:path/2015-03-31/functions/" + m["arn"] + "/invocations"
	case "lambda_alias":
		m["arn"] = arn("lambda", "function:"+text("function_name")+":"+name)
	case "iam_role":
		m["arn"], m["id"] = "arn:"+partition+":iam::"+account+":role/"+name, name
	case "iam_policy":
		m["arn"] = "arn:" + partition + ":iam::" + account + ":policy/" + name
	case "s3_bucket":
		bucket := text("bucket")
		if bucket == "" {
			bucket = text("bucket_prefix") + id
		}
		m["arn"], m["id"], m["bucket"] = "arn:"+partition+":s3:::"+bucket, bucket, bucket
	case "kinesis_stream":
		m["arn"] = arn("kinesis", "stream/"+name)
	case "dynamodb_table":
		m["arn"], m["stream_arn"] = arn("dynamodb", "table/"+name), arn("dynamodb", "table/"+name+"/stream/2026-01-01T00:00:00.000")
	case "sqs_queue":
		m["arn"], m["url"] = arn("sqs", name), "https://sqs."+region+".amazonaws.com/"+account+"/"+name
	case "sns_topic":
		m["arn"], m["id"] = arn("sns", name), arn("sns", name)
	case "cloudwatch_event_rule":
		m["arn"], m["id"] = arn("events", "rule/"+strings.TrimPrefix(text("event_bus_name")+"/", "default/")+name), name
	case "cloudwatch_event_bus":
		m["arn"] = arn("events", "event-bus/"+name)
	case "cloudwatch_log_group":
		m["arn"] = arn("logs", "log-group:"+name)
	case "cognito_user_pool":
		m["arn"] = arn("cognito-idp", "userpool/"+id)
	case "apigatewayv2_api", "api_gateway_rest_api":
		m["execution_arn"] = arn("execute-api", id)
	case "secretsmanager_secret":
		m["arn"] = arn("secretsmanager", "secret:"+name+"-AbCdEf")
	}
	return m
}
