package trace_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

func TestCause(t *testing.T) {
	first := trace.Header{ID: 42, At: time.Unix(0x5759e988, 0), RequestID: "bd862e3f-e1be-46a9-9427-2793aaaaaaaa"}
	t.Run("the root is made of the first delivery's time and request", func(t *testing.T) {
		if got := first.Onward(); !strings.HasPrefix(got, "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=") || !strings.HasSuffix(got, "00000000002a;Sampled=0") {
			t.Error(got)
		}
	})
	t.Run("what follows has the delivery as its parent, and the root", func(t *testing.T) {
		next := trace.Header{ID: 43, At: time.Unix(1, 0), RequestID: "other"}.Follow(first.WithLineage("a:1").Onward())
		if next.Parent != 42 {
			t.Errorf("the parent is %d", next.Parent)
		}
		if got := next.Onward(); !strings.HasPrefix(got, "Root=1-5759e988-bd862e3fe1be46a994272793;") || !strings.HasSuffix(got, ";Lineage=a:1") || trace.ParentOf(got) != 43 {
			t.Error(got)
		}
	})
	t.Run("an application's own segment is no delivery, but its root stays", func(t *testing.T) {
		own := "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
		next := trace.Header{ID: 1, RequestID: "r"}.Follow(own)
		if next.Parent != 0 || !strings.HasPrefix(next.Onward(), "Root=1-5759e988-bd862e3fe1be46a994272793;") {
			t.Errorf("%d, %s", next.Parent, next.Onward())
		}
	})
	t.Run("a parent under another root is none", func(t *testing.T) {
		if id := trace.ParentOf(strings.Replace(first.Onward(), "5759e988", "5759e989", 1)); id != 0 {
			t.Error(id)
		}
	})
	t.Run("what is no header counts nothing", func(t *testing.T) {
		for _, text := range []string{"", ";", "Root", "Parent=zzzzzzzzzzzzzzzz", "Root=\xff", strings.Repeat("Root=1;", 200)} {
			if h := (trace.Header{ID: 1, RequestID: "r"}).Follow(text); h.Parent != 0 || !strings.HasPrefix(h.Onward(), "Root=1-") {
				t.Errorf("%q: %d, %s", text, h.Parent, h.Onward())
			}
		}
	})
	t.Run("a batch names each delivery once, and no more than a hundred besides", func(t *testing.T) {
		ids := []int64{0, 7, 7, 8, 0}
		for i := range int64(200) {
			ids = append(ids, 100+i)
		}
		h := trace.Header{}.FollowAll(ids, "")
		if h.Parent != 7 || h.Also[0] != 8 || len(h.Also) != 100 {
			t.Errorf("%d and %d others: %v", h.Parent, len(h.Also), h.Also)
		}
	})
	t.Run("without its lineage it keeps the rest", func(t *testing.T) {
		if got := trace.Unlined("Root=1;Parent=2;Lineage=a:1;Sampled=0"); got != "Root=1;Parent=2;Sampled=0" {
			t.Error(got)
		}
	})
}
