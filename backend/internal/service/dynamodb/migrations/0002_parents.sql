-- The delivery that a record follows from; 0 for none.
ALTER TABLE dynamodb.records ADD parent bigint NOT NULL DEFAULT 0;
