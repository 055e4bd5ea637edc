-- A shard may have several lanes, each with its part of the keys; a batch that failed may have been split, so that there are
-- several ends: of the batch that is tried next, and of those behind it, separated by spaces.
ALTER TABLE pull.lanes ADD part integer NOT NULL DEFAULT 0, ADD ends text NOT NULL DEFAULT '';
UPDATE pull.lanes SET ends = last;
ALTER TABLE pull.lanes DROP last, DROP CONSTRAINT lanes_pkey, ADD PRIMARY KEY (uuid, shard, part);
