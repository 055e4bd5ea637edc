package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Plan is a plan as "terraform show -json" and "tofu show -json" print it, format version 1, with its resources found.
type Plan struct {
	raw       rawPlan
	resources []*resource
	byAddress map[string]*resource
	root      *scope
	scopes    map[string]*scope
	accounts  map[string]string // by identity
	regions   map[string]string // by the key of the provider's configuration
	busy      map[string]bool   // references that are being followed
}

// The parts of the JSON plan that count here (Terraform, JSON output format).
type (
	rawPlan struct {
		FormatVersion string `json:"format_version"`
		Variables     map[string]struct {
			Value any `json:"value"`
		} `json:"variables"`
		PlannedValues   *rawValues     `json:"planned_values"`
		ResourceChanges []rawChange    `json:"resource_changes"`
		Configuration   *rawConfig     `json:"configuration"`
		PriorState      *rawPriorState `json:"prior_state"`
		Complete        *bool          `json:"complete"` // since Terraform 1.8
	}
	rawPriorState struct {
		Values *rawValues `json:"values"`
	}
	rawValues struct {
		RootModule rawModule `json:"root_module"`
	}
	rawModule struct {
		Address      string        `json:"address"`
		Resources    []rawResource `json:"resources"`
		ChildModules []rawModule   `json:"child_modules"`
	}
	rawResource struct {
		Address string         `json:"address"`
		Mode    string         `json:"mode"`
		Type    string         `json:"type"`
		Name    string         `json:"name"`
		Index   any            `json:"index"`
		Values  map[string]any `json:"values"`
	}
	rawChange struct {
		rawResource
		ModuleAddress string `json:"module_address"`
		Deposed       string `json:"deposed"`
		Change        struct {
			Actions      []string `json:"actions"`
			After        any      `json:"after"`
			AfterUnknown any      `json:"after_unknown"`
		} `json:"change"`
	}
	rawConfig struct {
		ProviderConfig map[string]struct {
			Name        string         `json:"name"`
			FullName    string         `json:"full_name"`
			Expressions map[string]any `json:"expressions"`
		} `json:"provider_config"`
		RootModule moduleConfig `json:"root_module"`
	}
	moduleConfig struct {
		Outputs map[string]struct {
			Expression any `json:"expression"`
		} `json:"outputs"`
		Resources   []*resourceConfig      `json:"resources"`
		ModuleCalls map[string]*moduleCall `json:"module_calls"`
		Variables   map[string]struct {
			Default any `json:"default"`
		} `json:"variables"`
	}
	moduleCall struct {
		Expressions map[string]any `json:"expressions"`
		ForEach     any            `json:"for_each_expression"`
		Module      moduleConfig   `json:"module"`
	}
	resourceConfig struct {
		Mode        string         `json:"mode"`
		Type        string         `json:"type"`
		Name        string         `json:"name"`
		ProviderKey string         `json:"provider_config_key"`
		Expressions map[string]any `json:"expressions"`
		ForEach     any            `json:"for_each_expression"`
		DependsOn   []string       `json:"depends_on"`
	}
)

// Errors of Read that say what to do.
var (
	ErrBinary = errors.New("this is a plan file as terraform plan -out writes it, which only Terraform can read: run terraform show -json PLANFILE > plan.json and check plan.json")
	ErrState  = errors.New("this is a state, not a plan: run terraform plan -out=PLANFILE, then terraform show -json PLANFILE > plan.json")
)

// Read reads a plan. It refuses a binary plan file, what is not a plan, a plan that did not come to its end, and a format
// version with a major number other than 1.
func Read(text []byte) (*Plan, error) {
	if bytes.HasPrefix(text, []byte("PK\x03\x04")) {
		return nil, ErrBinary
	}
	var head struct {
		FormatVersion string          `json:"format_version"`
		Values        json.RawMessage `json:"values"`
		Changes       json.RawMessage `json:"resource_changes"`
		Planned       json.RawMessage `json:"planned_values"`
		Errored       bool            `json:"errored"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("this is not the JSON of a plan (terraform show -json prints it): %w", err)
	}
	if head.FormatVersion == "" {
		return nil, errors.New("this is JSON, but not of a plan: it has no format_version; terraform show -json PLANFILE prints one")
	}
	major, _, _ := strings.Cut(head.FormatVersion, ".")
	if n, err := strconv.Atoi(major); err != nil || n != 1 {
		return nil, fmt.Errorf("the plan has format version %s; this program reads version 1: a newer one of this program may read it", head.FormatVersion)
	}
	if head.Planned == nil && head.Values != nil {
		return nil, ErrState
	}
	if head.Planned == nil {
		return nil, errors.New("this is not a whole plan: it has no planned_values")
	}
	if head.Errored {
		return nil, errors.New("the plan ended with errors, so it is not whole: mend what terraform plan says, and plan again")
	}
	p := &Plan{}
	if err := json.Unmarshal(text, &p.raw); err != nil {
		return nil, fmt.Errorf("the plan cannot be read: %w", err)
	}
	p.build()
	return p, nil
}
