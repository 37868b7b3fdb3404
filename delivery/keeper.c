#include "delivery/keeper.h"

int lk_keeper_open(lk_keeper *k, const char *path, const char *name, const char *target, lk_error *err) {
	*k = (lk_keeper){.file.lock = -1, .has_file = path != NULL, .named = {.name = name, .target = target}};
	return path ? lk_cursor_file_open(&k->file, path, err) : LK_OK;
}

int lk_keeper_join(lk_keeper *k, lk_pg *pg, const char *stream, bool *moved, lk_error *err) {
	*moved = false;
	return k->named.name ? lk_named_join(&k->named, pg, stream, moved, err) : LK_OK;
}

int lk_keeper_read(lk_keeper *k, lk_bookmark *out, lk_error *err) {
	*out = (lk_bookmark){0};
	if (k->named.name)
		return lk_named_read(&k->named, out, err);
	return k->has_file ? lk_cursor_file_read(&k->file, out, err) : 1;
}

int lk_keeper_write(lk_keeper *k, lk_pg *pg, const lk_bookmark *p, int64_t rows, lk_error *err) {
	if (k->named.name)
		return lk_named_write(&k->named, pg, p, rows, err);
	return k->has_file ? lk_cursor_file_write(&k->file, p, err) : LK_OK;
}

void lk_keeper_failed(lk_keeper *k, lk_pg *pg, const char *why) {
	if (k->named.name)
		lk_named_failed(&k->named, pg, why, NULL);
}

void lk_keeper_close(lk_keeper *k) {
	if (k->has_file)
		lk_cursor_file_close(&k->file);
	lk_named_release(&k->named);
}
