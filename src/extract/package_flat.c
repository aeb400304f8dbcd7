/* package_flat.c - see package_flat.h. */
#include "extract/package_flat.h"

#include "extract/encoding.h"
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

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static Str from_base64(Arena *arena, Str text)
{
    Buf out = buf_new(arena, text.length);
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < text.length; i++) {
        int digit = base64_digit(text.at[i]);
        if (digit < 0)
            continue;
        bits = bits << 6 | (uint32_t)digit;
        if (++count % 4 == 0) {
            buf_add_char(&out, (char)(bits >> 16));
            buf_add_char(&out, (char)(bits >> 8));
            buf_add_char(&out, (char)bits);
        }
    }
    if (count % 4 == 2)
        buf_add_char(&out, (char)(bits >> 4));
    if (count % 4 == 3) {
        buf_add_char(&out, (char)(bits >> 10));
        buf_add_char(&out, (char)(bits >> 2));
    }
    return buf_str(&out);
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
            part.data = is_binary ? from_base64(arena, inner) : inner;
            part.size = part.packed = part.data.length;
            *vec_push(arena, &package->parts) = part;
        }
    }
}
