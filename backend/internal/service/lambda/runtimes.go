package lambda

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// offered are the runtimes that Lambda names when it is asked for one that it does not know (recorded 2026-01).
const offered = "nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, python3.11, " +
	"java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, " +
	"provided.al2, java8.al2"

// deprecated are the runtimes that the API knows and Lambda does not take any more (recorded 2025-11 for the newest of each
// language; the older ones went before them).
var deprecated = strings.Fields(`dotnetcore1.0 dotnetcore2.0 dotnetcore2.1 dotnetcore3.1 go1.x java8 nodejs nodejs4.3 nodejs4.3-edge
	nodejs6.10 nodejs8.10 nodejs10.x nodejs12.x nodejs14.x provided python2.7 python3.6 python3.7 ruby2.5 ruby2.7`)

// checkRuntime refuses a runtime that Lambda would not take. One that it takes and this machine cannot run is admitted: the
// function may be given a script.
func checkRuntime(name string) error {
	switch {
	case slices.Contains(deprecated, name):
		return invalid("The runtime parameter of %s is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.", name)
	case !slices.Contains(types.Runtime("").Values(), types.Runtime(name)):
		return invalid("Value %s at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [%s] or be a valid ARN", name, offered)
	}
	return nil
}
