/* expression_functions.c - the functions of functions.def. */
#include "workflow/expression_int.h"

#include "base/clock.h"
#include "base/pattern.h"
#include "base/utf8.h"

#include <math.h>
#include <time.h>

#define FUNCTION(name, least, most, usage, meaning) static ExpressionFunctionBody body_##name;
#include "workflow/functions.def"
#undef FUNCTION

static const ExpressionFunction functions[] = {
#define FUNCTION(name, least, most, usage, meaning)                                                \
    { #name, least, most, body_##name, usage, meaning },
#include "workflow/functions.def"
#undef FUNCTION
};

const ExpressionFunction *expression_function(Str name)
{
    for (size_t i = 0; i < COUNT(functions); i++)
        if (str_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}

bool expression_function_at(size_t index, const char **usage_r, const char **meaning_r)
{
    if (index >= COUNT(functions))
        return false;
    *usage_r = functions[index].usage;
    *meaning_r = functions[index].meaning;
    return true;
}

/* --- What arguments must be --- */

/* Null is an answer; anything else that is not of the type a failure. */
typedef enum Taken { TAKEN, TAKEN_NULL, TAKEN_NOT } Taken;

static Taken take_text(ExpressionRun *run, const json_t *value, Str *text_r)
{
    if (json_is_null(value))
        return TAKEN_NULL;
    if (!json_is_string(value)) {
        (void)expression_fail(run, "it takes a text, not a %s", expression_kind(value));
        return TAKEN_NOT;
    }
    *text_r = expression_str(value);
    return expression_spend(run, text_r->length) ? TAKEN : TAKEN_NOT;
}

static Taken take_texts(ExpressionRun *run, const Args *args, size_t count, Str *texts_r)
{
    Taken taken = TAKEN;
    for (size_t i = 0; i < count && taken == TAKEN; i++)
        taken = take_text(run, args->at[i], &texts_r[i]);
    return taken;
}

static Taken take_list(ExpressionRun *run, const json_t *value)
{
    if (json_is_null(value))
        return TAKEN_NULL;
    if (json_is_array(value))
        return expression_spend(run, json_array_size(value)) ? TAKEN : TAKEN_NOT;
    (void)expression_fail(run, "it takes a list, not a %s", expression_kind(value));
    return TAKEN_NOT;
}

static Taken take_number(ExpressionRun *run, const json_t *value, double *number_r)
{
    if (json_is_null(value))
        return TAKEN_NULL;
    if (!json_is_number(value)) {
        (void)expression_fail(run, "it takes a number, not a %s", expression_kind(value));
        return TAKEN_NOT;
    }
    *number_r = json_number_value(value);
    return TAKEN;
}

static Taken take_time(ExpressionRun *run, const json_t *value, int64_t *time_ms_r)
{
    Str text;
    Error ignored;
    Taken taken = take_text(run, value, &text);
    if (taken == TAKEN && !time_parse(text, time_ms_r, &ignored)) {
        (void)expression_fail(run, "'" STR_FMT "' is no time such as 2026-11-21T10:00:00Z",
                              STR_ARG(str_slice(text, 0, 40)));
        return TAKEN_NOT;
    }
    return taken;
}

static json_t *nothing(Taken taken) { return taken == TAKEN_NULL ? json_null() : NULL; }

static json_t *list_new(ExpressionRun *run) { return expression_keep(run, json_array()); }

static json_t *time_value(ExpressionRun *run, int64_t time_ms)
{
    char out[TIME_TEXT_SIZE];
    return expression_text(run, time_format(time_ms, out));
}

/* --- Any value --- */

static json_t *body_length(ExpressionRun *run, const Args *args)
{
    size_t length = json_is_array(args->at[0])    ? json_array_size(args->at[0])
                    : json_is_object(args->at[0]) ? json_object_size(args->at[0])
                                                  : utf8_count(expression_str(args->at[0]));
    if (!json_is_null(args->at[0]) && !json_is_array(args->at[0]) && !json_is_object(args->at[0]) &&
        !json_is_string(args->at[0]))
        return expression_fail(run, "a %s has no length", expression_kind(args->at[0]));
    if (!expression_spend(run, json_string_length(args->at[0])))
        return NULL;
    return expression_keep(run, json_integer((json_int_t)length));
}

static json_t *body_text(ExpressionRun *run, const Args *args)
{
    if (json_is_null(args->at[0]) || json_is_string(args->at[0]))
        return args->at[0];
    Str text = json_print(run->arena, args->at[0]);
    return expression_spend(run, text.length) ? expression_text(run, text) : NULL;
}

static json_t *body_number(ExpressionRun *run, const Args *args)
{
    Str text;
    int64_t whole;
    double number;
    if (json_is_number(args->at[0]))
        return args->at[0];
    Taken taken = take_text(run, args->at[0], &text);
    if (taken != TAKEN)
        return nothing(taken);
    text = str_trim(text);
    if (str_to_int(text, INT64_MIN, INT64_MAX, &whole))
        return expression_keep(run, json_integer(whole));
    return str_to_double(text, &number) && isfinite(number) ? expression_number(run, number)
                                                            : json_null();
}

static json_t *body_kind(ExpressionRun *run, const Args *args)
{
    return expression_text(run, str(expression_kind(args->at[0])));
}

/* --- Texts --- */

static json_t *body_lower(ExpressionRun *run, const Args *args)
{
    Str text;
    Taken taken = take_text(run, args->at[0], &text);
    return taken == TAKEN ? expression_text(run, utf8_fold(run->arena, text)) : nothing(taken);
}

static json_t *body_trim(ExpressionRun *run, const Args *args)
{
    Str text;
    Taken taken = take_text(run, args->at[0], &text);
    return taken == TAKEN ? expression_text(run, str_trim(text)) : nothing(taken);
}

static bool same_folded(ExpressionRun *run, const json_t *a, const json_t *b)
{
    if (!json_is_string(a) || !json_is_string(b))
        return expression_equal(a, b);
    return str_equal(utf8_fold(run->arena, expression_str(a)),
                     utf8_fold(run->arena, expression_str(b)));
}

static json_t *list_contains(ExpressionRun *run, const json_t *list, const json_t *part)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        if (!expression_spend(run, json_string_length(item) + json_string_length(part)))
            return NULL;
        if (same_folded(run, item, part))
            return json_true();
    }
    return json_false();
}

