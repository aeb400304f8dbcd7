/* picture.c - pictures decoded and looked at, single pages of them and of PDF files drawn, and
 * words of pages that no recognition has seen. */
#include "fuzz/worker/worker_part.h"
#include "worker/picture/decode.h"
#include "worker/picture/ocr_write.h"

static void part_draw(const ExtractSource *source, DocWriter *doc, Arena *arena)
{
    PagePictureRequest request = { .bytes = source->bytes,
                                   .page = 1,
                                   .width = 200,
                                   .quote = S("quoted words"),
                                   .words =
                                       S("1 2 30 40 quoted\n50 2 90 40 words\n-1e9 0 1e9 nan x") };
    PagePicture picture = { 0 };
    Error err = { 0 };
    (void)doc;
    if (!worker_class.picture(arena, &request, &picture, &err) &&
        (err.code == ERROR_NONE || err.message[0] == '\0'))
        abort();
}

static void part_pdf(const ExtractSource *source, DocWriter *doc, Arena *arena)
{
    AUTO_PDF PdfFile *file = NULL;
    AUTO_PIX PIX *pix = NULL;
    float scale, width, height;
    Error err = { 0 };
    (void)doc, (void)arena;
    if ((!pdf_file_open(source->bytes, STR_NONE, &file, &err) ||
         !decode_pdf_page(file, 1, &pix, &scale, &width, &height, &err)) &&
        (err.code == ERROR_NONE || err.message[0] == '\0'))
        abort();
}

/* Eight bytes are a word: where, how large, how sure, what it begins, and its text. */
static void part_words(const ExtractSource *source, DocWriter *doc, Arena *arena)
{
    static const char *const texts[] = { "a", "word", "1,234.50", "|", "\xE4\xB8\xAD", "-", "" };
    Str rest = source->bytes;
    OcrPage page = { .confidence = 80, .known = 0.5F };
    for (; rest.length >= 8; rest = str_from(rest, 8)) {
        const unsigned char *at = (const unsigned char *)rest.at;
        OcrWord word = { .text = str(texts[at[5] % COUNT(texts)]),
                         .confidence = (float)(at[4] % 101),
                         .x0 = (float)(at[0] * 8),
                         .y0 = (float)(at[1] * 8),
                         .is_known = at[6] & 1,
                         .begins_line = at[6] & 2,
                         .begins_paragraph = at[6] & 4 };
        word.x1 = word.x0 + (float)at[2];
        word.y1 = word.y0 + (float)at[3];
        word.left = word.x0 + (float)(at[7] & 7);
        word.right = word.x1 - (float)(at[7] >> 3 & 7);
        word.top = word.y0;
        word.bottom = word.y1;
        *vec_push(arena, &page.words) = word;
    }
    (void)ocr_write(doc, arena, &page, source->bytes.length & 1, 0.24F);
}

const WorkerPart worker_parts[] = {
    { "picture_common", "jpg png gif webp tiff bmp pnm", part_whole },
    { "picture_heif", "heic avif", part_whole },
    { "picture_jxl", "jxl", part_whole },
    { "picture_psd", "psd", part_whole },
    { "picture_other", "ico jp2 tiff", part_whole },
    { "picture_pages", "tiff gif", part_pages },
    { "picture_draw", "jpg png gif webp tiff bmp ico psd", part_draw },
    { "picture_pdf", "pdf", part_pdf },
    { "picture_words", "", part_words },
    { 0 },
};
