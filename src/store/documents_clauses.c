/* documents_clauses.c - the clauses of a DocumentFilter as SQL. */
#include "base/utf8.h"
#include "store/document_access_sql.h"
#include "store/documents_row.h"

#define SPACED_NAME(alias) "replace(replace(" alias ".name_fold, '_', ' '), '-', ' ')"

static void add_names(SqlBuild *build, Arena *arena, const char *column, StrList texts)
{
    for (size_t i = 0; i < texts.count; i++) {
        sql_add(build, i ? " OR " : "");
        document_part_add(build, column, document_name_spaced(arena, texts.at[i]));
    }
}

/* What is in the trash is not in document_tags. */
void document_tagged_add(SqlBuild *build, const Scope *scope, Arena *arena, DocumentTrash trash,
                         StrList tags)
{
    if (trash == TRASH_OUTSIDE) {
        sql_add(build, "d.id IN (SELECT t.document FROM document_tags t WHERE t.workspace = ");
        sql_value(build, db_text(scope->workspace));
        sql_add(build, " AND ");
        sql_value_in(build, arena, "t.tag", tags);
        sql_add(build, ")");
        return;
    }
    for (size_t i = 0; i < tags.count; i++) {
        sql_add(build, i ? " OR " : "");
        document_part_add(build, "d.tags",
                          str_format(arena, "\x1f" STR_FMT "\x1f", STR_ARG(tags.at[i])));
    }
}

static StrList folded(Arena *arena, StrList texts)
{
    Str *list = arena_new_array(arena, Str, texts.count);
    for (size_t i = 0; i < texts.count; i++)
        list[i] = utf8_fold(arena, texts.at[i]);
    return (StrList){ list, texts.count };
}

static void add_collections(SqlBuild *build, const Scope *scope, Arena *arena, StrList texts)
{
    for (size_t i = 0; i < texts.count; i++)
        if (str_is(texts.at[i], "none"))
            sql_add(build, "d.collection IS NULL OR ");
    sql_add(build, "coalesce(d.collection, '') IN (SELECT c.id FROM collections c"
                   " WHERE c.workspace = ");
    sql_value(build, db_text(scope->workspace));
    sql_add(build, " AND (");
    sql_value_in(build, arena, "c.id", texts);
    sql_add(build, " OR ");
    sql_value_in(build, arena, "c.name_fold", folded(arena, texts));
    sql_add(build, ")");
    access_add_collections(build, scope);
    sql_add(build, ")");
}

/* The documents themselves, their members, and the members of those. */
static void add_within(SqlBuild *build, const Scope *scope, Arena *arena, StrList texts)
{
    sql_add(build, "d.id IN (WITH RECURSIVE inside (id) AS (SELECT o.id FROM documents o"
                   " WHERE o.workspace = ");
    sql_value(build, db_text(scope->workspace));
    sql_add(build, " AND (");
    sql_value_in(build, arena, "o.id", texts);
    sql_add(build, " OR ");
    add_names(build, arena, SPACED_NAME("o"), texts);
    sql_add(build, ") UNION SELECT m.id FROM documents m JOIN inside ON m.parent = inside.id"
                   " WHERE m.workspace = ");
    sql_value(build, db_text(scope->workspace));
    sql_add(build, ") SELECT id FROM inside)");
}

/* The same from each document upwards: to find those with a name takes all names. */
static void add_inside(SqlBuild *build, const Scope *scope, Arena *arena, StrList texts)
{
    sql_add(build, "EXISTS (WITH RECURSIVE o (id, parent, name_fold) AS"
                   " (SELECT d.id, d.parent, d.name_fold UNION ALL"
                   " SELECT p.id, p.parent, p.name_fold FROM o CROSS JOIN documents p"
                   " WHERE p.workspace = ");
    sql_value(build, db_text(scope->workspace));
    sql_add(build, " AND p.id = o.parent) SELECT 1 FROM o WHERE ");
    sql_value_in(build, arena, "o.id", texts);
    sql_add(build, " OR ");
    add_names(build, arena, SPACED_NAME("o"), texts);
    sql_add(build, ")");
}

static void add_range(SqlBuild *build, const char *column, const DocumentCondition *condition)
{
    sql_add(build, column);
    sql_add(build, " >= ");
    sql_value(build, db_int(condition->from));
    sql_add(build, " AND ");
    sql_add(build, column);
    sql_add(build, " < ");
    sql_value(build, db_int(condition->to));
}

static void add_condition(SqlBuild *build, const Scope *scope, Arena *arena,
                          const DocumentFilter *filter, const DocumentCondition *condition)
{
    StrList texts = condition->texts;

    sql_add(build, condition->is_negated ? "NOT (" : "(");
    switch (condition->test) {
    case TEST_NAME: add_names(build, arena, SPACED_NAME("d"), texts); break;
    case TEST_FORMAT: sql_value_in(build, arena, "d.format", texts); break;
    case TEST_TAG: document_tagged_add(build, scope, arena, filter->trash, texts); break;
    case TEST_COLLECTION: add_collections(build, scope, arena, texts); break;
    case TEST_WITHIN:
        (filter->asks_of_few ? add_inside : add_within)(build, scope, arena, texts);
        break;
    case TEST_LANGUAGE: sql_value_in(build, arena, "substr(d.language, 1, 2)", texts); break;
    case TEST_DATE: add_range(build, DOCUMENT_DATE, condition); break;
    case TEST_ADDED: add_range(build, "d.created_at", condition); break;
    case TEST_SIZE: add_range(build, "d.size_bytes", condition); break;
    case TEST_FACT: document_fact_add(build, arena, &condition->fact); break;
    }
    sql_add(build, ")");
}

void document_clauses_add(SqlBuild *build, const Scope *scope, Arena *arena,
                          const DocumentFilter *filter)
{
    for (size_t i = 0; i < filter->clause_count; i++) {
        const DocumentClause *clause = &filter->clauses[i];
        for (size_t j = 0; j < clause->count; j++) {
            sql_add(build, j ? " OR " : " AND (");
            add_condition(build, scope, arena, filter, &clause->at[j]);
        }
        if (clause->count)
            sql_add(build, ")");
    }
}
