/* turns.h - the oldest turns of a conversation summed up, so that its end fits into a call.
 *
 * Without a service, or when it fails or writes what the turns do not say, the summary is made of
 * their own sentences: each line begins with who said it. What was summed up before may stand among
 * the turns (MESSAGE_SUMMARY): its lines are read as what they quote.
 *
 * Threads: any; blocks while a service writes. */
#pragma once

#include "models/models.h"
#include "search/search.h"
#include "store/messages_store.h"

#define TURNS_SUMMARY_BYTES 2000

typedef struct TurnsRequest {
    const Message *turns; /* oldest first */
    size_t count;
    size_t bytes_max; /* of the summary; 0: TURNS_SUMMARY_BYTES */
    Str model;        /* of the service; empty: its standard one */
    bool only_here;   /* no service is asked */
} TurnsRequest;

typedef struct TurnsSummary {
    Str text;    /* "" when the turns say nothing */
    Str made_by; /* "rules", "encoder" (rules with it), or the model */
    Str notice;  /* why the model was not; "" when it was, or there is none */
} TurnsSummary;

/* `searcher` lends its encoder; NULL: words alone. */
TurnsSummary summary_of_turns(Models *models, Searcher *searcher, const Scope *scope, Arena *arena,
                              const TurnsRequest *request);
