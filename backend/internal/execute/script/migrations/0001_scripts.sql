-- What scripted functions answer: it outlives a restart.
CREATE TABLE script.scripts (
    function text PRIMARY KEY, -- unqualified ARN
    script   jsonb NOT NULL
);
