CREATE TABLE lines (ts timestamptz, line text, tags text, j jsonb, a int) WITH (event_time = ts, partition_by = line);
CREATE VIEW words AS SELECT word, count(*) AS n FROM lines, regexp_split_to_table(lower(line), '\W+', 'i') AS word WHERE word <> '' GROUP BY word, tumble(ts, '1 hour');
CREATE VIEW tags AS SELECT tag, last(tag) AS l, max(x.n) AS n FROM lines CROSS JOIN LATERAL json_array_elements_text(tags::json) WITH ORDINALITY AS x(tag, n)
  JOIN LATERAL (VALUES (tag), ('a')) AS v(y) ON TRUE, string_to_table(v.y, NULL, 'a') GROUP BY tag;
CREATE VIEW parts AS SELECT value ->> 'a' AS a, first(g) AS g FROM lines, jsonb_array_elements(j -> 'l') AS item, generate_series(a, 7, 2) AS g,
  unnest(string_to_array(line, ',')) AS u(p) GROUP BY value ->> 'a';
