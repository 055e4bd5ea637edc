package identity

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// AccessKey is a user's long-term key.
type AccessKey struct {
	ID, Secret string
	Active     bool
	Created    time.Time
}

// maxKeys is how many access keys a user may have (IAM quota).
const maxKeys = 2

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
		key.Created = tx.Now.Truncate(time.Second)
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
			return noKey(id)
		}
		return err
	})
}

// noKey is IAM's sentence for an access key that is not there.
func noKey(id string) error {
	return fault.New(fault.NotFound, "The Access Key with id %s cannot be found.", id)
}

// SetKeyActive makes a user's access key active or inactive.
func (s *Store) SetKeyActive(ctx context.Context, k Key, id string, active bool) error {
	return s.write(ctx, k.Account, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lockEntity(ctx, tx, k); err != nil {
			return err
		}
		args := k.args()
		args["id"], args["active"] = id, active
		tag, err := tx.Exec(ctx, `UPDATE identity.keys SET active = @active WHERE account = @account AND name = @name AND id = @id`, args)
		if err == nil && tag.RowsAffected() == 0 {
			return noKey(id)
		}
		return err
	})
}

// Use is when an access key was used last, and for what.
type Use struct {
	At              time.Time
	Service, Region string
}

// Used records that a user's access key signed a request. It is known until the backend ends.
func (s *Store) Used(id, service, region string) {
	if !strings.HasPrefix(id, "AKIA") {
		return
	}
	at := s.db.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.uses) >= maxCached {
		clear(s.uses)
	}
	s.uses[id] = Use{at, service, region}
}

// LastUse returns the owner of an access key and when it was used last; no time where it was not used.
func (s *Store) LastUse(ctx context.Context, account, id string) (owner string, use Use, err error) {
	c, err := s.Credential(ctx, id)
	if fault.Is(err, fault.NotFound) || err == nil && (c.Owner.Account != account || !c.Issued.IsZero()) {
		return "", use, noKey(id)
	}
	if err != nil {
		return "", use, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.Owner.Name, s.uses[id], nil
}
