-- Clicks on a page, as `lk gen clicks` makes them, and what happens in windows of five seconds.
CREATE TABLE clicks (
  ts timestamptz, visitor text, button text
) WITH (event_time = ts, partition_by = visitor, partitions = 2, watermark = '5 seconds');

-- One window after the other: each click is in one of them.
CREATE VIEW every_5s AS
  SELECT count(*) AS clicks, count(DISTINCT visitor) AS visitors
  FROM clicks GROUP BY tumble(ts, '5 seconds');

-- The button that was clicked most in each of them.
CREATE VIEW favourites AS
  SELECT button, count(*) AS clicks
  FROM clicks GROUP BY button, tumble(ts, '5 seconds')
  ORDER BY clicks DESC LIMIT 1;

-- Who clicks eight times or more within five seconds: the last five seconds, every second, so that no edge of a window hides it.
CREATE VIEW robots AS
  SELECT visitor, count(*) AS clicks
  FROM clicks GROUP BY visitor, hop(ts, '1 second', '5 seconds')
  HAVING count(*) >= 8;
