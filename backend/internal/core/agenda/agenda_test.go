package agenda_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

type bundle struct {
	db  *postgres.DB
	clk *clock.Clock
	a   *agenda.Agenda

	mu  sync.Mutex
	ran []string
}

// log records what ran, and at which second after the epoch.
func (b *bundle) log(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ran = append(b.ran, fmt.Sprintf("%s@%d", what, int(b.clk.Now().Sub(clock.Epoch).Seconds())))
}

func setup(t *testing.T, mode clock.Mode) *bundle {
	clk, err := clock.New(mode, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{db: pgtest.NewWithClock(t, clk, agenda.Schema), clk: clk}
	b.a = agenda.New(b.db, clk, slog.New(slog.DiscardHandler))
	return b
}

func (b *bundle) start(t *testing.T) {
	t.Helper()
	if err := b.a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.a.Close(context.Background()) })
}

func (b *bundle) note(_ context.Context, it agenda.Item) (agenda.Verdict, error) {
	b.log(string(it.Body))
	return agenda.Done(), nil
}

func (b *bundle) rows(t *testing.T) (n int) {
	t.Helper()
	if err := b.db.QueryRow(t.Context(), `SELECT count(*) FROM agenda.items`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func at(seconds int) time.Time { return clock.Epoch.Add(time.Duration(seconds) * time.Second) }

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("ran %v, want %v", got, want)
	}
}

