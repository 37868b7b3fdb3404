/* Servers and an lk on them that all tests of a program share, started before the first test and stopped after the
 * last. The program calls test_share_program and gives cmocka_run_group_tests the two fixtures. */
#ifndef LK_TESTS_SUPPORT_FIXTURES_H
#define LK_TESTS_SUPPORT_FIXTURES_H

#include "tests/support/command_line.h"
#include "tests/support/world.h"

void test_share_world(test_world *w, test_servers *s);
/* The command-line program with its servers, and a world on them; NULL: none. */
void test_share_program(test_program *p, test_world *w);

int test_shared_start(void **state);
int test_shared_stop(void **state);

#endif