/* Both texts folded; `where`: anywhere, at the start, at the end. */
static json_t *has_part(ExpressionRun *run, const Args *args, char where)
{
    Str texts[2];
    Taken taken = take_texts(run, args, 2, texts);
    if (taken != TAKEN)
        return nothing(taken);
    Str text = utf8_fold(run->arena, texts[0]), part = utf8_fold(run->arena, texts[1]);
    return expression_flag(where == '^'   ? str_starts(text, part)
                           : where == '$' ? str_ends(text, part)
                                          : str_find(text, part) >= 0);
}

static json_t *body_contains(ExpressionRun *run, const Args *args)
{
    return json_is_array(args->at[0]) ? list_contains(run, args->at[0], args->at[1])
                                      : has_part(run, args, '*');
}

static json_t *body_starts_with(ExpressionRun *run, const Args *args)
{
    return has_part(run, args, '^');
}

static json_t *body_ends_with(ExpressionRun *run, const Args *args)
{
    return has_part(run, args, '$');
}

static json_t *body_matches(ExpressionRun *run, const Args *args)
{
    Str texts[2];
    Taken taken = take_texts(run, args, 2, texts);
    AUTO_PATTERN Pattern *pattern = NULL;
    Error why;
    if (taken != TAKEN)
        return nothing(taken);
    if (!pattern_new(texts[1], &pattern, &why))
        return expression_fail(run, "%s", why.message);
    return expression_flag(pattern_matches(pattern, texts[0]));
}

