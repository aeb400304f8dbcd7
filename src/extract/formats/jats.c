/* jats.c - articles of journals: JATS and its forerunner, the NLM tag set (ANSI/NISO Z39.96). */
#include "extract/formats/markup.h"
#include "extract/formats/structured.h"

static const StructuredElement elements[] = {
#define ELEMENT(name, role, key) { name, ROLE_##role, key },
#include "extract/formats/jats_elements.def"
#undef ELEMENT
};

static bool jats_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    return structured_extract(elements, COUNT(elements), source, doc, err);
}

static int jats_sniff(Str bytes)
{
    static const char *const roots[] = { "article", "book", "book-part-wrapper", NULL };
    static const char *const marks[] = { "JATS",          "//NLM//DTD",    "<article-meta",
                                         "<journal-meta", "article-type=", "<book-meta" };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str head;
    if (!markup_root_is(arena, bytes, roots, &head))
        return 0;
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_find(head, str(marks[i])) >= 0)
            return 90;
    return 0;
}

const Extractor extractor_jats = {
    .name = "jats",
    .title = "Journal article (JATS)",
    .extensions = LIST("jats", "nxml", "xml"),
    .media_types = LIST("application/jats+xml"),
    .sniff = jats_sniff,
    .extract = jats_extract,
};
