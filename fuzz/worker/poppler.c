/* poppler.c - PDF files through Poppler, and pages of any content in a sound file: its text comes
 * in orders and with boxes that no real page has. */
#include "fuzz/worker/worker_part.h"

static const char head[] = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
                           "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
                           "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R"
                           "/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
                           ">>>>endobj\n4 0 obj<</Length ";

static void part_content(const ExtractSource *source, DocWriter *doc, Arena *arena)
{
    Buf pdf = buf_new(arena, MB(1));
    buf_add(&pdf, str(head));
    buf_addf(&pdf, "%zu>>stream\nBT /F 9 Tf ", source->bytes.length + 12);
    buf_add(&pdf, source->bytes);
    buf_add(&pdf, S("\nendstream endobj\ntrailer<</Root 1 0 R>>\n"));
    ExtractSource whole = { .bytes = buf_str(&pdf) };
    part_whole(&whole, doc, arena);
}

const WorkerPart worker_parts[] = {
    { "poppler_file", "pdf", part_whole },
    { "poppler_pages", "pdf", part_pages },
    { "poppler_content", "", part_content },
    { 0 },
};
