-- How asynchronous events of a function, a version or an alias are handled. The qualifier is $LATEST for the function itself.
CREATE TABLE invoke.event_configs (
    account    text NOT NULL,
    region     text NOT NULL,
    name       text NOT NULL,
    qualifier  text NOT NULL,
    retries    integer, -- NULL: not set
    max_age    integer, -- seconds; NULL: not set
    on_success text NOT NULL,
    on_failure text NOT NULL,
    modified   timestamptz NOT NULL,
    PRIMARY KEY (account, region, name, qualifier)
);
