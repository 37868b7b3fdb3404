-- From version 7 of schema lk to version 8.

-- Derived streams: logs that definitions fill.
ALTER TABLE lk.stream ADD COLUMN of_copy bigint;
ALTER TABLE lk.tail ADD COLUMN closed timestamptz;
ALTER TABLE lk.source ADD COLUMN high timestamptz;
ALTER TABLE lk.view ADD COLUMN derived boolean NOT NULL DEFAULT false;
