/* Each look-up runs on a thread of its own, and callers wait for it as for any server. If they give up, it runs on
 * until the resolver's own limits end it. A caller that asks for the same name meanwhile waits for the same look-up, so
 * there is at most one thread per name, however often a connection is tried again. */
#include "core/lookup.h"

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/fault.h"

typedef struct lookup {
	struct lookup *next;
	char *host;
	int users;             /* the thread, and all who wait */
	int over_fd;           /* readable when it has ended */
	int failed;            /* of getaddrinfo */
	lk_addresses found;
} lookup;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;   /* all look-ups */
static lookup *running;

/* --- the thread --- */

static bool holds(const lk_addresses *a, const char *text) {
	for (int i = 0; i < a->n; i++)
		if (strcmp(a->text[i], text) == 0)
			return true;
	return false;
}

static void add(lk_addresses *a, const char *text) {
	if (a->n < LK_ADDRESSES_MOST && strlen(text) < LK_ADDRESS_BYTES && !holds(a, text))
		strcpy(a->text[a->n++], text);
}

static int ask_resolver(const char *host, lk_addresses *out) {
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char text[LK_ADDRESS_BYTES];
	int failed = getaddrinfo(host, NULL, &hints, &found);
	for (const struct addrinfo *a = found; !failed && a; a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) == 0)
			add(out, text);
	if (found)
		freeaddrinfo(found);
	return failed;
}

/* The resolver of tests: a list of addresses; an empty one never answers. */
static int ask_test(char *list, lk_addresses *out) {
	while (!*list)
		pause();
	for (char *rest, *one = strtok_r(list, ",", &rest); one; one = strtok_r(NULL, ",", &rest))
		add(out, one);
	free(list);
	return 0;
}

static void leave(lookup *l) {
	if (--l->users > 0)
		return;
	close(l->over_fd);
	free(l->host);
	free(l);
}

static void take_off(lookup *l) {
	lookup **at = &running;
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
}

static void *look_up(void *arg) {
	lookup *l = arg;
	lk_addresses found = {0};
	char *of_test = LK_TEST_ADDRESSES(l->host);
	int failed = of_test ? ask_test(of_test, &found) : ask_resolver(l->host, &found);
	pthread_mutex_lock(&lock);
	l->found = found;
	l->failed = failed;
	take_off(l);
	eventfd_write(l->over_fd, 1);
	leave(l);
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* --- callers --- */

static lookup *start(const char *host) {
	pthread_t thread;
	lookup *l = lk_calloc(1, sizeof *l);
	l->host = lk_strdup(host);
	l->users = 2;
	l->over_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->over_fd < 0 || pthread_create(&thread, NULL, look_up, l) != 0) {
		l->users = 1;
		leave(l);
		return NULL;
	}
	pthread_detach(thread);
	l->next = running;
	running = l;
	return l;
}

static lookup *join(const char *host) {
	pthread_mutex_lock(&lock);
	lookup *l = running;
	while (l && strcmp(l->host, host) != 0)
		l = l->next;
	if (l)
		l->users++;
	else
		l = start(host);
	pthread_mutex_unlock(&lock);
	return l;
}

static bool is_numeric(const char *host) {
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	bool is = strlen(host) < LK_ADDRESS_BYTES && getaddrinfo(host, NULL, &hints, &found) == 0;
	if (found)
		freeaddrinfo(found);
	return is;
}

enum lk_waited lk_lookup(const char *host, int64_t until_us, lk_addresses *out, const char **why) {
	*out = (lk_addresses){0};
	*why = "no thread can be started to look up its name";
	if (is_numeric(host)) {
		add(out, host);
		return LK_WAIT_READY;
	}
	lookup *l = join(host);
	if (!l)
		return LK_WAIT_READY;
	enum lk_waited w = lk_wait_fd(l->over_fd, POLLIN, until_us);
	pthread_mutex_lock(&lock);
	if (w == LK_WAIT_READY) {
		*out = l->found;
		*why = l->failed ? gai_strerror(l->failed) : "the host has no address";
	}
	leave(l);
	pthread_mutex_unlock(&lock);
	if (w == LK_WAIT_STOPPED)
		lk_wait_gave_up();
	return w;
}
