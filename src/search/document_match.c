/* document_match.c - see document_match.h. */
#include "search/document_match.h"

#include "base/utf8.h"
#include "store/collections_store.h"
#include "store/document_facts_store.h"

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

/* --- Names --- */

static void add_named(const Matching *in, DocumentSet *set, StrList texts)
{
    Str *parts = arena_new_array(in->arena, Str, texts.count);
    for (size_t i = 0; i < texts.count; i++)
        parts[i] = document_name_spaced(in->arena, texts.at[i]);
    document_set_add_named(in->table, set, (StrList){ parts, texts.count }, in->arena);
}

/* --- What lies inside what --- */

/* Of more the database finds the names itself. */
#define ROOTS_MAX 20000
#define UNSETTLED_MAX 1000

typedef struct AskingInside {
    const Matching *in;
    StrList roots, ids;
    DocumentFilter filter;
    UnsettledList unsettled;
} AskingInside;

static bool inside_work(DbTx *tx, void *argument, Error *err)
{
    AskingInside *asking = argument;
    return document_list_inside(tx, asking->in->scope, asking->in->arena, asking->roots,
                                &asking->ids, err);
}

/* The documents and all that is inside them. */
static bool add_inside(const Matching *in, StrList roots, DocumentSet *set, Error *err)
{
    AskingInside asking = { .in = in, .roots = roots };
    if (!store_read(in->db, in->scope, inside_work, &asking, err))
        return false;
    document_set_add_ids(in->table, set, asking.ids);
    return true;
}

static bool unsettled_work(DbTx *tx, void *argument, Error *err)
{
    AskingInside *asking = argument;
    return document_list_unsettled(tx, asking->in->scope, asking->in->arena, &asking->filter,
                                   DOCUMENT_BY_CREATED, UNSETTLED_MAX, &asking->unsettled, err);
}

/* Archives have no text of their own as a rule: they are not in the table. */
static bool find_unsettled(const Matching *in, StrList texts, UnsettledList *list_r, Error *err)
{
    DocumentCondition named = { .test = TEST_NAME, .texts = texts };
    DocumentClause clause = { &named, 1 };
    AskingInside asking = { .in = in, .filter = { .clauses = &clause, .clause_count = 1 } };
    if (!store_read(in->db, in->scope, unsettled_work, &asking, err))
        return false;
    *list_r = asking.unsettled;
    return true;
}

/* Of the documents that the texts name, in part or by their ids; *are_few_r false: they are too
 * many. */
static bool find_roots(const Matching *in, StrList texts, StrList *roots_r, bool *are_few_r,
                       Error *err)
{
    DocumentSet named = document_set_new(in->table, in->arena);
    UnsettledList unsettled;
    add_named(in, &named, texts);
    if (!find_unsettled(in, texts, &unsettled, err))
        return false;
    size_t found = document_set_count(&named), count = 0;
    *are_few_r = found <= ROOTS_MAX && unsettled.count <= UNSETTLED_MAX;
    if (!*are_few_r)
        return true;
    Str *roots = arena_new_array(in->arena, Str, found + unsettled.count + texts.count);
    StrList ids = document_set_ids(in->table, &named, in->arena);
    for (size_t i = 0; i < ids.count; i++)
        roots[count++] = ids.at[i];
    for (size_t i = 0; i < unsettled.count; i++)
        if (unsettled.at[i].matches)
            roots[count++] = unsettled.at[i].key.id;
    for (size_t i = 0; i < texts.count; i++)
        roots[count++] = texts.at[i];
    *roots_r = (StrList){ roots, count };
    return true;
}

static bool add_within(const Matching *in, const DocumentCondition *condition, DocumentSet *set,
                       Error *err)
{
    DocumentCondition asked = *condition;
    DocumentClause clause = { &asked, 1 };
    StrList roots;
    bool are_few;
    if (!find_roots(in, condition->texts, &roots, &are_few, err))
        return false;
    if (are_few)
        return add_inside(in, roots, set, err);
    asked.is_negated = false;
    return add_asked(in, &(DocumentFilter){ .clauses = &clause, .clause_count = 1 }, set, err);
}

/* --- Facts --- */

typedef struct AskingFact {
    const Matching *in;
    const FactCondition *fact;
    StrList ids;
} AskingFact;

static bool fact_work(DbTx *tx, void *argument, Error *err)
{
    AskingFact *asking = argument;
    return document_fact_documents(tx, asking->in->scope, asking->in->arena, asking->fact,
                                   &asking->ids, err);
}

static bool add_fact(const Matching *in, const FactCondition *fact, DocumentSet *set, Error *err)
{
    AskingFact asking = { .in = in, .fact = fact };
    if (str_is(fact->key, "author") && fact->has.length && !fact->is_number) {
        document_set_add_texts_with(in->table, set, COLUMN_AUTHOR, utf8_fold(in->arena, fact->has));
        return true;
    }
    if (!store_read(in->db, in->scope, fact_work, &asking, err))
        return false;
    document_set_add_ids(in->table, set, asking.ids);
    return true;
}

/* --- Collections --- */

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

/* --- Conditions --- */

static bool add_condition(const Matching *in, const DocumentCondition *condition, DocumentSet *set,
                          Error *err)
{
    StrList texts = condition->texts;
    int64_t from = condition->from, to = condition->to;

    switch (condition->test) {
    case TEST_FORMAT: document_set_add_texts(in->table, set, COLUMN_FORMAT, texts); return true;
    case TEST_LANGUAGE: document_set_add_texts(in->table, set, COLUMN_LANGUAGE, texts); return true;
    case TEST_TAG: document_set_add_tags(in->table, set, texts); return true;
    case TEST_DATE: document_set_add_range(in->table, set, COLUMN_DATE, from, to); return true;
    case TEST_ADDED: document_set_add_range(in->table, set, COLUMN_ADDED, from, to); return true;
    case TEST_SIZE: document_set_add_range(in->table, set, COLUMN_SIZE, from, to); return true;
    case TEST_COLLECTION: return add_named_collections(in, set, texts, err);
    case TEST_NAME: add_named(in, set, texts); return true;
    case TEST_FACT: return add_fact(in, &condition->fact, set, err);
    case TEST_WITHIN: return add_within(in, condition, set, err);
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

/* What the database is asked for. */
static bool keep_rest(const Matching *in, const DocumentFilter *filter, DocumentSet *set,
                      Error *err)
{
    for (size_t i = 0; i < MIN(filter->fact_count, (size_t)FACT_CONDITIONS_MAX); i++) {
        DocumentSet one = document_set_new(in->table, in->arena);
        if (!add_fact(in, &filter->facts[i], &one, err))
            return false;
        keep_both(set, &one);
    }
    if (!filter->within.count)
        return true;
    DocumentSet inside = document_set_new(in->table, in->arena);
    if (!add_inside(in, filter->within, &inside, err))
        return false;
    keep_both(set, &inside);
    return true;
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
