package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// input is what the target is sent: the event, or what the target's own settings make of it. Functions get JSON; elsewhere a
// text is sent without its quotes (recorded of queues).
func (d *delivery) input() ([]byte, error) {
	t := d.Target
	switch {
	case t.Input != nil:
		return []byte(*t.Input), nil
	case t.InputPath != nil:
		path, err := parsePath(*t.InputPath)
		if err != nil {
			return nil, err
		}
		if value := path.in(d.Event); value != nil {
			return value, nil
		}
		return []byte("null"), nil
	case t.InputTransformer != nil:
		return d.transformed()
	}
	return d.Event, nil
}

// path is a JSON path as EventBridge has it: names, and indexes of lists.
type path []any // string or int

var stepForm = regexp.MustCompile(`^(?:\.([A-Za-z0-9_\-]+)|\['([^']+)'\]|\[(\d+)\])`)

func parsePath(text string) (path, error) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return nil, fmt.Errorf("%q does not begin with $", text)
	}
	var p path
	for rest != "" {
		m := stepForm.FindStringSubmatch(rest)
		switch {
		case m == nil:
			return nil, fmt.Errorf("%q is not a JSON path that lambdasim reads: it knows $.name, $['name'] and $.list[0]", text)
		case m[3] != "":
			i, err := strconv.Atoi(m[3])
			if err != nil {
				return nil, err
			}
			p = append(p, i)
		default:
			p = append(p, m[1]+m[2])
		}
		rest = rest[len(m[0]):]
	}
	return p, nil
}

// in is the value at the path, as it is written there; nil for none.
func (p path) in(document json.RawMessage) json.RawMessage {
	for _, step := range p {
		switch step := step.(type) {
		case string:
			var object map[string]json.RawMessage
			if json.Unmarshal(document, &object) != nil {
				return nil
			}
			document = object[step]
		case int:
			var list []json.RawMessage
			if json.Unmarshal(document, &list) != nil || step >= len(list) {
				return nil
			}
			document = list[step]
		}
		if document == nil {
			return nil
		}
	}
	return document
}

// placeholder is a variable of an input template.
var placeholder = regexp.MustCompile(`<([A-Za-z0-9_.\-]+)>`)

// reserved are the variables that every template may use (user guide, input transformation).
var reserved = []string{"aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time", "aws.events.event", "aws.events.event.json"}

func checkTransformer(t *types.InputTransformer) error {
	known := map[string]bool{}
	for _, name := range reserved {
		known[name] = true
	}
	for name, text := range t.InputPathsMap {
		if strings.HasPrefix(strings.ToLower(name), "aws.") {
			return fmt.Errorf("variable %s begins with AWS, which is reserved", name)
		}
		if _, err := parsePath(text); err != nil {
			return err
		}
		known[name] = true
	}
	for _, m := range placeholder.FindAllStringSubmatch(*t.InputTemplate, -1) {
		if !known[m[1]] {
			return fmt.Errorf("it contains the placeholder %s, which InputPathsMap does not define", m[1])
		}
	}
	_, err := render(*t.InputTemplate, func(_ string, quoted bool) string {
		if quoted {
			return "x"
		}
		return "0"
	})
	return err
}

var errTemplate = errors.New("it is neither JSON nor lines of quoted text")

// rendered is what a template gives: JSON, or a text.
type rendered struct {
	json []byte
	text *string
}

// render fills a template in. value is asked for each variable; quoted says that it stands between quotes.
func render(template string, value func(name string, quoted bool) string) (rendered, error) {
	var b strings.Builder
	quoted, at := false, 0
	scan := func(part string) {
		for i := 0; i < len(part); i++ {
			switch part[i] {
			case '\\':
				i++
			case '"':
				quoted = !quoted
			}
		}
		b.WriteString(part)
	}
	for _, m := range placeholder.FindAllStringSubmatchIndex(template, -1) {
		scan(template[at:m[0]])
		b.WriteString(value(template[m[2]:m[3]], quoted))
		at = m[1]
	}
	scan(template[at:])
	result := strings.TrimSpace(b.String())
	if json.Valid([]byte(result)) && !strings.HasPrefix(result, `"`) {
		return rendered{json: []byte(result)}, nil
	}
	var lines []string
	for line := range strings.Lines(result) {
		var text string
		if err := json.Unmarshal([]byte(strings.TrimSpace(line)), &text); err != nil {
			return rendered{}, errTemplate
		}
		lines = append(lines, text)
	}
	text := strings.Join(lines, "\n")
	return rendered{text: &text}, nil
}

// transformed is what a target's transformer makes of the event.
func (d *delivery) transformed() ([]byte, error) {
	out, err := render(*d.Target.InputTransformer.InputTemplate, func(name string, quoted bool) string {
		value := d.variable(name)
		switch {
		case value == nil && quoted:
			return ""
		case value == nil:
			return `""`
		case !quoted:
			return string(value)
		case value[0] == '"':
			return string(value[1 : len(value)-1])
		}
		return strings.NewReplacer(`"`, "", `\`, "").Replace(string(value)) // in a text, JSON loses its quotes
	})
	switch {
	case err != nil:
		return nil, err
	case out.json != nil:
		return out.json, nil
	case d.isFunction():
		return []byte(plain(*out.text)), nil
	}
	return []byte(*out.text), nil
}

// variable is the value of a template's variable, as JSON; nil for none.
func (d *delivery) variable(name string) json.RawMessage {
	switch name {
	case "aws.events.rule-arn":
		return json.RawMessage(plain(d.Rule.arn()))
	case "aws.events.rule-name":
		return json.RawMessage(plain(d.Rule.Name))
	case "aws.events.event.ingestion-time":
		return json.RawMessage(plain(instant(d.At)))
	case "aws.events.event.json":
		return d.Event
	case "aws.events.event":
		var e event
		if json.Unmarshal(d.Event, &e) != nil {
			return nil
		}
		return withoutDetail(&e)
	}
	p, err := parsePath(d.Target.InputTransformer.InputPathsMap[name])
	if err != nil { // it was checked before it was kept
		return nil
	}
	return p.in(d.Event)
}

// withoutDetail is the event as <aws.events.event> has it.
func withoutDetail(e *event) json.RawMessage {
	return json.RawMessage(plain(struct {
		Version    string   `json:"version"`
		ID         string   `json:"id"`
		DetailType string   `json:"detail-type"`
		Source     string   `json:"source"`
		Account    string   `json:"account"`
		Time       string   `json:"time"`
		Region     string   `json:"region"`
		Resources  []string `json:"resources"`
	}{e.Version, e.ID, e.DetailType, e.Source, e.Account, e.Time, e.Region, e.Resources}))
}
