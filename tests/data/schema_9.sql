-- Schema lk of version 9 with data of every kind: that of schema_8.sql as version 9 migrated it, and what it did then: a derived
-- stream and all that is made of it went over to new logs, more events, a batch of each view and a seal. The output of
-- pg_dump --schema=lk --inserts without its comments and settings.
CREATE SCHEMA lk;
CREATE FUNCTION lk.after_the_gap(d timestamp without time zone, zone text) RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT min(s)
    FROM (SELECT d AT TIME ZONE zone AS late) AS t, LATERAL generate_series(late - ((late AT TIME ZONE zone) - d), late, interval '1 second') AS s
    WHERE s AT TIME ZONE zone >= d
  $$;
CREATE FUNCTION lk.approx_count_distinct(xs anyarray) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT count(DISTINCT x) FROM unnest(xs) x $$;
CREATE FUNCTION lk.approx_percentile(p double precision, xs double precision[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT percentile_disc(p) WITHIN GROUP (ORDER BY x) FROM unnest(xs) x $$;
CREATE FUNCTION lk.avg(xs double precision[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT lk.decimal(lk.ratio(sum(lk.units(x)), nullif(count(x), 0)), 1074, 26, false)::double precision FROM unnest(xs) x $$;
CREATE FUNCTION lk.calendar_first_instants(unit text, zone text) RETURNS SETOF timestamp with time zone
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
CREATE FUNCTION lk.calendar_starts(version bigint) RETURNS SETOF timestamp with time zone
    LANGUAGE sql STABLE ROWS 10000 PARALLEL SAFE
    AS $$
    SELECT start + i * seconds * interval '1 second' FROM lk.calendar, generate_series(0, times - 1) AS i
    WHERE version_id = version ORDER BY 1
  $$;
CREATE FUNCTION lk.calendar_window(ts timestamp with time zone, unit text, zone text) RETURNS TABLE(window_start timestamp with time zone, window_end timestamp with time zone)
    LANGUAGE sql STABLE ROWS 1 PARALLEL SAFE
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
CREATE FUNCTION lk.count_late() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION lk.cumulate(ts timestamp with time zone, step interval, size interval) RETURNS TABLE(window_start timestamp with time zone, window_end timestamp with time zone)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT s, s + i * step
    FROM (SELECT date_bin(size, ts, timestamptz '1970-01-01 00:00:00+00') AS s) AS t
      CROSS JOIN LATERAL generate_series(1, (extract(epoch FROM size) / extract(epoch FROM step))::int) AS i
    WHERE s + i * step > ts
  $$;
CREATE FUNCTION lk.date_begins(d timestamp without time zone, late timestamp with time zone, zone text) RETURNS timestamp with time zone
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
CREATE FUNCTION lk."decimal"(n numeric, twos integer, tens integer, is_real boolean) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT CASE WHEN n::text IN ('NaN', 'Infinity', '-Infinity') THEN n::text
      WHEN abs(n) * power(2::numeric, CASE WHEN is_real THEN 2150 ELSE 3075 END - twos)
        <= power(10::numeric, tens) * power(2::numeric, 2000) THEN '0'
      WHEN is_real AND abs(n) >= 33554431 * power(2::numeric, 103 + twos) * power(10::numeric, tens) THEN NULL
      WHEN abs(n) >= 18014398509481983 * power(2::numeric, 970 + twos) * power(10::numeric, tens) THEN NULL
      ELSE trunc(n * power(5::numeric, twos))::text || 'e-' || (twos + tens)::text END
  $$;
CREATE FUNCTION lk.first(xs anyarray) RETURNS anyelement
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT x FROM unnest(xs) WITH ORDINALITY u(x, i) WHERE x IS NOT NULL ORDER BY i LIMIT 1 $$;
CREATE FUNCTION lk.hop(ts timestamp with time zone, slide interval, size interval, "offset" interval DEFAULT '00:00:00'::interval) RETURNS TABLE(window_start timestamp with time zone, window_end timestamp with time zone)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT s, s + size
    FROM (SELECT date_bin(slide, ts, timestamptz '1970-01-01 00:00:00+00' + "offset") AS last) AS t
      CROSS JOIN LATERAL generate_series(0, ceil(extract(epoch FROM size) / extract(epoch FROM slide))::int) AS i
      CROSS JOIN LATERAL (SELECT last - i * slide) AS u(s)
    WHERE s + size > ts
  $$;
CREATE FUNCTION lk.last(xs anyarray) RETURNS anyelement
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT x FROM unnest(xs) WITH ORDINALITY u(x, i) WHERE x IS NOT NULL ORDER BY i DESC LIMIT 1 $$;
CREATE FUNCTION lk.ratio(n numeric, by numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT CASE WHEN n::text IN ('NaN', 'Infinity', '-Infinity') THEN n
      ELSE div(n * power(10::numeric, 25), by) * 10 + sign(mod(n * power(10::numeric, 25), by)) END
  $$;
CREATE FUNCTION lk.root(v numeric) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT
    AS $$ SELECT lk.decimal(trunc(sqrt(v) * power(10::numeric, 20)), 1074, 33, false)::double precision $$;
CREATE FUNCTION lk.stddev(xs double precision[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT lk.stddev_samp(xs) $$;
CREATE FUNCTION lk.stddev_pop(xs double precision[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT lk.root(lk.var(xs, 0)) $$;
CREATE FUNCTION lk.stddev_samp(xs double precision[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT lk.root(lk.var(xs, 1)) $$;
CREATE FUNCTION lk.sum(xs real[]) RETURNS real
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT lk.decimal(sum(lk.units(x)), 1074, 0, true)::real FROM unnest(xs) x $$;
CREATE FUNCTION lk.sum(xs double precision[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT lk.decimal(sum(lk.units(x)), 1074, 0, false)::double precision FROM unnest(xs) x $$;
CREATE FUNCTION lk.top_k(k double precision, xs anyarray) RETURNS json
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT ('[' || string_agg('{"value":' || to_json(x)::text || ',"count":' || n || '}', ',' ORDER BY n DESC, x) || ']')::json
    FROM (SELECT x, count(*) AS n FROM unnest(xs) x WHERE x IS NOT NULL GROUP BY x ORDER BY n DESC, x LIMIT k::int) most
  $$;
CREATE FUNCTION lk.tumble(ts timestamp with time zone, size interval, "offset" interval DEFAULT '00:00:00'::interval) RETURNS TABLE(window_start timestamp with time zone, window_end timestamp with time zone)
    LANGUAGE sql IMMUTABLE ROWS 1 PARALLEL SAFE
    AS $$ SELECT s, s + size FROM (SELECT date_bin(size, ts, timestamptz '1970-01-01 00:00:00+00' + "offset") AS s) AS t $$;
CREATE FUNCTION lk.units(x double precision) RETURNS numeric
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT CASE WHEN e = 2047 THEN x::text::numeric
      ELSE (CASE WHEN bits < 0 THEN -1 ELSE 1 END) * (m + CASE WHEN e > 0 THEN 4503599627370496 ELSE 0 END)
        * power(2::numeric, greatest(e, 1) - 1) END
    FROM (SELECT bits, (bits >> 52 & 2047)::int AS e, bits & 4503599627370495 AS m
          FROM (SELECT ('x' || encode(float8send(x), 'hex'))::bit(64)::bigint AS bits) b) parts
  $$;
CREATE FUNCTION lk.var(xs double precision[], less integer) RETURNS numeric
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE WHEN n <= less THEN NULL WHEN s::text IN ('NaN', 'Infinity', '-Infinity') THEN 'NaN'
      ELSE lk.ratio(n * q - s * s, n * (n - less)) END
    FROM (SELECT count(x)::numeric AS n, sum(lk.units(x)) AS s, sum(lk.units(x) * lk.units(x)) AS q FROM unnest(xs) x) sums
  $$;
CREATE FUNCTION lk.var_pop(xs double precision[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT lk.decimal(lk.var(xs, 0), 2148, 26, false)::double precision $$;
CREATE FUNCTION lk.var_samp(xs double precision[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT lk.decimal(lk.var(xs, 1), 2148, 26, false)::double precision $$;
CREATE FUNCTION lk.variance(xs double precision[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT lk.var_samp(xs) $$;
CREATE TABLE lk.batch (
    cut_id bigint NOT NULL,
    copy_id bigint NOT NULL,
    batch_table text NOT NULL,
    path text NOT NULL,
    events bigint NOT NULL,
    cells bigint NOT NULL,
    seconds double precision NOT NULL,
    published_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    table_rows bigint DEFAULT 0 NOT NULL,
    CONSTRAINT batch_path_check CHECK ((path = ANY (ARRAY['sql'::text, 'fold'::text, 'seal'::text])))
);
CREATE TABLE lk.batch_100_105 (
    _pane timestamp with time zone,
    _k0 text COLLATE pg_catalog."C",
    _p0_0 bigint,
    _p1_0 numeric(38,0)
);
CREATE TABLE lk.batch_100_112 (
    _pane timestamp with time zone,
    _k0 text COLLATE pg_catalog."C",
    _p0_0 bigint,
    _p1_0 numeric(38,0)
);
CREATE TABLE lk.batch_14_110 (
    _pane timestamp with time zone,
    _p0_0 bigint,
    _p1_0 bigint
);
CREATE TABLE lk.batch_14_86 (
    _pane timestamp with time zone,
    _p0_0 bigint,
    _p1_0 bigint
);
CREATE TABLE lk.batch_19_111 (
    _k0 text COLLATE pg_catalog."C",
    _p0_0 bigint
);
CREATE TABLE lk.batch_19_87 (
    _k0 text COLLATE pg_catalog."C",
    _p0_0 bigint
);
CREATE TABLE lk.batch_30_108 (
    _pane timestamp with time zone,
    _k0 text COLLATE pg_catalog."C",
    _p0_0 bigint,
    _p1_0 numeric(38,0),
    _p2_0 bigint
);
CREATE TABLE lk.batch_30_84 (
    _pane timestamp with time zone,
    _k0 text COLLATE pg_catalog."C",
    _p0_0 bigint,
    _p1_0 numeric(38,0),
    _p2_0 bigint
);
CREATE TABLE lk.batch_58_85 (
    _pane timestamp with time zone,
    _k0 text COLLATE pg_catalog."C",
    _p0_0 bigint
);
CREATE TABLE lk.batch_81_88 (
    _pane timestamp with time zone,
    _k0 text COLLATE pg_catalog."C",
    _p0_0 bigint,
    _p1_0 numeric(38,0)
);
CREATE TABLE lk.calendar (
    version_id bigint NOT NULL,
    start timestamp with time zone NOT NULL,
    seconds bigint NOT NULL,
    times bigint NOT NULL
);
CREATE SEQUENCE lk.id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE lk.copy (
    copy_id bigint DEFAULT nextval('lk.id'::regclass) NOT NULL,
    version_id bigint NOT NULL,
    mode text NOT NULL,
    state text DEFAULT 'live'::text NOT NULL,
    dropped boolean DEFAULT false NOT NULL,
    cut_id bigint,
    batch_table text,
    name text,
    range_by text,
    range_from timestamp with time zone,
    range_to timestamp with time zone,
    was_served boolean DEFAULT false NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT copy_check CHECK (((name IS NOT NULL) = (state = 'sandbox'::text))),
    CONSTRAINT copy_mode_check CHECK ((mode = ANY (ARRAY['lambda'::text, 'kappa'::text]))),
    CONSTRAINT copy_range_by_check CHECK ((range_by = ANY (ARRAY['event'::text, '_at'::text]))),
    CONSTRAINT copy_state_check CHECK ((state = ANY (ARRAY['live'::text, 'building'::text, 'sandbox'::text, 'scratch'::text])))
);
CREATE TABLE lk.cut (
    cut_id bigint DEFAULT nextval('lk.id'::regclass) NOT NULL,
    copy_id bigint NOT NULL,
    purpose text NOT NULL,
    state text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT cut_state_check CHECK ((state = ANY (ARRAY['open'::text, 'published'::text, 'abandoned'::text, 'released'::text])))
);
CREATE TABLE lk.cut_part (
    cut_id bigint NOT NULL,
    part integer NOT NULL,
    off bigint NOT NULL,
    last_at timestamp with time zone,
    high timestamp with time zone,
    stream_id bigint NOT NULL
);
CREATE TABLE lk.delivery (
    delivery_id bigint DEFAULT nextval('lk.id'::regclass) NOT NULL,
    name text NOT NULL,
    stream text NOT NULL,
    target text NOT NULL,
    "position" text,
    rows bigint DEFAULT 0 NOT NULL,
    succeeded_at timestamp with time zone,
    failing_since timestamp with time zone,
    error text
);
CREATE TABLE lk.erased (
    erasure_id bigint NOT NULL,
    part integer NOT NULL,
    off bigint NOT NULL
);
CREATE TABLE lk.erasure (
    erasure_id bigint DEFAULT nextval('lk.id'::regclass) NOT NULL,
    stream_id bigint NOT NULL,
    conditions text NOT NULL,
    made_by text DEFAULT SESSION_USER NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    events bigint DEFAULT 0 NOT NULL,
    rejects bigint DEFAULT 0 NOT NULL,
    seen_from bigint,
    done_at timestamp with time zone
);
CREATE TABLE lk.late (
    copy_id bigint NOT NULL,
    part integer NOT NULL,
    off bigint NOT NULL,
    event_time timestamp with time zone NOT NULL,
    pane timestamp with time zone NOT NULL,
    watermark timestamp with time zone NOT NULL
);
CREATE TABLE lk.late_block (
    copy_id bigint NOT NULL,
    part integer NOT NULL,
    block bigint NOT NULL,
    events bigint NOT NULL
);
CREATE TABLE lk.log_hits (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint
)
PARTITION BY LIST (part);
CREATE TABLE lk.log_pages (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    _src bigint NOT NULL,
    _high timestamp with time zone,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint
)
PARTITION BY LIST (part);
CREATE TABLE lk."log_pages@90" (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    _src bigint NOT NULL,
    _high timestamp with time zone,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint
)
PARTITION BY LIST (part);
CREATE TABLE lk.log_steps (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    _src bigint NOT NULL,
    _high timestamp with time zone,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint,
    step bigint
)
PARTITION BY LIST (part);
CREATE TABLE lk."log_steps@95" (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    _src bigint NOT NULL,
    _high timestamp with time zone,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint,
    step bigint
)
PARTITION BY LIST (part);
CREATE TABLE lk.meta (
    only_row boolean DEFAULT true NOT NULL,
    log_id text NOT NULL,
    schema_version integer NOT NULL,
    CONSTRAINT meta_only_row_check CHECK (only_row)
);
CREATE TABLE lk.part_hits_0 (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint
);
CREATE TABLE lk.part_hits_1 (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint
);
CREATE TABLE lk."part_pages@90_0" (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    _src bigint NOT NULL,
    _high timestamp with time zone,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint
);
CREATE TABLE lk."part_pages@90_1" (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    _src bigint NOT NULL,
    _high timestamp with time zone,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint
);
CREATE TABLE lk.part_pages_0 (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    _src bigint NOT NULL,
    _high timestamp with time zone,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint
);
CREATE TABLE lk.part_pages_1 (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    _src bigint NOT NULL,
    _high timestamp with time zone,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint
);
CREATE TABLE lk."part_steps@95_0" (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    _src bigint NOT NULL,
    _high timestamp with time zone,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint,
    step bigint
);
CREATE TABLE lk."part_steps@95_1" (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    _src bigint NOT NULL,
    _high timestamp with time zone,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint,
    step bigint
);
CREATE TABLE lk.part_steps_0 (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    _src bigint NOT NULL,
    _high timestamp with time zone,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint,
    step bigint
);
CREATE TABLE lk.part_steps_1 (
    part integer NOT NULL,
    off bigint NOT NULL,
    _at timestamp with time zone NOT NULL,
    _src bigint NOT NULL,
    _high timestamp with time zone,
    ts timestamp with time zone NOT NULL,
    path text COLLATE pg_catalog."C",
    n bigint,
    step bigint
);
CREATE TABLE lk.rejected (
    stream_id bigint NOT NULL,
    source text,
    "position" bigint,
    version_id bigint,
    part integer,
    off bigint,
    reason text NOT NULL,
    content text,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE lk.replay (
    copy_id bigint NOT NULL,
    cut_id bigint NOT NULL,
    phase text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    started_off bigint NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT replay_phase_check CHECK ((phase = ANY (ARRAY['replaying'::text, 'verifying'::text, 'catching up'::text, 'done'::text])))
);
CREATE TABLE lk.source (
    stream_id bigint NOT NULL,
    name text NOT NULL,
    "position" bigint NOT NULL,
    number integer NOT NULL,
    run bigint,
    head bytea,
    trail text,
    head_bytes integer,
    head_digest text,
    high timestamp with time zone
);
CREATE TABLE lk.stream (
    stream_id bigint DEFAULT nextval('lk.id'::regclass) NOT NULL,
    name text NOT NULL,
    definition text NOT NULL,
    partitions integer NOT NULL,
    rejected_removed bigint DEFAULT 0 NOT NULL,
    of_copy bigint
);
CREATE TABLE lk.tail (
    stream_id bigint NOT NULL,
    part integer NOT NULL,
    next_off bigint DEFAULT 0 NOT NULL,
    last_at timestamp with time zone,
    high timestamp with time zone,
    closed timestamp with time zone
)
WITH (fillfactor='20');
CREATE TABLE lk.unit (
    unit_id bigint DEFAULT ((nextval('lk.id'::regclass) * 1048576) + (floor((random() * (1048576)::double precision)))::bigint) NOT NULL,
    copy_id bigint NOT NULL,
    part integer NOT NULL,
    late_from bigint DEFAULT 0 NOT NULL
);
CREATE TABLE lk.version (
    version_id bigint DEFAULT nextval('lk.id'::regclass) NOT NULL,
    view_id bigint NOT NULL,
    number integer NOT NULL,
    definition text NOT NULL,
    plan_hash text NOT NULL,
    fold_only boolean DEFAULT false NOT NULL,
    watermark_delay_us bigint NOT NULL,
    was_served boolean DEFAULT false NOT NULL,
    stored_digits integer NOT NULL,
    stream_id bigint NOT NULL
);
CREATE TABLE lk.view (
    view_id bigint DEFAULT nextval('lk.id'::regclass) NOT NULL,
    name text NOT NULL,
    stream_id bigint NOT NULL,
    served_copy bigint,
    former_copy bigint,
    served_since timestamp with time zone,
    derived boolean DEFAULT false NOT NULL
);
ALTER TABLE ONLY lk.log_hits ATTACH PARTITION lk.part_hits_0 FOR VALUES IN (0);
ALTER TABLE ONLY lk.log_hits ATTACH PARTITION lk.part_hits_1 FOR VALUES IN (1);
ALTER TABLE ONLY lk."log_pages@90" ATTACH PARTITION lk."part_pages@90_0" FOR VALUES IN (0);
ALTER TABLE ONLY lk."log_pages@90" ATTACH PARTITION lk."part_pages@90_1" FOR VALUES IN (1);
ALTER TABLE ONLY lk.log_pages ATTACH PARTITION lk.part_pages_0 FOR VALUES IN (0);
ALTER TABLE ONLY lk.log_pages ATTACH PARTITION lk.part_pages_1 FOR VALUES IN (1);
ALTER TABLE ONLY lk."log_steps@95" ATTACH PARTITION lk."part_steps@95_0" FOR VALUES IN (0);
ALTER TABLE ONLY lk."log_steps@95" ATTACH PARTITION lk."part_steps@95_1" FOR VALUES IN (1);
ALTER TABLE ONLY lk.log_steps ATTACH PARTITION lk.part_steps_0 FOR VALUES IN (0);
ALTER TABLE ONLY lk.log_steps ATTACH PARTITION lk.part_steps_1 FOR VALUES IN (1);
INSERT INTO lk.batch VALUES (24, 14, '"lk"."batch_14_24"', 'sql', 60, 1, 0.053063, '2026-11-30 09:13:15.074642+00', 1);
INSERT INTO lk.batch VALUES (28, 14, '"lk"."batch_14_28"', 'sql', 100, 1, 0.048154, '2026-11-30 09:13:15.2805+00', 1);
INSERT INTO lk.batch VALUES (25, 19, '"lk"."batch_19_25"', 'fold', 60, 3, 0.010137, '2026-11-30 09:13:15.087652+00', 3);
INSERT INTO lk.batch VALUES (34, 19, '"lk"."batch_19_34"', 'fold', 100, 3, 0.00494, '2026-11-30 09:13:15.337126+00', 3);
INSERT INTO lk.batch VALUES (33, 30, '"lk"."batch_30_33"', 'sql', 100, 36, 0.007092, '2026-11-30 09:13:15.325956+00', 36);
INSERT INTO lk.batch VALUES (44, 35, '"lk"."batch_35_44"', 'seal', 100, 36, 0.012408, '2026-11-30 09:13:15.697022+00', 36);
INSERT INTO lk.batch VALUES (22, 4, '"lk"."batch_4_22"', 'sql', 60, 21, 0.006939, '2026-11-30 09:13:15.01001+00', 21);
INSERT INTO lk.batch VALUES (26, 4, '"lk"."batch_4_26"', 'sql', 100, 36, 0.005996, '2026-11-30 09:13:15.224995+00', 36);
INSERT INTO lk.batch VALUES (23, 9, '"lk"."batch_9_23"', 'sql', 60, 21, 0.004293, '2026-11-30 09:13:15.018242+00', 21);
INSERT INTO lk.batch VALUES (27, 9, '"lk"."batch_9_27"', 'sql', 100, 36, 0.002841, '2026-11-30 09:13:15.230384+00', 36);
INSERT INTO lk.batch VALUES (45, 30, '"lk"."batch_30_45"', 'sql', 101, 37, 0.121607, '2026-11-30 16:14:54.80753+00', 37);
INSERT INTO lk.batch VALUES (46, 35, '"lk"."batch_35_44"', 'seal', 101, 1, 0.053668, '2026-11-30 16:14:54.924377+00', 37);
INSERT INTO lk.batch VALUES (47, 14, '"lk"."batch_14_47"', 'sql', 101, 1, 0.705417, '2026-11-30 16:14:55.651274+00', 1);
INSERT INTO lk.batch VALUES (48, 19, '"lk"."batch_19_48"', 'fold', 101, 4, 0.115645, '2026-11-30 16:14:55.931458+00', 4);
INSERT INTO lk.batch VALUES (49, 30, '"lk"."batch_30_49"', 'sql', 103, 39, 0.041497, '2026-11-30 19:37:08.384278+00', 39);
INSERT INTO lk.batch VALUES (50, 35, '"lk"."batch_35_44"', 'seal', 103, 2, 0.031894, '2026-11-30 19:37:08.513875+00', 39);
INSERT INTO lk.batch VALUES (51, 14, '"lk"."batch_14_51"', 'sql', 103, 1, 0.278503, '2026-11-30 19:37:08.807175+00', 1);
INSERT INTO lk.batch VALUES (52, 19, '"lk"."batch_19_52"', 'fold', 103, 6, 0.031589, '2026-11-30 19:37:08.858733+00', 6);
INSERT INTO lk.batch VALUES (55, 14, '"lk"."batch_14_55"', 'sql', 103, 1, 0.289774, '2026-11-30 19:37:09.394902+00', 1);
INSERT INTO lk.batch VALUES (56, 19, '"lk"."batch_19_56"', 'fold', 103, 6, 0.040261, '2026-11-30 19:37:09.462009+00', 6);
INSERT INTO lk.batch VALUES (57, 30, '"lk"."batch_30_57"', 'sql', 103, 39, 0.066846, '2026-11-30 19:37:09.564103+00', 39);
INSERT INTO lk.batch VALUES (84, 30, '"lk"."batch_30_84"', 'sql', 105, 41, 0.073688, '2026-11-30 23:06:19.328431+00', 41);
INSERT INTO lk.batch VALUES (85, 58, '"lk"."batch_58_85"', 'seal', 105, 41, 0.020434, '2026-11-30 23:06:19.454076+00', 41);
INSERT INTO lk.batch VALUES (86, 14, '"lk"."batch_14_86"', 'sql', 105, 1, 0.271875, '2026-11-30 23:06:19.734492+00', 1);
INSERT INTO lk.batch VALUES (87, 19, '"lk"."batch_19_87"', 'fold', 105, 6, 0.028108, '2026-11-30 23:06:19.782581+00', 6);
INSERT INTO lk.batch VALUES (88, 81, '"lk"."batch_81_88"', 'sql', 96, 40, 0.016995, '2026-11-30 23:06:19.812158+00', 40);
INSERT INTO lk.batch VALUES (105, 100, '"lk"."batch_100_105"', 'sql', 96, 40, 0.033495, '2026-12-01 04:18:43.143122+00', 40);
INSERT INTO lk.batch VALUES (108, 30, '"lk"."batch_30_108"', 'sql', 106, 42, 0.015689, '2026-12-01 04:18:43.918917+00', 42);
INSERT INTO lk.batch VALUES (109, 58, '"lk"."batch_58_85"', 'seal', 106, 1, 0.009503, '2026-12-01 04:18:43.955675+00', 42);
INSERT INTO lk.batch VALUES (110, 14, '"lk"."batch_14_110"', 'sql', 106, 1, 0.191479, '2026-12-01 04:18:44.155812+00', 1);
INSERT INTO lk.batch VALUES (111, 19, '"lk"."batch_19_111"', 'fold', 106, 6, 0.023288, '2026-12-01 04:18:44.198252+00', 6);
INSERT INTO lk.batch VALUES (112, 100, '"lk"."batch_100_112"', 'sql', 97, 41, 0.019549, '2026-12-01 04:18:44.231019+00', 41);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:06:00+00', '/1', 2, 9);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:02:00+00', '/2', 2, 17);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:07:00+00', '/1', 3, 23);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:10:00+00', '/1', 2, 13);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:07:00+00', '/0', 3, 20);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:05:00+00', '/1', 3, 12);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:04:00+00', '/1', 2, 12);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:00:00+00', '/2', 4, 18);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:11:00+00', '/1', 1, 6);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:00:00+00', '/0', 3, 18);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:00:00+00', '/1', 4, 18);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:11:00+00', '/0', 1, 5);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:01:00+00', '/2', 3, 16);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:07:00+00', '/2', 3, 24);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:08:00+00', '/2', 3, 27);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:03:00+00', '/0', 3, 12);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:02:00+00', '/1', 3, 31);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:09:00+00', '/2', 2, 7);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:04:00+00', '/2', 3, 23);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:08:00+00', '/1', 3, 24);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:04:00+00', '/0', 3, 17);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:01:00+00', '/0', 2, 14);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:09:00+00', '/0', 2, 9);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:22:00+00', '/1', 1, 5);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:12:00+00', '/4', 1, 5);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:11:00+00', '/3', 1, 4);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:03:00+00', '/1', 3, 15);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:06:00+00', '/2', 2, 5);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:05:00+00', '/2', 3, 24);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:10:00+00', '/0', 3, 23);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:02:00+00', '/0', 3, 24);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:08:00+00', '/0', 3, 25);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:09:00+00', '/1', 2, 11);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:10:00+00', '/2', 2, 9);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:11:00+00', '/2', 2, 11);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:03:00+00', '/2', 2, 13);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:01:00+00', '/1', 2, 13);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:06:00+00', '/0', 2, 7);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:21:00+00', '/3', 1, 7);
INSERT INTO lk.batch_100_105 VALUES ('2020-01-01 10:05:00+00', '/0', 3, 27);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:06:00+00', '/1', 2, 9);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:02:00+00', '/2', 2, 17);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:07:00+00', '/1', 3, 23);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:10:00+00', '/1', 2, 13);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:07:00+00', '/0', 3, 20);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:05:00+00', '/1', 3, 12);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:04:00+00', '/1', 2, 12);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:00:00+00', '/2', 4, 18);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:11:00+00', '/1', 1, 6);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:00:00+00', '/0', 3, 18);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:00:00+00', '/1', 4, 18);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:11:00+00', '/0', 1, 5);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:01:00+00', '/2', 3, 16);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:07:00+00', '/2', 3, 24);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:08:00+00', '/2', 3, 27);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:03:00+00', '/0', 3, 12);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:02:00+00', '/1', 3, 31);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:09:00+00', '/2', 2, 7);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:04:00+00', '/2', 3, 23);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:08:00+00', '/1', 3, 24);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:04:00+00', '/0', 3, 17);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:01:00+00', '/0', 2, 14);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:09:00+00', '/0', 2, 9);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:22:00+00', '/1', 1, 5);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:12:00+00', '/4', 1, 5);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:11:00+00', '/3', 1, 4);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:03:00+00', '/1', 3, 15);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:06:00+00', '/2', 2, 5);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:05:00+00', '/2', 3, 24);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:10:00+00', '/0', 3, 23);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:02:00+00', '/0', 3, 24);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:08:00+00', '/0', 3, 25);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:09:00+00', '/1', 2, 11);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:10:00+00', '/2', 2, 9);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:11:00+00', '/2', 2, 11);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:25:00+00', '/3', 1, 9);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:03:00+00', '/2', 2, 13);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:01:00+00', '/1', 2, 13);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:06:00+00', '/0', 2, 7);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:21:00+00', '/3', 1, 7);
INSERT INTO lk.batch_100_112 VALUES ('2020-01-01 10:05:00+00', '/0', 3, 27);
INSERT INTO lk.batch_14_110 VALUES ('2019-12-31 18:30:00+00', 106, 12);
INSERT INTO lk.batch_14_86 VALUES ('2019-12-31 18:30:00+00', 105, 12);
INSERT INTO lk.batch_19_111 VALUES ('/1', 9000000000000000000);
INSERT INTO lk.batch_19_111 VALUES ('/2', 9000000000000000000);
INSERT INTO lk.batch_19_111 VALUES ('/4', 5000000000000000000);
INSERT INTO lk.batch_19_111 VALUES (NULL, NULL);
INSERT INTO lk.batch_19_111 VALUES ('/0', 9000000000000000000);
INSERT INTO lk.batch_19_111 VALUES ('/3', 9000000000000000000);
INSERT INTO lk.batch_19_87 VALUES ('/1', 9000000000000000000);
INSERT INTO lk.batch_19_87 VALUES ('/2', 9000000000000000000);
INSERT INTO lk.batch_19_87 VALUES ('/4', 5000000000000000000);
INSERT INTO lk.batch_19_87 VALUES (NULL, NULL);
INSERT INTO lk.batch_19_87 VALUES ('/0', 9000000000000000000);
INSERT INTO lk.batch_19_87 VALUES ('/3', 7000000000000000000);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:06:00+00', '/2', 2, 5, 4);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:04:00+00', '/2', 3, 23, 12);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:05:00+00', '/2', 3, 24, 11);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:06:00+00', '/1', 3, 9, 6);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:10:00+00', '/0', 3, 23, 12);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:08:00+00', '/1', 3, 24, 11);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:02:00+00', '/0', 3, 24, 11);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:00:00+00', '/1', 4, 18, 7);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:08:00+00', '/0', 3, 25, 10);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:12:00+00', NULL, 1, NULL, NULL);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:11:00+00', '/0', 1, 5, 5);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:02:00+00', '/2', 2, 17, 10);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:09:00+00', '/1', 2, 11, 7);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:07:00+00', '/1', 3, 23, 12);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:10:00+00', '/2', 2, 9, 8);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:04:00+00', '/0', 3, 17, 10);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:11:00+00', '/2', 2, 11, 7);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:10:00+00', '/1', 3, 13, 10);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:01:00+00', '/2', 3, 16, 11);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:07:00+00', '/2', 4, 24, 11);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:01:00+00', '/0', 3, 14, 12);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:25:00+00', '/3', 1, 9, 9);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:03:00+00', '/2', 3, 13, 7);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:01:00+00', '/1', 3, 13, 10);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:08:00+00', '/2', 3, 27, 12);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:09:00+00', '/0', 3, 9, 6);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:07:00+00', '/0', 3, 20, 11);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:03:00+00', '/0', 3, 12, 7);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:22:00+00', '/1', 1, 5, 5);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:05:00+00', '/1', 3, 12, 7);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:12:00+00', '/4', 1, 5, 5);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:04:00+00', '/1', 2, 12, 11);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:00:00+00', '/2', 4, 18, 8);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:11:00+00', '/1', 1, 6, 6);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:02:00+00', '/1', 3, 31, 12);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:00:00+00', '/0', 4, 18, 9);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:09:00+00', '/2', 2, 7, 5);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:11:00+00', '/3', 1, 4, 4);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:03:00+00', '/1', 3, 15, 8);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:06:00+00', '/0', 2, 7, 5);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:21:00+00', '/3', 1, 7, 7);
INSERT INTO lk.batch_30_108 VALUES ('2020-01-01 10:05:00+00', '/0', 3, 27, 12);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:06:00+00', '/2', 2, 5, 4);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:04:00+00', '/2', 3, 23, 12);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:05:00+00', '/2', 3, 24, 11);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:06:00+00', '/1', 3, 9, 6);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:10:00+00', '/0', 3, 23, 12);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:08:00+00', '/1', 3, 24, 11);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:02:00+00', '/0', 3, 24, 11);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:00:00+00', '/1', 4, 18, 7);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:08:00+00', '/0', 3, 25, 10);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:12:00+00', NULL, 1, NULL, NULL);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:11:00+00', '/0', 1, 5, 5);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:02:00+00', '/2', 2, 17, 10);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:09:00+00', '/1', 2, 11, 7);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:07:00+00', '/1', 3, 23, 12);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:10:00+00', '/2', 2, 9, 8);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:04:00+00', '/0', 3, 17, 10);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:11:00+00', '/2', 2, 11, 7);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:10:00+00', '/1', 3, 13, 10);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:01:00+00', '/2', 3, 16, 11);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:07:00+00', '/2', 4, 24, 11);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:01:00+00', '/0', 3, 14, 12);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:03:00+00', '/2', 3, 13, 7);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:01:00+00', '/1', 3, 13, 10);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:08:00+00', '/2', 3, 27, 12);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:09:00+00', '/0', 3, 9, 6);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:07:00+00', '/0', 3, 20, 11);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:03:00+00', '/0', 3, 12, 7);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:22:00+00', '/1', 1, 5, 5);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:05:00+00', '/1', 3, 12, 7);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:12:00+00', '/4', 1, 5, 5);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:04:00+00', '/1', 2, 12, 11);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:00:00+00', '/2', 4, 18, 8);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:11:00+00', '/1', 1, 6, 6);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:02:00+00', '/1', 3, 31, 12);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:00:00+00', '/0', 4, 18, 9);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:09:00+00', '/2', 2, 7, 5);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:11:00+00', '/3', 1, 4, 4);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:03:00+00', '/1', 3, 15, 8);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:06:00+00', '/0', 2, 7, 5);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:21:00+00', '/3', 1, 7, 7);
INSERT INTO lk.batch_30_84 VALUES ('2020-01-01 10:05:00+00', '/0', 3, 27, 12);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:00:00+00', '/1', 4);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:00:00+00', '/2', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:01:00+00', '/1', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:01:00+00', '/2', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:02:00+00', '/2', 2);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:02:00+00', '/1', 2);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:03:00+00', '/2', 2);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:03:00+00', '/1', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:04:00+00', '/2', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:04:00+00', '/1', 2);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:05:00+00', '/1', 2);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:05:00+00', '/2', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:06:00+00', '/1', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:06:00+00', '/2', 2);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:07:00+00', '/1', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:07:00+00', '/2', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:08:00+00', '/1', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:08:00+00', '/2', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:09:00+00', '/2', 2);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:09:00+00', '/1', 2);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:10:00+00', '/2', 2);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:10:00+00', '/1', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:11:00+00', '/2', 2);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:11:00+00', '/1', 1);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:12:00+00', NULL, 1);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:12:00+00', '/4', 1);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:22:00+00', '/1', 1);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:00:00+00', '/0', 4);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:01:00+00', '/0', 2);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:02:00+00', '/0', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:03:00+00', '/0', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:04:00+00', '/0', 2);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:05:00+00', '/0', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:06:00+00', '/0', 2);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:07:00+00', '/0', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:08:00+00', '/0', 2);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:09:00+00', '/0', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:10:00+00', '/0', 3);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:11:00+00', '/0', 1);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:11:00+00', '/3', 1);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:21:00+00', '/3', 1);
INSERT INTO lk.batch_58_85 VALUES ('2020-01-01 10:25:00+00', '/3', 1);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:06:00+00', '/1', 2, 9);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:02:00+00', '/2', 2, 17);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:07:00+00', '/1', 3, 23);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:10:00+00', '/1', 2, 13);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:07:00+00', '/0', 3, 20);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:05:00+00', '/1', 3, 12);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:04:00+00', '/1', 2, 12);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:00:00+00', '/2', 4, 18);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:11:00+00', '/1', 1, 6);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:00:00+00', '/0', 3, 18);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:00:00+00', '/1', 4, 18);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:11:00+00', '/0', 1, 5);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:01:00+00', '/2', 3, 16);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:07:00+00', '/2', 3, 24);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:08:00+00', '/2', 3, 27);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:03:00+00', '/0', 3, 12);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:02:00+00', '/1', 3, 31);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:09:00+00', '/2', 2, 7);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:04:00+00', '/2', 3, 23);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:08:00+00', '/1', 3, 24);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:04:00+00', '/0', 3, 17);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:01:00+00', '/0', 2, 14);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:09:00+00', '/0', 2, 9);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:22:00+00', '/1', 1, 5);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:12:00+00', '/4', 1, 5);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:11:00+00', '/3', 1, 4);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:03:00+00', '/1', 3, 15);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:06:00+00', '/2', 2, 5);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:05:00+00', '/2', 3, 24);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:10:00+00', '/0', 3, 23);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:02:00+00', '/0', 3, 24);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:08:00+00', '/0', 3, 25);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:09:00+00', '/1', 2, 11);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:10:00+00', '/2', 2, 9);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:11:00+00', '/2', 2, 11);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:03:00+00', '/2', 2, 13);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:01:00+00', '/1', 2, 13);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:06:00+00', '/0', 2, 7);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:21:00+00', '/3', 1, 7);
INSERT INTO lk.batch_81_88 VALUES ('2020-01-01 10:05:00+00', '/0', 3, 27);
INSERT INTO lk.calendar VALUES (13, '1899-12-31 18:38:50+00', 86400, 2191);
INSERT INTO lk.calendar VALUES (13, '1905-12-31 18:38:50+00', 85870, 1);
INSERT INTO lk.calendar VALUES (13, '1906-01-01 18:30:00+00', 86400, 13056);
INSERT INTO lk.calendar VALUES (13, '1941-09-30 18:30:00+00', 82800, 1);
INSERT INTO lk.calendar VALUES (13, '1941-10-01 17:30:00+00', 86400, 224);
INSERT INTO lk.calendar VALUES (13, '1942-05-13 17:30:00+00', 90000, 1);
INSERT INTO lk.calendar VALUES (13, '1942-05-14 18:30:00+00', 86400, 109);
INSERT INTO lk.calendar VALUES (13, '1942-08-31 18:30:00+00', 82800, 1);
INSERT INTO lk.calendar VALUES (13, '1942-09-01 17:30:00+00', 86400, 1138);
INSERT INTO lk.calendar VALUES (13, '1945-10-13 17:30:00+00', 90000, 1);
INSERT INTO lk.calendar VALUES (13, '1945-10-14 18:30:00+00', 86400, 93214);
INSERT INTO lk.calendar VALUES (13, '2200-12-30 18:30:00+00', 0, 1);
INSERT INTO lk.copy VALUES (4, 3, 'lambda', 'live', true, 26, '"lk"."batch_4_26"', NULL, NULL, NULL, NULL, true, '2026-11-30 09:13:14.612908+00');
INSERT INTO lk.copy VALUES (9, 8, 'lambda', 'live', true, 27, '"lk"."batch_9_27"', NULL, NULL, NULL, NULL, true, '2026-11-30 09:13:14.617719+00');
INSERT INTO lk.copy VALUES (35, 8, 'kappa', 'live', true, 50, '"lk"."batch_35_44"', NULL, NULL, NULL, NULL, true, '2026-11-30 09:13:15.358813+00');
INSERT INTO lk.copy VALUES (39, 8, 'kappa', 'sandbox', true, 42, NULL, 'morning', 'event', '2020-01-01 10:02:00+00', '2020-01-01 10:05:00+00', false, '2026-11-30 09:13:15.577146+00');
INSERT INTO lk.copy VALUES (62, 8, 'kappa', 'sandbox', false, 65, NULL, 'morning', 'event', '2020-01-01 10:02:00+00', '2020-01-01 10:05:00+00', false, '2026-11-30 19:37:10.037715+00');
INSERT INTO lk.copy VALUES (69, 68, 'kappa', 'live', false, NULL, NULL, NULL, NULL, NULL, NULL, true, '2026-11-30 23:06:18.614843+00');
INSERT INTO lk.copy VALUES (75, 74, 'kappa', 'live', false, NULL, NULL, NULL, NULL, NULL, NULL, true, '2026-11-30 23:06:18.659452+00');
INSERT INTO lk.copy VALUES (81, 80, 'lambda', 'live', false, 88, '"lk"."batch_81_88"', NULL, NULL, NULL, NULL, true, '2026-11-30 23:06:18.694727+00');
INSERT INTO lk.copy VALUES (90, 68, 'kappa', 'live', false, NULL, NULL, NULL, NULL, NULL, NULL, true, '2026-12-01 04:18:42.751325+00');
INSERT INTO lk.copy VALUES (95, 94, 'kappa', 'live', false, NULL, NULL, NULL, NULL, NULL, NULL, true, '2026-12-01 04:18:42.81685+00');
INSERT INTO lk.copy VALUES (30, 29, 'lambda', 'live', false, 108, '"lk"."batch_30_108"', NULL, NULL, NULL, NULL, true, '2026-11-30 09:13:15.303937+00');
INSERT INTO lk.copy VALUES (58, 8, 'kappa', 'live', false, 109, '"lk"."batch_58_85"', NULL, NULL, NULL, NULL, true, '2026-11-30 19:37:09.651419+00');
INSERT INTO lk.copy VALUES (14, 13, 'lambda', 'live', false, 110, '"lk"."batch_14_110"', NULL, NULL, NULL, NULL, true, '2026-11-30 09:13:14.861353+00');
INSERT INTO lk.copy VALUES (19, 18, 'lambda', 'live', false, 111, '"lk"."batch_19_111"', NULL, NULL, NULL, NULL, true, '2026-11-30 09:13:14.865865+00');
INSERT INTO lk.copy VALUES (100, 99, 'lambda', 'live', false, 112, '"lk"."batch_100_112"', NULL, NULL, NULL, NULL, true, '2026-12-01 04:18:42.842048+00');
INSERT INTO lk.cut VALUES (22, 4, 'batch', 'released', '2026-11-30 09:13:15.00474+00');
INSERT INTO lk.cut VALUES (23, 9, 'batch', 'released', '2026-11-30 09:13:15.0149+00');
INSERT INTO lk.cut VALUES (24, 14, 'batch', 'released', '2026-11-30 09:13:15.02249+00');
INSERT INTO lk.cut VALUES (25, 19, 'batch', 'released', '2026-11-30 09:13:15.078333+00');
INSERT INTO lk.cut VALUES (38, 35, 'replay', 'abandoned', '2026-11-30 09:13:15.362008+00');
INSERT INTO lk.cut VALUES (43, 39, 'replay', 'abandoned', '2026-11-30 09:13:15.584664+00');
INSERT INTO lk.cut VALUES (33, 30, 'batch', 'released', '2026-11-30 09:13:15.320327+00');
INSERT INTO lk.cut VALUES (44, 35, 'seal', 'released', '2026-11-30 09:13:15.68881+00');
INSERT INTO lk.cut VALUES (28, 14, 'batch', 'released', '2026-11-30 09:13:15.232749+00');
INSERT INTO lk.cut VALUES (34, 19, 'batch', 'released', '2026-11-30 09:13:15.333014+00');
INSERT INTO lk.cut VALUES (45, 30, 'batch', 'released', '2026-11-30 16:14:54.691018+00');
INSERT INTO lk.cut VALUES (46, 35, 'seal', 'released', '2026-11-30 16:14:54.877013+00');
INSERT INTO lk.cut VALUES (47, 14, 'batch', 'released', '2026-11-30 16:14:54.94998+00');
INSERT INTO lk.cut VALUES (48, 19, 'batch', 'released', '2026-11-30 16:14:55.807864+00');
INSERT INTO lk.cut VALUES (26, 4, 'batch', 'released', '2026-11-30 09:13:15.220214+00');
INSERT INTO lk.cut VALUES (27, 9, 'batch', 'released', '2026-11-30 09:13:15.227998+00');
INSERT INTO lk.cut VALUES (51, 14, 'batch', 'released', '2026-11-30 19:37:08.533563+00');
INSERT INTO lk.cut VALUES (52, 19, 'batch', 'released', '2026-11-30 19:37:08.827926+00');
INSERT INTO lk.cut VALUES (49, 30, 'batch', 'released', '2026-11-30 19:37:08.343866+00');
INSERT INTO lk.cut VALUES (61, 58, 'replay', 'abandoned', '2026-11-30 19:37:09.684681+00');
INSERT INTO lk.cut VALUES (65, 62, 'start', 'published', '2026-11-30 19:37:10.042965+00');
INSERT INTO lk.cut VALUES (50, 35, 'seal', 'released', '2026-11-30 19:37:08.483748+00');
INSERT INTO lk.cut VALUES (66, 62, 'replay', 'abandoned', '2026-11-30 19:37:10.059414+00');
INSERT INTO lk.cut VALUES (42, 39, 'start', 'released', '2026-11-30 09:13:15.578834+00');
INSERT INTO lk.cut VALUES (57, 30, 'batch', 'released', '2026-11-30 19:37:09.511401+00');
INSERT INTO lk.cut VALUES (55, 14, 'batch', 'released', '2026-11-30 19:37:09.103482+00');
INSERT INTO lk.cut VALUES (56, 19, 'batch', 'released', '2026-11-30 19:37:09.427232+00');
INSERT INTO lk.cut VALUES (88, 81, 'batch', 'published', '2026-11-30 23:06:19.795311+00');
INSERT INTO lk.cut VALUES (103, 90, 'replay', 'abandoned', '2026-12-01 04:18:42.856753+00');
INSERT INTO lk.cut VALUES (104, 95, 'replay', 'abandoned', '2026-12-01 04:18:43.00055+00');
INSERT INTO lk.cut VALUES (106, 100, 'replay', 'abandoned', '2026-12-01 04:18:43.158201+00');
INSERT INTO lk.cut VALUES (107, 100, 'compare', 'abandoned', '2026-12-01 04:18:43.335284+00');
INSERT INTO lk.cut VALUES (108, 30, 'batch', 'published', '2026-12-01 04:18:43.905281+00');
INSERT INTO lk.cut VALUES (84, 30, 'batch', 'released', '2026-11-30 23:06:19.257332+00');
INSERT INTO lk.cut VALUES (109, 58, 'seal', 'published', '2026-12-01 04:18:43.948225+00');
INSERT INTO lk.cut VALUES (85, 58, 'seal', 'released', '2026-11-30 23:06:19.433479+00');
INSERT INTO lk.cut VALUES (110, 14, 'batch', 'published', '2026-12-01 04:18:43.964649+00');
INSERT INTO lk.cut VALUES (86, 14, 'batch', 'released', '2026-11-30 23:06:19.46499+00');
INSERT INTO lk.cut VALUES (111, 19, 'batch', 'published', '2026-12-01 04:18:44.177707+00');
INSERT INTO lk.cut VALUES (87, 19, 'batch', 'released', '2026-11-30 23:06:19.756231+00');
INSERT INTO lk.cut VALUES (112, 100, 'batch', 'published', '2026-12-01 04:18:44.21271+00');
INSERT INTO lk.cut VALUES (105, 100, 'batch', 'released', '2026-12-01 04:18:43.10826+00');
INSERT INTO lk.cut_part VALUES (22, 0, 40, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:06:46+00', 1);
INSERT INTO lk.cut_part VALUES (22, 1, 20, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:06:39+00', 1);
INSERT INTO lk.cut_part VALUES (23, 0, 40, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:06:46+00', 1);
INSERT INTO lk.cut_part VALUES (23, 1, 20, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:06:39+00', 1);
INSERT INTO lk.cut_part VALUES (24, 0, 40, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:06:46+00', 1);
INSERT INTO lk.cut_part VALUES (24, 1, 20, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:06:39+00', 1);
INSERT INTO lk.cut_part VALUES (25, 0, 40, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:06:46+00', 1);
INSERT INTO lk.cut_part VALUES (25, 1, 20, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:06:39+00', 1);
INSERT INTO lk.cut_part VALUES (26, 0, 66, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:11:26+00', 1);
INSERT INTO lk.cut_part VALUES (26, 1, 34, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:11:12+00', 1);
INSERT INTO lk.cut_part VALUES (27, 0, 66, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:11:26+00', 1);
INSERT INTO lk.cut_part VALUES (27, 1, 34, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:11:12+00', 1);
INSERT INTO lk.cut_part VALUES (28, 0, 66, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:11:26+00', 1);
INSERT INTO lk.cut_part VALUES (28, 1, 34, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:11:12+00', 1);
INSERT INTO lk.cut_part VALUES (33, 0, 66, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:11:26+00', 1);
INSERT INTO lk.cut_part VALUES (33, 1, 34, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:11:12+00', 1);
INSERT INTO lk.cut_part VALUES (34, 0, 66, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:11:26+00', 1);
INSERT INTO lk.cut_part VALUES (34, 1, 34, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:11:12+00', 1);
INSERT INTO lk.cut_part VALUES (38, 0, 66, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:11:26+00', 1);
INSERT INTO lk.cut_part VALUES (38, 1, 34, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:11:12+00', 1);
INSERT INTO lk.cut_part VALUES (42, 0, 13, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:01:59+00', 1);
INSERT INTO lk.cut_part VALUES (42, 1, 6, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:01:45+00', 1);
INSERT INTO lk.cut_part VALUES (43, 0, 40, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:06:46+00', 1);
INSERT INTO lk.cut_part VALUES (43, 1, 24, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:07:42+00', 1);
INSERT INTO lk.cut_part VALUES (44, 0, 66, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:11:26+00', 1);
INSERT INTO lk.cut_part VALUES (44, 1, 34, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:11:12+00', 1);
INSERT INTO lk.cut_part VALUES (45, 0, 66, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:11:26+00', 1);
INSERT INTO lk.cut_part VALUES (45, 1, 35, '2026-11-30 16:14:54.022299+00', '2020-01-01 10:11:30+00', 1);
INSERT INTO lk.cut_part VALUES (46, 0, 66, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:11:26+00', 1);
INSERT INTO lk.cut_part VALUES (46, 1, 35, '2026-11-30 16:14:54.022299+00', '2020-01-01 10:11:30+00', 1);
INSERT INTO lk.cut_part VALUES (47, 0, 66, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:11:26+00', 1);
INSERT INTO lk.cut_part VALUES (47, 1, 35, '2026-11-30 16:14:54.022299+00', '2020-01-01 10:11:30+00', 1);
INSERT INTO lk.cut_part VALUES (48, 0, 66, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:11:26+00', 1);
INSERT INTO lk.cut_part VALUES (48, 1, 35, '2026-11-30 16:14:54.022299+00', '2020-01-01 10:11:30+00', 1);
INSERT INTO lk.cut_part VALUES (49, 0, 68, '2026-11-30 19:37:08.115753+00', '2020-01-01 10:12:30+00', 1);
INSERT INTO lk.cut_part VALUES (49, 1, 35, '2026-11-30 16:14:54.022299+00', '2020-01-01 10:11:30+00', 1);
INSERT INTO lk.cut_part VALUES (50, 0, 68, '2026-11-30 19:37:08.115753+00', '2020-01-01 10:12:30+00', 1);
INSERT INTO lk.cut_part VALUES (50, 1, 35, '2026-11-30 16:14:54.022299+00', '2020-01-01 10:11:30+00', 1);
INSERT INTO lk.cut_part VALUES (51, 0, 68, '2026-11-30 19:37:08.115753+00', '2020-01-01 10:12:30+00', 1);
INSERT INTO lk.cut_part VALUES (51, 1, 35, '2026-11-30 16:14:54.022299+00', '2020-01-01 10:11:30+00', 1);
INSERT INTO lk.cut_part VALUES (52, 0, 68, '2026-11-30 19:37:08.115753+00', '2020-01-01 10:12:30+00', 1);
INSERT INTO lk.cut_part VALUES (52, 1, 35, '2026-11-30 16:14:54.022299+00', '2020-01-01 10:11:30+00', 1);
INSERT INTO lk.cut_part VALUES (55, 0, 68, '2026-11-30 19:37:08.115753+00', '2020-01-01 10:12:30+00', 1);
INSERT INTO lk.cut_part VALUES (55, 1, 35, '2026-11-30 16:14:54.022299+00', '2020-01-01 10:11:30+00', 1);
INSERT INTO lk.cut_part VALUES (56, 0, 68, '2026-11-30 19:37:08.115753+00', '2020-01-01 10:12:30+00', 1);
INSERT INTO lk.cut_part VALUES (56, 1, 35, '2026-11-30 16:14:54.022299+00', '2020-01-01 10:11:30+00', 1);
INSERT INTO lk.cut_part VALUES (57, 0, 68, '2026-11-30 19:37:08.115753+00', '2020-01-01 10:12:30+00', 1);
INSERT INTO lk.cut_part VALUES (57, 1, 35, '2026-11-30 16:14:54.022299+00', '2020-01-01 10:11:30+00', 1);
INSERT INTO lk.cut_part VALUES (61, 0, 68, '2026-11-30 19:37:08.115753+00', '2020-01-01 10:12:30+00', 1);
INSERT INTO lk.cut_part VALUES (61, 1, 35, '2026-11-30 16:14:54.022299+00', '2020-01-01 10:11:30+00', 1);
INSERT INTO lk.cut_part VALUES (65, 0, 13, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:01:59+00', 1);
INSERT INTO lk.cut_part VALUES (65, 1, 6, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:01:45+00', 1);
INSERT INTO lk.cut_part VALUES (66, 0, 40, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:06:46+00', 1);
INSERT INTO lk.cut_part VALUES (66, 1, 24, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:07:42+00', 1);
INSERT INTO lk.cut_part VALUES (84, 0, 69, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 1);
INSERT INTO lk.cut_part VALUES (84, 1, 36, '2026-11-30 23:06:18.999373+00', '2020-01-01 10:21:00+00', 1);
INSERT INTO lk.cut_part VALUES (85, 0, 69, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 1);
INSERT INTO lk.cut_part VALUES (85, 1, 36, '2026-11-30 23:06:18.999373+00', '2020-01-01 10:21:00+00', 1);
INSERT INTO lk.cut_part VALUES (86, 0, 69, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 1);
INSERT INTO lk.cut_part VALUES (86, 1, 36, '2026-11-30 23:06:18.999373+00', '2020-01-01 10:21:00+00', 1);
INSERT INTO lk.cut_part VALUES (87, 0, 69, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 1);
INSERT INTO lk.cut_part VALUES (87, 1, 36, '2026-11-30 23:06:18.999373+00', '2020-01-01 10:21:00+00', 1);
INSERT INTO lk.cut_part VALUES (88, 0, 63, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 72);
INSERT INTO lk.cut_part VALUES (88, 1, 33, '2026-11-30 23:06:18.999373+00', '2020-01-01 10:21:00+00', 72);
INSERT INTO lk.cut_part VALUES (103, 0, 69, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 1);
INSERT INTO lk.cut_part VALUES (103, 1, 36, '2026-11-30 23:06:18.999373+00', '2020-01-01 10:21:00+00', 1);
INSERT INTO lk.cut_part VALUES (104, 0, 63, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 93);
INSERT INTO lk.cut_part VALUES (104, 1, 33, '2026-11-30 23:06:18.999373+00', '2020-01-01 10:21:00+00', 93);
INSERT INTO lk.cut_part VALUES (105, 0, 63, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 93);
INSERT INTO lk.cut_part VALUES (105, 1, 33, '2026-11-30 23:06:18.999373+00', '2020-01-01 10:21:00+00', 93);
INSERT INTO lk.cut_part VALUES (106, 0, 63, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 93);
INSERT INTO lk.cut_part VALUES (106, 1, 33, '2026-11-30 23:06:18.999373+00', '2020-01-01 10:21:00+00', 93);
INSERT INTO lk.cut_part VALUES (107, 0, 63, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 93);
INSERT INTO lk.cut_part VALUES (107, 1, 33, '2026-11-30 23:06:18.999373+00', '2020-01-01 10:21:00+00', 93);
INSERT INTO lk.cut_part VALUES (108, 0, 69, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 1);
INSERT INTO lk.cut_part VALUES (108, 1, 37, '2026-12-01 04:18:43.615537+00', '2020-01-01 10:25:00+00', 1);
INSERT INTO lk.cut_part VALUES (109, 0, 69, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 1);
INSERT INTO lk.cut_part VALUES (109, 1, 37, '2026-12-01 04:18:43.615537+00', '2020-01-01 10:25:00+00', 1);
INSERT INTO lk.cut_part VALUES (110, 0, 69, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 1);
INSERT INTO lk.cut_part VALUES (110, 1, 37, '2026-12-01 04:18:43.615537+00', '2020-01-01 10:25:00+00', 1);
INSERT INTO lk.cut_part VALUES (111, 0, 69, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 1);
INSERT INTO lk.cut_part VALUES (111, 1, 37, '2026-12-01 04:18:43.615537+00', '2020-01-01 10:25:00+00', 1);
INSERT INTO lk.cut_part VALUES (112, 0, 63, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', 93);
INSERT INTO lk.cut_part VALUES (112, 1, 34, '2026-12-01 04:18:43.615537+00', '2020-01-01 10:25:00+00', 93);
INSERT INTO lk.delivery VALUES (89, 'reader', 'pages', 'a command', 'lk position 1
database 7beaf2bc410b59c12b485141dc06e713
stream pages
log 72
part 0 next 5 at 1796029994890767 src 4 lost 0
part 1 next 0 at - src - lost 0
digest 4b75d8dc74f23f281d92762d04183933
', 5, '2026-11-30 23:06:19.97483+00', NULL, NULL);
INSERT INTO lk.erased VALUES (53, 0, 66);
INSERT INTO lk.erasure VALUES (53, 1, 'path =', 'lk', '2026-11-30 19:37:09.046889+00', 1, 0, 54, '2026-11-30 19:37:13.990044+00');
INSERT INTO lk.late VALUES (58, 0, 19, '2020-01-01 10:00:03+00', '2020-01-01 10:00:00+00', '2020-01-01 10:03:06+00');
INSERT INTO lk.late VALUES (58, 0, 32, '2020-01-01 10:02:23+00', '2020-01-01 10:02:00+00', '2020-01-01 10:05:19+00');
INSERT INTO lk.late VALUES (58, 0, 39, '2020-01-01 10:03:33+00', '2020-01-01 10:03:00+00', '2020-01-01 10:06:36+00');
INSERT INTO lk.late VALUES (58, 0, 52, '2020-01-01 10:05:53+00', '2020-01-01 10:05:00+00', '2020-01-01 10:08:49+00');
INSERT INTO lk.late VALUES (58, 0, 59, '2020-01-01 10:07:03+00', '2020-01-01 10:07:00+00', '2020-01-01 10:10:06+00');
INSERT INTO lk.late VALUES (58, 1, 13, '2020-01-01 10:01:13+00', '2020-01-01 10:01:00+00', '2020-01-01 10:04:02+00');
INSERT INTO lk.late VALUES (58, 1, 23, '2020-01-01 10:04:43+00', '2020-01-01 10:04:00+00', '2020-01-01 10:07:32+00');
INSERT INTO lk.late VALUES (58, 1, 33, '2020-01-01 10:08:13+00', '2020-01-01 10:08:00+00', '2020-01-01 10:11:02+00');
INSERT INTO lk.late VALUES (62, 0, 32, '2020-01-01 10:02:23+00', '2020-01-01 10:02:00+00', '2020-01-01 10:05:19+00');
INSERT INTO lk.late VALUES (62, 0, 39, '2020-01-01 10:03:33+00', '2020-01-01 10:03:00+00', '2020-01-01 10:06:36+00');
INSERT INTO lk.late VALUES (62, 1, 23, '2020-01-01 10:04:43+00', '2020-01-01 10:04:00+00', '2020-01-01 10:07:32+00');
INSERT INTO lk.late_block VALUES (58, 0, 0, 5);
INSERT INTO lk.late_block VALUES (58, 1, 0, 3);
INSERT INTO lk.late_block VALUES (62, 0, 0, 2);
INSERT INTO lk.late_block VALUES (62, 1, 0, 1);
INSERT INTO lk.meta VALUES (true, '7beaf2bc410b59c12b485141dc06e713', 9);
INSERT INTO lk.part_hits_0 VALUES (0, 0, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:00:07+00', '/1', 1);
INSERT INTO lk.part_hits_0 VALUES (0, 1, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:00:14+00', '/2', 2);
INSERT INTO lk.part_hits_0 VALUES (0, 2, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:00:28+00', '/1', 4);
INSERT INTO lk.part_hits_0 VALUES (0, 3, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:00:35+00', '/2', 5);
INSERT INTO lk.part_hits_0 VALUES (0, 4, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:00:49+00', '/1', 7);
INSERT INTO lk.part_hits_0 VALUES (0, 5, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:00:56+00', '/2', 8);
INSERT INTO lk.part_hits_0 VALUES (0, 6, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:01:10+00', '/1', 10);
INSERT INTO lk.part_hits_0 VALUES (0, 7, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:01:17+00', '/2', 11);
INSERT INTO lk.part_hits_0 VALUES (0, 8, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:01:31+00', '/1', 0);
INSERT INTO lk.part_hits_0 VALUES (0, 9, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:01:38+00', '/2', 1);
INSERT INTO lk.part_hits_0 VALUES (0, 10, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:01:52+00', '/1', 3);
INSERT INTO lk.part_hits_0 VALUES (0, 11, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:01:59+00', '/2', 4);
INSERT INTO lk.part_hits_0 VALUES (0, 12, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:00:00+00', '/1', 6);
INSERT INTO lk.part_hits_0 VALUES (0, 13, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:02:20+00', '/2', 7);
INSERT INTO lk.part_hits_0 VALUES (0, 14, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:02:34+00', '/1', 9);
INSERT INTO lk.part_hits_0 VALUES (0, 15, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:02:41+00', '/2', 10);
INSERT INTO lk.part_hits_0 VALUES (0, 16, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:02:55+00', '/1', 12);
INSERT INTO lk.part_hits_0 VALUES (0, 17, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:03:02+00', '/2', 0);
INSERT INTO lk.part_hits_0 VALUES (0, 18, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:03:16+00', '/1', 2);
INSERT INTO lk.part_hits_0 VALUES (0, 19, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:00:03+00', '/2', 3);
INSERT INTO lk.part_hits_0 VALUES (0, 20, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:03:37+00', '/1', 5);
INSERT INTO lk.part_hits_0 VALUES (0, 21, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:03:44+00', '/2', 6);
INSERT INTO lk.part_hits_0 VALUES (0, 22, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:03:58+00', '/1', 8);
INSERT INTO lk.part_hits_0 VALUES (0, 23, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:04:05+00', '/2', 9);
INSERT INTO lk.part_hits_0 VALUES (0, 24, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:04:19+00', '/1', 11);
INSERT INTO lk.part_hits_0 VALUES (0, 25, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:04:26+00', '/2', 12);
INSERT INTO lk.part_hits_0 VALUES (0, 26, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:04:40+00', '/1', 1);
INSERT INTO lk.part_hits_0 VALUES (0, 27, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:04:47+00', '/2', 2);
INSERT INTO lk.part_hits_0 VALUES (0, 28, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:05:01+00', '/1', 4);
INSERT INTO lk.part_hits_0 VALUES (0, 29, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:05:08+00', '/2', 5);
INSERT INTO lk.part_hits_0 VALUES (0, 30, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:05:22+00', '/1', 7);
INSERT INTO lk.part_hits_0 VALUES (0, 31, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:05:29+00', '/2', 8);
INSERT INTO lk.part_hits_0 VALUES (0, 32, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:02:23+00', '/1', 10);
INSERT INTO lk.part_hits_0 VALUES (0, 33, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:05:50+00', '/2', 11);
INSERT INTO lk.part_hits_0 VALUES (0, 34, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:06:04+00', '/1', 0);
INSERT INTO lk.part_hits_0 VALUES (0, 35, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:06:11+00', '/2', 1);
INSERT INTO lk.part_hits_0 VALUES (0, 36, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:06:25+00', '/1', 3);
INSERT INTO lk.part_hits_0 VALUES (0, 37, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:06:32+00', '/2', 4);
INSERT INTO lk.part_hits_0 VALUES (0, 38, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:06:46+00', '/1', 6);
INSERT INTO lk.part_hits_0 VALUES (0, 39, '2026-11-30 09:13:14.890767+00', '2020-01-01 10:03:33+00', '/2', 7);
INSERT INTO lk.part_hits_0 VALUES (0, 40, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:07:07+00', '/1', 9);
INSERT INTO lk.part_hits_0 VALUES (0, 41, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:07:14+00', '/2', 10);
INSERT INTO lk.part_hits_0 VALUES (0, 42, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:07:28+00', '/1', 12);
INSERT INTO lk.part_hits_0 VALUES (0, 43, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:07:35+00', '/2', 0);
INSERT INTO lk.part_hits_0 VALUES (0, 44, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:07:49+00', '/1', 2);
INSERT INTO lk.part_hits_0 VALUES (0, 45, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:07:56+00', '/2', 3);
INSERT INTO lk.part_hits_0 VALUES (0, 46, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:08:10+00', '/1', 5);
INSERT INTO lk.part_hits_0 VALUES (0, 47, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:08:17+00', '/2', 6);
INSERT INTO lk.part_hits_0 VALUES (0, 48, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:08:31+00', '/1', 8);
INSERT INTO lk.part_hits_0 VALUES (0, 49, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:08:38+00', '/2', 9);
INSERT INTO lk.part_hits_0 VALUES (0, 50, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:08:52+00', '/1', 11);
INSERT INTO lk.part_hits_0 VALUES (0, 51, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:08:59+00', '/2', 12);
INSERT INTO lk.part_hits_0 VALUES (0, 52, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:05:53+00', '/1', 1);
INSERT INTO lk.part_hits_0 VALUES (0, 53, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:09:20+00', '/2', 2);
INSERT INTO lk.part_hits_0 VALUES (0, 54, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:09:34+00', '/1', 4);
INSERT INTO lk.part_hits_0 VALUES (0, 55, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:09:41+00', '/2', 5);
INSERT INTO lk.part_hits_0 VALUES (0, 56, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:09:55+00', '/1', 7);
INSERT INTO lk.part_hits_0 VALUES (0, 57, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:10:02+00', '/2', 8);
INSERT INTO lk.part_hits_0 VALUES (0, 58, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:10:16+00', '/1', 10);
INSERT INTO lk.part_hits_0 VALUES (0, 59, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:07:03+00', '/2', 11);
INSERT INTO lk.part_hits_0 VALUES (0, 60, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:10:37+00', '/1', 0);
INSERT INTO lk.part_hits_0 VALUES (0, 61, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:10:44+00', '/2', 1);
INSERT INTO lk.part_hits_0 VALUES (0, 62, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:10:58+00', '/1', 3);
INSERT INTO lk.part_hits_0 VALUES (0, 63, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:11:05+00', '/2', 4);
INSERT INTO lk.part_hits_0 VALUES (0, 64, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:11:19+00', '/1', 6);
INSERT INTO lk.part_hits_0 VALUES (0, 65, '2026-11-30 09:13:15.111737+00', '2020-01-01 10:11:26+00', '/2', 7);
INSERT INTO lk.part_hits_0 VALUES (0, 67, '2026-11-30 19:37:08.115753+00', '2020-01-01 10:12:30+00', '/4', 5);
INSERT INTO lk.part_hits_0 VALUES (0, 66, '2026-11-30 19:37:08.115753+00', '2020-01-01 10:12:00+00', NULL, NULL);
INSERT INTO lk.part_hits_0 VALUES (0, 68, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', '/1', 5);
INSERT INTO lk.part_hits_1 VALUES (1, 0, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:00:00+00', '/0', 0);
INSERT INTO lk.part_hits_1 VALUES (1, 1, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:00:21+00', '/0', 3);
INSERT INTO lk.part_hits_1 VALUES (1, 2, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:00:42+00', '/0', 6);
INSERT INTO lk.part_hits_1 VALUES (1, 3, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:00:00+00', '/0', 9);
INSERT INTO lk.part_hits_1 VALUES (1, 4, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:01:24+00', '/0', 12);
INSERT INTO lk.part_hits_1 VALUES (1, 5, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:01:45+00', '/0', 2);
INSERT INTO lk.part_hits_1 VALUES (1, 6, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:02:06+00', '/0', 5);
INSERT INTO lk.part_hits_1 VALUES (1, 7, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:02:27+00', '/0', 8);
INSERT INTO lk.part_hits_1 VALUES (1, 8, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:02:48+00', '/0', 11);
INSERT INTO lk.part_hits_1 VALUES (1, 9, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:03:09+00', '/0', 1);
INSERT INTO lk.part_hits_1 VALUES (1, 10, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:03:30+00', '/0', 4);
INSERT INTO lk.part_hits_1 VALUES (1, 11, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:03:51+00', '/0', 7);
INSERT INTO lk.part_hits_1 VALUES (1, 12, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:04:12+00', '/0', 10);
INSERT INTO lk.part_hits_1 VALUES (1, 13, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:01:13+00', '/0', 0);
INSERT INTO lk.part_hits_1 VALUES (1, 14, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:04:54+00', '/0', 3);
INSERT INTO lk.part_hits_1 VALUES (1, 15, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:05:15+00', '/0', 6);
INSERT INTO lk.part_hits_1 VALUES (1, 16, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:05:36+00', '/0', 9);
INSERT INTO lk.part_hits_1 VALUES (1, 17, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:05:57+00', '/0', 12);
INSERT INTO lk.part_hits_1 VALUES (1, 18, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:06:18+00', '/0', 2);
INSERT INTO lk.part_hits_1 VALUES (1, 19, '2026-11-30 09:13:14.890829+00', '2020-01-01 10:06:39+00', '/0', 5);
INSERT INTO lk.part_hits_1 VALUES (1, 20, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:07:00+00', '/0', 8);
INSERT INTO lk.part_hits_1 VALUES (1, 21, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:07:21+00', '/0', 11);
INSERT INTO lk.part_hits_1 VALUES (1, 22, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:07:42+00', '/0', 1);
INSERT INTO lk.part_hits_1 VALUES (1, 23, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:04:43+00', '/0', 4);
INSERT INTO lk.part_hits_1 VALUES (1, 24, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:08:24+00', '/0', 7);
INSERT INTO lk.part_hits_1 VALUES (1, 25, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:08:45+00', '/0', 10);
INSERT INTO lk.part_hits_1 VALUES (1, 26, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:09:06+00', '/0', 0);
INSERT INTO lk.part_hits_1 VALUES (1, 27, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:09:27+00', '/0', 3);
INSERT INTO lk.part_hits_1 VALUES (1, 28, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:09:48+00', '/0', 6);
INSERT INTO lk.part_hits_1 VALUES (1, 29, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:10:09+00', '/0', 9);
INSERT INTO lk.part_hits_1 VALUES (1, 30, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:10:30+00', '/0', 12);
INSERT INTO lk.part_hits_1 VALUES (1, 31, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:10:51+00', '/0', 2);
INSERT INTO lk.part_hits_1 VALUES (1, 32, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:11:12+00', '/0', 5);
INSERT INTO lk.part_hits_1 VALUES (1, 33, '2026-11-30 09:13:15.11179+00', '2020-01-01 10:08:13+00', '/0', 8);
INSERT INTO lk.part_hits_1 VALUES (1, 34, '2026-11-30 16:14:54.022299+00', '2020-01-01 10:11:30+00', '/3', 4);
INSERT INTO lk.part_hits_1 VALUES (1, 35, '2026-11-30 23:06:18.999373+00', '2020-01-01 10:21:00+00', '/3', 7);
INSERT INTO lk.part_hits_1 VALUES (1, 36, '2026-12-01 04:18:43.615537+00', '2020-01-01 10:25:00+00', '/3', 9);
INSERT INTO lk."part_pages@90_0" VALUES (0, 0, '2026-11-30 09:13:14.890767+00', 0, NULL, '2020-01-01 10:00:07+00', '/1', 1);
INSERT INTO lk."part_pages@90_0" VALUES (0, 1, '2026-11-30 09:13:14.890767+00', 1, '2020-01-01 10:00:07+00', '2020-01-01 10:00:14+00', '/2', 2);
INSERT INTO lk."part_pages@90_0" VALUES (0, 2, '2026-11-30 09:13:14.890767+00', 2, '2020-01-01 10:00:14+00', '2020-01-01 10:00:28+00', '/1', 4);
INSERT INTO lk."part_pages@90_0" VALUES (0, 3, '2026-11-30 09:13:14.890767+00', 3, '2020-01-01 10:00:28+00', '2020-01-01 10:00:35+00', '/2', 5);
INSERT INTO lk."part_pages@90_0" VALUES (0, 4, '2026-11-30 09:13:14.890767+00', 4, '2020-01-01 10:00:35+00', '2020-01-01 10:00:49+00', '/1', 7);
INSERT INTO lk."part_pages@90_0" VALUES (0, 5, '2026-11-30 09:13:14.890767+00', 5, '2020-01-01 10:00:49+00', '2020-01-01 10:00:56+00', '/2', 8);
INSERT INTO lk."part_pages@90_0" VALUES (0, 6, '2026-11-30 09:13:14.890767+00', 6, '2020-01-01 10:00:56+00', '2020-01-01 10:01:10+00', '/1', 10);
INSERT INTO lk."part_pages@90_0" VALUES (0, 7, '2026-11-30 09:13:14.890767+00', 7, '2020-01-01 10:01:10+00', '2020-01-01 10:01:17+00', '/2', 11);
INSERT INTO lk."part_pages@90_0" VALUES (0, 8, '2026-11-30 09:13:14.890767+00', 9, '2020-01-01 10:01:31+00', '2020-01-01 10:01:38+00', '/2', 1);
INSERT INTO lk."part_pages@90_0" VALUES (0, 9, '2026-11-30 09:13:14.890767+00', 10, '2020-01-01 10:01:38+00', '2020-01-01 10:01:52+00', '/1', 3);
INSERT INTO lk."part_pages@90_0" VALUES (0, 10, '2026-11-30 09:13:14.890767+00', 11, '2020-01-01 10:01:52+00', '2020-01-01 10:01:59+00', '/2', 4);
INSERT INTO lk."part_pages@90_0" VALUES (0, 11, '2026-11-30 09:13:14.890767+00', 12, '2020-01-01 10:01:59+00', '2020-01-01 10:00:00+00', '/1', 6);
INSERT INTO lk."part_pages@90_0" VALUES (0, 12, '2026-11-30 09:13:14.890767+00', 13, '2020-01-01 10:01:59+00', '2020-01-01 10:02:20+00', '/2', 7);
INSERT INTO lk."part_pages@90_0" VALUES (0, 13, '2026-11-30 09:13:14.890767+00', 14, '2020-01-01 10:02:20+00', '2020-01-01 10:02:34+00', '/1', 9);
INSERT INTO lk."part_pages@90_0" VALUES (0, 14, '2026-11-30 09:13:14.890767+00', 15, '2020-01-01 10:02:34+00', '2020-01-01 10:02:41+00', '/2', 10);
INSERT INTO lk."part_pages@90_0" VALUES (0, 15, '2026-11-30 09:13:14.890767+00', 16, '2020-01-01 10:02:41+00', '2020-01-01 10:02:55+00', '/1', 12);
INSERT INTO lk."part_pages@90_0" VALUES (0, 16, '2026-11-30 09:13:14.890767+00', 18, '2020-01-01 10:03:02+00', '2020-01-01 10:03:16+00', '/1', 2);
INSERT INTO lk."part_pages@90_0" VALUES (0, 17, '2026-11-30 09:13:14.890767+00', 19, '2020-01-01 10:03:16+00', '2020-01-01 10:00:03+00', '/2', 3);
INSERT INTO lk."part_pages@90_0" VALUES (0, 18, '2026-11-30 09:13:14.890767+00', 20, '2020-01-01 10:03:16+00', '2020-01-01 10:03:37+00', '/1', 5);
INSERT INTO lk."part_pages@90_0" VALUES (0, 19, '2026-11-30 09:13:14.890767+00', 21, '2020-01-01 10:03:37+00', '2020-01-01 10:03:44+00', '/2', 6);
INSERT INTO lk."part_pages@90_0" VALUES (0, 20, '2026-11-30 09:13:14.890767+00', 22, '2020-01-01 10:03:44+00', '2020-01-01 10:03:58+00', '/1', 8);
INSERT INTO lk."part_pages@90_0" VALUES (0, 21, '2026-11-30 09:13:14.890767+00', 23, '2020-01-01 10:03:58+00', '2020-01-01 10:04:05+00', '/2', 9);
INSERT INTO lk."part_pages@90_0" VALUES (0, 22, '2026-11-30 09:13:14.890767+00', 24, '2020-01-01 10:04:05+00', '2020-01-01 10:04:19+00', '/1', 11);
INSERT INTO lk."part_pages@90_0" VALUES (0, 23, '2026-11-30 09:13:14.890767+00', 25, '2020-01-01 10:04:19+00', '2020-01-01 10:04:26+00', '/2', 12);
INSERT INTO lk."part_pages@90_0" VALUES (0, 24, '2026-11-30 09:13:14.890767+00', 26, '2020-01-01 10:04:26+00', '2020-01-01 10:04:40+00', '/1', 1);
INSERT INTO lk."part_pages@90_0" VALUES (0, 25, '2026-11-30 09:13:14.890767+00', 27, '2020-01-01 10:04:40+00', '2020-01-01 10:04:47+00', '/2', 2);
INSERT INTO lk."part_pages@90_0" VALUES (0, 26, '2026-11-30 09:13:14.890767+00', 28, '2020-01-01 10:04:47+00', '2020-01-01 10:05:01+00', '/1', 4);
INSERT INTO lk."part_pages@90_0" VALUES (0, 27, '2026-11-30 09:13:14.890767+00', 29, '2020-01-01 10:05:01+00', '2020-01-01 10:05:08+00', '/2', 5);
INSERT INTO lk."part_pages@90_0" VALUES (0, 28, '2026-11-30 09:13:14.890767+00', 30, '2020-01-01 10:05:08+00', '2020-01-01 10:05:22+00', '/1', 7);
INSERT INTO lk."part_pages@90_0" VALUES (0, 29, '2026-11-30 09:13:14.890767+00', 31, '2020-01-01 10:05:22+00', '2020-01-01 10:05:29+00', '/2', 8);
INSERT INTO lk."part_pages@90_0" VALUES (0, 30, '2026-11-30 09:13:14.890767+00', 32, '2020-01-01 10:05:29+00', '2020-01-01 10:02:23+00', '/1', 10);
INSERT INTO lk."part_pages@90_0" VALUES (0, 31, '2026-11-30 09:13:14.890767+00', 33, '2020-01-01 10:05:29+00', '2020-01-01 10:05:50+00', '/2', 11);
INSERT INTO lk."part_pages@90_0" VALUES (0, 32, '2026-11-30 09:13:14.890767+00', 35, '2020-01-01 10:06:04+00', '2020-01-01 10:06:11+00', '/2', 1);
INSERT INTO lk."part_pages@90_0" VALUES (0, 33, '2026-11-30 09:13:14.890767+00', 36, '2020-01-01 10:06:11+00', '2020-01-01 10:06:25+00', '/1', 3);
INSERT INTO lk."part_pages@90_0" VALUES (0, 34, '2026-11-30 09:13:14.890767+00', 37, '2020-01-01 10:06:25+00', '2020-01-01 10:06:32+00', '/2', 4);
INSERT INTO lk."part_pages@90_0" VALUES (0, 35, '2026-11-30 09:13:14.890767+00', 38, '2020-01-01 10:06:32+00', '2020-01-01 10:06:46+00', '/1', 6);
INSERT INTO lk."part_pages@90_0" VALUES (0, 36, '2026-11-30 09:13:14.890767+00', 39, '2020-01-01 10:06:46+00', '2020-01-01 10:03:33+00', '/2', 7);
INSERT INTO lk."part_pages@90_0" VALUES (0, 37, '2026-11-30 09:13:15.111737+00', 40, '2020-01-01 10:06:46+00', '2020-01-01 10:07:07+00', '/1', 9);
INSERT INTO lk."part_pages@90_0" VALUES (0, 38, '2026-11-30 09:13:15.111737+00', 41, '2020-01-01 10:07:07+00', '2020-01-01 10:07:14+00', '/2', 10);
INSERT INTO lk."part_pages@90_0" VALUES (0, 39, '2026-11-30 09:13:15.111737+00', 42, '2020-01-01 10:07:14+00', '2020-01-01 10:07:28+00', '/1', 12);
INSERT INTO lk."part_pages@90_0" VALUES (0, 40, '2026-11-30 09:13:15.111737+00', 44, '2020-01-01 10:07:35+00', '2020-01-01 10:07:49+00', '/1', 2);
INSERT INTO lk."part_pages@90_0" VALUES (0, 41, '2026-11-30 09:13:15.111737+00', 45, '2020-01-01 10:07:49+00', '2020-01-01 10:07:56+00', '/2', 3);
INSERT INTO lk."part_pages@90_0" VALUES (0, 42, '2026-11-30 09:13:15.111737+00', 46, '2020-01-01 10:07:56+00', '2020-01-01 10:08:10+00', '/1', 5);
INSERT INTO lk."part_pages@90_0" VALUES (0, 43, '2026-11-30 09:13:15.111737+00', 47, '2020-01-01 10:08:10+00', '2020-01-01 10:08:17+00', '/2', 6);
INSERT INTO lk."part_pages@90_0" VALUES (0, 44, '2026-11-30 09:13:15.111737+00', 48, '2020-01-01 10:08:17+00', '2020-01-01 10:08:31+00', '/1', 8);
INSERT INTO lk."part_pages@90_0" VALUES (0, 45, '2026-11-30 09:13:15.111737+00', 49, '2020-01-01 10:08:31+00', '2020-01-01 10:08:38+00', '/2', 9);
INSERT INTO lk."part_pages@90_0" VALUES (0, 46, '2026-11-30 09:13:15.111737+00', 50, '2020-01-01 10:08:38+00', '2020-01-01 10:08:52+00', '/1', 11);
INSERT INTO lk."part_pages@90_0" VALUES (0, 47, '2026-11-30 09:13:15.111737+00', 51, '2020-01-01 10:08:52+00', '2020-01-01 10:08:59+00', '/2', 12);
INSERT INTO lk."part_pages@90_0" VALUES (0, 48, '2026-11-30 09:13:15.111737+00', 52, '2020-01-01 10:08:59+00', '2020-01-01 10:05:53+00', '/1', 1);
INSERT INTO lk."part_pages@90_0" VALUES (0, 49, '2026-11-30 09:13:15.111737+00', 53, '2020-01-01 10:08:59+00', '2020-01-01 10:09:20+00', '/2', 2);
INSERT INTO lk."part_pages@90_0" VALUES (0, 50, '2026-11-30 09:13:15.111737+00', 54, '2020-01-01 10:09:20+00', '2020-01-01 10:09:34+00', '/1', 4);
INSERT INTO lk."part_pages@90_0" VALUES (0, 51, '2026-11-30 09:13:15.111737+00', 55, '2020-01-01 10:09:34+00', '2020-01-01 10:09:41+00', '/2', 5);
INSERT INTO lk."part_pages@90_0" VALUES (0, 52, '2026-11-30 09:13:15.111737+00', 56, '2020-01-01 10:09:41+00', '2020-01-01 10:09:55+00', '/1', 7);
INSERT INTO lk."part_pages@90_0" VALUES (0, 53, '2026-11-30 09:13:15.111737+00', 57, '2020-01-01 10:09:55+00', '2020-01-01 10:10:02+00', '/2', 8);
INSERT INTO lk."part_pages@90_0" VALUES (0, 54, '2026-11-30 09:13:15.111737+00', 58, '2020-01-01 10:10:02+00', '2020-01-01 10:10:16+00', '/1', 10);
INSERT INTO lk."part_pages@90_0" VALUES (0, 55, '2026-11-30 09:13:15.111737+00', 59, '2020-01-01 10:10:16+00', '2020-01-01 10:07:03+00', '/2', 11);
INSERT INTO lk."part_pages@90_0" VALUES (0, 56, '2026-11-30 09:13:15.111737+00', 61, '2020-01-01 10:10:37+00', '2020-01-01 10:10:44+00', '/2', 1);
INSERT INTO lk."part_pages@90_0" VALUES (0, 57, '2026-11-30 09:13:15.111737+00', 62, '2020-01-01 10:10:44+00', '2020-01-01 10:10:58+00', '/1', 3);
INSERT INTO lk."part_pages@90_0" VALUES (0, 58, '2026-11-30 09:13:15.111737+00', 63, '2020-01-01 10:10:58+00', '2020-01-01 10:11:05+00', '/2', 4);
INSERT INTO lk."part_pages@90_0" VALUES (0, 59, '2026-11-30 09:13:15.111737+00', 64, '2020-01-01 10:11:05+00', '2020-01-01 10:11:19+00', '/1', 6);
INSERT INTO lk."part_pages@90_0" VALUES (0, 60, '2026-11-30 09:13:15.111737+00', 65, '2020-01-01 10:11:19+00', '2020-01-01 10:11:26+00', '/2', 7);
INSERT INTO lk."part_pages@90_0" VALUES (0, 61, '2026-11-30 19:37:08.115753+00', 67, '2020-01-01 10:12:00+00', '2020-01-01 10:12:30+00', '/4', 5);
INSERT INTO lk."part_pages@90_0" VALUES (0, 62, '2026-11-30 23:06:18.999474+00', 68, '2020-01-01 10:12:30+00', '2020-01-01 10:22:30+00', '/1', 5);
INSERT INTO lk."part_pages@90_1" VALUES (1, 0, '2026-11-30 09:13:14.890829+00', 1, '2020-01-01 10:00:00+00', '2020-01-01 10:00:21+00', '/0', 3);
INSERT INTO lk."part_pages@90_1" VALUES (1, 1, '2026-11-30 09:13:14.890829+00', 2, '2020-01-01 10:00:21+00', '2020-01-01 10:00:42+00', '/0', 6);
INSERT INTO lk."part_pages@90_1" VALUES (1, 2, '2026-11-30 09:13:14.890829+00', 3, '2020-01-01 10:00:42+00', '2020-01-01 10:00:00+00', '/0', 9);
INSERT INTO lk."part_pages@90_1" VALUES (1, 3, '2026-11-30 09:13:14.890829+00', 4, '2020-01-01 10:00:42+00', '2020-01-01 10:01:24+00', '/0', 12);
INSERT INTO lk."part_pages@90_1" VALUES (1, 4, '2026-11-30 09:13:14.890829+00', 5, '2020-01-01 10:01:24+00', '2020-01-01 10:01:45+00', '/0', 2);
INSERT INTO lk."part_pages@90_1" VALUES (1, 5, '2026-11-30 09:13:14.890829+00', 6, '2020-01-01 10:01:45+00', '2020-01-01 10:02:06+00', '/0', 5);
INSERT INTO lk."part_pages@90_1" VALUES (1, 6, '2026-11-30 09:13:14.890829+00', 7, '2020-01-01 10:02:06+00', '2020-01-01 10:02:27+00', '/0', 8);
INSERT INTO lk."part_pages@90_1" VALUES (1, 7, '2026-11-30 09:13:14.890829+00', 8, '2020-01-01 10:02:27+00', '2020-01-01 10:02:48+00', '/0', 11);
INSERT INTO lk."part_pages@90_1" VALUES (1, 8, '2026-11-30 09:13:14.890829+00', 9, '2020-01-01 10:02:48+00', '2020-01-01 10:03:09+00', '/0', 1);
INSERT INTO lk."part_pages@90_1" VALUES (1, 9, '2026-11-30 09:13:14.890829+00', 10, '2020-01-01 10:03:09+00', '2020-01-01 10:03:30+00', '/0', 4);
INSERT INTO lk."part_pages@90_1" VALUES (1, 10, '2026-11-30 09:13:14.890829+00', 11, '2020-01-01 10:03:30+00', '2020-01-01 10:03:51+00', '/0', 7);
INSERT INTO lk."part_pages@90_1" VALUES (1, 11, '2026-11-30 09:13:14.890829+00', 12, '2020-01-01 10:03:51+00', '2020-01-01 10:04:12+00', '/0', 10);
INSERT INTO lk."part_pages@90_1" VALUES (1, 12, '2026-11-30 09:13:14.890829+00', 14, '2020-01-01 10:04:12+00', '2020-01-01 10:04:54+00', '/0', 3);
INSERT INTO lk."part_pages@90_1" VALUES (1, 13, '2026-11-30 09:13:14.890829+00', 15, '2020-01-01 10:04:54+00', '2020-01-01 10:05:15+00', '/0', 6);
INSERT INTO lk."part_pages@90_1" VALUES (1, 14, '2026-11-30 09:13:14.890829+00', 16, '2020-01-01 10:05:15+00', '2020-01-01 10:05:36+00', '/0', 9);
INSERT INTO lk."part_pages@90_1" VALUES (1, 15, '2026-11-30 09:13:14.890829+00', 17, '2020-01-01 10:05:36+00', '2020-01-01 10:05:57+00', '/0', 12);
INSERT INTO lk."part_pages@90_1" VALUES (1, 16, '2026-11-30 09:13:14.890829+00', 18, '2020-01-01 10:05:57+00', '2020-01-01 10:06:18+00', '/0', 2);
INSERT INTO lk."part_pages@90_1" VALUES (1, 17, '2026-11-30 09:13:14.890829+00', 19, '2020-01-01 10:06:18+00', '2020-01-01 10:06:39+00', '/0', 5);
INSERT INTO lk."part_pages@90_1" VALUES (1, 18, '2026-11-30 09:13:15.11179+00', 20, '2020-01-01 10:06:39+00', '2020-01-01 10:07:00+00', '/0', 8);
INSERT INTO lk."part_pages@90_1" VALUES (1, 19, '2026-11-30 09:13:15.11179+00', 21, '2020-01-01 10:07:00+00', '2020-01-01 10:07:21+00', '/0', 11);
INSERT INTO lk."part_pages@90_1" VALUES (1, 20, '2026-11-30 09:13:15.11179+00', 22, '2020-01-01 10:07:21+00', '2020-01-01 10:07:42+00', '/0', 1);
INSERT INTO lk."part_pages@90_1" VALUES (1, 21, '2026-11-30 09:13:15.11179+00', 23, '2020-01-01 10:07:42+00', '2020-01-01 10:04:43+00', '/0', 4);
INSERT INTO lk."part_pages@90_1" VALUES (1, 22, '2026-11-30 09:13:15.11179+00', 24, '2020-01-01 10:07:42+00', '2020-01-01 10:08:24+00', '/0', 7);
INSERT INTO lk."part_pages@90_1" VALUES (1, 23, '2026-11-30 09:13:15.11179+00', 25, '2020-01-01 10:08:24+00', '2020-01-01 10:08:45+00', '/0', 10);
INSERT INTO lk."part_pages@90_1" VALUES (1, 24, '2026-11-30 09:13:15.11179+00', 27, '2020-01-01 10:09:06+00', '2020-01-01 10:09:27+00', '/0', 3);
INSERT INTO lk."part_pages@90_1" VALUES (1, 25, '2026-11-30 09:13:15.11179+00', 28, '2020-01-01 10:09:27+00', '2020-01-01 10:09:48+00', '/0', 6);
INSERT INTO lk."part_pages@90_1" VALUES (1, 26, '2026-11-30 09:13:15.11179+00', 29, '2020-01-01 10:09:48+00', '2020-01-01 10:10:09+00', '/0', 9);
INSERT INTO lk."part_pages@90_1" VALUES (1, 27, '2026-11-30 09:13:15.11179+00', 30, '2020-01-01 10:10:09+00', '2020-01-01 10:10:30+00', '/0', 12);
INSERT INTO lk."part_pages@90_1" VALUES (1, 28, '2026-11-30 09:13:15.11179+00', 31, '2020-01-01 10:10:30+00', '2020-01-01 10:10:51+00', '/0', 2);
INSERT INTO lk."part_pages@90_1" VALUES (1, 29, '2026-11-30 09:13:15.11179+00', 32, '2020-01-01 10:10:51+00', '2020-01-01 10:11:12+00', '/0', 5);
INSERT INTO lk."part_pages@90_1" VALUES (1, 30, '2026-11-30 09:13:15.11179+00', 33, '2020-01-01 10:11:12+00', '2020-01-01 10:08:13+00', '/0', 8);
INSERT INTO lk."part_pages@90_1" VALUES (1, 31, '2026-11-30 16:14:54.022299+00', 34, '2020-01-01 10:11:12+00', '2020-01-01 10:11:30+00', '/3', 4);
INSERT INTO lk."part_pages@90_1" VALUES (1, 32, '2026-11-30 23:06:18.999373+00', 35, '2020-01-01 10:11:30+00', '2020-01-01 10:21:00+00', '/3', 7);
INSERT INTO lk."part_pages@90_1" VALUES (1, 33, '2026-12-01 04:18:43.615537+00', 36, '2020-01-01 10:21:00+00', '2020-01-01 10:25:00+00', '/3', 9);
INSERT INTO lk.part_pages_0 VALUES (0, 0, '2026-11-30 09:13:14.890767+00', 0, NULL, '2020-01-01 10:00:07+00', '/1', 1);
INSERT INTO lk.part_pages_0 VALUES (0, 1, '2026-11-30 09:13:14.890767+00', 1, '2020-01-01 10:00:07+00', '2020-01-01 10:00:14+00', '/2', 2);
INSERT INTO lk.part_pages_0 VALUES (0, 2, '2026-11-30 09:13:14.890767+00', 2, '2020-01-01 10:00:14+00', '2020-01-01 10:00:28+00', '/1', 4);
INSERT INTO lk.part_pages_0 VALUES (0, 3, '2026-11-30 09:13:14.890767+00', 3, '2020-01-01 10:00:28+00', '2020-01-01 10:00:35+00', '/2', 5);
INSERT INTO lk.part_pages_0 VALUES (0, 4, '2026-11-30 09:13:14.890767+00', 4, '2020-01-01 10:00:35+00', '2020-01-01 10:00:49+00', '/1', 7);
INSERT INTO lk.part_pages_0 VALUES (0, 5, '2026-11-30 09:13:14.890767+00', 5, '2020-01-01 10:00:49+00', '2020-01-01 10:00:56+00', '/2', 8);
INSERT INTO lk.part_pages_0 VALUES (0, 6, '2026-11-30 09:13:14.890767+00', 6, '2020-01-01 10:00:56+00', '2020-01-01 10:01:10+00', '/1', 10);
INSERT INTO lk.part_pages_0 VALUES (0, 7, '2026-11-30 09:13:14.890767+00', 7, '2020-01-01 10:01:10+00', '2020-01-01 10:01:17+00', '/2', 11);
INSERT INTO lk.part_pages_0 VALUES (0, 8, '2026-11-30 09:13:14.890767+00', 9, '2020-01-01 10:01:31+00', '2020-01-01 10:01:38+00', '/2', 1);
INSERT INTO lk.part_pages_0 VALUES (0, 9, '2026-11-30 09:13:14.890767+00', 10, '2020-01-01 10:01:38+00', '2020-01-01 10:01:52+00', '/1', 3);
INSERT INTO lk.part_pages_0 VALUES (0, 10, '2026-11-30 09:13:14.890767+00', 11, '2020-01-01 10:01:52+00', '2020-01-01 10:01:59+00', '/2', 4);
INSERT INTO lk.part_pages_0 VALUES (0, 11, '2026-11-30 09:13:14.890767+00', 12, '2020-01-01 10:01:59+00', '2020-01-01 10:00:00+00', '/1', 6);
INSERT INTO lk.part_pages_0 VALUES (0, 12, '2026-11-30 09:13:14.890767+00', 13, '2020-01-01 10:01:59+00', '2020-01-01 10:02:20+00', '/2', 7);
INSERT INTO lk.part_pages_0 VALUES (0, 13, '2026-11-30 09:13:14.890767+00', 14, '2020-01-01 10:02:20+00', '2020-01-01 10:02:34+00', '/1', 9);
INSERT INTO lk.part_pages_0 VALUES (0, 14, '2026-11-30 09:13:14.890767+00', 15, '2020-01-01 10:02:34+00', '2020-01-01 10:02:41+00', '/2', 10);
INSERT INTO lk.part_pages_0 VALUES (0, 15, '2026-11-30 09:13:14.890767+00', 16, '2020-01-01 10:02:41+00', '2020-01-01 10:02:55+00', '/1', 12);
INSERT INTO lk.part_pages_0 VALUES (0, 16, '2026-11-30 09:13:14.890767+00', 18, '2020-01-01 10:03:02+00', '2020-01-01 10:03:16+00', '/1', 2);
INSERT INTO lk.part_pages_0 VALUES (0, 17, '2026-11-30 09:13:14.890767+00', 19, '2020-01-01 10:03:16+00', '2020-01-01 10:00:03+00', '/2', 3);
INSERT INTO lk.part_pages_0 VALUES (0, 18, '2026-11-30 09:13:14.890767+00', 20, '2020-01-01 10:03:16+00', '2020-01-01 10:03:37+00', '/1', 5);
INSERT INTO lk.part_pages_0 VALUES (0, 19, '2026-11-30 09:13:14.890767+00', 21, '2020-01-01 10:03:37+00', '2020-01-01 10:03:44+00', '/2', 6);
INSERT INTO lk.part_pages_0 VALUES (0, 20, '2026-11-30 09:13:14.890767+00', 22, '2020-01-01 10:03:44+00', '2020-01-01 10:03:58+00', '/1', 8);
INSERT INTO lk.part_pages_0 VALUES (0, 21, '2026-11-30 09:13:14.890767+00', 23, '2020-01-01 10:03:58+00', '2020-01-01 10:04:05+00', '/2', 9);
INSERT INTO lk.part_pages_0 VALUES (0, 22, '2026-11-30 09:13:14.890767+00', 24, '2020-01-01 10:04:05+00', '2020-01-01 10:04:19+00', '/1', 11);
INSERT INTO lk.part_pages_0 VALUES (0, 23, '2026-11-30 09:13:14.890767+00', 25, '2020-01-01 10:04:19+00', '2020-01-01 10:04:26+00', '/2', 12);
INSERT INTO lk.part_pages_0 VALUES (0, 24, '2026-11-30 09:13:14.890767+00', 26, '2020-01-01 10:04:26+00', '2020-01-01 10:04:40+00', '/1', 1);
INSERT INTO lk.part_pages_0 VALUES (0, 25, '2026-11-30 09:13:14.890767+00', 27, '2020-01-01 10:04:40+00', '2020-01-01 10:04:47+00', '/2', 2);
INSERT INTO lk.part_pages_0 VALUES (0, 26, '2026-11-30 09:13:14.890767+00', 28, '2020-01-01 10:04:47+00', '2020-01-01 10:05:01+00', '/1', 4);
INSERT INTO lk.part_pages_0 VALUES (0, 27, '2026-11-30 09:13:14.890767+00', 29, '2020-01-01 10:05:01+00', '2020-01-01 10:05:08+00', '/2', 5);
INSERT INTO lk.part_pages_0 VALUES (0, 28, '2026-11-30 09:13:14.890767+00', 30, '2020-01-01 10:05:08+00', '2020-01-01 10:05:22+00', '/1', 7);
INSERT INTO lk.part_pages_0 VALUES (0, 29, '2026-11-30 09:13:14.890767+00', 31, '2020-01-01 10:05:22+00', '2020-01-01 10:05:29+00', '/2', 8);
INSERT INTO lk.part_pages_0 VALUES (0, 30, '2026-11-30 09:13:14.890767+00', 32, '2020-01-01 10:05:29+00', '2020-01-01 10:02:23+00', '/1', 10);
INSERT INTO lk.part_pages_0 VALUES (0, 31, '2026-11-30 09:13:14.890767+00', 33, '2020-01-01 10:05:29+00', '2020-01-01 10:05:50+00', '/2', 11);
INSERT INTO lk.part_pages_0 VALUES (0, 32, '2026-11-30 09:13:14.890767+00', 35, '2020-01-01 10:06:04+00', '2020-01-01 10:06:11+00', '/2', 1);
INSERT INTO lk.part_pages_0 VALUES (0, 33, '2026-11-30 09:13:14.890767+00', 36, '2020-01-01 10:06:11+00', '2020-01-01 10:06:25+00', '/1', 3);
INSERT INTO lk.part_pages_0 VALUES (0, 34, '2026-11-30 09:13:14.890767+00', 37, '2020-01-01 10:06:25+00', '2020-01-01 10:06:32+00', '/2', 4);
INSERT INTO lk.part_pages_0 VALUES (0, 35, '2026-11-30 09:13:14.890767+00', 38, '2020-01-01 10:06:32+00', '2020-01-01 10:06:46+00', '/1', 6);
INSERT INTO lk.part_pages_0 VALUES (0, 36, '2026-11-30 09:13:14.890767+00', 39, '2020-01-01 10:06:46+00', '2020-01-01 10:03:33+00', '/2', 7);
INSERT INTO lk.part_pages_0 VALUES (0, 37, '2026-11-30 09:13:15.111737+00', 40, '2020-01-01 10:06:46+00', '2020-01-01 10:07:07+00', '/1', 9);
INSERT INTO lk.part_pages_0 VALUES (0, 38, '2026-11-30 09:13:15.111737+00', 41, '2020-01-01 10:07:07+00', '2020-01-01 10:07:14+00', '/2', 10);
INSERT INTO lk.part_pages_0 VALUES (0, 39, '2026-11-30 09:13:15.111737+00', 42, '2020-01-01 10:07:14+00', '2020-01-01 10:07:28+00', '/1', 12);
INSERT INTO lk.part_pages_0 VALUES (0, 40, '2026-11-30 09:13:15.111737+00', 44, '2020-01-01 10:07:35+00', '2020-01-01 10:07:49+00', '/1', 2);
INSERT INTO lk.part_pages_0 VALUES (0, 41, '2026-11-30 09:13:15.111737+00', 45, '2020-01-01 10:07:49+00', '2020-01-01 10:07:56+00', '/2', 3);
INSERT INTO lk.part_pages_0 VALUES (0, 42, '2026-11-30 09:13:15.111737+00', 46, '2020-01-01 10:07:56+00', '2020-01-01 10:08:10+00', '/1', 5);
INSERT INTO lk.part_pages_0 VALUES (0, 43, '2026-11-30 09:13:15.111737+00', 47, '2020-01-01 10:08:10+00', '2020-01-01 10:08:17+00', '/2', 6);
INSERT INTO lk.part_pages_0 VALUES (0, 44, '2026-11-30 09:13:15.111737+00', 48, '2020-01-01 10:08:17+00', '2020-01-01 10:08:31+00', '/1', 8);
INSERT INTO lk.part_pages_0 VALUES (0, 45, '2026-11-30 09:13:15.111737+00', 49, '2020-01-01 10:08:31+00', '2020-01-01 10:08:38+00', '/2', 9);
INSERT INTO lk.part_pages_0 VALUES (0, 46, '2026-11-30 09:13:15.111737+00', 50, '2020-01-01 10:08:38+00', '2020-01-01 10:08:52+00', '/1', 11);
INSERT INTO lk.part_pages_0 VALUES (0, 47, '2026-11-30 09:13:15.111737+00', 51, '2020-01-01 10:08:52+00', '2020-01-01 10:08:59+00', '/2', 12);
INSERT INTO lk.part_pages_0 VALUES (0, 48, '2026-11-30 09:13:15.111737+00', 52, '2020-01-01 10:08:59+00', '2020-01-01 10:05:53+00', '/1', 1);
INSERT INTO lk.part_pages_0 VALUES (0, 49, '2026-11-30 09:13:15.111737+00', 53, '2020-01-01 10:08:59+00', '2020-01-01 10:09:20+00', '/2', 2);
INSERT INTO lk.part_pages_0 VALUES (0, 50, '2026-11-30 09:13:15.111737+00', 54, '2020-01-01 10:09:20+00', '2020-01-01 10:09:34+00', '/1', 4);
INSERT INTO lk.part_pages_0 VALUES (0, 51, '2026-11-30 09:13:15.111737+00', 55, '2020-01-01 10:09:34+00', '2020-01-01 10:09:41+00', '/2', 5);
INSERT INTO lk.part_pages_0 VALUES (0, 52, '2026-11-30 09:13:15.111737+00', 56, '2020-01-01 10:09:41+00', '2020-01-01 10:09:55+00', '/1', 7);
INSERT INTO lk.part_pages_0 VALUES (0, 53, '2026-11-30 09:13:15.111737+00', 57, '2020-01-01 10:09:55+00', '2020-01-01 10:10:02+00', '/2', 8);
INSERT INTO lk.part_pages_0 VALUES (0, 54, '2026-11-30 09:13:15.111737+00', 58, '2020-01-01 10:10:02+00', '2020-01-01 10:10:16+00', '/1', 10);
INSERT INTO lk.part_pages_0 VALUES (0, 55, '2026-11-30 09:13:15.111737+00', 59, '2020-01-01 10:10:16+00', '2020-01-01 10:07:03+00', '/2', 11);
INSERT INTO lk.part_pages_0 VALUES (0, 56, '2026-11-30 09:13:15.111737+00', 61, '2020-01-01 10:10:37+00', '2020-01-01 10:10:44+00', '/2', 1);
INSERT INTO lk.part_pages_0 VALUES (0, 57, '2026-11-30 09:13:15.111737+00', 62, '2020-01-01 10:10:44+00', '2020-01-01 10:10:58+00', '/1', 3);
INSERT INTO lk.part_pages_0 VALUES (0, 58, '2026-11-30 09:13:15.111737+00', 63, '2020-01-01 10:10:58+00', '2020-01-01 10:11:05+00', '/2', 4);
INSERT INTO lk.part_pages_0 VALUES (0, 59, '2026-11-30 09:13:15.111737+00', 64, '2020-01-01 10:11:05+00', '2020-01-01 10:11:19+00', '/1', 6);
INSERT INTO lk.part_pages_0 VALUES (0, 60, '2026-11-30 09:13:15.111737+00', 65, '2020-01-01 10:11:19+00', '2020-01-01 10:11:26+00', '/2', 7);
INSERT INTO lk.part_pages_0 VALUES (0, 61, '2026-11-30 19:37:08.115753+00', 67, '2020-01-01 10:12:00+00', '2020-01-01 10:12:30+00', '/4', 5);
INSERT INTO lk.part_pages_0 VALUES (0, 62, '2026-11-30 23:06:18.999474+00', 68, '2020-01-01 10:12:30+00', '2020-01-01 10:22:30+00', '/1', 5);
INSERT INTO lk.part_pages_1 VALUES (1, 0, '2026-11-30 09:13:14.890829+00', 1, '2020-01-01 10:00:00+00', '2020-01-01 10:00:21+00', '/0', 3);
INSERT INTO lk.part_pages_1 VALUES (1, 1, '2026-11-30 09:13:14.890829+00', 2, '2020-01-01 10:00:21+00', '2020-01-01 10:00:42+00', '/0', 6);
INSERT INTO lk.part_pages_1 VALUES (1, 2, '2026-11-30 09:13:14.890829+00', 3, '2020-01-01 10:00:42+00', '2020-01-01 10:00:00+00', '/0', 9);
INSERT INTO lk.part_pages_1 VALUES (1, 3, '2026-11-30 09:13:14.890829+00', 4, '2020-01-01 10:00:42+00', '2020-01-01 10:01:24+00', '/0', 12);
INSERT INTO lk.part_pages_1 VALUES (1, 4, '2026-11-30 09:13:14.890829+00', 5, '2020-01-01 10:01:24+00', '2020-01-01 10:01:45+00', '/0', 2);
INSERT INTO lk.part_pages_1 VALUES (1, 5, '2026-11-30 09:13:14.890829+00', 6, '2020-01-01 10:01:45+00', '2020-01-01 10:02:06+00', '/0', 5);
INSERT INTO lk.part_pages_1 VALUES (1, 6, '2026-11-30 09:13:14.890829+00', 7, '2020-01-01 10:02:06+00', '2020-01-01 10:02:27+00', '/0', 8);
INSERT INTO lk.part_pages_1 VALUES (1, 7, '2026-11-30 09:13:14.890829+00', 8, '2020-01-01 10:02:27+00', '2020-01-01 10:02:48+00', '/0', 11);
INSERT INTO lk.part_pages_1 VALUES (1, 8, '2026-11-30 09:13:14.890829+00', 9, '2020-01-01 10:02:48+00', '2020-01-01 10:03:09+00', '/0', 1);
INSERT INTO lk.part_pages_1 VALUES (1, 9, '2026-11-30 09:13:14.890829+00', 10, '2020-01-01 10:03:09+00', '2020-01-01 10:03:30+00', '/0', 4);
INSERT INTO lk.part_pages_1 VALUES (1, 10, '2026-11-30 09:13:14.890829+00', 11, '2020-01-01 10:03:30+00', '2020-01-01 10:03:51+00', '/0', 7);
INSERT INTO lk.part_pages_1 VALUES (1, 11, '2026-11-30 09:13:14.890829+00', 12, '2020-01-01 10:03:51+00', '2020-01-01 10:04:12+00', '/0', 10);
INSERT INTO lk.part_pages_1 VALUES (1, 12, '2026-11-30 09:13:14.890829+00', 14, '2020-01-01 10:04:12+00', '2020-01-01 10:04:54+00', '/0', 3);
INSERT INTO lk.part_pages_1 VALUES (1, 13, '2026-11-30 09:13:14.890829+00', 15, '2020-01-01 10:04:54+00', '2020-01-01 10:05:15+00', '/0', 6);
INSERT INTO lk.part_pages_1 VALUES (1, 14, '2026-11-30 09:13:14.890829+00', 16, '2020-01-01 10:05:15+00', '2020-01-01 10:05:36+00', '/0', 9);
INSERT INTO lk.part_pages_1 VALUES (1, 15, '2026-11-30 09:13:14.890829+00', 17, '2020-01-01 10:05:36+00', '2020-01-01 10:05:57+00', '/0', 12);
INSERT INTO lk.part_pages_1 VALUES (1, 16, '2026-11-30 09:13:14.890829+00', 18, '2020-01-01 10:05:57+00', '2020-01-01 10:06:18+00', '/0', 2);
INSERT INTO lk.part_pages_1 VALUES (1, 17, '2026-11-30 09:13:14.890829+00', 19, '2020-01-01 10:06:18+00', '2020-01-01 10:06:39+00', '/0', 5);
INSERT INTO lk.part_pages_1 VALUES (1, 18, '2026-11-30 09:13:15.11179+00', 20, '2020-01-01 10:06:39+00', '2020-01-01 10:07:00+00', '/0', 8);
INSERT INTO lk.part_pages_1 VALUES (1, 19, '2026-11-30 09:13:15.11179+00', 21, '2020-01-01 10:07:00+00', '2020-01-01 10:07:21+00', '/0', 11);
INSERT INTO lk.part_pages_1 VALUES (1, 20, '2026-11-30 09:13:15.11179+00', 22, '2020-01-01 10:07:21+00', '2020-01-01 10:07:42+00', '/0', 1);
INSERT INTO lk.part_pages_1 VALUES (1, 21, '2026-11-30 09:13:15.11179+00', 23, '2020-01-01 10:07:42+00', '2020-01-01 10:04:43+00', '/0', 4);
INSERT INTO lk.part_pages_1 VALUES (1, 22, '2026-11-30 09:13:15.11179+00', 24, '2020-01-01 10:07:42+00', '2020-01-01 10:08:24+00', '/0', 7);
INSERT INTO lk.part_pages_1 VALUES (1, 23, '2026-11-30 09:13:15.11179+00', 25, '2020-01-01 10:08:24+00', '2020-01-01 10:08:45+00', '/0', 10);
INSERT INTO lk.part_pages_1 VALUES (1, 24, '2026-11-30 09:13:15.11179+00', 27, '2020-01-01 10:09:06+00', '2020-01-01 10:09:27+00', '/0', 3);
INSERT INTO lk.part_pages_1 VALUES (1, 25, '2026-11-30 09:13:15.11179+00', 28, '2020-01-01 10:09:27+00', '2020-01-01 10:09:48+00', '/0', 6);
INSERT INTO lk.part_pages_1 VALUES (1, 26, '2026-11-30 09:13:15.11179+00', 29, '2020-01-01 10:09:48+00', '2020-01-01 10:10:09+00', '/0', 9);
INSERT INTO lk.part_pages_1 VALUES (1, 27, '2026-11-30 09:13:15.11179+00', 30, '2020-01-01 10:10:09+00', '2020-01-01 10:10:30+00', '/0', 12);
INSERT INTO lk.part_pages_1 VALUES (1, 28, '2026-11-30 09:13:15.11179+00', 31, '2020-01-01 10:10:30+00', '2020-01-01 10:10:51+00', '/0', 2);
INSERT INTO lk.part_pages_1 VALUES (1, 29, '2026-11-30 09:13:15.11179+00', 32, '2020-01-01 10:10:51+00', '2020-01-01 10:11:12+00', '/0', 5);
INSERT INTO lk.part_pages_1 VALUES (1, 30, '2026-11-30 09:13:15.11179+00', 33, '2020-01-01 10:11:12+00', '2020-01-01 10:08:13+00', '/0', 8);
INSERT INTO lk.part_pages_1 VALUES (1, 31, '2026-11-30 16:14:54.022299+00', 34, '2020-01-01 10:11:12+00', '2020-01-01 10:11:30+00', '/3', 4);
INSERT INTO lk.part_pages_1 VALUES (1, 32, '2026-11-30 23:06:18.999373+00', 35, '2020-01-01 10:11:30+00', '2020-01-01 10:21:00+00', '/3', 7);
INSERT INTO lk.part_pages_1 VALUES (1, 33, '2026-12-01 04:18:43.615537+00', 36, '2020-01-01 10:21:00+00', '2020-01-01 10:25:00+00', '/3', 9);
INSERT INTO lk."part_steps@95_0" VALUES (0, 0, '2026-11-30 09:13:14.890767+00', 0, NULL, '2020-01-01 10:00:07+00', '/1', 1, NULL);
INSERT INTO lk."part_steps@95_0" VALUES (0, 1, '2026-11-30 09:13:14.890767+00', 1, '2020-01-01 10:00:07+00', '2020-01-01 10:00:14+00', '/2', 2, NULL);
INSERT INTO lk."part_steps@95_0" VALUES (0, 2, '2026-11-30 09:13:14.890767+00', 2, '2020-01-01 10:00:14+00', '2020-01-01 10:00:28+00', '/1', 4, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 3, '2026-11-30 09:13:14.890767+00', 3, '2020-01-01 10:00:28+00', '2020-01-01 10:00:35+00', '/2', 5, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 4, '2026-11-30 09:13:14.890767+00', 4, '2020-01-01 10:00:35+00', '2020-01-01 10:00:49+00', '/1', 7, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 5, '2026-11-30 09:13:14.890767+00', 5, '2020-01-01 10:00:49+00', '2020-01-01 10:00:56+00', '/2', 8, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 6, '2026-11-30 09:13:14.890767+00', 6, '2020-01-01 10:00:56+00', '2020-01-01 10:01:10+00', '/1', 10, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 7, '2026-11-30 09:13:14.890767+00', 7, '2020-01-01 10:01:10+00', '2020-01-01 10:01:17+00', '/2', 11, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 8, '2026-11-30 09:13:14.890767+00', 8, '2020-01-01 10:01:31+00', '2020-01-01 10:01:38+00', '/2', 1, -10);
INSERT INTO lk."part_steps@95_0" VALUES (0, 9, '2026-11-30 09:13:14.890767+00', 9, '2020-01-01 10:01:38+00', '2020-01-01 10:01:52+00', '/1', 3, -7);
INSERT INTO lk."part_steps@95_0" VALUES (0, 10, '2026-11-30 09:13:14.890767+00', 10, '2020-01-01 10:01:52+00', '2020-01-01 10:01:59+00', '/2', 4, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 11, '2026-11-30 09:13:14.890767+00', 11, '2020-01-01 10:01:59+00', '2020-01-01 10:00:00+00', '/1', 6, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 12, '2026-11-30 09:13:14.890767+00', 12, '2020-01-01 10:01:59+00', '2020-01-01 10:02:20+00', '/2', 7, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 13, '2026-11-30 09:13:14.890767+00', 13, '2020-01-01 10:02:20+00', '2020-01-01 10:02:34+00', '/1', 9, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 14, '2026-11-30 09:13:14.890767+00', 14, '2020-01-01 10:02:34+00', '2020-01-01 10:02:41+00', '/2', 10, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 15, '2026-11-30 09:13:14.890767+00', 15, '2020-01-01 10:02:41+00', '2020-01-01 10:02:55+00', '/1', 12, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 16, '2026-11-30 09:13:14.890767+00', 16, '2020-01-01 10:03:02+00', '2020-01-01 10:03:16+00', '/1', 2, -10);
INSERT INTO lk."part_steps@95_0" VALUES (0, 17, '2026-11-30 09:13:14.890767+00', 17, '2020-01-01 10:03:16+00', '2020-01-01 10:00:03+00', '/2', 3, -7);
INSERT INTO lk."part_steps@95_0" VALUES (0, 18, '2026-11-30 09:13:14.890767+00', 18, '2020-01-01 10:03:16+00', '2020-01-01 10:03:37+00', '/1', 5, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 19, '2026-11-30 09:13:14.890767+00', 19, '2020-01-01 10:03:37+00', '2020-01-01 10:03:44+00', '/2', 6, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 20, '2026-11-30 09:13:14.890767+00', 20, '2020-01-01 10:03:44+00', '2020-01-01 10:03:58+00', '/1', 8, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 21, '2026-11-30 09:13:14.890767+00', 21, '2020-01-01 10:03:58+00', '2020-01-01 10:04:05+00', '/2', 9, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 22, '2026-11-30 09:13:14.890767+00', 22, '2020-01-01 10:04:05+00', '2020-01-01 10:04:19+00', '/1', 11, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 23, '2026-11-30 09:13:14.890767+00', 23, '2020-01-01 10:04:19+00', '2020-01-01 10:04:26+00', '/2', 12, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 24, '2026-11-30 09:13:14.890767+00', 24, '2020-01-01 10:04:26+00', '2020-01-01 10:04:40+00', '/1', 1, -10);
INSERT INTO lk."part_steps@95_0" VALUES (0, 25, '2026-11-30 09:13:14.890767+00', 25, '2020-01-01 10:04:40+00', '2020-01-01 10:04:47+00', '/2', 2, -10);
INSERT INTO lk."part_steps@95_0" VALUES (0, 26, '2026-11-30 09:13:14.890767+00', 26, '2020-01-01 10:04:47+00', '2020-01-01 10:05:01+00', '/1', 4, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 27, '2026-11-30 09:13:14.890767+00', 27, '2020-01-01 10:05:01+00', '2020-01-01 10:05:08+00', '/2', 5, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 28, '2026-11-30 09:13:14.890767+00', 28, '2020-01-01 10:05:08+00', '2020-01-01 10:05:22+00', '/1', 7, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 29, '2026-11-30 09:13:14.890767+00', 29, '2020-01-01 10:05:22+00', '2020-01-01 10:05:29+00', '/2', 8, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 30, '2026-11-30 09:13:14.890767+00', 30, '2020-01-01 10:05:29+00', '2020-01-01 10:02:23+00', '/1', 10, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 31, '2026-11-30 09:13:14.890767+00', 31, '2020-01-01 10:05:29+00', '2020-01-01 10:05:50+00', '/2', 11, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 32, '2026-11-30 09:13:14.890767+00', 32, '2020-01-01 10:06:04+00', '2020-01-01 10:06:11+00', '/2', 1, -10);
INSERT INTO lk."part_steps@95_0" VALUES (0, 33, '2026-11-30 09:13:14.890767+00', 33, '2020-01-01 10:06:11+00', '2020-01-01 10:06:25+00', '/1', 3, -7);
INSERT INTO lk."part_steps@95_0" VALUES (0, 34, '2026-11-30 09:13:14.890767+00', 34, '2020-01-01 10:06:25+00', '2020-01-01 10:06:32+00', '/2', 4, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 35, '2026-11-30 09:13:14.890767+00', 35, '2020-01-01 10:06:32+00', '2020-01-01 10:06:46+00', '/1', 6, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 36, '2026-11-30 09:13:14.890767+00', 36, '2020-01-01 10:06:46+00', '2020-01-01 10:03:33+00', '/2', 7, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 37, '2026-11-30 09:13:15.111737+00', 37, '2020-01-01 10:06:46+00', '2020-01-01 10:07:07+00', '/1', 9, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 38, '2026-11-30 09:13:15.111737+00', 38, '2020-01-01 10:07:07+00', '2020-01-01 10:07:14+00', '/2', 10, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 39, '2026-11-30 09:13:15.111737+00', 39, '2020-01-01 10:07:14+00', '2020-01-01 10:07:28+00', '/1', 12, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 40, '2026-11-30 09:13:15.111737+00', 40, '2020-01-01 10:07:35+00', '2020-01-01 10:07:49+00', '/1', 2, -10);
INSERT INTO lk."part_steps@95_0" VALUES (0, 41, '2026-11-30 09:13:15.111737+00', 41, '2020-01-01 10:07:49+00', '2020-01-01 10:07:56+00', '/2', 3, -7);
INSERT INTO lk."part_steps@95_0" VALUES (0, 42, '2026-11-30 09:13:15.111737+00', 42, '2020-01-01 10:07:56+00', '2020-01-01 10:08:10+00', '/1', 5, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 43, '2026-11-30 09:13:15.111737+00', 43, '2020-01-01 10:08:10+00', '2020-01-01 10:08:17+00', '/2', 6, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 44, '2026-11-30 09:13:15.111737+00', 44, '2020-01-01 10:08:17+00', '2020-01-01 10:08:31+00', '/1', 8, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 45, '2026-11-30 09:13:15.111737+00', 45, '2020-01-01 10:08:31+00', '2020-01-01 10:08:38+00', '/2', 9, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 46, '2026-11-30 09:13:15.111737+00', 46, '2020-01-01 10:08:38+00', '2020-01-01 10:08:52+00', '/1', 11, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 47, '2026-11-30 09:13:15.111737+00', 47, '2020-01-01 10:08:52+00', '2020-01-01 10:08:59+00', '/2', 12, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 48, '2026-11-30 09:13:15.111737+00', 48, '2020-01-01 10:08:59+00', '2020-01-01 10:05:53+00', '/1', 1, -10);
INSERT INTO lk."part_steps@95_0" VALUES (0, 49, '2026-11-30 09:13:15.111737+00', 49, '2020-01-01 10:08:59+00', '2020-01-01 10:09:20+00', '/2', 2, -10);
INSERT INTO lk."part_steps@95_0" VALUES (0, 50, '2026-11-30 09:13:15.111737+00', 50, '2020-01-01 10:09:20+00', '2020-01-01 10:09:34+00', '/1', 4, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 51, '2026-11-30 09:13:15.111737+00', 51, '2020-01-01 10:09:34+00', '2020-01-01 10:09:41+00', '/2', 5, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 52, '2026-11-30 09:13:15.111737+00', 52, '2020-01-01 10:09:41+00', '2020-01-01 10:09:55+00', '/1', 7, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 53, '2026-11-30 09:13:15.111737+00', 53, '2020-01-01 10:09:55+00', '2020-01-01 10:10:02+00', '/2', 8, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 54, '2026-11-30 09:13:15.111737+00', 54, '2020-01-01 10:10:02+00', '2020-01-01 10:10:16+00', '/1', 10, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 55, '2026-11-30 09:13:15.111737+00', 55, '2020-01-01 10:10:16+00', '2020-01-01 10:07:03+00', '/2', 11, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 56, '2026-11-30 09:13:15.111737+00', 56, '2020-01-01 10:10:37+00', '2020-01-01 10:10:44+00', '/2', 1, -10);
INSERT INTO lk."part_steps@95_0" VALUES (0, 57, '2026-11-30 09:13:15.111737+00', 57, '2020-01-01 10:10:44+00', '2020-01-01 10:10:58+00', '/1', 3, -7);
INSERT INTO lk."part_steps@95_0" VALUES (0, 58, '2026-11-30 09:13:15.111737+00', 58, '2020-01-01 10:10:58+00', '2020-01-01 10:11:05+00', '/2', 4, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 59, '2026-11-30 09:13:15.111737+00', 59, '2020-01-01 10:11:05+00', '2020-01-01 10:11:19+00', '/1', 6, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 60, '2026-11-30 09:13:15.111737+00', 60, '2020-01-01 10:11:19+00', '2020-01-01 10:11:26+00', '/2', 7, 3);
INSERT INTO lk."part_steps@95_0" VALUES (0, 61, '2026-11-30 19:37:08.115753+00', 61, '2020-01-01 10:12:00+00', '2020-01-01 10:12:30+00', '/4', 5, NULL);
INSERT INTO lk."part_steps@95_0" VALUES (0, 62, '2026-11-30 23:06:18.999474+00', 62, '2020-01-01 10:12:30+00', '2020-01-01 10:22:30+00', '/1', 5, -1);
INSERT INTO lk."part_steps@95_1" VALUES (1, 0, '2026-11-30 09:13:14.890829+00', 0, '2020-01-01 10:00:00+00', '2020-01-01 10:00:21+00', '/0', 3, NULL);
INSERT INTO lk."part_steps@95_1" VALUES (1, 1, '2026-11-30 09:13:14.890829+00', 1, '2020-01-01 10:00:21+00', '2020-01-01 10:00:42+00', '/0', 6, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 2, '2026-11-30 09:13:14.890829+00', 2, '2020-01-01 10:00:42+00', '2020-01-01 10:00:00+00', '/0', 9, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 3, '2026-11-30 09:13:14.890829+00', 3, '2020-01-01 10:00:42+00', '2020-01-01 10:01:24+00', '/0', 12, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 4, '2026-11-30 09:13:14.890829+00', 4, '2020-01-01 10:01:24+00', '2020-01-01 10:01:45+00', '/0', 2, -10);
INSERT INTO lk."part_steps@95_1" VALUES (1, 5, '2026-11-30 09:13:14.890829+00', 5, '2020-01-01 10:01:45+00', '2020-01-01 10:02:06+00', '/0', 5, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 6, '2026-11-30 09:13:14.890829+00', 6, '2020-01-01 10:02:06+00', '2020-01-01 10:02:27+00', '/0', 8, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 7, '2026-11-30 09:13:14.890829+00', 7, '2020-01-01 10:02:27+00', '2020-01-01 10:02:48+00', '/0', 11, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 8, '2026-11-30 09:13:14.890829+00', 8, '2020-01-01 10:02:48+00', '2020-01-01 10:03:09+00', '/0', 1, -10);
INSERT INTO lk."part_steps@95_1" VALUES (1, 9, '2026-11-30 09:13:14.890829+00', 9, '2020-01-01 10:03:09+00', '2020-01-01 10:03:30+00', '/0', 4, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 10, '2026-11-30 09:13:14.890829+00', 10, '2020-01-01 10:03:30+00', '2020-01-01 10:03:51+00', '/0', 7, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 11, '2026-11-30 09:13:14.890829+00', 11, '2020-01-01 10:03:51+00', '2020-01-01 10:04:12+00', '/0', 10, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 12, '2026-11-30 09:13:14.890829+00', 12, '2020-01-01 10:04:12+00', '2020-01-01 10:04:54+00', '/0', 3, -7);
INSERT INTO lk."part_steps@95_1" VALUES (1, 13, '2026-11-30 09:13:14.890829+00', 13, '2020-01-01 10:04:54+00', '2020-01-01 10:05:15+00', '/0', 6, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 14, '2026-11-30 09:13:14.890829+00', 14, '2020-01-01 10:05:15+00', '2020-01-01 10:05:36+00', '/0', 9, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 15, '2026-11-30 09:13:14.890829+00', 15, '2020-01-01 10:05:36+00', '2020-01-01 10:05:57+00', '/0', 12, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 16, '2026-11-30 09:13:14.890829+00', 16, '2020-01-01 10:05:57+00', '2020-01-01 10:06:18+00', '/0', 2, -10);
INSERT INTO lk."part_steps@95_1" VALUES (1, 17, '2026-11-30 09:13:14.890829+00', 17, '2020-01-01 10:06:18+00', '2020-01-01 10:06:39+00', '/0', 5, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 18, '2026-11-30 09:13:15.11179+00', 18, '2020-01-01 10:06:39+00', '2020-01-01 10:07:00+00', '/0', 8, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 19, '2026-11-30 09:13:15.11179+00', 19, '2020-01-01 10:07:00+00', '2020-01-01 10:07:21+00', '/0', 11, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 20, '2026-11-30 09:13:15.11179+00', 20, '2020-01-01 10:07:21+00', '2020-01-01 10:07:42+00', '/0', 1, -10);
INSERT INTO lk."part_steps@95_1" VALUES (1, 21, '2026-11-30 09:13:15.11179+00', 21, '2020-01-01 10:07:42+00', '2020-01-01 10:04:43+00', '/0', 4, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 22, '2026-11-30 09:13:15.11179+00', 22, '2020-01-01 10:07:42+00', '2020-01-01 10:08:24+00', '/0', 7, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 23, '2026-11-30 09:13:15.11179+00', 23, '2020-01-01 10:08:24+00', '2020-01-01 10:08:45+00', '/0', 10, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 24, '2026-11-30 09:13:15.11179+00', 24, '2020-01-01 10:09:06+00', '2020-01-01 10:09:27+00', '/0', 3, -7);
INSERT INTO lk."part_steps@95_1" VALUES (1, 25, '2026-11-30 09:13:15.11179+00', 25, '2020-01-01 10:09:27+00', '2020-01-01 10:09:48+00', '/0', 6, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 26, '2026-11-30 09:13:15.11179+00', 26, '2020-01-01 10:09:48+00', '2020-01-01 10:10:09+00', '/0', 9, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 27, '2026-11-30 09:13:15.11179+00', 27, '2020-01-01 10:10:09+00', '2020-01-01 10:10:30+00', '/0', 12, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 28, '2026-11-30 09:13:15.11179+00', 28, '2020-01-01 10:10:30+00', '2020-01-01 10:10:51+00', '/0', 2, -10);
INSERT INTO lk."part_steps@95_1" VALUES (1, 29, '2026-11-30 09:13:15.11179+00', 29, '2020-01-01 10:10:51+00', '2020-01-01 10:11:12+00', '/0', 5, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 30, '2026-11-30 09:13:15.11179+00', 30, '2020-01-01 10:11:12+00', '2020-01-01 10:08:13+00', '/0', 8, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 31, '2026-11-30 16:14:54.022299+00', 31, '2020-01-01 10:11:12+00', '2020-01-01 10:11:30+00', '/3', 4, NULL);
INSERT INTO lk."part_steps@95_1" VALUES (1, 32, '2026-11-30 23:06:18.999373+00', 32, '2020-01-01 10:11:30+00', '2020-01-01 10:21:00+00', '/3', 7, 3);
INSERT INTO lk."part_steps@95_1" VALUES (1, 33, '2026-12-01 04:18:43.615537+00', 33, '2020-01-01 10:21:00+00', '2020-01-01 10:25:00+00', '/3', 9, 2);
INSERT INTO lk.part_steps_0 VALUES (0, 0, '2026-11-30 09:13:14.890767+00', 0, NULL, '2020-01-01 10:00:07+00', '/1', 1, NULL);
INSERT INTO lk.part_steps_0 VALUES (0, 1, '2026-11-30 09:13:14.890767+00', 1, '2020-01-01 10:00:07+00', '2020-01-01 10:00:14+00', '/2', 2, NULL);
INSERT INTO lk.part_steps_0 VALUES (0, 2, '2026-11-30 09:13:14.890767+00', 2, '2020-01-01 10:00:14+00', '2020-01-01 10:00:28+00', '/1', 4, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 3, '2026-11-30 09:13:14.890767+00', 3, '2020-01-01 10:00:28+00', '2020-01-01 10:00:35+00', '/2', 5, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 4, '2026-11-30 09:13:14.890767+00', 4, '2020-01-01 10:00:35+00', '2020-01-01 10:00:49+00', '/1', 7, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 5, '2026-11-30 09:13:14.890767+00', 5, '2020-01-01 10:00:49+00', '2020-01-01 10:00:56+00', '/2', 8, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 6, '2026-11-30 09:13:14.890767+00', 6, '2020-01-01 10:00:56+00', '2020-01-01 10:01:10+00', '/1', 10, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 7, '2026-11-30 09:13:14.890767+00', 7, '2020-01-01 10:01:10+00', '2020-01-01 10:01:17+00', '/2', 11, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 8, '2026-11-30 09:13:14.890767+00', 8, '2020-01-01 10:01:31+00', '2020-01-01 10:01:38+00', '/2', 1, -10);
INSERT INTO lk.part_steps_0 VALUES (0, 9, '2026-11-30 09:13:14.890767+00', 9, '2020-01-01 10:01:38+00', '2020-01-01 10:01:52+00', '/1', 3, -7);
INSERT INTO lk.part_steps_0 VALUES (0, 10, '2026-11-30 09:13:14.890767+00', 10, '2020-01-01 10:01:52+00', '2020-01-01 10:01:59+00', '/2', 4, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 11, '2026-11-30 09:13:14.890767+00', 11, '2020-01-01 10:01:59+00', '2020-01-01 10:00:00+00', '/1', 6, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 12, '2026-11-30 09:13:14.890767+00', 12, '2020-01-01 10:01:59+00', '2020-01-01 10:02:20+00', '/2', 7, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 13, '2026-11-30 09:13:14.890767+00', 13, '2020-01-01 10:02:20+00', '2020-01-01 10:02:34+00', '/1', 9, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 14, '2026-11-30 09:13:14.890767+00', 14, '2020-01-01 10:02:34+00', '2020-01-01 10:02:41+00', '/2', 10, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 15, '2026-11-30 09:13:14.890767+00', 15, '2020-01-01 10:02:41+00', '2020-01-01 10:02:55+00', '/1', 12, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 16, '2026-11-30 09:13:14.890767+00', 16, '2020-01-01 10:03:02+00', '2020-01-01 10:03:16+00', '/1', 2, -10);
INSERT INTO lk.part_steps_0 VALUES (0, 17, '2026-11-30 09:13:14.890767+00', 17, '2020-01-01 10:03:16+00', '2020-01-01 10:00:03+00', '/2', 3, -7);
INSERT INTO lk.part_steps_0 VALUES (0, 18, '2026-11-30 09:13:14.890767+00', 18, '2020-01-01 10:03:16+00', '2020-01-01 10:03:37+00', '/1', 5, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 19, '2026-11-30 09:13:14.890767+00', 19, '2020-01-01 10:03:37+00', '2020-01-01 10:03:44+00', '/2', 6, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 20, '2026-11-30 09:13:14.890767+00', 20, '2020-01-01 10:03:44+00', '2020-01-01 10:03:58+00', '/1', 8, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 21, '2026-11-30 09:13:14.890767+00', 21, '2020-01-01 10:03:58+00', '2020-01-01 10:04:05+00', '/2', 9, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 22, '2026-11-30 09:13:14.890767+00', 22, '2020-01-01 10:04:05+00', '2020-01-01 10:04:19+00', '/1', 11, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 23, '2026-11-30 09:13:14.890767+00', 23, '2020-01-01 10:04:19+00', '2020-01-01 10:04:26+00', '/2', 12, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 24, '2026-11-30 09:13:14.890767+00', 24, '2020-01-01 10:04:26+00', '2020-01-01 10:04:40+00', '/1', 1, -10);
INSERT INTO lk.part_steps_0 VALUES (0, 25, '2026-11-30 09:13:14.890767+00', 25, '2020-01-01 10:04:40+00', '2020-01-01 10:04:47+00', '/2', 2, -10);
INSERT INTO lk.part_steps_0 VALUES (0, 26, '2026-11-30 09:13:14.890767+00', 26, '2020-01-01 10:04:47+00', '2020-01-01 10:05:01+00', '/1', 4, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 27, '2026-11-30 09:13:14.890767+00', 27, '2020-01-01 10:05:01+00', '2020-01-01 10:05:08+00', '/2', 5, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 28, '2026-11-30 09:13:14.890767+00', 28, '2020-01-01 10:05:08+00', '2020-01-01 10:05:22+00', '/1', 7, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 29, '2026-11-30 09:13:14.890767+00', 29, '2020-01-01 10:05:22+00', '2020-01-01 10:05:29+00', '/2', 8, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 30, '2026-11-30 09:13:14.890767+00', 30, '2020-01-01 10:05:29+00', '2020-01-01 10:02:23+00', '/1', 10, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 31, '2026-11-30 09:13:14.890767+00', 31, '2020-01-01 10:05:29+00', '2020-01-01 10:05:50+00', '/2', 11, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 32, '2026-11-30 09:13:14.890767+00', 32, '2020-01-01 10:06:04+00', '2020-01-01 10:06:11+00', '/2', 1, -10);
INSERT INTO lk.part_steps_0 VALUES (0, 33, '2026-11-30 09:13:14.890767+00', 33, '2020-01-01 10:06:11+00', '2020-01-01 10:06:25+00', '/1', 3, -7);
INSERT INTO lk.part_steps_0 VALUES (0, 34, '2026-11-30 09:13:14.890767+00', 34, '2020-01-01 10:06:25+00', '2020-01-01 10:06:32+00', '/2', 4, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 35, '2026-11-30 09:13:14.890767+00', 35, '2020-01-01 10:06:32+00', '2020-01-01 10:06:46+00', '/1', 6, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 36, '2026-11-30 09:13:14.890767+00', 36, '2020-01-01 10:06:46+00', '2020-01-01 10:03:33+00', '/2', 7, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 37, '2026-11-30 09:13:15.111737+00', 37, '2020-01-01 10:06:46+00', '2020-01-01 10:07:07+00', '/1', 9, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 38, '2026-11-30 09:13:15.111737+00', 38, '2020-01-01 10:07:07+00', '2020-01-01 10:07:14+00', '/2', 10, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 39, '2026-11-30 09:13:15.111737+00', 39, '2020-01-01 10:07:14+00', '2020-01-01 10:07:28+00', '/1', 12, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 40, '2026-11-30 09:13:15.111737+00', 40, '2020-01-01 10:07:35+00', '2020-01-01 10:07:49+00', '/1', 2, -10);
INSERT INTO lk.part_steps_0 VALUES (0, 41, '2026-11-30 09:13:15.111737+00', 41, '2020-01-01 10:07:49+00', '2020-01-01 10:07:56+00', '/2', 3, -7);
INSERT INTO lk.part_steps_0 VALUES (0, 42, '2026-11-30 09:13:15.111737+00', 42, '2020-01-01 10:07:56+00', '2020-01-01 10:08:10+00', '/1', 5, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 43, '2026-11-30 09:13:15.111737+00', 43, '2020-01-01 10:08:10+00', '2020-01-01 10:08:17+00', '/2', 6, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 44, '2026-11-30 09:13:15.111737+00', 44, '2020-01-01 10:08:17+00', '2020-01-01 10:08:31+00', '/1', 8, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 45, '2026-11-30 09:13:15.111737+00', 45, '2020-01-01 10:08:31+00', '2020-01-01 10:08:38+00', '/2', 9, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 46, '2026-11-30 09:13:15.111737+00', 46, '2020-01-01 10:08:38+00', '2020-01-01 10:08:52+00', '/1', 11, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 47, '2026-11-30 09:13:15.111737+00', 47, '2020-01-01 10:08:52+00', '2020-01-01 10:08:59+00', '/2', 12, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 48, '2026-11-30 09:13:15.111737+00', 48, '2020-01-01 10:08:59+00', '2020-01-01 10:05:53+00', '/1', 1, -10);
INSERT INTO lk.part_steps_0 VALUES (0, 49, '2026-11-30 09:13:15.111737+00', 49, '2020-01-01 10:08:59+00', '2020-01-01 10:09:20+00', '/2', 2, -10);
INSERT INTO lk.part_steps_0 VALUES (0, 50, '2026-11-30 09:13:15.111737+00', 50, '2020-01-01 10:09:20+00', '2020-01-01 10:09:34+00', '/1', 4, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 51, '2026-11-30 09:13:15.111737+00', 51, '2020-01-01 10:09:34+00', '2020-01-01 10:09:41+00', '/2', 5, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 52, '2026-11-30 09:13:15.111737+00', 52, '2020-01-01 10:09:41+00', '2020-01-01 10:09:55+00', '/1', 7, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 53, '2026-11-30 09:13:15.111737+00', 53, '2020-01-01 10:09:55+00', '2020-01-01 10:10:02+00', '/2', 8, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 54, '2026-11-30 09:13:15.111737+00', 54, '2020-01-01 10:10:02+00', '2020-01-01 10:10:16+00', '/1', 10, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 55, '2026-11-30 09:13:15.111737+00', 55, '2020-01-01 10:10:16+00', '2020-01-01 10:07:03+00', '/2', 11, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 56, '2026-11-30 09:13:15.111737+00', 56, '2020-01-01 10:10:37+00', '2020-01-01 10:10:44+00', '/2', 1, -10);
INSERT INTO lk.part_steps_0 VALUES (0, 57, '2026-11-30 09:13:15.111737+00', 57, '2020-01-01 10:10:44+00', '2020-01-01 10:10:58+00', '/1', 3, -7);
INSERT INTO lk.part_steps_0 VALUES (0, 58, '2026-11-30 09:13:15.111737+00', 58, '2020-01-01 10:10:58+00', '2020-01-01 10:11:05+00', '/2', 4, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 59, '2026-11-30 09:13:15.111737+00', 59, '2020-01-01 10:11:05+00', '2020-01-01 10:11:19+00', '/1', 6, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 60, '2026-11-30 09:13:15.111737+00', 60, '2020-01-01 10:11:19+00', '2020-01-01 10:11:26+00', '/2', 7, 3);
INSERT INTO lk.part_steps_0 VALUES (0, 61, '2026-11-30 19:37:08.115753+00', 61, '2020-01-01 10:12:00+00', '2020-01-01 10:12:30+00', '/4', 5, NULL);
INSERT INTO lk.part_steps_0 VALUES (0, 62, '2026-11-30 23:06:18.999474+00', 62, '2020-01-01 10:12:30+00', '2020-01-01 10:22:30+00', '/1', 5, -1);
INSERT INTO lk.part_steps_1 VALUES (1, 0, '2026-11-30 09:13:14.890829+00', 0, '2020-01-01 10:00:00+00', '2020-01-01 10:00:21+00', '/0', 3, NULL);
INSERT INTO lk.part_steps_1 VALUES (1, 1, '2026-11-30 09:13:14.890829+00', 1, '2020-01-01 10:00:21+00', '2020-01-01 10:00:42+00', '/0', 6, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 2, '2026-11-30 09:13:14.890829+00', 2, '2020-01-01 10:00:42+00', '2020-01-01 10:00:00+00', '/0', 9, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 3, '2026-11-30 09:13:14.890829+00', 3, '2020-01-01 10:00:42+00', '2020-01-01 10:01:24+00', '/0', 12, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 4, '2026-11-30 09:13:14.890829+00', 4, '2020-01-01 10:01:24+00', '2020-01-01 10:01:45+00', '/0', 2, -10);
INSERT INTO lk.part_steps_1 VALUES (1, 5, '2026-11-30 09:13:14.890829+00', 5, '2020-01-01 10:01:45+00', '2020-01-01 10:02:06+00', '/0', 5, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 6, '2026-11-30 09:13:14.890829+00', 6, '2020-01-01 10:02:06+00', '2020-01-01 10:02:27+00', '/0', 8, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 7, '2026-11-30 09:13:14.890829+00', 7, '2020-01-01 10:02:27+00', '2020-01-01 10:02:48+00', '/0', 11, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 8, '2026-11-30 09:13:14.890829+00', 8, '2020-01-01 10:02:48+00', '2020-01-01 10:03:09+00', '/0', 1, -10);
INSERT INTO lk.part_steps_1 VALUES (1, 9, '2026-11-30 09:13:14.890829+00', 9, '2020-01-01 10:03:09+00', '2020-01-01 10:03:30+00', '/0', 4, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 10, '2026-11-30 09:13:14.890829+00', 10, '2020-01-01 10:03:30+00', '2020-01-01 10:03:51+00', '/0', 7, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 11, '2026-11-30 09:13:14.890829+00', 11, '2020-01-01 10:03:51+00', '2020-01-01 10:04:12+00', '/0', 10, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 12, '2026-11-30 09:13:14.890829+00', 12, '2020-01-01 10:04:12+00', '2020-01-01 10:04:54+00', '/0', 3, -7);
INSERT INTO lk.part_steps_1 VALUES (1, 13, '2026-11-30 09:13:14.890829+00', 13, '2020-01-01 10:04:54+00', '2020-01-01 10:05:15+00', '/0', 6, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 14, '2026-11-30 09:13:14.890829+00', 14, '2020-01-01 10:05:15+00', '2020-01-01 10:05:36+00', '/0', 9, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 15, '2026-11-30 09:13:14.890829+00', 15, '2020-01-01 10:05:36+00', '2020-01-01 10:05:57+00', '/0', 12, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 16, '2026-11-30 09:13:14.890829+00', 16, '2020-01-01 10:05:57+00', '2020-01-01 10:06:18+00', '/0', 2, -10);
INSERT INTO lk.part_steps_1 VALUES (1, 17, '2026-11-30 09:13:14.890829+00', 17, '2020-01-01 10:06:18+00', '2020-01-01 10:06:39+00', '/0', 5, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 18, '2026-11-30 09:13:15.11179+00', 18, '2020-01-01 10:06:39+00', '2020-01-01 10:07:00+00', '/0', 8, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 19, '2026-11-30 09:13:15.11179+00', 19, '2020-01-01 10:07:00+00', '2020-01-01 10:07:21+00', '/0', 11, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 20, '2026-11-30 09:13:15.11179+00', 20, '2020-01-01 10:07:21+00', '2020-01-01 10:07:42+00', '/0', 1, -10);
INSERT INTO lk.part_steps_1 VALUES (1, 21, '2026-11-30 09:13:15.11179+00', 21, '2020-01-01 10:07:42+00', '2020-01-01 10:04:43+00', '/0', 4, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 22, '2026-11-30 09:13:15.11179+00', 22, '2020-01-01 10:07:42+00', '2020-01-01 10:08:24+00', '/0', 7, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 23, '2026-11-30 09:13:15.11179+00', 23, '2020-01-01 10:08:24+00', '2020-01-01 10:08:45+00', '/0', 10, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 24, '2026-11-30 09:13:15.11179+00', 24, '2020-01-01 10:09:06+00', '2020-01-01 10:09:27+00', '/0', 3, -7);
INSERT INTO lk.part_steps_1 VALUES (1, 25, '2026-11-30 09:13:15.11179+00', 25, '2020-01-01 10:09:27+00', '2020-01-01 10:09:48+00', '/0', 6, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 26, '2026-11-30 09:13:15.11179+00', 26, '2020-01-01 10:09:48+00', '2020-01-01 10:10:09+00', '/0', 9, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 27, '2026-11-30 09:13:15.11179+00', 27, '2020-01-01 10:10:09+00', '2020-01-01 10:10:30+00', '/0', 12, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 28, '2026-11-30 09:13:15.11179+00', 28, '2020-01-01 10:10:30+00', '2020-01-01 10:10:51+00', '/0', 2, -10);
INSERT INTO lk.part_steps_1 VALUES (1, 29, '2026-11-30 09:13:15.11179+00', 29, '2020-01-01 10:10:51+00', '2020-01-01 10:11:12+00', '/0', 5, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 30, '2026-11-30 09:13:15.11179+00', 30, '2020-01-01 10:11:12+00', '2020-01-01 10:08:13+00', '/0', 8, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 31, '2026-11-30 16:14:54.022299+00', 31, '2020-01-01 10:11:12+00', '2020-01-01 10:11:30+00', '/3', 4, NULL);
INSERT INTO lk.part_steps_1 VALUES (1, 32, '2026-11-30 23:06:18.999373+00', 32, '2020-01-01 10:11:30+00', '2020-01-01 10:21:00+00', '/3', 7, 3);
INSERT INTO lk.part_steps_1 VALUES (1, 33, '2026-12-01 04:18:43.615537+00', 33, '2020-01-01 10:21:00+00', '2020-01-01 10:25:00+00', '/3', 9, 2);
INSERT INTO lk.rejected VALUES (1, 'first', 2892, NULL, NULL, NULL, 'not a JSON object', 'not json', '2026-11-30 09:13:14.891903+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 1, 4, 'bigint out of range', NULL, '2026-11-30 09:13:14.92615+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 1, 8, 'bigint out of range', NULL, '2026-11-30 09:13:14.926404+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 1, 12, 'bigint out of range', NULL, '2026-11-30 09:13:14.92641+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 1, 17, 'bigint out of range', NULL, '2026-11-30 09:13:14.926413+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 0, 6, 'bigint out of range', NULL, '2026-11-30 09:13:14.926956+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 0, 7, 'bigint out of range', NULL, '2026-11-30 09:13:14.927019+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 0, 15, 'bigint out of range', NULL, '2026-11-30 09:13:14.927023+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 0, 16, 'bigint out of range', NULL, '2026-11-30 09:13:14.927028+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 0, 24, 'bigint out of range', NULL, '2026-11-30 09:13:14.927031+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 0, 25, 'bigint out of range', NULL, '2026-11-30 09:13:14.927034+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 0, 32, 'bigint out of range', NULL, '2026-11-30 09:13:14.927037+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 0, 33, 'bigint out of range', NULL, '2026-11-30 09:13:14.927046+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 0, 41, 'bigint out of range', NULL, '2026-11-30 09:13:15.144244+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 0, 42, 'bigint out of range', NULL, '2026-11-30 09:13:15.144326+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 0, 50, 'bigint out of range', NULL, '2026-11-30 09:13:15.144335+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 0, 51, 'bigint out of range', NULL, '2026-11-30 09:13:15.144339+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 0, 58, 'bigint out of range', NULL, '2026-11-30 09:13:15.144342+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 0, 59, 'bigint out of range', NULL, '2026-11-30 09:13:15.144345+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 1, 21, 'bigint out of range', NULL, '2026-11-30 09:13:15.144332+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 1, 25, 'bigint out of range', NULL, '2026-11-30 09:13:15.144404+00');
INSERT INTO lk.rejected VALUES (1, NULL, NULL, 18, 1, 30, 'bigint out of range', NULL, '2026-11-30 09:13:15.14441+00');
INSERT INTO lk.rejected VALUES (1, 'third', 48, NULL, NULL, NULL, 'ts: not a time', '{"ts":"2020-01-01T10:0","path":"/3"}', '2026-11-30 16:14:54.024034+00');
INSERT INTO lk.rejected VALUES (1, 'third', 99, NULL, NULL, NULL, 'not a JSON object', 'nonsense', '2026-11-30 19:37:08.123302+00');
INSERT INTO lk.replay VALUES (35, 38, 'done', '2026-11-30 09:13:15.363079+00', 0, '2026-11-30 09:13:15.459897+00');
INSERT INTO lk.replay VALUES (39, 43, 'done', '2026-11-30 09:13:15.585599+00', 19, '2026-11-30 09:13:15.667923+00');
INSERT INTO lk.replay VALUES (58, 61, 'done', '2026-11-30 19:37:09.702777+00', 0, '2026-11-30 19:37:09.962376+00');
INSERT INTO lk.replay VALUES (62, 66, 'done', '2026-11-30 19:37:10.159632+00', 19, '2026-11-30 19:37:10.350432+00');
INSERT INTO lk.replay VALUES (95, 104, 'done', '2026-12-01 04:18:43.002225+00', 0, '2026-12-01 04:18:43.503009+00');
INSERT INTO lk.replay VALUES (100, 106, 'done', '2026-12-01 04:18:43.162296+00', 96, '2026-12-01 04:18:43.505462+00');
INSERT INTO lk.replay VALUES (90, 103, 'done', '2026-12-01 04:18:42.860047+00', 0, '2026-12-01 04:18:43.543083+00');
INSERT INTO lk.source VALUES (1, 'first', 2901, 1, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO lk.source VALUES (1, 'second', 1929, 1, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO lk.source VALUES (1, 'third', 85, 1, 4833383570968250573, NULL, 'd2ad90e0f48c533296785ae4979209a2', 47, '6b64edd2047540048c062dbf5dd45e51', NULL);
INSERT INTO lk.source VALUES (1, 'third', 108, 2, 6471784324886777396, NULL, '88656dbe5b02793d89e97fa8d85d3c19', 50, '88ee97aaa4c27167a430ea24fdfad40a', NULL);
INSERT INTO lk.source VALUES (1, 'third', 96, 3, 958104784063235952, '\x7b227473223a22323032302d30312d30315431303a32313a30305a222c2270617468223a222f33222c226e223a377d', '54ed98094b5e9ac395a9a47c9e1d772b', NULL, NULL, NULL);
INSERT INTO lk.source VALUES (72, '1/0', 69, 0, NULL, NULL, NULL, NULL, NULL, '2020-01-01 10:22:30+00');
INSERT INTO lk.source VALUES (78, '72/0', 63, 0, NULL, NULL, NULL, NULL, NULL, '2020-01-01 10:22:30+00');
INSERT INTO lk.source VALUES (93, '1/0', 69, 0, NULL, NULL, NULL, NULL, NULL, '2020-01-01 10:22:30+00');
INSERT INTO lk.source VALUES (98, '93/0', 63, 0, NULL, NULL, NULL, NULL, NULL, '2020-01-01 10:22:30+00');
INSERT INTO lk.source VALUES (72, '1/1', 37, 0, NULL, NULL, NULL, NULL, NULL, '2020-01-01 10:25:00+00');
INSERT INTO lk.source VALUES (93, '1/1', 37, 0, NULL, NULL, NULL, NULL, NULL, '2020-01-01 10:25:00+00');
INSERT INTO lk.source VALUES (78, '72/1', 34, 0, NULL, NULL, NULL, NULL, NULL, '2020-01-01 10:25:00+00');
INSERT INTO lk.source VALUES (98, '93/1', 34, 0, NULL, NULL, NULL, NULL, NULL, '2020-01-01 10:25:00+00');
INSERT INTO lk.stream VALUES (1, 'hits', 'CREATE TABLE hits (ts timestamptz, path text, n bigint) WITH (event_time = ts, partition_by = path, partitions = 2, watermark = ''10 seconds'')', 2, 0, NULL);
INSERT INTO lk.stream VALUES (72, 'pages', 'CREATE TABLE "pages" ("ts" timestamp with time zone, "path" text, "n" bigint) WITH (event_time = "ts", partition_by = "path", partitions = 2, watermark = ''10000000 us'', max_ahead = ''86400000000 us'')', 2, 0, 69);
INSERT INTO lk.stream VALUES (78, 'steps', 'CREATE TABLE "steps" ("ts" timestamp with time zone, "path" text, "n" bigint, "step" bigint) WITH (event_time = "ts", partition_by = "path", partitions = 2, watermark = ''10000000 us'', max_ahead = ''86400000000 us'')', 2, 0, 75);
INSERT INTO lk.stream VALUES (93, 'pages@90', 'CREATE TABLE "pages" ("ts" timestamp with time zone, "path" text, "n" bigint) WITH (event_time = "ts", partition_by = "path", partitions = 2, watermark = ''10000000 us'', max_ahead = ''86400000000 us'')', 2, 0, 90);
INSERT INTO lk.stream VALUES (98, 'steps@95', 'CREATE TABLE "steps" ("ts" timestamp with time zone, "path" text, "n" bigint, "step" bigint) WITH (event_time = "ts", partition_by = "path", partitions = 2, watermark = ''10000000 us'', max_ahead = ''86400000000 us'')', 2, 0, 95);
INSERT INTO lk.tail VALUES (1, 0, 69, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', NULL);
INSERT INTO lk.tail VALUES (72, 0, 63, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', '2026-11-30 23:06:18.999474+00');
INSERT INTO lk.tail VALUES (78, 0, 63, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', '2026-11-30 23:06:18.999474+00');
INSERT INTO lk.tail VALUES (93, 0, 63, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', '2026-11-30 23:06:18.999474+00');
INSERT INTO lk.tail VALUES (98, 0, 63, '2026-11-30 23:06:18.999474+00', '2020-01-01 10:22:30+00', '2026-11-30 23:06:18.999474+00');
INSERT INTO lk.tail VALUES (1, 1, 37, '2026-12-01 04:18:43.615537+00', '2020-01-01 10:25:00+00', NULL);
INSERT INTO lk.tail VALUES (72, 1, 34, '2026-12-01 04:18:43.615537+00', '2020-01-01 10:25:00+00', '2026-12-01 04:18:43.615537+00');
INSERT INTO lk.tail VALUES (93, 1, 34, '2026-12-01 04:18:43.615537+00', '2020-01-01 10:25:00+00', '2026-12-01 04:18:43.615537+00');
INSERT INTO lk.tail VALUES (78, 1, 34, '2026-12-01 04:18:43.615537+00', '2020-01-01 10:25:00+00', '2026-12-01 04:18:43.615537+00');
INSERT INTO lk.tail VALUES (98, 1, 34, '2026-12-01 04:18:43.615537+00', '2020-01-01 10:25:00+00', '2026-12-01 04:18:43.615537+00');
INSERT INTO lk.unit VALUES (5627131, 4, 0, 0);
INSERT INTO lk.unit VALUES (6985983, 4, 1, 0);
INSERT INTO lk.unit VALUES (11349194, 9, 0, 0);
INSERT INTO lk.unit VALUES (11913906, 9, 1, 0);
INSERT INTO lk.unit VALUES (15754256, 14, 0, 0);
INSERT INTO lk.unit VALUES (17753453, 14, 1, 0);
INSERT INTO lk.unit VALUES (21383013, 19, 0, 0);
INSERT INTO lk.unit VALUES (23055019, 19, 1, 0);
INSERT INTO lk.unit VALUES (33544161, 30, 0, 0);
INSERT INTO lk.unit VALUES (33940858, 30, 1, 0);
INSERT INTO lk.unit VALUES (38408130, 35, 0, 0);
INSERT INTO lk.unit VALUES (39274067, 35, 1, 0);
INSERT INTO lk.unit VALUES (42697756, 39, 0, 0);
INSERT INTO lk.unit VALUES (43874634, 39, 1, 0);
INSERT INTO lk.unit VALUES (62029674, 58, 0, 0);
INSERT INTO lk.unit VALUES (63383986, 58, 1, 0);
INSERT INTO lk.unit VALUES (66814750, 62, 0, 0);
INSERT INTO lk.unit VALUES (67499561, 62, 1, 0);
INSERT INTO lk.unit VALUES (73901639, 69, 0, 0);
INSERT INTO lk.unit VALUES (74586281, 69, 1, 0);
INSERT INTO lk.unit VALUES (79706415, 75, 0, 0);
INSERT INTO lk.unit VALUES (81434418, 75, 1, 0);
INSERT INTO lk.unit VALUES (86737897, 81, 0, 0);
INSERT INTO lk.unit VALUES (88034923, 81, 1, 0);
INSERT INTO lk.unit VALUES (96083108, 90, 0, 0);
INSERT INTO lk.unit VALUES (96476360, 90, 1, 0);
INSERT INTO lk.unit VALUES (100820848, 95, 0, 0);
INSERT INTO lk.unit VALUES (102387208, 95, 1, 0);
INSERT INTO lk.unit VALUES (106293793, 100, 0, 0);
INSERT INTO lk.unit VALUES (107230348, 100, 1, 0);
INSERT INTO lk.version VALUES (3, 2, 1, 'CREATE VIEW traffic AS SELECT path, count(*) AS hits, sum(n) AS total FROM hits GROUP BY path, tumble(ts, ''1 minute'')', '03099cd753f7c6c308c29f60680b375a', false, 10000000, true, 18, 1);
INSERT INTO lk.version VALUES (13, 12, 1, 'CREATE VIEW days AS SELECT count(*) AS hits, max(n) AS most FROM hits GROUP BY tumble(ts, ''1 day'', ''Asia/Kolkata'')', '1fe49e7896b8e36284f87f00c8b5b74b', false, 10000000, true, 18, 1);
INSERT INTO lk.version VALUES (18, 17, 1, 'CREATE VIEW ratios AS SELECT path, max(n * 1000000000000000000) AS ratio FROM hits GROUP BY path', '494f67cd3e7c8801778d7004fb735f52', true, 10000000, true, 18, 1);
INSERT INTO lk.version VALUES (29, 2, 2, 'CREATE VIEW traffic AS SELECT path, count(*) AS hits, sum(n) AS total, max(n) AS most FROM hits GROUP BY path, tumble(ts, ''1 minute'')', '0108349085d9129a87e004b1b046069c', false, 10000000, true, 18, 1);
INSERT INTO lk.version VALUES (8, 7, 1, 'CREATE VIEW strict WITH (allowed_lateness = ''1 minute'') AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, ''1 minute'')', '682b3d4569cf5a9520dc14bf8a36d73f', false, 10000000, true, 18, 1);
INSERT INTO lk.version VALUES (74, 73, 1, 'CREATE TABLE steps WITH (event_time = ts) AS SELECT ts, path, n, n - lag(n) OVER (PARTITION BY path ORDER BY _off) AS step FROM pages', '7b8c8a28ee850b5361a62a7632cab243', false, 10000000, true, 38, 72);
INSERT INTO lk.version VALUES (80, 79, 1, 'CREATE VIEW paged AS SELECT path, count(*) AS c, sum(n) AS s FROM pages GROUP BY path, tumble(ts, ''1 min'')', '56e08dac7c81337ce5dc6c5223457658', false, 10000000, true, 38, 72);
INSERT INTO lk.version VALUES (68, 67, 1, 'CREATE TABLE pages WITH (event_time = ts) AS SELECT ts, path, n FROM hits WHERE n > 0', '84f8864c1e1928464d7239a2ec7ea576', false, 10000000, true, 38, 1);
INSERT INTO lk.version VALUES (94, 73, 2, 'CREATE TABLE steps WITH (event_time = ts) AS SELECT ts, path, n, n - lag(n) OVER (PARTITION BY path ORDER BY _off) AS step FROM pages', '7b8c8a28ee850b5361a62a7632cab243', false, 10000000, true, 38, 93);
INSERT INTO lk.version VALUES (99, 79, 2, 'CREATE VIEW paged AS SELECT path, count(*) AS c, sum(n) AS s FROM pages GROUP BY path, tumble(ts, ''1 min'')', '56e08dac7c81337ce5dc6c5223457658', false, 10000000, true, 38, 93);
INSERT INTO lk.view VALUES (12, 'days', 1, 14, NULL, '2026-11-30 09:13:14.862916+00', false);
INSERT INTO lk.view VALUES (17, 'ratios', 1, 19, NULL, '2026-11-30 09:13:14.867155+00', false);
INSERT INTO lk.view VALUES (2, 'traffic', 1, 30, NULL, '2026-11-30 09:13:15.328009+00', false);
INSERT INTO lk.view VALUES (7, 'strict', 1, 58, NULL, '2026-11-30 19:37:09.946728+00', false);
INSERT INTO lk.view VALUES (67, 'pages', 1, 90, 69, '2026-12-01 04:18:43.514423+00', true);
INSERT INTO lk.view VALUES (73, 'steps', 93, 95, 75, '2026-12-01 04:18:43.520498+00', true);
INSERT INTO lk.view VALUES (79, 'paged', 93, 100, 81, '2026-12-01 04:18:43.522158+00', false);
SELECT pg_catalog.setval('lk.id', 112, true);
ALTER TABLE ONLY lk.batch
    ADD CONSTRAINT batch_pkey PRIMARY KEY (cut_id);
ALTER TABLE ONLY lk.calendar
    ADD CONSTRAINT calendar_pkey PRIMARY KEY (version_id, start);
ALTER TABLE ONLY lk.copy
    ADD CONSTRAINT copy_pkey PRIMARY KEY (copy_id);
ALTER TABLE ONLY lk.cut_part
    ADD CONSTRAINT cut_part_pkey PRIMARY KEY (cut_id, stream_id, part);
ALTER TABLE ONLY lk.cut
    ADD CONSTRAINT cut_pkey PRIMARY KEY (cut_id);
ALTER TABLE ONLY lk.delivery
    ADD CONSTRAINT delivery_name_key UNIQUE (name);
ALTER TABLE ONLY lk.delivery
    ADD CONSTRAINT delivery_pkey PRIMARY KEY (delivery_id);
ALTER TABLE ONLY lk.erased
    ADD CONSTRAINT erased_pkey PRIMARY KEY (erasure_id, part, off);
ALTER TABLE ONLY lk.erasure
    ADD CONSTRAINT erasure_pkey PRIMARY KEY (erasure_id);
ALTER TABLE ONLY lk.late_block
    ADD CONSTRAINT late_block_pkey PRIMARY KEY (copy_id, part, block);
ALTER TABLE ONLY lk.late
    ADD CONSTRAINT late_pkey PRIMARY KEY (copy_id, part, off);
ALTER TABLE ONLY lk.log_hits
    ADD CONSTRAINT log_hits_pkey PRIMARY KEY (part, off);
ALTER TABLE ONLY lk."log_pages@90"
    ADD CONSTRAINT "log_pages@90_pkey" PRIMARY KEY (part, off);
ALTER TABLE ONLY lk.log_pages
    ADD CONSTRAINT log_pages_pkey PRIMARY KEY (part, off);
ALTER TABLE ONLY lk."log_steps@95"
    ADD CONSTRAINT "log_steps@95_pkey" PRIMARY KEY (part, off);
ALTER TABLE ONLY lk.log_steps
    ADD CONSTRAINT log_steps_pkey PRIMARY KEY (part, off);
ALTER TABLE ONLY lk.meta
    ADD CONSTRAINT meta_pkey PRIMARY KEY (only_row);
ALTER TABLE ONLY lk.part_hits_0
    ADD CONSTRAINT part_hits_0_pkey PRIMARY KEY (part, off);
ALTER TABLE ONLY lk.part_hits_1
    ADD CONSTRAINT part_hits_1_pkey PRIMARY KEY (part, off);
ALTER TABLE ONLY lk."part_pages@90_0"
    ADD CONSTRAINT "part_pages@90_0_pkey" PRIMARY KEY (part, off);
ALTER TABLE ONLY lk."part_pages@90_1"
    ADD CONSTRAINT "part_pages@90_1_pkey" PRIMARY KEY (part, off);
ALTER TABLE ONLY lk.part_pages_0
    ADD CONSTRAINT part_pages_0_pkey PRIMARY KEY (part, off);
ALTER TABLE ONLY lk.part_pages_1
    ADD CONSTRAINT part_pages_1_pkey PRIMARY KEY (part, off);
ALTER TABLE ONLY lk."part_steps@95_0"
    ADD CONSTRAINT "part_steps@95_0_pkey" PRIMARY KEY (part, off);
ALTER TABLE ONLY lk."part_steps@95_1"
    ADD CONSTRAINT "part_steps@95_1_pkey" PRIMARY KEY (part, off);
ALTER TABLE ONLY lk.part_steps_0
    ADD CONSTRAINT part_steps_0_pkey PRIMARY KEY (part, off);
ALTER TABLE ONLY lk.part_steps_1
    ADD CONSTRAINT part_steps_1_pkey PRIMARY KEY (part, off);
ALTER TABLE ONLY lk.replay
    ADD CONSTRAINT replay_pkey PRIMARY KEY (copy_id);
ALTER TABLE ONLY lk.source
    ADD CONSTRAINT source_pkey PRIMARY KEY (stream_id, name, number);
ALTER TABLE ONLY lk.stream
    ADD CONSTRAINT stream_name_key UNIQUE (name);
ALTER TABLE ONLY lk.stream
    ADD CONSTRAINT stream_pkey PRIMARY KEY (stream_id);
ALTER TABLE ONLY lk.tail
    ADD CONSTRAINT tail_pkey PRIMARY KEY (stream_id, part);
ALTER TABLE ONLY lk.unit
    ADD CONSTRAINT unit_copy_id_part_key UNIQUE (copy_id, part);
ALTER TABLE ONLY lk.unit
    ADD CONSTRAINT unit_pkey PRIMARY KEY (unit_id);
ALTER TABLE ONLY lk.version
    ADD CONSTRAINT version_pkey PRIMARY KEY (version_id);
ALTER TABLE ONLY lk.version
    ADD CONSTRAINT version_view_id_number_key UNIQUE (view_id, number);
ALTER TABLE ONLY lk.view
    ADD CONSTRAINT view_name_key UNIQUE (name);
ALTER TABLE ONLY lk.view
    ADD CONSTRAINT view_pkey PRIMARY KEY (view_id);
CREATE INDEX batch_copy ON lk.batch USING btree (copy_id, cut_id);
CREATE INDEX copy_live ON lk.copy USING btree (copy_id) WHERE (NOT dropped);
CREATE UNIQUE INDEX copy_name ON lk.copy USING btree (name) WHERE ((name IS NOT NULL) AND (NOT dropped));
CREATE INDEX copy_version ON lk.copy USING btree (version_id);
CREATE INDEX cut_all ON lk.cut USING btree (copy_id, cut_id);
CREATE INDEX cut_copy ON lk.cut USING btree (copy_id) WHERE (state = ANY (ARRAY['open'::text, 'published'::text]));
CREATE INDEX erasure_stream ON lk.erasure USING btree (stream_id);
CREATE UNIQUE INDEX rejected_event ON lk.rejected USING btree (version_id, part, off) WHERE (version_id IS NOT NULL);
CREATE INDEX rejected_stream ON lk.rejected USING btree (stream_id, at);
CREATE INDEX replay_cut ON lk.replay USING btree (cut_id);
ALTER INDEX lk.log_hits_pkey ATTACH PARTITION lk.part_hits_0_pkey;
ALTER INDEX lk.log_hits_pkey ATTACH PARTITION lk.part_hits_1_pkey;
ALTER INDEX lk."log_pages@90_pkey" ATTACH PARTITION lk."part_pages@90_0_pkey";
ALTER INDEX lk."log_pages@90_pkey" ATTACH PARTITION lk."part_pages@90_1_pkey";
ALTER INDEX lk.log_pages_pkey ATTACH PARTITION lk.part_pages_0_pkey;
ALTER INDEX lk.log_pages_pkey ATTACH PARTITION lk.part_pages_1_pkey;
ALTER INDEX lk."log_steps@95_pkey" ATTACH PARTITION lk."part_steps@95_0_pkey";
ALTER INDEX lk."log_steps@95_pkey" ATTACH PARTITION lk."part_steps@95_1_pkey";
ALTER INDEX lk.log_steps_pkey ATTACH PARTITION lk.part_steps_0_pkey;
ALTER INDEX lk.log_steps_pkey ATTACH PARTITION lk.part_steps_1_pkey;
CREATE TRIGGER count_new AFTER INSERT ON lk.late REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lk.count_late();
CREATE TRIGGER count_none AFTER TRUNCATE ON lk.late FOR EACH STATEMENT EXECUTE FUNCTION lk.count_late();
CREATE TRIGGER count_old AFTER DELETE ON lk.late REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lk.count_late();
ALTER TABLE ONLY lk.batch
    ADD CONSTRAINT batch_copy_id_fkey FOREIGN KEY (copy_id) REFERENCES lk.copy(copy_id);
ALTER TABLE ONLY lk.batch
    ADD CONSTRAINT batch_cut_id_fkey FOREIGN KEY (cut_id) REFERENCES lk.cut(cut_id);
ALTER TABLE ONLY lk.calendar
    ADD CONSTRAINT calendar_version_id_fkey FOREIGN KEY (version_id) REFERENCES lk.version(version_id);
ALTER TABLE ONLY lk.copy
    ADD CONSTRAINT copy_version_id_fkey FOREIGN KEY (version_id) REFERENCES lk.version(version_id);
ALTER TABLE ONLY lk.cut
    ADD CONSTRAINT cut_copy_id_fkey FOREIGN KEY (copy_id) REFERENCES lk.copy(copy_id);
ALTER TABLE ONLY lk.cut_part
    ADD CONSTRAINT cut_part_cut_id_fkey FOREIGN KEY (cut_id) REFERENCES lk.cut(cut_id);
ALTER TABLE ONLY lk.cut_part
    ADD CONSTRAINT cut_part_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES lk.stream(stream_id);
ALTER TABLE ONLY lk.erased
    ADD CONSTRAINT erased_erasure_id_fkey FOREIGN KEY (erasure_id) REFERENCES lk.erasure(erasure_id);
ALTER TABLE ONLY lk.erasure
    ADD CONSTRAINT erasure_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES lk.stream(stream_id);
ALTER TABLE ONLY lk.late
    ADD CONSTRAINT late_copy_id_fkey FOREIGN KEY (copy_id) REFERENCES lk.copy(copy_id);
ALTER TABLE ONLY lk.rejected
    ADD CONSTRAINT rejected_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES lk.stream(stream_id);
ALTER TABLE ONLY lk.replay
    ADD CONSTRAINT replay_copy_id_fkey FOREIGN KEY (copy_id) REFERENCES lk.copy(copy_id);
ALTER TABLE ONLY lk.replay
    ADD CONSTRAINT replay_cut_id_fkey FOREIGN KEY (cut_id) REFERENCES lk.cut(cut_id);
ALTER TABLE ONLY lk.source
    ADD CONSTRAINT source_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES lk.stream(stream_id);
ALTER TABLE ONLY lk.tail
    ADD CONSTRAINT tail_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES lk.stream(stream_id);
ALTER TABLE ONLY lk.unit
    ADD CONSTRAINT unit_copy_id_fkey FOREIGN KEY (copy_id) REFERENCES lk.copy(copy_id);
ALTER TABLE ONLY lk.version
    ADD CONSTRAINT version_view_id_fkey FOREIGN KEY (view_id) REFERENCES lk.view(view_id);
ALTER TABLE ONLY lk.view
    ADD CONSTRAINT view_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES lk.stream(stream_id);
