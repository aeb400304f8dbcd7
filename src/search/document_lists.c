/* document_lists.c - see document_lists.h. */
#include "search/document_lists.h"

#include "base/utf8.h"
#include "search/document_match.h"
#include "search/search_int.h"

/* With more that are not settled, which the database has to read for each list, it makes lists
 * alone. */
#define UNSETTLED_MAX 1000

typedef struct Choosing {
    Searcher *searcher;
    const Scope *scope;
    Arena *arena;
    const DocumentFilter *filter;
    DocumentOrder order;
    bool descending;
    const Slice *slice;
    ListKey after;
    bool is_behind; /* `after` */
    UnsettledList unsettled;
    Str part; /* of names; empty: any */
    bool
        has_unlooked; /* documents in the set that may not have it: more have it than are counted */
    DocumentChoice choice;
} Choosing;

void search_set_listed_from(Searcher *searcher, size_t documents)
{
    searcher->listed_from = documents;
}

/* --- Which lists --- */

/* An index gives them in this order, or nearly all documents are in them. */
static bool is_quick_by_rows(const DocumentFilter *filter, DocumentOrder order)
{
    size_t many = filter->tags_any.count + filter->clause_count + filter->only_roots +
                  filter->name_has.length + filter->fact_count;
    bool has_times = filter->date_from_ms || filter->date_to_ms || filter->created_from_ms ||
                     filter->created_to_ms;
    size_t single = (filter->collection.length > 0) + (filter->format.length > 0) +
                    filter->formats.count + (filter->tag.length > 0);
    if (filter->states && !(filter->states & 1u << DOCUMENT_READY))
        return false;
    return !many && !has_times && (!single || (single == 1 && order == DOCUMENT_BY_CREATED));
}

/* What the table has, facts, which an index has by their names, and what lies inside what. */
static bool has_only_columns(const DocumentFilter *filter)
{
    return filter->trash == TRASH_OUTSIDE && !filter->media_type.length && !filter->name.length &&
           !filter->parent.length && !filter->source.length && !filter->blob.length &&
           !filter->ids.count && !filter->within.count;
}

/* --- Choosing --- */

static bool unsettled_work(DbTx *tx, void *argument, Error *err)
{
    Choosing *in = argument;
    return document_list_unsettled(tx, in->scope, in->arena, in->filter, in->order, UNSETTLED_MAX,
                                   &in->unsettled, err);
}

/* Those that the table knows of and that match. */
static bool match(Choosing *in, const DocumentTable *table, DocumentSet *set_r, Error *err)
{
    DocumentFilter rest = *in->filter;
    if (rest.states && !(rest.states & 1u << DOCUMENT_READY)) {
        *set_r = document_set_new(table, in->arena);
        return true;
    }
    in->part = utf8_fold(in->arena, rest.name_has);
    rest.name_has = STR_NONE;
    if (!document_match(in->searcher->db, in->scope, in->arena, table, &rest, (StrList){ 0 }, set_r,
                        err) ||
        !search_leave_out_hidden(in->searcher, in->scope, in->arena, table, set_r, err))
        return false;
    Str *ids = arena_new_array(in->arena, Str, in->unsettled.count);
    for (size_t i = 0; i < in->unsettled.count; i++)
        ids[i] = in->unsettled.at[i].key.id;
    document_set_take_ids(table, set_r, (StrList){ ids, in->unsettled.count });
    in->has_unlooked =
        in->part.length && !document_set_keep_part(table, set_r, in->part, DOCUMENT_TOTAL_MAX);
    return true;
}

/* Of both, in order, as far as the part goes. */
static void choose_keys(Choosing *in, const DocumentTable *table, const DocumentSet *set)
{
    ListKeyCompare *compare = document_key_order(in->descending);
    size_t limit = (size_t)slice_limit(in->slice), count, matching = 0, total;
    uint32_t *places;
    count = document_set_first(table, set, in->arena,
                               &(DocumentPart){ in->order, in->descending,
                                                in->is_behind ? &in->after : NULL, limit + 1,
                                                in->has_unlooked ? in->part : STR_NONE },
                               &places);
    ListKey *keys = arena_new_array(in->arena, ListKey, count + in->unsettled.count + 1);
    for (size_t i = 0; i < count; i++)
        keys[i] = document_list_key(table, places[i], in->order, in->arena);
    for (size_t i = 0; i < in->unsettled.count; i++) {
        const Unsettled *one = &in->unsettled.at[i];
        matching += one->matches;
        if (one->matches && (!in->is_behind || compare(&one->key, &in->after) > 0))
            keys[count++] = one->key;
    }
    qsort(keys, count, sizeof *keys, compare);
    total = document_set_count(set) + matching;
    in->choice = (DocumentChoice){ .keys = keys,
                                   .count = MIN(count, limit),
                                   .goes_on = count > limit,
                                   .total = (int64_t)MIN(total, (size_t)DOCUMENT_TOTAL_MAX),
                                   .has_more = total > DOCUMENT_TOTAL_MAX };
}

/* What is not settled is read before the table is brought up to date: so a document that becomes
 * settled meanwhile is in both, and one of them counts. */
static bool choose(Choosing *in, bool *is_chosen_r, Error *err)
{
    Searcher *searcher = in->searcher;
    const DocumentTable *table;
    DocumentSet set;
    if (!document_filter_check(in->filter, err) ||
        !document_key_after(in->slice, in->order, &in->after, &in->is_behind, err) ||
        !store_read(searcher->db, in->scope, unsettled_work, in, err))
        return false;
    if (in->unsettled.count > UNSETTLED_MAX)
        return true;
    if (!document_tables_borrow(searcher->tables, in->scope, &table, err))
        return false;
    if (!table)
        return true;
    bool ok = match(in, table, &set, err);
    if (ok)
        choose_keys(in, table, &set);
    document_tables_release(searcher->tables, table);
    *is_chosen_r = ok;
    return ok;
}

bool search_choose_documents(Searcher *searcher, const Scope *scope, Arena *arena,
                             const DocumentFilter *filter, DocumentOrder order, bool descending,
                             const Slice *slice, DocumentChoice *choice_r, bool *is_chosen_r,
                             Error *err)
{
    Choosing in = { .searcher = searcher,
                    .scope = scope,
                    .arena = arena,
                    .filter = filter,
                    .order = order,
                    .descending = descending,
                    .slice = slice };
    *is_chosen_r = false;
    if (!has_only_columns(filter) || is_quick_by_rows(filter, order) ||
        !document_tables_has(searcher->tables, scope, searcher->listed_from))
        return true;
    if (!choose(&in, is_chosen_r, err))
        return false;
    *choice_r = in.choice;
    return true;
}

bool search_documents(Searcher *searcher, const Scope *scope, Arena *arena,
                      const DocumentFilter *filter, DocumentOrder order, bool descending,
                      const Slice *slice, DocumentViewList *list_r, Error *err)
{
    DocumentChoice choice;
    bool is_chosen;
    return search_choose_documents(searcher, scope, arena, filter, order, descending, slice,
                                   &choice, &is_chosen, err) &&
           library_list_chosen(searcher->library, scope, arena, filter, order, descending, slice,
                               is_chosen ? &choice : NULL, list_r, err);
}
