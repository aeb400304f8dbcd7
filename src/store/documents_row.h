/* documents_row.h - how a row of `documents` is read and its tags kept. Private to src/store. */
#pragma once

#include "store/document_access_sql.h"
#include "store/document_keys.h"
#include "store/sql.h"

#define DOCUMENT_COLUMNS                                                                           \
    "d.id, d.collection, d.parent, d.child_ordinal, d.name, d.title, d.media_type, d.format,"      \
    " d.language, d.size_bytes, d.blob, d.state, d.error_code, d.error_message, d.warnings,"       \
    " d.metadata, d.tags, d.source, d.created_by, d.password_sealed, d.version,"                   \
    " d.indexed_version, d.page_count, d.text_bytes, d.chunk_count, d.vector_count,"               \
    " d.vector_model, d.created_at, d.updated_at, d.document_date, d.deleted_at,"                  \
    " d.quality, " ACCESS_GUARD_OF("d")

/* What it says of itself, else when it came. */
#define DOCUMENT_DATE "CASE WHEN d.document_date = 0 THEN d.created_at ELSE d.document_date END"
#define DOCUMENT_NEWEST_FIRST " ORDER BY " DOCUMENT_DATE " DESC, d.id DESC"

/* The first of those with the contents $2: their index is asked, and the few rows are sorted, where
 * an index in the order of creation would be walked to its end for contents that are new. */
#define DOCUMENT_SAME_BYTES " AND d.blob = $2 AND d.parent IS NULL"
#define DOCUMENT_FIRST_CREATED " ORDER BY +d.created_at, d.id LIMIT 1"

/* A document and all that is inside it, as `family (id)`; $1 the workspace, $2 the document. */
#define DOCUMENT_FAMILY                                                                            \
    "WITH RECURSIVE family (id) AS ("                                                              \
    " SELECT id FROM documents WHERE workspace = $1 AND id = $2"                                   \
    " UNION SELECT c.id FROM documents c JOIN family f ON c.parent = f.id"                         \
    " WHERE c.workspace = $1) "

void document_read(DbRows *row, Arena *arena, void *item);
void document_key_read(DbRows *row, Arena *arena, void *item);

/* Tags as one text, each between two characters 31. Fails with the field "tags". */
MUST_CHECK bool document_tags_join(Arena *arena, StrList tags, Str *joined_r, Error *err);
StrList document_tags_split(Arena *arena, Str joined);

/* --- document_tags, which has the tags of what is outside the trash; `joined` as above */
MUST_CHECK bool document_tags_add(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                  int64_t created_at_ms, Str joined, Error *err);
MUST_CHECK bool document_tags_replace(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                      Str joined, Error *err);
/* Of a document and all that is inside it, into the trash and out of it. */
MUST_CHECK bool document_tags_hide(DbTx *tx, const Scope *scope, Str id, Error *err);
MUST_CHECK bool document_tags_show(DbTx *tx, const Scope *scope, Arena *arena, Str id, Error *err);

/* The document has one of the tags; `trash` is the filter's. */
void document_tagged_add(SqlBuild *build, const Scope *scope, Arena *arena, DocumentTrash trash,
                         StrList tags);
/* Adds " AND d.x = ..." for each condition of the filter. */
void document_filter_add(SqlBuild *build, const Scope *scope, Arena *arena,
                         const DocumentFilter *filter);
/* The same of the rows of document_counts as `d`, for what they tell apart. */
void document_counted_add(SqlBuild *build, Arena *arena, const DocumentFilter *filter);
/* A statement that begins with `select`, for documents as `d`, and the conditions of the filter. */
SqlBuild documents_begin(DbTx *tx, const Scope *scope, Arena *arena, const char *select,
                         const DocumentFilter *filter);
/* " AND (... OR ...)" for each of its clauses. */
void document_clauses_add(SqlBuild *build, const Scope *scope, Arena *arena,
                          const DocumentFilter *filter);
/* "EXISTS (...)": the document has such a fact. */
void document_fact_add(SqlBuild *build, Arena *arena, const FactCondition *fact);
/* "'queued','ready'" of a set of states. */
Str document_states_text(Arena *arena, unsigned states);

/* The numbers of a document's live chunks: how many, the first and the last. Both ends are found by
 * the index alone. */
#define DOCUMENT_CHUNK_NUMBER(end)                                                                 \
    "(SELECT " end "(c.number) FROM chunks c WHERE c.workspace = d.workspace"                      \
    " AND c.document = d.id AND c.version = d.indexed_version)"
#define DOCUMENT_SPAN                                                                              \
    "d.chunk_count, " DOCUMENT_CHUNK_NUMBER(                                                       \
        "min") ", CASE WHEN d.chunk_count > 1 THEN " DOCUMENT_CHUNK_NUMBER("max") " END"
typedef struct NumberSpan {
    int64_t first, last, count;
} NumberSpan;
typedef VEC(NumberRange) NumberRanges;
/* The three columns of DOCUMENT_SPAN from `column` on. */
NumberSpan document_span_read(DbRows *row, int column);
/* One range, or one a chunk when numbers of others lie between. */
MUST_CHECK bool document_span_add(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                                  const NumberSpan *span, NumberRanges *ranges, Error *err);

/* --- Orders and keys */
typedef struct ListOrder {
    const char *column, *id;
    bool is_number;
} ListOrder;
const ListOrder *document_order(DocumentOrder order);
ListKey document_key(Arena *arena, const Document *doc, DocumentOrder order);
Str document_key_cursor(Arena *arena, const ListKey *key, DocumentOrder order);
/* The first of these keys, which are in order, as far as the part goes. */
MUST_CHECK bool document_list_keys(DbTx *tx, const Scope *scope, Arena *arena, DocumentOrder order,
                                   const Slice *slice, const ListKey *keys, size_t count,
                                   DocumentList *list, Error *err);
/* The part of the list->total keys, once they are sorted. */
MUST_CHECK bool document_list_sorted(DbTx *tx, const Scope *scope, Arena *arena,
                                     DocumentOrder order, bool descending, const Slice *slice,
                                     ListKey *keys, DocumentList *list, Error *err);

/* --- Parts of names */
/* "The text of the column has the part", the same in both databases: no pattern, so nothing to
 * escape. */
void document_part_add(SqlBuild *build, const char *column, Str part);
/* " AND (...)": its name or title has the part; no text: any. */
void document_name_has_add(SqlBuild *build, Arena *arena, Str part);
typedef enum NameLook {
    NAMES_OF_ROWS,  /* of those that the other conditions leave */
    NAMES_BY_INDEX, /* all of the workspace, read from an index */
} NameLook;
/* What takes least. is_alone: there are no other conditions. */
MUST_CHECK bool document_name_look(DbTx *tx, const Scope *scope, bool is_alone, NameLook *look_r,
                                   Error *err);
/* As documents_begin(), without " FROM documents d" in `select`. */
SqlBuild documents_begin_by_name(DbTx *tx, const Scope *scope, Arena *arena, const char *select,
                                 const DocumentFilter *filter, NameLook look);
