/* query_operators.c - see query_operators.h. */
#include "search/query_operators.h"

#include <ctype.h>

#include "text/language.h"

const QueryOperator query_operators[] = {
#define ANY true
#define ALL false
#define OPERATOR(name, also, value, test, means, several, example, title)                          \
    { #name, also, VALUE_##value, TEST_##test, means, several, example, title },
#include "search/query_operators.def"
#undef OPERATOR
#undef ANY
#undef ALL
};
const size_t query_operator_count = COUNT(query_operators);

const char *operator_value_name(OperatorValue value)
{
    static const char *const names[] = {
        [VALUE_TEXT] = "text",         [VALUE_TYPE] = "type",
        [VALUE_TAG] = "tag",           [VALUE_COLLECTION] = "collection",
        [VALUE_DOCUMENT] = "document", [VALUE_LANGUAGE] = "language",
        [VALUE_DATE] = "date",         [VALUE_SIZE] = "size",
        [VALUE_GRADE] = "grade",       [VALUE_FACT] = "fact",
        [VALUE_WORDS] = "words",
    };
    return names[value];
}

static bool has_name(const QueryOperator *one, Str name)
{
    Str rest = str(one->also), also;
    if (str_equal_ignore_case(name, str(one->name)))
        return true;
    while (str_next(&rest, ' ', &also))
        if (str_equal_ignore_case(name, also))
            return true;
    return false;
}

const QueryOperator *query_operator_named(Str name)
{
    for (size_t i = 0; name.length && i < query_operator_count; i++)
        if (has_name(&query_operators[i], name))
            return &query_operators[i];
    return NULL;
}

bool query_operator_compares(const QueryOperator *one)
{
    return (one->value == VALUE_DATE || one->value == VALUE_SIZE) && one->means[0] == '=';
}

Str query_language_code(size_t at)
{
    return at < LANGUAGE_OTHER ? str(language_about((Language)at)->code) : STR_NONE;
}

/* --- What was likely meant --- */

enum { NEAREST_MAX = 32 };

static int lower(char c) { return tolower((unsigned char)c); }

/* Optimal string alignment: insertions, deletions, replacements and swaps of neighbours (Boytsov,
 * "Indexing methods for approximate dictionary searching", section 2.2.2). */
static size_t distance(Str a, Str b)
{
    size_t rows[3][NEAREST_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.length; j++)
        last[j] = j;
    for (size_t i = 1; i <= a.length; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.length; j++) {
            bool same = lower(a.at[i - 1]) == lower(b.at[j - 1]);
            row[j] = MIN(MIN(last[j], row[j - 1]) + 1, last[j - 1] + !same);
            if (i > 1 && j > 1 && lower(a.at[i - 1]) == lower(b.at[j - 2]) &&
                lower(a.at[i - 2]) == lower(b.at[j - 1]))
                row[j] = MIN(row[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = last, last = row, row = spare;
    }
    return last[b.length];
}

typedef struct Nearest {
    Str text, found;
    size_t edits;
} Nearest;

static void consider(Nearest *nearest, Str candidate)
{
    if (!candidate.length || candidate.length > NEAREST_MAX || nearest->text.length > NEAREST_MAX)
        return;
    size_t edits = distance(nearest->text, candidate);
    if (edits < nearest->edits) {
        nearest->edits = edits;
        nearest->found = candidate;
    }
}

static Nearest nearest_to(Str text)
{
    return (Nearest){ .text = text, .edits = (text.length + 5) / 3 };
}

Str query_nearest(Str text, const Str *list, size_t count)
{
    Nearest nearest = nearest_to(text);
    for (size_t i = 0; i < count; i++)
        consider(&nearest, list[i]);
    return nearest.found;
}

Str query_operator_nearest(Str name)
{
    Nearest nearest = nearest_to(name);
    FactName fact;
    for (size_t i = 0; i < query_operator_count; i++) {
        Str rest = str(query_operators[i].also), also;
        consider(&nearest, str(query_operators[i].name));
        while (str_next(&rest, ' ', &also))
            consider(&nearest, also);
    }
    for (size_t i = 0; fact_name_at(i, &fact); i++)
        consider(&nearest, str(fact.key));
    return nearest.found;
}
