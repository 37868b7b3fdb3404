/* The table of commands, with all help texts. The code of a command is in cli/cmd_<name>.c. */
#include "cli/commands.h"

#define WHERE_OPTIONS \
	{"where", "COL=VALUE", "only rows for which this holds; may be repeated (all must hold). Also 'COL != VALUE', < <= > >=, 'COL is " \
	 "null', 'COL is not null'. On group keys it limits what is read; on other columns it is applied last, like HAVING", true}, \
	{"from", "TIME", "windows that start at or after TIME: RFC 3339, or -1h for an hour before now", false}, \
	{"to", "TIME", "windows that start before TIME", false}, \
	{"window", "SIZE", "another window size: a multiple of the view's pane", false}, \
	{"slide", "SIZE", "with --window: hopping windows, one every SIZE", false}, \
	{"version", "N", "this version instead of the served one", false}, \
	{"copy", "COPY", "this copy: the name of a sandbox, or an id from lk status", false}, \
	{"max-rows", "N", "give up if the answer would need more rows, before --where and --limit remove any (5000000; 0: no bound)", \
	 false}, \
	{"max-memory", "SIZE", "give up if the rows and their parts would take more memory: 512MB, 2GB (1GB; 0: no bound)", false}, \
	{"timeout", "INTERVAL", "give up after this time (no bound)", false}

#define KEEP_OPTION \
	{"keep-rejected", "N", "keep the newest N rows of each stream in lk.rejected (100,000)", false}

