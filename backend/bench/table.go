package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// aim is what a row should reach: a least or greatest value, of the ratio to the floor or of the number itself.
type aim struct {
	ratio bool
	least bool
	value float64
}

func (a aim) String() string {
	if a.value == 0 {
		return "-"
	}
	sign, unit := "≤ ", ""
	if a.least {
		sign = "≥ "
	}
	if a.ratio {
		unit = " × floor"
	}
	return sign + number(a.value) + unit
}

func (a aim) met(value, ratio float64) string {
	if a.value == 0 {
		return ""
	}
	if a.ratio {
		value = ratio
	}
	if a.least == (value >= a.value) || value == a.value {
		return "yes"
	}
	return "**no**"
}

// row is one number of the table, with its values of all rounds, and the processor time in microseconds that each operation
// took where that was measured.
type row struct {
	name, unit                    string
	aim                           aim
	ours, floor                   []float64
	oursProcessor, floorProcessor []float64
}

// ratio is the median of the ratios of each round: its two values were measured one after the other.
func (r *row) ratio() float64 {
	list := make([]float64, len(r.floor))
	for i := range list {
		list[i] = r.ours[i] / r.floor[i]
	}
	return median(list)
}

// processor shows the processor time of an operation, the simulator's and the floor's.
func (r *row) processor() string {
	if len(r.oursProcessor) == 0 {
		return ""
	}
	return number(median(r.oursProcessor)) + " / " + number(median(r.floorProcessor))
}

// table gathers the rows in the order in which they were first measured.
type table struct{ rows []*row }

// add notes a value of this round; floor is nil where the row has none.
func (t *table) add(name, unit string, a aim, ours float64, floor *float64) *row {
	i := slices.IndexFunc(t.rows, func(r *row) bool { return r.name == name })
	if i < 0 {
		t.rows = append(t.rows, &row{name: name, unit: unit, aim: a})
		i = len(t.rows) - 1
	}
	t.rows[i].ours = append(t.rows[i].ours, ours)
	if floor != nil {
		t.rows[i].floor = append(t.rows[i].floor, *floor)
	}
	return t.rows[i]
}

// addMeasured notes a rate with its processor time.
func (t *table) addMeasured(name string, a aim, ours, floor measured) {
	r := t.add(name, "1/s", a, ours.rate, &floor.rate)
	if ours.processor > 0 && floor.processor > 0 {
		r.oursProcessor, r.floorProcessor = append(r.oursProcessor, ours.processor), append(r.floorProcessor, floor.processor)
	}
}

// String is the table in Markdown.
func (t *table) String() string {
	var b strings.Builder
	b.WriteString("| Measure | Unit | Simulator | Floor | Ratio | Aim | Met | Processor time of each, µs |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range t.rows {
		ours, floor, shown := median(r.ours), "", ""
		ratio := 0.0
		if len(r.floor) > 0 {
			ratio = r.ratio()
			floor, shown = number(median(r.floor)), strconv.FormatFloat(ratio, 'f', 2, 64)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", r.name, r.unit, number(ours), floor, shown, r.aim, r.aim.met(ours, ratio), r.processor())
	}
	return b.String()
}

// number shows three digits that matter.
func number(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(v, 'f', 2, 64), "0"), ".")
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// percentile returns the value that a share p of the values does not exceed.
func percentile(values []float64, p float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(p*float64(len(sorted)-1)+0.5)]
}

// machine says on what kind of machine this runs.
func machine() string {
	model := "an unknown processor"
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%d cores (%s), %s/%s, %s", runtime.NumCPU(), model, runtime.GOOS, runtime.GOARCH, runtime.Version())
}
