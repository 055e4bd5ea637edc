package backend_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
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