const lk_command lk_commands[] = {
	{"up", "", 0, 0, "start a private PostgreSQL and Redis under LK_HOME",
	 "Both listen on unix sockets only; their data is kept between runs. For root they run as user postgres; if that user "
	 "cannot enter LK_HOME, their data is in a folder under /var/lib/lk, which lk up names. Servers that already run are left "
	 "alone.",
	 {{0}},
	 {{"lk up", "start both under .lk"}, {"LK_HOME=/srv/lk lk up", "start both under /srv/lk"}},
	 lk_cmd_up},

	{"down", "", 0, 0, "stop the private servers; their data stays, unless --remove is given",
	 "With --remove their data goes too, also where it lies outside of LK_HOME, and the folder itself if nothing else is in it. It "
	 "asks first; without a terminal it needs --yes. It never removes files that lk up did not make, but names them.",
	 {{"remove", NULL, "remove their data, the log too, for good", false},
	  {"yes", NULL, "with --remove: do not ask", false}},
	 {{"lk down", "stop both"}, {"lk down --remove", "stop both and remove their data; asks first"}},
	 lk_cmd_down},

	{"apply", "FILE...", 1, -1, "declare streams and views from SQL files",
	 "Applying the same definition again changes nothing. A changed view becomes a new version that the next batch "
	 "brings into service; it replaces an older version that still waits for that. If there are faults, all of them are "
	 "printed with their places and nothing is applied. A file named - is standard input.",
	 {{"check", NULL, "only say what would be new, unchanged, a new version, or refused (exit 78); change nothing", false}},
	 {{"lk apply examples/web/web.sql", "declare what the file holds"},
	  {"lk apply --check changed.sql", "what would it do?"}},
	 lk_cmd_apply},

	{"ingest", "STREAM [FILE...]", 1, -1, "append events to a stream's log",
	 "Reads standard input if no file, or -, is named. A line that cannot be an event goes to lk.rejected and never "
	 "stops the rest. If PostgreSQL goes away or its disk is full, it says what the log has and tries again for five minutes. On the first Ctrl-C it appends what it has read and ends (exit 75); the second ends it at once.",
	 {{"format", "FORMAT", "jsonl, json, csv, tsv, access (a web server's log, recognised line by line), the name of a log format (common, "
	   "combined, vhost_common, vhost_combined, combinedio, main) or its text in the syntax of Apache or nginx. Default: by "
	   "the file's ending (.jsonl .json .csv .tsv .log, also with .gz); jsonl for standard input", false},
	  {"delimiter", "C", "the separator of csv fields: a character, or tab (,)", false},
	  {"source", "NAME", "remember under this name how far the input was read, so that the same input is never appended "
	   "twice; all files of a rotated log share one name and are recognised by their content", false},
	  {"strict", NULL, "append nothing if any line cannot be an event (exit 65)", false}},
	 {{"lk gen web --events 100000 | lk ingest hits", "generated events"},
	  {"lk ingest hits access.log.gz --source access.log", "a web server's log, once"},
	  {"lk ingest hits a.log --format '%h %l %u %t \"%r\" %>s %b %D'", "a log in a custom format"}},
	 lk_cmd_ingest},

	{"gen", "KIND", 1, 1, "print generated events as jsonl",
	 "KIND is web: hits of a web site. The same options give the same bytes.",
	 {{"events", "N", "how many (100000)", false},
	  {"seed", "S", "another seed gives other events (1)", false},
	  {"start", "TIME", "event time of the first event: RFC 3339, or -1h (2015-05-17T10:00:00Z)", false},
	  {"span", "INTERVAL", "the event time that they cover (1h)", false},
	  {"late", "FRACTION", "fraction of them, 0 to 1, that come late by up to a quarter of the span (0)", false},
	  {"jitter", "INTERVAL", "the others are out of order by up to INTERVAL (none)", false}},
	 {{"lk gen web --events 5 --seed 7", "five events"},
	  {"lk gen web --events 1000000 --span 1d | lk ingest hits", "a day of traffic"}},
	 lk_cmd_gen},

	{"speed", "", 0, 0, "run the speed layer: keep the views in Redis up to date",
	 "Runs until stopped. On the first Ctrl-C it commits what it has and ends; the second ends it at once. If a server is "
	 "lost or Redis is full, it says so, waits, and says when it continues. With --once it waits 30 s for room in Redis (exit "
	 "75), 5 minutes for a server (exit 3) and a minute for another process that holds a partition but makes no progress (exit "
	 "75); what was committed is kept, and the same command continues there. It reports each event whose commit was "
	 "acknowledged once.",
	 {{"once", NULL, "stop where the log ended at the start", false},
	  {"workers", "N", "threads (2)", false},
	  {"view", "VIEW", "this view only", false}},
	 {{"lk speed --once", "catch up and end"}, {"lk speed --workers 4", "keep up until stopped"}},
	 lk_cmd_speed},

	{"batch", "[VIEW...]", 0, -1, "recompute views from the log and publish the result",
	 "Without a name, all views. A batch that finds nothing new in the log does nothing. A view in kappa mode is not "
	 "recomputed but sealed: the results of its speed layer move from Redis to PostgreSQL. A seal waits until a running "
	 "speed layer (`lk speed`, `lk run`) has reached the position where the log ended at the start.",
	 {{"every", "INTERVAL", "repeat, one batch every INTERVAL, until stopped", false}, KEEP_OPTION},
	 {{"lk batch", "one batch of every view"},
	  {"lk batch traffic --every 5m", "a batch of traffic every five minutes"}},
	 lk_cmd_batch},

	{"run", "", 0, 0, "run speed layer and batch layer together, until stopped",
	 "Both servers must answer at the start. If one goes away later, or is full, it says so, waits, and says when it continues. "
	 "Each line on standard error begins with the time.",
	 {{"every", "INTERVAL", "time between batches (1min)", false},
	  {"workers", "N", "threads of the speed layer (2)", false}, KEEP_OPTION},
	 {{"lk run", "both layers, a batch every minute"},
	  {"lk run --every 10s --workers 4", "a batch every ten seconds"}},
	 lk_cmd_run},

	{"query", "VIEW", 1, 1, "print the rows of a view, merged from batch and speed",
	 "The rows are the batch part below the cut plus the speed part from there on. The answer says which part of the log "
	 "it covers: below the table, in the json object, or on standard error with jsonl and csv.",
	 {WHERE_OPTIONS,
	  {"fill", "HOW", "add rows for windows without events, between the first and the last window, or --from and --to: null, zero, or "
	   "previous (the values of the window before)", false},
	  {"last", "N", "only rows of the last N windows that have rows", false},
	  {"sort", "COL", "sort by this column instead of window and keys; 'COL desc': largest first; NULL comes last", false},
	  {"limit", "N", "only the first N rows, after all other options", false},
	  {"layer", "LAYER", "merged, batch or speed (merged)", false},
	  {"format", "FORMAT", "table, json, jsonl or csv (table)", false},
	  {"chart", "COLUMN", "with a table: a bar beside each row that shows this column's value", false},
	  {"no-pager", NULL, "never start a pager, however long the table is", false},
	  {"strict", NULL, "exit 5 if the answer lacks events: the last ones of the log, or late ones", false}},
	 {{"lk query traffic", "all of it"},
	  {"lk query traffic --where path=/ --format jsonl", "one path, a JSON object per row"},
	  {"lk query traffic --window 1h --last 1 --sort 'hits desc' --limit 10", "the top ten of the last hour"},
	  {"lk query traffic --window 1h --slide 10min", "the last hour, every ten minutes"},
	  {"lk query traffic --where path=/ --fill zero --chart hits", "with empty minutes, and bars"}},
	 lk_cmd_query},

	{"status", "[VIEW]", 0, 1, "show streams, views, cuts, cursors, lag and watermarks",
	 "With a view's name, also by partition; for a stream with idle_timeout, IDLE marks the partitions that do not hold "
	 "back what is final. Numbers without a unit count events.\n"
	 "NEWEST EVENT is the largest event time accepted (max_ahead in docs/language.md). REJECTED LINES could not "
	 "be events; for MARKED EVENTS a clause of a view had no value; `lk rejected` shows both. BELOW CUT: in the published "
	 "batch. COVERED: in an answer now; LAG: not yet. LATE: refused by the speed layer so far (lk.late); batches count "
	 "them.\n"
	 "STATE: served is what readers get, former what they got before the last switch; live copies are kept up to date "
	 "but were never served; building copies are being replayed, or were until an interruption; a sandbox covers a part of "
	 "history; a scratch copy belongs to a comparison.",
	 {{"digest", NULL, "a digest of the cells of each copy, with the end of the log prefix that it covers: equal "
	   "digests mean equal cells; reads all cells", false},
	  {"format", "FORMAT", "table or json (table)", false}},
	 {{"lk status", "all of it"},
	  {"lk status traffic --format json", "one view"},
	  {"lk status traffic --digest", "are the copies equal?"}},
	 lk_cmd_status},

	{"rejected", "STREAM", 1, 1, "show the lines that could not be events of a stream, and why",
	 "The lines, those of the source read last first, and how often each reason occurred. A line's place is the byte at "
	 "which it begins in its uncompressed source. Events for which a clause of a view had no value (they are in the log, and "
	 "count with NULL there) follow, by partition and offset.",
	 {{"limit", "N", "show N lines (20); 0: only the reasons", false},
	  {"source", "TEXT", "only lines of sources with this in their name", false},
	  {"format", "FORMAT", "table, json, jsonl or csv (table)", false}},
	 {{"lk rejected hits", "the first lines, and all reasons"},
	  {"lk rejected hits --source access.log --limit 1000 --format csv", "lines of one source, for a program"}},
	 lk_cmd_rejected},

	{"late", "VIEW", 1, 1, "show the events that came too late for a view, and how late they were",
	 "For a view with allowed_lateness: the events that the speed layer refused, newest first, and a histogram of them all. "
	 "LATE BY is how far the watermark had passed the instant from which they were late. COUNTED SINCE: by the published batch; "
	 "in kappa mode nothing counts them. docs/windows.md has the rules.",
	 {{"limit", "N", "show the newest N (20); 0: only the histogram", false},
	  {"columns", "LIST", "columns of the stream to show, such as path,status, or all (those that the view reads)", false},
	  {"version", "N", "this version instead of the served one", false},
	  {"copy", "COPY", "this copy: the name of a sandbox, or an id from lk status", false},
	  {"format", "FORMAT", "table, json, jsonl or csv (table)", false}},
	 {{"lk late outcomes", "the newest ones, and how late all of them were"},
	  {"lk late outcomes --limit 1000 --columns all --format csv", "for a program"}},
	 lk_cmd_late},

	{"explain", "VIEW", 1, 1, "show how a view is computed, or how an answer is built",
	 "With --where, --from, --to, --window or --slide: an answer with the batch part, the speed part and their sum for each "
	 "row.",
	 {WHERE_OPTIONS},
	 {{"lk explain traffic", "definition, stream plan and batch SQL"},
	  {"lk explain traffic --where path=/", "the sum behind each row"}},
	 lk_cmd_explain},

	{"replay", "VIEW", 1, 1, "send the log through the stream path again, into a new copy",
	 "The copy is kappa: it needs no batch. Readers keep their copy until --switch moves them over; appends wait some milliseconds "
	 "for that. A replay that was stopped or killed, or lost a server, continues when it is run again.\n"
	 "With --from, --to or --as it makes a sandbox: a copy of a part of history, which ends where that part ends. "
	 "`lk query VIEW --copy NAME` reads it during the replay; at the end it is removed, unless --keep is given.",
	 {{"version", "N", "this version instead of the newest", false},
	  {"switch", NULL, "move readers over at the end, without a gap", false},
	  {"verify", NULL, "first compare with the served copy over the same part of the log; stop at a difference that late "
	   "events do not explain (exit 1)", false},
	  {"force", NULL, "with --verify --switch: switch despite differences, for a changed definition", false},
	  {"fresh", NULL, "drop what an earlier replay left, and restart", false},
	  {"workers", "N", "threads (2)", false},
	  {"pace", "PACE", "max, or a multiple of the speed at which the events happened: 1x, 10x, 0.5x (max)", false},
	  {"max-gap", "INTERVAL", "with --pace: shorten longer gaps between events to INTERVAL", false},
	  {"from", "TIME", "sandbox: events at or after TIME: RFC 3339, or -1h for an hour before now", false},
	  {"to", "TIME", "sandbox: events before TIME", false},
	  {"by", "CLOCK", "the time for --from, --to and --pace: event time (event), or _at, when it was appended (event)", false},
	  {"as", "NAME", "sandbox: its name", false},
	  {"keep", NULL, "sandbox: keep it at the end", false},
	  {"dry-run", NULL, "only say how many events it would read, how long it would take and what it would need in Redis", false}},
	 {{"lk replay traffic --verify --switch", "reprocess, compare, move readers over"},
	  {"lk replay traffic --dry-run", "what would it cost?"},
	  {"lk replay traffic --from -30min --by _at --pace 60x --as morning",
	   "the events of the last half hour again, in half a minute"}},
	 lk_cmd_replay},

	{"mode", "[VIEW [MODE]]", 0, 2, "show or change what views are served from: lambda or kappa",
	 "A change makes a copy in the other mode (kappa: replayed from the log's beginning; lambda: a batch, and the stream path "
	 "from there on), compares it with the served copy, and moves readers over without a gap. Run it again to continue after "
	 "an interruption.",
	 {{"back", NULL, "go back to the copy that was served before the last switch", false},
	  {"force", NULL, "change even if the answers differ", false},
	  {"workers", "N", "threads (2)", false},
	  {"format", "FORMAT", "without MODE: table or json (table)", false}},
	 {{"lk mode", "what each view is served from"},
	  {"lk mode traffic kappa", "serve traffic without a batch layer"},
	  {"lk mode traffic --back", "undo the last switch"}},
	 lk_cmd_mode},

	{"compare", "VIEW", 1, 1, "compare lambda, kappa and plain SQL over the same events, and what each costs",
	 "Makes missing copies, brings all to one cut and compares them row by row; for the first rows that differ it names the "
	 "first event that only one side counts. Exit 0 if all are equal, 1 if not.\n"
	 "It measures the costs on a new copy of each mode, which it removes afterwards. This reads the whole log once per copy.",
	 {{"version", "N", "this version instead of the served one", false},
	  {"no-costs", NULL, "compare only", false},
	  {"workers", "N", "threads that stream and replay (2)", false},
	  {"format", "FORMAT", "table, json or markdown (table)", false}},
	 {{"lk compare traffic", "all of it"},
	  {"lk compare traffic --format markdown > report.md", "the same, for a report"},
	  {"lk compare traffic --no-costs", "are the answers equal?"}},
	 lk_cmd_compare},

	{"drop", "[VIEW]", 0, 1, "remove a view, a copy of it that is not served, or a stream",
	 "Removes a view with all versions and copies, or a stream with its log; a stream that a view reads cannot be removed. "
	 "Both ask first; without a terminal they need --yes. The names can be declared again. With --copy or --former, one copy "
	 "of the view is removed: its cells in Redis and its batch, at once; the log and the definition stay.",
	 {{"copy", "COPY", "only this copy: the name of a sandbox, or an id from lk mode", false},
	  {"former", NULL, "only the copy that was served before the last switch", false},
	  {"stream", "NAME", "this stream and its log", false},
	  {"yes", NULL, "do not ask", false}},
	 {{"lk drop traffic", "the view, after a question"},
	  {"lk drop traffic --former", "the copy that readers were moved away from last"},
	  {"lk drop traffic --copy morning", "a sandbox"},
	  {"lk drop --stream hits --yes", "a stream that no view reads any more, and its log"}},
	 lk_cmd_drop},

	{"help", "[COMMAND]", 0, 1, "show help for lk or a command", "",
	 {{0}},
	 {{"lk help query", "the options of query"}},
	 lk_cmd_help},

	{"version", "", 0, 0, "print the version", "", {{0}}, {{0}}, lk_cmd_version},
	{0},
};
