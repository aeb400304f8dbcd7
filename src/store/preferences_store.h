/* preferences_store.h - the `preferences` table: how a person likes things to be in a workspace. */
#pragma once

#include "store/scope.h"

typedef struct Preferences {
    Str language;    /* ISO 639-1 code that answers are written in; empty: that of the question */
    Str tone;        /* a name (answer/tones.def); empty: plain */
    Str time_zone;   /* an IANA name; empty: UTC */
    Str search_mode; /* where a search names none; empty: the first */
    bool without_direction; /* no "what to try next" */
    int64_t updated_at_ms;  /* 0: never set */
} Preferences;

/* The scope's user's; all empty when there are none. */
MUST_CHECK bool preferences_find(DbTx *tx, const Scope *scope, Arena *arena,
                                 Preferences *preferences_r, Error *err);
MUST_CHECK bool preferences_set(DbTx *tx, const Scope *scope, Preferences *preferences, Error *err);
