// Package policy is the IAM policy language: it parses documents, holds them to IAM's grammar, and decides whether a request
// is allowed, with a reason from every statement.
//
// It is pure: no I/O, no clock, no SDK. Everything that a decision depends on comes in with the Request (who, which
// action, on what, under which circumstances) and the Policies that apply. It never finds out whether a principal, an action
// or a resource exists, and it fills in no condition key.
//
// # The order
//
// An explicit Deny in any policy ends it. Service control policies bound the caller's account, level by level; resource
// control policies can only deny. Then, in one account, either side may allow: an identity policy, or a resource policy that
// names the caller directly. How the resource policy names the caller decides what still caps the grant:
//
//	named as                          identity policy needed   boundary caps   session policy caps
//	user ARN, "*"                              no                    no               no
//	session ARN, "*"                           no                    no               no
//	role ARN, the user who federated           no                    yes              yes
//	the account (…:root)                       yes                   yes              yes
//	a service                                  services have no policies of their own
//
// Across accounts both sides must allow. The account's root user needs no identity policy. A federated user's session has
// nothing from identity policies unless a session policy passes it on.
// (IAM User Guide: policy evaluation logic; cross-account policy evaluation logic; AWS JSON policy elements: Principal;
// Organizations User Guide: SCPs, RCPs.) AWS's simulator differs from its live evaluation in places; this is the live one, for
// simulations too, and docs/fidelity.md says where.
//
// # From text to answer
//
// Parse compiles a document once: actions in lower case, patterns as literals, wildcards and variables, constants of
// conditions as numbers, instants, networks. A Document never changes and may be shared and kept. Validate… is for documents
// that are being written: it goes through IAM's checks in IAM's order, and says besides where the defect is.
//
// Evaluate gives the verdict, also of each kind of policy and of either account, and nothing else: it allocates the same for
// ten policies and for a thousand. Explain asks every statement of every policy, also after the answer is known; each leaves
// a Reason: that it matched, or what it lacked first (the principal, the action, the resource, or a condition with what the
// policy wants and what the request has). Both go through the same code, so that their verdicts cannot differ. An Explanation
// is a line, a text for people, or data (JSON); Decision.AWSMessage makes AWS's own sentence of it. A refusal's Mends say what
// would have to change for the request to be allowed.
package policy

// Effect is what a statement does when it matches.
type Effect string

// The effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Versions of the language. Without a version a document is of the older one, in which variables are plain text.
const (
	Version2008 = "2008-10-17"
	Version2012 = "2012-10-17"
)

// Document is a parsed policy. It is immutable and safe for concurrent use.
type Document struct {
	Version    string
	ID         string
	Statements []Statement

	versioned, hasID bool // the text has these elements
}

// Statement is one statement of a policy.
type Statement struct {
	SID                     string
	Effect                  Effect
	Principal, NotPrincipal *PrincipalSet
	Actions, NotActions     []string
	Resources, NotResources []string
	Conditions              []Condition
	// Start and End are where it is in the text, by the simulation API's rules: the first of a list starts after the
	// bracket, a lone one after its brace, later ones where the one before ends; the end is after the closing brace.
	Start, End Position

	actions, notActions     []pattern // in lower case
	resources, notResources []pattern
	resourced               bool     // it has Resource or NotResource
	keys                    []string // that conditions and variables name, in the text's order
}

// PrincipalSet is a Principal or NotPrincipal element.
type PrincipalSet struct {
	Any           bool // "*" or {"AWS":"*"}
	AWS           []string
	Service       []string
	Federated     []string
	CanonicalUser []string
}

// Condition is one operator with one key and its values. Operator is as written, for example
// "ForAnyValue:StringLikeIfExists".
type Condition struct {
	Operator, Key string
	Values        []string

	key       string // in lower case
	test      test
	constants []constant
}

// Request is what is asked.
type Request struct {
	Principal       Principal
	Action          string // service:Name
	Resource        string // an ARN, or "*"
	ResourceAccount string // the account that owns the resource; the principal's when empty
	Context         Context
}

// Source is a policy with the name by which reasons call it, for example "inline policy read of role poller".
type Source struct {
	Name     string
	Document *Document
}

// Policies are those that apply to a request. Absent ones are nil.
type Policies struct {
	Identity []Source
	Resource *Source
	Boundary *Source
	Session  []Source   // none: the session is not narrowed
	SCPs     [][]Source // one list for each level, the root of the organisation first
	RCPs     []Source
	// ResourceMustAllow is set for actions that the resource's own policy must allow in any case: sts:AssumeRole (the
	// trust policy), KMS. An account as principal there leaves it to identity policies.
	ResourceMustAllow bool
}
