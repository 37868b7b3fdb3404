-- The state of moving windows has a part in PostgreSQL.
CREATE TABLE lk.state (
  stream_id bigint NOT NULL,      -- the derived stream's log
  part      int NOT NULL,
  field     bytea NOT NULL,
  off       bigint NOT NULL,      -- the state before this offset
  bytes     bytea NOT NULL
);
CREATE INDEX state_field ON lk.state (stream_id, part, md5(field), off);
CREATE INDEX state_off ON lk.state (stream_id, part, off);

CREATE TABLE lk.sealed (
  stream_id bigint NOT NULL REFERENCES lk.stream,
  part      int NOT NULL,
  off       bigint NOT NULL,
  kept      bigint NOT NULL,
  at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (stream_id, part)
);
