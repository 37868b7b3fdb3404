/* libcurl, loaded when it is needed: its 8 libraries more would cost each start of lk 3 ms, a fifth of a short query.
 *
 * Loaded once; its functions may be used by any thread, each with a handle of its own. */
#ifndef LK_DELIVERY_CURL_H
#define LK_DELIVERY_CURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "core/status.h"

/* Undone, so that the functions below can be declared by their types. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

#define LK_CURL_FUNCTIONS(FUNCTION) \
	FUNCTION(curl_global_init) FUNCTION(curl_easy_init) FUNCTION(curl_easy_setopt) FUNCTION(curl_easy_perform) \
	FUNCTION(curl_easy_getinfo) FUNCTION(curl_easy_strerror) FUNCTION(curl_easy_cleanup) FUNCTION(curl_slist_append) \
	FUNCTION(curl_slist_free_all)

typedef struct lk_curl {
#define LK_CURL_MEMBER(name) __typeof__(&name) name;
	LK_CURL_FUNCTIONS(LK_CURL_MEMBER)
#undef LK_CURL_MEMBER
} lk_curl;

/* LK_EUNSUPPORTED with a hint if libcurl is not installed. The result lasts as long as the process. */
int lk_curl_load(const lk_curl **out, lk_error *err);

#endif
