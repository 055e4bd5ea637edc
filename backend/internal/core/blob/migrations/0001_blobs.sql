-- Bytes of S3 objects and of function code, in pieces of 1 MiB.
CREATE TABLE blob.pieces (
    id    text NOT NULL,
    piece integer NOT NULL,
    data  bytea NOT NULL,
    PRIMARY KEY (id, piece)
);
ALTER TABLE blob.pieces ALTER COLUMN data SET STORAGE EXTERNAL;
