/* visitor.h - who asks, by key, session or the local socket, and whether they may. Any thread. */
#pragma once

#include "api/api.h"

/* HttpDispatch.check: sets request->visitor. */
bool visitor_check(void *api, HttpRequest *http, Error *err);
/* Says who it is, rightly or not: a wrong key is refused later, not served as a stranger. */
bool visitor_shows_something(const HttpRequest *http);
