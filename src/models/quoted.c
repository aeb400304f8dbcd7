/* quoted.c - see quoted.h. */
#include "models/quoted.h"

void quoted_add(Buf *out, Str text)
{
    for (size_t i = 0; i < text.length; i++)
        buf_add_char(out, text.at[i] == '<' ? '(' : text.at[i] == '>' ? ')' : text.at[i]);
}

/* A quote would end the attribute. */
static void add_attribute(Buf *out, const char *name, Str value)
{
    buf_addf(out, " %s=\"", name);
    for (size_t i = 0; i < value.length; i++)
        quoted_add(out, value.at[i] == '"' ? S("'") : (Str){ value.at + i, 1 });
    buf_add_char(out, '"');
}

void quoted_passage(Buf *out, size_t number, Str document, Str place, Str text)
{
    buf_addf(out, "<passage number=\"%zu\"", number);
    add_attribute(out, "document", document);
    add_attribute(out, "place", place);
    buf_add(out, S(">\n"));
    quoted_add(out, text);
    buf_add(out, S("\n</passage>\n\n"));
}
