/* kept.h - answers of /v1/responses that a client may go on from (previous_response_id) or ask for
 * again: in this process's memory, for an hour, the oldest first to go when there are too many.
 *
 * Threads: any. */
#pragma once

#include "base/base.h"

#define KEPT_BYTES_MAX MB(64)
#define KEPT_ONE_MAX MB(4) /* a larger one is not kept */
#define KEPT_MS 3600000

typedef struct KeptAnswers KeptAnswers;

typedef struct KeptAnswer {
    Str reply;    /* the response, as JSON */
    Str items;    /* the conversation up to and with it: JSON items with commas between them */
    size_t asked; /* so many bytes of the items were there before the answer */
} KeptAnswer;

KeptAnswers *kept_new(void);
void kept_free(KeptAnswers *kept);
/* `owner`: who may have it back. Texts are copied. */
void kept_add(KeptAnswers *kept, Str owner, Str id, KeptAnswer answer);
/* Copies into the arena; false: there is none, or it is somebody else's. */
MUST_CHECK bool kept_find(KeptAnswers *kept, Arena *arena, Str owner, Str id, KeptAnswer *answer_r);
/* False: there is none. */
MUST_CHECK bool kept_remove(KeptAnswers *kept, Str owner, Str id);
