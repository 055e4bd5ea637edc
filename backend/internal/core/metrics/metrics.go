// Package metrics counts what AWS counts about functions and event source mappings, in the namespace AWS/Lambda, under AWS's
// own names (Lambda developer guide, types of metrics).
//
// Whoever does something counts it where it happens: invoke the attempts and the events, pull the records, the server of
// function URLs the requests. The package decides nothing and knows no format; who shows the figures asks for Families.
//
// A Series belongs to Dimensions. AWS shows the same invocation under several combinations of dimensions (the function; the
// function and the qualifier; that and the version); here it is counted once, under all that is known of it, so that sums over
// labels give AWS's coarser figures. Counters begin with the process and only grow; a function's stay when it is deleted, as in
// AWS, until its account is forgotten. Durations and ages are in milliseconds, as in AWS.
//
// Counting costs a look into a map under a read lock, and an atomic addition for each figure. What can be read elsewhere at any
// time (concurrency, provisioned environments) is a gauge, asked for when the figures are.
package metrics

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Dimensions say what a figure is about. What does not apply is empty.
type Dimensions struct {
	Account, Region string
	Function        string // name
	Resource        string // NAME:QUALIFIER as invoked, NAME where there was no qualifier
	ExecutedVersion string // $LATEST or a number, of figures about a run
	Mapping         string // UUID of an event source mapping, of its own figures
}

func (d Dimensions) compare(o Dimensions) int {
	return cmp.Or(strings.Compare(d.Account, o.Account), strings.Compare(d.Region, o.Region), strings.Compare(d.Function, o.Function),
		strings.Compare(d.Resource, o.Resource), strings.Compare(d.ExecutedVersion, o.ExecutedVersion), strings.Compare(d.Mapping, o.Mapping))
}

// Of are the dimensions of an invocation of a function by a qualifier ("" where none was given).
func Of(account, region, function, qualifier, version string) Dimensions {
	d := Dimensions{Account: account, Region: region, Function: function, Resource: function, ExecutedVersion: version}
	if qualifier != "" {
		d.Resource += ":" + qualifier
	}
	return d
}

// Series are the figures of one combination of dimensions.
type Series struct {
	counters [lastCounter]atomic.Int64
	spreads  [lastSpread]spread
}

// spread is the number, sum and maximum of what was measured, in microseconds.
type spread struct{ count, sum, most atomic.Int64 }

// Add adds n to a counter.
func (s *Series) Add(c Counter, n int) { s.counters[c].Add(int64(n)) }

// Measure adds a duration or an age to a spread. One below zero counts as zero.
func (s *Series) Measure(p Spread, d time.Duration) {
	v := max(0, d.Microseconds())
	x := &s.spreads[p]
	x.sum.Add(v)
	x.count.Add(1)
	for {
		most := x.most.Load()
		if v <= most || x.most.CompareAndSwap(most, v) {
			return
		}
	}
}

// Registry holds the series. It is safe for concurrent use.
type Registry struct {
	mu     sync.RWMutex
	series map[Dimensions]*Series
}

// New returns a registry without series.
func New() *Registry { return &Registry{series: map[Dimensions]*Series{}} }

// Series returns the series of the dimensions.
func (r *Registry) Series(d Dimensions) *Series {
	r.mu.RLock()
	s := r.series[d]
	r.mu.RUnlock()
	if s != nil {
		return s
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s = r.series[d]; s == nil {
		s = &Series{}
		r.series[d] = s
	}
	return s
}

// Forget drops the series of an account, or all when account is "".
func (r *Registry) Forget(account string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for d := range r.series {
		if account == "" || d.Account == account {
			delete(r.series, d)
		}
	}
}

// Family is one of AWS's metrics with its samples, ordered by their dimensions.
type Family struct {
	Name, Help string
	Spread     bool // its samples have a count, a sum and a maximum
	Samples    []Sample
}

// Sample is the figure of one series. A spread's values are in milliseconds.
type Sample struct {
	Dimensions
	Value      float64 // of a counter
	Count      int64
	Sum, Most  float64
	underneath *Series
}

// Families returns what has been counted. A counter is left out of a series in which it is zero, but for the errors and
// throttles of what was invoked, whose zeros mean something.
func (r *Registry) Families() []Family {
	r.mu.RLock()
	list := make([]Sample, 0, len(r.series))
	for d, s := range r.series {
		list = append(list, Sample{Dimensions: d, underneath: s})
	}
	r.mu.RUnlock()
	slices.SortFunc(list, func(x, y Sample) int { return x.compare(y.Dimensions) })
	var families []Family
	for c := range lastCounter {
		f := Family{Name: counters[c].name, Help: counters[c].help}
		for _, s := range list {
			s.Value = float64(s.underneath.counters[c].Load())
			if s.Value != 0 || (c == Errors || c == Throttles) && s.underneath.counters[Invocations].Load() != 0 {
				f.Samples = append(f.Samples, s)
			}
		}
		families = append(families, f)
	}
	for p := range lastSpread {
		f := Family{Name: spreads[p].name, Help: spreads[p].help, Spread: true}
		for _, s := range list {
			x := &s.underneath.spreads[p]
			if s.Count = x.count.Load(); s.Count > 0 {
				s.Sum, s.Most = float64(x.sum.Load())/1000, float64(x.most.Load())/1000
				f.Samples = append(f.Samples, s)
			}
		}
		families = append(families, f)
	}
	return slices.DeleteFunc(families, func(f Family) bool { return len(f.Samples) == 0 })
}
