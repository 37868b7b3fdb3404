#include "delivery/keeper.h"

int lk_keeper_open(lk_keeper *k, const char *path, lk_error *err) {
	*k = (lk_keeper){.file.lock = -1, .has_file = path != NULL};
	return path ? lk_cursor_file_open(&k->file, path, err) : LK_OK;
}

int lk_keeper_read(lk_keeper *k, lk_bookmark *out, lk_error *err) {
	*out = (lk_bookmark){0};
	return k->has_file ? lk_cursor_file_read(&k->file, out, err) : 1;
}

int lk_keeper_write(lk_keeper *k, const lk_bookmark *p, lk_error *err) {
	return k->has_file ? lk_cursor_file_write(&k->file, p, err) : LK_OK;
}

void lk_keeper_close(lk_keeper *k) {
	if (k->has_file)
		lk_cursor_file_close(&k->file);
}
