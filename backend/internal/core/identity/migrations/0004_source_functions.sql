-- The function for which Lambda opened a session: lambda:SourceFunctionArn.
ALTER TABLE identity.sessions ADD COLUMN source_function text NOT NULL DEFAULT '';
