package kinesis_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull/pulltest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/kinesis"
)

func TestTheContractOfAStream(t *testing.T) {
	n := 0
	pulltest.Stream(t, []postgres.Schema{kinesis.Schema}, func(c *pulltest.Core) *pulltest.StreamSource {
		store := kinesis.NewStore(c.DB, c.Agenda, c.Poller.Wake)
		caller := kinesis.NewCaller(store, c.Clock, pulltest.Account, pulltest.Region)
		return &pulltest.StreamSource{Stream: store, Service: "kinesis", Start: store.Start, Stop: store.Close, Retention: 24 * time.Hour, Timestamps: true,
			Create: func(t *testing.T) string {
				n++
				streamARN, err := caller.Make(t.Context(), fmt.Sprintf("s%d", n))
				if err != nil {
					t.Fatal(err)
				}
				return streamARN
			},
			Put: func(t *testing.T, streamARN, key, name string) {
				if err := caller.Put(t.Context(), streamARN, key, fmt.Appendf(nil, `{"name":%q}`, name)); err != nil {
					t.Fatal(err)
				}
			},
			Name: func(record json.RawMessage) string {
				var r struct{ Kinesis struct{ Data []byte } }
				var data struct{ Name string }
				if json.Unmarshal(record, &r) != nil || json.Unmarshal(r.Kinesis.Data, &data) != nil {
					return string(record)
				}
				return data.Name
			},
			Only: func(name string) string { return fmt.Sprintf(`{"data":{"name":[%q]}}`, name) },
			Reshard: func(t *testing.T, streamARN, key string) {
				if err := caller.Split(t.Context(), streamARN, key); err != nil {
					t.Fatal(err)
				}
			}}
	})
}
