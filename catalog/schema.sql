-- The catalogue of lk and the tables that all streams share. lk_catalog_install() applies it once, in one transaction,
-- under a lock. lk apply makes the event tables lk.log_<stream>. Every change here must also be in the newest of
-- migrations/, which upgrades a schema of the version before to this one.
CREATE SCHEMA lk;

-- log_id is random: every Redis key begins with it, so that the state of another log is never mistaken for this one's.
CREATE TABLE lk.meta (
  only_row       boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  log_id         text NOT NULL,
  schema_version int NOT NULL
);

-- One sequence for streams, views, versions, copies, units and cuts: an id is never reused, so it can name an advisory
-- lock for good.
CREATE SEQUENCE lk.id;

-- name: of its tables, lk.log_<name> and lk.part_<name>_<n>. A derived stream may have several logs, each filled by a
-- copy of its definition: the first is called like the stream, others <stream>@<copy>. Readers of the stream get the one
-- that lk.view.served_copy fills.
CREATE TABLE lk.stream (
  stream_id  bigint PRIMARY KEY DEFAULT nextval('lk.id'),
  name       text NOT NULL UNIQUE,
  definition text NOT NULL,
  partitions int NOT NULL,
  rejected_removed bigint NOT NULL DEFAULT 0,  -- lines that were in lk.rejected and are no longer kept
  of_copy    bigint            -- of a derived stream: the copy that fills its log; NULL: lk ingest does
);

-- The end of each partition of the log. The row lock, held to the end of an append, makes offsets dense and visible in
-- order. high = max over the partition of least(event time, _at + max_ahead). The log is complete below last_at, or below
-- closed if that is later: no event with a lower `_at` will come. Readers of several logs raise it; of a derived stream
-- its writer alone.
CREATE TABLE lk.tail (
  stream_id bigint NOT NULL REFERENCES lk.stream,
  part      int NOT NULL,
  next_off  bigint NOT NULL DEFAULT 0,
  last_at   timestamptz,
  high      timestamptz,
  closed    timestamptz,
  PRIMARY KEY (stream_id, part)
) WITH (fillfactor = 20);

-- How far each file of a named source has been read (bytes of uncompressed input). The transaction that appends what was
-- read moves it by compare-and-set. head: the file's first bytes, up to the end of its first event, at most 1,024; trail:
-- a digest of the 4,096 bytes before the position. They identify the file; NULL if they are unknown.
-- A derived stream has one for each partition of what it reads, named <stream_id>/<part>: position is the offset up to
-- which events became rows, high the source's high there. The transaction that writes the rows moves it.
CREATE TABLE lk.source (
  stream_id bigint NOT NULL REFERENCES lk.stream,
  name      text NOT NULL,
  number    int NOT NULL,
  position  bigint NOT NULL,
  run       bigint,               -- the process that moved it there
  head      bytea,
  trail     text,
  head_bytes  int,                -- after an erasure, in place of head: its length and a digest of it
  head_digest text,
  high      timestamptz,
  PRIMARY KEY (stream_id, name, number)
);

-- What moving windows keep of their keys (frames/frames.h), as of an offset of the partition that their stream reads: of each
-- field the newest row below that offset. A batch makes it of the log, and Redis keeps what has changed since.
CREATE TABLE lk.state (
  stream_id bigint NOT NULL,      -- the derived stream's log
  part      int NOT NULL,
  field     bytea NOT NULL,
  off       bigint NOT NULL,      -- the state before this offset
  bytes     bytea NOT NULL
);
CREATE INDEX state_field ON lk.state (stream_id, part, md5(field), off);
CREATE INDEX state_off ON lk.state (stream_id, part, off);

-- How far it goes. Of fields that have changed up to `kept` only the newest row up to there is still there, so the state
-- of an offset from `kept` on can be read.
CREATE TABLE lk.sealed (
  stream_id bigint NOT NULL REFERENCES lk.stream,
  part      int NOT NULL,
  off       bigint NOT NULL,
  kept      bigint NOT NULL,
  at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (stream_id, part)
);

