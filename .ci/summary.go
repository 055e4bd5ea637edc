//go:build ignore

// Command summary reads what go test -json writes: it prints a line for each package, everything that a failing test
// wrote, and at the end how many tests passed, failed and were skipped. It fails where one failed and where none ran.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
)

// event is a line of go test -json.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

type summary struct {
	verbose                 bool
	passed, failed, skipped int
	broken                  []string            // packages that failed
	output                  map[string][]string // of a test, or of a package
	reasons                 []string            // of skips
	slowest                 []event
}

func main() {
	verbose := flag.Bool("v", false, "print everything that the tests write")
	flag.Parse()
	s := summary{verbose: *verbose, output: map[string][]string{}}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Println(lines.Text())
			continue
		}
		s.take(e)
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(1)
	}
	os.Exit(s.end())
}

func (s *summary) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		if s.verbose && e.Test != "" {
			fmt.Print(e.Output)
			return
		}
		s.output[key] = append(s.output[key], e.Output)
	case "build-output":
		fmt.Print(e.Output)
	case "pass", "fail", "skip":
		s.count(e, key)
	}
}

func (s *summary) count(e event, key string) {
	if e.Test == "" {
		s.pack(e, key)
		return
	}
	switch e.Action {
	case "pass":
		s.passed++
	case "skip":
		s.skipped++
		s.reasons = append(s.reasons, strings.TrimSpace(e.Test+": "+reason(s.output[key])))
	case "fail":
		s.failed++
		fmt.Printf("--- FAIL: %s.%s (%.1fs)\n%s", e.Package, e.Test, e.Elapsed, strings.Join(s.output[key], ""))
	}
	if !strings.Contains(e.Test, "/") {
		s.slowest = append(s.slowest, e)
	}
	delete(s.output, key)
}

// reason is the line that t.Skip wrote.
func reason(output []string) string {
	for _, line := range output {
		if text := strings.TrimSpace(line); !strings.HasPrefix(text, "===") && !strings.HasPrefix(text, "---") {
			return text
		}
	}
	return ""
}

// pack prints a package's line, and where it failed as a whole (a panic, a build that failed) what it wrote.
func (s *summary) pack(e event, key string) {
	switch e.Action {
	case "pass":
		fmt.Printf("ok    %-90s %6.1fs\n", e.Package, e.Elapsed)
	case "skip":
		fmt.Printf("-     %-90s no tests\n", e.Package)
	case "fail":
		s.broken = append(s.broken, e.Package)
		fmt.Printf("%sFAIL  %-90s %6.1fs\n", strings.Join(s.output[key], ""), e.Package, e.Elapsed)
	}
	delete(s.output, key)
}

func (s *summary) end() int {
	for _, reason := range s.reasons {
		fmt.Println("skipped", reason)
	}
	sort.Slice(s.slowest, func(i, j int) bool { return s.slowest[i].Elapsed > s.slowest[j].Elapsed })
	for i, e := range s.slowest {
		if i == 5 || e.Elapsed < 2 {
			break
		}
		fmt.Printf("slow    %s %.1fs\n", e.Test, e.Elapsed)
	}
	fmt.Printf("tests: %d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	switch {
	case len(s.broken) > 0:
		fmt.Println("failed:", strings.Join(s.broken, " "))
		return 1
	case s.failed > 0:
		return 1
	case s.passed == 0:
		fmt.Println("no test ran: that is a failure too")
		return 1
	}
	return 0
}