func TestVirtualClock(t *testing.T) {
	t.Run("advancing runs what falls due in the order of due and arrival, at its own instant", func(t *testing.T) {
		b := setup(t, clock.Virtual)
		b.a.Handle("note", 4, b.note)
		b.start(t)
		for _, it := range []agenda.Item{
			{Kind: "note", Lane: "x", Due: at(20), Body: []byte("c")},
			{Kind: "note", Lane: "y", Due: at(10), Body: []byte("a")},
			{Kind: "note", Lane: "x", Due: at(10), Body: []byte("b")},
			{Kind: "note", Lane: "x", Due: at(31), Body: []byte("late")},
		} {
			if err := b.a.Enqueue(t.Context(), it); err != nil {
				t.Fatal(err)
			}
		}
		now, ran, err := b.a.Advance(t.Context(), 30*time.Second)
		if err != nil || ran != 3 || !now.Equal(at(30)) {
			t.Errorf("Advance = %v, %d, %v; want %v, 3, nil", now, ran, err, at(30))
		}
		want(t, b.ran, "a@10", "b@10", "c@20")
	})

	t.Run("an item that is put back runs again when it falls due, with its attempt and body", func(t *testing.T) {
		b := setup(t, clock.Virtual)
		b.a.Handle("retry", 1, func(_ context.Context, it agenda.Item) (agenda.Verdict, error) {
			b.log(fmt.Sprintf("%s%d", it.Body, it.Attempt))
			if it.Attempt == 2 {
				return agenda.Done(), nil
			}
			return agenda.Again(b.clk.Now().Add(time.Minute), it.Attempt+1, append(it.Body, '.')), nil
		})
		b.start(t)
		if err := b.a.Enqueue(t.Context(), agenda.Item{Kind: "retry", Due: at(0), Body: []byte("e")}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.a.Advance(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
		want(t, b.ran, "e0@0", "e.1@60", "e..2@120")
	})

	t.Run("the clock stands still while something is in flight outside", func(t *testing.T) {
		b := setup(t, clock.Virtual)
		b.start(t)
		end := b.a.Busy("a call")
		ctx, cancel := context.WithCancel(t.Context())
		answered := make(chan error, 1)
		go func() { _, _, err := b.a.Advance(ctx, time.Second); answered <- err }()
		b.a.Next() // a round through the loop: the advance has been seen or will be, and cannot have been answered
		select {
		case err := <-answered:
			t.Fatalf("advance was answered with %v while a call was in flight", err)
		default:
		}
		end()
		if err := <-answered; err != nil {
			t.Error(err)
		}
		cancel()
	})

	t.Run("an advance that nobody waits for any more leaves the clock alone", func(t *testing.T) {
		b := setup(t, clock.Virtual)
		b.start(t)
		end := b.a.Busy("a call")
		ctx, cancel := context.WithCancel(t.Context())
		answered := make(chan error, 1)
		go func() { _, _, err := b.a.Advance(ctx, time.Hour); answered <- err }()
		cancel()
		if err := <-answered; !errors.Is(err, context.Canceled) {
			t.Fatalf("the abandoned advance returned %v", err)
		}
		end()
		if _, _, err := b.a.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !b.clk.Now().Equal(at(0)) {
			t.Errorf("the clock shows %v, want %v", b.clk.Now(), at(0))
		}
	})

	t.Run("what a running item made and waits for runs beside it", func(t *testing.T) {
		b := setup(t, clock.Virtual)
		made := make(chan struct{})
		b.a.Handle("waits", 1, func(ctx context.Context, it agenda.Item) (agenda.Verdict, error) {
			if agenda.Beside(ctx) {
				t.Error("an item that nobody waits for runs beside another")
			}
			b.a.Asked()
			if err := b.a.Enqueue(ctx, agenda.Item{Kind: "made", Due: b.clk.Now()}); err != nil {
				t.Error(err)
			}
			<-made
			b.log("waits")
			return agenda.Done(), nil
		})
		b.a.Handle("made", 1, func(ctx context.Context, it agenda.Item) (agenda.Verdict, error) {
			if !agenda.Beside(ctx) {
				t.Error("the handler is not told that it runs beside another")
			}
			b.log("made")
			close(made)
			return agenda.Done(), nil
		})
		b.a.Handle("note", 1, b.note)
		b.start(t)
		for _, it := range []agenda.Item{{Kind: "waits", Due: at(0)}, {Kind: "note", Due: at(1), Body: []byte("later")}} {
			if err := b.a.Enqueue(t.Context(), it); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := b.a.Advance(t.Context(), time.Second); err != nil {
			t.Fatal(err)
		}
		want(t, b.ran, "made@0", "waits@0", "later@1")
	})

	t.Run("nothing starts while a call from outside is at work, unless that has made it", func(t *testing.T) {
		b := setup(t, clock.Virtual)
		ran := make(chan bool, 2)
		b.a.Handle("note", 1, func(ctx context.Context, it agenda.Item) (agenda.Verdict, error) {
			ran <- agenda.Beside(ctx)
			return agenda.Done(), nil
		})
		b.start(t)
		end := b.a.Busy("a call")
		b.a.Asked()
		if err := b.a.Enqueue(t.Context(), agenda.Item{Kind: "note", Due: at(0)}); err != nil {
			t.Fatal(err)
		}
		if !<-ran {
			t.Error("it ran as if nothing else were at work")
		}
		end()
		if err := b.a.Enqueue(t.Context(), agenda.Item{Kind: "note", Due: at(0)}); err != nil {
			t.Fatal(err)
		}
		if <-ran {
			t.Error("it ran beside a call that has ended")
		}
	})

	t.Run("a real clock is refused with what to do", func(t *testing.T) {
		b := setup(t, clock.Real)
		b.start(t)
		if _, _, err := b.a.Advance(t.Context(), time.Second); !fault.Is(err, fault.Conflict) {
			t.Errorf("Advance of a real clock = %v, want a conflict", err)
		}
	})
}

func TestAutomaticClock(t *testing.T) {
	t.Run("follows work to its end, and leaves background items alone", func(t *testing.T) {
		b := setup(t, clock.Auto)
		b.a.Handle("note", 1, b.note)
		b.start(t)
		items := []agenda.Item{
			{Kind: "note", Due: at(3600), Body: []byte("schedule"), Background: true},
			{Kind: "note", Due: at(7200), Body: []byte("work")},
		}
		if err := b.a.Enqueue(t.Context(), items...); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.a.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Passing 3600 on the way to 7200 makes the schedule due, and what is due runs.
		want(t, b.ran, "schedule@7200", "work@7200")
		if err := b.a.Enqueue(t.Context(), agenda.Item{Kind: "note", Due: at(9000), Body: []byte("next"), Background: true}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.a.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(b.ran) != 2 {
			t.Errorf("an automatic clock followed a background item: %v", b.ran)
		}
	})
}

func TestDurability(t *testing.T) {
	t.Run("what was not finished runs after a restart, what was finished does not", func(t *testing.T) {
		b := setup(t, clock.Virtual)
		b.a.Handle("note", 1, b.note)
		b.start(t)
		for i, body := range []string{"done", "left"} {
			if err := b.a.Enqueue(t.Context(), agenda.Item{Kind: "note", Due: at(i * 60), Body: []byte(body)}); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := b.a.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := b.a.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := b.rows(t); n != 1 {
			t.Fatalf("%d rows after the first life, want 1", n)
		}
		second := &bundle{db: b.db, clk: b.clk}
		second.a = agenda.New(b.db, b.clk, slog.New(slog.DiscardHandler))
		second.a.Handle("note", 1, second.note)
		second.start(t)
		if _, _, err := second.a.Advance(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
		want(t, second.ran, "left@60")
	})

	t.Run("an item runs that was committed for a caller who has gone", func(t *testing.T) {
		b := setup(t, clock.Virtual)
		b.a.Handle("note", 1, b.note)
		b.start(t)
		hold := holdTable(t, b.db)
		ctx, cancel := context.WithCancel(t.Context())
		answered := make(chan error, 1)
		go func() {
			answered <- b.a.Enqueue(ctx, agenda.Item{Kind: "note", Due: at(0), Body: []byte("kept")})
		}()
		waitForLock(t, b.db)
		cancel()
		if err := <-answered; !errors.Is(err, context.Canceled) {
			t.Fatalf("the caller who had gone was answered with %v", err)
		}
		hold()
		// What is due at 60 keeps the table from being empty before. Either of the two may be committed first.
		if err := b.a.Enqueue(t.Context(), agenda.Item{Kind: "note", Due: at(60), Body: []byte("later")}); err != nil {
			t.Fatal(err)
		}
		for try := 0; (len(b.ran) == 0 || b.rows(t) != 1) && try < 5000; try++ { // until it has run, and is deleted
			if _, _, err := b.a.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		want(t, b.ran, "kept@0")
	})

	t.Run("an automatic clock stands after a crash where it had come to", func(t *testing.T) {
		b := setup(t, clock.Auto)
		b.a.Handle("note", 1, b.note)
		b.start(t)
		if err := b.a.Enqueue(t.Context(), agenda.Item{Kind: "note", Due: at(300), Body: []byte("work")}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.a.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		clk := clock.NewVirtual(time.Time{}) // no Close came before
		again := agenda.New(b.db, clk, slog.New(slog.DiscardHandler))
		if err := again.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer again.Close(context.Background())
		if !clk.Now().Equal(at(300)) {
			t.Errorf("the clock shows %v, want %v", clk.Now(), at(300))
		}
	})

	t.Run("a backlog larger than memory runs whole, in order, with its bodies, also after a restart", func(t *testing.T) {
		b := setup(t, clock.Virtual)
		b.a.Handle("note", 1, b.note)
		b.a.KeepBodies(10) // three of the bodies below
		b.start(t)
		var wanted []string
		for i := range 20 {
			it := agenda.Item{Kind: "note", Lane: fmt.Sprint(i % 3), Due: at(100 - i), Body: fmt.Appendf(nil, "b%02d", i)}
			if err := b.a.Enqueue(t.Context(), it); err != nil {
				t.Fatal(err)
			}
			wanted = slices.Insert(wanted, 0, fmt.Sprintf("b%02d@%d", i, 100-i))
		}
		if _, _, err := b.a.Advance(t.Context(), 90*time.Second); err != nil {
			t.Fatal(err)
		}
		want(t, b.ran, wanted[:10]...)
		if err := b.a.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		second := &bundle{db: b.db, clk: b.clk}
		second.a = agenda.New(b.db, b.clk, slog.New(slog.DiscardHandler))
		second.a.Handle("note", 1, second.note)
		second.a.KeepBodies(10)
		second.start(t)
		if _, _, err := second.a.Advance(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
		want(t, second.ran, wanted[10:]...)
	})

	t.Run("an item of a transaction that rolls back never runs", func(t *testing.T) {
		b := setup(t, clock.Virtual)
		b.a.Handle("note", 1, b.note)
		b.start(t)
		put := func(fail error, body string) {
			_ = b.db.Tx(t.Context(), func(ctx context.Context, tx *postgres.Tx) error {
				if err := b.a.Put(ctx, tx, agenda.Item{Kind: "note", Due: tx.Now, Body: []byte(body)}); err != nil {
					t.Error(err)
				}
				return fail
			})
		}
		put(context.Canceled, "no")
		put(nil, "yes")
		if _, _, err := b.a.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		want(t, b.ran, "yes@0")
	})

	t.Run("a virtual clock stands after a restart where it stood", func(t *testing.T) {
		b := setup(t, clock.Virtual)
		b.start(t)
		if _, _, err := b.a.Advance(t.Context(), 90*time.Minute); err != nil {
			t.Fatal(err)
		}
		_ = b.a.Close(t.Context())
		clk := clock.NewVirtual(time.Time{})
		again := agenda.New(b.db, clk, slog.New(slog.DiscardHandler))
		if err := again.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer again.Close(context.Background())
		if !clk.Now().Equal(at(5400)) {
			t.Errorf("the clock shows %v, want %v", clk.Now(), at(5400))
		}
	})
}

func TestLanes(t *testing.T) {
	t.Run("a held-up lane holds up only itself, and runs no more than its capacity", func(t *testing.T) {
		b := setup(t, clock.Real)
		gate := make(chan struct{})
		var most, now int
		two := make(chan struct{})
		b.a.Handle("slow", 2, func(context.Context, agenda.Item) (agenda.Verdict, error) {
			b.mu.Lock()
			if now++; now == 2 && most < 2 {
				close(two)
			}
			most = max(most, now)
			b.mu.Unlock()
			<-gate
			b.mu.Lock()
			now--
			b.mu.Unlock()
			return agenda.Done(), nil
		})
		fast := make(chan struct{})
		b.a.Handle("fast", 1, func(context.Context, agenda.Item) (agenda.Verdict, error) {
			close(fast)
			return agenda.Done(), nil
		})
		b.start(t)
		for range 5 {
			b.a.Volatile(agenda.Item{Kind: "slow", Lane: "s"})
		}
		b.a.Volatile(agenda.Item{Kind: "fast", Lane: "f"})
		<-two
		<-fast // although the slow lane is stuck
		close(gate)
		if _, _, err := b.a.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if most != 2 {
			t.Errorf("%d items of the lane ran at once, want its capacity 2", most)
		}
	})

	t.Run("what is at work when its account is forgotten is not put back", func(t *testing.T) {
		b := setup(t, clock.Virtual)
		forget := make(chan struct{})
		running := make(chan struct{}, 2)
		b.a.Handle("again", 1, func(_ context.Context, it agenda.Item) (agenda.Verdict, error) {
			running <- struct{}{}
			<-forget
			b.log("ran")
			return agenda.Again(at(1), 1, nil), nil
		})
		b.start(t)
		if err := b.a.Enqueue(t.Context(), agenda.Item{Kind: "again", Account: "111111111111", Due: at(0)}); err != nil {
			t.Fatal(err)
		}
		<-running
		if err := b.db.Tx(t.Context(), func(ctx context.Context, tx *postgres.Tx) error { return b.a.Forget(ctx, tx, "111111111111") }); err != nil {
			t.Fatal(err)
		}
		close(forget)
		if _, _, err := b.a.Advance(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		want(t, b.ran, "ran@0")
	})

	t.Run("forgetting an account drops its items and nobody else's", func(t *testing.T) {
		b := setup(t, clock.Virtual)
		b.a.Handle("note", 1, b.note)
		b.start(t)
		for _, account := range []string{"111111111111", "222222222222"} {
			if err := b.a.Enqueue(t.Context(), agenda.Item{Kind: "note", Account: account, Due: at(5), Body: []byte(account)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.db.Tx(t.Context(), func(ctx context.Context, tx *postgres.Tx) error { return b.a.Forget(ctx, tx, "111111111111") }); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.a.Advance(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		want(t, b.ran, "222222222222@5")
	})
}

// holdTable keeps everybody from writing items until the returned function is called.
func holdTable(t *testing.T, db *postgres.DB) (release func()) {
	t.Helper()
	held, let, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- db.Tx(context.Background(), func(ctx context.Context, tx *postgres.Tx) error {
			_, err := tx.Exec(ctx, `LOCK TABLE agenda.items IN EXCLUSIVE MODE`)
			close(held)
			<-let
			return err
		})
	}()
	<-held
	return func() {
		close(let)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// waitForLock returns once somebody waits for a lock.
func waitForLock(t *testing.T, db *postgres.DB) {
	t.Helper()
	for n := 0; n == 0; {
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE NOT granted`).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
}
