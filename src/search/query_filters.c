/* query_filters.c - see query_filters.h. */
#include "search/query_filters.h"

#include <math.h>

#include "base/clock.h"
#include "library/library.h"
#include "text/language.h"

#define FOREVER ((int64_t)1 << 53)

static StrList one_text(Arena *arena, Str text)
{
    Str *list = arena_new_one(arena, Str);
    *list = text;
    return (StrList){ list, 1 };
}

/* --- type: --- */

/* "sheets" is the family "sheet" too. */
static bool is_family(Str value, const char *family)
{
    return str_equal_ignore_case(value, str(family)) ||
           (value.length > 1 && HAS_CHAR(value.at[value.length - 1], "sS") &&
            str_equal_ignore_case(str_slice(value, 0, value.length - 1), str(family)));
}

static bool has_extension(const LibraryFormat *format, Str value)
{
    for (const char *const *one = format->extensions; one && *one; one++)
        if (str_equal_ignore_case(value, str(*one)))
            return true;
    return false;
}

typedef bool TypeTest(const LibraryFormat *format, Str value);

static bool by_name(const LibraryFormat *format, Str value)
{
    return str_equal_ignore_case(value, str(format->name));
}

static bool by_family(const LibraryFormat *format, Str value)
{
    return is_family(value, format->family);
}

static StrList types_of(Arena *arena, Str value)
{
    static TypeTest *const tests[] = { by_name, has_extension, by_family };
    size_t count;
    const LibraryFormat *formats = library_formats(&count);
    VEC(Str) found = { 0 };
    if (value.length && value.at[0] == '.')
        value = str_from(value, 1);
    for (size_t t = 0; t < COUNT(tests) && !found.count; t++)
        for (size_t i = 0; i < count; i++)
            if (tests[t](&formats[i], value))
                *vec_push(arena, &found) = str(formats[i].name);
    return (StrList){ found.at, found.count };
}

static Str nearest_type(Arena *arena, Str value)
{
    size_t count;
    const LibraryFormat *formats = library_formats(&count);
    VEC(Str) names = { 0 };
    for (size_t i = 0; i < count; i++) {
        *vec_push(arena, &names) = str(formats[i].name);
        *vec_push(arena, &names) = str(formats[i].family);
        for (const char *const *one = formats[i].extensions; one && *one; one++)
            *vec_push(arena, &names) = str(*one);
    }
    return query_nearest(value, names.at, names.count);
}

/* "pdf,docx" */
static bool read_types(Arena *arena, Str value, StrList *types_r, Error *err)
{
    VEC(Str) types = { 0 };
    Str rest = value, name;
    while (str_next(&rest, ',', &name)) {
        if (!str_trim(name).length)
            continue;
        StrList found = types_of(arena, str_trim(name));
        if (!found.count) {
            Str nearest = nearest_type(arena, str_trim(name));
            return fail_field(err, "query", "'" STR_FMT "' is no type of file%s" STR_FMT "%s",
                              STR_ARG(str_slice(name, 0, 100)), nearest.length ? "; is it '" : "",
                              STR_ARG(nearest), nearest.length ? "'?" : "");
        }
        for (size_t i = 0; i < found.count; i++)
            *vec_push(arena, &types) = found.at[i];
    }
    *types_r = (StrList){ types.at, types.count };
    return types.count || fail_field(err, "query", "no type of file is named: write type:pdf,docx");
}

/* --- Languages, grades --- */

static Str nearest_language(const char *const *names, size_t count, Str value)
{
    Str list[LANGUAGE_OTHER];
    for (size_t i = 0; i < count; i++)
        list[i] = str(names[i]);
    return query_nearest(value, list, count);
}

static bool read_language(Arena *arena, Str value, StrList *texts_r, Error *err)
{
    static const char *const names[] = {
#define LANGUAGE(name, code, stemmer, accents, elides, stop_words) #name,
#include "text/languages.def"
#undef LANGUAGE
    };
    for (size_t i = 0; i < LANGUAGE_OTHER; i++) {
        Str code = str(language_about((Language)i)->code);
        if (str_equal_ignore_case(value, code) || str_equal_ignore_case(value, str(names[i]))) {
            *texts_r = one_text(arena, code);
            return true;
        }
    }
    if (value.length != 2 || value.at[0] < 'a' || value.at[0] > 'z') {
        Str nearest = str_lower(arena, nearest_language(names, LANGUAGE_OTHER, value));
        return fail_field(err, "query",
                          "'" STR_FMT "' is no language%s" STR_FMT
                          "%s write it as de, en or german",
                          STR_ARG(str_slice(value, 0, 100)), nearest.length ? "; is it '" : "",
                          STR_ARG(nearest), nearest.length ? "'? Else" : ":");
    }
    *texts_r = one_text(arena, value);
    return true;
}

