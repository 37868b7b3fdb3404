/* Removes what lk has made: by the servers' own account if it belongs to them, and never through a link that lk has not
 * made. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "private_servers/homedir.h"

/* --- is it ours? --- */

typedef struct mark {
	char home[PATH_MAX];
	unsigned long long device, inode;
} mark;

static bool read_line(FILE *f, char *line, int size) {
	if (!fgets(line, size, f))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static bool read_mark(const char *folder, mark *m) {
	char first[64], *path = lk_homedir_path(folder, LK_HOME_MARK);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	bool ok = f && read_line(f, first, sizeof first) && strcmp(first, "made by lk up for") == 0 && read_line(f, m->home, sizeof m->home) &&
	          fscanf(f, "%llu:%llu", &m->device, &m->inode) == 2;
	free(path);
	if (f)
		fclose(f);
	return ok;
}

/* A home that was moved is still the one; a copy of it, whose link leads to the same data, is not. */
static bool names_home(const mark *m, const char *home) {
	struct stat st;
	return strcmp(m->home, home) == 0 || (stat(home, &st) == 0 && m->device == st.st_dev && m->inode == st.st_ino);
}

int lk_homedir_check_ours(const lk_homedir *p, lk_error *err) {
	mark m;
	bool marked = read_mark(p->data, &m), elsewhere = lk_homedir_is_elsewhere(p);
	if (marked && (!elsewhere || names_home(&m, p->home)))
		return LK_OK;
	if (marked)
		lk_fail(err, LK_EUSAGE, "nothing was removed: the data of %s lies in %s, which lk made for %s", p->home, p->data, m.home);
	else
		lk_fail(err, LK_EUSAGE, "nothing was removed: the data of %s lies in %s, of which nothing says that lk made it (no file %s)",
		        p->home, p->data, LK_HOME_MARK);
	return lk_hint(err, elsewhere ? "where nobody needs it: `lk down`, then remove both folders by hand"
	                              : "where nobody needs it: `lk down`, then remove it by hand");
}

/* --- the sockets' folder --- */

static void remove_file(const char *dir, const char *name) {
	char *path = lk_homedir_path(dir, name);
	unlink(path);
	free(path);
}

/* The link stays, so that the sockets come back to the same place. */
void lk_homedir_remove_run(lk_homedir *p) {
	static const char *const names[] = {".s.PGSQL.5432", ".s.PGSQL.5432.lock", "redis.sock"};
	char there[PATH_MAX], *here = lk_homedir_path(p->home, "run");
	struct stat st;
	bool ours = strcmp(here, p->run) == 0 || (lk_homedir_link(p, "run", LK_RUN_ELSEWHERE, there) && strcmp(there, p->run) == 0);
	if (p->run[0] && ours && lstat(p->run, &st) == 0 && st.st_uid == p->account.uid) {
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			remove_file(p->run, names[i]);
		rmdir(p->run);
	}
	p->run[0] = '\0';
	free(here);
}

/* --- the data --- */

/* As the account, which can remove nothing but its own, whatever links are in there. */
static int remove_tree(const lk_homedir *p, const char *name, lk_error *err) {
	char *path = lk_homedir_path(p->data, name), *log = lk_homedir_path(p->home, "postgres.log");
	char *argv[] = {"/bin/rm", "-rf", "--", path, NULL};
	int status = lk_process_run(&p->account, p->data, log, argv, err), rc = LK_OK;
	if (status > 0)
		rc = lk_fail(err, LK_EUNREACHABLE, "cannot remove %s: %s says why", path, log);
	else if (status < 0)
		rc = LK_EUNREACHABLE;
	free(path);
	free(log);
	return rc;
}

/* Removes an emptied folder. *kept: it stays, since it contains something that lk did not make. */
static int remove_folder(const char *path, bool *kept, lk_error *err) {
	if (rmdir(path) == 0 || errno == ENOENT)
		return LK_OK;
	*kept = true;
	return errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY ? LK_OK : lk_homedir_cannot(err, "remove", path);
}

static int remove_data(lk_homedir *p, bool *kept, lk_error *err) {
	static const char *const trees[] = {"postgres", "postgres.new", "redis"};
	int rc = LK_OK;
	for (size_t i = 0; rc == LK_OK && i < sizeof trees / sizeof *trees; i++)
		rc = remove_tree(p, trees[i], err);
	if (rc)
		return rc;
	remove_file(p->data, LK_HOME_MARK);
	rc = remove_folder(p->data, kept, err);
	if (rc == LK_OK && !*kept && lk_homedir_is_elsewhere(p))
		remove_file(p->home, "data");
	return rc;
}

int lk_homedir_remove(lk_homedir *p, bool *kept, lk_error *err) {
	char run[PATH_MAX];
	*kept = false;
	int rc = remove_data(p, kept, err);
	if (rc)
		return rc;
	if (lk_homedir_link(p, "run", LK_RUN_ELSEWHERE, run) && access(run, F_OK) != 0)
		remove_file(p->home, "run");
	remove_file(p->home, "postgres.log");
	remove_file(p->home, "redis.log");
	remove_file(p->home, "lock");
	return remove_folder(p->home, kept, err);
}
