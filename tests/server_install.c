/* What `make install` puts into a system: a program that needs no file beside it, its manual pages, the completion of command
 * lines, and nothing that `make uninstall` leaves. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/commands.h"
#include "tests/support/fixtures.h"
#include "tests/support/terminal.h"

static test_program lk;
static char *root;      /* DESTDIR */

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, path text) WITH (event_time = ts, partition_by = path);\n"
	"CREATE TABLE clicks (ts timestamptz, path text) WITH (event_time = ts, partition_by = path);\n"
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, '1 minute');\n"
	"CREATE VIEW totals AS SELECT path, count(*) AS hits FROM hits GROUP BY path;\n";

/* What the shell prints; fails the test unless it exits with `want`. lk_malloc'ed. */
static char *sh(int want, const char *format, ...) __attribute__((format(printf, 2, 3)));
static char *sh(int want, const char *format, ...) {
	lk_buf line = LK_BUF_INIT;
	va_list args;
	lk_buf_addf(&line, "export DEST='%s' LK_POSTGRES='%s' LK_REDIS='%s'; ", root, lk.servers.at.postgres, lk.servers.at.redis);
	va_start(args, format);
	char *rest = NULL;
	assert_true(vasprintf(&rest, format, args) >= 0);
	va_end(args);
	lk_buf_addf(&line, "{ %s\n} 2>&1", rest);
	FILE *f = popen(line.data, "r");
	assert_non_null(f);
	lk_buf out = LK_BUF_INIT;
	char chunk[4096];
	for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0; )
		lk_buf_add(&out, chunk, n);
	lk_buf_addc(&out, '\0');
	int status = pclose(f);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != want)
		fail_msg("%s: status %d\n%s", rest, status, out.data);
	free(rest);
	lk_buf_release(&line);
	return out.data;
}

static bool is_there(const char *program) {
	char *found = sh(0, "command -v %s || true", program);
	bool there = *found != '\0';
	free(found);
	return there;
}

#define NEEDS(program) do { (void)state; if (!is_there(program)) { print_message("skipped: %s is not installed\n", program); skip(); } } while (0)

/* The variables that an outer make hands on are not this one's; -o: the program under test is not built anew. */
static void make(const char *target) {
	free(sh(0, "unset MAKEFLAGS MFLAGS MAKELEVEL BUILD; umask 077; make -s -o '%s' PROGRAM='%s' prefix=/usr DESTDIR=\"$DEST\" %s", test_lk_path(),
	        test_lk_path(), target));
}

static int start(void **state) {
	test_shared_start(state);
	root = lk_asprintf("%s/root", lk.servers.dir);
	char *file = test_file(&lk, "def.sql", definitions);
	LK(0, "", "", "apply", file);
	free(file);
	make("install");
	return 0;
}

static int stop(void **state) {
	free(root);
	return test_shared_stop(state);
}

/* --- the program --- */

static void the_program_needs_no_file_beside_it(void **state) {
	(void)state;
	char *text = sh(0, "cd / && \"$DEST\"/usr/bin/lk status --format names && env -u LK_POSTGRES -u LK_REDIS HOME=/nonexistent \"$DEST\"/usr/bin/lk gen web --events 2 && "
	                   "\"$DEST\"/usr/bin/lk apply --check \"$DEST\"/usr/share/lk/examples/web/web.sql");
	assert_non_null(strstr(text, "view traffic\n"));
	assert_non_null(strstr(text, "\"path\""));
	free(text);
}

/* Whatever the umask of who installs it. */
static void everybody_can_read_it(void **state) {
	(void)state;
	char *text = sh(0, "find \"$DEST\"/usr \\( -type f ! -perm -444 \\) -o \\( -type d ! -perm -555 \\)");
	assert_string_equal(text, "");
	free(text);
}

static void nothing_is_left(void **state) {
	(void)state;
	make("uninstall");
	char *text = sh(0, "find \"$DEST\" ! -type d");
	assert_string_equal(text, "");
	free(text);
	make("install");
}

/* --- units --- */

static void units_are_right(void **state) {
	NEEDS("systemd-analyze");
	char *text = sh(0, "cd '%s' && rm -rf units && mkdir units && for unit in \"$DEST\"/usr/lib/systemd/system/*; do "
	                   "sed -e \"s|/usr/bin/lk|$DEST/usr/bin/lk|\" -e /^Documentation=/d $unit >units/${unit##*/}; done; "
	                   "SYSTEMD_UNIT_PATH=$PWD/units: systemd-analyze verify units/*", lk.servers.dir);
	assert_string_equal(text, "");
	free(text);
}

