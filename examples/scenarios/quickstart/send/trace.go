package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// mark prints the id of the newest delivery, for -after.
func (s *sender) mark(ctx context.Context) error {
	if err := s.drain(ctx); err != nil {
		return err
	}
	list, err := s.control.Deliveries(ctx, control.DeliveriesQuery{Limit: 10000})
	if err != nil {
		return err
	}
	newest := int64(0)
	for _, d := range list {
		newest = max(newest, d.ID)
	}
	fmt.Println(newest)
	return nil
}

// trace prints a table with a line for each delivery, and below it every step of each.
func (s *sender) trace(ctx context.Context) error {
	if err := s.drain(ctx); err != nil {
		return err
	}
	q := control.DeliveriesQuery{After: s.after}
	list, err := s.control.Deliveries(ctx, q)
	if err != nil {
		return err
	}
	if err := table(list); err != nil {
		return err
	}
	text, err := s.control.DeliveriesText(ctx, q)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s", text)
	return nil
}

func table(list []control.Delivery) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "#\tFROM\tTO\tHOW\tOUTCOME\tBECAUSE")
	for _, d := range list {
		how := "async"
		if d.InvocationType == "RequestResponse" {
			how = "sync"
		}
		fmt.Fprintf(w, "%d\t%s %s\t%s\t%s\t%s\t%s\n", d.ID, d.Source.Service, tail(d.Source.ARN), tail(d.TargetARN), how, d.Outcome, brief(because(d)))
	}
	return w.Flush()
}

// because is the reason of the last policy decision, line by line; of the last step where no policy was asked.
func because(d control.Delivery) []string {
	reason := "no step is recorded"
	for _, step := range d.Steps {
		reason = step.Reason
	}
	for _, step := range d.Steps {
		if step.Kind == "authorized" {
			reason = step.Reason
		}
	}
	return strings.Split(strings.TrimSpace(reason), "\n")
}

// brief is the verdict, and where it is a refusal the first thing that was missing.
func brief(lines []string) string {
	lines = slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return strings.HasPrefix(line, "to allow it: ") })
	for i, line := range lines {
		if !strings.HasPrefix(line, "refused") {
			continue
		}
		switch missing := lines[i+1:]; len(missing) {
		case 0:
			return line
		case 1:
			return "refused: " + missing[0]
		default:
			return fmt.Sprintf("refused: %s (and %d more)", missing[0], len(missing)-1)
		}
	}
	return lines[len(lines)-1]
}

func indented(lines []string) string { return "    " + strings.Join(lines, "\n    ") + "\n" }

// tail is the last part of an ARN: a name.
func tail(arn string) string {
	if i := strings.LastIndexAny(arn, ":/"); i >= 0 {
		return arn[i+1:]
	}
	return arn
}
