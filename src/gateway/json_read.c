/* json_read.c - see json_read.h. */
#include "gateway/json_read.h"

#include <stdarg.h>

#include "base/utf8.h"
#include "gateway/model.h"

#define TEXTS_MAX 4096

bool name_is_new(NameSet *seen, Str name, Error *err)
{
    for (size_t i = 0; i < seen->count; i++)
        if (str_equal(seen->at[i], name))
            return fail(err, ERROR_INVALID, "the body has the member '" STR_FMT "' twice",
                        STR_ARG(str_slice(name, 0, 60)));
    if (seen->count == NAMES_MAX)
        return fail(err, ERROR_INVALID, "the body has more than %d members", NAMES_MAX);
    seen->at[seen->count++] = name;
    return true;
}

/* Letters are checked here, because a service of the same dialect gets the body as it is. */
bool scan_is_good(const JsonWalk *walk, Str body, Error *err)
{
    if (walk->failed || walk->has_escaped_name || !json_is_object_text(str_trim(body)))
        return fail(err, ERROR_INVALID, "the body must be a valid JSON object");
    return utf8_is_valid(body) || fail(err, ERROR_INVALID, "the body must be valid UTF-8");
}

bool fail_below(Error *err, const char *format, ...)
{
    char where[sizeof err->field], all[2 * sizeof err->field];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(where, sizeof where, format, list);
    va_end(list);
    const char *dot = !err->field[0] || err->field[0] == '[' ? "" : ".";
    (void)snprintf(all, sizeof all, "%s%s%s", where, dot, err->field);
    memcpy(err->field, all, sizeof err->field - 1);
    return false;
}

/* --- One value --- */

static bool read_texts(Arena *arena, Str value, StrList *texts_r, Error *err)
{
    VEC(Str) texts = { 0 };
    JsonWalk walk = json_walk_begin(json_is_list(value) ? value : S("[]"));
    Str ignored, item = value;
    if (!json_is_list(value)) {
        if (!json_unquote(arena, value, vec_push(arena, &texts)))
            return fail_field(err, "", "it must be a text or a list of texts");
    }
    while (json_walk_next(&walk, &ignored, &item))
        if (texts.count == TEXTS_MAX || !json_unquote(arena, item, vec_push(arena, &texts)))
            return fail_field(err, "", "it must be a text or a list of at most %d texts",
                              TEXTS_MAX);
    *texts_r = (StrList){ texts.at, texts.count };
    return true;
}

static bool read_int(Str value, const MemberRule *rule, int64_t *number_r, Error *err)
{
    double real;
    if (str_to_int(value, (int64_t)rule->min, (int64_t)rule->max, number_r))
        return true;
    /* 1e3 and 5.0 are whole numbers too, as some clients write them. */
    if (!json_is_text(value) && str_to_double(value, &real) && real >= rule->min &&
        real <= rule->max && real == (double)(int64_t)real) {
        *number_r = (int64_t)real;
        return true;
    }
    return fail_field(err, "", "it must be a whole number from %.0f to %.0f", rule->min, rule->max);
}

static bool read_number(Str value, const MemberRule *rule, MaybeNumber *number_r, Error *err)
{
    double real;
    bool is_any = rule->min == 0 && rule->max == 0;
    if (json_is_text(value) || !str_to_double(value, &real))
        return fail_field(err, "", "it must be a number");
    if (!is_any && (real < rule->min || real > rule->max))
        return fail_field(err, "", "it must be a number from %g to %g", rule->min, rule->max);
    *number_r = (MaybeNumber){ true, real };
    return true;
}

bool json_is_nothing(Str value)
{
    static const char *const nothing[] = { "null", "false", "[]", "{}", "\"\"", "0" };
    for (size_t i = 0; i < COUNT(nothing); i++)
        if (str_is(value, nothing[i]))
            return true;
    return false;
}

static bool refuse(Str value, Error *err)
{
    return json_is_nothing(value) || fail(err, ERROR_UNSUPPORTED, "it cannot be had here");
}

bool read_member(Arena *arena, Str value, const MemberRule *rule, void *into, Error *err)
{
    void *at = (char *)into + rule->offset;
    bool is_true = str_is(value, "true");
    switch (rule->kind) {
    case MEMBER_TEXT:
        return json_unquote(arena, value, at) || fail_field(err, "", "it must be a text");
    case MEMBER_TEXTS: return read_texts(arena, value, at, err);
    case MEMBER_INT: return read_int(value, rule, at, err);
    case MEMBER_NUMBER: return read_number(value, rule, at, err);
    case MEMBER_FLAG: *(bool *)at = is_true; break;
    case MEMBER_CHOICE: *(Tristate *)at = is_true ? YES : NO; break;
    case MEMBER_JSON: *(Str *)at = value; return true;
    case MEMBER_READ: return rule->read(arena, value, into, err);
    case MEMBER_SKIPPED: return true;
    case MEMBER_REFUSED: return refuse(value, err);
    }
    return is_true || str_is(value, "false") || fail_field(err, "", "it must be true or false");
}

/* --- Objects and lists --- */

static const MemberRule *rule_of(const MemberRule *rules, size_t count, Str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(name, rules[i].name))
            return &rules[i];
    return NULL;
}

bool read_members(Arena *arena, Str object, const MemberRule *rules, size_t count, void *into,
                  Buf *rest, Error *err)
{
    JsonWalk walk = json_walk_begin(object);
    Str name, value;
    if (!json_is_object_text(object))
        return fail_field(err, "", "it must be an object");
    while (json_walk_next(&walk, &name, &value)) {
        const MemberRule *rule = rule_of(rules, count, name);
        if (str_is(value, "null"))
            continue;
        if (rule && !read_member(arena, value, rule, into, err)) {
            (void)fail_below(err, "%s", rule->name);
            return false;
        }
        if (!rule && rest)
            buf_addf(rest, "%s\"" STR_FMT "\":" STR_FMT, rest->length ? "," : "", STR_ARG(name),
                     STR_ARG(value));
    }
    if (walk.failed || walk.has_escaped_name)
        return fail_field(err, "", "it must be valid JSON whose names are written plainly");
    return true;
}

Str members_object(Arena *arena, const Buf *rest)
{
    return rest->length ? str_format(arena, "{" STR_FMT "}", STR_ARG(buf_str(rest))) : S("");
}

bool read_items(Arena *arena, Str list, MemberRead *read, void *into, Error *err)
{
    JsonWalk walk = json_walk_begin(list);
    Str ignored, item;
    if (!json_is_list(list))
        return fail_field(err, "", "it must be a list");
    for (int i = 0; json_walk_next(&walk, &ignored, &item); i++)
        if (!read(arena, item, into, err))
            return fail_below(err, "[%d]", i);
    return !walk.failed || fail_field(err, "", "it must be valid JSON");
}
