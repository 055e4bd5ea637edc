package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client calls the control API of one backend.
type Client struct {
	endpoint string
	token    string
	http     *http.Client
}

// New returns a client of the backend at endpoint, for example http://127.0.0.1:4566. It never uses a proxy.
func New(endpoint string) *Client {
	transport := &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 16}
	return &Client{endpoint: strings.TrimRight(endpoint, "/"), http: &http.Client{Transport: transport}}
}

// WithToken makes the client send the token that a backend demands when it listens beyond loopback.
func (c *Client) WithToken(token string) *Client {
	d := *c
	d.token = token
	return &d
}

// Health asks whether the backend answers.
func (c *Client) Health(ctx context.Context) (*Health, error) {
	return call[Health](ctx, c, http.MethodGet, "health", nil)
}

// Clock reads the backend's clock.
func (c *Client) Clock(ctx context.Context) (*Clock, error) {
	return call[Clock](ctx, c, http.MethodGet, "clock", nil)
}

// AdvanceBy moves a virtual clock forward by d, runs all that falls due and waits until the system is quiet.
func (c *Client) AdvanceBy(ctx context.Context, d time.Duration) (*Advanced, error) {
	return call[Advanced](ctx, c, http.MethodPost, "clock/advance", Advance{By: d.String()})
}

// AdvanceTo moves a virtual clock forward to t.
func (c *Client) AdvanceTo(ctx context.Context, t time.Time) (*Advanced, error) {
	return call[Advanced](ctx, c, http.MethodPost, "clock/advance", Advance{To: &t})
}

// Drain waits until nothing is due and nothing is in flight, for at most timeout of real time. The error is an *Error
// with Status 408 when something still is.
func (c *Client) Drain(ctx context.Context, timeout time.Duration) (*Drained, error) {
	return call[Drained](ctx, c, http.MethodPost, "drain", Drain{Timeout: timeout.String()})
}

// Deliveries reads the delivery trace, oldest first.
func (c *Client) Deliveries(ctx context.Context, q DeliveriesQuery) ([]Delivery, error) {
	out, err := call[Deliveries](ctx, c, http.MethodGet, "deliveries?"+q.Values().Encode(), nil)
	if err != nil {
		return nil, err
	}
	return out.Deliveries, nil
}

// DeliveriesText reads the delivery trace as a table for people.
func (c *Client) DeliveriesText(ctx context.Context, q DeliveriesQuery) (string, error) {
	body, err := c.do(ctx, http.MethodGet, "deliveries?"+q.Values().Encode(), nil, "text/plain")
	return string(body), err
}

// Values is the query as URL parameters.
func (q DeliveriesQuery) Values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"function": q.Function, "source": q.Source, "outcome": q.Outcome, "account": q.Account} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if !q.Since.IsZero() {
		v.Set("since", q.Since.UTC().Format(time.RFC3339Nano))
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	if q.After > 0 {
		v.Set("after", strconv.FormatInt(q.After, 10))
	}
	return v
}

// Mappings lists what invokes a function, or every mapping when function is empty.
func (c *Client) Mappings(ctx context.Context, function string) ([]Mapping, error) {
	out, err := call[Mappings](ctx, c, http.MethodGet, "mappings?"+url.Values{"function": {function}}.Encode(), nil)
	if err != nil {
		return nil, err
	}
	return out.Mappings, nil
}

// Publish publishes an event of a service that has no API here.
func (c *Client) Publish(ctx context.Context, e Event) (*Published, error) {
	return call[Published](ctx, c, http.MethodPost, "events", e)
}

// PutScript makes a function answer as told instead of running its code.
func (c *Client) PutScript(ctx context.Context, function string, s Script) error {
	_, err := call[Script](ctx, c, http.MethodPut, "functions/"+url.PathEscape(function)+"/script", s)
	return err
}

// GetScript reads a function's script. The error is an *Error with Status 404 when it has none.
func (c *Client) GetScript(ctx context.Context, function string) (*Script, error) {
	return call[Script](ctx, c, http.MethodGet, "functions/"+url.PathEscape(function)+"/script", nil)
}

// DeleteScript makes a function run its code again.
func (c *Client) DeleteScript(ctx context.Context, function string) error {
	_, err := c.do(ctx, http.MethodDelete, "functions/"+url.PathEscape(function)+"/script", nil, "application/json")
	return err
}

// PutAccount describes an account: its organization and the control policies that apply to it. What was said before is replaced.
func (c *Client) PutAccount(ctx context.Context, a Account) error {
	id := a.ID
	a.ID = ""
	_, err := call[Account](ctx, c, http.MethodPut, "accounts/"+url.PathEscape(id), a)
	return err
}

// GetAccount reads what was said about an account. The error is an *Error with Status 404 when nothing was.
func (c *Client) GetAccount(ctx context.Context, id string) (*Account, error) {
	return call[Account](ctx, c, http.MethodGet, "accounts/"+url.PathEscape(id), nil)
}

// Accounts lists the accounts of which something was said, by id.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	out, err := call[Accounts](ctx, c, http.MethodGet, "accounts", nil)
	if err != nil {
		return nil, err
	}
	return out.Accounts, nil
}

// DeleteAccount forgets what was said about an account; the account and what it has stay.
func (c *Client) DeleteAccount(ctx context.Context, id string) error {
	_, err := c.do(ctx, http.MethodDelete, "accounts/"+url.PathEscape(id), nil, "application/json")
	return err
}

// Refusals lists the last refusals of an account's callers, or of all when account is empty, oldest first.
func (c *Client) Refusals(ctx context.Context, account string) ([]Refusal, error) {
	out, err := call[Refusals](ctx, c, http.MethodGet, "refusals?account="+url.QueryEscape(account), nil)
	if err != nil {
		return nil, err
	}
	return out.Refusals, nil
}

// Metrics reads the figures of the backend and of its functions, as OpenMetrics text (docs/metrics.md).
func (c *Client) Metrics(ctx context.Context) (string, error) {
	body, err := c.do(ctx, http.MethodGet, "metrics", nil, "application/openmetrics-text; version=1.0.0")
	return string(body), err
}

// Reset forgets one account's state, or everything when account is empty.
func (c *Client) Reset(ctx context.Context, account string) error {
	_, err := c.do(ctx, http.MethodPost, "reset", Reset{Account: account}, "application/json")
	return err
}

func call[T any](ctx context.Context, c *Client, method, path string, in any) (*T, error) {
	body, err := c.do(ctx, method, path, in, "application/json")
	if err != nil {
		return nil, err
	}
	out := new(T)
	if err := json.Unmarshal(body, out); err != nil {
		return nil, fmt.Errorf("read the answer of %s%s%s: %w", c.endpoint, Prefix, path, err)
	}
	return out, nil
}

func (c *Client) do(ctx context.Context, method, path string, in any, accept string) ([]byte, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.endpoint+Prefix+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 300 {
		return nil, refusal(res.StatusCode, out)
	}
	return out, nil
}

func refusal(status int, body []byte) error {
	var wrapped struct{ Error Error }
	if json.Unmarshal(body, &wrapped) != nil || wrapped.Error.Message == "" {
		wrapped.Error = Error{Code: "Unreadable", Message: fmt.Sprintf("HTTP %d: %.200s", status, body)}
	}
	wrapped.Error.Status = status
	return &wrapped.Error
}
