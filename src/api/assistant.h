/* assistant.h - what the paths of the task assistant share. */
#pragma once

#include "api/api.h"

/* Whom a request is about: only the caller's own id, or an administrator's choice. */
MUST_CHECK bool assistant_user(const ApiRequest *request, Str asked, Str *user_r, Error *err);

/* What tasks are drawn from: a text, or a document's. */
typedef struct DrawnFrom {
    Str text, document; /* one of them */
    Str zone;           /* an IANA name; "" for UTC */
    bool is_saved;      /* as suggested ones, by who may; a document that has tasks keeps those */
    bool only_rules;
} DrawnFrom;
/* They are a JSON array in the request's arena. */
MUST_CHECK bool drawn_tasks(ApiRequest *request, const DrawnFrom *from, Str *json_r,
                            size_t *count_r, Error *err);
