/* The table of commands. Everything that help says is here; what a command does is in cli/cmd_<name>.c. */
#include "cli/commands.h"

#define WHERE_OPTIONS \
	{"where", "COL=VALUE", "only rows of which this holds; may be repeated (all must hold). Also 'COL != VALUE', < <= > >=, 'COL is " \
	 "null', 'COL is not null'. On group keys it picks what is read; on other columns it is applied last, as HAVING is", true}, \
	{"from", "TIME", "windows that start at or after TIME: RFC 3339, or -1h for an hour before now", false}, \
	{"to", "TIME", "windows that start before TIME", false}, \
	{"window", "SIZE", "another window size: a multiple of the view's panes", false}, \
	{"slide", "SIZE", "with --window: windows that overlap, one every SIZE", false}, \
	{"version", "N", "another version than the one that is served", false}, \
	{"copy", "COPY", "this copy: a sandbox's name, or an id that lk status shows", false}, \
	{"max-rows", "N", "give up where more rows would be put together, before --where and --limit take some away (5000000; 0: no bound)", \
	 false}, \
	{"max-memory", "SIZE", "give up where the rows and what they are made from would take more: 512MB, 2GB (1GB; 0: no bound)", false}, \
	{"timeout", "SIZE", "give up after so long (no bound)", false}

#define KEEP_OPTION \
	{"keep-rejected", "N", "keep the newest N rows of lk.rejected of each stream (100,000)", false}

