/* failure.h - what kind of failure an attempt has met, and so what may help.
 *
 * Services agree on statuses only roughly: the same 429 asks for a second of patience or says that
 * the month's money is spent, and 400 may mean a prompt that is too long for this model alone. So
 * codes and texts are looked at as well.
 *
 * Threads: any. */
#pragma once

#include "gateway/target.h"

typedef enum FailureKind {
#define FAILURE(name, word, outcome, next) FAILURE_##name,
#include "gateway/failures.def"
#undef FAILURE
    FAILURE_COUNT
} FailureKind;

typedef enum FailureNext {
    NEXT_RETRY,  /* the same target after a while, then the next one */
    NEXT_TARGET, /* the next target */
    NEXT_KEY,    /* another key of this service, then the next target */
    NEXT_LARGER, /* a model with a larger window */
    NEXT_STOP    /* the client has to know */
} FailureNext;

extern const char *const failure_words[FAILURE_COUNT];
extern const TargetOutcome failure_outcomes[FAILURE_COUNT];
extern const FailureNext failure_nexts[FAILURE_COUNT];

/* What a service said of a failure; texts may be empty. */
typedef struct FailureText {
    int status;
    Str code, type, message;
    Str moves_on; /* statuses, "400 404": of this service they are no fault of the request */
} FailureText;
FailureKind failure_of(const FailureText *text);
