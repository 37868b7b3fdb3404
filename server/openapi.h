/* The description of the routes for programs (OpenAPI 3.1), made from their table.
 *
 * Pure; adds to the caller's buffer. */
#ifndef LK_SERVER_OPENAPI_H
#define LK_SERVER_OPENAPI_H

#include "server/request.h"

void lk_openapi_print(const lk_route *routes, int n, lk_buf *out);

#endif
