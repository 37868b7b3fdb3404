#include "server/guard.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"

static int no_token(const char *path, const char *why, lk_error *err) {
	lk_fail(err, LK_EINPUT, "--token-file %s: %s", path, why);
	return lk_hint(err, "for example: head -c 24 /dev/urandom | base64 >FILE; chmod 600 FILE");
}

int lk_token_read(const char *path, char **out, lk_error *err) {
	char text[LK_TOKEN_MOST + 2];
	FILE *f = fopen(path, "re");
	if (!f)
		return no_token(path, strerror(errno), err);
	size_t n = fread(text, 1, sizeof text - 1, f), begin = 0;
	bool failed = ferror(f);
	fclose(f);
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	while (begin < n && isspace((unsigned char)text[begin]))
		begin++;
	for (size_t i = begin; i < n; i++)
		failed |= text[i] <= ' ' || text[i] > '~';
	if (failed || n - begin < LK_TOKEN_LEAST || n > LK_TOKEN_MOST)
		return no_token(path, "a token is one word of 16 to 4096 visible ASCII characters", err);
	*out = lk_strndup(text + begin, n - begin);
	return LK_OK;
}

bool lk_token_shown(const char *token, const char *authorization) {
	static const char scheme[] = "Bearer ";
	const char *shown = authorization && !strncasecmp(authorization, scheme, strlen(scheme)) ? authorization + strlen(scheme) : "";
	size_t n = strlen(token), len = strlen(shown);
	unsigned char differ = n != len;
	for (size_t i = 0; i < len; i++)
		differ |= (unsigned char)(shown[i] ^ token[i % n]);
	return !differ;
}

/* The host without its port and brackets; false if the text is none. */
static bool host_of(const char *text, char *out, size_t size) {
	size_t len = text[0] == '[' ? strcspn(text, "]") : strcspn(text, ":");
	const char *rest = text + len + (text[0] == '[');
	if (text[0] == '[' && !text[len])
		return false;
	if (*rest && (*rest != ':' || strspn(rest + 1, "0123456789") != strlen(rest + 1)))
		return false;
	text += text[0] == '[';
	len = (size_t)(rest - text) - (*text && rest[-1] == ']');
	if (!len || len >= size)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

static bool is_address(const char *host) {
	struct in6_addr any;
	return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

bool lk_host_allowed(const char *host, const char *const *names, int n) {
	char name[256];
	if (!host)
		return true;
	if (!host_of(host, name, sizeof name))
		return false;
	bool allowed = is_address(name) || !strcasecmp(name, "localhost");
	for (int i = 0; i < n; i++)
		allowed |= !strcasecmp(name, names[i]);
	return allowed;
}

bool lk_origin_allowed(const char *origin, const char *host) {
	static const char *const schemes[] = {"http://", "https://"};
	for (int i = 0; origin && host && i < 2; i++)
		if (!strncasecmp(origin, schemes[i], strlen(schemes[i])))
			return !strcasecmp(origin + strlen(schemes[i]), host);
	return !origin;
}
