/* rtf.c - Rich Text Format documents. */
#include "extract/extractor.h"
#include "extract/word/rtf_text.h"

static int rtf_sniff(Str bytes) { return rtf_is_text(bytes) ? 95 : 0; }

static bool rtf_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    if (!rtf_holds_html(source->bytes)) {
        rtf_write(source->bytes, doc);
        return true;
    }
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    ExtractSource inner = *source;
    inner.bytes = rtf_html(arena, source->bytes);
    return extractor_named(S("html"))->extract(&inner, doc, err);
}

const Extractor extractor_rtf = {
    .name = "rtf",
    .title = "Rich Text Format",
    .extensions = LIST("rtf"),
    .media_types = LIST("application/rtf", "text/rtf"),
    .sniff = rtf_sniff,
    .extract = rtf_extract,
};
