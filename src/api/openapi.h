/* openapi.h - the API's own description. Threads: any. */
#pragma once

#include "api/api.h"

/* The whole document, OpenAPI 3.1 as JSON. Fails when a line of the tables is no notation. */
MUST_CHECK bool openapi_print(const Api *api, Arena *arena, Buf *out, Error *err);
/* "/v1/documents/:id" as "/v1/documents/{id}". */
Str openapi_path(Arena *arena, const char *path);
/* "a reader": who may call it. */
Str openapi_needs(Arena *arena, const ApiRoute *route);
/* Whether the description is shown at all (the setting docs); else ERROR_NOT_FOUND. */
MUST_CHECK bool openapi_check_shown(const ApiRequest *request, Error *err);
