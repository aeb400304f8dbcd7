/* picture_worker.c - the class of worker that looks at pictures: what a file says about itself,
 * its colours and kind, and the words on it. */
#include "extract/charset/encoding.h"
#include "extract/djvu/djvu_page.h"
#include "extract/metadata.h"
#include "worker/picture/decode.h"
#include "worker/picture/look.h"
#include "worker/picture/ocr_write.h"
#include "worker/picture/prepare.h"
#include "worker/worker.h"

/* LETTERS_MIN: rows of fewer letters are no text in a photograph. */
enum { OCR_SIDE_MIN = 16, LETTERS_MIN = 10, REGULAR_LETTERS_MIN = 8 };

static void preload(void)
{
    encoding_preload();
    page_picture_preload();
    decode_preload();
    ocr_preload();
}

/* Is there something to be read? Photographs are full of marks that look like letters. */
static bool may_have_text(const Look *look, PIX *pix)
{
    const TextMarks *text = &look->text;
    if (pixGetWidth(pix) < OCR_SIDE_MIN || pixGetHeight(pix) < OCR_SIDE_MIN)
        return false;
    if (strcmp(look->kind, "photograph") == 0)
        return text->regular >= REGULAR_LETTERS_MIN ||
               (text->in_rows >= LETTERS_MIN && text->in_rows * 3 >= text->marks);
    return text->marks >= 2;
}

/* Words of an upright picture; the page has begun. */
static bool read_words(Ocr *ocr, Arena *arena, PIX *grey, const Look *look, DocWriter *doc,
                       float scale, Error *err)
{
    OcrPage page;
    bool is_photograph = strcmp(look->kind, "photograph") == 0;
    /* A photographed page has columns like any other. */
    bool is_sparse = is_photograph && look->text.share < 0.15F;
    OcrHints hints = { .letter_height = look->text.height, .is_sparse = is_sparse };
    if (!ocr_read(ocr, arena, grey, &hints, &page, err))
        return false;
    /* A photographed page reads well as a whole; else only what is likely is kept. */
    bool is_doubtful = is_photograph && (is_sparse || page.confidence < 65);
    if (!ocr_write(doc, arena, &page, is_doubtful, scale) && !is_photograph && page.words.count)
        doc_warning(doc, S("no readable text in the picture"));
    return true;
}

/* --- One picture --- */

typedef struct Reading {
    const ExtractSource *source;
    const PictureFile *file;
    PictureFacts facts;
    Arena *arena;
    DocWriter *doc;
    Ocr *ocr;
} Reading;

static bool decode_page(Reading *in, int page, PIX **pix_r, Error *err)
{
    bool is_upright;
    if (!decode_picture(in->file, in->source->bytes, page, pix_r, &is_upright, err))
        return false;
    if (!is_upright)
        *pix_r = decode_upright(*pix_r, in->facts.orientation);
    return true;
}

static void write_look(Reading *in, const Look *look)
{
    doc_meta(in->doc, "colors", look_colors(look, in->arena));
    doc_meta(in->doc, "picture_kind", str(look->kind));
}

/* Its page begins here, so that boxes have a page to be on; a point is a pixel of the upright
 * picture. The program that lacks language data still says what it sees. */
static bool read_page(Reading *in, int page, bool says_look, Error *err)
{
    AUTO_PIX PIX *pix = NULL;
    if (!decode_page(in, page, &pix, err))
        return false;
    doc_page(in->doc, page, false, (float)pixGetWidth(pix), (float)pixGetHeight(pix));
    AUTO_PIX PIX *grey = pixConvertTo8(pix, 0);
    if (!grey)
        return fail(err, ERROR_DAMAGED, "the picture is empty");
    Look look = look_at(in->arena, pix, grey);
    if (strcmp(in->file->extractor->name, "ico") == 0)
        look.kind = "icon";
    if (says_look)
        write_look(in, &look);
    if (!may_have_text(&look, pix) || str_is(in->source->languages, LANGUAGES_NONE))
        return true;
    pixDestroy(&pix);
    if (!in->ocr && !ocr_open(in->source->languages, &in->ocr, err))
        return doc_warning(in->doc, str(err->message));
    return read_words(in->ocr, in->arena, grey, &look, in->doc, 1, err);
}

static bool begin(Reading *in, const ExtractSource *source, DocWriter *doc, Arena *arena,
                  Error *err)
{
    *in = (Reading){ .source = source,
                     .file = picture_file_find(source->bytes),
                     .facts = { .arena = arena },
                     .arena = arena,
                     .doc = doc };
    if (!in->file)
        return fail(err, ERROR_UNSUPPORTED, "it is no picture of a kind that is read");
    if (!in->file->facts(source->bytes, &in->facts))
        return fail(err, ERROR_DAMAGED, "it begins like a %s but is damaged",
                    in->file->extractor->title);
    return true;
}

/* What the file says stays when its pixels cannot be decoded. */
static bool read_pixels(Reading *in, Error *err)
{
    bool has_facts = in->facts.facts.count > 0 || in->facts.width > 0;
    if (in->source->skips_look && str_is(in->source->languages, LANGUAGES_NONE))
        return true;
    if (read_page(in, 1, true, err))
        return true;
    if (!has_facts)
        return false;
    return doc_warning(in->doc,
                       str_format(in->arena, "the picture was not looked at: %s", err->message));
}

