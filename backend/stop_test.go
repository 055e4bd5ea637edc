package backend_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

// net/http's Shutdown waits five seconds for a connection on which nothing was sent.
func TestAStopDoesNotWaitForConnectionsThatWereOpenedInAdvance(t *testing.T) {
	b := setup(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.b.URL(), "http://"))
	must(t, err)
	defer conn.Close()
	_, err = b.control.Health(t.Context()) // on another connection, so that the first has been accepted
	must(t, err)
	begin := clock.Wall()
	must(t, b.b.Close(t.Context()))
	if took := clock.Wall().Sub(begin); took > 4*time.Second {
		t.Errorf("the stop took %v", took)
	}
}

// A child that a killed backend was just starting holds the port until it runs its own program.
func TestAStartWaitsAMomentForItsPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	moment := clock.NewWallTimer(200 * time.Millisecond)
	go func() { <-moment.C(); _ = l.Close() }()
	b, err := backend.New(backend.Config{Listen: l.Addr().String(), DatabaseURL: pgtest.URL(t)})
	must(t, err)
	must(t, b.Start(t.Context()))
	must(t, b.Close(t.Context()))
}

func TestAPortThatIsTakenIsSaidWithWhatMendsIt(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	b, err := backend.New(backend.Config{Listen: l.Addr().String(), DatabaseURL: pgtest.URL(t)})
	must(t, err)
	err = b.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), l.Addr().String()+": something else listens there") {
		t.Errorf("%v", err)
	}
}
