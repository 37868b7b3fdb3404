#include "tests/support/streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lk_type type_named(const char *name) {
	static const struct { const char *name; uint8_t kind; } types[] = {
		{"int2", LK_INT2}, {"int4", LK_INT4}, {"int8", LK_INT8}, {"text", LK_TEXT}, {"time", LK_TIME}, {"bool", LK_BOOL},
		{"float4", LK_FLOAT4}, {"float8", LK_FLOAT8}, {"jsonb", LK_JSONB},
	};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcmp(types[i].name, name))
			return (lk_type){.kind = types[i].kind};
	if (strncmp(name, "num", 3)) {
		fprintf(stderr, "test_stream: no type %s\n", name);
		abort();
	}
	return (lk_type){.kind = LK_NUMERIC, .precision = 18, .scale = (uint8_t)atoi(name + 3)};
}

static void set_path(lk_arena *arena, lk_column *c) {
	char *p = lk_arena_strdup(arena, c->name);
	c->path = lk_arena_alloc(arena, strlen(p) * sizeof *c->path + sizeof *c->path);
	for (char *dot; (dot = strchr(p, '.')); p = dot + 1) {
		*dot = '\0';
		c->path[c->npath++] = p;
	}
	c->path[c->npath++] = p;
}

lk_stream *test_stream(lk_arena *arena, const char *name, const char *const *columns, int ncolumns) {
	lk_stream *s = lk_arena_zalloc(arena, sizeof *s);
	s->name = lk_arena_strdup(arena, name);
	s->schema.columns = lk_arena_zalloc(arena, (size_t)ncolumns * sizeof *s->schema.columns);
	s->schema.ncolumns = ncolumns;
	s->partition_by = ncolumns > 1;
	s->partitions = 4;
	for (int i = 0; i < ncolumns; i++) {
		const char *blank = strrchr(columns[i], ' ');
		lk_column *c = &s->schema.columns[i];
		c->name = lk_arena_strndup(arena, columns[i], (size_t)(blank - columns[i]));
		c->type = type_named(blank + 1);
		set_path(arena, c);
	}
	return s;
}
