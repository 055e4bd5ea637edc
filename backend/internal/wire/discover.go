package wire

import (
	"context"
	"io"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// capture is a client protocol that records the schema of every operation it is asked to serialize, and stops there. It is
// how all operations of an SDK client are found: every method is called once, and nothing is sent.
type capture struct {
	seen map[string]*smithy.OperationSchema
}

func (c *capture) SerializeRequest(_ context.Context, s *smithy.OperationSchema, _ smithy.Serializable, _ *smithyhttp.Request) error {
	if c.seen != nil {
		c.seen[s.ID().Name] = s
	}
	return errStop
}

func (*capture) ID() smithy.ShapeID { return smithy.ShapeID{Namespace: "lambdasim", Name: "capture"} }
func (*capture) DeserializeResponse(context.Context, *smithy.OperationSchema, *smithy.TypeRegistry, *smithyhttp.Response, smithy.Deserializable) error {
	return errStop
}
func (*capture) HasInitialEventMessage() bool { return false }
func (*capture) SerializeEventMessage(_, _ *smithy.Schema, _ smithy.Serializable, _ io.Writer) error {
	return errStop
}
func (*capture) DeserializeEventMessage(*smithy.Schema, *smithy.TypeRegistry, io.Reader) (smithy.Deserializable, error) {
	return nil, errStop
}
func (*capture) SerializeInitialRequest(*smithy.Schema, smithy.Serializable, io.Writer) error {
	return errStop
}
func (*capture) DeserializeInitialResponse(*smithy.Schema, io.Reader, smithy.Deserializable) error {
	return errStop
}

// callAll calls every operation of a client with an empty input.
func callAll(client any) {
	methods(client, func(_ string, call reflect.Value, in, _ reflect.Type) {
		call.Call([]reflect.Value{reflect.ValueOf(context.Background()), reflect.New(in)})
	})
}

// withoutValidation removes the checks of required members, which an empty input would not pass.
func withoutValidation(s *middleware.Stack) error {
	_, _ = s.Initialize.Remove("OperationInputValidation")
	return nil
}

// stopAfterValidation ends every call when its input has been validated.
func stopAfterValidation(s *middleware.Stack) error {
	return s.Initialize.Add(middleware.InitializeMiddlewareFunc("stop", func(context.Context, middleware.InitializeInput, middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		return middleware.InitializeOutput{}, middleware.Metadata{}, errStop
	}), middleware.After)
}

// nowhere is a configuration with which nothing can be sent.
func nowhere(stack func(*middleware.Stack) error) aws.Config {
	return aws.Config{
		Region:           "us-east-1",
		BaseEndpoint:     aws.String("http://127.0.0.1:1"),
		Credentials:      aws.AnonymousCredentials{},
		RetryMaxAttempts: 1,
		APIOptions:       []func(*middleware.Stack) error{stack},
	}
}