static json_t *body_replace(ExpressionRun *run, const Args *args)
{
    Str texts[3];
    Taken taken = take_texts(run, args, 3, texts);
    if (taken != TAKEN)
        return nothing(taken);
    if (!texts[1].length)
        return args->at[0];
    Buf out = buf_new(run->arena, EXPRESSION_TEXT_MAX + 1);
    Str rest = texts[0];
    for (ptrdiff_t at; (at = str_find(rest, texts[1])) >= 0 && !out.overflowed;) {
        buf_add(&out, str_slice(rest, 0, (size_t)at));
        buf_add(&out, texts[2]);
        rest = str_from(rest, (size_t)at + texts[1].length);
    }
    buf_add(&out, rest);
    return expression_text(run, buf_str(&out));
}

static json_t *body_split(ExpressionRun *run, const Args *args)
{
    Str texts[2];
    Taken taken = take_texts(run, args, 2, texts);
    if (taken != TAKEN)
        return nothing(taken);
    if (!texts[1].length)
        return expression_fail(run, "the separator is empty");
    json_t *list = list_new(run);
    Str rest = texts[0];
    for (ptrdiff_t at = 0; at >= 0;) {
        if (json_array_size(list) == EXPRESSION_LIST_MAX)
            return expression_fail(run, "the list would have more than %d items",
                                   EXPRESSION_LIST_MAX);
        at = str_find(rest, texts[1]);
        Str piece = at < 0 ? rest : str_slice(rest, 0, (size_t)at);
        json_array_append_new(list, json_stringn_nocheck(piece.at, piece.length));
        rest = str_from(rest, (size_t)MAX(at, 0) + texts[1].length);
    }
    return list;
}

static json_t *body_join(ExpressionRun *run, const Args *args)
{
    Str separator;
    Taken taken = take_list(run, args->at[0]);
    if (taken == TAKEN)
        taken = take_text(run, args->at[1], &separator);
    if (taken != TAKEN)
        return nothing(taken);
    Buf out = buf_new(run->arena, EXPRESSION_TEXT_MAX + 1);
    for (size_t i = 0; i < json_array_size(args->at[0]); i++) {
        Args item = { { json_array_get(args->at[0], i) }, 1 };
        json_t *text = body_text(run, &item);
        if (!text || !expression_spend(run, json_string_length(text) + separator.length))
            return NULL;
        if (i)
            buf_add(&out, separator);
        buf_add(&out, expression_str(text)); /* of null: nothing */
    }
    return expression_text(run, buf_str(&out));
}

/* --- Lists and objects --- */

/* From a number that may count from the end to one that counts from the start. */
static size_t place_in(double at, size_t count)
{
    at = at < 0 ? at + (double)count : at;
    return at <= 0 ? 0 : at >= (double)count ? count : (size_t)at;
}

/* Where character number `count` of the text begins. */
static size_t character_at(Str text, size_t count)
{
    size_t at = 0, size;
    for (; count && at < text.length; count--, at += size)
        (void)utf8_decode(text, at, &size);
    return at;
}

static json_t *slice_list(ExpressionRun *run, const json_t *list, size_t from, size_t to)
{
    json_t *made = list_new(run);
    for (size_t i = from; i < to; i++)
        json_array_append(made, json_array_get(list, i));
    return made;
}

static json_t *body_slice(ExpressionRun *run, const Args *args)
{
    double from, to = INFINITY;
    bool is_list = json_is_array(args->at[0]);
    Str text = STR_NONE;
    Taken taken = is_list ? take_list(run, args->at[0]) : take_text(run, args->at[0], &text);
    if (taken == TAKEN)
        taken = take_number(run, args->at[1], &from);
    if (taken == TAKEN && args->count > 2)
        taken = take_number(run, args->at[2], &to);
    if (taken != TAKEN)
        return nothing(taken);
    size_t all = is_list ? json_array_size(args->at[0]) : utf8_count(text);
    size_t start = place_in(from, all), end = place_in(to, all);
    if (is_list)
        return slice_list(run, args->at[0], start, end);
    return expression_text(
        run, str_slice(text, character_at(text, start), character_at(text, MAX(start, end))));
}

static json_t *item_or_null(ExpressionRun *run, const json_t *list, bool is_last)
{
    Taken taken = take_list(run, list);
    size_t count = json_array_size(list);
    if (taken != TAKEN)
        return nothing(taken);
    return count ? json_array_get(list, is_last ? count - 1 : 0) : json_null();
}

