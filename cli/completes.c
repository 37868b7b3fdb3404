#include "cli/completes.h"

#include <stdlib.h>
#include <string.h>

#include "cli/help.h"

/* --- the words that a text lists: "table, json or csv (table)" --- */

static size_t word_at(const char *s) { return strspn(s, "abcdefghijklmnopqrstuvwxyz_"); }

static const char *after(const char *s, const char *begin) {
	size_t n = strlen(begin);
	return strncmp(s, begin, n) == 0 ? s + n : NULL;
}

/* Behind what stands between two items; NULL: the list ends here. */
static const char *next_item(const char *s) {
	static const char *const between[] = {", or ", ", ", " or "};
	for (size_t i = 0; i < sizeof between / sizeof *between; i++)
		if (after(s, between[i]))
			return after(s, between[i]);
	return NULL;
}

/* An item of several words ends the list and is no part of it: it says what else the user may type. */
static int list_at(const char *s, lk_buf *words) {
	int n = 0;
	while (s) {
		size_t len = word_at(s);
		const char *end = s + len;
		if (!len || (*end && !next_item(end) && !strchr(".:;", *end) && !after(end, " (")))
			break;
		if (words->len)
			lk_buf_addc(words, ' ');
		lk_buf_add(words, s, len);
		n++;
		s = next_item(end);
	}
	return n;
}

/* A list of one word is none. */
static bool add_list(const char *text, lk_buf *words) {
	while (text) {
		lk_buf_clear(words);
		if (list_at(text, words) >= 2)
			return true;
		text = strstr(text, ": ");
		text = text ? text + 2 : NULL;
	}
	lk_buf_clear(words);
	return false;
}

/* --- placeholders --- */

static bool is(const char *name, size_t len, const char *word) { return strlen(word) == len && !memcmp(name, word, len); }

static enum lk_completes kind_of(const char *name, size_t len) {
	return is(name, len, "VIEW") ? LK_IS_VIEW : is(name, len, "STREAM") ? LK_IS_STREAM : is(name, len, "FILE") ? LK_IS_FILE :
	       is(name, len, "COMMAND") ? LK_IS_COMMAND : LK_IS_TEXT;
}

enum lk_completes lk_option_completes(const lk_command *c, const lk_option *o, lk_buf *words) {
	if (!strcmp(o->name, "stream"))
		return LK_IS_STREAM;
	enum lk_completes kind = strcmp(o->name, "exec") ? kind_of(o->arg, strlen(o->arg)) : LK_IS_TEXT;
	char *help = lk_help_text(c, o->help);
	if (kind == LK_IS_TEXT && add_list(help, words))
		kind = LK_IS_WORDS;
	free(help);
	return kind;
}

/* The first word of each line of the command's own list. */
static void add_first_words(const lk_command *c, lk_buf *words) {
	lk_buf list = LK_BUF_INIT;
	c->list(&list);
	for (const char *p = list.data; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		p += strspn(p, " ");
		if (words->len)
			lk_buf_addc(words, ' ');
		lk_buf_add(words, p, word_at(p));
	}
	lk_buf_release(&list);
}

bool lk_operand_next(const lk_command *c, const char **at, enum lk_completes *kind, lk_buf *words) {
	const char *name = *at + strcspn(*at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	*at = name + len;
	*kind = kind_of(name, len);
	if (is(name, len, "MODE"))
		lk_buf_adds(words, "lambda kappa");
	else if (is(name, len, "SCENARIO"))
		add_first_words(c, words);
	if (words->len)
		*kind = LK_IS_WORDS;
	return len > 0;
}
