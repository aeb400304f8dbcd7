/* documents_store.h - the `documents` table: what was uploaded, and how far it has come.
 *
 *     queued -> extracting -> indexing -> ready        every step is compare-and-set
 *        \___________\___________\-> failed, cancelled -> queued (retry)
 *
 * The same bytes twice in one workspace are one document, unless a list (document_access.h) hides
 * the first; what finds, lists or counts looks only at what the scope sees. Members of archives and
 * attachments are documents with a parent; they share its fate in the trash. `version` is the
 * newest upload; `indexed_version` is the one whose chunks are searched, so a new version replaces
 * the old one only when it is ready. Chunks of a document in the trash are not live.
 *
 * What is here is also told to index_changes where it changes what can be found. */
#pragma once

#include "base/json.h"
#include "store/chunks_store.h"
#include "store/document_facts_store.h"
#include "store/scope.h"
#include "store/slice.h"

typedef enum DocumentState {
#define DOCUMENT_STATE(name, text, is_over) DOCUMENT_##name,
#include "store/document_states.def"
#undef DOCUMENT_STATE
    DOCUMENT_STATE_COUNT,
} DocumentState;

const char *document_state_name(DocumentState state);
DocumentState document_state_named(Str name); /* DOCUMENT_STATE_COUNT when there is none */
bool document_state_is_over(DocumentState state);

typedef struct Document {
    Str id;
    Str collection, parent; /* ids; empty: none */
    int64_t child_ordinal;  /* its place among its parent's children */
    Str name;               /* as it was given, with its folders: "2024/report.pdf" */
    Str title, media_type, format, language;
    int64_t size_bytes;
    Str blob; /* lower-case hex SHA-256 of the file */
    DocumentState state;
    Str error_code, error_message; /* of a failed one; error_name() of its code */
    Str warnings;                  /* JSON: array of texts; empty: none */
    Str metadata;                  /* JSON: object; empty: none */
    StrList tags;
    Str source;          /* "upload", "folder", "mail", ... */
    Str created_by;      /* user id */
    Str guard;           /* whose list says who sees it (document_access.h); empty: everybody */
    Str password_sealed; /* bytes; empty: none */
    int64_t version, indexed_version;
    int64_t page_count, text_bytes, chunk_count;
    int64_t vector_count; /* vectors of vector_model */
    Str vector_model;
    int64_t created_at_ms, updated_at_ms;
    int64_t document_date_ms; /* what the document says of itself; 0: nothing */
    Str quality;              /* JSON, how well it was read; empty: not yet */
    int64_t deleted_at_ms;    /* when it went to the trash; 0: it is not there */
} Document;

typedef struct DocumentList {
    Document *at;
    size_t count;
    int64_t total; /* of all parts together, as far as they are counted */
    bool has_more; /* than total, which is DOCUMENT_TOTAL_MAX then */
    Str next;      /* for Slice.after; empty: this was the last part */
} DocumentList;
/* Lists of a large library take no longer than those of a small one: no more are counted. */
#define DOCUMENT_TOTAL_MAX 10000

/* A document of any workspace, for jobs that serve all of them. */
typedef struct DocumentKey {
    Str workspace, id;
} DocumentKey;
typedef struct DocumentKeyList {
    DocumentKey *at;
    size_t count;
} DocumentKeyList;

/* --- Adding and finding ----------------------------------------------------------------- */

/* Adds a document in state queued, version 1, and its first document_versions row. Reads of *given:
 * collection, parent, child_ordinal, name, title, media_type, format, size_bytes, blob, tags,
 * metadata, source, password_sealed, document_date_ms, and id when it is not empty. When the
 * scope sees these bytes already as a document without parent (also in the trash), *document_r is
 * that one and *is_new_r is false. `given` may be document_r. */
MUST_CHECK bool document_add(DbTx *tx, const Scope *scope, Arena *arena, const Document *given,
                             Document *document_r, bool *is_new_r, Error *err);
MUST_CHECK bool document_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                              Document *document_r, Error *err);
/* The one without parent that has these bytes, also in the trash. */
MUST_CHECK bool document_find_by_blob(DbTx *tx, const Scope *scope, Arena *arena, Str blob,
                                      Document *document_r, Error *err);

typedef enum DocumentOrder {
    DOCUMENT_BY_CREATED,
    DOCUMENT_BY_UPDATED,
    DOCUMENT_BY_NAME,
    DOCUMENT_BY_SIZE,
    DOCUMENT_BY_DATE,
} DocumentOrder;

typedef enum DocumentTrash { TRASH_OUTSIDE, TRASH_INSIDE, TRASH_EITHER } DocumentTrash;

/* As TEST_NAME compares names: without letter case, and as if people wrote spaces in them. */
Str document_name_spaced(Arena *arena, Str text);

