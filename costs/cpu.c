/* getrusage gives lk's own processor time, INFO gives that of Redis. PostgreSQL reports none, but its processes are
 * children of one postmaster: if it runs on this machine, /proc shows the time of each living process, and the
 * postmaster's entry that of those that have ended. The sum does not depend on which session did the work, or on
 * whether it still exists. */
#include "costs/cpu.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct process {
	char name[32];
	int parent;
	double own_s, ended_children_s;
} process;

/* "<pid> (<name>) S <parent> …"; user and system time are fields 14 and 15, those of ended children 16 and 17. */
static bool read_process(int pid, process *out) {
	char path[64], line[1024];
	long long own[2], children[2];
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *f = fopen(path, "r");
	if (!f)
		return false;
	size_t n = fread(line, 1, sizeof line - 1, f);
	fclose(f);
	line[n] = '\0';
	char *name = strchr(line, '('), *rest = strrchr(line, ')');
	if (!name || !rest)
		return false;
	*rest = '\0';
	snprintf(out->name, sizeof out->name, "%s", name + 1);
	if (sscanf(rest + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld %lld %lld", &out->parent, &own[0], &own[1],
	           &children[0], &children[1]) != 5)
		return false;
	double tick = (double)sysconf(_SC_CLK_TCK);
	out->own_s = (double)(own[0] + own[1]) / tick;
	out->ended_children_s = (double)(children[0] + children[1]) / tick;
	return true;
}

static bool is_here(const lk_pg *pg) {
	const char *host = PQhost(pg->conn);
	return !host || !*host || host[0] == '/' || !strcmp(host, "localhost") || !strncmp(host, "127.", 4) || !strcmp(host, "::1");
}

static double postgres_seconds(const lk_pg *pg) {
	process backend, postmaster, p;
	if (!is_here(pg) || !read_process(PQbackendPID(pg->conn), &backend) || strcmp(backend.name, "postgres")
	    || !read_process(backend.parent, &postmaster) || strcmp(postmaster.name, "postgres"))
		return -1;
	double sum = postmaster.own_s + postmaster.ended_children_s;
	DIR *d = opendir("/proc");
	if (!d)
		return -1;
	for (struct dirent *e; (e = readdir(d));)
		if (isdigit((unsigned char)e->d_name[0]) && read_process(atoi(e->d_name), &p) && p.parent == backend.parent)
			sum += p.own_s;
	closedir(d);
	return sum;
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

int lk_cpu_read(const lk_pg *pg, lk_store *store, lk_cpu *out, lk_error *err) {
	struct rusage r;
	lk_store_usage usage;
	getrusage(RUSAGE_SELF, &r);
	int rc = lk_store_usage_read(store, &usage, err);
	*out = (lk_cpu){.self_s = seconds(r.ru_utime) + seconds(r.ru_stime), .redis_s = usage.cpu_s, .postgres_s = postgres_seconds(pg)};
	return rc;
}

double lk_cpu_between(const lk_cpu *before, const lk_cpu *after) {
	if (before->postgres_s < 0 || after->postgres_s < 0)
		return -1;
	double postgres = after->postgres_s - before->postgres_s;
	return after->self_s - before->self_s + after->redis_s - before->redis_s + (postgres > 0 ? postgres : 0);
}