/* 0.0 is an empty sandbox, 10.0 none at all. */
static void units_are_hardened(void **state) {
	NEEDS("systemd-analyze");
	char *text = sh(0, "cd '%s' && for unit in \"$DEST\"/usr/lib/systemd/system/*.service; do "
	                   "systemd-analyze security --no-pager --offline=true --threshold=20 $unit >said || { tail -1 said; exit 1; }; done", lk.servers.dir);
	assert_string_equal(text, "");
	free(text);
}

/* The options that the example of a settings file gives are those of the commands. */
static void the_settings_are_taken(void **state) {
	(void)state;
	free(sh(0, "sed -n 's/^LK_\\([A-Z]*\\)_OPTIONS=\\(.*\\)/\\1 \\2/p' systemd/lk.env | "
	           "while read -r command options; do '%s' $(echo $command | tr A-Z a-z) $options --help >/dev/null || exit 1; done", test_lk_path()));
}

/* --- manual pages --- */

static void every_command_has_a_page(void **state) {
	(void)state;
	static const char *const sections[] = {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "EXAMPLES", "SEE ALSO"};
	for (const lk_command *const *c = lk_commands; *c; c++) {
		char *page = sh(0, "cat \"$DEST\"/usr/share/man/man1/lk-%s.1", (*c)->name);
		for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
			char *head = lk_asprintf("\n.SH %s\n", sections[i]);
			if (!strstr(page, head) && (strcmp(sections[i], "EXAMPLES") || (*c)->examples[0].line))
				fail_msg("lk-%s.1 has no section %s", (*c)->name, sections[i]);
			free(head);
		}
		free(page);
	}
	char *count = sh(0, "ls \"$DEST\"/usr/share/man/man1 | wc -l; ls cli/cmd_*.c | wc -l");
	int pages = 0, files = 0;
	assert_int_equal(sscanf(count, "%d %d", &pages, &files), 2);
	assert_int_equal(pages, files + 1);
	free(count);
}

static void pages_are_clean(const char *check) {
	char *said = sh(0, "for page in \"$DEST\"/usr/share/man/man1/*.1; do %s; done", check);
	assert_string_equal(said, "");
	free(said);
}

static void groff_finds_no_fault(void **state) {
	NEEDS("groff");
	pages_are_clean("groff -ww -man -Tutf8 \"$page\" >/dev/null");
}

static void man_shows_them(void **state) {
	NEEDS("man");
	pages_are_clean("MANWIDTH=80 man --warnings -l \"$page\" >/dev/null");
	char *text = sh(0, "MANWIDTH=78 man -l \"$DEST\"/usr/share/man/man1/lk-query.1 | col -b");
	assert_non_null(strstr(text, "lk-query - print the rows of a view"));
	assert_non_null(strstr(text, "--where COL=VALUE\n"));
	assert_non_null(strstr(text, "lk query traffic --where path=/ --format jsonl\n"));
	free(text);
}

static void mandoc_finds_no_fault(void **state) {
	NEEDS("mandoc");
	pages_are_clean("mandoc -Tlint -Wwarning \"$page\"");
}

/* --- completion --- */

/* What bash offers for the words (the last one is being typed), each with a blank before it. */
static void bash_offers(const char *words, int at, const char *has, const char *has_not) {
	char *text = sh(0, "cat >'%s/complete' <<'EOF'\n. \"$DEST\"/usr/share/bash-completion/completions/lk\nCOMP_WORDS=(%s); COMP_CWORD=%d; _lk\n"
	                   "echo \" ${COMPREPLY[*]} \"\nEOF\nbash '%s/complete'", lk.servers.dir, words, at, lk.servers.dir);
	if (!strstr(text, has) || (*has_not && strstr(text, has_not)))
		fail_msg("%s: bash offers%s", words, text);
	free(text);
}

#define LK_IN_ROOT "\"$DEST/usr/bin/lk\" "

static void bash_completes(void **state) {
	NEEDS("bash");
	bash_offers(LK_IN_ROOT "''", 1, " query ", "--");
	bash_offers(LK_IN_ROOT "re", 1, " rejected replay rename ", "query");
	bash_offers(LK_IN_ROOT "query --f", 2, " --from --fill --format ", "--where");
	bash_offers(LK_IN_ROOT "query --format ''", 3, " table json jsonl csv ", "traffic");
	bash_offers(LK_IN_ROOT "query --format = js", 4, " json jsonl ", "table");
	bash_offers(LK_IN_ROOT "query ''", 2, " traffic totals ", "hits");
	bash_offers(LK_IN_ROOT "query --strict tr", 3, " traffic ", "totals");
	bash_offers(LK_IN_ROOT "query --layer batch t", 4, " traffic totals ", "hits");
	bash_offers(LK_IN_ROOT "query --layer = batch t", 5, " traffic totals ", "hits");
	bash_offers(LK_IN_ROOT "query traffic ''", 3, "  ", "t");
	bash_offers(LK_IN_ROOT "tail ''", 2, " hits ", "traffic");
	bash_offers(LK_IN_ROOT "batch traffic ''", 3, " totals ", "hits");
	bash_offers(LK_IN_ROOT "mode traffic ''", 3, " lambda kappa ", "traffic");
	bash_offers(LK_IN_ROOT "gen ''", 2, " payments ", "events");
	bash_offers(LK_IN_ROOT "help qu", 2, " query ", "tail");
	bash_offers(LK_IN_ROOT "ingest hits Make", 3, " Makefile ", "hits");
}

