#include "cli/ask.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/output.h"

int lk_ask_question(const lk_question *q, lk_error *err) {
	char line[16];
	lk_say("%s", q->what);
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		lk_fail(err, LK_EUSAGE, "nothing was %s: there is no terminal to ask on", q->done);
		return lk_hint(err, "--yes %s without asking", q->does);
	}
	fprintf(stderr, "%s? [y/N] ", q->ask);
	if (!fgets(line, sizeof line, stdin))
		line[0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	return !strcasecmp(line, "y") || !strcasecmp(line, "yes") ? LK_OK : lk_fail(err, LK_EUSAGE, "nothing was %s", q->done);
}

int lk_ask(const char *what_goes, lk_error *err) {
	return lk_ask_question(&(lk_question){what_goes, "Remove it", "removes it", "removed"}, err);
}
