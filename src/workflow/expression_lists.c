/* expression_lists.c - functions of lists and objects. */
#include "workflow/expression_int.h"

#include "base/utf8.h"

#include <math.h>

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
    json_t *made = expression_list_new(run);
    for (size_t i = from; i < to; i++)
        json_array_append(made, json_array_get(list, i));
    return made;
}

json_t *function_slice(ExpressionRun *run, const Args *args)
{
    double from, to = INFINITY;
    bool is_list = json_is_array(args->at[0]);
    Str text = STR_NONE;
    Taken taken = is_list ? expression_take_list(run, args->at[0])
                          : expression_take_text(run, args->at[0], &text);
    if (taken == TAKEN)
        taken = expression_take_number(run, args->at[1], &from);
    if (taken == TAKEN && args->count > 2)
        taken = expression_take_number(run, args->at[2], &to);
    if (taken != TAKEN)
        return expression_nothing(taken);
    size_t all = is_list ? json_array_size(args->at[0]) : utf8_count(text);
    size_t start = place_in(from, all), end = place_in(to, all);
    if (is_list)
        return slice_list(run, args->at[0], start, end);
    return expression_text(
        run, str_slice(text, character_at(text, start), character_at(text, MAX(start, end))));
}

static json_t *item_or_null(ExpressionRun *run, const json_t *list, bool is_last)
{
    Taken taken = expression_take_list(run, list);
    size_t count = json_array_size(list);
    if (taken != TAKEN)
        return expression_nothing(taken);
    return count ? json_array_get(list, is_last ? count - 1 : 0) : json_null();
}

json_t *function_first(ExpressionRun *run, const Args *args)
{
    return item_or_null(run, args->at[0], false);
}

json_t *function_last(ExpressionRun *run, const Args *args)
{
    return item_or_null(run, args->at[0], true);
}

json_t *function_sum(ExpressionRun *run, const Args *args)
{
    Taken taken = expression_take_list(run, args->at[0]);
    double sum = 0, number;
    if (taken != TAKEN)
        return expression_nothing(taken);
    for (size_t i = 0; i < json_array_size(args->at[0]); i++) {
        taken = expression_take_number(run, json_array_get(args->at[0], i), &number);
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
        Taken taken = expression_take_number(run, value, &number);
        if (taken == TAKEN_NOT)
            return NULL;
        if (taken == TAKEN && (json_is_null(best) || sign * number > sign * best_number)) {
            best = value;
            best_number = number;
        }
    }
    return best;
}

json_t *function_min(ExpressionRun *run, const Args *args) { return extreme(run, args, -1); }

json_t *function_max(ExpressionRun *run, const Args *args) { return extreme(run, args, 1); }

static json_t *member_named(const json_t *object, Str name)
{
    json_t *found = json_object_getn(object, name.at, name.length);
    return found ? found : json_null();
}

/* Members `name` of the items; with `wanted`, the items whose member is equal to it. */
static json_t *of_items(ExpressionRun *run, const Args *args, const json_t *wanted)
{
    Str name;
    Taken taken = expression_take_list(run, args->at[0]);
    if (taken == TAKEN)
        taken = expression_take_text(run, args->at[1], &name);
    if (taken != TAKEN)
        return expression_nothing(taken);
    json_t *made = expression_list_new(run);
    for (size_t i = 0; i < json_array_size(args->at[0]); i++) {
        json_t *item = json_array_get(args->at[0], i), *member = member_named(item, name);
        if (!wanted)
            json_array_append(made, member);
        else if (expression_equal(member, wanted))
            json_array_append(made, item);
    }
    return made;
}

json_t *function_pluck(ExpressionRun *run, const Args *args) { return of_items(run, args, NULL); }

json_t *function_where(ExpressionRun *run, const Args *args)
{
    return of_items(run, args, args->at[2]);
}

json_t *function_unique(ExpressionRun *run, const Args *args)
{
    Taken taken = expression_take_list(run, args->at[0]);
    if (taken != TAKEN)
        return expression_nothing(taken);
    json_t *made = expression_list_new(run);
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

json_t *function_keys(ExpressionRun *run, const Args *args)
{
    const char *name;
    json_t *value;
    if (json_is_null(args->at[0]))
        return args->at[0];
    if (!take_object(run, args->at[0]))
        return NULL;
    json_t *made = expression_list_new(run);
    json_object_foreach(args->at[0], name, value)
        json_array_append_new(made, json_string_nocheck(name));
    return made;
}

json_t *function_merge(ExpressionRun *run, const Args *args)
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