static json_t *body_first(ExpressionRun *run, const Args *args)
{
    return item_or_null(run, args->at[0], false);
}

static json_t *body_last(ExpressionRun *run, const Args *args)
{
    return item_or_null(run, args->at[0], true);
}

static json_t *body_sum(ExpressionRun *run, const Args *args)
{
    Taken taken = take_list(run, args->at[0]);
    double sum = 0, number;
    if (taken != TAKEN)
        return nothing(taken);
    for (size_t i = 0; i < json_array_size(args->at[0]); i++) {
        taken = take_number(run, json_array_get(args->at[0], i), &number);
        if (taken == TAKEN_NOT)
            return NULL;
        sum += taken == TAKEN ? number : 0;
    }
    return expression_number(run, sum);
}

/* `sign` 1: the greatest, -1: the smallest of the numbers; what is null does not count. */
static json_t *extreme(ExpressionRun *run, const Args *args, double sign)
{
    bool is_list = args->count == 1 && json_is_array(args->at[0]);
    size_t all = is_list ? json_array_size(args->at[0]) : args->count;
    json_t *best = json_null();
    double best_number = 0, number;
    if (!expression_spend(run, all))
        return NULL;
    for (size_t i = 0; i < all; i++) {
        json_t *value = is_list ? json_array_get(args->at[0], i) : args->at[i];
        Taken taken = take_number(run, value, &number);
        if (taken == TAKEN_NOT)
            return NULL;
        if (taken == TAKEN && (json_is_null(best) || sign * number > sign * best_number)) {
            best = value;
            best_number = number;
        }
    }
    return best;
}

static json_t *body_min(ExpressionRun *run, const Args *args) { return extreme(run, args, -1); }

static json_t *body_max(ExpressionRun *run, const Args *args) { return extreme(run, args, 1); }

static json_t *member_named(const json_t *object, Str name)
{
    json_t *found = json_object_getn(object, name.at, name.length);
    return found ? found : json_null();
}

/* Members `name` of the items; with `wanted`, the items whose member is equal to it. */
static json_t *of_items(ExpressionRun *run, const Args *args, const json_t *wanted)
{
    Str name;
    Taken taken = take_list(run, args->at[0]);
    if (taken == TAKEN)
        taken = take_text(run, args->at[1], &name);
    if (taken != TAKEN)
        return nothing(taken);
    json_t *made = list_new(run);
    for (size_t i = 0; i < json_array_size(args->at[0]); i++) {
        json_t *item = json_array_get(args->at[0], i), *member = member_named(item, name);
        if (!wanted)
            json_array_append(made, member);
        else if (expression_equal(member, wanted))
            json_array_append(made, item);
    }
    return made;
}

static json_t *body_pluck(ExpressionRun *run, const Args *args)
{
    return of_items(run, args, NULL);
}

static json_t *body_where(ExpressionRun *run, const Args *args)
{
    return of_items(run, args, args->at[2]);
}

static json_t *body_unique(ExpressionRun *run, const Args *args)
{
    Taken taken = take_list(run, args->at[0]);
    if (taken != TAKEN)
        return nothing(taken);
    json_t *made = list_new(run);
    for (size_t i = 0; i < json_array_size(args->at[0]); i++) {
        json_t *item = json_array_get(args->at[0], i);
        bool is_known = false;
        if (!expression_spend(run, json_array_size(made)))
            return NULL;
        for (size_t k = 0; k < json_array_size(made) && !is_known; k++)
            is_known = expression_equal(item, json_array_get(made, k));
        if (!is_known)
            json_array_append(made, item);
    }
    return made;
}

static bool take_object(ExpressionRun *run, const json_t *value)
{
    if (json_is_object(value))
        return expression_spend(run, json_object_size(value));
    (void)expression_fail(run, "it takes an object, not a %s", expression_kind(value));
    return false;
}

static json_t *body_keys(ExpressionRun *run, const Args *args)
{
    const char *name;
    json_t *value;
    if (json_is_null(args->at[0]))
        return args->at[0];
    if (!take_object(run, args->at[0]))
        return NULL;
    json_t *made = list_new(run);
    json_object_foreach(args->at[0], name, value)
        json_array_append_new(made, json_string_nocheck(name));
    return made;
}

