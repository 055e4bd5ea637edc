-- The open tumbling window of a lane: its bounds, its state, and where it began.
ALTER TABLE pull.lanes ADD tumbling jsonb;
