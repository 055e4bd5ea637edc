package backend

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// openMetrics is the media type of the figures (OpenMetrics 1.0).
const openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"

// awsPrefix stands for CloudWatch's namespace AWS/Lambda before the names of AWS's metrics.
const awsPrefix = "aws_lambda_"

// metricsText answers with the figures: the backend's own, and AWS's of every function.
func (a *controlAPI) metricsText(w http.ResponseWriter, r *http.Request) error {
	for name := range r.URL.Query() {
		return fault.New(fault.Invalid, "there is no parameter %q: the figures are those of all accounts, which their labels name", name)
	}
	var x exposition
	a.ownFigures(&x)
	for _, f := range a.metrics.Families() {
		if f.Spread {
			x.spread(awsPrefix+f.Name, f.Help, f.Samples)
		} else {
			x.family(awsPrefix+f.Name, "counter", f.Help)
			for _, s := range f.Samples {
				x.sample(awsPrefix+f.Name+"_total", s.Value, labelsOf(s.Dimensions)...)
			}
		}
	}
	if err := a.concurrency(r.Context(), &x); err != nil {
		return err
	}
	w.Header().Set("Content-Type", openMetrics)
	_, err := w.Write(x.end())
	return err
}

// ownFigures are the backend's.
func (a *controlAPI) ownFigures(x *exposition) {
	depth, db := a.agenda.Depth(), a.b.db.Connections()
	all, idle := a.programs.Environments()
	clk := a.b.clk
	x.family("lambdasim_build", "info", "The backend's version and kind of clock.")
	x.sample("lambdasim_build_info", 1, "version", a.b.cfg.Version, "clock", string(clk.Mode()))
	for _, g := range []struct {
		name, help string
		value      float64
	}{
		{"lambdasim_clock_seconds", "The simulator's time, in seconds since 1970.", float64(clk.Now().UnixMilli()) / 1000},
		{"lambdasim_goroutines", "Goroutines of the backend.", float64(runtime.NumGoroutine())},
		{"lambdasim_agenda_waiting", "Items that wait for their time.", float64(depth.Waiting)},
		{"lambdasim_agenda_ready", "Items that are due and wait for their turn.", float64(depth.Ready)},
		{"lambdasim_agenda_running", "Items at work.", float64(depth.Running)},
		{"lambdasim_in_flight", "What is at work: items, and synchronous invocations.", float64(depth.InFlight)},
		{"lambdasim_environments", "Execution environments of real programs.", float64(all)},
		{"lambdasim_environments_idle", "Those of them that run nothing.", float64(idle)},
		{"lambdasim_database_connections", "Connections to PostgreSQL.", float64(db.TotalConns())},
		{"lambdasim_database_connections_in_use", "Those of them that are in use.", float64(db.AcquiredConns())},
		{"lambdasim_database_connections_limit", "How many connections there may be.", float64(db.MaxConns())},
	} {
		x.family(g.name, "gauge", g.help)
		x.sample(g.name, g.value)
	}
	for _, c := range []struct {
		name, help string
		value      float64
	}{
		{"lambdasim_database_acquires", "How often a connection was taken.", float64(db.AcquireCount())},
		{"lambdasim_database_waits", "How often one had to be waited for.", float64(db.EmptyAcquireCount())},
	} {
		x.family(c.name, "counter", c.help)
		x.sample(c.name+"_total", c.value)
	}
}

// concurrency are the gauges of what runs now, and of the share of what is provisioned that it takes.
func (a *controlAPI) concurrency(ctx context.Context, x *exposition) error {
	type gauge struct {
		labels []string
		value  float64
	}
	var running, provisioned, share []gauge
	now := a.invoker.Concurrency()
	for _, own := range slices.Sorted(maps.Keys(now)) {
		ref, err := arn.ParseFunctionRef(own, false)
		if err != nil {
			return err
		}
		d := metrics.Dimensions{Account: ref.Account, Region: ref.Region, Function: ref.Name}
		limits, err := a.functions.Limits(ctx, function.Key{Account: ref.Account, Region: ref.Region, Name: ref.Name})
		if err != nil && !fault.Is(err, fault.NotFound) { // it has been deleted while it runs
			return err
		}
		total := now[own].Other
		for _, version := range slices.Sorted(maps.Keys(now[own].Provisioned)) {
			n := now[own].Provisioned[version]
			total += n
			d.ExecutedVersion = version
			provisioned = append(provisioned, gauge{labelsOf(d), float64(n)})
			if most := limits.Provisioned[version]; most > 0 {
				share = append(share, gauge{labelsOf(d), float64(n) / float64(most)})
			}
		}
		d.ExecutedVersion = ""
		running = append(running, gauge{labelsOf(d), float64(total)})
	}
	for _, f := range []struct {
		name, help string
		list       []gauge
	}{
		{"ConcurrentExecutions", "Invocations that run now.", running},
		{"ProvisionedConcurrentExecutions", "Invocations that run now on provisioned concurrency.", provisioned},
		{"ProvisionedConcurrencyUtilization", "The share of provisioned concurrency that is in use, from 0 to 1.", share},
	} {
		if len(f.list) > 0 {
			x.family(awsPrefix+f.name, "gauge", f.help)
		}
		for _, g := range f.list {
			x.sample(awsPrefix+f.name, g.value, g.labels...)
		}
	}
	return nil
}

func labelsOf(d metrics.Dimensions) []string {
	return []string{"account", d.Account, "region", d.Region, "function", d.Function, "resource", d.Resource, "executed_version", d.ExecutedVersion,
		"event_source_mapping", d.Mapping}
}

// exposition is text of OpenMetrics 1.0. Nothing here can fail: names are ours, and values of labels are escaped.
type exposition struct{ text bytes.Buffer }

// family begins a family of metrics.
func (x *exposition) family(name, kind, help string) {
	fmt.Fprintf(&x.text, "# TYPE %s %s\n# HELP %s %s\n", name, kind, name, escapeLabel(help))
}

// sample writes a value with labels, given as name and value in turn; those without a value are left out.
func (x *exposition) sample(name string, value float64, labels ...string) {
	var list []string
	for i := 0; i < len(labels); i += 2 {
		if labels[i+1] != "" {
			list = append(list, labels[i]+`="`+escapeLabel(labels[i+1])+`"`)
		}
	}
	x.text.WriteString(name)
	if len(list) > 0 {
		x.text.WriteString("{" + strings.Join(list, ",") + "}")
	}
	x.text.WriteString(" " + strconv.FormatFloat(value, 'g', -1, 64) + "\n")
}

// spread writes a summary; its quantile 1 is the maximum.
func (x *exposition) spread(name, help string, samples []metrics.Sample) {
	x.family(name, "summary", help)
	for _, s := range samples {
		labels := labelsOf(s.Dimensions)
		x.sample(name, s.Most, append(labels, "quantile", "1")...)
		x.sample(name+"_count", float64(s.Count), labels...)
		x.sample(name+"_sum", s.Sum, labels...)
	}
}

func (x *exposition) end() []byte {
	x.text.WriteString("# EOF\n")
	return x.text.Bytes()
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func escapeLabel(s string) string { return labelEscapes.Replace(s) }
