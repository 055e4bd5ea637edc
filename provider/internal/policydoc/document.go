package policydoc

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Document is a policy: what a data source describes, or a text that was read.
type Document struct {
	Version   string       `json:",omitempty"`
	ID        string       `json:"Id,omitempty"`
	Statement []*Statement `json:",omitempty"`
}

// Statement is one statement. Action, NotAction, Resource and NotResource are a string, a list, or nil.
type Statement struct {
	SID          string     `json:"Sid,omitempty"`
	Effect       string     `json:",omitempty"`
	Action       any        `json:",omitempty"`
	NotAction    any        `json:",omitempty"`
	Resource     any        `json:",omitempty"`
	NotResource  any        `json:",omitempty"`
	Principal    Principals `json:",omitempty"`
	NotPrincipal Principals `json:",omitempty"`
	Condition    Conditions `json:",omitempty"`
}

// Read reads a document. A statement may stand alone or in a list; the text "" is an empty document.
func Read(text string) (*Document, error) {
	if text == "" {
		return &Document{}, nil
	}
	var raw struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	d := &Document{Version: raw.Version, ID: raw.ID}
	statements := bytes.TrimSpace(raw.Statement)
	switch {
	case len(statements) == 0 || bytes.Equal(statements, []byte("null")):
		return d, nil
	case statements[0] == '{':
		statements = bytes.Join([][]byte{[]byte("["), statements, []byte("]")}, nil)
	}
	return d, json.Unmarshal(statements, &d.Statement)
}

// JSON is the document indented by two spaces, and without white space.
func (d *Document) JSON() (indented, minified string, err error) {
	pretty, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return "", "", err
	}
	short, err := json.Marshal(d)
	return string(pretty), string(short), err
}

// Merge adds another document: its statements replace those of the same sid, in their place, and follow otherwise.
func (d *Document) Merge(other *Document) {
	if other.ID != "" {
		d.ID = other.ID
	}
	d.Version = max(d.Version, other.Version)
next:
	for _, s := range other.Statement {
		for i, have := range d.Statement {
			if s.SID != "" && have.SID == s.SID {
				d.Statement[i] = s
				continue next
			}
		}
		d.Statement = append(d.Statement, s)
	}
}

// Compose puts a document together: the sources, the document's own statements, the overrides. What is wrong with a source
// or an override is said with its place in the list.
func Compose(own *Document, sources, overrides []string) (*Document, error) {
	d, seen := &Document{}, map[string]bool{}
	for i, text := range sources {
		source, err := Read(text)
		if err != nil {
			return nil, fmt.Errorf("merging source document %d: %w", i, err)
		}
		for n, s := range source.Statement {
			if s.SID != "" && seen[s.SID] {
				return nil, fmt.Errorf("merging source document %d: duplicate Sid (%s) in source_policy_documents (statement %d). Remove the Sid or ensure Sids are unique", i, s.SID, n)
			}
			seen[s.SID] = true
		}
		d.Merge(source)
	}
	clear(seen)
	for _, s := range own.Statement {
		if s.SID != "" && seen[s.SID] {
			return nil, fmt.Errorf("duplicate Sid (%s). Remove the Sid or ensure the Sid is unique", s.SID)
		}
		seen[s.SID] = true
	}
	d.Merge(own)
	for i, text := range overrides {
		override, err := Read(text)
		if err != nil {
			return nil, fmt.Errorf("merging override document %d: %w", i, err)
		}
		d.Merge(override)
	}
	return d, nil
}
