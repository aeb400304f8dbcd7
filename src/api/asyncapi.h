/* asyncapi.h - the events of /v1/events and /ws described, as AsyncAPI 3.0. Threads: any. */
#pragma once

#include "api/api.h"

/* The whole document as JSON; `host` is where the server is reached. Fails when a line of
 * event_data.def is no notation, or an event of store/events.def has none. */
MUST_CHECK bool asyncapi_print(const Api *api, Str host, Buf *out, Error *err);
