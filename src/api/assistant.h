/* assistant.h - what the paths of the task assistant share. */
#pragma once

#include "api/api.h"

/* Whom a request is about: only the caller's own id, or an administrator's choice. */
MUST_CHECK bool assistant_user(const ApiRequest *request, Str asked, Str *user_r, Error *err);
