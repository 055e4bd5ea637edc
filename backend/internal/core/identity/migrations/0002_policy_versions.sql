-- Of the document: only the newest is kept.
ALTER TABLE identity.policies ADD COLUMN version integer NOT NULL DEFAULT 1;
