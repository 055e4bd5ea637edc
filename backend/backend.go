package backend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute/process"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/local"
)

// stopLimit bounds how long a stop waits for requests in flight, and then for everything else, in real time.
const stopLimit = 10 * time.Second

// Backend is one simulator. Create it with New, then Start it; Close ends it.
type Backend struct {
	cfg      Config
	clk      *clock.Clock
	database *local.Server // nil with a server of the user's
	db       *postgres.DB
	ids      *ident.Source
	parts    *parts
	activity activity
	listener net.Listener
	server   *http.Server
	served   chan struct{}
	failed   chan error
	broken   atomic.Bool // the database is gone
	fresh    fresh
	work     *process.Folder
	closing  sync.Once
	closed   error
}

// New checks the configuration. Nothing is started.
func New(cfg Config) (*Backend, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	clk, err := clock.New(clock.Mode(cfg.Clock), cfg.ClockStart)
	if err != nil {
		return nil, fmt.Errorf("--clock %q: want one of %v", cfg.Clock, clock.Modes())
	}
	return &Backend{cfg: cfg, clk: clk, served: make(chan struct{}), failed: make(chan error, 3)}, nil
}

// Start brings everything up and returns once the backend answers. When it fails, what had been started is stopped.
func (b *Backend) Start(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			_ = b.Close(context.WithoutCancel(ctx))
		}
	}()
	err = clock.Patiently(func() (err error) { b.listener, err = net.Listen("tcp", b.cfg.Listen); return err },
		func(err error) bool { return errors.Is(err, syscall.EADDRINUSE) })
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("--listen %s: something else listens there, perhaps another backend: end it, or choose another port (0 takes a free one)", b.cfg.Listen)
	}
	if err != nil {
		return fmt.Errorf("--listen %s: %w", b.cfg.Listen, err)
	}
	if err := b.openDatabase(ctx); err != nil {
		return err
	}
	if b.work, err = process.NewFolder(b.cfg.Log); err != nil {
		return err
	}
	b.ids = ident.New(b.cfg.Seed, b.db.Epoch())
	if b.parts, err = assemble(b); err != nil {
		return err
	}
	if err := b.parts.scripts.Load(ctx); err != nil {
		return err
	}
	if err := b.parts.agenda.Start(ctx); err != nil {
		return err
	}
	if err := b.parts.poller.Start(ctx); err != nil {
		return err
	}
	if err := b.parts.invoker.StartProvisions(ctx); err != nil {
		return err
	}
	if err := b.parts.kinesis.Start(ctx); err != nil {
		return err
	}
	if err := b.parts.dynamodb.Start(ctx); err != nil {
		return err
	}
	if err := b.parts.sqs.Start(ctx); err != nil {
		return err
	}
	b.server = &http.Server{Handler: b.activity.watched(b.parts.handler), ConnState: b.fresh.note, ReadHeaderTimeout: 30 * time.Second,
		ErrorLog: slog.NewLogLogger(b.cfg.Log.Handler(), slog.LevelDebug)}
	b.server.Protocols = protocols()
	b.server.RegisterOnShutdown(b.parts.sqs.EndPolls)
	go func() {
		defer close(b.served)
		if err := b.server.Serve(b.listener); !errors.Is(err, http.ErrServerClosed) {
			b.failed <- fmt.Errorf("serve: %w", err)
		}
	}()
	go b.watch()
	return nil
}

// protocols are those that clients speak to the backend: HTTP/1.1, and HTTP/2 without TLS, which the SDK for JavaScript speaks to
// Kinesis from the first byte on.
func protocols() *http.Protocols {
	p := &http.Protocols{}
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

func (b *Backend) openDatabase(ctx context.Context) (err error) {
	url := b.cfg.DatabaseURL
	if url == "" {
		dir := b.cfg.StateDir
		if dir == "" {
			if dir, err = local.DefaultStateDir(); err != nil {
				return err
			}
		}
		if b.database, err = local.Start(ctx, local.Options{StateDir: dir, Log: b.cfg.Log}); err != nil {
			return fmt.Errorf("the private PostgreSQL: %w", err)
		}
		url = b.database.URL()
	}
	b.db, err = postgres.Open(ctx, postgres.Options{URL: url, Clock: b.clk, Log: b.cfg.Log, Schemas: schemas()})
	return err
}

// watch reports the loss of the database.
func (b *Backend) watch() {
	var died <-chan struct{}
	if b.database != nil {
		died = b.database.Done()
	}
	select {
	case err := <-b.db.Lost():
		b.broken.Store(true)
		b.failed <- err
	case <-died:
		b.broken.Store(true)
		b.failed <- errors.New("the private PostgreSQL has ended; start the backend again, it recovers by itself")
	case <-b.served:
	}
}

// URL is the backend's endpoint, for example http://127.0.0.1:4566.
func (b *Backend) URL() string {
	host, port, _ := net.SplitHostPort(b.listener.Addr().String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Failed receives when the backend cannot go on (its database is gone): close it then.
func (b *Backend) Failed() <-chan error { return b.failed }

// Close stops taking requests, gives back what is in flight, ends the functions, and stops the database. It may be called
// on a backend that did not start, and again.
func (b *Backend) Close(ctx context.Context) error {
	b.closing.Do(func() { b.closed = b.close(ctx) })
	return b.closed
}

func (b *Backend) close(ctx context.Context) error {
	var errs []error
	if b.server != nil {
		b.endRequests(ctx)
		<-b.served
	} else if b.listener != nil {
		_ = b.listener.Close()
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit) // of its own: requests that took their time must not cost the rest
	defer cancel()
	if b.parts != nil {
		errs = append(errs, b.parts.close(ctx))
	}
	if b.work != nil {
		errs = append(errs, b.work.Remove())
	}
	if b.db != nil {
		b.db.Close()
	}
	if b.database != nil {
		if b.broken.Load() {
			cancel() // one that recovers from a crash would take its time for a clean end, and gain nothing by it
		}
		errs = append(errs, b.database.Stop(ctx))
	}
	return errors.Join(errs...)
}

// endRequests waits for requests in flight, and cuts off those that take too long; all of them where the database is gone,
// without which none can be answered.
func (b *Backend) endRequests(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	if b.broken.Load() {
		_ = b.server.Close()
		return
	}
	b.fresh.close()
	if err := b.server.Shutdown(ctx); err != nil {
		_ = b.server.Close()
	}
}

// fresh are the connections on which nothing has been asked yet, as clients open them in advance. A stop would wait five
// seconds for each.
type fresh struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

// note keeps account of a connection; it is the server's ConnState.
func (f *fresh) note(c net.Conn, state http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if state != http.StateNew {
		delete(f.conns, c)
		return
	}
	if f.conns == nil {
		f.conns = map[net.Conn]bool{}
	}
	f.conns[c] = true
}

func (f *fresh) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		_ = c.Close()
	}
}
