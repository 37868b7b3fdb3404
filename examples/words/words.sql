-- Lines of text, as `lk gen words` makes them.
CREATE TABLE lines (
  ts timestamptz, book text, line text
) WITH (event_time = ts, partition_by = book, partitions = 2);

-- How often is each word said? One line gives a row for each of its words.
CREATE VIEW words AS
  SELECT word, count(*) AS n
  FROM lines, regexp_split_to_table(lower(line), '\W+') AS word
  WHERE word <> ''
  GROUP BY word;

-- The three words that each ten minutes say most, but for those that every sentence has.
CREATE VIEW said_most AS
  SELECT word, count(*) AS n, count(DISTINCT book) AS books
  FROM lines, regexp_split_to_table(lower(line), '\W+') AS word
  WHERE length(word) > 3
  GROUP BY word, tumble(ts, '10 minutes')
  ORDER BY n DESC LIMIT 3;
