#include "private_servers/programs.h"

#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"

static char *path_of(const char *dir, const char *name) { return lk_asprintf("%s/%s", dir, name); }

static bool has_programs(const char *dir) {
	char *a = path_of(dir, "initdb"), *b = path_of(dir, "postgres");
	bool ok = access(a, X_OK) == 0 && access(b, X_OK) == 0;
	free(a);
	free(b);
	return ok;
}

static char *ask_pg_config(void) {
	char line[PATH_MAX] = "";
	FILE *f = popen("pg_config --bindir 2>/dev/null", "re");
	if (f) {
		if (!fgets(line, sizeof line, f))
			line[0] = '\0';
		pclose(f);
	}
	line[strcspn(line, "\n")] = '\0';
	return lk_strdup(line);
}

char *lk_program_folder(const char *program) {
	const char *path = getenv("PATH");
	char *list = lk_strdup(path ? path : "/usr/local/bin:/usr/bin:/bin"), *save = NULL, *found = NULL;
	for (char *dir = strtok_r(list, ":", &save); dir && !found; dir = strtok_r(NULL, ":", &save)) {
		char *file = path_of(dir, program);
		if (access(file, X_OK) == 0)
			found = lk_strdup(dir);
		free(file);
	}
	free(list);
	return found;
}

/* The highest of Debian's versioned folders, or the one of `version`: a data folder needs the version that made it. */
static char *versioned_bin(int version) {
	glob_t g;
	char *best = NULL;
	int best_version = 0;
	if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++) {
			int v = atoi(g.gl_pathv[i] + strlen("/usr/lib/postgresql/"));
			if (v > best_version && (!version || v == version) && has_programs(g.gl_pathv[i])) {
				free(best);
				best = lk_strdup(g.gl_pathv[i]);
				best_version = v;
			}
		}
	globfree(&g);
	return best;
}

static int data_version(const char *dir) {
	char *file = path_of(dir, "PG_VERSION");
	FILE *f = fopen(file, "re");
	int v = 0;
	if (f) {
		if (fscanf(f, "%d", &v) != 1)
			v = 0;
		fclose(f);
	}
	free(file);
	return v;
}

char *lk_postgres_bin(const char *dir, lk_error *err) {
	int version = data_version(dir);
	char *bin = version ? versioned_bin(version) : NULL;
	if (bin)
		return bin;
	bin = ask_pg_config();
	if (has_programs(bin))
		return bin;
	free(bin);
	if ((bin = versioned_bin(0)))
		return bin;
	bin = lk_program_folder("initdb");
	if (bin && has_programs(bin))
		return bin;
	free(bin);
	lk_fail(err, LK_EUNREACHABLE, "PostgreSQL's server programs are not installed (looked for initdb in"
	                              " pg_config --bindir, /usr/lib/postgresql, PATH)");
	lk_hint(err, "install the package postgresql, or set LK_POSTGRES to a server that runs elsewhere");
	return NULL;
}
