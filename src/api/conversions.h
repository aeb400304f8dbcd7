/* conversions.h - files that are converted for other programs: how many at once, and those that are
 * done while nobody waits.
 *
 *     conversion_begin() ... conversion_end()      in the request's own thread
 *     conversion_add() -> pending -> started -> done     in a thread of its own; result kept for an
 * hour
 *
 * A conversion holds a thread of the server while it waits and works, so that only some may: those
 * beyond are told to come back. Results are files without a name in the upload folder: they go with
 * the program. A task is seen only from the workspace that made it. Any thread. */
#pragma once

#include <stdatomic.h>

#include "base/base.h"

typedef struct Conversions Conversions;

typedef struct ConversionsOptions {
    int at_once;        /* that work at the same time; 0: one a core, at least 2 */
    int held_max;       /* that work or wait, of requests; 0: 12 */
    const char *folder; /* for results */
} ConversionsOptions;

Conversions *conversions_new(const ConversionsOptions *options);
/* What runs ends soon, with ERROR_CANCELLED; nothing new begins. */
void conversions_stop(Conversions *conversions);
void conversions_free(Conversions *conversions); /* waits for the tasks; NULL is fine */
/* For those who read: true once the program ends. */
const atomic_bool *conversions_stopping(const Conversions *conversions);

/* Takes a place, waiting for it at most a minute. ERROR_BUSY when too many wait already,
 * ERROR_LIMITED when too many of those are strangers. Each success needs one conversion_end(). */
MUST_CHECK bool conversion_begin(Conversions *conversions, bool is_stranger, Error *err);
void conversion_end(Conversions *conversions, bool is_stranger);

/* --- Tasks ------------------------------------------------------------------------------- */

typedef enum ConversionState {
    CONVERSION_PENDING,
    CONVERSION_STARTED,
    CONVERSION_SUCCESS,
    CONVERSION_FAILURE,
} ConversionState;
const char *conversion_state_name(ConversionState state); /* "pending" */

/* What a task gives. */
typedef struct ConversionResult {
    ConversionState state;
    int status; /* of HTTP */
    Str media_type, file_name, body;
    int succeeded, failed; /* files */
} ConversionResult;

/* `run` is called once in another thread, unless the program ends before; `release` always, last.
 * The result is copied. */
typedef struct ConversionWork {
    void (*run)(void *argument, ConversionResult *result_r);
    void (*release)(void *argument);
    void *argument;
    int files;
} ConversionWork;

typedef struct ConversionView {
    Str id;
    ConversionState state;
    int position; /* of those that wait, from 1; 0: it does not */
    int files, succeeded, failed;
} ConversionView;

/* Takes the work over when it succeeds; ERROR_BUSY when too many wait. */
MUST_CHECK bool conversion_add(Conversions *conversions, Arena *arena, Str workspace,
                               const ConversionWork *work, ConversionView *view_r, Error *err);
/* Waits until it is over, for so long at most. */
MUST_CHECK bool conversion_find(Conversions *conversions, Arena *arena, Str workspace, Str id,
                                int64_t wait_ms, ConversionView *view_r, Error *err);

typedef struct ConversionFile {
    int fd; /* the caller's */
    uint64_t size;
    int status;
    Str media_type, file_name;
} ConversionFile;
/* ERROR_NOT_FOUND also while it is not over. */
MUST_CHECK bool conversion_result(Conversions *conversions, Arena *arena, Str workspace, Str id,
                                  ConversionFile *file_r, Error *err);