static json_t *body_merge(ExpressionRun *run, const Args *args)
{
    json_t *made = expression_keep(run, json_object());
    for (size_t i = 0; i < args->count; i++) {
        if (json_is_null(args->at[i]))
            continue;
        if (!take_object(run, args->at[i]))
            return NULL;
        json_object_update(made, args->at[i]);
    }
    return made;
}

/* --- Numbers --- */

static json_t *body_round(ExpressionRun *run, const Args *args)
{
    double number, digits = 0;
    Taken taken = take_number(run, args->at[0], &number);
    if (taken == TAKEN && args->count > 1)
        taken = take_number(run, args->at[1], &digits);
    if (taken != TAKEN)
        return nothing(taken);
    if (digits < 0 || digits > 15)
        return expression_fail(run, "it rounds to 0 to 15 digits");
    double scale = pow(10, floor(digits));
    return expression_number(run, round(number * scale) / scale);
}

static json_t *body_abs(ExpressionRun *run, const Args *args)
{
    double number;
    Taken taken = take_number(run, args->at[0], &number);
    return taken == TAKEN ? expression_number(run, fabs(number)) : nothing(taken);
}

/* --- Times --- */

static json_t *body_now(ExpressionRun *run, const Args *args)
{
    (void)args;
    return time_value(run, run->now_ms);
}

static json_t *body_time(ExpressionRun *run, const Args *args)
{
    Str text;
    int64_t time_ms;
    Error ignored;
    Taken taken = take_text(run, args->at[0], &text);
    if (taken != TAKEN)
        return nothing(taken);
    return time_parse(text, &time_ms, &ignored) ? time_value(run, time_ms) : json_null();
}

/* Milliseconds of "days" or "day"; 0 after a failure. */
static double unit_ms(ExpressionRun *run, const json_t *value)
{
    static const struct {
        const char *one, *many;
        double ms;
    } units[] = { { "second", "seconds", 1e3 },
                  { "minute", "minutes", 60e3 },
                  { "hour", "hours", 3600e3 },
                  { "day", "days", 86400e3 },
                  { "week", "weeks", 604800e3 } };
    Str name = expression_str(value);
    for (size_t i = 0; i < COUNT(units); i++)
        if (str_is(name, units[i].one) || str_is(name, units[i].many))
            return units[i].ms;
    (void)expression_fail(run, "the last is one of seconds, minutes, hours, days, weeks");
    return 0;
}

static json_t *body_after(ExpressionRun *run, const Args *args)
{
    int64_t time_ms;
    double number, unit = unit_ms(run, args->at[2]);
    Taken taken = unit > 0 ? take_time(run, args->at[0], &time_ms) : TAKEN_NOT;
    if (taken == TAKEN)
        taken = take_number(run, args->at[1], &number);
    if (taken != TAKEN)
        return nothing(taken);
    double moved = (double)time_ms + number * unit;
    if (!(moved > -62e12 && moved < 253e12)) /* the years 1 to 9999 */
        return expression_fail(run, "the time is too far away");
    return time_value(run, (int64_t)moved);
}

static json_t *body_between(ExpressionRun *run, const Args *args)
{
    int64_t from, to;
    double unit = unit_ms(run, args->at[2]);
    Taken taken = unit > 0 ? take_time(run, args->at[0], &from) : TAKEN_NOT;
    if (taken == TAKEN)
        taken = take_time(run, args->at[1], &to);
    return taken == TAKEN ? expression_number(run, (double)(to - from) / unit) : nothing(taken);
}

static json_t *body_weekday(ExpressionRun *run, const Args *args)
{
    int64_t time_ms;
    Taken taken = take_time(run, args->at[0], &time_ms);
    if (taken != TAKEN)
        return nothing(taken);
    int64_t days =
        (time_ms - (time_ms < 0 ? 86399999 : 0)) / 86400000; /* 1970 began on a Thursday */
    return expression_keep(run, json_integer(((days + 3) % 7 + 7) % 7 + 1));
}