-- Lines that could not become an event (source, position), and events for which a view's clause could not be evaluated
-- (version_id, part, off).
CREATE TABLE lk.rejected (
  stream_id  bigint NOT NULL REFERENCES lk.stream,
  source     text,
  position   bigint,
  version_id bigint,
  part       int,
  off        bigint,
  reason     text NOT NULL,
  content    text,
  at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX rejected_event ON lk.rejected (version_id, part, off) WHERE version_id IS NOT NULL;
CREATE INDEX rejected_stream ON lk.rejected (stream_id, at);

-- Erasures: events that lost every column but their event time (lk erase). conditions: the columns and operators that
-- chose them, without the values, which are what had to go. seen_from: a cut or a copy with a greater id was made when
-- the erasure could be seen, so what was computed for it has nothing of the former values. done_at: nothing older is
-- left.
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

-- Readers of streams that keep their position here (lk tail --name), and how they fare. stream: its name, since the log of a
-- stream may be replaced by another one; position: which rows went out (delivery/bookmark.h). Nothing here has values of events.
CREATE TABLE lk.delivery (
  delivery_id   bigint PRIMARY KEY DEFAULT nextval('lk.id'),   -- names the lock of the process that has it
  name          text NOT NULL UNIQUE,
  stream        text NOT NULL,
  target        text NOT NULL,
  position      text,
  rows          bigint NOT NULL DEFAULT 0,
  succeeded_at  timestamptz,
  failing_since timestamptz,
  error         text
);

CREATE TABLE lk.view (
  view_id     bigint PRIMARY KEY DEFAULT nextval('lk.id'),
  name        text NOT NULL UNIQUE,
  stream_id   bigint NOT NULL REFERENCES lk.stream,   -- the log that the served copy reads
  served_copy bigint,             -- what readers read: the one pointer that a switch moves
  former_copy bigint,             -- what they read before the last switch
  served_since timestamptz,
  derived     boolean NOT NULL DEFAULT false   -- it is a derived stream: its copies fill logs (lk.stream.of_copy)
);

CREATE TABLE lk.version (
  version_id bigint PRIMARY KEY DEFAULT nextval('lk.id'),
  view_id    bigint NOT NULL REFERENCES lk.view,
  number     int NOT NULL,
  definition text NOT NULL,
  plan_hash  text NOT NULL,
  fold_only  boolean NOT NULL DEFAULT false,  -- the batch layer folds in C, and need not try SQL first
  watermark_delay_us bigint NOT NULL,         -- the stream's when the version was made: another delay makes another version
  was_served boolean NOT NULL DEFAULT false,  -- a copy of it was served, perhaps one that no longer exists
  stored_digits int NOT NULL,                 -- its numeric keys and arguments have at most so many: its cells' form follows
  stream_id  bigint NOT NULL,                 -- the log that it reads; a former log of a derived stream may be gone
  UNIQUE (view_id, number)
);

-- The starts of a version's calendar windows: `times` windows of `seconds` each, one after the other, from `start` on.
-- Made once, with the version, so that a later change of the time zone's rules changes no answer. The last window has no
-- end.
CREATE TABLE lk.calendar (
  version_id bigint NOT NULL REFERENCES lk.version,
  start      timestamptz NOT NULL,
  seconds    bigint NOT NULL,
  times      bigint NOT NULL,
  PRIMARY KEY (version_id, start)
);

CREATE FUNCTION lk.calendar_starts(version bigint) RETURNS SETOF timestamptz
  LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
  AS $$
    SELECT start + i * seconds * interval '1 second' FROM lk.calendar, generate_series(0, times - 1) AS i
    WHERE version_id = version ORDER BY 1
  $$;

-- One materialisation of a version, lambda or kappa for its whole life. A batch publishes the pointer (cut_id,
-- batch_table), as a seal does for a kappa copy; a sandbox's pointer is the cut where its units begin. The name
-- batch_table is used once; a batch's table is never written again, the next seal adds rows to a seal's.
--   live      the speed layer keeps it up to date
--   building  a replay, or a change of mode, brings it to the log's end; the speed layer leaves it alone
--   sandbox   a replay of a part of history: has a name and an end, is never served
--   scratch   a comparison makes it and removes it
CREATE TABLE lk.copy (
  copy_id     bigint PRIMARY KEY DEFAULT nextval('lk.id'),
  version_id  bigint NOT NULL REFERENCES lk.version,
  mode        text NOT NULL CHECK (mode IN ('lambda', 'kappa')),
  state       text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'building', 'sandbox', 'scratch')),
  dropped     boolean NOT NULL DEFAULT false,
  cut_id      bigint,
  batch_table text,
  name        text CHECK ((name IS NOT NULL) = (state = 'sandbox')),
  range_by    text CHECK (range_by IN ('event', '_at')),   -- of a sandbox: the time that selects its events
  range_from  timestamptz,                                 -- [from, to); NULL: no bound
  range_to    timestamptz,
  was_served  boolean NOT NULL DEFAULT false,
  made_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX copy_live ON lk.copy (copy_id) WHERE NOT dropped;
