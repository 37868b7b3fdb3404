-- From version 5 of schema lk to version 6.

CREATE INDEX batch_copy ON lk.batch (copy_id, cut_id);

ALTER TABLE lk.source ADD COLUMN number int NOT NULL DEFAULT 1, ADD COLUMN run bigint, ADD COLUMN head bytea, ADD COLUMN trail text;
ALTER TABLE lk.source ALTER COLUMN number DROP DEFAULT, DROP CONSTRAINT source_pkey, ADD PRIMARY KEY (stream_id, name, number);

-- For housekeeping (catalog/housekeeping.c): counts of what it removed, and indexes for what it looks for.
ALTER TABLE lk.stream ADD COLUMN rejected_removed bigint NOT NULL DEFAULT 0;
DROP INDEX lk.rejected_stream;
CREATE INDEX rejected_stream ON lk.rejected (stream_id, at);
ALTER TABLE lk.version ADD COLUMN was_served boolean NOT NULL DEFAULT false;
UPDATE lk.version v SET was_served = true WHERE EXISTS (SELECT FROM lk.copy c WHERE c.version_id = v.version_id AND c.was_served);
CREATE INDEX copy_live ON lk.copy (copy_id) WHERE NOT dropped;
CREATE INDEX copy_version ON lk.copy (version_id);
ALTER TABLE lk.unit ADD COLUMN late_from bigint NOT NULL DEFAULT 0;
CREATE INDEX cut_all ON lk.cut (copy_id, cut_id);
CREATE INDEX replay_cut ON lk.replay (cut_id);
ALTER TABLE lk.batch ADD COLUMN table_rows bigint NOT NULL DEFAULT 0;
UPDATE lk.batch b SET table_rows = s.n FROM (SELECT cut_id, sum(cells) OVER (PARTITION BY batch_table ORDER BY cut_id) AS n FROM lk.batch) s
  WHERE s.cut_id = b.cut_id;
CREATE OR REPLACE FUNCTION lk.count_late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    TRUNCATE lk.late_block;
    RETURN NULL;
  END IF;
  INSERT INTO lk.late_block (copy_id, part, block, events)
    SELECT copy_id, part, off >> 16, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END
    FROM changed c WHERE NOT EXISTS (SELECT FROM lk.unit u WHERE u.copy_id = c.copy_id AND u.part = c.part AND c.off < u.late_from)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (copy_id, part, block) DO UPDATE SET events = lk.late_block.events + excluded.events;
  IF TG_OP = 'DELETE' THEN
    DELETE FROM lk.late_block b USING changed c WHERE b.copy_id = c.copy_id AND b.part = c.part AND b.block = c.off >> 16 AND b.events = 0;
  END IF;
  RETURN NULL;
END $$;
