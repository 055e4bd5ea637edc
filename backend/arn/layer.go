package arn

import (
	"fmt"
	"regexp"
	"strconv"
)

// Layer is the ARN of a layer.
func Layer(region, account, name string) string {
	return format("lambda", region, account, "layer:"+name)
}

// LayerVersion is the ARN of a version of a layer.
func LayerVersion(region, account, name string, version int64) string {
	return Layer(region, account, name) + ":" + strconv.FormatInt(version, 10)
}

// Patterns of layers, as Lambda's validation errors print them.
const (
	LayerNamePattern    = `(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+`
	LayerVersionPattern = `(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)`
)

var layerARN = regexp.MustCompile(`^arn:[a-zA-Z0-9-]+:lambda:([a-zA-Z0-9-]+):(\d{12}):layer:([a-zA-Z0-9-_]+)(?::([0-9]+))?$`)

// LayerRef is a layer, or with Version one of its versions.
type LayerRef struct{ Region, Account, Name, Version string }

// ParseLayer reads the ARN of a layer or of a layer's version.
func ParseLayer(s string) (LayerRef, error) {
	m := layerARN.FindStringSubmatch(s)
	if m == nil {
		return LayerRef{}, fmt.Errorf("%q is not the ARN of a layer: want arn:aws:lambda:REGION:ACCOUNT:layer:NAME[:VERSION]", s)
	}
	return LayerRef{Region: m[1], Account: m[2], Name: m[3], Version: m[4]}, nil
}
