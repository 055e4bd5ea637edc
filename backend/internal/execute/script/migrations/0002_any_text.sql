-- json keeps what jsonb cannot: the escape of the character 0 in an error's message or a payload.
ALTER TABLE script.scripts ALTER COLUMN script TYPE json USING script::text::json;
