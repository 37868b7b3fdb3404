/* The fuzz targets: each seed of tests/fuzz/seeds, and inputs made of them at random. TARGET= runs one of them,
 * FUZZ_SECONDS= as long as wanted (`make fuzz`). An input at which a target fails is kept in a file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/time.h"
#include "tests/fuzz/mutate.h"
#include "tests/fuzz/targets.h"
#include "tests/support/definitions.h"
#include "tests/support/random.h"

/* --- the input that fails --- */

static struct {
	const char *target;
	const uint8_t *data;
	size_t len;
} now;

/* The sanitizers call it before they end the process; elsewhere a signal does. */
static void keep_input(void) {
	static char path[200];
	const char *folder = getenv("TMPDIR");
	if (!now.data)
		return;
	snprintf(path, sizeof path, "%s/fuzz-%s-%d", folder ? folder : "/tmp", now.target, (int)getpid());
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd >= 0 && write(fd, now.data, now.len) == (ssize_t)now.len)
		fprintf(stderr, "the input is in %s: once it is read rightly, put it into tests/fuzz/seeds/%s\n", path, now.target);
	now.data = NULL;
}

static void on_signal(int number) {
	keep_input();
	signal(number, SIG_DFL);
	raise(number);
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void keep_what_fails(void) {
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(keep_input);
	signal(SIGABRT, on_signal);
	if (!__sanitizer_set_death_callback)
		signal(SIGSEGV, on_signal);
}

/* A copy of its own length, so that reading beyond it shows. */
static void run(const fuzz_target *t, const lk_buf *input) {
	uint8_t *copy = malloc(input->len + !input->len);
	memcpy(copy, input->len ? input->data : "", input->len);
	now.target = t->name;
	now.data = copy;
	now.len = input->len;
	t->run(copy, input->len);
	now.data = NULL;
	free(copy);
}

/* --- the tests --- */

static uint64_t seed;

static void fuzz(const char *name) {
	const fuzz_target *t = fuzz_find(name);
	const char *only = getenv("TARGET"), *seconds = getenv("FUZZ_SECONDS"), *slash = strrchr(__FILE__, '/');
	char *folder = lk_asprintf("%.*sfuzz/seeds/%s", slash ? (int)(slash - __FILE__) + 1 : 0, __FILE__, name);
	int64_t until = lk_monotonic_us() + (seconds ? atoll(seconds) : 0) * LK_US_PER_S;
	fuzz_seeds seeds;
	lk_buf input = LK_BUF_INIT;
	if (only && *only && strcmp(only, name) != 0) {
		free(folder);
		skip();
	}
	fuzz_seeds_load(&seeds, folder);
	assert_true(seeds.n > 0);
	for (int i = 0; i < seeds.n; i++)
		run(t, &seeds.items[i]);
	int n = 0;
	for (; seconds ? lk_monotonic_us() < until : n < t->inputs; n++) {
		fuzz_mutate(&seeds, seed + (uint64_t)n, &input);
		run(t, &input);
	}
	printf("%s: %d seeds, %d inputs\n", name, seeds.n, n);
	lk_buf_release(&input);
	fuzz_seeds_release(&seeds);
	free(folder);
}

static void definition_files(void **state) { (void)state; fuzz("definitions"); }
static void texts_of_json(void **state) { (void)state; fuzz("json"); }
static void texts_of_csv(void **state) { (void)state; fuzz("csv"); }
static void lines_of_logs(void **state) { (void)state; fuzz("log_lines"); }
static void encoded_cells(void **state) { (void)state; fuzz("cells"); }
static void texts_of_times(void **state) { (void)state; fuzz("times"); }
static void requests_of_http(void **state) { (void)state; fuzz("requests"); }

static int begin(void **state) {
	(void)state;
	seed = random_seed();
	keep_what_fails();
	return 0;
}

static int end(void **state) {
	(void)state;
	test_hits_release();
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(definition_files), cmocka_unit_test(texts_of_json), cmocka_unit_test(texts_of_csv),
		cmocka_unit_test(lines_of_logs), cmocka_unit_test(encoded_cells), cmocka_unit_test(texts_of_times),
		cmocka_unit_test(requests_of_http),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
