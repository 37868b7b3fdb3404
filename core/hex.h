#ifndef LK_CORE_HEX_H
#define LK_CORE_HEX_H

/* 0 … 15, of either case; -1: it is no hexadecimal digit. */
static inline int lk_hex_digit(char c) {
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
