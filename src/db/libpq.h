/* libpq.h - libpq, loaded by whoever first needs it (base/shared_library.h).
 *
 * To use one more of its functions, add a line to libpq.def. Any thread. */
#pragma once

#include "base/base.h"

#include <libpq-fe.h>

typedef struct Libpq {
#define FUNCTION(name) __typeof__(PQ##name) *name;
#include "db/libpq.def"
#undef FUNCTION
} Libpq;

/* To be used after libpq_load() only. */
extern Libpq pq;
MUST_CHECK bool libpq_load(Error *err);
