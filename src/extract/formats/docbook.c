/* docbook.c - DocBook: articles, books and manual pages (docbook.org, versions 4 and 5). */
#include "extract/formats/markup.h"
#include "extract/formats/structured.h"

static const StructuredElement elements[] = {
#define ELEMENT(name, role, key) { name, ROLE_##role, key },
#include "extract/formats/docbook_elements.def"
#undef ELEMENT
};

static bool docbook_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    return structured_extract(elements, COUNT(elements), source, doc, err);
}

/* Sure with the namespace or the public name; a root that nothing else has is enough. */
static int docbook_sniff(Str bytes)
{
    static const char *const roots[] = { "article",  "book",     "chapter", "section",
                                         "sect1",    "part",     "preface", "appendix",
                                         "refentry", "glossary", "set",     NULL };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str head;
    if (!markup_root_is(arena, bytes, roots, &head))
        return 0;
    if (str_find(head, S("docbook.org/ns/docbook")) >= 0 || str_find(head, S("//DTD DocBook")) >= 0)
        return 90;
    return str_find(head, S("<para>")) >= 0 || str_find(head, S("<articleinfo")) >= 0 ||
                   str_find(head, S("<bookinfo")) >= 0
               ? 70
               : 0;
}

const Extractor extractor_docbook = {
    .name = "docbook",
    .title = "DocBook",
    .extensions = LIST("dbk", "docbook", "xml"),
    .media_types = LIST("application/docbook+xml"),
    .sniff = docbook_sniff,
    .extract = docbook_extract,
};
