/* sealed_texts.h - texts with secrets inside: addresses with a password, settings with such
 * addresses, services with headers.
 *
 *     url    "https://ann:***@example.org/"     what is shown, in exports too
 *     whole  the text with its secrets, sealed with a key of the server; empty: there are none
 *
 * The tables are in sealed_texts.def. In memory the first column's member holds what was shown
 * until text_open() has put the whole text there. With another master key than it was sealed with
 * it cannot be opened, and has to be given again. Any thread.
 *
 * Programs of before read the first column alone. As long as one may use the same database, texts
 * stay open: they are sealed from texts_seal_all() on, which a server calls whose database nobody
 * else uses, and else whoever runs the servers (`lectern migrate seal`). */
#pragma once

#include "store/scope.h"

/* `shown`: the text without its secrets; *whole_r is empty when that is the same, and before
 * texts_seal_all(). */
MUST_CHECK bool text_seal(Db *db, Arena *arena, Str text, Str shown, Str *whole_r, Error *err);
/* *text becomes the whole text; it stays when `whole` is empty. ERROR_DAMAGED: another master
 * key. */
MUST_CHECK bool text_open(Db *db, Arena *arena, Str whole, Str *text, Error *err);

/* What the first column holds of an address, or of settings, once text_seal() has made `whole`. */
Str text_stored(Arena *arena, Str text, Str whole);

/* From now on texts are sealed, and what lies open is now; it may be called again. */
MUST_CHECK bool texts_seal_all(Db *db, Error *err);
/* The other way round, for the migration: system scope, inside db_write_schema(). */
MUST_CHECK bool texts_open_rows(DbTx *tx, Error *err);

typedef struct SealedTexts {
    int64_t count, lost; /* that are sealed; of them, with another master key */
    int64_t open;        /* that have secrets, and are not sealed */
} SealedTexts;
/* Of the whole server. */
MUST_CHECK bool texts_check(Db *db, SealedTexts *texts_r, Error *err);