static bool read_grade(Arena *arena, Str value, FactCondition *fact_r, Error *err)
{
    static const Str grades[] = { S_INIT("excellent"), S_INIT("good"), S_INIT("fair"),
                                  S_INIT("poor") };
    for (size_t i = 0; i < COUNT(grades); i++)
        if (str_equal_ignore_case(value, grades[i]))
            return fact_condition_read(
                arena, str_format(arena, "extraction_quality=" STR_FMT, STR_ARG(grades[i])), fact_r,
                err);
    return fail_field(err, "query",
                      "'" STR_FMT "' is no grade: it is excellent, good, fair or poor",
                      STR_ARG(str_slice(value, 0, 100)));
}

/* --- Dates and sizes --- */

static void set_range(DocumentCondition *condition, Str op, double from, double to)
{
    bool least = str_is(op, ">="), most = str_is(op, "<="), more = str_is(op, ">"),
         less = str_is(op, "<"), is = !least && !most && !more && !less;
    condition->from = is || least ? (int64_t)from : more ? (int64_t)to : -FOREVER;
    condition->to = is || most ? (int64_t)to : less ? (int64_t)from : FOREVER;
}

static bool read_day(Str value, double *from_r, double *to_r)
{
    const double day_ms = 86400000;
    bool is_yesterday = str_equal_ignore_case(value, S("yesterday"));
    if (!is_yesterday && !str_equal_ignore_case(value, S("today")))
        return fact_date(value, from_r, to_r);
    *from_r = floor((double)now_ms() / day_ms) * day_ms - (is_yesterday ? day_ms : 0);
    *to_r = *from_r + day_ms;
    return true;
}

static bool read_date(const QueryFilter *filter, DocumentCondition *condition, Error *err)
{
    double from, to;
    bool is_span = str_find(filter->value, S("..")) >= 0;
    if (!read_day(filter->value, &from, &to))
        return fail_field(err, "query", "'" STR_FMT "' is no date: write %s",
                          STR_ARG(str_slice(filter->value, 0, 100)),
                          is_span ? "from 2020 until 2024 as after:2020 until:2024"
                                  : "2024, 2024-05, 2024-05-30, today or yesterday");
    set_range(condition, filter->op, from, to);
    return true;
}

/* "10MB", "1.5 GB", "300": units of 1,000 and 1,024 are the same here, so that "10MB" is what
 * people see as 10 MB in either. */
static bool read_size(const QueryFilter *filter, DocumentCondition *condition, Error *err)
{
    static const char units[] = "KMGT";
    Str value = str_trim(filter->value);
    double bytes, unit = 1;
    if (value.length && HAS_CHAR(value.at[value.length - 1], "bB"))
        value.length--;
    if (value.length && HAS_CHAR(value.at[value.length - 1], "iI"))
        value.length--;
    for (size_t i = 0; value.length && i < 4; i++)
        if ((value.at[value.length - 1] & ~0x20) == units[i]) {
            unit = pow(1024, (double)i + 1);
            value.length--;
            break;
        }
    if (!str_to_double(str_trim(value), &bytes) || bytes < 0 || bytes * unit > (double)FOREVER)
        return fail_field(err, "query", "'" STR_FMT "' is no size: write 300KB, 10MB or 1.5GB",
                          STR_ARG(str_slice(filter->value, 0, 100)));
    /* "size:10MB" is what rounds to it. */
    bool is_exact = str_is(filter->op, "=") && unit > 1;
    double half = is_exact ? unit / 2 : 0;
    set_range(condition, filter->op, bytes * unit - half, bytes * unit + (is_exact ? half : 1));
    return true;
}

/* --- Facts --- */

static bool read_fact(Arena *arena, const QueryFilter *filter, FactCondition *fact_r, Error *err)
{
    Str text = filter->key.length ? str_format(arena, STR_FMT STR_FMT STR_FMT, STR_ARG(filter->key),
                                               STR_ARG(filter->op), STR_ARG(filter->value))
                                  : filter->value;
    if (fact_condition_read(arena, text, fact_r, err))
        return true;
    snprintf(err->field, sizeof err->field, "query");
    return false;
}

bool query_filter_read(Arena *arena, const QueryFilter *filter, DocumentCondition *condition_r,
                       Error *err)
{
    DocumentCondition condition = { .test = filter->one->test };
    bool good = true;
    condition.texts = one_text(arena, filter->value);
    switch (filter->one->value) {
    case VALUE_TEXT:
    case VALUE_TAG:
    case VALUE_COLLECTION:
    case VALUE_DOCUMENT:
    case VALUE_WORDS: break;
    case VALUE_TYPE: good = read_types(arena, filter->value, &condition.texts, err); break;
    case VALUE_LANGUAGE: good = read_language(arena, filter->value, &condition.texts, err); break;
    case VALUE_DATE: good = read_date(filter, &condition, err); break;
    case VALUE_SIZE: good = read_size(filter, &condition, err); break;
    case VALUE_GRADE: good = read_grade(arena, filter->value, &condition.fact, err); break;
    case VALUE_FACT: good = read_fact(arena, filter, &condition.fact, err); break;
    }
    if (good)
        *condition_r = condition;
    return good;
}