CREATE INDEX copy_version ON lk.copy (version_id);
CREATE UNIQUE INDEX copy_name ON lk.copy (name) WHERE name IS NOT NULL AND NOT dropped;

-- A unit's id names keys in Redis. A restore of PostgreSQL sets the sequence back, but not Redis. So an id has 20 random
-- bits: a unit that is declared after a restore does not find the cells of a forgotten one.
CREATE TABLE lk.unit (
  unit_id bigint PRIMARY KEY DEFAULT nextval('lk.id') * 1048576 + floor(random() * 1048576)::bigint,
  copy_id bigint NOT NULL REFERENCES lk.copy,
  part    int NOT NULL,
  late_from bigint NOT NULL DEFAULT 0,   -- late events below it are counted in lk.late_block, but not kept in lk.late
  UNIQUE (copy_id, part)
);

-- A frontier of the log on which something outside Redis relies. Live while open, and while a copy's pointer names it.
CREATE TABLE lk.cut (
  cut_id     bigint PRIMARY KEY DEFAULT nextval('lk.id'),
  copy_id    bigint NOT NULL REFERENCES lk.copy,
  purpose    text NOT NULL,
  state      text NOT NULL CHECK (state IN ('open', 'published', 'abandoned', 'released')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX cut_copy ON lk.cut (copy_id) WHERE state IN ('open', 'published');
CREATE INDEX cut_all ON lk.cut (copy_id, cut_id);

CREATE TABLE lk.cut_part (
  cut_id    bigint NOT NULL REFERENCES lk.cut,
  stream_id bigint NOT NULL REFERENCES lk.stream,
  part      int NOT NULL,
  off       bigint NOT NULL,
  last_at   timestamptz,
  high      timestamptz,
  PRIMARY KEY (cut_id, stream_id, part)
);

-- The view store holds how far a replay has come; this is what its progress is measured against. One row per copy.
CREATE TABLE lk.replay (
  copy_id    bigint PRIMARY KEY REFERENCES lk.copy,
  cut_id     bigint NOT NULL REFERENCES lk.cut,   -- its end
  phase      text NOT NULL CHECK (phase IN ('replaying', 'verifying', 'catching up', 'done')),
  started_at timestamptz NOT NULL,                -- of the last start: a replay that was killed is resumed
  started_off bigint NOT NULL,                    -- sum of the cursors then
  ended_at   timestamptz
);
CREATE INDEX replay_cut ON lk.replay (cut_id);

-- One row for each published batch or seal: what it covers, how it was computed, what it cost. cells: rows of the table,
-- or, for a seal, the rows that it added; a seal moves to a new table once there are far more rows than cells.
CREATE TABLE lk.batch (
  cut_id       bigint PRIMARY KEY REFERENCES lk.cut,
  copy_id      bigint NOT NULL REFERENCES lk.copy,
  batch_table  text NOT NULL,
  path         text NOT NULL CHECK (path IN ('sql', 'fold', 'seal')),
  events       bigint NOT NULL,
  cells        bigint NOT NULL,
  seconds      double precision NOT NULL,
  published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  table_rows   bigint NOT NULL DEFAULT 0  -- rows that publishes have added to the table, up to this one
);
CREATE INDEX batch_copy ON lk.batch (copy_id, cut_id);

-- Events that the stream path refused because their pane was final.
CREATE TABLE lk.late (
  copy_id    bigint NOT NULL REFERENCES lk.copy,
  part       int NOT NULL,
  off        bigint NOT NULL,
  event_time timestamptz NOT NULL,
  pane       timestamptz NOT NULL,
  watermark  timestamptz NOT NULL,
  PRIMARY KEY (copy_id, part, off)
);

-- Their number, by blocks of 65,536 offsets: each answer says how many it lacks, without counting a long side output.
CREATE TABLE lk.late_block (
  copy_id bigint NOT NULL,
  part    int NOT NULL,
  block   bigint NOT NULL,
  events  bigint NOT NULL,
  PRIMARY KEY (copy_id, part, block)
);
CREATE FUNCTION lk.count_late() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER count_new AFTER INSERT ON lk.late REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lk.count_late();
CREATE TRIGGER count_none AFTER TRUNCATE ON lk.late FOR EACH STATEMENT EXECUTE FUNCTION lk.count_late();
CREATE TRIGGER count_old AFTER DELETE ON lk.late REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lk.count_late();

-- The window functions of the definition language, for the user's own text: the windows that contain an event at ts.
-- PostgreSQL inlines the first two.
CREATE FUNCTION lk.tumble(ts timestamptz, size interval, "offset" interval DEFAULT '0') RETURNS TABLE (window_start timestamptz, window_end timestamptz)
  LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
  AS $$ SELECT s, s + size FROM (SELECT date_bin(size, ts, timestamptz '1970-01-01 00:00:00+00' + "offset") AS s) AS t $$;
CREATE FUNCTION lk.hop(ts timestamptz, slide interval, size interval, "offset" interval DEFAULT '0')
  RETURNS TABLE (window_start timestamptz, window_end timestamptz)
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
    SELECT s, s + size
    FROM (SELECT date_bin(slide, ts, timestamptz '1970-01-01 00:00:00+00' + "offset") AS last) AS t
      CROSS JOIN LATERAL generate_series(0, ceil(extract(epoch FROM size) / extract(epoch FROM slide))::int) AS i
      CROSS JOIN LATERAL (SELECT last - i * slide) AS u(s)
    WHERE s + size > ts
  $$;
CREATE FUNCTION lk.cumulate(ts timestamptz, step interval, size interval) RETURNS TABLE (window_start timestamptz, window_end timestamptz)
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
    SELECT s, s + i * step
    FROM (SELECT date_bin(size, ts, timestamptz '1970-01-01 00:00:00+00') AS s) AS t
      CROSS JOIN LATERAL generate_series(1, (extract(epoch FROM size) / extract(epoch FROM step))::int) AS i
    WHERE s + i * step > ts
  $$;

-- What lk.calendar is made from: the first instants of the days, weeks (Mondays), months, quarters or years 1900 to 2200
-- of a time zone. If the offset from UTC is the same 16 hours before and after (no zone is further away), it gives the
-- instant; else the search is for the first second at which the date is that one or later. A date that a zone skips has
-- the start of the next one.
CREATE FUNCTION lk.calendar_first_instants(unit text, zone text) RETURNS SETOF timestamptz
  LANGUAGE sql STABLE
  AS $$
    SELECT DISTINCT CASE WHEN before = after THEN (d - before) AT TIME ZONE 'UTC' ELSE
      (SELECT min(s)
       FROM (SELECT min(m) AS minute
             FROM generate_series((d - greatest(before, after)) AT TIME ZONE 'UTC',
                                  (d - least(before, after) + interval '1 minute') AT TIME ZONE 'UTC', interval '1 minute') AS m
             WHERE m AT TIME ZONE zone >= d) AS coarse,
         generate_series(minute - interval '59 seconds', minute, interval '1 second') AS s
       WHERE s AT TIME ZONE zone >= d) END
    FROM (
      SELECT d, ((d - reach) AT TIME ZONE 'UTC' AT TIME ZONE zone) - (d - reach) AS before,
        ((d + reach) AT TIME ZONE 'UTC' AT TIME ZONE zone) - (d + reach) AS after
      FROM (SELECT interval '16 hours' AS reach) AS r,
        generate_series(timestamp '1900-01-01', timestamp '2200-12-31',
                        CASE unit WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || unit)::interval END) AS d
      OFFSET 0) AS offsets
  $$;

-- tumble(ts, '1 day', zone) for the user's own text, written independently of lk.calendar. `late` is d AT TIME ZONE zone:
-- the one instant at which the zone has local midnight d, unless clocks change there. If they are put back, there may be
-- two such instants; `late` is the later one, and the offset of a day before gives the earlier one. If they are put
-- forward over midnight, there is none; `late` is what the offset before the change would give, which is too late by as
-- much as the change went beyond midnight.
CREATE FUNCTION lk.after_the_gap(d timestamp, zone text) RETURNS timestamptz
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
    SELECT min(s)
    FROM (SELECT d AT TIME ZONE zone AS late) AS t, LATERAL generate_series(late - ((late AT TIME ZONE zone) - d), late, interval '1 second') AS s
    WHERE s AT TIME ZONE zone >= d
  $$;
CREATE FUNCTION lk.date_begins(d timestamp, late timestamptz, zone text) RETURNS timestamptz
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
    SELECT CASE
      WHEN d < timestamp '1900-01-01' THEN timestamptz '0001-01-01 00:00:00+00'
      WHEN d > timestamp '2200-12-31' THEN timestamptz '10000-01-01 00:00:00+00'
      WHEN late AT TIME ZONE zone <> d AND (late - interval '1 second') AT TIME ZONE zone >= d THEN lk.after_the_gap(d, zone)
      WHEN late AT TIME ZONE zone <> d THEN late
      WHEN (late - interval '1 day') AT TIME ZONE zone = d - interval '1 day' THEN late
      WHEN (late + (d - interval '1 day' - ((late - interval '1 day') AT TIME ZONE zone))) AT TIME ZONE zone = d
        THEN least(late, late + (d - interval '1 day' - ((late - interval '1 day') AT TIME ZONE zone)))
      ELSE late END
  $$;
-- When clocks are put back over midnight, an event may have a date whose next date has already begun.
CREATE FUNCTION lk.calendar_window(ts timestamptz, unit text, zone text) RETURNS TABLE (window_start timestamptz, window_end timestamptz)
  LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
  AS $$
    SELECT CASE WHEN next <= ts THEN next ELSE this END,
      CASE WHEN next <= ts THEN lk.date_begins(d + 2 * step, (d + 2 * step) AT TIME ZONE zone, zone) ELSE next END
    FROM (
      SELECT d, step, lk.date_begins(d, t, zone) AS this, lk.date_begins(d + step, u, zone) AS next
      FROM (
        SELECT d, step, d AT TIME ZONE zone AS t, (d + step) AT TIME ZONE zone AS u
        FROM (
          SELECT step, greatest(timestamp '1900-01-01' - step, date_trunc(word, least(timestamp '2200-12-31', ts AT TIME ZONE zone))) AS d
          FROM (SELECT rtrim(substring(lower(unit) from '[a-z]+'), 's') AS word) AS words,
            LATERAL (SELECT CASE word WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || word)::interval END AS step) AS steps
          OFFSET 0) AS dates
        OFFSET 0) AS instants
      OFFSET 0) AS windows
  $$;

