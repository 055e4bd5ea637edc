// Package provider is the Terraform provider: resources and data sources that mirror those of the AWS provider, under the
// type prefix lambdasim_, and that speak to the simulator and to nothing else.
//
// It is a client like any other: the AWS SDK over the wire for what AWS has, the control API for what it has not (the
// trace, the clock). It never loads the SDK's default configuration: no shared files, no SSO, no instance metadata, no
// proxy, no AWS_… variables. Nothing that it does can reach a cloud.
//
// Every argument is one of three things: acted upon; stored, where there is nothing to simulate; or refused by name, when
// it is planned, not when it is applied. The kind of a file is its suffix: function_resource.go, deliveries_data_source.go.
// A resource that is long is split into schema, model and operations.
package provider
