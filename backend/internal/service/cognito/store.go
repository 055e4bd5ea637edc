package cognito

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// pool is a user pool as it was last committed.
type pool struct {
	types.UserPoolType
	account, region   string
	created, modified time.Time
}

// shown is the pool as the API shows it, with so many users.
func (p *pool) shown(users int32) *types.UserPoolType {
	t := p.UserPoolType
	t.CreationDate, t.LastModifiedDate, t.EstimatedNumberOfUsers = &p.created, &p.modified, users
	return &t
}

const poolColumns = `config, account, region, created, modified`

func scanPool(row pgx.CollectableRow) (*pool, error) {
	p := &pool{}
	var config []byte
	if err := row.Scan(&config, &p.account, &p.region, &p.created, &p.modified); err != nil {
		return nil, err
	}
	p.created, p.modified = p.created.UTC(), p.modified.UTC()
	return p, json.Unmarshal(config, &p.UserPoolType)
}

func noPool(id string) error { return fault.New(fault.NotFound, "User pool %s does not exist.", id) }

// find returns a pool of any account.
func (a *API) find(ctx context.Context, id string) (*pool, error) {
	rows, err := a.DB.Query(ctx, `SELECT `+poolColumns+` FROM cognito.pools WHERE id = $1`, id)
	if err != nil {
		return nil, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, scanPool)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noPool(id)
	}
	return p, err
}

// pool returns a pool of the caller's account and region: nobody else's can be seen.
func (a *API) pool(ctx context.Context, id string) (*pool, error) {
	p, err := a.find(ctx, id)
	if call := wire.CallFrom(ctx); err == nil && (p.account != call.Account || p.region != call.Region) {
		return nil, noPool(id)
	}
	return p, err
}

func insertPool(ctx context.Context, tx *postgres.Tx, p *pool) error {
	config, err := json.Marshal(p.UserPoolType)
	if err != nil {
		return err
	}
	p.created, p.modified = tx.Now, tx.Now
	_, err = tx.Exec(ctx, `INSERT INTO cognito.pools (id, account, region, config, created, modified) VALUES (@id, @account, @region, @config, @now, @now)`,
		pgx.NamedArgs{"id": *p.Id, "account": p.account, "region": p.region, "config": config, "now": tx.Now})
	return err
}

// change writes what change makes of a pool of the caller's. The row is locked: two changes do not undo one another.
func (a *API) change(ctx context.Context, id string, change func(p *pool) error) error {
	if _, err := a.pool(ctx, id); err != nil {
		return err
	}
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+poolColumns+` FROM cognito.pools WHERE id = $1 FOR UPDATE`, id)
		if err != nil {
			return err
		}
		p, err := pgx.CollectExactlyOneRow(rows, scanPool)
		if errors.Is(err, pgx.ErrNoRows) {
			return noPool(id)
		}
		if err == nil {
			err = change(p)
		}
		if err != nil {
			return err
		}
		config, err := json.Marshal(p.UserPoolType)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE cognito.pools SET config = @config, modified = @now WHERE id = @id`,
			pgx.NamedArgs{"id": id, "config": config, "now": tx.Now})
		return err
	})
}

func (a *API) removePool(ctx context.Context, id string) error {
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM cognito.pools WHERE id = $1`, id)
		return err
	})
}

// pools lists the pools of an account ("" for all) and region ("" for all), after an id.
func (a *API) pools(ctx context.Context, account, region, after string, limit int32) ([]*pool, error) {
	rows, err := a.DB.Query(ctx, `SELECT `+poolColumns+` FROM cognito.pools
		WHERE (@account = '' OR account = @account) AND (@region = '' OR region = @region) AND id > @after ORDER BY id LIMIT @limit`,
		pgx.NamedArgs{"account": account, "region": region, "after": after, "limit": limit})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanPool)
}

// user is a user of a pool.
type user struct {
	username, sub     string
	attributes        map[string]string
	status            types.UserStatusType
	code              string
	created, modified time.Time
}

const userColumns = `username, sub, attributes, status, code, created, modified`

