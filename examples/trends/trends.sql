-- Posts of a social network, as `lk gen posts` makes them: "Today's marathon: lovely! #marathon #weather"
CREATE TABLE posts (
  ts timestamptz, author text, text text
) WITH (event_time = ts, partition_by = author, partitions = 2, watermark = '1 minute');

-- The ten hashtags of each hour with the most posts.
CREATE VIEW trends AS
  SELECT tag, count(*) AS posts, count(DISTINCT author) AS authors
  FROM posts, regexp_split_to_table(text, '\s+') AS tag
  WHERE tag LIKE '#%'
  GROUP BY tag, tumble(ts, '1 hour')
  ORDER BY posts DESC LIMIT 10;

-- How people speak of each: 1 is a post with a kind word, -1 one with an unkind word, 0 one with neither.
-- Of fewer than a hundred posts that is chance.
CREATE VIEW moods AS
  SELECT tag, count(*) AS posts,
         round(avg(CASE WHEN text ~ '\m(good|great|wonderful|nice|lovely|fine|brilliant|perfect)\M' THEN 1
                        WHEN text ~ '\m(bad|awful|terrible|sad|boring|broken|slow|ugly)\M' THEN -1
                        ELSE 0 END), 2) AS mood
  FROM posts, regexp_split_to_table(text, '\s+') AS tag
  WHERE tag LIKE '#%'
  GROUP BY tag, tumble(ts, '1 hour')
  HAVING count(*) >= 100;

-- The words of a day, without hashtags and the ones that say nothing.
CREATE VIEW keywords AS
  SELECT word, count(*) AS n
  FROM posts, regexp_split_to_table(lower(text), '[^a-z#]+') AS word
  WHERE length(word) > 2 AND word NOT LIKE '#%'
    AND word NOT IN ('the', 'what', 'today', 'friends', 'say', 'once', 'more', 'really', 'this')
  GROUP BY word, tumble(ts, '1 day')
  ORDER BY n DESC LIMIT 10;
