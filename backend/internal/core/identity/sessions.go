package identity

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Root is the kind of an account's root user, as the owner of a session: it has no name, and is no entity.
const Root Kind = "root"

// Opening says which session is opened.
type Opening struct {
	Owner     Key    // the role; or the user, or the root user, whose session or federated user it is
	Name      string // of the role session, or of the federated user
	Federated bool
	// Policy and PolicyARNs are the session policies, inline and managed.
	Policy         string
	PolicyARNs     []string
	Tags           map[string]string // session tags
	Transitive     []string          // keys of the tags that go on to sessions that this one opens
	SourceIdentity string
	SourceFunction string        // the function for whose code it is opened
	Lifetime       time.Duration // 0: it does not expire
}

// Credential is what an access key id stands for: its owner, its secret, and for temporary ones their session.
type Credential struct {
	ID, Secret, Token string
	Owner             Key
	Active            bool
	Session           string // of a role session: its name; of a federated user: its name
	Federated         bool
	Policies          []policy.Source // session policies; none: the session is not narrowed
	Tags              map[string]string
	Transitive        []string
	SourceIdentity    string
	SourceFunction    string    // of a session that Lambda opened for a function: its ARN
	Issued            time.Time // zero: a long-term key
	Expires           time.Time // zero: never
}

// remembered is for how long expired sessions are told from keys that were never issued; maxCached bounds the cache.
const (
	remembered = 24 * time.Hour
	maxCached  = 10000
)

// OpenSession issues temporary credentials. A lifetime of 0 means that they do not expire: those of an execution
// environment, which lives as long as it likes.
func (s *Store) OpenSession(ctx context.Context, o Opening) (*Credential, error) {
	c := &Credential{ID: s.ids.UniqueID("ASIA"), Secret: s.ids.Secret(), Token: s.ids.Hex(128), Owner: o.Owner, Session: o.Name, Active: true}
	args := pgx.NamedArgs{"key": c.ID, "account": o.Owner.Account, "kind": o.Owner.Kind, "name": o.Owner.Name, "session": o.Name, "secret": c.Secret,
		"token": c.Token, "policy": o.Policy, "expires": nil, "federated": o.Federated, "arns": append([]string{}, o.PolicyARNs...),
		"tags": o.Tags, "transitive": append([]string{}, o.Transitive...), "source": o.SourceIdentity, "function": o.SourceFunction, "issued": s.db.Now()}
	if o.Tags == nil {
		args["tags"] = map[string]string{}
	}
	if o.Lifetime == 0 {
		// An environment waits for this, and ends with the backend: one round to the server, and none to its disk.
		_, err := s.db.Exec(ctx, insertSession+` FROM set_config('synchronous_commit', 'off', true)`, args)
		return c, err
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		// Those that expired long ago go; the others are still known, so that their users are told that they have expired.
		if _, err := tx.Exec(ctx, `DELETE FROM identity.sessions WHERE expires < @long`, pgx.NamedArgs{"long": tx.Now.Add(-remembered)}); err != nil {
			return err
		}
		c.Expires, args["issued"] = tx.Now.Add(o.Lifetime), tx.Now
		args["expires"] = c.Expires
		_, err := tx.Exec(ctx, insertSession, args)
		return err
	})
	return c, err
}

const insertSession = `INSERT INTO identity.sessions (key, account, kind, name, session, secret, token, policy, expires, issued, federated, arns, tags, transitive, source_identity, source_function)
	SELECT @key::text, @account::text, @kind::text, nullif(@name::text, ''), @session::text, @secret::text, @token::text, @policy::text, @expires::timestamptz,
		@issued::timestamptz, @federated::boolean, @arns::text[], @tags::jsonb, @transitive::text[], @source::text, @function::text`

// Credential finds what an access key id stands for. A fault of kind NotFound means that it was not issued here, or that
// its user or role is gone.
func (s *Store) Credential(ctx context.Context, id string) (*Credential, error) {
	s.mu.Lock()
	c, revision := s.keys[id], s.revision
	s.mu.Unlock()
	if c != nil {
		return c, nil
	}
	c, err := s.loadCredential(ctx, id)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.revision == revision {
		if len(s.keys) >= maxCached {
			clear(s.keys)
		}
		s.keys[id] = c
	}
	return c, nil
}

func (s *Store) loadCredential(ctx context.Context, id string) (*Credential, error) {
	c := &Credential{ID: id}
	var document string
	var arns []string
	var issued, expires *time.Time
	err := s.db.QueryRow(ctx, `
		SELECT account, kind, name, secret, active, '', '', '', NULL::timestamptz, NULL::timestamptz, false, '{}'::text[], '{}'::jsonb, '{}'::text[], '', ''
			FROM identity.keys WHERE id = $1
		UNION ALL SELECT account, kind, coalesce(name, ''), secret, true, token, session, policy, issued, expires, federated, arns, tags, transitive, source_identity, source_function
			FROM identity.sessions WHERE key = $1`, id).
		Scan(&c.Owner.Account, &c.Owner.Kind, &c.Owner.Name, &c.Secret, &c.Active, &c.Token, &c.Session, &document, &issued, &expires,
			&c.Federated, &arns, &c.Tags, &c.Transitive, &c.SourceIdentity, &c.SourceFunction)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "the access key %s was not issued here, or its user or role is gone", id)
	}
	if err != nil {
		return nil, err
	}
	if issued != nil {
		c.Issued = issued.UTC()
	}
	if expires != nil {
		c.Expires = *expires
	}
	c.Policies, err = s.sessionPolicies(ctx, c.Session, document, arns)
	return c, err
}

// sessionPolicies parses the policies of a session. A managed one that has gone since allows nothing any more.
func (s *Store) sessionPolicies(ctx context.Context, session, document string, arns []string) (list []policy.Source, err error) {
	if document != "" {
		inline, err := source("the session policy of "+session, document)
		if err != nil {
			return nil, err
		}
		list = append(list, inline)
	}
	for _, a := range arns {
		p, err := s.GetPolicy(ctx, a)
		if fault.Is(err, fault.NotFound) {
			list = append(list, policy.Source{Name: "the policy " + a + " of session " + session + ", which is gone", Document: &policy.Document{Version: policy.Version2012}})
			continue
		}
		if err != nil {
			return nil, err
		}
		managed, err := source("the policy "+a+" of session "+session, p.Document)
		if err != nil {
			return nil, err
		}
		list = append(list, managed)
	}
	return list, nil
}
