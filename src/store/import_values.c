/* import_values.c - what columns of an imported row must be, see import_columns.def. */
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/import_int.h"

#define NUMBER_MAX INT64_C(253402300799999) /* the last time that has four digits for its year */
#define JSON_TEXT_MAX MB(16)

typedef enum Rule {
    RULE_NONE,
    RULE_WORD,
    RULE_NUMBER,
    RULE_LIST,
    RULE_OBJECT,
    RULE_JSON,
    RULE_ID,
    RULE_EMPTY,
    RULE_DIGEST,
    RULE_CHUNK,
    RULE_ORDER
} Rule;

typedef struct ColumnRule {
    const char *table, *column;
    Rule rule;
    const char *argument;
} ColumnRule;

static const ColumnRule column_rules[] = {
#define IMPORT_COLUMN(table, column, rule, argument) { table, column, RULE_##rule, argument },
#include "store/import_columns.def"
#undef IMPORT_COLUMN
};

typedef enum Fate {
    FATE_NOBODY,
    FATE_ERASED,
    FATE_TOLD,
    FATE_HANDED,
    FATE_UNNAMED,
    FATE_MERGED,
    FATE_KEPT
} Fate;

static const struct {
    const char *table, *column;
    Fate fate;
} people[] = {
#define PERSON(table, column, becomes, condition) { table, column, FATE_##becomes },
#include "store/person_columns.def"
#undef PERSON
};

static ColumnRule rule_of(Str table, Str column)
{
    for (size_t i = 0; i < COUNT(column_rules); i++)
        if (str_is(table, column_rules[i].table) && str_is(column, column_rules[i].column))
            return column_rules[i];
    return (ColumnRule){ .rule = RULE_NONE };
}

bool import_is_ordered(Str table, Str column) { return rule_of(table, column).rule == RULE_ORDER; }

static Fate fate_of(Str table, Str column)
{
    for (size_t i = 0; i < COUNT(people); i++)
        if (str_is(table, people[i].table) && str_is(column, people[i].column))
            return people[i].fate;
    return FATE_NOBODY;
}

/* --- Values --- */

static bool wrong(ImportRow *row, Str column, const char *what, Str *reason_r)
{
    *reason_r = str_format(row->arena, "'" STR_FMT "' %s", STR_ARG(column), what);
    return false;
}

static bool take_number(ImportRow *row, size_t at, const json_t *given, Str *reason_r)
{
    const MoveColumn *column = &row->shape->columns[at];
    double number = json_number_value(given);
    if (!json_is_number(given) || (column->type == DB_INT && !json_is_integer(given)))
        return wrong(row, column->name, "is no number", reason_r);
    if (!isfinite(number) || fabs(number) > (double)NUMBER_MAX)
        return wrong(row, column->name, "is too large", reason_r);
    row->values[at] = column->type == DB_INT ? db_int(json_integer_value(given)) : db_real(number);
    return true;
}

static bool take_text(ImportRow *row, size_t at, const json_t *given, Str *reason_r)
{
    const MoveColumn *column = &row->shape->columns[at];
    Str text = { json_string_value(given), json_string_length(given) };
    if (!json_is_string(given))
        return wrong(row, column->name, "is no text", reason_r);
    if (memchr(text.at, 0, text.length) || !utf8_is_valid(text))
        return wrong(row, column->name, "is no text that can be kept", reason_r);
    row->values[at] = db_text(text);
    return true;
}

static bool take_value(ImportRow *row, size_t at, Str *reason_r)
{
    const MoveColumn *column = &row->shape->columns[at];
    const json_t *given = json_object_get(row->json, str_c(row->arena, column->name));
    row->is_given[at] = given != NULL;
    row->values[at] = db_null();
    if (!given)
        return !column->is_never_null || column->has_default ||
               wrong(row, column->name, "is missing", reason_r);
    if (json_is_null(given))
        return !column->is_never_null || wrong(row, column->name, "is missing", reason_r);
    if (column->type == DB_BLOB)
        return wrong(row, column->name, "holds bytes, which no export has", reason_r);
    return column->type == DB_TEXT ? take_text(row, at, given, reason_r)
                                   : take_number(row, at, given, reason_r);
}

/* --- Rules --- */

static bool is_word(Str words, Str word)
{
    Str one;
    while (str_next(&words, '|', &one))
        if (str_equal(one, word))
            return true;
    return false;
}

static bool is_within(const DbValue *value, const char *range)
{
    char *end;
    double number = value->type == DB_INT ? (double)value->integer : value->real;
    double least = strtod(range, &end);
    return number >= least && number <= strtod(end, NULL);
}