const lk_command lk_commands[] = {
	{"up", "", 0, 0, "start a private PostgreSQL and Redis under LK_HOME",
	 "Both listen on unix sockets only; their data is kept between runs. Started by root they run as user postgres; where that "
	 "user cannot go into LK_HOME, their data lies in a folder under /var/lib/lk, which lk up names. "
	 "Servers that run already are left alone.",
	 {{0}},
	 {{"lk up", "start both under .lk"}, {"LK_HOME=/srv/lk lk up", "start both under /srv/lk"}},
	 lk_cmd_up},

	{"down", "", 0, 0, "stop the private servers; their data stays, unless --remove is given",
	 "With --remove their data goes too, also where it lies outside of LK_HOME, and the folder itself if nothing else is in it. It "
	 "asks first, and where there is no terminal it wants --yes. What lk up did not make is never removed, but named.",
	 {{"remove", NULL, "remove their data, the log too, for good", false},
	  {"yes", NULL, "with --remove: do not ask", false}},
	 {{"lk down", "stop both"}, {"lk down --remove", "stop both and remove what is in them, after a question"}},
	 lk_cmd_down},

	{"apply", "FILE...", 1, -1, "declare streams and views from SQL files",
	 "Applying the same definition again changes nothing; a changed view becomes a new version that the next batch "
	 "brings into service, in place of an older one that still waits for that. All faults of all files are told, with their places, and then nothing is applied. A file "
	 "named - is standard input.",
	 {{"check", NULL, "only say what would be new, unchanged, a new version, or refused (exit 78), and change nothing", false}},
	 {{"lk apply examples/web/web.sql", "declare what the file holds"},
	  {"lk apply --check changed.sql", "what would it do?"}},
	 lk_cmd_apply},

	{"ingest", "STREAM [FILE...]", 1, -1, "append events to a stream's log",
	 "Reads standard input where no file, or -, is named. A line that cannot be an event goes to lk.rejected and never "
	 "stops the rest. The first Ctrl-C lets it append what it has read and end (exit 75), the second ends it at once.",
	 {{"format", "FORMAT", "jsonl, json, csv, tsv, access (a web server's log, told line by line), the name of a log's format (common, "
	   "combined, vhost_common, vhost_combined, combinedio, main) or its text, as Apache and nginx have it; else told by the "
	   "file's ending (.jsonl .json .csv .tsv .log, also with .gz), jsonl for standard input", false},
	  {"delimiter", "C", "what stands between the fields of csv: a character, or tab (,)", false},
	  {"source", "NAME", "remember under this name how far the input was read, so that the same input adds nothing "
	   "twice; the files of a rotated log have one name, and are told by their content", false},
	  {"strict", NULL, "append nothing at all where one line cannot be an event (exit 65)", false}},
	 {{"lk gen web --events 100000 | lk ingest hits", "generated events"},
	  {"lk ingest hits access.log.gz --source access.log", "a web server's log, once"},
	  {"lk ingest hits a.log --format '%h %l %u %t \"%r\" %>s %b %D'", "a log in a format of its own"}},
	 lk_cmd_ingest},

	{"gen", "KIND", 1, 1, "print generated events as jsonl",
	 "KIND is web: hits of a web site. The same options give the same bytes.",
	 {{"events", "N", "how many (100000)", false},
	  {"seed", "S", "another seed gives other events (1)", false},
	  {"start", "TIME", "event time of the first: RFC 3339, or -1h (2015-05-17T10:00:00Z)", false},
	  {"span", "SIZE", "how much event time they spread over (1h)", false},
	  {"late", "FRACTION", "share of them, 0 to 1, that come up to a quarter of the span late (0)", false},
	  {"jitter", "SIZE", "the others come up to SIZE out of order (none)", false}},
	 {{"lk gen web --events 5 --seed 7", "five events"},
	  {"lk gen web --events 1000000 --span 1d | lk ingest hits", "a day of traffic"}},
	 lk_cmd_gen},

	{"speed", "", 0, 0, "run the speed layer: keep the views in Redis up to date",
	 "Runs until stopped. The first Ctrl-C lets it commit what it has and end, the second ends it at once. Where a server goes "
	 "away, or Redis is full, it says so, waits, and says when it goes on. With --once it waits 30 s for room in Redis (exit 75), "
	 "5 minutes for a server (exit 3) and a minute for another process that holds a partition and does nothing (exit 75); what was "
	 "committed is kept, and the same command goes on there. It reports events whose commit was acknowledged, each once.",
	 {{"once", NULL, "stop at the log's end as it was at the start", false},
	  {"workers", "N", "threads (2)", false},
	  {"view", "VIEW", "this view only", false}},
	 {{"lk speed --once", "catch up and end"}, {"lk speed --workers 4", "keep up until stopped"}},
	 lk_cmd_speed},

	{"batch", "[VIEW...]", 0, -1, "recompute views from the log and publish the result",
	 "Without a name, all views. A batch that finds nothing new in the log does nothing. A view in kappa mode is not computed "
	 "again but sealed: what its speed layer has done up to now moves from Redis to PostgreSQL. That waits for a running "
	 "speed layer (`lk speed`, `lk run`) to come to where the log ends at the start.",
	 {{"every", "SIZE", "go on, one batch each SIZE, until stopped", false}, KEEP_OPTION},
	 {{"lk batch", "one batch of every view"},
	  {"lk batch traffic --every 5m", "a batch of traffic every five minutes"}},
	 lk_cmd_batch},

	{"run", "", 0, 0, "run speed layer and batch layer together, until stopped", "",
	 {{"every", "SIZE", "time between batches (1min)", false},
	  {"workers", "N", "threads of the speed layer (2)", false}, KEEP_OPTION},
	 {{"lk run", "both layers, a batch each minute"},
	  {"lk run --every 10s --workers 4", "a batch each ten seconds"}},
	 lk_cmd_run},

	{"query", "VIEW", 1, 1, "print the rows of a view, merged from batch and speed",
	 "The rows are batch below the cut plus speed from there on. The answer says which part of the log it covers: under "
	 "the table, inside the json object, on standard error beside jsonl and csv.",
	 {WHERE_OPTIONS,
	  {"fill", "HOW", "rows for windows without events too, between the first and the last one, or --from and --to: null, zero, or "
	   "previous (what was there before)", false},
	  {"last", "N", "rows of the last N windows that have any", false},
	  {"sort", "COL", "by this column instead of window and keys; 'COL desc' for the largest first; NULL comes last", false},
	  {"limit", "N", "the first N rows of what all else leaves", false},
	  {"layer", "LAYER", "merged, batch or speed (merged)", false},
	  {"format", "FORMAT", "table, json, jsonl or csv (table)", false},
	  {"chart", "COLUMN", "with a table: a bar beside each row, as long as this column says", false},
	  {"no-pager", NULL, "print on the screen directly, however long the table is", false},
	  {"strict", NULL, "exit 5 where the answer lacks events: the last ones of the log, or late ones", false}},
	 {{"lk query traffic", "all of it"},
	  {"lk query traffic --where path=/ --format jsonl", "one path, a JSON object per row"},
	  {"lk query traffic --window 1h --last 1 --sort 'hits desc' --limit 10", "the ten most of the last hour"},
	  {"lk query traffic --window 1h --slide 10min", "the last hour, every ten minutes"},
	  {"lk query traffic --where path=/ --fill zero --chart hits", "with the minutes in which nothing came, and bars"}},
	 lk_cmd_query},

	{"status", "[VIEW]", 0, 1, "show streams, views, cuts, cursors, lag and watermarks",
	 "With a view's name, by partition too; of a stream with idle_timeout, IDLE says which partitions are left out of what "
	 "answers call final. Numbers count events where they name nothing else.\n"
	 "NEWEST EVENT is the largest event time that is believed (max_ahead in docs/language.md). REJECTED LINES could not "
	 "be events; for MARKED EVENTS a clause of a view had no value; `lk rejected` shows both. BELOW CUT: in the published "
	 "batch. COVERED: in an answer now; LAG: not yet. LATE: refused by the speed layer so far (lk.late); batches count "
	 "them.\n"
	 "STATE: served is what readers get, former what they got before the last switch; live copies are kept up to date "
	 "and were not served yet; building ones are being replayed, or were until an interruption; a sandbox is of a part of "
	 "history; a trial is a comparison's.",
	 {{"digest", NULL, "a digest of the cells of each copy, with the end of the log's part that it is of: the same "
	   "digest, the same cells; it reads all of them", false},
	  {"format", "FORMAT", "table or json (table)", false}},
	 {{"lk status", "all of it"},
	  {"lk status traffic --format json", "one view"},
	  {"lk status traffic --digest", "are the copies the same?"}},
	 lk_cmd_status},

	{"rejected", "STREAM", 1, 1, "show the lines that could not be events of a stream, and why",
	 "How often each reason came, and the lines, those of the source that was read last first. PLACE is where a line begins in its "
	 "uncompressed source. Events for which a clause of a view had no value (they are in the log, and count with that NULL) stand "
	 "below them, by partition and offset.",
	 {{"limit", "N", "show N lines (20); 0: the reasons alone", false},
	  {"source", "TEXT", "only lines of sources with this in their name", false},
	  {"format", "FORMAT", "table, json, jsonl or csv (table)", false}},
	 {{"lk rejected hits", "the first ones, and all reasons"},
	  {"lk rejected hits --source access.log --limit 1000 --format csv", "of one source, for a program"}},
	 lk_cmd_rejected},

	{"late", "VIEW", 1, 1, "show the events that came too late for a view, and how late they were",
	 "Of a view with allowed_lateness: the events that the speed layer refused, newest first, and a histogram of all of them. "
	 "LATE BY is how far the watermark had passed the instant from which they were late. COUNTED SINCE: by the published batch; "
	 "in kappa mode nothing counts them. docs/windows.md tells the rules.",
	 {{"limit", "N", "show the newest N (20); 0: the histogram alone", false},
	  {"columns", "LIST", "the stream's columns to show, such as path,status, or all (those that the view reads)", false},
	  {"version", "N", "another version than the one that is served", false},
	  {"copy", "COPY", "this copy: a sandbox's name, or an id that lk status shows", false},
	  {"format", "FORMAT", "table, json, jsonl or csv (table)", false}},
	 {{"lk late outcomes", "the last ones, and how late all of them were"},
	  {"lk late outcomes --limit 1000 --columns all --format csv", "for a program"}},
	 lk_cmd_late},

	{"explain", "VIEW", 1, 1, "show how a view is computed, or an answer put together",
	 "With --where, --from or --to: the batch part, the speed part and their sum, row by row.",
	 {WHERE_OPTIONS},
	 {{"lk explain traffic", "definition, stream plan and batch SQL"},
	  {"lk explain traffic --where path=/", "the sum behind each row"}},
	 lk_cmd_explain},

	{"replay", "VIEW", 1, 1, "send the log through the stream path again, into a new copy",
	 "The copy is kappa: it needs no batch. Readers get what they got before until --switch moves them over, which makes "
	 "appends wait for some milliseconds. A replay that was stopped, killed or lost a server goes on where it was when it "
	 "is run again.\n"
	 "With --from, --to or --as it makes a sandbox: a copy of a part of history, which ends where that part does. "
	 "`lk query VIEW --copy NAME` reads it while it is made; at the end it is removed, unless --keep is given.",
	 {{"version", "N", "another version than the newest", false},
	  {"switch", NULL, "move readers over at the end, without a gap", false},
	  {"verify", NULL, "first compare with what is served, over the same part of the log; a difference that late events "
	   "do not explain ends it (exit 1)", false},
	  {"force", NULL, "with --verify --switch: switch all the same, for a definition that was meant to change", false},
	  {"fresh", NULL, "drop what an earlier replay left, and begin again", false},
	  {"workers", "N", "threads (2)", false},
	  {"pace", "PACE", "max, or a multiple of the speed at which it happened: 1x, 10x, 0.5x (max)", false},
	  {"max-gap", "SIZE", "with --pace: longer times without any event are shortened to SIZE", false},
	  {"from", "TIME", "sandbox: events at or after TIME: RFC 3339, or -1h for an hour before now", false},
	  {"to", "TIME", "sandbox: events before TIME", false},
	  {"by", "CLOCK", "the time that --from, --to and --pace mean: event, or _at, when the log took the event (event)", false},
	  {"as", "NAME", "sandbox: its name", false},
	  {"keep", NULL, "sandbox: keep it at the end", false},
	  {"dry-run", NULL, "tell how many events it is, how long it takes and what it needs in Redis; do nothing", false}},
	 {{"lk replay traffic --verify --switch", "reprocess, compare, move readers over"},
	  {"lk replay traffic --dry-run", "what would it take?"},
	  {"lk replay traffic --from -30min --by _at --pace 60x --as morning",
	   "what came within the last half hour again, in half a minute"}},
	 lk_cmd_replay},

	{"mode", "[VIEW [MODE]]", 0, 2, "show or change what views are served from: lambda or kappa",
	 "A change makes a copy of the other kind (kappa: replayed from the log's beginning; lambda: a batch, and the stream path "
	 "from there on), compares it with what is served, and moves readers over without a gap. Run again after an "
	 "interruption, it goes on.",
	 {{"back", NULL, "go back to what was served before the last switch", false},
	  {"force", NULL, "change though the answers differ", false},
	  {"workers", "N", "threads (2)", false},
	  {"format", "FORMAT", "without MODE: table or json (table)", false}},
	 {{"lk mode", "what each view is served from"},
	  {"lk mode traffic kappa", "do without a batch layer"},
	  {"lk mode traffic --back", "as it was before"}},
	 lk_cmd_mode},

	{"compare", "VIEW", 1, 1, "compare lambda, kappa and plain SQL over the same events, and what each costs",
	 "Makes what is missing, brings all to one cut and compares them row by row; then names, for the first rows that differ, the "
	 "event on which they part. Exit 0 where all are equal, 1 where not.\n"
	 "The costs are measured meanwhile, on a new copy of each mode, which is removed again. That reads the whole log for each.",
	 {{"version", "N", "another version than the one that is served", false},
	  {"no-costs", NULL, "compare only", false},
	  {"workers", "N", "threads that stream and replay (2)", false},
	  {"format", "FORMAT", "table, json or markdown (table)", false}},
	 {{"lk compare traffic", "all of it"},
	  {"lk compare traffic --format markdown > report.md", "the same, for a report"},
	  {"lk compare traffic --no-costs", "are the answers equal?"}},
	 lk_cmd_compare},

	{"drop", "[VIEW]", 0, 1, "remove a view, a copy of it that is not served, or a stream",
	 "A view goes with all versions and copies, a stream with its log; a stream that views read is refused. Both ask first, and "
	 "where there is no terminal they want --yes. The names can be declared again. With --copy or --former it is one copy of the "
	 "view: its cells in Redis and its batch go at once; the log and the definition stay.",
	 {{"copy", "COPY", "this copy alone: a sandbox's name, or an id that lk mode shows", false},
	  {"former", NULL, "the copy alone that was served before the last switch", false},
	  {"stream", "NAME", "this stream and its log", false},
	  {"yes", NULL, "do not ask", false}},
	 {{"lk drop traffic", "the view, after a question"},
	  {"lk drop traffic --former", "what readers were moved away from"},
	  {"lk drop traffic --copy morning", "a sandbox"},
	  {"lk drop --stream hits --yes", "a stream that no view reads any more, and its log"}},
	 lk_cmd_drop},

	{"help", "[COMMAND]", 0, 1, "tell what lk or a command does", "",
	 {{0}},
	 {{"lk help query", "the options of query"}},
	 lk_cmd_help},

	{"version", "", 0, 0, "print the version", "", {{0}}, {{0}}, lk_cmd_version},
	{0},
};
