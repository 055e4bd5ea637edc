package trace

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Text renders deliveries for people: a line for each delivery, below it a line for each step.
func Text(deliveries []Delivery) string {
	var b strings.Builder
	for i, d := range deliveries {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "#%d  %s  %s -> %s\n", d.ID, d.At.Format(time.RFC3339), source(d.Header), target(d.TargetARN))
		fmt.Fprintf(&b, "    %s  %s, %s%s\n", d.InvocationType, strings.ToUpper(string(d.Outcome)), attempts(d.Attempts), follows(d.Header))
		for _, s := range d.Steps {
			fmt.Fprintf(&b, "    %s  %-10s  %s\n", s.At.Format("15:04:05.000"), s.Kind, indent(reason(s)))
		}
	}
	return b.String()
}

func source(h Header) string {
	if h.SourceARN == "" {
		return h.SourceService
	}
	return h.SourceService + " " + h.SourceARN
}

// target shortens a function's ARN to "function NAME[:QUALIFIER]", and leaves any other ARN alone.
func target(arn string) string {
	parts := strings.SplitN(arn, ":", 7)
	if len(parts) == 7 && parts[2] == "lambda" && parts[5] == "function" {
		return "function " + parts[6] + " (account " + parts[4] + ")"
	}
	return arn
}

func follows(h Header) string {
	if h.Parent == 0 {
		return ""
	}
	text := fmt.Sprintf(", follows from #%d", h.Parent)
	for _, id := range h.Also {
		text += fmt.Sprintf(", #%d", id)
	}
	return text
}

func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}

func reason(s Step) string {
	text := strings.TrimRight(s.Reason, "\n")
	if s.Rule == "" {
		return text
	}
	return text + "  [" + s.Rule + "]"
}

// indent keeps the lines of a long reason under its first, and what a function may have written printable.
func indent(s string) string {
	clean := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if r < ' ' || r == utf8.RuneError || r == 0x7f {
			return '?'
		}
		return r
	}, s)
	return strings.ReplaceAll(clean, "\n", "\n"+strings.Repeat(" ", 30))
}
