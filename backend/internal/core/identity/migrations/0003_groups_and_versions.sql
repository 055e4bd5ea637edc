-- Groups have a name, a path and policies as users have. Names differ in more than case. A user or group may be renamed: what
-- belongs to it follows.
ALTER TABLE identity.entities DROP CONSTRAINT entities_kind_check,
    ADD CONSTRAINT entities_kind_check CHECK (kind IN ('user', 'role', 'group'));
CREATE UNIQUE INDEX entities_name_key ON identity.entities (account, kind, lower(name));
ALTER TABLE identity.inline DROP CONSTRAINT inline_account_kind_name_fkey,
    ADD FOREIGN KEY (account, kind, name) REFERENCES identity.entities ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE identity.attached DROP CONSTRAINT attached_account_kind_name_fkey,
    ADD FOREIGN KEY (account, kind, name) REFERENCES identity.entities ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE identity.keys DROP CONSTRAINT keys_account_kind_name_fkey,
    ADD FOREIGN KEY (account, kind, name) REFERENCES identity.entities ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE identity.members (
    account    text NOT NULL,
    group_kind text NOT NULL DEFAULT 'group',
    group_name text NOT NULL,
    user_kind  text NOT NULL DEFAULT 'user',
    user_name  text NOT NULL,
    PRIMARY KEY (account, group_name, user_name),
    FOREIGN KEY (account, group_kind, group_name) REFERENCES identity.entities ON UPDATE CASCADE,
    FOREIGN KEY (account, user_kind, user_name) REFERENCES identity.entities ON UPDATE CASCADE
);

-- Instance profiles, each with at most one role.
CREATE TABLE identity.profiles (
    account   text NOT NULL,
    name      text NOT NULL,
    path      text NOT NULL,
    id        text NOT NULL,
    created   timestamptz NOT NULL,
    tags      jsonb NOT NULL,
    role_kind text NOT NULL DEFAULT 'role',
    role      text,
    PRIMARY KEY (account, name),
    FOREIGN KEY (account, role_kind, role) REFERENCES identity.entities
);
CREATE UNIQUE INDEX profiles_name_key ON identity.profiles (account, lower(name));

-- The alias of an account.
CREATE TABLE identity.aliases (
    alias   text PRIMARY KEY,
    account text NOT NULL UNIQUE
);

-- Versions of managed policies, five at most. The policy's own column version is the default one, latest the number that was
-- given last: numbers are not given twice.
CREATE TABLE identity.versions (
    arn      text NOT NULL REFERENCES identity.policies ON DELETE CASCADE,
    version  integer NOT NULL,
    document text NOT NULL,
    created  timestamptz NOT NULL,
    PRIMARY KEY (arn, version)
);
INSERT INTO identity.versions SELECT arn, version, document, created FROM identity.policies;
ALTER TABLE identity.policies ADD COLUMN latest integer NOT NULL DEFAULT 1, ADD COLUMN updated timestamptz;
UPDATE identity.policies SET latest = version, updated = created;
ALTER TABLE identity.policies ALTER COLUMN updated SET NOT NULL, DROP COLUMN document;

-- Sessions: of roles, of users (GetSessionToken), of the root user (no name), and federated ones.
ALTER TABLE identity.sessions DROP CONSTRAINT sessions_account_kind_name_fkey,
    ADD FOREIGN KEY (account, kind, name) REFERENCES identity.entities ON DELETE CASCADE ON UPDATE CASCADE,
    ALTER COLUMN name DROP NOT NULL,
    ADD COLUMN issued timestamptz,
    ADD COLUMN federated boolean NOT NULL DEFAULT false,
    ADD COLUMN arns text[] NOT NULL DEFAULT '{}',
    ADD COLUMN tags jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN transitive text[] NOT NULL DEFAULT '{}',
    ADD COLUMN source_identity text NOT NULL DEFAULT '';
