/* libFuzzer's entry: FUZZ_TARGET in the environment names the target (`make fuzz`). */
#include "tests/fuzz/targets.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
	(void)argc;
	(void)argv;
	const char *name = getenv("FUZZ_TARGET");
	target = fuzz_find(name ? name : "");
	if (!target) {
		fprintf(stderr, "fuzz: there is no target \"%s\"\n", name ? name : "");
		exit(2);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
	target->run(data, len);
	return 0;
}
