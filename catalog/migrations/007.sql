-- From version 6 of schema lk to version 7.

-- A cut may speak of several streams.
ALTER TABLE lk.cut_part ADD COLUMN stream_id bigint REFERENCES lk.stream;
UPDATE lk.cut_part p SET stream_id = w.stream_id
  FROM lk.cut k JOIN lk.copy c USING (copy_id) JOIN lk.version v USING (version_id) JOIN lk.view w USING (view_id)
  WHERE k.cut_id = p.cut_id;
ALTER TABLE lk.cut_part ALTER COLUMN stream_id SET NOT NULL, DROP CONSTRAINT cut_part_pkey, ADD PRIMARY KEY (cut_id, stream_id, part);

-- A comparison's own copies are called scratch copies.
ALTER TABLE lk.copy DROP CONSTRAINT copy_state_check;
UPDATE lk.copy SET state = 'scratch' WHERE state = 'trial';
ALTER TABLE lk.copy ADD CONSTRAINT copy_state_check CHECK (state IN ('live', 'building', 'sandbox', 'scratch'));

-- Events can be erased.
ALTER TABLE lk.source ADD COLUMN head_bytes int, ADD COLUMN head_digest text;
CREATE TABLE lk.erasure (
  erasure_id bigint PRIMARY KEY DEFAULT nextval('lk.id'),
  stream_id  bigint NOT NULL REFERENCES lk.stream,
  conditions text NOT NULL,
  made_by    text NOT NULL DEFAULT session_user,
  made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  events     bigint NOT NULL DEFAULT 0,
  rejects    bigint NOT NULL DEFAULT 0,   -- rows of lk.rejected that lost their text
  seen_from  bigint,
  done_at    timestamptz
);
CREATE INDEX erasure_stream ON lk.erasure (stream_id);
CREATE TABLE lk.erased (
  erasure_id bigint NOT NULL REFERENCES lk.erasure,
  part       int NOT NULL,
  off        bigint NOT NULL,
  PRIMARY KEY (erasure_id, part, off)
);
