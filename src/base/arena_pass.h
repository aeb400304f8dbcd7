/* arena_pass.h - texts of an arena that are needed no longer, long before the arena goes.
 *
 * Whoever copies a long row of texts elsewhere passes each, in the order in which str_copy() made
 * them: where they lie one right behind the other for 64 KB and more, that memory goes back to the
 * system. Texts with anything between them are kept, as nobody says what that is. Any thread that
 * may use the arena. */
#pragma once

#include "base/base.h"

/* Zero at first. */
typedef struct ArenaPassed {
    const char *at, *end;
} ArenaPassed;

/* Nobody reads this copy again. */
void arena_pass(ArenaPassed *passed, Str text);
/* After the last one. */
void arena_pass_end(ArenaPassed *passed);
