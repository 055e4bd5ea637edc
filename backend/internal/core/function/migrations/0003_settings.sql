ALTER TABLE function.functions ADD COLUMN recursion text NOT NULL DEFAULT 'Terminate'; -- or Allow: what becomes of a loop

-- When a version's runtime is updated; without a row: Auto.
CREATE TABLE function.runtime_updates (
    account   text NOT NULL,
    region    text NOT NULL,
    name      text NOT NULL,
    qualifier text NOT NULL, -- $LATEST or a number
    update_on text NOT NULL, -- Auto, FunctionUpdate, Manual
    runtime   text NOT NULL, -- ARN of the runtime's version, of Manual
    PRIMARY KEY (account, region, name, qualifier),
    FOREIGN KEY (account, region, name) REFERENCES function.functions ON DELETE CASCADE
);
