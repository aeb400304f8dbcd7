#include "models/prompts.h"

#include "base/hash.h"
#include "base/utf8.h"

#define TEMPLATE_MAX KB(32)
#define FILLED_MAX KB(512)
#define SHARES_MAX KB(8)

bool prompt_read(Arena *arena, const json_t *json, Prompt *prompt, Error *err)
{
    Prompt read = *prompt;
    if (!json_read(json, arena,
                   JSON_FIELDS({ "template", JSON_STR, &read.template, .length_max = TEMPLATE_MAX },
                               { "system", JSON_STR, &read.system, .length_max = TEMPLATE_MAX },
                               { "model", JSON_STR, &read.model, .length_max = 200 },
                               { "temperature", JSON_F64, &read.temperature }),
                   err))
        return false;
    if (!str_trim(read.template).length)
        return fail_field(err, "template", "a prompt needs a template");
    if (read.temperature > 2)
        return fail_field(err, "temperature", "'temperature' is a number from 0 to 2");
    *prompt = read;
    return true;
}

void prompt_put(JsonWriter *json, const Prompt *prompt)
{
    put_text(json, "template", prompt->template);
    put_text(json, "system", prompt->system);
    put_text(json, "model", prompt->model);
    if (prompt->temperature >= 0)
        put_number(json, "temperature", prompt->temperature);
    else
        put_null(json, "temperature");
}

/* --- Variables --- */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool check_braces(Str text, const char *field, Error *err)
{
    for (size_t at = 0; at < text.length;) {
        Str rest = str_from(text, at);
        ptrdiff_t open = str_find(rest, S("{{"));
        if (open < 0)
            return true;
        Str inside = str_from(rest, (size_t)open + 2);
        ptrdiff_t close = str_find(inside, S("}}")), other = str_find(inside, S("{{"));
        if (close < 0 || (other >= 0 && other < close))
            return fail_field(
                err, field, "the {{ at character %zu has no }} behind it: '" STR_FMT "'",
                utf8_count(str_slice(text, 0, at + (size_t)open)) + 1,
                STR_ARG(str_slice(rest, (size_t)open, utf8_floor(rest, (size_t)open + 40))));
        at += (size_t)open + 2 + (size_t)close + 2;
    }
    return true;
}

bool prompt_check(const Prompt *prompt, Error *err)
{
    return check_braces(prompt->template, "template", err) &&
           check_braces(prompt->system, "system", err);
}

/* The next {{name}} from *at on; *at is behind it then. Other braces are text. */
static bool next_variable(Str text, size_t *at, size_t *start_r, Str *name_r)
{
    for (size_t i = *at; i + 4 < text.length; i++) {
        if (text.at[i] != '{' || text.at[i + 1] != '{')
            continue;
        ptrdiff_t length = str_find(str_from(text, i + 2), S("}}"));
        if (length <= 0)
            continue;
        Str name = str_trim(str_slice(text, i + 2, i + 2 + (size_t)length));
        size_t good = 0;
        while (good < name.length && is_name_char(name.at[good]))
            good++;
        if (!name.length || good < name.length)
            continue;
        *start_r = i;
        *name_r = name;
        *at = i + 4 + (size_t)length;
        return true;
    }
    return false;
}

StrList prompt_variables(Arena *arena, const Prompt *prompt)
{
    VEC(Str) names = { 0 };
    const Str texts[] = { prompt->system, prompt->template };
    for (size_t t = 0; t < COUNT(texts); t++) {
        size_t at = 0, start;
        Str name;
        while (next_variable(texts[t], &at, &start, &name)) {
            bool is_known = false;
            for (size_t i = 0; i < names.count; i++)
                is_known |= str_equal(names.at[i], name);
            if (!is_known)
                *vec_push(arena, &names) = name;
        }
    }
    return (StrList){ names.at, names.count };
}

static bool add_value(Arena *arena, Buf *out, const json_t *values, Str name, Error *err)
{
    const json_t *value = json_object_get(values, str_c(arena, name));
    if (json_is_string(value))
        buf_add(out, (Str){ json_string_value(value), json_string_length(value) });
    else if (json_is_number(value) || json_is_boolean(value))
        buf_add(out, json_print(arena, value));
    else
        return fail_field(err, "variables", "the variable '" STR_FMT "' has no value",
                          STR_ARG(str_slice(name, 0, 100)));
    return true;
}

bool prompt_fill(Arena *arena, Str text, const json_t *values, Str *filled_r, Error *err)
{
    Buf out = buf_new(arena, FILLED_MAX);
    size_t at = 0, done = 0, start;
    Str name;
    while (next_variable(text, &at, &start, &name)) {
        buf_add(&out, str_slice(text, done, start));
        if (!add_value(arena, &out, values, name, err))
            return false;
        done = at;
    }
    buf_add(&out, str_from(text, done));
    if (out.overflowed)
        return fail(err, ERROR_TOO_LARGE, "the prompt with its values has more than %zu bytes",
                    FILLED_MAX);
    *filled_r = buf_str(&out);
    return true;
}

/* --- Shares --- */

bool prompt_choose(Arena *arena, Str shares, Str who, int64_t current, int64_t *version_r,
                   Error *err)
{
    AUTO_JSON json_t *json = NULL;
    int64_t place = (int64_t)(str_hash(who) % 100), sum = 0, chosen = current;
    size_t i;
    json_t *one;
    if (!shares.length) {
        *version_r = current;
        return true;
    }
    if (!json_parse(shares, SHARES_MAX, &json, err))
        return false;
    if (!json_is_array(json) || json_array_size(json) > PROMPT_SIDES_MAX)
        return fail_field(err, "shares", "'shares' is a list of at most %d", PROMPT_SIDES_MAX);
    json_array_foreach(json, i, one)
    {
        int64_t version = 0, percent = 0;
        if (!json_read(one, arena,
                       JSON_FIELDS({ "version", JSON_I64, &version, .required = true, .min = 1,
                                     .max = RECIPE_VERSIONS_MAX },
                                   { "percent", JSON_I64, &percent, .required = true, .min = 1,
                                     .max = 100 }),
                       err))
            return false;
        if (place >= sum && place < sum + percent)
            chosen = version;
        sum += percent;
    }
    if (sum > 100)
        return fail_field(err, "shares", "the shares are %" PRId64 " per cent together", sum);
    *version_r = chosen;
    return true;
}
