/* read_pages_store.h - the `read_pages` table: what a slow reader found on a page, kept until the
 * whole document is stored. The bytes are the caller's. */
#pragma once

#include "store/scope.h"

typedef struct ReadPage {
    Str document;
    int64_t version;
    Str worker; /* the class that read it */
    int64_t page;
    Str bytes;
} ReadPage;

/* Replaces what was kept of this page. */
MUST_CHECK bool read_page_save(DbTx *tx, const Scope *scope, const ReadPage *page, Error *err);
/* Fills in `bytes`; empty when nothing was kept. */
MUST_CHECK bool read_page_find(DbTx *tx, const Scope *scope, Arena *arena, ReadPage *page,
                               Error *err);
/* All pages of a document, whatever version. */
MUST_CHECK bool read_page_forget(DbTx *tx, const Scope *scope, Str document, Error *err);
