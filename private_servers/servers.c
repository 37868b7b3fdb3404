/* The private servers of one folder, $LK_HOME (private_servers/homedir.h).
 *
 * Nothing listens on a port, and the sockets' folder is closed to everyone else, so PostgreSQL trusts whoever gets to
 * its socket. A server runs if the process that its pid file names is alive and works in our data folder. The number
 * alone proves nothing, since a killed server leaves its file, and another process may get its number. */
#include "private_servers/servers.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/buf.h"
#include "postgres/pg.h"
#include "private_servers/homedir.h"
#include "private_servers/process.h"
#include "private_servers/programs.h"

enum {
	ANSWER_WITHIN_MS = 60 * 1000,   /* a server that replays its log at start takes its time */
	STOP_WITHIN_MS = 60 * 1000,
	POLL_MS = 20,
};

static bool fast(void) {
	const char *v = getenv("LK_SERVERS_FAST");
	return v && strcmp(v, "1") == 0;
}

/* --- the two servers --- */

static int server_pid(const lk_homedir *p, enum lk_server which) {
	if (!p->data[0])
		return 0;
	char *dir = lk_homedir_path(p->data, lk_server_names[which]);
	char *file = lk_homedir_path(dir, which == LK_SERVER_POSTGRES ? "postmaster.pid" : "redis.pid");
	int pid = 0;
	FILE *f = fopen(file, "re");
	if (f) {
		if (fscanf(f, "%d", &pid) != 1)
			pid = 0;
		fclose(f);
	}
	if (pid <= 0 || lk_process_ended(pid) || !lk_process_is(&p->account, pid, dir))
		pid = 0;
	free(file);
	free(dir);
	return pid;
}

static char *postgres_conninfo(const char *run) {
	return lk_asprintf("host=%s port=5432 user=lk dbname=postgres", run);
}

static bool postgres_answers(const lk_homedir *p) {
	char *conninfo = lk_asprintf("host=%s port=5432 user=lk dbname=postgres connect_timeout=2", p->run);
	PGPing ping = PQping(conninfo);
	free(conninfo);
	return ping == PQPING_OK;
}

static bool redis_answers(const lk_homedir *p) {
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	if ((size_t)snprintf(a.sun_path, sizeof a.sun_path, "%.100s/redis.sock", p->run) >= sizeof a.sun_path)
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval limit = {.tv_sec = 2};
	char reply[8] = "";
	bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
	          connect(fd, (struct sockaddr *)&a, sizeof a) == 0 && send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6 &&
	          recv(fd, reply, 5, MSG_WAITALL) == 5 && strcmp(reply, "+PONG") == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool answers(const lk_homedir *p, enum lk_server which) {
	return which == LK_SERVER_POSTGRES ? postgres_answers(p) : redis_answers(p);
}

/* What the server said last, for the message. */
/* The last line that tells a reason, else the last line. */
static void last_line(const char *log, char *out, size_t size) {
	char line[256];
	bool reason = false;
	out[0] = '\0';
	FILE *f = fopen(log, "re");
	if (!f)
		return;
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		bool bad = strstr(line, "FATAL:") || strstr(line, "PANIC:");
		if (strstr(line, "starting PostgreSQL"))
			reason = false;   /* an earlier start's reason is not this one's */
		if (line[0] && (bad || !reason))
			snprintf(out, size, "%.255s", line);
		reason = reason || bad;
	}
	fclose(f);
}

static int did_not(lk_error *err, const char *name, const char *what, const char *log) {
	char said[256];
	last_line(log, said, sizeof said);
	lk_fail(err, LK_EUNREACHABLE, "the private %s %s: %s", name, what, said);
	return lk_hint(err, "its log is %s", log);
}

/* Under another name first, so that a folder that is there is whole. */
static int init_postgres(lk_homedir *p, const char *bin, const char *dir, const char *log, lk_error *err) {
	char *fresh = lk_asprintf("%s.new", dir), *initdb = lk_homedir_path(bin, "initdb");
	char *clear[] = {"/bin/rm", "-rf", fresh, NULL};
	locale_t utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
	char *init[] = {initdb, "-D", fresh, "-U", "lk", "-A", "trust", "-E", "UTF8",
	                utf8 ? "--locale=C.UTF-8" : "--locale=C",
	                fast() ? "--no-sync" : NULL, NULL};
	if (utf8)
		freelocale(utf8);
	int rc = LK_OK;
	int status = lk_process_run(&p->account, p->data, log, clear, err);
	if (status == 0)
		status = lk_process_run(&p->account, p->data, log, init, err);
	if (status != 0)
		rc = did_not(err, "PostgreSQL", "could not be set up", log);
	else if (rename(fresh, dir) != 0)
		rc = lk_homedir_cannot(err, "make", dir);
	free(fresh);
	free(initdb);
	return rc;
}