/* One thing that a document is or is not. */
typedef enum DocumentTest {
    TEST_NAME,       /* a text is part of its name; space, - and _ are the same */
    TEST_FORMAT,     /* its format is one of the texts */
    TEST_TAG,        /* it has a tag that is one of the texts */
    TEST_COLLECTION, /* it is in a collection with such an id or name; "none": in no collection */
    TEST_WITHIN,   /* it is, or is inside, a document with such an id or such a part of its name */
    TEST_LANGUAGE, /* ISO 639 codes */
    TEST_DATE,     /* from <= its own date, else its creation, < to */
    TEST_ADDED,    /* from <= its creation < to */
    TEST_SIZE,     /* from <= its bytes < to */
    TEST_FACT,     /* `fact` */
} DocumentTest;
typedef struct DocumentCondition {
    DocumentTest test;
    bool is_negated;
    StrList texts; /* any of them; at least one where they are looked at */
    int64_t from, to;
    FactCondition fact;
} DocumentCondition;
#define DOCUMENT_CONDITIONS_MAX 16
/* Any of its conditions holds. */
typedef struct DocumentClause {
    const DocumentCondition *at;
    size_t count;
} DocumentClause;

/* What a document must be; what is empty or 0 does not matter. */
typedef struct DocumentFilter {
    unsigned states; /* 1u << DOCUMENT_READY | ... */
    Str collection;  /* id, or "none" for those in no collection */
    Str media_type, format;
    StrList formats;  /* any of them */
    Str tag;          /* has this one */
    StrList tags_any; /* has one of them */
    Str name_has;     /* letter case does not matter; looks at the title too */
    Str name;         /* exactly */
    Str parent;       /* id */
    bool only_roots;  /* without parent */
    Str source;
    Str blob;                               /* SHA-256 of its bytes */
    StrList ids;                            /* one of them; at most 1,000 */
    StrList within;                         /* one of them, or inside one; at most 1,000 */
    int64_t created_from_ms, created_to_ms; /* from <= it < to */
    int64_t date_from_ms, date_to_ms;       /* of the document's own date, else its creation */
    const FactCondition *facts;             /* all of them; at most FACT_CONDITIONS_MAX */
    size_t fact_count;
    const DocumentClause
        *clauses; /* all of them; with DOCUMENT_CONDITIONS_MAX conditions at most */
    size_t clause_count;
    DocumentTrash trash;
    /* Set by the store for itself: */
    bool has_many;    /* more than DOCUMENT_TOTAL_MAX match */
    bool asks_of_few; /* few documents are looked at: what they lie in is asked of each */
} DocumentFilter;

/* ERROR_INVALID when it has more of something than it may. */
MUST_CHECK bool document_filter_check(const DocumentFilter *filter, Error *err);
/* `filter` may be NULL: everything outside the trash. */
MUST_CHECK bool document_list(DbTx *tx, const Scope *scope, Arena *arena,
                              const DocumentFilter *filter, DocumentOrder order, bool descending,
                              const Slice *slice, DocumentList *list_r, Error *err);
/* The ids alone, at most id_max of them, unordered: what a search is limited to. ERROR_TOO_LARGE
 * when there are more. */
MUST_CHECK bool document_list_ids(DbTx *tx, const Scope *scope, Arena *arena,
                                  const DocumentFilter *filter, size_t id_max, StrList *ids_r,
                                  Error *err);
/* These documents and all that is inside them, whoever sees them; unordered. */
MUST_CHECK bool document_list_inside(DbTx *tx, const Scope *scope, Arena *arena, StrList ids,
                                     StrList *ids_r, Error *err);
/* Numbers in a row. */
typedef struct NumberRange {
    int64_t first, count;
} NumberRange;
typedef struct NumberRangeList {
    NumberRange *at;
    size_t count;
} NumberRangeList;
/* The numbers of the live chunks of those that match, unordered. A document's are in a row unless
 * several were written at once (PostgreSQL), so it takes as long as there are documents. */
MUST_CHECK bool document_list_chunks(DbTx *tx, const Scope *scope, Arena *arena,
                                     const DocumentFilter *filter, NumberRangeList *list_r,
                                     Error *err);
/* Likewise of those that the scope does not see. */
MUST_CHECK bool document_list_hidden_chunks(DbTx *tx, const Scope *scope, Arena *arena,
                                            NumberRangeList *list_r, Error *err);
typedef struct DocumentChunksList {
    NumberRangeList *at; /* of each document; a document without live chunks has no ranges */
    size_t count;
} DocumentChunksList;
/* The same of each document by itself, in the order of document_list_newest(). */
MUST_CHECK bool document_list_chunks_newest(DbTx *tx, const Scope *scope, Arena *arena,
                                            const DocumentFilter *filter,
                                            DocumentChunksList *list_r, Error *err);
typedef struct DocumentStarts {
    NumberList numbers; /* of the first chunk of each */
    int64_t total;      /* as in a DocumentList */
    bool has_more;
} DocumentStarts;
/* Searchable documents that match, the newest first by their own date, else their creation: those
 * after the first `offset`, at most `limit`, and how many there are. */
MUST_CHECK bool document_list_newest(DbTx *tx, const Scope *scope, Arena *arena,
                                     const DocumentFilter *filter, int64_t offset, int64_t limit,
                                     DocumentStarts *starts_r, Error *err);
