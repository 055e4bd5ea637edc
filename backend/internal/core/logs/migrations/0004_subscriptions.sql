-- Subscription filters: what of a group's events goes where.
CREATE TABLE logs.subscriptions (
    account      text NOT NULL,
    region       text NOT NULL,
    log_group    text NOT NULL,
    name         text NOT NULL,
    pattern      text NOT NULL,
    destination  text NOT NULL,
    distribution text NOT NULL,
    created      timestamptz NOT NULL,
    PRIMARY KEY (account, region, log_group, name)
);