static void clear_stale(const char *dir, const char *file) {
	char *path = lk_homedir_path(dir, file);
	unlink(path);
	free(path);
}

static pid_t start_postgres(lk_homedir *p, const char *dir, const char *log, lk_error *err) {
	char *bin = lk_postgres_bin(dir, err);
	if (!bin)
		return -1;
	pid_t pid = -1;
	if (access(dir, F_OK) == 0 || init_postgres(p, bin, dir, log, err) == LK_OK) {
		clear_stale(dir, "postmaster.pid");
		clear_stale(p->run, ".s.PGSQL.5432.lock");
		char *program = lk_homedir_path(bin, "postgres"), *sockets = lk_asprintf("unix_socket_directories=%s", p->run);
		char *argv[] = {program, "-D", (char *)dir, "-p", "5432", "-c", sockets, "-c", "listen_addresses=", "-c",
		                "unix_socket_permissions=0700",
		                "-c", fast() ? "fsync=off" : "fsync=on", NULL};
		pid = lk_process_start(&p->account, dir, log, argv, err);
		free(program);
		free(sockets);
	}
	free(bin);
	return pid;
}

static pid_t start_redis(lk_homedir *p, const char *dir, const char *log, lk_error *err) {
	char *bin = lk_program_folder("redis-server");
	if (!bin) {
		lk_fail(err, LK_EUNREACHABLE, "redis-server is not installed (looked in PATH)");
		lk_hint(err, "install the package redis-server, or set LK_REDIS to a server that runs elsewhere");
		return -1;
	}
	pid_t pid = -1;
	if ((mkdir(dir, 0700) == 0 && lk_homedir_give(p, dir, err) == LK_OK) || errno == EEXIST) {
		clear_stale(dir, "redis.pid");
		char *program = lk_homedir_path(bin, "redis-server"), *socket = lk_homedir_path(p->run, "redis.sock");
		char *argv[] = {program, "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--pidfile",
		                "redis.pid", "--daemonize", "no", "--appendonly", "yes", "--appendfsync", "everysec",
		                "--save", "", "--maxmemory-policy", "noeviction", NULL};
		pid = lk_process_start(&p->account, dir, log, argv, err);
		free(program);
		free(socket);
	} else {
		lk_homedir_cannot(err, "make", dir);
	}
	free(bin);
	return pid;
}

static void pause_ms(int ms) { usleep((useconds_t)ms * 1000); }

/* Children of a killed PostgreSQL may still be leaving when the new one starts: it refuses then, and is started
 * again. */
static int start(lk_homedir *p, enum lk_server which, lk_error *err) {
	const char *name = which == LK_SERVER_POSTGRES ? "PostgreSQL" : "Redis";
	char *dir = lk_homedir_path(p->data, lk_server_names[which]), *log = lk_asprintf("%s/%s.log", p->home, lk_server_names[which]);
	int rc = LK_OK, tries = 0;
	pid_t pid = server_pid(p, which);
	for (int waited = 0; pid >= 0 && !(pid > 0 && answers(p, which)); waited += POLL_MS) {
		if (pid > 0 && waited > ANSWER_WITHIN_MS) {
			rc = did_not(err, name, "does not answer", log);
			break;
		}
		if (pid == 0 || lk_process_ended(pid)) {
			if (tries++ == 10) {
				rc = did_not(err, name, "does not start", log);
				break;
			}
			if (tries > 1)
				pause_ms(200);
			pid = which == LK_SERVER_POSTGRES ? start_postgres(p, dir, log, err) : start_redis(p, dir, log, err);
		}
		pause_ms(POLL_MS);
	}
	if (pid < 0)
		rc = err ? err->code : LK_EUNREACHABLE;
	free(dir);
	free(log);
	return rc;
}

static int stop(const lk_homedir *p, enum lk_server which, lk_error *err) {
	int pid = server_pid(p, which);
	if (!pid)
		return LK_OK;
	if (kill(pid, which == LK_SERVER_POSTGRES ? SIGINT : SIGTERM) != 0 && errno != ESRCH)
		return lk_fail(err, LK_EUNREACHABLE, "cannot stop the private %s (process %d): %s", lk_server_names[which], pid,
		               strerror(errno));
	for (int waited = 0; server_pid(p, which) == pid; waited += POLL_MS) {
		if (waited > STOP_WITHIN_MS)
			return lk_fail(err, LK_EBUSY, "the private %s (process %d) does not stop", lk_server_names[which], pid);
		pause_ms(POLL_MS);
	}
	return LK_OK;
}

/* --- the outside --- */

static void describe(const lk_homedir *p, lk_servers *out) {
	out->home = lk_strdup(p->home);
	out->postgres = postgres_conninfo(p->run);
	out->redis = lk_asprintf("unix:%s/redis.sock", p->run);
}

