/* The folder of the private servers is found and made. */
#include "private_servers/homedir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"

enum { RUN_PATH_MAX = 80 };   /* of a socket's 107, less "/.s.PGSQL.5432.lock" */

const char *const lk_server_names[] = {"postgres", "redis"};

char *lk_homedir_path(const char *dir, const char *name) { return lk_asprintf("%s/%s", strcmp(dir, "/") ? dir : "", name); }

int lk_homedir_cannot(lk_error *err, const char *what, const char *path) {
	return lk_fail(err, LK_EUNREACHABLE, "cannot %s %s: %s", what, path, strerror(errno));
}

char *lk_homedir_absolute(const char *home) {
	char path[PATH_MAX];
	if (realpath(home, path))
		return lk_strdup(path);
	return *home == '/' || !getcwd(path, sizeof path) ? lk_strdup(home) : lk_homedir_path(path, home);
}

/* --- what is there --- */

static void resolve(const char *home, const char *name, char out[PATH_MAX]) {
	char *path = lk_homedir_path(home, name);
	if (!realpath(path, out))
		out[0] = '\0';
	free(path);
}

static void look(lk_homedir *p) {
	resolve(p->home, "data", p->data);
	resolve(p->home, "run", p->run);
}

int lk_homedir_find(lk_homedir *p, const char *home, lk_error *err) {
	*p = (lk_homedir){.lock = -1};
	int rc = lk_account_find(&p->account, err);
	if (rc)
		return rc;
	if (!realpath(home, p->home)) {
		p->home[0] = '\0';   /* it holds how far the path goes */
		return 1;
	}
	look(p);
	return LK_OK;
}

bool lk_homedir_is_elsewhere(const lk_homedir *p) {
	char *here = lk_homedir_path(p->home, "data");
	bool elsewhere = p->data[0] && strcmp(here, p->data) != 0;
	free(here);
	return elsewhere;
}

bool lk_homedir_link(const lk_homedir *p, const char *name, const char *elsewhere, char out[PATH_MAX]) {
	char *link = lk_homedir_path(p->home, name);
	ssize_t n = readlink(link, out, PATH_MAX - 1);
	size_t stem = strlen(elsewhere);
	free(link);
	out[n > 0 ? n : 0] = '\0';
	return strncmp(out, elsewhere, stem) == 0 && strncmp(out + stem, "/lk-", 4) == 0 && strlen(out + stem) == strlen("/lk-XXXXXX")
	       && !strchr(out + stem + 1, '/');
}

/* Is that the file behind the open one? Who waited for a lock may hold one that was removed meanwhile. */
static bool is_still_at(int fd, const char *path) {
	struct stat open_one, there;
	return fstat(fd, &open_one) == 0 && stat(path, &there) == 0 && open_one.st_ino == there.st_ino && open_one.st_dev == there.st_dev;
}

int lk_homedir_lock(lk_homedir *p, lk_error *err) {
	char *path = lk_homedir_path(p->home, "lock");
	int rc = LK_OK;
	do {
		lk_homedir_release(p);
		p->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (p->lock < 0 || flock(p->lock, LOCK_EX) != 0)
			rc = lk_homedir_cannot(err, "lock", path);
	} while (rc == LK_OK && !is_still_at(p->lock, path));
	free(path);
	return rc;
}

void lk_homedir_release(lk_homedir *p) {
	if (p->lock >= 0)
		close(p->lock);
	p->lock = -1;
}

/* --- what is made --- */

static int make_folders(const char *path, lk_error *err) {
	char *part = lk_strdup(path);
	int rc = LK_OK;
	for (char *s = part + 1; rc == LK_OK; s++) {
		char c = *s;
		if (c != '/' && c != '\0')
			continue;
		*s = '\0';
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			rc = lk_homedir_cannot(err, "make", part);
		*s = c;
		if (c == '\0')
			break;
	}
	free(part);
	return rc;
}

static bool plain_letters(const char *s) {
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")] == '\0';
}

