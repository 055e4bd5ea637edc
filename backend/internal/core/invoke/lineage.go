package invoke

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// ruleRecursion is the rule of docs/fidelity.md for loops.
const ruleRecursion = "LAMBDA-RECURSION"

// DetailRecursion marks the fault of an invocation that would go on with a loop.
const DetailRecursion = "recursion"

// maxRecursion is how often a function may be invoked in one chain of requests (developer guide: about 16 times).
const maxRecursion = 16

// maxLineage is how many functions a trace header counts; of a longer chain the oldest are forgotten.
const maxLineage = 8

// lineage counts, by function, the invocations of the chain of requests that a trace header belongs to. AWS carries them in the
// header too: Lineage=a87bd80c:1|68fd508a:5 (developer guide, recursive loop detection).
type lineage []generation

type generation struct {
	function string // the beginning of a digest of its ARN
	count    int
}

// lineageOf reads a trace header. What cannot be read counts nothing.
func lineageOf(header string) (l lineage) {
	for _, part := range strings.Split(trace.Member(header, "Lineage"), "|") {
		name, count, _ := strings.Cut(part, ":")
		if n, err := strconv.Atoi(count); err == nil && n > 0 && name != "" {
			l = append(l, generation{name, n})
		}
	}
	return l
}

func mark(functionARN string) string {
	sum := sha256.Sum256([]byte(functionARN))
	return fmt.Sprintf("%x", sum[:4])
}

// count is how often the function has been invoked in the chain.
func (l lineage) count(functionARN string) int {
	for _, g := range l {
		if g.function == mark(functionARN) {
			return g.count
		}
	}
	return 0
}

// with is the lineage once the function has been invoked again. It stands last.
func (l lineage) with(functionARN string) lineage {
	next := generation{mark(functionARN), l.count(functionARN) + 1}
	var all lineage
	for _, g := range l {
		if g.function != next.function {
			all = append(all, g)
		}
	}
	all = append(all, next)
	return all[max(0, len(all)-maxLineage):]
}

func (l lineage) String() string {
	parts := make([]string, len(l))
	for i, g := range l {
		parts[i] = fmt.Sprintf("%s:%d", g.function, g.count)
	}
	return strings.Join(parts, "|")
}

// Deeper returns, of two trace headers, the one whose chain of requests has invoked one function more often.
func Deeper(a, b string) string {
	deepest := func(header string) (n int) {
		for _, g := range lineageOf(header) {
			n = max(n, g.count)
		}
		return n
	}
	if deepest(b) > deepest(a) {
		return b
	}
	return a
}

// invoked is the header of a delivery once the function has been invoked with it: what the function does follows from that.
func invoked(h trace.Header, functionARN string) trace.Header {
	return h.WithLineage(lineageOf(h.Cause).with(functionARN).String())
}

// looped says that a request would go on with a loop through the function, unless the function allows loops.
func (iv *Invoker) looped(ctx context.Context, fn *function.Resolved, cause string) error {
	v := fn.Version
	if cause == "" || lineageOf(cause).count(v.ARN()) < maxRecursion {
		return nil
	}
	mode, err := iv.Functions.Recursion(ctx, function.Key{Account: v.Account, Region: v.Region, Name: v.Name})
	if err != nil || mode == function.Allow {
		return err
	}
	iv.series(fn).Add(metrics.RecursiveInvocationsDropped, 1)
	return &fault.Error{Kind: fault.Conflict, Detail: DetailRecursion, Message: loopMessage}
}

// loopMessage is Lambda's sentence for an invocation that would go on with a loop.
const loopMessage = "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources and stopped your function's invocation."
