#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int lk_fail(lk_error *err, int code, const char *fmt, ...) {
	if (!err || err->code != LK_OK)
		return code;
	err->code = code;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	return code;
}

int lk_hint(lk_error *err, const char *fmt, ...) {
	if (!err)
		return LK_OK;
	if (!err->hint[0]) {
		va_list ap;
		va_start(ap, fmt);
		vsnprintf(err->hint, sizeof err->hint, fmt, ap);
		va_end(ap);
	}
	return err->code;
}

void lk_error_clear(lk_error *err) {
	memset(err, 0, sizeof *err);
}

int lk_exit_status(int code) {
	switch (code) {
	case LK_OK: return 0;
	case LK_EDIFFERS: return 1;
	case LK_EUSAGE: return 2;
	case LK_EUNREACHABLE:
	case LK_EUNSUPPORTED: return 3;
	case LK_EPARTIAL: return 5;
	case LK_ETOOBIG: return 6;
	case LK_EINPUT: return 65;
	case LK_EDEFINITION: return 78;
	case LK_EFULL:
	case LK_EBUSY:
	case LK_ECHANGED:
	case LK_ECONFLICT: return 75;
	default: return 70;
	}
}
