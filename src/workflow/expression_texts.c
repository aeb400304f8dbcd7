/* expression_texts.c - functions of any value, and of texts. */
#include "workflow/expression_int.h"

#include "base/pattern.h"
#include "base/utf8.h"

#include <math.h>

/* --- Any value --- */

json_t *function_length(ExpressionRun *run, const Args *args)
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

json_t *function_text(ExpressionRun *run, const Args *args)
{
    if (json_is_null(args->at[0]) || json_is_string(args->at[0]))
        return args->at[0];
    Str text = json_print(run->arena, args->at[0]);
    return expression_spend(run, text.length) ? expression_text(run, text) : NULL;
}

json_t *function_number(ExpressionRun *run, const Args *args)
{
    Str text;
    int64_t whole;
    double number;
    if (json_is_number(args->at[0]))
        return args->at[0];
    Taken taken = expression_take_text(run, args->at[0], &text);
    if (taken != TAKEN)
        return expression_nothing(taken);
    text = str_trim(text);
    if (str_to_int(text, INT64_MIN, INT64_MAX, &whole))
        return expression_keep(run, json_integer(whole));
    return str_to_double(text, &number) && isfinite(number) ? expression_number(run, number)
                                                            : json_null();
}

json_t *function_kind(ExpressionRun *run, const Args *args)
{
    return expression_text(run, str(expression_kind(args->at[0])));
}

/* --- Texts --- */

json_t *function_lower(ExpressionRun *run, const Args *args)
{
    Str text;
    Taken taken = expression_take_text(run, args->at[0], &text);
    return taken == TAKEN ? expression_text(run, utf8_fold(run->arena, text))
                          : expression_nothing(taken);
}

json_t *function_trim(ExpressionRun *run, const Args *args)
{
    Str text;
    Taken taken = expression_take_text(run, args->at[0], &text);
    return taken == TAKEN ? expression_text(run, str_trim(text)) : expression_nothing(taken);
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
    Taken taken = expression_take_texts(run, args, 2, texts);
    if (taken != TAKEN)
        return expression_nothing(taken);
    Str text = utf8_fold(run->arena, texts[0]), part = utf8_fold(run->arena, texts[1]);
    return expression_flag(where == '^'   ? str_starts(text, part)
                           : where == '$' ? str_ends(text, part)
                                          : str_find(text, part) >= 0);
}

json_t *function_contains(ExpressionRun *run, const Args *args)
{
    return json_is_array(args->at[0]) ? list_contains(run, args->at[0], args->at[1])
                                      : has_part(run, args, '*');
}

json_t *function_starts_with(ExpressionRun *run, const Args *args)
{
    return has_part(run, args, '^');
}

json_t *function_ends_with(ExpressionRun *run, const Args *args)
{
    return has_part(run, args, '$');
}

json_t *function_matches(ExpressionRun *run, const Args *args)
{
    Str texts[2];
    Taken taken = expression_take_texts(run, args, 2, texts);
    AUTO_PATTERN Pattern *pattern = NULL;
    Error why;
    if (taken != TAKEN)
        return expression_nothing(taken);
    if (!pattern_new(texts[1], &pattern, &why))
        return expression_fail(run, "%s", why.message);
    return expression_flag(pattern_matches(pattern, texts[0]));
}

json_t *function_replace(ExpressionRun *run, const Args *args)
{
    Str texts[3];
    Taken taken = expression_take_texts(run, args, 3, texts);
    if (taken != TAKEN)
        return expression_nothing(taken);
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

json_t *function_split(ExpressionRun *run, const Args *args)
{
    Str texts[2];
    Taken taken = expression_take_texts(run, args, 2, texts);
    if (taken != TAKEN)
        return expression_nothing(taken);
    if (!texts[1].length)
        return expression_fail(run, "the separator is empty");
    json_t *list = expression_list_new(run);
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

json_t *function_join(ExpressionRun *run, const Args *args)
{
    Str separator;
    Taken taken = expression_take_list(run, args->at[0]);
    if (taken == TAKEN)
        taken = expression_take_text(run, args->at[1], &separator);
    if (taken != TAKEN)
        return expression_nothing(taken);
    Buf out = buf_new(run->arena, EXPRESSION_TEXT_MAX + 1);
    for (size_t i = 0; i < json_array_size(args->at[0]); i++) {
        Args item = { { json_array_get(args->at[0], i) }, 1 };
        json_t *text = function_text(run, &item);
        if (!text || !expression_spend(run, json_string_length(text) + separator.length))
            return NULL;
        if (i)
            buf_add(&out, separator);
        buf_add(&out, expression_str(text)); /* of null: nothing */
    }
    return expression_text(run, buf_str(&out));
}
