#include "store/document_facets_store.h"

#include "base/map.h"
#include "store/document_access_sql.h"
#include "store/documents_row.h"

static const struct {
    const char *name, *title, *key, *what;
} facets[] = {
#define FACET(name, title, key, what) { #name, title, key, what },
#include "store/document_facets.def"
#undef FACET
};

const char *facet_name(Facet facet) { return facets[facet].name; }
const char *facet_title(Facet facet) { return facets[facet].title; }
const char *facet_key(Facet facet) { return facets[facet].key; }

Facet facet_named(Str name)
{
    for (size_t i = 0; i < COUNT(facets); i++)
        if (str_is(name, facets[i].name))
            return (Facet)i;
    return FACET_COUNT;
}

static const char *column_of(const SqlBuild *build, Facet facet)
{
    if (facet != FACET_year)
        return facets[facet].what;
    return build->kind == DB_SQLITE ? "strftime('%Y', (" DOCUMENT_DATE ") / 1000, 'unixepoch')"
                                    : "to_char(to_timestamp((" DOCUMENT_DATE
                                      ") / 1000) AT TIME ZONE 'UTC', 'YYYY')";
}

static void read_value(DbRows *row, Arena *arena, void *item)
{
    Str value = db_get_text(row, 0, arena);
    *(FacetValue *)item = (FacetValue){ value, value, db_get_int(row, 1) };
}

static int compare_values(const void *a, const void *b)
{
    const FacetValue *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return str_compare(x->value, y->value);
}

/* Rows by their whole tags become rows by tag; what is empty goes. */
static FacetList gather(Arena *arena, const SqlItems *items, Facet facet)
{
    VEC(FacetValue) values = { 0 };
    Map places = map_new(arena);
    for (size_t i = 0; i < items->count; i++) {
        const FacetValue *row = (const FacetValue *)items->at + i;
        StrList list = { &row->value, 1 };
        if (facet == FACET_tag)
            list = document_tags_split(arena, row->value);
        for (size_t j = 0; j < list.count; j++) {
            bool added;
            if (!list.at[j].length)
                continue;
            MapEntry *entry = map_add(&places, list.at[j], &added);
            if (added) {
                entry->number = (int64_t)values.count;
                *vec_push(arena, &values) = (FacetValue){ list.at[j], list.at[j], 0 };
            }
            values.at[entry->number].count += row->count;
        }
    }
    if (values.count)
        qsort(values.at, values.count, sizeof *values.at, compare_values);
    return (FacetList){ values.at, values.count };
}

bool document_facet_titles(DbTx *tx, const Scope *scope, Arena *arena, Facet facet, FacetList *list,
                           Error *err)
{
    typedef struct Named {
        Str id, name;
    } Named;
    AUTO_DB_ROWS DbRows rows = { 0 };
    DbStep step;
    if (facet != FACET_collection)
        return true;
    SqlBuild build =
        sql_build_on(tx, arena, "SELECT c.id, c.name FROM collections c WHERE c.workspace = $1",
                     DB_ARGS(db_text(scope->workspace)));
    access_add_collections(&build, scope);
    if (!db_query(tx, sql_text(&build), build.args, build.count, &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        Named named = { db_get_text(&rows, 0, arena), db_get_text(&rows, 1, arena) };
        for (size_t i = 0; i < list->count; i++)
            if (str_equal(list->at[i].value, named.id))
                list->at[i].title = named.name;
    }
    return step != DB_FAILED;
}

bool document_facet(DbTx *tx, const Scope *scope, Arena *arena, const DocumentFilter *filter,
                    Facet facet, FacetList *list_r, Error *err)
{
    SqlBuild build = sql_build(tx, arena);
    SqlItems items;
    buf_addf(&build.text,
             "SELECT %s, count(*) FROM documents d WHERE d.workspace = ", column_of(&build, facet));
    sql_value(&build, db_text(scope->workspace));
    document_filter_add(&build, scope, arena, filter);
    sql_add(&build, " AND d.chunk_count > 0 GROUP BY 1");
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, read_value,
                  sizeof(FacetValue), &items, err))
        return false;
    FacetList list = gather(arena, &items, facet);
    if (!document_facet_titles(tx, scope, arena, facet, &list, err))
        return false;
    *list_r = list;
    return true;
}
