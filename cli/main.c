#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "catalog/tail_holder.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/signal.h"

/* Only the character set is the user's; numbers and times have one format everywhere. Data is UTF-8, so a locale
 * without UTF-8 is replaced by one with it. */
static void set_locale(void) {
	if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

/* If the caller has closed a standard file, the next file opened gets its number, and an answer could go to a server's
 * socket. This opens a placeholder whose use fails. */
static void hold_standard_files(void) {
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(70);
}

static int run(int argc, char **argv, lk_error *err) {
	lk_args args;
	int rc = lk_args_parse(lk_commands, argc, argv, &args, err);
	if (rc == LK_OK && args.help) {
		lk_buf b = LK_BUF_INIT;
		lk_help_command(args.command, &b);
		lk_put_buf(&b);
		lk_buf_release(&b);
	} else if (rc == LK_OK) {
		rc = args.command->run(&args, err);
	}
	lk_args_release(&args);
	return rc;
}

static void tell(const char *text) { lk_say("%s", text); }

int main(int argc, char **argv) {
	lk_error err = {0}, output = {0};
	hold_standard_files();
	signal(SIGPIPE, SIG_IGN);
	set_locale();
	lk_tail_tell(tell);
	int rc = run(argc, argv, &err);
	if (lk_ended_by_signal(rc))
		rc = LK_EBUSY;
	int written = lk_put_end(&output);
	lk_say_error(&err);
	lk_say_error(&output);
	return lk_exit_status(rc ? rc : written);
}
