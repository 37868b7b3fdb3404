#include "delivery/curl.h"

#include <dlfcn.h>
#include <stddef.h>

static int missing(lk_error *err) {
	const char *why = dlerror();
	lk_fail(err, LK_EUNSUPPORTED, "--webhook needs libcurl: %s", why ? why : "it lacks a function");
	return lk_hint(err, "install package libcurl4 (Debian, Ubuntu)");
}

int lk_curl_load(const lk_curl **out, lk_error *err) {
	static lk_curl curl;
	void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return missing(err);
#define LOAD(name) \
	if (!(*(void **)&curl.name = dlsym(library, #name))) \
		return missing(err);
	LK_CURL_FUNCTIONS(LOAD)
#undef LOAD
	curl.curl_global_init(CURL_GLOBAL_DEFAULT);
	*out = &curl;
	return LK_OK;
}
