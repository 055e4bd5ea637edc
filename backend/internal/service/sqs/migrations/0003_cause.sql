-- What a message follows from, where its AWSTraceHeader does not say so.
ALTER TABLE sqs.messages ADD COLUMN cause text;