static bool picture_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    Reading in;
    if (!begin(&in, source, doc, arena, err))
        return false;
    picture_facts_write(&in.facts, doc);
    for (size_t i = 0; i < in.facts.texts.count; i++)
        doc_paragraph(doc, in.facts.texts.at[i]);
    bool is_many = strcmp(in.file->extractor->name, "tiff") == 0 && in.facts.frames > 1;
    bool ok = true;
    if (is_many)
        doc_meta_whole(doc, "pages", in.facts.frames);
    for (int page = 1; is_many && page <= in.facts.frames && doc_writer_ok(doc); page++) {
        doc_page(doc, page, false, (float)in.facts.width, (float)in.facts.height);
        ok = ok && doc_later(doc, "picture", page);
    }
    ok = ok && (is_many || read_pixels(&in, err));
    ocr_close(in.ocr);
    return ok;
}

/* --- Pages --- */

/* `file` is a PDF's; a DjVu file has none. */
static bool scanned_page(Reading *in, PdfFile *file, int page, Error *err)
{
    AUTO_PIX PIX *pix = NULL;
    float scale, width, height;
    if (!(file ? decode_pdf_page(file, page, &pix, &scale, &width, &height, err)
               : decode_djvu_page(in->source->bytes, page, &pix, &scale, &width, &height, err)))
        return false;
    doc_page(in->doc, page, false, width, height);
    Look look = { .kind = "document", .text = text_marks_find(in->arena, pix) };
    if (!may_have_text(&look, pix))
        return true;
    return (in->ocr || ocr_open(in->source->languages, &in->ocr, err)) &&
           read_words(in->ocr, in->arena, pix, &look, in->doc, 1 / scale, err);
}

static bool read_pages(Reading *in, PdfFile *file, const int *pages, size_t count, Error *err)
{
    for (size_t i = 0; i < count && doc_writer_ok(in->doc); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(512));
        in->arena = arena;
        bool ok = file || djvu_is_file(in->source->bytes) ? scanned_page(in, file, pages[i], err)
                                                          : read_page(in, pages[i], false, err);
        if (!ok)
            return fail_in(err, "page %d", pages[i]);
        doc_progress(in->doc, "ocr", (int64_t)i + 1, (int64_t)count);
    }
    return true;
}

static bool picture_pages(const ExtractSource *source, const int *pages, size_t count,
                          DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    AUTO_PDF PdfFile *file = NULL;
    Reading in = { .source = source, .doc = doc };
    bool is_pdf = str_find(str_slice(source->bytes, 0, KB(1)), S("%PDF-")) >= 0;
    if (is_pdf && !pdf_file_open(source->bytes, source->password, &file, err))
        return false;
    if (!is_pdf && !djvu_is_file(source->bytes) && !begin(&in, source, doc, arena, err))
        return false;
    bool ok = read_pages(&in, file, pages, count, err);
    ocr_close(in.ocr);
    return ok;
}

/* --- Drawing --- */

/* Yellow over the paper, as page_picture.c has it. */
static void tint(PIX *pix, Box box, float scale)
{
    int x0 = MAX(0, (int)(box.x0 * scale) - 1);
    int x1 = MIN(pixGetWidth(pix), (int)(box.x1 * scale) + 2);
    int y0 = MAX(0, (int)(box.y0 * scale)), y1 = MIN(pixGetHeight(pix), (int)(box.y1 * scale) + 1);
    for (int y = y0; y < y1; y++) {
        l_uint32 *line = pixGetData(pix) + (ptrdiff_t)y * pixGetWpl(pix);
        for (int x = x0; x < x1; x++) {
            l_uint32 green = (line[x] >> 16 & 255) * 230 / 255,
                     blue = (line[x] >> 8 & 255) * 90 / 255;
            line[x] = (line[x] & 0xFF000000) | green << 16 | blue << 8;
        }
    }
}

static bool picture_draw(Arena *arena, const PagePictureRequest *request, PagePicture *picture_r,
                         Error *err)
{
    ExtractSource source = { .bytes = request->bytes };
    AUTO_PIX PIX *pix = NULL;
    Reading in;
    l_uint8 *png = NULL;
    size_t length = 0;
    if (!begin(&in, &source, NULL, arena, err) || !decode_page(&in, request->page, &pix, err))
        return false;
    int width = MAX(32, MIN(request->width, PAGE_PICTURE_WIDTH_MAX));
    float scale = MIN(1, (float)width / (float)pixGetWidth(pix));
    AUTO_PIX PIX *small = scale < 1 ? pixScale(pix, scale, scale) : pixClone(pix);
    AUTO_PIX PIX *color = small ? pixConvertTo32(small) : NULL;
    page_picture_mark(arena, request, picture_r);
    for (size_t i = 0; color && i < picture_r->boxes.count; i++)
        tint(color, picture_r->boxes.at[i], scale);
    if (!color || pixWriteMemPng(&png, &length, color, 0) != 0)
        return fail(err, ERROR_TOO_LARGE, "the picture cannot be drawn");
    picture_r->png = str_copy(arena, (Str){ (const char *)png, length });
    picture_r->width = pixGetWidth(color);
    picture_r->height = pixGetHeight(color);
    lept_free(png);
    return true;
}

const WorkerClass worker_class = {
    .name = "picture",
    .preload = preload,
    .extract = picture_extract,
    .pages = picture_pages,
    .picture = picture_draw,
    .prepare = picture_prepare,
};
