/* All test programs in one binary: runs the one by whose name it was called. programs.h names each test_*.c and
 * server_*.c as PROGRAM(name); the build renames its main() to name_main(). */
#include <stdio.h>
#include <string.h>

#define PROGRAM(name) int name##_main(void);
#include "tests/programs.h"
#undef PROGRAM

static const struct {
	const char *name;
	int (*run)(void);
} programs[] = {
#define PROGRAM(name) {#name, name##_main},
#include "tests/programs.h"
#undef PROGRAM
};

int main(int argc, char **argv) {
	const char *path = argc > 0 ? argv[0] : "", *slash = strrchr(path, '/');
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
		if (!strcmp(programs[i].name, slash ? slash + 1 : path))
			return programs[i].run();
	fprintf(stderr, "%s: there is no test program of this name\n", path);
	return 2;
}
