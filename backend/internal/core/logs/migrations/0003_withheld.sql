-- What functions wrote whose execution role may not write to the group.
ALTER TABLE logs.events ADD COLUMN withheld boolean NOT NULL DEFAULT false;
