-- From version 5 of schema lk to version 6.

CREATE INDEX batch_copy ON lk.batch (copy_id, cut_id);

ALTER TABLE lk.source ADD COLUMN number int NOT NULL DEFAULT 1, ADD COLUMN run bigint, ADD COLUMN head bytea, ADD COLUMN trail text;
ALTER TABLE lk.source ALTER COLUMN number DROP DEFAULT, DROP CONSTRAINT source_pkey, ADD PRIMARY KEY (stream_id, name, number);
