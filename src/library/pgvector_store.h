/* pgvector_store.h - vectors in the library's own PostgreSQL (index/vector_store.h).
 *
 * Searched by pgvector's graph, which goes on behind its first finds while a filter leaves too few
 * (hnsw.iterative_scan); where few passages are allowed, or the graph ends short, every allowed
 * vector is compared. Threads: any. */
#pragma once

#include "index/vector_store.h"

typedef struct Db Db;

/* Fails with one sentence when the database is another kind or has no pgvector. The Db is borrowed.
 * Freed by its free(). */
MUST_CHECK bool pgvector_store_open(Db *db, VectorStore **store_r, Error *err);
