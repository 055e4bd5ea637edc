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

// AccessKey is a user's long-term key.
type AccessKey struct {
	ID, Secret string
	Active     bool
	Created    time.Time
}

// Credential is what an access key id stands for: its owner, its secret, and for a role session its name and limits.
type Credential struct {
	ID, Secret, Token string
	Owner             Key
	Active            bool
	Session           string // of a role session: its name
	Policy            *policy.Document
	Expires           time.Time // zero: never
}

// maxKeys is how many access keys a user may have (IAM quota).
const maxKeys = 2

// remembered is for how long expired sessions are told from keys that were never issued; maxCached bounds the cache.
const (
	remembered = 24 * time.Hour
	maxCached  = 10000
)

// CreateKey makes an access key for a user.
func (s *Store) CreateKey(ctx context.Context, k Key) (*AccessKey, error) {
	key := &AccessKey{ID: s.ids.UniqueID("AKIA"), Secret: s.ids.Secret(), Active: true}
	err := s.write(ctx, k.Account, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lockEntity(ctx, tx, k); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM identity.keys WHERE account = @account AND name = @name`, k.args()).Scan(&n); err != nil {
			return err
		}
		if n >= maxKeys {
			return fault.New(fault.TooLarge, "Cannot exceed quota for AccessKeysPerUser: %d", maxKeys)
		}
		key.Created = tx.Now
		_, err := tx.Exec(ctx, `INSERT INTO identity.keys (id, account, name, secret, active, created)
			VALUES (@id, @account, @name, @secret, true, @created)`,
			pgx.NamedArgs{"id": key.ID, "account": k.Account, "name": k.Name, "secret": key.Secret, "created": key.Created})
		return err
	})
	return key, err
}

// Keys lists a user's access keys.
func (s *Store) Keys(ctx context.Context, k Key) ([]AccessKey, error) {
	if _, err := s.Full(ctx, k); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT id, '', active, created FROM identity.keys WHERE account = @account AND name = @name ORDER BY created, id`, k.args())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[AccessKey])
}

// DeleteKey removes a user's access key.
func (s *Store) DeleteKey(ctx context.Context, k Key, id string) error {
	return s.write(ctx, k.Account, func(ctx context.Context, tx *postgres.Tx) error {
		args := k.args()
		args["id"] = id
		tag, err := tx.Exec(ctx, `DELETE FROM identity.keys WHERE account = @account AND name = @name AND id = @id`, args)
		if err == nil && tag.RowsAffected() == 0 {
			return fault.New(fault.NotFound, "The Access Key with id %s cannot be found.", id)
		}
		return err
	})
}

// OpenSession issues temporary credentials for a role. A lifetime of 0 means that they do not expire: those of an
// execution environment, which lives as long as it likes.
func (s *Store) OpenSession(ctx context.Context, k Key, name, sessionPolicy string, lifetime time.Duration) (*Credential, error) {
	c := &Credential{ID: s.ids.UniqueID("ASIA"), Secret: s.ids.Secret(), Token: s.ids.Hex(128), Owner: k, Session: name, Active: true}
	args := pgx.NamedArgs{"key": c.ID, "account": k.Account, "name": k.Name, "session": name, "secret": c.Secret,
		"token": c.Token, "policy": sessionPolicy, "expires": nil}
	if lifetime == 0 {
		// An environment waits for this, and ends with the backend: one round to the server, and none to its disk.
		_, err := s.db.Exec(ctx, insertSession+` FROM set_config('synchronous_commit', 'off', true)`, args)
		return c, err
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		// Those that expired long ago go; the others are still known, so that their users are told that they have expired.
		if _, err := tx.Exec(ctx, `DELETE FROM identity.sessions WHERE expires < @long`, pgx.NamedArgs{"long": tx.Now.Add(-remembered)}); err != nil {
			return err
		}
		c.Expires = tx.Now.Add(lifetime)
		args["expires"] = c.Expires
		_, err := tx.Exec(ctx, insertSession, args)
		return err
	})
	return c, err
}

const insertSession = `INSERT INTO identity.sessions (key, account, name, session, secret, token, policy, expires)
	SELECT @key::text, @account::text, @name::text, @session::text, @secret::text, @token::text, @policy::text, @expires::timestamptz`

// Credential finds what an access key id stands for. A fault of kind NotFound means that it was not issued here.
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
	var expires *time.Time
	err := s.db.QueryRow(ctx, `
		SELECT account, kind, name, secret, active, '', '', '', NULL::timestamptz FROM identity.keys WHERE id = $1
		UNION ALL SELECT account, kind, name, secret, true, token, session, policy, expires FROM identity.sessions WHERE key = $1`, id).
		Scan(&c.Owner.Account, &c.Owner.Kind, &c.Owner.Name, &c.Secret, &c.Active, &c.Token, &c.Session, &document, &expires)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "the access key %s was not issued here", id)
	}
	if err != nil {
		return nil, err
	}
	if expires != nil {
		c.Expires = *expires
	}
	if document != "" {
		if c.Policy, err = policy.Parse([]byte(document)); err != nil {
			return nil, err
		}
	}
	return c, nil
}
