-- What an organization says about an account. Accounts that nobody has described have no row.
CREATE TABLE account.accounts (
    id                text PRIMARY KEY,
    organization_id   text NOT NULL,
    organization_path text NOT NULL,
    management        boolean NOT NULL,
    scps              jsonb NOT NULL, -- a list of levels, each a list of documents
    rcps              jsonb NOT NULL  -- a list of documents
);
