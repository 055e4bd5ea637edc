package policy

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MalformedError is a policy that AWS refuses when it is written: its code, its text, and for people where the defect is
// and what it is, which AWS does not say.
type MalformedError struct {
	Code      string // MalformedPolicyDocument of IAM and STS, MalformedPolicyDocumentException of Organizations
	Message   string // AWS's text
	Detail    string // for people: "line 3, column 17: statement 1, Action: …"
	At        Position
	Statement int    // from 1; 0 where it is not about a statement
	Element   string // for example "Action"; empty where it is about the whole
}

func (e *MalformedError) Error() string { return e.Message }

// Codes of AWS's for a document that is refused.
const (
	CodeMalformed              = "MalformedPolicyDocument"
	CodeMalformedOrganizations = "MalformedPolicyDocumentException"
	organizationsMessage       = "The provided policy document does not meet the requirements of the specified policy type."
)

// presence says whether a kind of document may have an element.
type presence int

const (
	optional presence = iota
	required
	forbidden
)

// grammar is what a kind of document admits beyond what all do.
type grammar struct {
	newest              bool // Version must be 2012-10-17
	principal, resource presence
	trust               bool
	freeSIDs            bool // a Sid may have other characters than letters and digits
	organization        bool
	denies              bool // Deny only, for everybody
}

// ValidateIdentity checks a policy as IAM checks inline and managed policies, boundaries among them, when they are written.
// All Validate functions return nil or a *MalformedError; they go through IAM's checks in IAM's order, so that of several
// defects the one is named that IAM would name.
func ValidateIdentity(text []byte) error {
	return validate(text, grammar{newest: true, principal: forbidden, resource: required})
}

// ValidateSession checks a session policy (AssumeRole, GetFederationToken) and a policy that is only simulated: as an
// identity policy, in either version of the language.
func ValidateSession(text []byte) error {
	return validate(text, grammar{principal: forbidden, resource: required})
}

// ValidateTrust checks a role's trust policy.
func ValidateTrust(text []byte) error {
	return validate(text, grammar{principal: required, resource: forbidden, trust: true})
}

// ValidateResource checks a resource's policy: every statement names a principal. What a service admits beyond IAM's
// grammar, and with which code it refuses, is the service's.
func ValidateResource(text []byte) error {
	return validate(text, grammar{principal: required, freeSIDs: true})
}

// ValidateServiceControl checks an organisation's service control policy (Organizations User Guide, SCP syntax). Its code
// and text are those of Organizations, which says no more; Detail does.
func ValidateServiceControl(text []byte) error {
	return validate(text, grammar{newest: true, principal: forbidden, resource: required, organization: true})
}

// ValidateResourceControl checks a resource control policy: it may only Deny, with Principal "*" (Organizations User Guide,
// RCP syntax).
func ValidateResourceControl(text []byte) error {
	return validate(text, grammar{newest: true, principal: required, resource: required, organization: true, denies: true})
}

// Size is how many characters of a document count for IAM's quotas: those that are not white space.
func Size(text string) (n int) {
	for _, r := range text {
		if !strings.ContainsRune(" \t\n\r", r) {
			n++
		}
	}
	return n
}

func validate(text []byte, g grammar) error {
	v := &validation{text: text, grammar: g}
	found := v.check()
	if found == nil {
		return nil
	}
	if g.organization {
		found.Code, found.Message = CodeMalformedOrganizations, organizationsMessage
	}
	return found
}

// validation is one document under examination.
type validation struct {
	grammar
	text []byte
	doc  *Document
}

// check goes through the checks in IAM's order; each sees all statements before the next begins.
func (v *validation) check() *MalformedError {
	if err := v.characters(); err != nil {
		return err
	}
	p := &parser{text: v.text}
	doc, err := p.document()
	if err != nil {
		return v.syntax(err, "Syntax errors in policy.")
	}
	v.doc = doc
	if v.newest && doc.Version != Version2012 {
		return v.at(0, "Version", -1, "Policy document must be version 2012-10-17 or greater.", "want %q; without a Version a policy is of %s", Version2012, Version2008)
	}
	if p.late != nil && p.late.rank == legacy {
		return v.syntax(p.late, legacyText)
	}
	for _, check := range []func(int, *Statement) *MalformedError{v.legacy, v.sids, v.sidCharacters, v.actions, v.resourceFormats, v.actionFormats,
		v.resources, v.principals, v.trustActions, v.trustResource, v.trustPrincipals, v.organizations} {
		for i := range doc.Statements {
			if err := check(i, &doc.Statements[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// characters holds the text to those that IAM takes: tab, line feed, carriage return, and U+0020 to U+00FF. Resources'
// policies are not IAM's to read.
func (v *validation) characters() *MalformedError {
	for i, r := range string(v.text) {
		if v.freeSIDs || r >= ' ' && r <= 0xFF || r == '\t' || r == '\n' || r == '\r' {
			continue
		}
		what := fmt.Sprintf("the character %q (%U) is beyond U+00FF or a control character", r, r)
		if r == utf8.RuneError {
			what = "the text is not UTF-8"
		}
		return v.syntax((&parser{text: v.text}).syntaxf(i, "%s", what), "Syntax errors in policy.")
	}
	return nil
}

func (v *validation) syntax(err error, message string) *MalformedError {
	e := &MalformedError{Code: CodeMalformed, Message: message, Detail: err.Error()}
	if s, ok := errors.AsType[*SyntaxError](err); ok {
		e.At, e.Statement = s.At, s.Statement
	}
	return e
}

// at makes the error for an element of a statement (index, from 0) or, with "" for it, of the statement itself; value is
// which of the element's values it is, or -1.
func (v *validation) at(statement int, element string, value int, message, detail string, args ...any) *MalformedError {
	e := &MalformedError{Code: CodeMalformed, Message: message, Element: element, At: v.locate(statement, element, value)}
	where := e.At.String() + ": "
	if element != "Version" {
		e.Statement = statement + 1
		where += v.called(statement) + ": "
	}
	if element != "" {
		where += element + ": "
	}
	e.Detail = where + fmt.Sprintf(detail, args...)
	return e
}

// called names a statement as people find it.
func (v *validation) called(statement int) string {
	if sid := v.doc.Statements[statement].SID; sid != "" {
		return fmt.Sprintf("statement %d (%q)", statement+1, sid)
	}
	return fmt.Sprintf("statement %d", statement+1)
}

// locate finds an element, or one of its values, in the text again: places are only looked for once something is wrong.
func (v *validation) locate(statement int, element string, index int) Position {
	p := &parser{text: v.text}
	top := p.member(value{raw: v.text}, "Statement")
	list, _, err := p.each(top)
	if element == "Version" || err != nil || statement >= len(list) {
		return p.position(p.member(value{raw: v.text}, "Version").at)
	}
	found := list[statement]
	if element == "" {
		return p.position(found.at)
	}
	m := p.member(found, element)
	if m.raw == nil {
		return p.position(found.at)
	}
	if values, _, err := p.each(m); err == nil && index >= 0 && index < len(values) {
		return p.position(values[index].at)
	}
	return p.position(m.at)
}

// member is an object's member of that name; the zero value where there is none.
func (p *parser) member(v value, name string) value {
	members, err := p.object(v)
	if err != nil {
		return value{}
	}
	for _, m := range members {
		if m.name == name {
			return m.value
		}
	}
	return value{}
}
