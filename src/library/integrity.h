/* integrity.h - the scan that reads every original that a row names and compares its SHA-256.
 *
 *     rows, by workspace and SHA-256 -> blob_verify(), at most integrity_rate bytes/s
 *         right                       -> forgotten, if it was damaged before
 *         damaged or missing          -> taken from the second store, else a row of
 *                                        damaged_originals, which opens an alert
 *
 * One node scans at a time (the job "integrity"). Where it is stands in the settings of the system,
 * so another node, or a later start, goes on there. A round that has ended begins again after
 * integrity_days. Any thread. */
#pragma once

#include "library/library.h"

typedef struct IntegrityState {
    Str workspace, blob; /* the last that was looked at; empty: none yet in this round */
    int64_t began_at_ms, ended_at_ms; /* of the round; 0: not yet */
    int64_t originals, bytes;         /* looked at in this round */
    int64_t damaged, repaired;        /* found in it; damaged: and not repaired */
    int64_t damaged_now;              /* in all workspaces, by any round */
    bool is_fast;                     /* this round keeps to no rate */
} IntegrityState;

/* Of the round that goes on, or of the last. */
MUST_CHECK bool library_integrity(Library *library, Arena *arena, IntegrityState *state_r,
                                  Error *err);
/* A new round, now; `is_fast`: as fast as the store gives. One that goes on begins anew. */
MUST_CHECK bool library_integrity_begin(Library *library, bool is_fast, Error *err);

/* Goes on with the round, or begins one when it is time; recurring. */
JobHandler library_integrity_job;
