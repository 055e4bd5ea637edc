// Package iam is AWS Identity and Access Management: users and their access keys, groups, roles, inline and managed policies
// with their versions, permissions boundaries, tags, instance profiles, and the account's summary and alias.
//
// It translates between the API and core/identity, which keeps all of it. Documents are checked as IAM checks them when they
// are written; whether they allow something is for authz to say. It never asks whether the caller may: the wire does, with
// the resource and the condition keys that resource.go makes of an input.
//
// What belongs to people who sign in (passwords, MFA devices, identity providers), to certificates and to reports is refused
// by the operation's name.
//
// Sources: the IAM API Reference; the texts of errors as recorded from the real API (docs/fidelity.md).
package iam

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	accounts "github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/account"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// API serves IAM.
type API struct {
	Identity *identity.Store
	Accounts *accounts.Store
	Log      *slog.Logger
}

// Service is IAM for the wire.
func (a *API) Service() wire.Service {
	all := map[string]wire.Operation{}
	for _, some := range []map[string]wire.Operation{a.users(), a.groups(), a.roles(), a.policies(), a.profiles(), a.accountOperations(), a.simulations()} {
		maps.Copy(all, some)
	}
	return wire.Service{API: wire.IAMAPI(), Fault: toAWS, Operations: all}
}

// toAWS names the errors of identity as IAM does.
func toAWS(_ context.Context, operation string, err error) *wire.Error {
	switch fault.KindOf(err) {
	case fault.NotFound:
		return wire.Errorf(http.StatusNotFound, "NoSuchEntity", "%v", err)
	case fault.Exists:
		return wire.Errorf(http.StatusConflict, "EntityAlreadyExists", "%v", err)
	case fault.Conflict:
		return wire.Errorf(http.StatusConflict, "DeleteConflict", "%v", err)
	case fault.TooLarge:
		return wire.Errorf(http.StatusConflict, "LimitExceeded", "%v", err)
	case fault.Invalid:
		return wire.Errorf(http.StatusBadRequest, "ValidationError", "%v", err)
	}
	return nil
}

func account(ctx context.Context) string { return wire.CallFrom(ctx).Account }

// validationError is IAM's refusal of members that break their constraints. Its text has no values, unlike other services'
// (recorded in February 2026).
func validationError(v ...wire.Violation) error {
	parts := make([]string, len(v))
	for i, broken := range v {
		parts[i] = "Value at '" + broken.Path + "' failed to satisfy constraint: " + broken.Constraint
	}
	noun := "errors"
	if len(v) == 1 {
		noun = "error"
	}
	return wire.Errorf(http.StatusBadRequest, "ValidationError", "%d validation %s detected: %s", len(v), noun, strings.Join(parts, "; "))
}

func entityKey(e identity.Entity) string { return e.Name }

// listEntities is a page of the account's users, groups or roles whose path begins with prefix.
func (a *API) listEntities(ctx context.Context, kind identity.Kind, prefix, marker *string, most *int32) (page[identity.Entity], error) {
	list, err := a.Identity.List(ctx, account(ctx), kind, aws.ToString(prefix))
	if err != nil {
		return page[identity.Entity]{}, err
	}
	return paged(list, entityKey, marker, most)
}

var (
	entityName = regexp.MustCompile(`^[\w+=,.@-]+$`)
	pathName   = regexp.MustCompile(`^(/|(/[\x21-\x7e]+/))$`)
	policyARN  = regexp.MustCompile(`^arn:aws:iam::(aws|\d{12}):policy/\S+$`)
)

// checkName holds a name to IAM's form: letters, digits and +=,.@-_, at most max characters.
func checkName(member, name string, most int) error {
	var v []wire.Violation
	if len(name) > most {
		v = append(v, wire.MaxLength(member, name, most))
	}
	if !entityName.MatchString(name) {
		v = append(v, wire.Pattern(member, name, `[\w+=,.@-]+`))
	}
	if len(v) == 0 {
		return nil
	}
	return validationError(v...)
}

func pathOf(path *string) (string, error) {
	if path == nil {
		return "/", nil
	}
	if len(*path) > 512 {
		return "", validationError(wire.MaxLength("path", *path, 512))
	}
	if !pathName.MatchString(*path) {
		return "", wire.Errorf(http.StatusBadRequest, "ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return *path, nil
}

// document is a policy as IAM's answers carry it: percent-encoded.
func document(text string) *string {
	return aws.String(strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
}

// checkARN holds an ARN to IAM's lengths.
func checkARN(member, text string) error {
	switch {
	case len(text) < 20:
		return validationError(wire.MinLength(member, text, 20))
	case len(text) > 2048:
		return validationError(wire.MaxLength(member, text, 2048))
	}
	if strings.Count(text, ":") < 5 || !strings.HasPrefix(text, "arn:") {
		return wire.Errorf(http.StatusBadRequest, "ValidationError", "Invalid ARN:  Could not be parsed!") // as recorded, two spaces
	}
	return nil
}

// checkBoundary holds a permissions boundary to the form of a policy's ARN; "" is none.
func checkBoundary(text string) error {
	if text == "" || policyARN.MatchString(text) {
		return nil
	}
	return wire.Errorf(http.StatusBadRequest, "ValidationError", "Value (%s) for parameter PermissionsBoundary is invalid.", text)
}
