package events

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
)

// Mappings lists the functions that rules call, of an account ("" for all).
func (a *API) Mappings(ctx context.Context, account string) ([]push.Mapping, error) {
	rows, err := a.DB.Query(ctx, `SELECT `+ruleColumns+` FROM events.rules WHERE @account = '' OR account = @account
		ORDER BY account, region, bus COLLATE "C", name COLLATE "C"`, pgx.NamedArgs{"account": account})
	if err != nil {
		return nil, err
	}
	rules, err := pgx.CollectRows(rows, scanRule)
	if err != nil {
		return nil, err
	}
	var list []push.Mapping
	for _, r := range rules {
		for _, t := range r.targets {
			d := delivery{Target: t}
			if !d.isFunction() {
				continue
			}
			list = append(list, push.Mapping{ID: r.Name + "/" + aws.ToString(t.Id), Mode: invoke.Event, Event: push.Event{Service: "events", Principal: principal,
				SourceARN: r.arn(), SourceAccount: r.Account, Function: *t.Arn}})
		}
	}
	return list, nil
}
