CREATE TABLE sns.topics (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account    text NOT NULL,
    region     text NOT NULL,
    name       text NOT NULL,
    attributes jsonb NOT NULL, -- as they were set; defaults are not stored
    tags       jsonb NOT NULL,
    created    timestamptz NOT NULL,
    deleted    integer NOT NULL DEFAULT 0, -- subscriptions that were deleted
    last       bigint NOT NULL DEFAULT 0, -- sequence of the newest message of a FIFO topic
    UNIQUE (account, region, name)
);

CREATE TABLE sns.subscriptions (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic         bigint NOT NULL,
    arn           text NOT NULL UNIQUE,
    owner         text NOT NULL, -- account
    principal     text NOT NULL, -- ARN of who subscribed
    protocol      text NOT NULL,
    endpoint      text NOT NULL,
    attributes    jsonb NOT NULL,
    confirmed     boolean NOT NULL,
    authenticated boolean NOT NULL, -- by whoever confirmed it
    token         text NOT NULL,
    created       timestamptz NOT NULL,
    UNIQUE (topic, protocol, endpoint)
);

-- What a FIFO topic has taken in the last five minutes.
CREATE TABLE sns.deduplications (
    topic bigint NOT NULL,
    key   text NOT NULL, -- the deduplication id, after its group where the topic's scope is the group
    at    timestamptz NOT NULL,
    id    text NOT NULL,
    seq   bigint NOT NULL,
    PRIMARY KEY (topic, key)
);
