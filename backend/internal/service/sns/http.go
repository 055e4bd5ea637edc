package sns

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

const ruleHTTP = "SNS-HTTP"

// retries are when an HTTP endpoint is tried again (developer guide, creating an HTTP/S delivery policy): at once, at the
// smallest delay, backing off, at the largest delay. Delays are in seconds.
type retries struct {
	MinDelay  int    `json:"minDelayTarget"`
	MaxDelay  int    `json:"maxDelayTarget"`
	Number    int    `json:"numRetries"`
	AtMax     int    `json:"numMaxDelayRetries"`
	AtOnce    int    `json:"numNoDelayRetries"`
	AtMin     int    `json:"numMinDelayRetries"`
	BackOffBy string `json:"backoffFunction"`
}

// retriesOf reads the delivery policies of a topic and of a subscription, which goes first unless the topic says otherwise.
func retriesOf(ofTopic, ofSubscription string) *retries {
	r := &retries{MinDelay: 20, MaxDelay: 20, Number: 3, BackOffBy: "linear"}
	var t struct {
		HTTP struct {
			Default   json.RawMessage `json:"defaultHealthyRetryPolicy"`
			Overrides bool            `json:"disableSubscriptionOverrides"`
		} `json:"http"`
	}
	var s struct {
		Healthy json.RawMessage `json:"healthyRetryPolicy"`
	}
	_ = json.Unmarshal([]byte(ofTopic), &t) // both are objects or empty: what is not there says nothing
	_ = json.Unmarshal([]byte(ofSubscription), &s)
	_ = json.Unmarshal(t.HTTP.Default, r)
	if !t.HTTP.Overrides {
		_ = json.Unmarshal(s.Healthy, r)
	}
	return r
}

// text is the effective delivery policy of a subscription.
func (r *retries) text() string {
	return marshal(map[string]any{"healthyRetryPolicy": r, "disableSubscriptionOverrides": false})
}

// delay is how long to wait before the nth retry, which is 1 for the first; false when there is none.
func (r *retries) delay(n int) (time.Duration, bool) {
	backing := r.Number - r.AtOnce - r.AtMin - r.AtMax
	at := float64(r.MaxDelay)
	switch {
	case n > r.Number:
		return 0, false
	case n <= r.AtOnce:
		at = 0
	case n <= r.AtOnce+r.AtMin:
		at = float64(r.MinDelay)
	case n <= r.AtOnce+r.AtMin+backing && backing > 1:
		part, low, high := float64(n-r.AtOnce-r.AtMin-1)/float64(backing-1), float64(r.MinDelay), float64(r.MaxDelay)
		switch r.BackOffBy {
		case "exponential", "geometric":
			at = low * math.Pow(high/max(low, 1), part)
		case "arithmetic":
			at = low + (high-low)*part*part
		default:
			at = low + (high-low)*part
		}
	}
	return time.Duration(at * float64(time.Second)), true
}

// here lets nothing be called but addresses of this machine.
func here(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !a.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("%s is no address of this machine, and no other is called", address)
	}
	return nil
}

// client calls endpoints: 15 seconds each (developer guide), without proxies and redirects.
var client = &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{DialContext: (&net.Dialer{Control: here}).DialContext, DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// post makes one attempt to deliver to an HTTP endpoint.
func (a *API) post(ctx context.Context, d *delivery, item agenda.Item) (agenda.Verdict, error) {
	status, err := send(ctx, d)
	if ctx.Err() != nil {
		return agenda.Done(), ctx.Err()
	}
	n := item.Attempt + 1
	said := fmt.Sprintf("attempt %d: the endpoint answered %d", n, status)
	if err != nil {
		said = fmt.Sprintf("attempt %d: the endpoint cannot be reached: %v", n, err)
	}
	step := trace.Step{Kind: trace.Invoked, Reason: said, Rule: ruleHTTP}
	if err == nil && status/100 == 2 {
		a.Trace.Attempt(d.Header, n, step)
		a.Trace.Settle(d.Header, trace.Succeeded, trace.Step{Kind: trace.Settled, Reason: "delivered", Rule: ruleHTTP})
		return agenda.Done(), nil
	}
	again := err != nil || status >= 500 || status == http.StatusTooManyRequests
	if pause, more := d.Retries.delay(n); again && more {
		due := a.Clock.Now().Add(pause)
		a.Trace.Attempt(d.Header, n, step, trace.Step{Kind: trace.Retried, Reason: fmt.Sprintf("tried again in %s", pause), Rule: ruleHTTP})
		return agenda.Again(due, n, item.Body), nil
	}
	a.Trace.Attempt(d.Header, n)
	return agenda.Done(), a.fail(ctx, d, step)
}

func send(ctx context.Context, d *delivery) (status int, err error) {
	m := &d.Message
	body := d.envelope()
	if d.Raw && m.Token == "" {
		body = m.text(d.Protocol)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Endpoint, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	for name, value := range map[string]string{"Content-Type": "text/plain; charset=UTF-8", "User-Agent": "Amazon Simple Notification Service Agent",
		"X-Amz-Sns-Message-Type": d.kind(), "X-Amz-Sns-Message-Id": m.ID, "X-Amz-Sns-Topic-Arn": d.Topic, "X-Amz-Sns-Subscription-Arn": d.Subscription} {
		r.Header.Set(name, value)
	}
	if d.Raw && m.Token == "" {
		r.Header.Set("X-Amz-Sns-Rawdelivery", "true")
	}
	if m.Token != "" {
		r.Header.Del("X-Amz-Sns-Subscription-Arn") // there is none yet
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20)) // nobody reads what it says
	return answer.StatusCode, nil
}
