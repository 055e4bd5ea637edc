package sqs

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// redrive is a redrive policy: where a message goes that was received so often.
type redrive struct {
	target string // ARN
	max    int    // 1 to 1000
}

// parseRedrive reads a redrive policy. The number may be text, as AWS's own answers once had it.
func parseRedrive(text string) (*redrive, error) {
	wrong := func(reason string) error { return invalidParameter(text, attrRedrive, reason) }
	var p struct {
		Target *string         `json:"deadLetterTargetArn"`
		Max    json.RawMessage `json:"maxReceiveCount"`
	}
	if json.Unmarshal([]byte(text), &p) != nil {
		return nil, wrong("Redrive policy is not a valid JSON map.")
	}
	switch {
	case p.Target == nil || *p.Target == "":
		return nil, wrong("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
	case len(p.Max) == 0 || string(p.Max) == "null":
		return nil, wrong("Redrive policy does not contain mandatory attribute: maxReceiveCount.")
	}
	digits := strings.Trim(string(p.Max), `"`)
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > 1000 {
		return nil, wrong("Invalid value for maxReceiveCount: " + digits + ", valid values are from 1 to 1000 both inclusive.")
	}
	return &redrive{target: *p.Target, max: n}, nil
}

// allowance is a redrive allow policy: which queues may have this one as their dead-letter queue.
type allowance struct {
	Permission string   `json:"redrivePermission"`
	Sources    []string `json:"sourceQueueArns"`
}

// maxSources is how many queues a redrive allow policy may name.
const maxSources = 10

func parseAllowance(text string) (*allowance, error) {
	wrong := func(reason string) error { return invalidParameter(text, attrRedriveAllow, reason) }
	var a allowance
	if json.Unmarshal([]byte(text), &a) != nil {
		return nil, wrong("Redrive allow policy is not a valid JSON map.")
	}
	switch a.Permission {
	case "allowAll", "denyAll":
		if len(a.Sources) > 0 {
			return nil, wrong("sourceQueueArns can be specified only with redrivePermission byQueue.")
		}
	case "byQueue":
		if len(a.Sources) == 0 || len(a.Sources) > maxSources {
			return nil, wrong("sourceQueueArns must name 1 to 10 queues with redrivePermission byQueue.")
		}
	default:
		return nil, wrong("redrivePermission must be allowAll, denyAll or byQueue.")
	}
	return &a, nil
}

func (a *allowance) admits(sourceARN string) bool {
	return a == nil || a.Permission == "allowAll" || a.Permission == "byQueue" && slices.Contains(a.Sources, sourceARN)
}

// checkRedrive says whether a queue may have the redrive policies that are set on it.
func (s *Store) checkRedrive(ctx context.Context, account, region, name string, fifo bool, set map[string]string) error {
	if text := set[attrRedriveAllow]; text != "" {
		if _, err := parseAllowance(text); err != nil {
			return err
		}
	}
	text := set[attrRedrive]
	if text == "" {
		return nil
	}
	r, err := parseRedrive(text)
	if err != nil {
		return err
	}
	wrong := func(reason string) error { return invalidParameter(text, attrRedrive, reason) }
	p, err := arn.Parse(r.target)
	switch {
	case err != nil || p.Service != "sqs":
		return wrong("Invalid value for deadLetterTargetArn.")
	case p.Account != account || p.Region != region:
		return wrong("Dead-letter target owner should be same as the source.")
	}
	if fifo != strings.HasSuffix(p.Resource, ".fifo") {
		return wrong("Dead-letter queue must be same type of queue as the source.")
	}
	if p.Resource == name {
		return nil // AWS takes it: the messages begin again
	}
	dead, err := s.byARN(ctx, r.target)
	if fault.Is(err, fault.NotFound) {
		return wrong("Dead letter target does not exist.")
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	allow := dead.attributes[attrRedriveAllow]
	s.mu.Unlock()
	if allow == "" {
		return nil
	}
	a, err := parseAllowance(allow)
	if err != nil {
		return err
	}
	if !a.admits(arn.Queue(region, account, name)) {
		return wrong("The redrive allow policy of the dead-letter queue does not allow this source queue.")
	}
	return nil
}

// deadLetterQueue is a queue's dead-letter queue, nil where it has none or it is gone.
func (s *Store) deadLetterQueue(ctx context.Context, q *queue) (*queue, error) {
	s.mu.Lock()
	r := q.redrive
	s.mu.Unlock()
	if r == nil {
		return nil, nil
	}
	dead, err := s.byARN(ctx, r.target)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return dead, err
}
