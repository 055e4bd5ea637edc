-- Function URLs: at most one for a function and for each of its aliases.
CREATE TABLE lambda.urls (
    id        text PRIMARY KEY, -- the first label of its host name on AWS
    account   text NOT NULL,
    region    text NOT NULL,
    name      text NOT NULL,
    qualifier text NOT NULL, -- "" or an alias
    auth_type text NOT NULL,
    mode      text NOT NULL,
    cors      jsonb,
    created   timestamptz NOT NULL,
    modified  timestamptz NOT NULL,
    UNIQUE (account, region, name, qualifier)
);
