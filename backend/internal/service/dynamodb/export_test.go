package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Caller calls operations as a client of an account and region does.
type Caller struct {
	API
	account, region string
}

// NewCaller returns a caller of a store.
func NewCaller(s *Store, c *clock.Clock, ids *ident.Source, account, region string) *Caller {
	return &Caller{API{Store: s, Clock: c, IDs: ids}, account, region}
}

func (c *Caller) call(ctx context.Context) context.Context {
	return wire.WithCall(ctx, &wire.Call{Account: c.account, Region: c.region})
}

// Make makes a table that is paid by request, with a stream, and returns the stream's ARN.
func (c *Caller) Make(ctx context.Context, name string) (string, error) {
	out, err := c.createTable(c.call(ctx), &dynamodb.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("k"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("k"), KeyType: types.KeyTypeHash}},
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage}})
	if err != nil {
		return "", err
	}
	return *out.TableDescription.LatestStreamArn, nil
}

// Put puts an item with a name into the table of a stream.
func (c *Caller) Put(ctx context.Context, streamARN, key, name string) error {
	st, err := c.Store.streamByARN(ctx, streamARN)
	if err != nil {
		return err
	}
	_, err = c.putItem(c.call(ctx), &dynamodb.PutItemInput{TableName: &st.table,
		Item: map[string]types.AttributeValue{"k": &types.AttributeValueMemberS{Value: key}, "n": &types.AttributeValueMemberS{Value: name}}})
	return err
}