/* Every value that is offered is one that the command takes. */
static void offered_formats_are_taken(void **state) {
	(void)state;
	static const char *const lines[] = {"query traffic", "tail hits", "status", "late traffic", "rejected hits", "mode", "compare traffic", "help"};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		free(sh(0, "line='%s'; command=${line%%%% *}; "
		           "follows=$(bash -c \". '$DEST'/usr/share/bash-completion/completions/lk; _lk_follows $command:--format\"); "
		           "for value in ${follows#words}; do \"$DEST\"/usr/bin/lk $line --format $value >/dev/null 2>'%s/said' || { cat '%s/said'; exit 1; }; done",
		        lines[i], lk.servers.dir, lk.servers.dir));
}

/* Without servers it offers nothing, and says nothing in the middle of the user's line. */
static void completion_is_quiet(void **state) {
	NEEDS("bash");
	char *text = sh(0, "LK_POSTGRES=host=/nonexistent bash -c \". '$DEST'/usr/share/bash-completion/completions/lk; COMP_WORDS=('$DEST/usr/bin/lk' query ''); "
	                   "COMP_CWORD=2; _lk; echo \\\"<\\${COMPREPLY[*]}>\\\"\"");
	assert_string_equal(text, "<>\n");
	free(text);
}

static void zsh_shows(test_terminal *t, const char *typed, const char *want) {
	size_t from = t->text.len;
	test_terminal_type(t, "\025");     /* an empty line */
	test_terminal_type(t, typed);
	test_terminal_type(t, "\t\x18");   /* shows the line */
	if (!test_terminal_shows(t, from, want))
		fail_msg("%s: zsh shows %s", typed, t->text.data + from);
}

static void zsh_completes(void **state) {
	NEEDS("zsh");
	test_terminal t;
	if (!test_has_terminals()) {
		print_message("skipped: no terminal can be opened here\n");
		skip();
	}
	char *begin = lk_asprintf("PATH='%s/usr/bin':$PATH; fpath=('%s/usr/share/zsh/site-functions' $fpath); autoload -U compinit; compinit -u -D; "
	                          "LISTMAX=1000; show() { print \"<$BUFFER>\" }; zle -N show; bindkey '^X' show; PS1='ready''> '\n", root, root);
	test_terminal_open(&t, 200, 50, &lk.servers.at, ARGS("zsh", "-f", "-i"));
	test_terminal_type(&t, begin);
	assert_true(test_terminal_shows(&t, 0, "ready> "));
	zsh_shows(&t, "lk qu", "<lk query >");
	zsh_shows(&t, "lk query --form", "<lk query --format");
	zsh_shows(&t, "lk query --format ", "<lk query --format >");
	assert_non_null(strstr(t.text.data, "csv    json   jsonl  table"));
	zsh_shows(&t, "lk query --layer batch tra", "<lk query --layer batch traffic");
	zsh_shows(&t, "lk tail cli", "<lk tail clicks");
	zsh_shows(&t, "lk mode traffic kap", "<lk mode traffic kappa");
	free(begin);
	test_terminal_type(&t, "\025exit\n");
	assert_true(test_terminal_shows(&t, 0, NULL));
	test_terminal_close(&t);
	lk_buf_release(&t.text);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_needs_no_file_beside_it),
		cmocka_unit_test(everybody_can_read_it),
		cmocka_unit_test(nothing_is_left),
		cmocka_unit_test(units_are_right),
		cmocka_unit_test(units_are_hardened),
		cmocka_unit_test(the_settings_are_taken),
		cmocka_unit_test(every_command_has_a_page),
		cmocka_unit_test(groff_finds_no_fault),
		cmocka_unit_test(man_shows_them),
		cmocka_unit_test(mandoc_finds_no_fault),
		cmocka_unit_test(bash_completes),
		cmocka_unit_test(offered_formats_are_taken),
		cmocka_unit_test(completion_is_quiet),
		cmocka_unit_test(zsh_completes),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, start, stop);
}
