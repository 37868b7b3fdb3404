/* MD5 (RFC 1321), for SQL's md5(): no secret depends on it. */
#ifndef LK_EXPR_MD5_H
#define LK_EXPR_MD5_H

#include <stddef.h>

/* 32 hexadecimal digits and a NUL. */
void lk_md5_hex(const void *data, size_t len, char hex[33]);

#endif
