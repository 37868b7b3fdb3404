#include "tests/support/fixtures.h"

static struct {
	test_servers *servers;
	test_world *world;
	test_program *program;
} shared;

void test_share_world(test_world *w, test_servers *s) {
	shared.servers = s;
	shared.world = w;
}

void test_share_program(test_program *p, test_world *w) {
	shared.servers = &p->servers;
	shared.world = w;
	shared.program = p;
}

int test_shared_start(void **state) {
	(void)state;
	test_servers_start(shared.servers);
	if (shared.world)
		test_world_open(shared.world, shared.servers);
	return 0;
}

int test_shared_stop(void **state) {
	(void)state;
	if (shared.world)
		test_world_close(shared.world);
	if (shared.program)
		test_program_release(shared.program);
	test_servers_stop(shared.servers);
	return 0;
}
