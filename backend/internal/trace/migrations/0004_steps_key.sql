-- One index in place of two: steps are read by delivery alone, and every step that is written pays for each.
ALTER TABLE trace.steps DROP CONSTRAINT steps_pkey;
DROP INDEX trace.steps_delivery_seq_idx;
ALTER TABLE trace.steps ADD PRIMARY KEY (delivery, seq);
