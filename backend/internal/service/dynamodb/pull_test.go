package dynamodb_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull/pulltest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb"
)

// shardLives is how long a shard is open.
const shardLives = 4 * time.Hour

func TestTheContractOfAStream(t *testing.T) {
	n := 0
	pulltest.Stream(t, []postgres.Schema{dynamodb.Schema}, func(c *pulltest.Core) *pulltest.StreamSource {
		store := dynamodb.NewStore(c.DB, c.Agenda, c.Poller.Wake)
		caller := dynamodb.NewCaller(store, c.Clock, c.IDs, pulltest.Account, pulltest.Region)
		return &pulltest.StreamSource{Stream: store, Service: "dynamodb", Start: store.Start, Stop: store.Close, Retention: 24 * time.Hour,
			Create: func(t *testing.T) string {
				n++
				streamARN, err := caller.Make(t.Context(), fmt.Sprintf("table%d", n))
				if err != nil {
					t.Fatal(err)
				}
				return streamARN
			},
			Put: func(t *testing.T, streamARN, key, name string) {
				if err := caller.Put(t.Context(), streamARN, key, name); err != nil {
					t.Fatal(err)
				}
			},
			Name: func(record json.RawMessage) string {
				var r struct {
					DynamoDB struct {
						NewImage struct{ N struct{ S string } }
					}
				}
				if json.Unmarshal(record, &r) != nil {
					return string(record)
				}
				return r.DynamoDB.NewImage.N.S
			},
			Only:    func(name string) string { return fmt.Sprintf(`{"dynamodb":{"NewImage":{"n":{"S":[%q]}}}}`, name) },
			Reshard: func(t *testing.T, _, _ string) { c.Advance(t, shardLives) }}
	})
}
