/* poppler.c - a second reader of PDF files, for those that MuPDF fails on or reads as garbage.
 *
 * Poppler gives a page's characters with their rectangles, in its order of reading; lines that
 * stand close to each other become a paragraph. */
#include "worker/worker.h"

#include <poppler.h> /* after ours: glib redefines MIN and MAX */

/* A gap of more than this share of a line's height begins a new paragraph. */
#define PARAGRAPH_GAP 0.6
enum { WORDS_MAX = 16000 };

static GLogWriterOutput drop_message(GLogLevelFlags level, const GLogField *fields, gsize count,
                                     gpointer self)
{
    (void)level, (void)fields, (void)count, (void)self;
    return G_LOG_WRITER_HANDLED;
}

/* Poppler loads its types and glib its tables once. */
static void preload(void)
{
    static const char empty[] = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj "
                                "2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
                                "trailer<</Root 1 0 R>>";
    GError *error = NULL;
    /* glib's own writer looks at standard error by calls that end a worker: every warning would. */
    g_log_set_writer_func(drop_message, NULL, NULL);
    GBytes *bytes = g_bytes_new_static(empty, sizeof empty - 1);
    PopplerDocument *document = poppler_document_new_from_bytes(bytes, NULL, &error);
    g_bytes_unref(bytes);
    g_clear_object(&document);
    g_clear_error(&error);
}

static PopplerDocument *open_document(const ExtractSource *source, Error *err)
{
    GError *error = NULL;
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    GBytes *bytes = g_bytes_new_static(source->bytes.at, source->bytes.length);
    char *password = str_c(arena, str_slice(source->password, 0, KB(1)));
    PopplerDocument *document =
        poppler_document_new_from_bytes(bytes, password[0] ? password : NULL, &error);
    g_bytes_unref(bytes);
    if (document)
        return document;
    bool is_encrypted = error && error->code == POPPLER_ERROR_ENCRYPTED;
    fail(err, is_encrypted ? ERROR_ENCRYPTED : ERROR_DAMAGED, "the PDF is %s: %s",
         is_encrypted ? "protected" : "broken", error ? error->message : "no reason given");
    g_clear_error(&error);
    return NULL;
}

/* --- Lines, words, paragraphs --- */

/* A page being read: characters one by one, in Poppler's order. */
typedef struct Reader {
    DocWriter *doc;
    Arena *arena;
    Buf text; /* of the paragraph */
    VEC(WordBox) words;
    PopplerRectangle box;  /* of the paragraph */
    PopplerRectangle line; /* the last one that had text */
    PopplerRectangle now;  /* the line being read */
    bool has_line, in_word;
} Reader;

static void widen(PopplerRectangle *box, const PopplerRectangle *by, bool is_first)
{
    if (is_first) {
        *box = *by;
        return;
    }
    box->x1 = MIN(box->x1, by->x1);
    box->y1 = MIN(box->y1, by->y1);
    box->x2 = MAX(box->x2, by->x2);
    box->y2 = MAX(box->y2, by->y2);
}

static void end_paragraph(Reader *in)
{
    Str text = str_trim(buf_str(&in->text));
    if (text.length) {
        doc_place_box(in->doc, (float)in->box.x1, (float)in->box.y1, (float)in->box.x2,
                      (float)in->box.y2);
        doc_words(in->doc, in->words.at, in->words.count);
        doc_paragraph(in->doc, text);
    }
    arena_reset(in->arena);
    in->text = buf_new(in->arena, MB(4));
    memset(&in->words, 0, sizeof in->words);
    in->in_word = false;
}

/* Whether the line that begins with this character goes on with the paragraph. */
static bool goes_on(const Reader *in, const PopplerRectangle *at)
{
    double height = in->line.y2 - in->line.y1;
    double gap = at->y1 - in->line.y2;
    return in->text.length && gap < height * PARAGRAPH_GAP && gap > -height && at->x1 < in->line.x2;
}

static void add_character(Reader *in, Str character, const PopplerRectangle *at)
{
    bool is_first = !in->has_line;
    if (is_first && in->text.length && !goes_on(in, at))
        end_paragraph(in);
    else if (is_first && in->text.length)
        buf_add_char(&in->text, '\n');
    if (!in->in_word && in->words.count < WORDS_MAX)
        *vec_push(in->arena, &in->words) = (WordBox){ .start = (uint32_t)in->text.length,
                                                      .x0 = (float)at->x1,
                                                      .y0 = (float)at->y1 };
    widen(&in->box, at, in->text.length == 0);
    widen(&in->now, at, is_first);
    buf_add(&in->text, character);
    WordBox *word = &in->words.at[in->words.count - 1];
    word->length = (uint32_t)in->text.length - word->start;
    word->x1 = (float)at->x2;
    word->y1 = (float)at->y2;
    in->has_line = in->in_word = true;
}

static void read_characters(Reader *in, Str text, const PopplerRectangle *boxes, size_t count)
{
    for (size_t at = 0, i = 0, size; at < text.length && i < count; at += size, i++) {
        unsigned char c = (unsigned char)text.at[at];
        size = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        if (c == '\n') {
            in->line = in->has_line ? in->now : in->line;
            in->has_line = in->in_word = false;
        } else if (c == ' ') {
            if (in->has_line)
                buf_add_char(&in->text, ' ');
            in->in_word = false;
        } else {
            add_character(in, str_slice(text, at, at + size), &boxes[i]);
        }
    }
    end_paragraph(in);
}

static bool read_page(PopplerDocument *document, int number, DocWriter *doc)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    PopplerPage *page = poppler_document_get_page(document, number - 1);
    PopplerRectangle *boxes = NULL;
    guint count = 0;
    double width, height;
    if (!page)
        return doc_page(doc, number, false, 0, 0);
    poppler_page_get_size(page, &width, &height);
    char *text = poppler_page_get_text(page);
    Reader in = { .doc = doc, .arena = arena, .text = buf_new(arena, MB(4)) };
    doc_page(doc, number, false, (float)width, (float)height);
    if (text && poppler_page_get_text_layout(page, &boxes, &count))
        read_characters(&in, str(text), boxes, count);
    g_free(boxes);
    g_free(text);
    g_object_unref(page);
    return doc_writer_ok(doc);
}

/* --- The class --- */

static bool pages(const ExtractSource *source, const int *numbers, size_t count, DocWriter *doc,
                  Error *err)
{
    PopplerDocument *document = open_document(source, err);
    if (!document)
        return false;
    for (size_t i = 0; i < count && read_page(document, numbers[i], doc); i++)
        (void)doc_progress(doc, "reading", (int64_t)i + 1, (int64_t)count);
    g_object_unref(document);
    return true;
}

static bool extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    PopplerDocument *document = open_document(source, err);
    if (!document)
        return false;
    int count = MIN(poppler_document_get_n_pages(document), doc_writer_limits(doc)->page_max);
    char *title = poppler_document_get_title(document);
    if (title)
        doc_meta(doc, "title", str(title));
    g_free(title);
    for (int i = 1; i <= count && read_page(document, i, doc); i++)
        (void)doc_progress(doc, "reading", i, count);
    g_object_unref(document);
    return true;
}

const WorkerClass worker_class = {
    .name = "poppler", .preload = preload, .extract = extract, .pages = pages
};