static bool is_json(Rule rule, Str text)
{
    AUTO_JSON json_t *json = NULL;
    Error ignored;
    return !text.length || (json_parse(text, JSON_TEXT_MAX, &json, &ignored) &&
                            (rule != RULE_LIST || json_is_array(json)) &&
                            (rule != RULE_OBJECT || json_is_object(json)));
}

static DbValue empty_value(const MoveColumn *column)
{
    if (!column->is_never_null)
        return db_null();
    return column->type == DB_TEXT   ? db_text(S(""))
           : column->type == DB_BLOB ? db_blob(S(""))
                                     : db_int(0);
}

static DbValue digest_of(const ImportRow *row, const char *column)
{
    const json_t *text = json_object_get(row->json, column);
    return db_text(
        sha256_hex(row->arena, (Str){ json_string_value(text), json_string_length(text) }));
}

/* What comes from elsewhere than the row. True when the column has such a rule. */
static bool is_made(ImportRow *row, size_t at, const ColumnRule *rule)
{
    if (rule->rule == RULE_EMPTY)
        row->values[at] = empty_value(&row->shape->columns[at]);
    else if (rule->rule == RULE_DIGEST)
        row->values[at] = digest_of(row, rule->argument);
    else if (rule->rule == RULE_CHUNK)
        row->values[at] = db_int(row->newest_chunk);
    else
        return false;
    row->is_given[at] = true;
    return true;
}

static bool obeys(ImportRow *row, size_t at, const ColumnRule *rule, Str *reason_r)
{
    const DbValue *value = &row->values[at];
    Str column = row->shape->columns[at].name;
    if (value->type == DB_NULL)
        return true;
    switch (rule->rule) {
    case RULE_WORD:
        return is_word(str(rule->argument), value->text) ||
               wrong(row, column,
                     str_c(row->arena,
                           str_format(row->arena, "is '" STR_FMT "', and none of: %s",
                                      STR_ARG(str_slice(value->text, 0, 40)), rule->argument)),
                     reason_r);
    case RULE_NUMBER:
        return is_within(value, rule->argument) ||
               wrong(row, column,
                     str_c(row->arena, str_format(row->arena, "is not within %s", rule->argument)),
                     reason_r);
    case RULE_LIST:
    case RULE_OBJECT:
    case RULE_JSON:
        return is_json(rule->rule, value->text) ||
               wrong(row, column, "is not the JSON that it should be", reason_r);
    case RULE_ID: return id_is_valid(value->text) || wrong(row, column, "is no id", reason_r);
    default: return true;
    }
}

/* --- People --- */

static bool is_member(DbTx *tx, const Scope *scope, Str user, bool *is_r, Error *err)
{
    int64_t count = 0;
    if (!db_query_int(
            tx, DB_SAME("SELECT count(*) FROM memberships WHERE workspace = $1 AND user_id = $2"),
            DB_ARGS(db_text(scope->workspace), db_text(user)), 0, &count, err))
        return false;
    *is_r = count > 0;
    return true;
}

/* A name that is no id stays: tasks are given to anybody. */
static bool name_person(DbTx *tx, ImportRow *row, size_t at, Fate fate, Str *reason_r, Error *err)
{
    const MoveColumn *column = &row->shape->columns[at];
    DbValue *value = &row->values[at];
    bool is_here;
    if (value->type != DB_TEXT || !id_is_valid(value->text))
        return true;
    if (!is_member(tx, row->scope, value->text, &is_here, err))
        return false;
    if (is_here)
        return true;
    if (column->key)
        (void)wrong(row, column->name, "names somebody who does not belong to the workspace",
                    reason_r);
    *value = db_text(fate == FATE_ERASED ? row->scope->user : S(""));
    return true;
}

bool import_read_row(DbTx *tx, ImportRow *row, Str *reason_r, Error *err)
{
    *reason_r = S("");
    if (!json_is_object(row->json)) {
        *reason_r = S("the row is no object");
        return true;
    }
    for (size_t i = 0; i < row->shape->column_count; i++) {
        Str column = row->shape->columns[i].name;
        ColumnRule rule = rule_of(row->shape->name, column);
        Fate fate = fate_of(row->shape->name, column);
        if (str_is(column, "workspace")) {
            row->values[i] = db_text(row->scope->workspace);
            row->is_given[i] = true;
            continue;
        }
        if (!is_made(row, i, &rule) &&
            (!take_value(row, i, reason_r) || !obeys(row, i, &rule, reason_r)))
            return true;
        if (fate != FATE_NOBODY && !name_person(tx, row, i, fate, reason_r, err))
            return false;
    }
    return true;
}