-- The oracle of aggregates that PostgreSQL does not have, or whose result depends on the order of the rows: the user's own
-- text runs f(x) as lk.f(array_agg(x)). They are written to be plainly right, share nothing with lk's C code, and are not
-- fast.

-- A double as a whole number of 2^-1074; NaN and infinities as they are.
CREATE FUNCTION lk.units(x double precision) RETURNS numeric
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$
    SELECT CASE WHEN e = 2047 THEN x::text::numeric
      ELSE (CASE WHEN bits < 0 THEN -1 ELSE 1 END) * (m + CASE WHEN e > 0 THEN 4503599627370496 ELSE 0 END)
        * power(2::numeric, greatest(e, 1) - 1) END
    FROM (SELECT bits, (bits >> 52 & 2047)::int AS e, bits & 4503599627370495 AS m
          FROM (SELECT ('x' || encode(float8send(x), 'hex'))::bit(64)::bigint AS bits) b) parts
  $$;

-- n / (2^twos * 10^tens), n whole, as a decimal that PostgreSQL reads as the nearest double, or real; NULL if it is too
-- large.
CREATE FUNCTION lk.decimal(n numeric, twos int, tens int, is_real boolean) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$
    SELECT CASE WHEN n::text IN ('NaN', 'Infinity', '-Infinity') THEN n::text
      WHEN abs(n) * power(2::numeric, CASE WHEN is_real THEN 2150 ELSE 3075 END - twos)
        <= power(10::numeric, tens) * power(2::numeric, 2000) THEN '0'
      WHEN is_real AND abs(n) >= 33554431 * power(2::numeric, 103 + twos) * power(10::numeric, tens) THEN NULL
      WHEN abs(n) >= 18014398509481983 * power(2::numeric, 970 + twos) * power(10::numeric, tens) THEN NULL
      ELSE trunc(n * power(5::numeric, twos))::text || 'e-' || (twos + tens)::text END
  $$;

