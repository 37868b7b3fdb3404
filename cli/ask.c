#include "cli/ask.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/output.h"

int lk_ask(const char *what_goes, lk_error *err) {
	char line[16];
	lk_say("%s", what_goes);
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		lk_fail(err, LK_EUSAGE, "nothing was removed: there is no terminal to ask on");
		return lk_hint(err, "--yes removes it without asking");
	}
	fputs("Remove it? [y/N] ", stderr);
	if (!fgets(line, sizeof line, stdin))
		line[0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	return !strcasecmp(line, "y") || !strcasecmp(line, "yes") ? LK_OK : lk_fail(err, LK_EUSAGE, "nothing was removed");
}
