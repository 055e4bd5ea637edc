package cognito

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// createClient makes an application's access to a pool. What concerns tokens and hosted pages is kept and shown, and has
// nothing to act on: neither is simulated.
func (a *API) createClient(ctx context.Context, in *cognito.CreateUserPoolClientInput) (*cognito.CreateUserPoolClientOutput, error) {
	p, err := a.pool(ctx, *in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if in.ClientSecret != nil {
		return nil, unsupported("CreateUserPoolClient", "ClientSecret (GenerateSecret makes one)")
	}
	c := types.UserPoolClientType{ClientId: aws.String(a.IDs.Of(lowerAlphanumeric, 26)), ClientName: in.ClientName, UserPoolId: p.Id,
		AccessTokenValidity: in.AccessTokenValidity, AllowedOAuthFlows: in.AllowedOAuthFlows, AllowedOAuthFlowsUserPoolClient: &in.AllowedOAuthFlowsUserPoolClient,
		AllowedOAuthScopes: in.AllowedOAuthScopes, AnalyticsConfiguration: in.AnalyticsConfiguration, AuthSessionValidity: in.AuthSessionValidity,
		CallbackURLs: in.CallbackURLs, DefaultRedirectURI: in.DefaultRedirectURI, EnablePropagateAdditionalUserContextData: in.EnablePropagateAdditionalUserContextData,
		EnableTokenRevocation: in.EnableTokenRevocation, ExplicitAuthFlows: in.ExplicitAuthFlows, IdTokenValidity: in.IdTokenValidity,
		LogoutURLs: in.LogoutURLs, PreventUserExistenceErrors: in.PreventUserExistenceErrors, ReadAttributes: in.ReadAttributes,
		RefreshTokenRotation: in.RefreshTokenRotation, RefreshTokenValidity: in.RefreshTokenValidity, SupportedIdentityProviders: in.SupportedIdentityProviders,
		TokenValidityUnits: in.TokenValidityUnits, WriteAttributes: in.WriteAttributes}
	if c.RefreshTokenValidity == 0 {
		c.RefreshTokenValidity = 30
	}
	if c.EnableTokenRevocation == nil {
		c.EnableTokenRevocation = aws.Bool(true)
	}
	if in.GenerateSecret {
		c.ClientSecret = aws.String(a.IDs.Of(lowerAlphanumeric, 51))
	}
	config, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	err = a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		c.CreationDate, c.LastModifiedDate = &tx.Now, &tx.Now
		_, err := tx.Exec(ctx, `INSERT INTO cognito.clients (id, pool, config, created) VALUES (@id, @pool, @config, @now)`,
			pgx.NamedArgs{"id": *c.ClientId, "pool": *p.Id, "config": config, "now": tx.Now})
		return err
	})
	return &cognito.CreateUserPoolClientOutput{UserPoolClient: &c}, err
}

func scanClient(row pgx.CollectableRow) (*types.UserPoolClientType, error) {
	var config []byte
	var created time.Time
	if err := row.Scan(&config, &created); err != nil {
		return nil, err
	}
	created = created.UTC()
	c := &types.UserPoolClientType{}
	err := json.Unmarshal(config, c)
	c.CreationDate, c.LastModifiedDate = &created, &created
	return c, err
}

// client returns a client by its id.
func (a *API) client(ctx context.Context, id string) (*types.UserPoolClientType, error) {
	rows, err := a.DB.Query(ctx, `SELECT config, created FROM cognito.clients WHERE id = $1`, id)
	if err != nil {
		return nil, err
	}
	c, err := pgx.CollectExactlyOneRow(rows, scanClient)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "User pool client %s does not exist.", id)
	}
	return c, err
}

// clientOf returns a client of a pool of the caller's.
func (a *API) clientOf(ctx context.Context, poolID, id string) (*types.UserPoolClientType, error) {
	if _, err := a.pool(ctx, poolID); err != nil {
		return nil, err
	}
	c, err := a.client(ctx, id)
	if err == nil && *c.UserPoolId != poolID {
		return nil, fault.New(fault.NotFound, "User pool client %s does not exist.", id)
	}
	return c, err
}

func (a *API) describeClient(ctx context.Context, in *cognito.DescribeUserPoolClientInput) (*cognito.DescribeUserPoolClientOutput, error) {
	c, err := a.clientOf(ctx, *in.UserPoolId, *in.ClientId)
	if err != nil {
		return nil, err
	}
	return &cognito.DescribeUserPoolClientOutput{UserPoolClient: c}, nil
}

func (a *API) listClients(ctx context.Context, in *cognito.ListUserPoolClientsInput) (*cognito.ListUserPoolClientsOutput, error) {
	if _, err := a.pool(ctx, *in.UserPoolId); err != nil {
		return nil, err
	}
	limit, err := pageSize("maxResults", in.MaxResults)
	if err != nil {
		return nil, err
	}
	rows, err := a.DB.Query(ctx, `SELECT config, created FROM cognito.clients WHERE pool = $1 AND id > $2 ORDER BY id LIMIT $3`,
		*in.UserPoolId, aws.ToString(in.NextToken), limit+1)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scanClient)
	if err != nil {
		return nil, err
	}
	out := &cognito.ListUserPoolClientsOutput{UserPoolClients: []types.UserPoolClientDescription{}}
	for i, c := range list {
		if i == int(limit) {
			out.NextToken = list[i-1].ClientId
			break
		}
		out.UserPoolClients = append(out.UserPoolClients, types.UserPoolClientDescription{ClientId: c.ClientId, ClientName: c.ClientName, UserPoolId: c.UserPoolId})
	}
	return out, nil
}

func (a *API) deleteClient(ctx context.Context, in *cognito.DeleteUserPoolClientInput) (*cognito.DeleteUserPoolClientOutput, error) {
	c, err := a.clientOf(ctx, *in.UserPoolId, *in.ClientId)
	if err != nil {
		return nil, err
	}
	return &cognito.DeleteUserPoolClientOutput{}, a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM cognito.clients WHERE id = $1`, *c.ClientId)
		return err
	})
}

// application finds the client that an unsigned call names, with its pool, and checks the proof that a client with a secret
// must give: base64 of HMAC-SHA256 of user name and client id under the secret.
func (a *API) application(ctx context.Context, id, username string, proof *string) (*pool, error) {
	c, err := a.client(ctx, id)
	if err != nil {
		return nil, err
	}
	if c.ClientSecret != nil {
		if proof == nil {
			return nil, refusal("NotAuthorizedException", "Client %s is configured with secret but SECRET_HASH was not received", id)
		}
		mac := hmac.New(sha256.New, []byte(*c.ClientSecret))
		mac.Write([]byte(username + id))
		if !hmac.Equal([]byte(base64.StdEncoding.EncodeToString(mac.Sum(nil))), []byte(*proof)) {
			return nil, refusal("NotAuthorizedException", "Unable to verify secret hash for client %s", id)
		}
	}
	return a.find(ctx, *c.UserPoolId)
}
