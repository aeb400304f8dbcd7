/* outside_stores_test.h - for tests: PostgreSQL with pgvector, and Weaviate, each of a test's own.
 *
 * The programs are those of tools/backends. Where they are not, it says so in one line and NULL is
 * returned. They end with the test. */
#pragma once

#include "db/db.h"
#include "index/vector_store.h"

const char *outside_pgvector(Arena *arena, const char **folder_r);
void outside_pgvector_stop(const char *folder); /* as if it were killed */
void outside_pgvector_start(const char *folder);

typedef struct OutsideWeaviate {
    const char *url, *folder;
    int port, process;
} OutsideWeaviate;
/* False: there is none here. */
bool outside_weaviate(Arena *arena, OutsideWeaviate *weaviate_r);
void outside_weaviate_kill(OutsideWeaviate *weaviate);
void outside_weaviate_start(OutsideWeaviate *weaviate);

/* The end of a bench: what there is of these is closed and killed. postgres: its folder. */
void outside_close(VectorStore *store, Db *db, const char *postgres, OutsideWeaviate *weaviate);
