/* kept.h - answers of /v1/responses that a client may go on from (previous_response_id) or ask for
 * again, on any server of the database. They are on the way to it in this process's memory, and
 * nowhere else.
 *
 * One thread writes what has come together meanwhile; what could not be written is tried again. An
 * answer that is made in the background is there from its beginning on, as one that runs: its
 * server says every KEPT_TOUCH_MS that it still does, so that one that has died is noticed.
 *
 * Threads: any; only kept_add() never blocks. */
#pragma once

#include "base/base.h"
#include "net/reactor.h"

#define KEPT_BYTES_MAX MB(64) /* on their way; then the oldest are given up */
#define KEPT_ONE_MAX MB(4)    /* a larger one is not kept */
#define KEPT_TOUCH_MS 3000
#define KEPT_ALIVE_MS 30000

typedef struct KeptAnswers KeptAnswers;

typedef struct KeptName {
    Str workspace, user, id; /* only this user has it back; "": a key that is nobody's */
} KeptName;

typedef enum KeptState {
    KEPT_DONE,
    KEPT_RUNNING,
    KEPT_ENDED /* DONE; of one that was running, and is dropped if nobody wants that any more */
} KeptState;

typedef struct KeptAnswer {
    KeptName name;
    KeptState state;
    Str reply;    /* the response, as JSON */
    Str items;    /* the conversation up to and with it: JSON items with commas between them */
    size_t asked; /* so many bytes of the items were there before the answer */
    bool is_lost; /* it runs, but its server has not said so for KEPT_ALIVE_MS */
} KeptAnswer;

/* What a feature above does with the database; all of them block. */
typedef struct KeptPorts {
    void *app;
    bool (*write)(void *app, const KeptAnswer *answers, size_t count, Error *err);
    /* ERROR_NOT_FOUND when there is none. */
    bool (*find)(void *app, Arena *arena, const KeptName *name, KeptAnswer *answer_r, Error *err);
    /* It is still being made. ERROR_NOT_FOUND when nobody wants it any more. */
    bool (*touch)(void *app, const KeptName *name, Error *err);
    /* Asks the server that makes it, if one does. */
    bool (*cancel)(void *app, const KeptName *name, Error *err);
    bool (*remove)(void *app, const KeptName *name, Error *err);
} KeptPorts;

/* Who waits until an answer is written, or could not be at once. */
typedef struct KeptWaiter {
    Reactor *reactor;
    ReactorCall *call;
    void *argument;
} KeptWaiter;

/* NULL when there is no `write`: nothing is kept then. */
KeptAnswers *kept_new(const KeptPorts *ports);
void kept_free(KeptAnswers *kept); /* after one more try to write what is left */
/* Texts are copied. `waiter` may be NULL; false: it is too large, and nobody is told. */
bool kept_add(KeptAnswers *kept, const KeptAnswer *answer, const KeptWaiter *waiter);
MUST_CHECK bool kept_find(KeptAnswers *kept, Arena *arena, const KeptName *name,
                          KeptAnswer *answer_r, Error *err);
MUST_CHECK bool kept_touch(KeptAnswers *kept, const KeptName *name, Error *err);
MUST_CHECK bool kept_cancel(KeptAnswers *kept, const KeptName *name, Error *err);
MUST_CHECK bool kept_remove(KeptAnswers *kept, const KeptName *name, Error *err);
