/* document_match.c - see document_match.h. */
#include "search/document_match.h"

#include "base/utf8.h"
#include "store/collections_store.h"

typedef struct Matching {
    Db *db;
    const Scope *scope;
    Arena *arena;
    const DocumentTable *table;
} Matching;

/* --- Sets --- */

static void keep_both(DocumentSet *set, const DocumentSet *other)
{
    for (size_t i = 0; i < set->count; i++)
        set->words[i] &= other->words[i];
}

static void add_all(DocumentSet *set, const DocumentSet *other)
{
    for (size_t i = 0; i < set->count; i++)
        set->words[i] |= other->words[i];
}

static void turn(DocumentSet *set)
{
    for (size_t i = 0; i < set->count; i++)
        set->words[i] = ~set->words[i];
}

/* --- What the database says --- */

typedef struct Asking {
    const Matching *in;
    DocumentFilter filter;
    StrList texts, ids;
} Asking;

static bool ids_work(DbTx *tx, void *argument, Error *err)
{
    Asking *asking = argument;
    return document_list_ids(tx, asking->in->scope, asking->in->arena, &asking->filter, INT32_MAX,
                             &asking->ids, err);
}

/* Those of which the filter is true there. */
static bool add_asked(const Matching *in, const DocumentFilter *filter, DocumentSet *set,
                      Error *err)
{
    Asking asking = { .in = in, .filter = *filter };
    if (!store_read(in->db, in->scope, ids_work, &asking, err))
        return false;
    document_set_add_ids(in->table, set, asking.ids);
    return true;
}

static bool keep_asked(const Matching *in, const DocumentFilter *filter, DocumentSet *set,
                       Error *err)
{
    DocumentSet found = document_set_new(in->table, in->arena);
    if (!add_asked(in, filter, &found, err))
        return false;
    keep_both(set, &found);
    return true;
}

static bool collections_work(DbTx *tx, void *argument, Error *err)
{
    Asking *asking = argument;
    return collection_list_ids(tx, asking->in->scope, asking->in->arena, asking->texts,
                               &asking->ids, err);
}

static StrList collection_texts(const Matching *in, StrList ids)
{
    Str *texts = arena_new_array(in->arena, Str, ids.count);
    for (size_t i = 0; i < ids.count; i++)
        texts[i] = str_is(ids.at[i], "none") ? STR_NONE : ids.at[i];
    return (StrList){ texts, ids.count };
}

static void add_collections(const Matching *in, DocumentSet *set, StrList ids)
{
    document_set_add_texts(in->table, set, COLUMN_COLLECTION, collection_texts(in, ids));
}

/* By their ids or names. */
static bool add_named_collections(const Matching *in, DocumentSet *set, StrList texts, Error *err)
{
    Asking asking = { .in = in, .texts = texts };
    if (!store_read(in->db, in->scope, collections_work, &asking, err))
        return false;
    add_collections(in, set, asking.ids);
    for (size_t i = 0; i < texts.count; i++)
        if (str_is(texts.at[i], "none"))
            add_collections(in, set, (StrList){ &texts.at[i], 1 });
    return true;
}

static void add_named(const Matching *in, DocumentSet *set, StrList texts)
{
    Str *parts = arena_new_array(in->arena, Str, texts.count);
    for (size_t i = 0; i < texts.count; i++)
        parts[i] = document_name_spaced(in->arena, texts.at[i]);
    document_set_add_named(in->table, set, (StrList){ parts, texts.count }, in->arena);
}

/* --- Conditions --- */

static bool add_condition(const Matching *in, const DocumentCondition *condition, DocumentSet *set,
                          Error *err)
{
    StrList texts = condition->texts;
    DocumentCondition asked = *condition;
    DocumentClause clause = { &asked, 1 };
    DocumentFilter filter = { .clauses = &clause, .clause_count = 1 };
    int64_t from = condition->from, to = condition->to;

    asked.is_negated = false;
    switch (condition->test) {
    case TEST_FORMAT: document_set_add_texts(in->table, set, COLUMN_FORMAT, texts); return true;
    case TEST_LANGUAGE: document_set_add_texts(in->table, set, COLUMN_LANGUAGE, texts); return true;
    case TEST_TAG: document_set_add_tags(in->table, set, texts); return true;
    case TEST_DATE: document_set_add_range(in->table, set, COLUMN_DATE, from, to); return true;
    case TEST_ADDED: document_set_add_range(in->table, set, COLUMN_ADDED, from, to); return true;
    case TEST_SIZE: document_set_add_range(in->table, set, COLUMN_SIZE, from, to); return true;
    case TEST_COLLECTION: return add_named_collections(in, set, texts, err);
    case TEST_NAME: add_named(in, set, texts); return true;
    case TEST_WITHIN:
    case TEST_FACT: return add_asked(in, &filter, set, err);
    }
    return true;
}