/* How many of those that match have a live chunk with a number above `number`: became searchable,
 * or changed, since that was the newest. */
MUST_CHECK bool document_count_since(DbTx *tx, const Scope *scope, Arena *arena,
                                     const DocumentFilter *filter, int64_t number, int64_t *count_r,
                                     Error *err);
/* Its children in order, not theirs. */
MUST_CHECK bool document_children(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                  DocumentList *list_r, Error *err);

/* How many children each of these has, in their order; at most 1,000. */
MUST_CHECK bool document_count_children(DbTx *tx, const Scope *scope, Arena *arena, const Str *ids,
                                        size_t count, int64_t *counts_r, Error *err);

typedef struct DocumentCounts {
    int64_t by_state[DOCUMENT_STATE_COUNT]; /* outside the trash */
    int64_t in_trash;
} DocumentCounts;
MUST_CHECK bool document_count(DbTx *tx, const Scope *scope, DocumentCounts *counts_r, Error *err);

typedef struct TagCount {
    Str tag;
    int64_t count;
} TagCount;
typedef struct TagCountList {
    TagCount *at;
    size_t count;
} TagCountList;
/* Every tag outside the trash, by name. */
MUST_CHECK bool document_tags(DbTx *tx, const Scope *scope, Arena *arena, TagCountList *list_r,
                              Error *err);

/* --- Progress --------------------------------------------------------------------------- */

/* Moves from one of the states in the set `from` (1u << DOCUMENT_QUEUED | ...) to `to`;
 * ERROR_CONFLICT, naming the state it is in, when it is in none of them. Leaving failed or
 * cancelled clears the error. */
MUST_CHECK bool document_advance(DbTx *tx, const Scope *scope, Str id, unsigned from,
                                 DocumentState to, Error *err);
/* To failed, with the reason, from any state that is not over. */
MUST_CHECK bool document_fail(DbTx *tx, const Scope *scope, Str id, const Error *why, Error *err);

/* What extraction found out. Empty texts and zeros leave what is there. */
typedef struct DocumentFacts {
    Str title, media_type, format, language, warnings, metadata;
    Str quality; /* JSON */
    int64_t page_count, text_bytes, document_date_ms;
} DocumentFacts;
MUST_CHECK bool document_set_facts(DbTx *tx, const Scope *scope, Str id, const DocumentFacts *facts,
                                   Error *err);
/* The sealed password, or none (empty): forgotten once it has been used or was wrong. */
MUST_CHECK bool document_set_password(DbTx *tx, const Scope *scope, Str id, Str sealed, Error *err);
/* How many vectors of this model its live chunks have. */
MUST_CHECK bool document_set_vectors(DbTx *tx, const Scope *scope, Str id, Str model, int64_t count,
                                     Error *err);
/* Ready documents outside the trash whose live chunks lack vectors of this model, of all
 * workspaces with a system scope, else of the scope's; in the order of their keys, behind *after
 * unless it is NULL. */
MUST_CHECK bool document_list_unembedded(DbTx *tx, const Scope *scope, Arena *arena, Str model,
                                         const DocumentKey *after, int64_t limit,
                                         DocumentKeyList *list_r, Error *err);
/* Documents in one of the states that nothing has touched since before_ms, likewise; for start. */
MUST_CHECK bool document_list_stuck(DbTx *tx, const Scope *scope, Arena *arena, unsigned states,
                                    int64_t before_ms, int64_t limit, DocumentKeyList *list_r,
                                    Error *err);

/* --- Changing --------------------------------------------------------------------------- */

MUST_CHECK bool document_rename(DbTx *tx, const Scope *scope, Str id, Str name, Error *err);
MUST_CHECK bool document_set_title(DbTx *tx, const Scope *scope, Str id, Str title, Error *err);
/* With its children; `collection` empty: in none. ERROR_NOT_FOUND also for the collection. */
MUST_CHECK bool document_move(DbTx *tx, const Scope *scope, Str id, Str collection, Error *err);
/* Exactly these tags from now on: at most 100, each at most 100 bytes, no control characters. */
MUST_CHECK bool document_set_tags(DbTx *tx, const Scope *scope, Str id, StrList tags, Error *err);

/* --- The trash -------------------------------------------------------------------------- */

/* With all its children; their live chunks are told to leave the index. What is there already stays
 * as it is: who has lost the first answer asks again. */
MUST_CHECK bool document_trash(DbTx *tx, const Scope *scope, Str id, int64_t now_ms, Error *err);
/* ERROR_CONFLICT when it is not in the trash, or its parent still is. */
MUST_CHECK bool document_restore(DbTx *tx, const Scope *scope, Str id, Error *err);
/* Those without parent that went to the trash before before_ms, oldest first; erase each with
 * erase_store.h. Of all workspaces with a system scope. */
MUST_CHECK bool document_list_expired(DbTx *tx, const Scope *scope, Arena *arena, int64_t before_ms,
                                      int64_t limit, DocumentKeyList *list_r, Error *err);
