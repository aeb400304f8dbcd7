/* docx_math.c - see docx_math.h. */
#include "extract/word/docx_math.h"

#include "extract/math_text.h"

static const struct {
    const char *name;
    char kind;
} elements[] = { { "num", 'a' }, { "den", 'b' },  { "sup", '^' }, { "sub", '_' },
                 { "lim", '_' }, { "deg", 'g' },  { "e", 'e' },   { "rad", 'r' },
                 { "d", 'd' },   { "nary", 'n' }, { "mr", 'm' },  { "eqArr", 'q' } };

static char kind_of(Str name)
{
    for (size_t i = 0; i < COUNT(elements); i++)
        if (str_is(name, elements[i].name))
            return elements[i].kind;
    return 0;
}

static void copy_char(char out[8], Str value)
{
    if (value.length < 8)
        snprintf(out, 8, STR_FMT, STR_ARG(value));
}

/* Properties come first: brackets of <d>, the operator of <nary>. */
static void read_property(DocxMath *math, const XmlElement *element)
{
    if (!math->depth)
        return;
    char kind = math->at[math->depth - 1].kind;
    Str value = xml_attribute(element, "val");
    if (kind == 'd' && str_is(element->name, "begChr"))
        copy_char(math->at[math->depth - 1].open, value);
    else if (kind == 'd' && str_is(element->name, "endChr"))
        copy_char(math->at[math->depth - 1].close, value);
    else if (kind == 'n' && str_is(element->name, "chr"))
        copy_char(math->at[math->depth - 1].open, value);
}

static void begin_part(DocxMath *math, Buf *out)
{
    if (!math->depth)
        return;
    int part = math->at[math->depth - 1].parts++;
    switch (math->at[math->depth - 1].kind) {
    case 'r': buf_add(out, S("\xE2\x88\x9A")); break;
    case 'd': buf_add(out, part ? S("|") : str(math->at[math->depth - 1].open)); break;
    case 'm': buf_add(out, part ? S(", ") : S("")); break;
    case 'q': buf_add(out, part ? S("; ") : S("")); break;
    default: break;
    }
}

void docx_math_start(DocxMath *math, const XmlElement *element, Buf *out)
{
    char kind = kind_of(element->name);
    if (!kind) {
        read_property(math, element);
        return;
    }
    if (math->depth >= MATH_DEPTH_MAX) {
        math->too_deep++;
        return;
    }
    if (kind == 'e')
        begin_part(math, out);
    else if (kind == 'b')
        buf_add_char(out, '/');
    else if (kind == '^' || kind == '_')
        buf_add_char(out, kind);
    math->at[math->depth].kind = kind;
    math->at[math->depth].start = out->length;
    math->at[math->depth].parts = 0;
    copy_char(math->at[math->depth].open, kind == 'n' ? S("\xE2\x88\xAB") : S("("));
    copy_char(math->at[math->depth].close, S(")"));
    math->depth++;
}

void docx_math_end(DocxMath *math, Str name, Buf *out)
{
    if (str_is(name, "naryPr") && math->depth && math->at[math->depth - 1].kind == 'n')
        buf_add(out, str(math->at[math->depth - 1].open));
    char kind = kind_of(name);
    if (!kind)
        return;
    if (math->too_deep) {
        math->too_deep--;
        return;
    }
    if (!math->depth)
        return;
    math->depth--;
    size_t start = MIN(math->at[math->depth].start, out->length);
    char parent = math->depth ? math->at[math->depth - 1].kind : 0;
    bool is_script = kind == '^' || kind == '_';
    if (is_script && start == out->length && start > 0)
        out->length--; /* nothing above or below */
    else if (is_script || kind == 'a' || kind == 'b' || (kind == 'e' && parent == 'r'))
        math_bracket(out, start);
    else if (kind == 'd')
        buf_add(out, str(math->at[math->depth].close));
    else if (kind == 'm')
        buf_add(out, S("; "));
}
