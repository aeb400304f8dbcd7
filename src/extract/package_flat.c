/* package_flat.c - see package_flat.h. */
#include "extract/package_flat.h"

#include "base/base64.h"
#include "extract/charset/encoding.h"
#include "extract/formats/markup.h"

enum { PARTS_MAX = 100000, HEAD_BYTES = 4096 };

bool package_is_flat(Str bytes)
{
    if (!bytes.length || !HAS_CHAR(bytes.at[0], "<\xEF\xFE\xFF"))
        return false;
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str head = text_head(arena, bytes, HEAD_BYTES);
    return str_find(head, S("schemas.microsoft.com/office/2006/xmlPackage")) >= 0;
}

void package_read_flat(Package *package)
{
    Arena *arena = package->arena;
    HtmlReader in = markup_reader(arena, package->bytes);
    HtmlToken token;
    Part part = { 0 };
    while (package->parts.count < PARTS_MAX && html_next(&in, &token)) {
        if (token.kind != HTML_START || token.is_empty)
            continue;
        if (str_is(token.name, "part")) {
            Str name = markup_attribute(arena, token.attributes, "name");
            part = (Part){ .name = str_starts(name, S("/")) ? str_from(name, 1) : name };
        } else if (str_is(token.name, "xmldata") || str_is(token.name, "binarydata")) {
            bool is_binary = str_is(token.name, "binarydata");
            Str inner = markup_inner(&in);
            part.data = inner;
            if (is_binary && !base64_decode(arena, inner, &part.data))
                continue; /* the other parts can be read */
            part.size = part.packed = part.data.length;
            *vec_push(arena, &package->parts) = part;
        }
    }
}