int lk_servers_up(const char *home, lk_servers *out, lk_error *err) {
	lk_homedir p;
	*out = (lk_servers){0};
	p.lock = -1;
	int rc = lk_homedir_make(&p, home, err);
	if (rc == LK_OK)
		rc = start(&p, LK_SERVER_POSTGRES, err);
	if (rc == LK_OK)
		rc = start(&p, LK_SERVER_REDIS, err);
	if (rc == LK_OK)
		describe(&p, out);
	lk_homedir_release(&p);
	return rc;
}

int lk_server_start(const char *home, enum lk_server which, lk_error *err) {
	lk_homedir p;
	p.lock = -1;
	int rc = lk_homedir_make(&p, home, err);
	if (rc == LK_OK)
		rc = start(&p, which, err);
	lk_homedir_release(&p);
	return rc;
}

static int stop_both(lk_homedir *p, lk_error *err) {
	int rc = lk_homedir_lock(p, err);
	if (rc == LK_OK)
		rc = stop(p, LK_SERVER_REDIS, err);
	if (rc == LK_OK)
		rc = stop(p, LK_SERVER_POSTGRES, err);
	if (rc == LK_OK)
		lk_homedir_remove_run(p);
	return rc;
}

static bool is_empty(const lk_homedir *p) { return !p->data[0] && !p->run[0]; }

int lk_servers_down(const char *home, lk_error *err) {
	lk_homedir p;
	int rc = lk_homedir_find(&p, home, err);
	if (rc || is_empty(&p))
		return rc < 0 ? rc : LK_OK;
	rc = stop_both(&p, err);
	lk_homedir_release(&p);
	return rc;
}

int lk_servers_may_be_removed(const char *home, lk_error *err) {
	lk_homedir p;
	int rc = lk_homedir_find(&p, home, err);
	if (rc)
		return rc;
	return p.data[0] ? lk_homedir_check_ours(&p, err) : 1;
}

int lk_servers_remove(const char *home, bool *kept, lk_error *err) {
	lk_homedir p;
	*kept = false;
	int rc = lk_servers_may_be_removed(home, err);
	if (rc == LK_OK)
		rc = lk_homedir_find(&p, home, err);
	if (rc)
		return rc < 0 ? rc : LK_OK;
	rc = stop_both(&p, err);
	if (rc == LK_OK)
		rc = lk_homedir_remove(&p, kept, err);
	lk_homedir_release(&p);
	return rc;
}

char *lk_servers_elsewhere(const char *home) {
	lk_homedir p;
	return lk_homedir_find(&p, home, NULL) == LK_OK && lk_homedir_is_elsewhere(&p) ? lk_strdup(p.data) : NULL;
}

int lk_server_pid(const char *home, enum lk_server which) {
	lk_homedir p;
	return lk_homedir_find(&p, home, NULL) == LK_OK ? server_pid(&p, which) : 0;
}

char *lk_server_data(const char *home, enum lk_server which) {
	lk_homedir p;
	return lk_homedir_find(&p, home, NULL) == LK_OK && p.data[0] ? lk_homedir_path(p.data, lk_server_names[which]) : NULL;
}

/* Where nothing was found: which folder was looked for, since another one may have been meant. */
static int find_nothing(const lk_homedir *p, const char *home, lk_error *err) {
	char *path = lk_homedir_absolute(home);
	if (p->data[0]) {
		lk_fail(err, LK_EUNREACHABLE, "the private servers of %s are stopped", path);
		lk_hint(err, "`lk up` starts them again");
	} else {
		lk_fail(err, LK_EUNREACHABLE, "no servers: LK_POSTGRES and LK_REDIS are not both set, and %s %s", path,
		        p->home[0] ? "holds no private ones" : "is not there");
		lk_hint(err, "`lk up` starts private servers there; for those of another folder go there, or set LK_HOME");
	}
	free(path);
	return LK_EUNREACHABLE;
}

int lk_servers_find(const char *home, lk_servers *out, lk_error *err) {
	*out = (lk_servers){0};
	const char *postgres = getenv("LK_POSTGRES"), *redis = getenv("LK_REDIS");
	bool both = postgres && *postgres && redis && *redis;
	lk_homedir p;
	int rc = lk_homedir_find(&p, home, both ? NULL : err);
	if (rc < 0 && !both)
		return rc;
	if (rc == LK_OK && p.run[0])
		describe(&p, out);
	else if (!both)
		return find_nothing(&p, home, err);
	else
		out->home = lk_strdup(home);
	if (postgres && *postgres) {
		free(out->postgres);
		out->postgres = lk_strdup(postgres);
	}
	if (redis && *redis) {
		free(out->redis);
		out->redis = lk_strdup(redis);
	}
	return LK_OK;
}

void lk_servers_release(lk_servers *s) {
	free(s->home);
	free(s->postgres);
	free(s->redis);
	*s = (lk_servers){0};
}
