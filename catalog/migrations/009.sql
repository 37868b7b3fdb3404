-- Versions keep which log they read, since a derived stream may have several.
ALTER TABLE lk.version ADD COLUMN stream_id bigint;
UPDATE lk.version v SET stream_id = w.stream_id FROM lk.view w WHERE w.view_id = v.view_id;
ALTER TABLE lk.version ALTER COLUMN stream_id SET NOT NULL;
