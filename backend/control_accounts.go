package backend

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/account"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// accountID is the account of a path.
func accountID(r *http.Request) (string, error) {
	id := r.PathValue("id")
	if !accountForm.MatchString(id) {
		return "", fault.New(fault.Invalid, "account %q: want twelve digits", id)
	}
	return id, nil
}

// putAccount describes an account.
func (a *controlAPI) putAccount(w http.ResponseWriter, r *http.Request) error {
	id, err := accountID(r)
	if err != nil {
		return err
	}
	var in control.Account
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if in.ID != "" && in.ID != id {
		return fault.New(fault.Invalid, "the body is about account %s, the path about %s", in.ID, id)
	}
	err = a.accounts.Put(r.Context(), account.Account{ID: id, OrganizationID: in.OrganizationID, OrganizationPath: in.OrganizationPath,
		Management: in.ManagementAccount, SCPs: in.ServiceControlPolicies, RCPs: in.ResourceControlPolicies})
	if err != nil {
		return err
	}
	return a.getAccount(w, r)
}

func (a *controlAPI) getAccount(w http.ResponseWriter, r *http.Request) error {
	id, err := accountID(r)
	if err != nil {
		return err
	}
	described, err := a.accounts.Get(r.Context(), id)
	if err != nil {
		return err
	}
	return answer(w, wireAccount(*described))
}

func (a *controlAPI) listAccounts(w http.ResponseWriter, r *http.Request) error {
	list, err := a.accounts.List(r.Context())
	if err != nil {
		return err
	}
	out := control.Accounts{Accounts: []control.Account{}}
	for _, described := range list {
		out.Accounts = append(out.Accounts, wireAccount(described))
	}
	return answer(w, out)
}

func (a *controlAPI) deleteAccount(w http.ResponseWriter, r *http.Request) error {
	id, err := accountID(r)
	if err != nil {
		return err
	}
	if err := a.accounts.Delete(r.Context(), id); err != nil {
		return err
	}
	return answer(w, struct{}{})
}

func wireAccount(a account.Account) control.Account {
	return control.Account{ID: a.ID, OrganizationID: a.OrganizationID, OrganizationPath: a.OrganizationPath, ManagementAccount: a.Management,
		ServiceControlPolicies: a.SCPs, ResourceControlPolicies: a.RCPs}
}

// listRefusals answers with the last refusals, as JSON or as text.
func (a *controlAPI) listRefusals(w http.ResponseWriter, r *http.Request) error {
	for name := range r.URL.Query() {
		if name != "account" {
			return fault.New(fault.Invalid, "there is no parameter %q: use account", name)
		}
	}
	list := a.authz.Refusals(r.URL.Query().Get("account"))
	if strings.Contains(r.Header.Get("Accept"), "text/plain") {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, err := w.Write([]byte(refusalText(list)))
		return err
	}
	out := control.Refusals{Refusals: []control.Refusal{}}
	for _, x := range list {
		decision, err := json.Marshal(x.Decision)
		if err != nil {
			return err
		}
		out.Refusals = append(out.Refusals, control.Refusal{At: x.At, Account: x.Account, Principal: x.Principal, Action: x.Action, Resource: x.Resource,
			Message: x.Message, Reason: x.Reason, Audited: x.Audited, Decision: decision})
	}
	return answer(w, out)
}

// refusalText renders refusals for people: what AWS says, below it why.
func refusalText(list []authz.Refusal) string {
	var b strings.Builder
	for _, x := range list {
		mark := ""
		if x.Audited {
			mark = "audit, let through: "
		}
		fmt.Fprintf(&b, "%s  %s%s\n    %s\n", x.At.UTC().Format(time.RFC3339), mark, x.Message, strings.ReplaceAll(x.Reason, "\n", "\n    "))
	}
	return b.String()
}