int lk_homedir_give(const lk_homedir *p, const char *path, lk_error *err) {
	if (p->account.other && chown(path, p->account.uid, p->account.gid) != 0)
		return lk_homedir_cannot(err, "give away", path);
	return LK_OK;
}

static bool is_the_servers(const lk_homedir *p, const char *path) {
	struct stat st;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == p->account.uid;
}

/* A part of home: a folder there, or a link to one elsewhere. */
typedef struct part {
	const char *name, *elsewhere;
	bool here, marked;
	char *path;   /* PATH_MAX bytes, "" where it is missing */
} part;

/* If lk has made the link before, makes its folder again, so the sockets of a home keep their place. */
static int make_linked(const lk_homedir *p, const part *w, const char *link, char there[PATH_MAX], lk_error *err) {
	int rc = make_folders(w->elsewhere, err);
	if (rc)
		return rc;
	if (lk_homedir_link(p, w->name, w->elsewhere, there) && mkdir(there, 0700) == 0)
		return LK_OK;
	unlink(link);   /* to a folder that is gone, or somebody else's now */
	snprintf(there, PATH_MAX, "%s/lk-XXXXXX", w->elsewhere);
	return mkdtemp(there) && symlink(there, link) == 0 ? LK_OK : lk_homedir_cannot(err, "make", there);
}

static int make_here(const char *path, char there[PATH_MAX], lk_error *err) {
	unlink(path);   /* a link to a folder that is gone */
	snprintf(there, PATH_MAX, "%s", path);
	return mkdir(path, 0700) == 0 ? LK_OK : lk_homedir_cannot(err, "make", path);
}

/* Says in the folder that lk made it, and for which home: by its path and by what the file system calls it. */
static int mark(const lk_homedir *p, const char *folder, lk_error *err) {
	struct stat st;
	char *path = lk_homedir_path(folder, LK_HOME_MARK);
	int fd = stat(p->home, &st) == 0 ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644) : -1;
	bool ok = fd >= 0 && dprintf(fd, "made by lk up for\n%s\n%llu:%llu\n", p->home, (unsigned long long)st.st_dev,
	                             (unsigned long long)st.st_ino) > 0;
	int rc = ok ? LK_OK : lk_homedir_cannot(err, "write", path);
	if (fd >= 0)
		close(fd);
	free(path);
	return rc;
}

static int make_part(const lk_homedir *p, const part *w, lk_error *err) {
	if (w->path[0])
		return LK_OK;
	char *path = lk_homedir_path(p->home, w->name), there[PATH_MAX];
	int rc = w->here ? make_here(path, there, err) : make_linked(p, w, path, there, err);
	if (rc == LK_OK && w->marked)
		rc = mark(p, there, err);
	if (rc == LK_OK)
		rc = lk_homedir_give(p, there, err);
	if (rc == LK_OK && !realpath(path, w->path))
		rc = lk_homedir_cannot(err, "open", path);
	free(path);
	return rc;
}

int lk_homedir_make(lk_homedir *p, const char *home, lk_error *err) {
	*p = (lk_homedir){.lock = -1};
	int rc = make_folders(home, err);
	if (rc)
		return rc;
	if ((rc = lk_homedir_find(p, home, err)) != 0)
		return rc < 0 ? rc : lk_homedir_cannot(err, "open", home);
	if ((rc = lk_homedir_lock(p, err)))
		return rc;
	look(p);
	if (p->run[0] && !is_the_servers(p, p->run))
		p->run[0] = '\0';   /* of a name that was free while the servers were down */
	bool reached = lk_account_reaches(&p->account, p->home);
	bool fits = reached && strlen(p->home) + strlen("/run") <= RUN_PATH_MAX && plain_letters(p->home);
	rc = make_part(p, &(part){"data", LK_DATA_ELSEWHERE, reached, true, p->data}, err);
	return rc ? rc : make_part(p, &(part){"run", LK_RUN_ELSEWHERE, fits, false, p->run}, err);
}
