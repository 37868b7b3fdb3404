/* What all tests of a program share: servers, and one lk on them, started before the first test and stopped after the
 * last. The program names them and gives cmocka_run_group_tests the two fixtures. */
#ifndef LK_TESTS_SUPPORT_FIXTURES_H
#define LK_TESTS_SUPPORT_FIXTURES_H

#include "tests/support/command_line.h"
#include "tests/support/world.h"

void test_share_world(test_world *w, test_servers *s);
/* The program as people run it, on its servers, and a world there; NULL: none. */
void test_share_program(test_program *p, test_world *w);

int test_shared_start(void **state);
int test_shared_stop(void **state);

#endif
