/* tei.c - texts of the Text Encoding Initiative (TEI P5, tei-c.org). */
#include "extract/formats/markup.h"
#include "extract/formats/structured.h"

static const StructuredElement elements[] = {
#define ELEMENT(name, role, key) { name, ROLE_##role, key },
#include "extract/formats/tei_elements.def"
#undef ELEMENT
};

static bool tei_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    return structured_extract(elements, COUNT(elements), source, doc, err);
}

static int tei_sniff(Str bytes)
{
    static const char *const roots[] = { "tei", "tei.2", "teicorpus", NULL };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    return markup_root_is(arena, bytes, roots, NULL) ? 90 : 0;
}

const Extractor extractor_tei = {
    .name = "tei",
    .title = "TEI text",
    .extensions = LIST("tei", "xml"),
    .media_types = LIST("application/tei+xml"),
    .sniff = tei_sniff,
    .extract = tei_extract,
};
