package dynamodb

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// tokenLives is how long a transaction's token makes it idempotent (API: TransactWriteItems).
const tokenLives = 10 * time.Minute

// token makes a transaction idempotent.
type token struct {
	account, text string
	request       []byte // digest of what is asked
}

// used reports whether the transaction has been done. With a token that was used for another request it is refused.
func (k *token) used(ctx context.Context, tx *postgres.Tx) (done bool, refused, err error) {
	var digest []byte
	err = tx.QueryRow(ctx, `SELECT request FROM dynamodb.tokens WHERE account = @account AND token = @token AND at > @oldest`,
		pgx.NamedArgs{"account": k.account, "token": k.text, "oldest": tx.Now.Add(-tokenLives)}).Scan(&digest)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil, nil
	case err != nil:
		return false, nil, err
	case !bytes.Equal(digest, k.request):
		return false, wire.Errorf(http.StatusBadRequest, "IdempotentParameterMismatchException", "Request parameters do not match the parameters of the previous request with the same client token"), nil
	}
	return true, nil, nil
}

// keep remembers that the transaction has been done, and forgets tokens that have lived.
func (k *token) keep(ctx context.Context, tx *postgres.Tx) error {
	if _, err := tx.Exec(ctx, `DELETE FROM dynamodb.tokens WHERE at <= $1`, tx.Now.Add(-tokenLives)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO dynamodb.tokens (account, token, request, at) VALUES (@account, @token, @request, @now)`,
		pgx.NamedArgs{"account": k.account, "token": k.text, "request": k.request, "now": tx.Now})
	return err
}
