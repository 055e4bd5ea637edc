package main

import (
	"strings"
	"testing"
)

func TestTheTableSaysWhatIsMet(t *testing.T) {
	table := &table{}
	for i, ours := range []float64{90, 70, 80, 1000, 60} {
		floor := []float64{100, 100, 100, 1, 100}[i]
		table.add("enough", "1/s", aim{ratio: true, least: true, value: 0.8}, ours, &floor)
	}
	for _, r := range [][2]measured{{{300, 9}, {100, 5}}, {{10, 11}, {100, 6}}, {{100, 10}, {10, 7}}} { // 3, 0.1 and 10
		table.addMeasured("in each round", aim{ratio: true, value: 2}, r[0], r[1])
	}
	floor := 100.0
	table.add("not enough", "1/s", aim{ratio: true, least: true, value: 0.8}, 79, &floor)
	table.add("quick", "ms", aim{value: 5}, 4.9, nil)
	table.add("slow", "ms", aim{value: 5}, 5.1, nil)
	table.add("without an aim", "MiB", aim{}, 1, nil)
	want := []string{
		"| enough | 1/s | 80.0 | 100 | 0.80 | ≥ 0.8 × floor | yes |  |",
		"| in each round | 1/s | 100 | 100 | 3.00 | ≤ 2 × floor | **no** | 10.0 / 6 |",
		"| not enough | 1/s | 79.0 | 100 | 0.79 | ≥ 0.8 × floor | **no** |  |",
		"| quick | ms | 4.9 |  |  | ≤ 5 | yes |  |",
		"| slow | ms | 5.1 |  |  | ≤ 5 | **no** |  |",
		"| without an aim | MiB | 1 |  |  | - |  |  |",
	}
	got := strings.Split(strings.TrimSpace(table.String()), "\n")[2:]
	if len(got) != len(want) {
		t.Fatalf("got %q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

func TestPercentile(t *testing.T) {
	var values []float64
	for i := 100; i >= 0; i-- {
		values = append(values, float64(i))
	}
	if p50, p99 := percentile(values, 0.5), percentile(values, 0.99); p50 != 50 || p99 != 99 {
		t.Errorf("got %v and %v", p50, p99)
	}
}