static bool keep_clause(const Matching *in, const DocumentClause *clause, DocumentSet *set,
                        Error *err)
{
    DocumentSet any = document_set_new(in->table, in->arena);
    for (size_t i = 0; i < clause->count; i++) {
        DocumentSet one = document_set_new(in->table, in->arena);
        if (!add_condition(in, &clause->at[i], &one, err))
            return false;
        if (clause->at[i].is_negated)
            turn(&one);
        add_all(&any, &one);
    }
    if (clause->count)
        keep_both(set, &any);
    return true;
}

/* --- Filters --- */

static void keep_collections(const Matching *in, DocumentSet *set, StrList ids)
{
    document_set_keep_texts(in->table, set, COLUMN_COLLECTION, collection_texts(in, ids));
}

/* At least `from` and below `to`, where they are not 0. */
static void keep_times(const Matching *in, DocumentSet *set, NumberColumn column, int64_t from,
                       int64_t to)
{
    if (from || to)
        document_set_keep_range(in->table, set, column, from ? from : INT64_MIN,
                                to ? to : INT64_MAX);
}

/* What columns have of the filter beside its clauses; first what leaves few. */
static void keep_plain(const Matching *in, const DocumentFilter *filter, StrList collections,
                       DocumentSet *set)
{
    const DocumentTable *table = in->table;
    if (filter->tag.length)
        document_set_keep_tags(table, set, (StrList){ &filter->tag, 1 });
    if (filter->tags_any.count)
        document_set_keep_tags(table, set, filter->tags_any);
    if (filter->collection.length)
        keep_collections(in, set, (StrList){ &filter->collection, 1 });
    if (collections.count)
        keep_collections(in, set, collections);
    if (filter->format.length)
        document_set_keep_texts(table, set, COLUMN_FORMAT, (StrList){ &filter->format, 1 });
    if (filter->formats.count)
        document_set_keep_texts(table, set, COLUMN_FORMAT, filter->formats);
    if (filter->only_roots)
        document_set_keep_texts(table, set, COLUMN_INSIDE, (StrList){ (Str[]){ S("") }, 1 });
    keep_times(in, set, COLUMN_DATE, filter->date_from_ms, filter->date_to_ms);
    keep_times(in, set, COLUMN_ADDED, filter->created_from_ms, filter->created_to_ms);
    if (filter->ids.count) {
        DocumentSet one = document_set_new(table, in->arena);
        document_set_add_ids(table, &one, filter->ids);
        keep_both(set, &one);
    }
}

/* What only the database has. */
static bool keep_rest(const Matching *in, const DocumentFilter *filter, DocumentSet *set,
                      Error *err)
{
    DocumentFilter rest = { .within = filter->within,
                            .facts = filter->facts,
                            .fact_count = filter->fact_count };
    return (!rest.within.count && !rest.fact_count) || keep_asked(in, &rest, set, err);
}

bool document_match(Db *db, const Scope *scope, Arena *arena, const DocumentTable *table,
                    const DocumentFilter *filter, StrList collections, DocumentSet *set_r,
                    Error *err)
{
    Matching in = { .db = db, .scope = scope, .arena = arena, .table = table };
    DocumentSet set = document_set_live(table, arena);
    if (!document_filter_check(filter, err))
        return false;
    keep_plain(&in, filter, collections, &set);
    for (size_t i = 0; i < filter->clause_count; i++)
        if (!keep_clause(&in, &filter->clauses[i], &set, err))
            return false;
    if (!keep_rest(&in, filter, &set, err))
        return false;
    if (filter->name_has.length)
        (void)document_set_keep_part(table, &set, utf8_fold(arena, filter->name_has), SIZE_MAX);
    *set_r = set;
    return true;
}
