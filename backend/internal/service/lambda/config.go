package lambda

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of a function (Lambda quotas and API model).
const (
	minTimeout, maxTimeout     = 1, 900
	minMemory, maxMemory       = 128, 10240
	minStorage, maxStorage     = 512, 10240
	maxDescription, maxHandler = 256, 128
	maxEnvironment             = 4096
	maxZipped                  = 52428800
	maxUnzipped                = 262144000
	maxTags                    = 50
)

// Defaults of CreateFunction.
const (
	defaultTimeout = 3
	defaultMemory  = 128
	defaultStorage = 512
)

// reserved are the environment variables that Lambda sets itself and nobody else may (developer guide, defined runtime
// environment variables).
var reserved = []string{"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
	"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
	"AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"}

var (
	rolePattern       = `arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`
	roleRegexp        = regexp.MustCompile(`^(?:` + rolePattern + `)$`)
	envName           = regexp.MustCompile(`^[a-zA-Z]([a-zA-Z0-9_])+$`)
	deadLetterPattern = `(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()`
	deadLetterForm    = regexp.MustCompile(`^(?:` + deadLetterPattern + `)$`)
	handlerForm       = regexp.MustCompile(`^[^\s]+$`)
)

// syntax holds a configuration to the constraints of the API's model, which come before everything else.
func syntax(c *function.Config) error {
	var v []wire.Violation
	if !roleRegexp.MatchString(c.Role) {
		v = append(v, wire.Pattern("role", c.Role, rolePattern))
	}
	between := func(path string, n, least, most int) {
		if n < least {
			v = append(v, wire.AtLeast(path, n, least))
		} else if n > most {
			v = append(v, wire.AtMost(path, n, most))
		}
	}
	between("timeout", c.Timeout, minTimeout, maxTimeout)
	between("memorySize", c.MemorySize, minMemory, maxMemory)
	between("ephemeralStorage.size", c.EphemeralStorage, minStorage, maxStorage)
	if len(c.Description) > maxDescription {
		v = append(v, wire.MaxLength("description", c.Description, maxDescription))
	}
	if len(c.Handler) > maxHandler {
		v = append(v, wire.MaxLength("handler", c.Handler, maxHandler))
	}
	if c.Handler != "" && !handlerForm.MatchString(c.Handler) {
		v = append(v, wire.Pattern("handler", c.Handler, `[^\s]+`))
	}
	if !deadLetterForm.MatchString(c.DeadLetter) {
		v = append(v, wire.Pattern("deadLetterConfig.targetArn", c.DeadLetter, deadLetterPattern))
	}
	if len(c.Architectures) > 1 {
		v = append(v, wire.MaxLength("architectures", "["+strings.Join(c.Architectures, ", ")+"]", 1))
	}
	v = append(v, architectureForm("architectures", c.Architectures)...)
	return wire.Validation(append(v, keptSyntax(c)...)...)
}

// checkConfig holds a whole configuration to what Lambda demands of it.
func checkConfig(c *function.Config) error {
	if err := syntax(c); err != nil {
		return err
	}
	if err := checkKept(c); err != nil {
		return err
	}
	if c.Image == nil {
		if c.Handler == "" || c.Runtime == "" {
			return invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
		}
		if err := checkRuntime(c.Runtime); err != nil {
			return err
		}
	}
	return checkEnvironment(c.Environment)
}

func checkEnvironment(env map[string]string) error {
	var taken []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if slices.Contains(reserved, name) {
			taken = append(taken, name)
		} else if !envName.MatchString(name) {
			return &wire.Error{Status: http.StatusBadRequest, Code: "ValidationException", NoType: true,
				Message: wire.Describe(wire.Violation{Value: printMap(env), Path: "environment.variables",
					Constraint: "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]"})}
		}
	}
	if len(taken) > 0 {
		return invalid("Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", strings.Join(taken, ", "))
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // an escape is six bytes, and Lambda makes none
	if err := enc.Encode(env); err != nil {
		return err
	}
	if measured := bytes.TrimSpace(text.Bytes()); len(env) > 0 && len(measured) > maxEnvironment {
		return invalid("Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: %s", measured)
	}
	return nil
}

func printMap(m map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, k+"="+m[k])
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// setLogging applies a LoggingConfig; for JSON logs the levels default to INFO.
func setLogging(c *function.Config, l *types.LoggingConfig) {
	if l == nil {
		return
	}
	if l.LogFormat != "" {
		c.LogFormat = string(l.LogFormat)
	}
	if l.LogGroup != nil {
		c.LogGroup = *l.LogGroup
	}
	c.ApplicationLevel, c.SystemLevel = string(l.ApplicationLogLevel), string(l.SystemLogLevel)
	if c.LogFormat == "JSON" {
		if c.ApplicationLevel == "" {
			c.ApplicationLevel = "INFO"
		}
		if c.SystemLevel == "" {
			c.SystemLevel = "INFO"
		}
	}
}

// checkRole demands that the execution role exists and that Lambda may assume it, and that the caller may pass it.
func (a *API) checkRole(ctx context.Context, role, functionARN string) error {
	if err := a.Authz.Require(ctx, passRole(wire.CallFrom(ctx), role, functionARN)); err != nil {
		return err
	}
	err := a.Authz.RequireTrust(ctx, role, functionARN)
	if err != nil && fault.KindOf(err) == "" {
		return err
	}
	if err != nil {
		return invalid("The role defined for the function cannot be assumed by Lambda.")
	}
	return nil
}

// checkZip opens a deployment package and measures it.
func checkZip(data []byte) (function.Code, error) {
	if len(data) > maxZipped {
		return function.Code{}, &wire.Error{Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLargeException", NoType: true,
			Message: fmt.Sprintf("Zipped size must be smaller than %d bytes", maxZipped)}
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return function.Code{}, invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
	}
	var total uint64
	for _, f := range r.File {
		if total += f.UncompressedSize64; total > maxUnzipped {
			return function.Code{}, invalid("Unzipped size must be smaller than %d bytes", maxUnzipped)
		}
	}
	sum := sha256.Sum256(data)
	return function.Code{SHA256: base64.StdEncoding.EncodeToString(sum[:]), Size: int64(len(data))}, nil
}

// code finds the deployment package of a request: given inline, or in S3.
func (a *API) code(ctx context.Context, zipFile []byte, bucket, key, version *string) ([]byte, function.Code, error) {
	switch {
	case len(zipFile) > 0:
	case bucket != nil && key != nil:
		data, err := a.Object(ctx, wire.CallFrom(ctx), *bucket, *key, aws.ToString(version))
		if fault.Is(err, fault.Denied) {
			return nil, function.Code{}, err
		}
		if err != nil {
			return nil, function.Code{}, invalid("Error occurred while GetObject. %v", err)
		}
		zipFile = data
	default:
		return nil, function.Code{}, invalid("Please provide a source for function code.")
	}
	code, err := checkZip(zipFile)
	return zipFile, code, err
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}
