/* etag.h - entity tags of what is read as JSON, and changes only to what is still as it was read
 * (RFC 9110, sections 8.8.3, 13.1.1 and 13.1.2). The tag is a hash of what GET answers, so that
 * nothing need be kept for it, and nodes agree.
 *
 * Threads: any. Of the changes with If-Match that come to one node, those to one path go one after
 * the other, so that of two who read the same only one succeeds; on several nodes two that come
 * within the same few milliseconds may both do. */
#pragma once

#include <pthread.h>

#include "api/api.h"

/* After a GET that has gone well: sends ETag, or 304 where If-None-Match names it. Leaves files,
 * streams, other media types, and answers that have a tag of their own. */
void etag_answer(const ApiRequest *request, HttpResponse *response);

/* The GET whose tag If-Match of this route is compared with; NULL: none is. */
const ApiRoute *etag_reading_route(const ApiRoute *route);

/* The lock of the path while it is changed; NULL: the request has no If-Match. */
typedef struct EtagHold {
    pthread_mutex_t *lock;
    bool failed; /* the condition, not the change */
} EtagHold;

/* Before a PUT, PATCH or DELETE with If-Match. Fails with ERROR_CONFLICT, which is answered as 412,
 * when what GET answers now has another tag, and with GET's own error when there is none. End it
 * after the change either way. */
MUST_CHECK bool etag_begin_change(ApiRequest *request, EtagHold *hold_r, Error *err);
void etag_end_change(EtagHold *hold);
