-- Who reads what on a news site, an hour around midnight in Berlin, and one question by every kind of window: how much is read?
CREATE TABLE reads (
  ts timestamptz, reader text, page text, seconds int
) WITH (event_time = ts, partition_by = reader, partitions = 2, watermark = '10 seconds');

-- One window after the other.
CREATE VIEW tumbling AS
  SELECT count(*) AS reads, sum(seconds) AS seconds FROM reads
  GROUP BY tumble(ts, '1 minute');

-- Windows of ten minutes, one every five: each event is in two of them.
CREATE VIEW hopping AS
  SELECT count(*) AS reads, sum(seconds) AS seconds FROM reads
  GROUP BY hop(ts, '5 minutes', '10 minutes');

-- Since the full hour, every ten minutes; since the full half hour; and since the full two hours, every half hour.
CREATE VIEW cumulated AS
  SELECT count(*) AS reads, sum(seconds) AS seconds FROM reads
  GROUP BY cumulate(ts, '10 minutes', '1 hour');
CREATE VIEW cumulated_30min AS
  SELECT count(*) AS reads, sum(seconds) AS seconds FROM reads
  GROUP BY cumulate(ts, '10 minutes', '30 minutes');
CREATE VIEW cumulated_2h AS
  SELECT count(*) AS reads, sum(seconds) AS seconds FROM reads
  GROUP BY cumulate(ts, '30 minutes', '2 hours');

-- Visits: a session ends when its reader reads nothing for the gap. The gap is part of the view, so each gap has its own view.
CREATE VIEW visits_30s AS
  SELECT reader, count(*) AS reads, sum(seconds) AS seconds FROM reads
  GROUP BY reader, session(ts, '30 seconds');
CREATE VIEW visits_2min AS
  SELECT reader, count(*) AS reads, sum(seconds) AS seconds FROM reads
  GROUP BY reader, session(ts, '2 minutes');
CREATE VIEW visits_10min AS
  SELECT reader, count(*) AS reads, sum(seconds) AS seconds FROM reads
  GROUP BY reader, session(ts, '10 minutes');

-- The calendar day of Berlin, which begins at 22:00 UTC in summer; its week, which begins on Monday; and its month.
CREATE VIEW by_day AS
  SELECT count(*) AS reads, sum(seconds) AS seconds FROM reads
  GROUP BY tumble(ts, '1 day', 'Europe/Berlin');
CREATE VIEW by_week AS
  SELECT count(*) AS reads, sum(seconds) AS seconds FROM reads
  GROUP BY tumble(ts, '1 week', 'Europe/Berlin');
CREATE VIEW by_month AS
  SELECT count(*) AS reads, sum(seconds) AS seconds FROM reads
  GROUP BY tumble(ts, '1 month', 'Europe/Berlin');
