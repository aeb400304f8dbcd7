#include "base/json_canonical.h"

#include "base/json_walk.h"

typedef struct Member {
    Str name, value;
    size_t place; /* among those of the object: of one name the last counts */
} Member;

typedef struct Canonical {
    Arena *arena;
    Buf out;
    int depth;
} Canonical;

static bool write_value(Canonical *in, Str value);

static void write_text(Buf *out, Str text)
{
    static const char escaped[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        const char *found = c ? strchr(escaped, c) : NULL;
        if (found)
            buf_addf(out, "\\%c", letters[found - escaped]);
        else if ((unsigned char)c < 0x20)
            buf_addf(out, "\\u%04x", (unsigned)c);
        else
            buf_add_char(out, c);
    }
    buf_add_char(out, '"');
}

static int by_name(const void *a, const void *b)
{
    const Member *left = a, *right = b;
    int order = str_compare(left->name, right->name);
    return order ? order : left->place < right->place ? -1 : 1;
}

static bool write_object(Canonical *in, Str value)
{
    VEC(Member) members = { 0 };
    JsonWalk walk = json_walk_begin(value);
    Str name, inner;
    while (json_walk_next(&walk, &name, &inner)) {
        Member *member = vec_push(in->arena, &members);
        *member = (Member){ .value = inner, .place = members.count };
        Str quoted = { name.at - 1, name.length + 2 };
        if (!json_unquote(in->arena, quoted, &member->name))
            return false;
    }
    if (walk.failed)
        return false;
    if (members.count)
        qsort(members.at, members.count, sizeof(Member), by_name);
    bool is_first = true;
    buf_add_char(&in->out, '{');
    for (size_t i = 0; i < members.count; i++) {
        const Member *member = &members.at[i];
        if (i + 1 < members.count && str_equal(member->name, members.at[i + 1].name))
            continue;
        if (!is_first)
            buf_add_char(&in->out, ',');
        is_first = false;
        write_text(&in->out, member->name);
        buf_add_char(&in->out, ':');
        if (!write_value(in, member->value))
            return false;
    }
    buf_add_char(&in->out, '}');
    return true;
}

static bool write_array(Canonical *in, Str value)
{
    JsonWalk walk = json_walk_begin(value);
    Str name, inner;
    size_t count = 0;
    buf_add_char(&in->out, '[');
    while (json_walk_next(&walk, &name, &inner)) {
        if (count++)
            buf_add_char(&in->out, ',');
        if (!write_value(in, inner))
            return false;
    }
    buf_add_char(&in->out, ']');
    return !walk.failed;
}

static bool write_value(Canonical *in, Str value)
{
    Str text;
    bool ok;
    if (in->out.overflowed || in->depth == JSON_CANONICAL_DEPTH_MAX)
        return false;
    in->depth++;
    if (json_is_text(value)) {
        ok = json_unquote(in->arena, value, &text);
        if (ok)
            write_text(&in->out, text);
    } else if (value.length && value.at[0] == '{') {
        ok = write_object(in, value);
    } else if (value.length && value.at[0] == '[') {
        ok = write_array(in, value);
    } else {
        buf_add(&in->out, value);
        ok = true;
    }
    in->depth--;
    return ok;
}

bool json_canonical(Arena *arena, Str text, size_t max, Str *canonical_r, Error *err)
{
    Canonical in = { .arena = arena, .out = buf_new(arena, max) };
    text = str_trim(text);
    if (!json_walk_is_valid(text) || !write_value(&in, text) || in.out.overflowed)
        return fail(err, ERROR_INVALID, "this is no JSON that has one form");
    *canonical_r = buf_str(&in.out);
    return true;
}
