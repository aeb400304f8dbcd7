/* dialect.c - the list of dialects, and what they share. */
#include "gateway/dialect.h"

static const Dialect *const dialects[] = {
#define DIALECT(name) &dialect_##name,
#include "gateway/dialects.def"
#undef DIALECT
};

const Dialect *dialect_find(Str name)
{
    for (size_t i = 0; i < COUNT(dialects); i++)
        if (str_is(name, dialects[i]->name))
            return dialects[i];
    return NULL;
}

Str dialect_member(const DialectQuirks *quirks, Str name)
{
    Str rest = str(quirks->members), one;
    while (rest.length && str_next(&rest, ' ', &one))
        if (str_starts(one, name) && one.length > name.length && one.at[name.length] == '=')
            return str_from(one, name.length + 1);
    return name;
}

void dialect_authorize(Arena *arena, const DialectTarget *target, WireRequest *wire)
{
    Str rest = str(target->quirks.headers), line, name;
    while (rest.length && str_next(&rest, '\n', &line))
        if (str_next(&line, ':', &name))
            wire_header(wire, name, str_trim(line));
    if (!target->key.length)
        return;
    if (target->quirks.key_header)
        wire_header(wire, str(target->quirks.key_header), target->key);
    else
        wire_header(wire, S("Authorization"),
                    str_format(arena, "Bearer " STR_FMT, STR_ARG(target->key)));
}

void wire_header(WireRequest *wire, Str name, Str value)
{
    if (wire->header_count < COUNT(wire->headers))
        wire->headers[wire->header_count++] = (HttpPair){ name, value };
}

static bool is_header_text(Str text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
            return false;
    return true;
}

void wire_put_header(Buf *out, Str name, Str value)
{
    if (!is_header_text(name) || !is_header_text(value))
        return;
    buf_add(out, name);
    buf_add(out, S(": "));
    buf_add(out, value);
    buf_add(out, S("\r\n"));
}
