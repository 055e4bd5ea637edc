package logs_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

func TestTheTailIsTheLastLines(t *testing.T) {
	db := pgtest.New(t, logs.Schema)
	s := logs.New(db, slog.New(slog.DiscardHandler))
	defer s.Close()
	f := &function.Version{Account: "000000000000", Region: "us-east-1", Name: "f", Version: "$LATEST", Config: function.Config{LogGroup: "own"}}
	g := &function.Version{Account: "000000000000", Region: "us-east-1", Name: "g", Version: "$LATEST"}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s.Append(t.Context(), f, at, []byte("one\ntwo\n\nfour\n"), false, "")
	s.Append(t.Context(), g, at, []byte("another's\n"), false, "")
	s.Append(t.Context(), f, at.Add(time.Second), nil, false, "")
	s.Append(t.Context(), f, at.Add(time.Second), []byte("a NUL \x00, no UTF-8 \xff, and no end"), false, "")
	tail := func(group string, n int) (lines []string) {
		t.Helper()
		events, err := s.Tail(t.Context(), "000000000000", "us-east-1", group, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Stream != logs.Stream(f, at) && group == "own" {
				t.Errorf("%q is in the stream %s", e.Message, e.Stream)
			}
			lines = append(lines, e.Message)
		}
		return lines
	}
	last := `a NUL \0, no UTF-8 ` + "\uFFFD, and no end"
	if d := cmp.Diff([]string{"one", "two", "", "four", last}, tail("own", 10)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"", "four", last}, tail("own", 3)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"another's"}, tail("/aws/lambda/g", 3)); d != "" {
		t.Error(d)
	}
	err := db.Tx(t.Context(), func(ctx context.Context, tx *postgres.Tx) error { return s.Forget(ctx, tx, "000000000000") })
	if left := tail("own", 10); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
