-- Users and roles.
CREATE TABLE identity.entities (
    account      text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('user', 'role')),
    name         text NOT NULL,
    path         text NOT NULL,
    id           text NOT NULL UNIQUE,
    created      timestamptz NOT NULL,
    trust        text NOT NULL,
    description  text NOT NULL,
    max_session  integer NOT NULL,
    boundary     text NOT NULL,
    tags         jsonb NOT NULL,
    PRIMARY KEY (account, kind, name)
);

-- Policies that belong to one user or role.
CREATE TABLE identity.inline (
    account  text NOT NULL,
    kind     text NOT NULL,
    name     text NOT NULL,
    policy   text NOT NULL,
    document text NOT NULL,
    PRIMARY KEY (account, kind, name, policy),
    FOREIGN KEY (account, kind, name) REFERENCES identity.entities ON DELETE CASCADE
);

-- Customer managed policies.
CREATE TABLE identity.policies (
    arn         text PRIMARY KEY,
    account     text NOT NULL,
    name        text NOT NULL,
    path        text NOT NULL,
    id          text NOT NULL,
    description text NOT NULL,
    document    text NOT NULL,
    created     timestamptz NOT NULL,
    tags        jsonb NOT NULL,
    UNIQUE (account, name)
);

CREATE TABLE identity.attached (
    account text NOT NULL,
    kind    text NOT NULL,
    name    text NOT NULL,
    arn     text NOT NULL,
    PRIMARY KEY (account, kind, name, arn),
    FOREIGN KEY (account, kind, name) REFERENCES identity.entities ON DELETE CASCADE
);

-- Long-term access keys of users.
CREATE TABLE identity.keys (
    id      text PRIMARY KEY,
    account text NOT NULL,
    kind    text NOT NULL DEFAULT 'user',
    name    text NOT NULL,
    secret  text NOT NULL,
    active  boolean NOT NULL,
    created timestamptz NOT NULL,
    FOREIGN KEY (account, kind, name) REFERENCES identity.entities ON DELETE CASCADE
);

-- Temporary credentials of role sessions. expires is null for those of execution environments.
CREATE TABLE identity.sessions (
    key     text PRIMARY KEY,
    account text NOT NULL,
    kind    text NOT NULL DEFAULT 'role',
    name    text NOT NULL,
    session text NOT NULL,
    secret  text NOT NULL,
    token   text NOT NULL,
    policy  text NOT NULL,
    expires timestamptz,
    FOREIGN KEY (account, kind, name) REFERENCES identity.entities ON DELETE CASCADE
);
