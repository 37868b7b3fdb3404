#include "formats/json_cut.h"

#include <string.h>

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static const char *skip_blanks(const char *p, const char *end) {
	while (p < end && is_blank(*p))
		p++;
	return p;
}

/* The first byte after the [ at p that is not blank, which tells whether it opens an array of events; NULL if the text
 * ends first. */
static const char *array_of_events(const char *p, const char *end) {
	for (p++; p < end && (is_blank(*p) || *p == '\n');)
		p++;
	return p < end ? p : NULL;
}

/* Skips blanks, line breaks, commas, and brackets of arrays. */
static const char *skip_between(const char *p, const char *end, lk_text_place *at) {
	for (; p < end; p++) {
		if (*p == '[') {
			const char *first = array_of_events(p, end);
			if (!first || !memchr("{[]", *first, 3))
				return p;
			at->in_array = true;
		} else if (*p == ']') {
			at->in_array = false;
		} else if (!is_blank(*p) && *p != ',' && *p != '\n') {
			return p;
		}
		at->column = *p == '\n' ? 0 : at->column + 1;
	}
	return p;
}

/* Does a line end a damaged object that began in `column`? p: the line's first byte that is not blank, in column
 * at_column. It does if p is not further right and is not }. */
static bool begins_anew(const char *p, size_t at_column, size_t column) {
	return at_column <= column && *p != '}' && *p != '\n' && *p != '\r';
}

/* p is at the opening quote. The first byte after the string, or the line break inside it (*broken); NULL if the text
 * ends first. */
static const char *string_end(const char *p, const char *end, bool *broken) {
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\n') {
			*broken = true;
			return p;
		}
		if (*p == '\\' && ++p < end && *p == '\n')
			p--;
	}
	return NULL;
}

/* The end of the object at p: after its last brace, or, if it is damaged, before the line where reading can resume
 * (*damaged). NULL if the text ends first. */
static const char *object_end(const char *p, const char *end, size_t column, bool *damaged) {
	int depth = 0;
	bool broken = false;
	while (p < end) {
		if (*p == '"') {
			if (!(p = string_end(p, end, &broken)))
				return NULL;
			continue;
		}
		depth += *p == '{' || *p == '[';
		depth -= *p == '}' || *p == ']';
		if (!depth && !broken)
			return p + 1;
		if (*p++ != '\n')
			continue;
		const char *first = skip_blanks(p, end);
		size_t at = (size_t)(first - p);
		if (first < end && ((*first == '{' && at == column) || (broken && begins_anew(first, at, column)))) {
			*damaged = true;
			return p;
		}
	}
	return NULL;
}

/* The end of something at p that is not an object: that of its line, or of its array element. */
static const char *junk_end(const char *p, const char *end, bool in_array) {
	bool broken = false;
	while (p && p < end && *p != '\n') {
		if (in_array && (*p == ',' || *p == ']'))
			return p;
		p = in_array && *p == '"' ? string_end(p, end, &broken) : p + 1;
	}
	return p && p < end ? p + 1 : NULL;
}

/* p is after an object. Blanks and the line break belong to its record, and so does anything else in the line up to the
 * next object. */
static const char *with_the_rest(const char *p, const char *end, bool in_array) {
	const char *rest = skip_blanks(p, end);
	if (rest == end)
		return NULL;
	if (*rest == '\n')
		return rest + 1;
	if (*rest == ',' || *rest == ']')
		return p;
	return *rest == '{' || *rest == '[' ? rest : junk_end(rest, end, in_array);
}

/* The end of the line at p if the line looks like one object; else NULL. */
static const char *object_line(const char *p, const char *end) {
	const char *lf = memchr(p, '\n', (size_t)(end - p)), *last = lf;
	while (last && last > p && is_blank(last[-1]))
		last--;
	return last && last > p && last[-1] == '}' ? lf + 1 : NULL;
}

static size_t column_at(const char *begin, const char *end, size_t column) {
	const char *lf = memrchr(begin, '\n', (size_t)(end - begin));
	return lf ? (size_t)(end - lf - 1) : column + (size_t)(end - begin);
}

static size_t without_blanks(const char *p, size_t len) {
	while (len && (p[len - 1] == '\n' || is_blank(p[len - 1])))
		len--;
	return len;
}

lk_record_cut lk_json_cut(const lk_stretch *s) {
	lk_record_cut c = {.at_begin = s->place};
	const char *end = s->end, *p = skip_between(s->begin, end, &c.at_begin);
	bool damaged = false, in_array = c.at_begin.in_array, unfinished = false;
	c.begin = p;
	c.lines_before = lk_count_lines(s->begin, p);
	if (p == end)
		return c;
	if (*p != '{') {
		c.end = *p == '[' && !s->all && !array_of_events(p, end) ? NULL : junk_end(p, end, in_array);
	} else if (!s->exact && !in_array && (c.end = object_line(p, end))) {
		c.guessed = true;
	} else if ((c.end = object_end(p, end, c.at_begin.column, &damaged)) && !damaged) {
		c.end = with_the_rest(c.end, end, in_array);
	}
	if (!c.end && s->all) {
		c.end = end;
		unfinished = *p == '{';
	}
	if (!c.end)
		return c;
	c.len = without_blanks(p, (size_t)(c.end - p));
	c.lines = c.guessed ? 1 : lk_count_lines(p, c.end);
	c.unterminated = c.end == end && (s->added || (unfinished && c.lines > 1));
	c.at_end = (lk_text_place){column_at(p, c.end, c.at_begin.column), in_array};
	return c;
}

int lk_json_resumes(const char *p, const char *end, lk_text_place place) {
	const char *first = p;
	while (first < end && (*first == ' ' || *first == '\t'))
		first++;
	return first == end ? -1 : begins_anew(first, (size_t)(first - p), place.column);
}
