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

void wire_header(WireRequest *wire, Str name, Str value)
{
    if (wire->header_count < COUNT(wire->headers))
        wire->headers[wire->header_count++] = (HttpPair){ name, value };
}