-- The whole part of n / by with 26 more digits, the last of them not 0 if there is a remainder.
CREATE FUNCTION lk.ratio(n numeric, by numeric) RETURNS numeric
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$
    SELECT CASE WHEN n::text IN ('NaN', 'Infinity', '-Infinity') THEN n
      ELSE div(n * power(10::numeric, 25), by) * 10 + sign(mod(n * power(10::numeric, 25), by)) END
  $$;

CREATE FUNCTION lk.sum(xs double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE
  AS $$ SELECT lk.decimal(sum(lk.units(x)), 1074, 0, false)::double precision FROM unnest(xs) x $$;
CREATE FUNCTION lk.sum(xs real[]) RETURNS real LANGUAGE sql IMMUTABLE
  AS $$ SELECT lk.decimal(sum(lk.units(x)), 1074, 0, true)::real FROM unnest(xs) x $$;
CREATE FUNCTION lk.avg(xs double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE
  AS $$ SELECT lk.decimal(lk.ratio(sum(lk.units(x)), nullif(count(x), 0)), 1074, 26, false)::double precision FROM unnest(xs) x $$;

-- n * sum(x^2) - sum(x)^2, in units of 2^-2148, over n * (n - less).
CREATE FUNCTION lk.var(xs double precision[], less int) RETURNS numeric LANGUAGE sql IMMUTABLE
  AS $$
    SELECT CASE WHEN n <= less THEN NULL WHEN s::text IN ('NaN', 'Infinity', '-Infinity') THEN 'NaN'
      ELSE lk.ratio(n * q - s * s, n * (n - less)) END
    FROM (SELECT count(x)::numeric AS n, sum(lk.units(x)) AS s, sum(lk.units(x) * lk.units(x)) AS q FROM unnest(xs) x) sums
  $$;
CREATE FUNCTION lk.root(v numeric) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT lk.decimal(trunc(sqrt(v) * power(10::numeric, 20)), 1074, 33, false)::double precision $$;
CREATE FUNCTION lk.var_pop(xs double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE
  AS $$ SELECT lk.decimal(lk.var(xs, 0), 2148, 26, false)::double precision $$;
CREATE FUNCTION lk.var_samp(xs double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE
  AS $$ SELECT lk.decimal(lk.var(xs, 1), 2148, 26, false)::double precision $$;
CREATE FUNCTION lk.variance(xs double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE
  AS $$ SELECT lk.var_samp(xs) $$;
CREATE FUNCTION lk.stddev_pop(xs double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE
  AS $$ SELECT lk.root(lk.var(xs, 0)) $$;
CREATE FUNCTION lk.stddev_samp(xs double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE
  AS $$ SELECT lk.root(lk.var(xs, 1)) $$;
CREATE FUNCTION lk.stddev(xs double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE
  AS $$ SELECT lk.stddev_samp(xs) $$;

-- The first value of an array that is not NULL; the array comes in the order of (event time, partition, offset).
CREATE FUNCTION lk.first(xs anyarray) RETURNS anyelement LANGUAGE sql IMMUTABLE
  AS $$ SELECT x FROM unnest(xs) WITH ORDINALITY u(x, i) WHERE x IS NOT NULL ORDER BY i LIMIT 1 $$;
CREATE FUNCTION lk.last(xs anyarray) RETURNS anyelement LANGUAGE sql IMMUTABLE
  AS $$ SELECT x FROM unnest(xs) WITH ORDINALITY u(x, i) WHERE x IS NOT NULL ORDER BY i DESC LIMIT 1 $$;

-- What the approximate aggregates approximate.
CREATE FUNCTION lk.approx_count_distinct(xs anyarray) RETURNS bigint LANGUAGE sql IMMUTABLE
  AS $$ SELECT count(DISTINCT x) FROM unnest(xs) x $$;
CREATE FUNCTION lk.approx_percentile(p double precision, xs double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE
  AS $$ SELECT percentile_disc(p) WITHIN GROUP (ORDER BY x) FROM unnest(xs) x $$;

-- The k most common values with their counts; of equal counts the smaller value first.
CREATE FUNCTION lk.top_k(k double precision, xs anyarray) RETURNS json LANGUAGE sql IMMUTABLE
  AS $$
    SELECT ('[' || string_agg('{"value":' || to_json(x)::text || ',"count":' || n || '}', ',' ORDER BY n DESC, x) || ']')::json
    FROM (SELECT x, count(*) AS n FROM unnest(xs) x WHERE x IS NOT NULL GROUP BY x ORDER BY n DESC, x LIMIT k::int) most
  $$;
