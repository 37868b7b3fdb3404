-- From version 7 of schema lk to version 8.

-- Derived streams: logs that definitions fill.
ALTER TABLE lk.stream ADD COLUMN of_copy bigint;
ALTER TABLE lk.tail ADD COLUMN closed timestamptz;
ALTER TABLE lk.source ADD COLUMN high timestamptz;
ALTER TABLE lk.view ADD COLUMN derived boolean NOT NULL DEFAULT false;

-- Readers of streams may keep their position here.
CREATE TABLE lk.delivery (
  delivery_id   bigint PRIMARY KEY DEFAULT nextval('lk.id'),
  name          text NOT NULL UNIQUE,
  stream        text NOT NULL,
  target        text NOT NULL,
  position      text,
  rows          bigint NOT NULL DEFAULT 0,
  succeeded_at  timestamptz,
  failing_since timestamptz,
  error         text
);

-- Numeric keys and arguments of up to 38 digits: the cells of versions that were made before have 18.
ALTER TABLE lk.version ADD COLUMN stored_digits int NOT NULL DEFAULT 18;
ALTER TABLE lk.version ALTER COLUMN stored_digits DROP DEFAULT;
