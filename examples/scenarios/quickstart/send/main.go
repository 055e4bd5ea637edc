// Command send sends real events to the quickstart, step by step, and says what happened. It needs no AWS CLI.
//
//	terraform output -json > outputs.json
//	export LAMBDASIM_ENDPOINT=http://127.0.0.1:4566
//	go run ./send upload incoming/cat.jpg       put an object: S3 pushes
//	go run ./send orders 6                      put records: the poller pulls
//	go run ./send quote storefront              invoke as a role of the same account
//	go run ./send quote partner                 … of another account, -expect refused where it must be refused
//	go run ./send expect orders 1 delivered     wait until all is quiet, then demand at least so many deliveries
//	go run ./send arrived 6                     … or exactly so many orders
//	go run ./send trace                         print what was decided, delivery by delivery
//
// It ends with status 1 where something went otherwise than expected.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// outputs is what terraform output -json prints, as far as it is needed.
type outputs struct {
	UploadsBucket  value `json:"uploads_bucket"`
	OrdersStream   value `json:"orders_stream"`
	QuoteFunction  value `json:"quote_function"`
	StorefrontRole value `json:"storefront_role"`
	PartnerRole    value `json:"partner_role"`
	BystanderRole  value `json:"bystander_role"`

	UploadsFunction value `json:"uploads_function"`
	OrdersFunction  value `json:"orders_function"`
}

type value struct {
	Value string `json:"value"`
}

// sender does one step.
type sender struct {
	endpoint string
	region   string
	out      outputs
	control  *control.Client
	after    int64 // deliveries up to this id are of no interest
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "send:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("send", flag.ContinueOnError)
	endpoint := flags.String("endpoint", os.Getenv("LAMBDASIM_ENDPOINT"), "the backend; LAMBDASIM_ENDPOINT when absent")
	region := flags.String("region", "us-east-1", "region of the resources")
	file := flags.String("outputs", "outputs.json", "what terraform output -json printed")
	after := flags.Int64("after", 0, "look only at deliveries with a greater id")
	expect := flags.String("expect", "allowed", "what an invocation must meet with: allowed or refused")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *endpoint == "" {
		return errors.New("no backend: set LAMBDASIM_ENDPOINT or -endpoint to its address, for example http://127.0.0.1:4566")
	}
	s := &sender{endpoint: *endpoint, region: *region, control: control.New(*endpoint), after: *after}
	if err := s.read(*file); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return s.step(ctx, flags.Args(), *expect)
}

func (s *sender) read(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("%w (make it with: terraform output -json > %s)", err, file)
	}
	if err := json.Unmarshal(text, &s.out); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}

func (s *sender) step(ctx context.Context, args []string, expect string) error {
	switch {
	case len(args) == 2 && args[0] == "upload":
		return s.upload(ctx, args[1])
	case len(args) == 2 && args[0] == "orders":
		return number(args[1], func(n int) error { return s.orders(ctx, n) })
	case len(args) == 2 && args[0] == "quote":
		return s.quote(ctx, args[1], expect)
	case len(args) == 4 && args[0] == "expect":
		return number(args[2], func(n int) error { return s.expect(ctx, args[1], n, args[3]) })
	case len(args) == 2 && args[0] == "arrived":
		return number(args[1], func(n int) error { return s.arrived(ctx, n) })
	case len(args) == 1 && args[0] == "mark":
		return s.mark(ctx)
	case len(args) == 1 && args[0] == "trace":
		return s.trace(ctx)
	}
	return fmt.Errorf("%q is not one of: upload KEY, orders N, quote storefront|partner|bystander, expect FUNCTION N OUTCOME, arrived N, mark, trace", args)
}

func number(text string, use func(int) error) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return fmt.Errorf("%q is not a number above zero", text)
	}
	return use(n)
}