func scanUser(row pgx.CollectableRow) (*user, error) {
	u := &user{}
	err := row.Scan(&u.username, &u.sub, &u.attributes, &u.status, &u.code, &u.created, &u.modified)
	u.created, u.modified = u.created.UTC(), u.modified.UTC()
	return u, err
}

// user returns a user by name, or by the attribute that the pool takes as a name.
func (a *API) user(ctx context.Context, p *pool, name string) (*user, error) {
	rows, err := a.DB.Query(ctx, `SELECT `+userColumns+` FROM cognito.users WHERE pool = @pool
		AND (username = @name OR sub = @name OR EXISTS (SELECT FROM unnest(@by::text[]) k WHERE attributes->>k = @name))`,
		pgx.NamedArgs{"pool": *p.Id, "name": canonical(name), "by": names(p.UsernameAttributes)})
	if err != nil {
		return nil, err
	}
	u, err := pgx.CollectExactlyOneRow(rows, scanUser)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, refusal("UserNotFoundException", "User does not exist.")
	}
	return u, err
}

func names(attributes []types.UsernameAttributeType) []string {
	out := make([]string, len(attributes))
	for i, name := range attributes {
		out[i] = string(name)
	}
	return out
}

// insertUser takes the user's name, and in a pool whose users go by email address or phone number those. One that is taken,
// also since the trigger was asked, is UsernameExistsException.
func (a *API) insertUser(ctx context.Context, p *pool, u *user) error {
	err := a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if done, err := tx.Exec(ctx, `SELECT FROM cognito.pools WHERE id = $1 FOR NO KEY UPDATE`, *p.Id); err != nil {
			return err
		} else if done.RowsAffected() == 0 {
			return noPool(*p.Id)
		}
		var taken bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM cognito.users, unnest(@by::text[]) k
			WHERE pool = @pool AND attributes->>k = @attributes::jsonb->>k)`,
			pgx.NamedArgs{"pool": *p.Id, "by": names(p.UsernameAttributes), "attributes": u.attributes}).Scan(&taken)
		if err != nil {
			return err
		}
		if taken {
			return refusal("UsernameExistsException", "User already exists")
		}
		u.created, u.modified = tx.Now, tx.Now
		_, err = tx.Exec(ctx, `INSERT INTO cognito.users (pool, `+userColumns+`) VALUES (@pool, @name, @sub, @attributes, @status, @code, @now, @now)`,
			pgx.NamedArgs{"pool": *p.Id, "name": u.username, "sub": u.sub, "attributes": u.attributes, "status": u.status, "code": u.code, "now": tx.Now})
		return err
	})
	if postgres.IsUnique(err) {
		return refusal("UsernameExistsException", "User already exists")
	}
	return err
}

// confirm moves a user from UNCONFIRMED to CONFIRMED. It reports false when somebody else has.
func (a *API) confirm(ctx context.Context, p *pool, u *user) (bool, error) {
	changed := false
	err := a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE cognito.users SET status = @status, code = '', attributes = @attributes, modified = @now
			WHERE pool = @pool AND username = @name AND status = 'UNCONFIRMED'`,
			pgx.NamedArgs{"pool": *p.Id, "name": u.username, "status": types.UserStatusTypeConfirmed, "attributes": u.attributes, "now": tx.Now})
		changed = tag.RowsAffected() == 1
		return err
	})
	return changed, err
}

func (a *API) removeUser(ctx context.Context, p *pool, u *user) error {
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM cognito.users WHERE pool = $1 AND username = $2`, *p.Id, u.username)
		return err
	})
}

func (a *API) users(ctx context.Context, p *pool, after string, limit int32) ([]*user, error) {
	rows, err := a.DB.Query(ctx, `SELECT `+userColumns+` FROM cognito.users WHERE pool = $1 AND username > $2 ORDER BY username LIMIT $3`, *p.Id, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanUser)
}

func (a *API) countUsers(ctx context.Context, pool string) (n int32, err error) {
	err = a.DB.QueryRow(ctx, `SELECT count(*) FROM cognito.users WHERE pool = $1`, pool).Scan(&n)
	return n, err
}
