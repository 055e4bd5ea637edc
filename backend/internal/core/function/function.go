// Package function keeps functions: their configuration, their code, their versions and aliases, their resource policies,
// their concurrency, and what a name with a qualifier resolves to.
//
// A function is its unpublished version, $LATEST, which changes. Publishing freezes it: a version is a snapshot of
// configuration and code under the next number, and never changes again. An alias is a name for a version, or for two: then
// each invocation draws which, by the weight, from the seeded source. Function, version and alias each have a policy of their
// own; which of them counts is said by the ARN that is asked for (semantics recorded from AWS in 2025-11, and the developer
// guide's pages on versions, aliases and resource-based policies).
//
//	NAME, NAME:$LATEST ──▶ $LATEST (mutable)
//	NAME:7 ──────────────▶ version 7 (frozen)
//	NAME:live ──▶ alias ─▶ version 7, or by weight version 8
//
// It stores and validates; it does not run anything (invoke does) and does not decide who may (authz does). Functions are
// read on every invocation, so they are served from a cache that holds what was last committed: a warm invocation does
// not ask the database. Every change gives the function a new revision id, and the cache forgets it after the commit.
//
// States follow Lambda's: a new function is Pending ("The function is being created.", Creating) and becomes Active; an
// update is InProgress and becomes Successful. In the simulator both ends fall due at once: the answer of the call shows
// the first state, any later read the second.
package function

import (
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
)

// Latest is the qualifier of the unpublished version.
const Latest = "$LATEST"

// Code is a deployment package.
type Code struct {
	SHA256 string // base64, as CodeSha256
	Size   int64  // bytes of the zip file
}

// Version is a function as it runs: a snapshot of configuration and code. Version is "$LATEST" or a number.
type Version struct {
	Account, Region, Name string
	Version               string
	Config
	Code         Code
	LastModified time.Time
	RevisionID   string
	State        string // Pending, Active
	StateReason  string
	StateCode    string
	UpdateStatus string // "", InProgress, Successful
	// Generation changes with every change of code or configuration: environments of an older one are retired.
	Generation int64
}

// ARN is the unqualified ARN of the function.
func (v *Version) ARN() string { return arn.Function(v.Region, v.Account, v.Name) }

// QualifiedARN is the ARN with the version.
func (v *Version) QualifiedARN() string {
	return arn.QualifiedFunction(v.Region, v.Account, v.Name, v.Version)
}

// Alias is a name for a version.
type Alias struct {
	Name        string             `json:"alias"`
	Version     string             `json:"version"` // "$LATEST" or a number
	Description string             `json:"description"`
	Weights     map[string]float64 `json:"weights"` // at most one further version, with its share of the invocations, 0 to 1
	RevisionID  string             `json:"revision"`
}

// IsVersion reports whether a qualifier has the form of a version's number; $LATEST has not.
func IsVersion(qualifier string) bool {
	for i := range len(qualifier) {
		if qualifier[i] < '0' || qualifier[i] > '9' {
			return false
		}
	}
	return qualifier != ""
}

// IsAlias reports whether a qualifier has the form of an alias's name.
func IsAlias(qualifier string) bool {
	return qualifier != "" && !IsVersion(qualifier) && !strings.Contains(qualifier, "$")
}

// Resolved is what a function reference led to.
type Resolved struct {
	Version    *Version
	Qualifier  string // as given: "" for the unqualified name
	InvokedARN string // the ARN as requested, with the qualifier that was given
}
