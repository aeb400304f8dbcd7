/* template.c - see template.h. */
#include "workflow/template.h"

typedef struct Piece {
    Str text; /* as it is; or an expression */
    bool is_expression;
} Piece;

/* Where the "}}" stands that ends the expression which begins at `at`: not one in quotes, nor that
 * of an object in it. The end of the text when there is none. */
static size_t closing(Str text, size_t at)
{
    int depth = 0;
    for (; at < text.length; at++) {
        char c = text.at[at];
        if (c == '"' || c == '\'')
            for (at++; at < text.length && text.at[at] != c;)
                at += text.at[at] == '\\' ? 2 : 1;
        else if (c == '}' && depth == 0 && at + 1 < text.length && text.at[at + 1] == '}')
            return at;
        else
            depth += (c == '{') - (c == '}');
    }
    return text.length;
}

/* The next piece of *rest, which is not empty; fails on an expression without an end. */
static bool next_piece(Str *rest, Piece *piece_r, Error *err)
{
    ptrdiff_t start = str_find(*rest, S("{{"));
    if (start != 0) {
        size_t end = start < 0 ? rest->length : (size_t)start;
        *piece_r = (Piece){ str_slice(*rest, 0, end), false };
        *rest = str_from(*rest, end);
        return true;
    }
    size_t end = closing(*rest, 2);
    if (end == rest->length)
        return fail(err, ERROR_INVALID, "{{ without }}");
    *piece_r = (Piece){ str_slice(*rest, 2, end), true };
    *rest = str_from(*rest, end + 2);
    return true;
}

static Str text_of(const json_t *text)
{
    return (Str){ json_string_value(text), json_string_length(text) };
}

/* --- Checking --- */

typedef struct Check {
    Arena *arena;
    TemplateVisitor *visit;
    void *argument;
    Error *err;
} Check;

static bool check_text(Check *check, Str text, Str path)
{
    Piece piece;
    while (text.length) {
        const Expression *expression;
        if (!next_piece(&text, &piece, check->err))
            return fail_in(check->err, STR_FMT, STR_ARG(path));
        if (!piece.is_expression)
            continue;
        if (!expression_compile(check->arena, piece.text, &expression, check->err))
            return fail_in(check->err, STR_FMT, STR_ARG(path));
        if (check->visit && !check->visit(check->argument, path, expression, check->err))
            return false;
    }
    return true;
}

static bool check_value(Check *check, const json_t *value, Str path, int depth)
{
    size_t i;
    const char *name;
    json_t *part, *all = (json_t *)(uintptr_t)value;
    if (depth > TEMPLATE_DEPTH_MAX)
        return fail(check->err, ERROR_INVALID, STR_FMT ": nested more than %d deep", STR_ARG(path),
                    TEMPLATE_DEPTH_MAX);
    if (json_is_string(value))
        return check_text(check, text_of(value), path);
    json_array_foreach(value, i, part)
    {
        if (!check_value(check, part, str_format(check->arena, STR_FMT "[%zu]", STR_ARG(path), i),
                         depth + 1))
            return false;
    }
    json_object_foreach(all, name, part)
    {
        if (!check_value(check, part, str_format(check->arena, STR_FMT ".%s", STR_ARG(path), name),
                         depth + 1))
            return false;
    }
    return true;
}

bool template_check(Arena *arena, const json_t *value, Str path, TemplateVisitor *visit,
                    void *argument, Error *err)
{
    Check check = { arena, visit, argument, err };
    return check_value(&check, value, path, 0);
}

/* --- Filling --- */

typedef struct Filling {
    Arena *arena;
    const json_t *names;
    int64_t now_ms;
    size_t bytes; /* of texts so far */
    Error *err;
} Filling;

static bool value_of(Filling *filling, Str text, json_t **value_r)
{
    const Expression *expression;
    return expression_compile(filling->arena, text, &expression, filling->err) &&
           expression_value(expression, filling->names, filling->now_ms, value_r, filling->err);
}

static void add_value(Filling *filling, Buf *out, const json_t *value)
{
    if (json_is_string(value))
        buf_add(out, text_of(value));
    else if (!json_is_null(value))
        buf_add(out, json_print(filling->arena, value));
}

static json_t *fill_text(Filling *filling, Str text)
{
    Buf out = buf_new(filling->arena, TEMPLATE_BYTES_MAX);
    Piece piece;
    bool is_first = true;
    while (text.length) {
        json_t *value = NULL;
        if (!next_piece(&text, &piece, filling->err))
            return NULL;
        if (!piece.is_expression) {
            buf_add(&out, piece.text);
        } else {
            if (!value_of(filling, piece.text, &value))
                return NULL;
            if (is_first && !text.length)
                return value;
            add_value(filling, &out, value);
            json_decref(value);
        }
        is_first = false;
    }
    filling->bytes += out.length;
    if (out.overflowed || filling->bytes > TEMPLATE_BYTES_MAX) {
        (void)fail(filling->err, ERROR_TOO_LARGE, "what is filled in has more than %zu bytes",
                   TEMPLATE_BYTES_MAX);
        return NULL;
    }
    return json_stringn_nocheck(out.at ? out.at : "", out.length);
}

static json_t *fill_value(Filling *filling, const json_t *value, int depth);

static json_t *fill_list(Filling *filling, const json_t *list, int depth)
{
    AUTO_JSON json_t *made = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *part = fill_value(filling, json_array_get(list, i), depth + 1);
        if (!part)
            return NULL;
        json_array_append_new(made, part);
    }
    return json_incref(made);
}

static json_t *fill_object(Filling *filling, const json_t *object, int depth)
{
    AUTO_JSON json_t *made = json_object();
    const char *name;
    json_t *part, *filled;
    json_object_foreach((json_t *)(uintptr_t)object, name, part)
    {
        if (!(filled = fill_value(filling, part, depth + 1))) {
            (void)fail_in(filling->err, "%s", name);
            return NULL;
        }
        json_object_set_new_nocheck(made, name, filled);
    }
    return json_incref(made);
}

/* A new reference, or NULL after a failure. */
static json_t *fill_value(Filling *filling, const json_t *value, int depth)
{
    if (depth > TEMPLATE_DEPTH_MAX) {
        (void)fail(filling->err, ERROR_INVALID, "nested more than %d deep", TEMPLATE_DEPTH_MAX);
        return NULL;
    }
    if (json_is_string(value))
        return fill_text(filling, text_of(value));
    if (json_is_array(value))
        return fill_list(filling, value, depth);
    if (json_is_object(value))
        return fill_object(filling, value, depth);
    return json_incref((json_t *)(uintptr_t)value);
}

bool template_fill(const json_t *value, const json_t *names, int64_t now_ms, json_t **filled_r,
                   Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Filling filling = { .arena = arena, .names = names, .now_ms = now_ms, .err = err };
    json_t *filled = fill_value(&filling, value, 0);
    if (!filled)
        return false;
    *filled_r = filled;
    return true;
}
