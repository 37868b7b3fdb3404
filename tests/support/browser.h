/* A browser without a window, driven by WebDriver (W3C): what a page shows, not what it was sent. */
#ifndef LK_TESTS_SUPPORT_BROWSER_H
#define LK_TESTS_SUPPORT_BROWSER_H

#include <jansson.h>
#include <stdbool.h>

typedef struct test_browser {
	int pid;               /* of chromedriver; it dies with the test */
	char address[64];
	char session[128];     /* "/session/…" */
} test_browser;

/* False: this machine has no chromedriver. Fails the test if the one that is there does not start. */
bool test_browser_start(test_browser *b);
void test_browser_stop(test_browser *b);

void test_browser_open(test_browser *b, const char *url);
void test_browser_resize(test_browser *b, int width, int height);
/* What a script returns; the caller's. Fails the test if it throws. */
json_t *test_browser_eval(test_browser *b, const char *script);
/* Polls until the script returns true; fails the test after a minute, with what the page shows. */
void test_browser_await(test_browser *b, const char *script);
/* Fails the test if the page has written an error or a warning to the console since the last call. but: a text that each
 * allowed one has; or NULL. */
void test_browser_is_quiet(test_browser *b, const char *but);
/* Presses keys, one after the other. WebDriver has code points for those without a letter: U+E004 is Tab, U+E007 Enter. */
void test_browser_press(test_browser *b, const char *keys);

#endif
