package arn_test

import (
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
)

func TestParseFunctionRef(t *testing.T) {
	for in, want := range map[string]arn.FunctionRef{
		"f":                                 {Name: "f"},
		"f:live":                            {Name: "f", Qualifier: "live"},
		"f:$LATEST":                         {Name: "f", Qualifier: "$LATEST"},
		"function:f":                        {Name: "f"},
		"111111111111:function:f":           {Account: "111111111111", Name: "f"},
		"111111111111:function:f:1":         {Account: "111111111111", Name: "f", Qualifier: "1"},
		"us-east-1:111111111111:function:f": {Region: "us-east-1", Account: "111111111111", Name: "f"},
		"arn:aws:lambda:eu-west-1:111111111111:function:f":      {Region: "eu-west-1", Account: "111111111111", Name: "f"},
		"arn:aws:lambda:eu-west-1:111111111111:function:f:live": {Region: "eu-west-1", Account: "111111111111", Name: "f", Qualifier: "live"},
		"arn:aws:lambda:eu-west-1:111111111111:function":        {Region: "eu-west-1", Account: "111111111111", Name: "function"},
	} {
		got, err := arn.ParseFunctionRef(in, false)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "*", "my-function!", "f:1:2", "arn:aws:s3:::b", "a b"} {
		if got, err := arn.ParseFunctionRef(in, false); err == nil {
			t.Errorf("%q was read as %+v", in, got)
		}
	}
	if _, err := arn.ParseFunctionRef("a.b", true); err == nil {
		t.Error("a name with a dot was admitted on create")
	}
}

func TestParse(t *testing.T) {
	const text = "arn:aws:lambda:us-east-1:111111111111:function:f:live"
	a, err := arn.Parse(text)
	if err != nil || a.Resource != "function:f:live" || a.String() != text {
		t.Errorf("%+v, %v", a, err)
	}
	for _, in := range []string{"", "arn", "arn:aws:s3", "urn:aws:s3:::b", "arn:aws:s3:::"} {
		if a, err := arn.Parse(in); err == nil {
			t.Errorf("%q was read as %+v", in, a)
		}
	}
}

func TestConstructors(t *testing.T) {
	for got, want := range map[string]string{
		arn.QualifiedFunction("us-east-1", "1", "f", ""): "arn:aws:lambda:us-east-1:1:function:f",
		arn.AssumedRole("1", "r", "s"):                   "arn:aws:sts::1:assumed-role/r/s",
		arn.Role("1", "/p/", "r"):                        "arn:aws:iam::1:role/p/r",
		arn.Object("b", "k/l"):                           "arn:aws:s3:::b/k/l",
		arn.KinesisStream("us-east-1", "1", "s"):         "arn:aws:kinesis:us-east-1:1:stream/s",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
