/* pdf.c - PDF: metadata, pages with running headers said once, comments, embedded files. */
#include "extract/formats/pdf.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/utf8.h"
#include "extract/extractor.h"
#include "extract/metadata.h"
#include "extract/pdf/pdf_layout.h"
#include "extract/picture/picture_facts.h"
#include "extract/picture/xmp.h"

/* WINDOW: a header or footer is recognised by the next pages, so they are read ahead. */
enum {
    WINDOW = 3,
    SAMPLE_MAX = 12,
    SAMPLE_MS_MAX = 500,
    OUTLINE_MAX = 20000,
    LINKS_MAX = 2000,
    XMP_MAX = 4 << 20
};
/* Pictures of fewer pixels are logos on a page with some text. */
enum { LITTLE_TEXT = 100, PICTURE_PIXELS = 20000, BIG_PICTURE_PIXELS = 400000 };

typedef struct Slot {
    Arena *arena;
    PageText page;
    int number; /* 0: empty */
    bool is_read;
    Error failure;
} Slot;

typedef struct PdfReader {
    DocWriter *doc;
    PdfFile *file;
    Arena *arena;
    PdfStyle style;
    Slot samples[SAMPLE_MAX]; /* pages read for the style, until they are written */
    int sample_count;
    Outline outline;
    size_t outline_at;
    Slot slots[WINDOW];
    Map said;  /* running texts that were written */
    Map links; /* likewise */
    int page_count, empty_count, failed_count, cut_count;
    Error failure; /* of the first page that failed */
} PdfReader;

static int pdf_sniff(Str bytes)
{
    Str head = str_slice(bytes, 0, KB(1));
    if (str_starts(head, S("%PDF-")))
        return 100;
    /* Mail systems and printers put their own lines first. */
    return str_find(head, S("%PDF-")) >= 0 ? 90 : 0;
}

/* --- Metadata --- */

/* "D:20240131120000+01'00'" (ISO 32000-1, 7.9.4) as "2024-01-31T12:00:00+01:00". */
static Str readable_date(Arena *arena, Str date)
{
    if (str_starts(date, S("D:")))
        date = str_from(date, 2);
    size_t digits = 0;
    while (digits < date.length && date.at[digits] >= '0' && date.at[digits] <= '9')
        digits++;
    if (digits < 8)
        return date;
    Buf out = buf_new(arena, 64);
    buf_addf(&out, "%.4s-%.2s-%.2s", date.at, date.at + 4, date.at + 6);
    if (digits < 14)
        return buf_str(&out);
    buf_addf(&out, "T%.2s:%.2s:%.2s", date.at + 8, date.at + 10, date.at + 12);
    Str zone = str_from(date, 14);
    if (zone.length >= 3 && HAS_CHAR(zone.at[0], "+-"))
        buf_addf(&out, "%.3s:%.2s", zone.at, zone.length >= 6 ? zone.at + 4 : "00");
    else if (zone.length && zone.at[0] == 'Z')
        buf_add_char(&out, 'Z');
    return buf_str(&out);
}

/* What the information dictionary says stands before what XMP says: only new facts count there. */
static void write_xmp(PdfReader *reader, const PictureFacts *known)
{
    PictureFacts more = { .arena = reader->arena };
    Str packet = pdf_file_xmp(reader->file, reader->arena, XMP_MAX);
    if (packet.length)
        xmp_read(packet, &more);
    for (size_t i = 0; i < more.facts.count; i++) {
        const PictureFact *fact = &more.facts.at[i];
        bool is_new = !picture_has_fact(known, fact->key);
        for (size_t k = 0; k < known->facts.count && is_new; k++)
            is_new = !str_equal(known->facts.at[k].value, fact->value);
        if (is_new)
            doc_meta(reader->doc, fact->key, fact->value);
    }
}

static void write_meta(PdfReader *reader)
{
    static const struct {
        const char *key, *name;
        bool is_date;
    } keys[] = {
        { "info:Title", "title", false },         { "info:Author", "author", false },
        { "info:Subject", "subject", false },     { "info:Keywords", "keywords", false },
        { "info:Creator", "software", false },    { "info:Producer", "producer", false },
        { "info:CreationDate", "created", true }, { "info:ModDate", "modified", true },
    };
    PictureFacts facts = { .arena = reader->arena };
    PdfFile *file = reader->file;
    for (size_t i = 0; i < COUNT(keys); i++) {
        Str value = str_trim(pdf_file_meta(file, reader->arena, keys[i].key));
        if (keys[i].is_date)
            value = readable_date(reader->arena, value);
        picture_fact(&facts, keys[i].name, value);
    }
    Str name, value;
    for (int i = 0; pdf_file_own_fact(file, reader->arena, &i, &name, &value);)
        picture_fact(&facts, str_c(reader->arena, str_lower(reader->arena, name)), value);
    picture_fact(&facts, "language", pdf_file_language(file, reader->arena));
    picture_fact(&facts, "format_version", pdf_file_version(file, reader->arena));
    Str encryption = pdf_file_meta(file, reader->arena, "encryption");
    if (encryption.length && !str_is(encryption, "None"))
        picture_fact(&facts, "encryption", encryption);
    picture_fact(&facts, "forbidden", pdf_file_forbidden(file, reader->arena));
    picture_facts_write(&facts, reader->doc);
    write_xmp(reader, &facts);
    doc_meta_whole(reader->doc, "pages", pdf_file_page_count(file));
}

static void read_slot(PdfReader *reader, Slot *slot, int number, int ms_max)
{
    if (!slot->arena)
        slot->arena = arena_new(GB(1));
    arena_reset(slot->arena);
    slot->page = (PageText){ 0 };
    slot->number = number;
    slot->is_read =
        pdf_file_page(reader->file, slot->arena, number, ms_max, &slot->page, &slot->failure);
}

/* Pages spread over the file show what its body text looks like. */
static void sample_style(PdfReader *reader)
{
    PageText pages[SAMPLE_MAX];
    int count = MIN(reader->page_count, SAMPLE_MAX), read = 0;
    int64_t deadline_ms = monotonic_ms() + SAMPLE_MS_MAX;
    for (int i = 0; i < count && monotonic_ms() < deadline_ms; i++) {
        Slot *slot = &reader->samples[reader->sample_count++];
        int number = 1 + (int)((int64_t)i * reader->page_count / count);
        read_slot(reader, slot, number, SAMPLE_MS_MAX);
        if (slot->is_read)
            pages[read++] = slot->page;
    }
    reader->style = pdf_style(pages, (size_t)read);
}

/* --- Running headers and footers --- */

static bool is_in_margin(const PageText *page, const TextSpan *span)
{
    return span->box.y1 < 0.12F * page->height || span->box.y0 > 0.88F * page->height;
}

/* The same text but for its numbers, at the same height. */
static bool is_repeated(const TextSpan *a, const TextSpan *b)
{
    size_t i = 0, k = 0;
    float step = a->box.y0 - b->box.y0;
    if (step > 4 || step < -4 || a->text.length > 300)
        return false;
    while (i < a->text.length && k < b->text.length) {
        bool is_number_a = a->text.at[i] >= '0' && a->text.at[i] <= '9';
        bool is_number_b = b->text.at[k] >= '0' && b->text.at[k] <= '9';
        if (is_number_a != is_number_b || (!is_number_a && a->text.at[i] != b->text.at[k]))
            return false;
        do
            i++;
        while (is_number_a && i < a->text.length && a->text.at[i] >= '0' && a->text.at[i] <= '9');
        do
            k++;
        while (is_number_b && k < b->text.length && b->text.at[k] >= '0' && b->text.at[k] <= '9');
    }
    return i == a->text.length && k == b->text.length;
}

static bool is_on_page(const PageText *page, const TextSpan *span)
{
    for (size_t i = 0; i < page->spans.count; i++)
        if (is_in_margin(page, &page->spans.at[i]) && is_repeated(&page->spans.at[i], span))
            return true;
    return false;
}

static Str without_digits(Arena *arena, Str text)
{
    Buf out = buf_new(arena, KB(4));
    for (size_t i = 0; i < text.length; i++)
        buf_add_char(&out, text.at[i] >= '0' && text.at[i] <= '9' ? '#' : text.at[i]);
    return buf_str(&out);
}

/* Marks what the next pages, or earlier ones, have in the same place; writes it the first time. */
static void take_running(PdfReader *reader, Slot *slot)
{
    for (size_t i = 0; i < slot->page.spans.count; i++) {
        TextSpan *span = &slot->page.spans.at[i];
        bool is_new, is_running = false;
        if (!is_in_margin(&slot->page, span) || span->text.length > 300)
            continue;
        Str key = without_digits(slot->arena, span->text);
        is_running = map_find(&reader->said, key) != NULL;
        for (int k = 0; k < WINDOW && !is_running; k++)
            is_running = reader->slots[k].number > slot->number && reader->slots[k].is_read &&
                         is_on_page(&reader->slots[k].page, span);
        if (!is_running)
            continue;
        span->is_running = true;
        map_add(&reader->said, str_copy(reader->arena, key), &is_new);
        if (is_new) {
            doc_place_box(reader->doc, span->box.x0, span->box.y0, span->box.x1, span->box.y1);
            doc_header(reader->doc, span->text);
        }
    }
}

/* --- Pages --- */

static void load_page(PdfReader *reader, int number)
{
    Slot *slot = &reader->slots[number % WINDOW];
    if (slot->number == number || number > reader->page_count)
        return;
    for (int i = 0; i < reader->sample_count; i++) {
        Slot *sample = &reader->samples[i];
        if (sample->number == number && sample->is_read && !sample->page.was_cut) {
            Slot kept = *slot;
            *slot = *sample;
            *sample = kept;
            sample->number = 0;
            return;
        }
    }
    read_slot(reader, slot, number, PDF_PAGE_MS_MAX);
}

static void write_notes(PdfReader *reader, const PageText *page)
{
    for (size_t i = 0; i < page->notes.count; i++) {
        const PageNote *note = &page->notes.at[i];
        bool is_new = true;
        if (strcmp(note->label, "link") == 0) {
            if (reader->links.count >= LINKS_MAX)
                continue;
            map_add(&reader->links, str_copy(reader->arena, note->text), &is_new);
        }
        doc_place_box(reader->doc, note->box.x0, note->box.y0, note->box.x1, note->box.y1);
        if (strcmp(note->label, "image") == 0)
            doc_image(reader->doc, note->text);
        else if (is_new)
            doc_note(reader->doc, note->label, note->text);
    }
}

/* --- The outline --- */

/* Letters and digits in lower case: what is the same however it is broken into lines. */
static void add_squeezed(Arena *arena, Buf *out, Str text)
{
    text = utf8_fold(arena, text);
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            buf_add_char(out, text.at[i]);
    }
}

/* Entries whose words the page does not show are said all the same. */
static void write_bookmarks(PdfReader *reader, const Slot *slot, const OutlineItem *items,
                            size_t count)
{
    Buf page = buf_new(slot->arena, MB(64));
    for (size_t i = 0; i < slot->page.spans.count && count > 0; i++)
        add_squeezed(slot->arena, &page, slot->page.spans.at[i].text);
    for (size_t i = 0; i < count; i++) {
        Buf title = buf_new(slot->arena, MB(1));
        add_squeezed(slot->arena, &title, items[i].title);
        if (title.length && str_find(buf_str(&page), buf_str(&title)) < 0) {
            doc_place(reader->doc, &(Place){ .page = slot->number });
            doc_note(reader->doc, "bookmark", items[i].title);
        }
    }
}

/* Of the characters that were read, too many are none. */
static bool is_garbled(const PageText *page)
{
    return page->odd_count >= 20 && page->odd_count * 10 >= page->char_count * 3;
}

/* A scan, or a picture with a caption: its words are for another reader. */
static bool is_picture(const PageText *page)
{
    size_t known = page->char_count - page->odd_count;
    if (known >= LITTLE_TEXT && page->hidden_count * 10 >= known * 9)
        return false; /* it was recognised before, all of it */
    int64_t pixels_min = known < LITTLE_TEXT ? PICTURE_PIXELS : BIG_PICTURE_PIXELS;
    return page->picture_pixels >= pixels_min;
}

static bool write_page(PdfReader *reader, int number)
{
    Slot *slot = &reader->slots[number % WINDOW];
    size_t first = reader->outline_at;
    if (!doc_page(reader->doc, number, false, slot->page.width, slot->page.height))
        return false;
    if (!slot->is_read) {
        if (reader->failed_count++ == 0)
            reader->failure = slot->failure;
        return !pdf_file_is_pdf(reader->file) || doc_later(reader->doc, "poppler", number);
    }
    if (is_picture(&slot->page))
        doc_later(reader->doc, "picture", number);
    else if (is_garbled(&slot->page) && pdf_file_is_pdf(reader->file))
        doc_later(reader->doc, "poppler", number);
    while (first < reader->outline.count && reader->outline.at[first].page < number)
        first++;
    size_t end = first;
    while (end < reader->outline.count && reader->outline.at[end].page == number)
        end++;
    reader->outline_at = first;
    reader->empty_count += slot->page.spans.count == 0 && !is_picture(&slot->page);
    reader->cut_count += slot->page.was_cut;
    /* A scan's headings are in its outline at least. */
    for (size_t i = first; i < end && slot->page.spans.count == 0; i++)
        doc_heading(reader->doc, MIN(reader->outline.at[i].level, 6), reader->outline.at[i].title);
    const OutlineItem *outline = reader->outline.count ? &reader->outline.at[first] : NULL;
    take_running(reader, slot);
    pdf_write_page(reader->doc, slot->arena, &slot->page, &reader->style, outline, end - first);
    if (slot->page.spans.count)
        write_bookmarks(reader, slot, outline, end - first);
    write_notes(reader, &slot->page);
    return doc_progress(reader->doc, "pages", number, reader->page_count);
}

static void warn_count(PdfReader *reader, int count, const char *what)
{
    char text[120];
    snprintf(text, sizeof text, "%d of %d pages %s", count, reader->page_count, what);
    if (count > 0)
        doc_warning(reader->doc, str(text));
}

static void write_pages(PdfReader *reader)
{
    for (int number = 1; number <= reader->page_count; number++) {
        for (int ahead = 0; ahead < WINDOW; ahead++)
            load_page(reader, number + ahead);
        if (!write_page(reader, number))
            break;
    }
    warn_count(reader, reader->empty_count, "have no text");
    warn_count(reader, reader->failed_count, "are broken");
    warn_count(reader, reader->cut_count, "took too long and were read in part");
}

static void free_slots(PdfReader *reader)
{
    for (int i = 0; i < WINDOW; i++)
        arena_free(reader->slots[i].arena);
    for (int i = 0; i < SAMPLE_MAX; i++)
        arena_free(reader->samples[i].arena);
}

static void write_attachments(PdfReader *reader)
{
    int count = pdf_file_attachment_count(reader->file);
    size_t bytes_max = MIN(doc_writer_limits(reader->doc)->child_bytes_max, PDF_MEMORY_MAX / 2);
    for (int i = 0; i < count && doc_writer_ok(reader->doc); i++) {
        AUTO_ARENA Arena *arena = arena_new(GB(1));
        Str name, bytes;
        if (pdf_file_attachment(reader->file, arena, i, bytes_max, &name, &bytes))
            doc_child(reader->doc, name, STR_NONE, bytes);
    }
}

static void write_xfa(PdfReader *reader)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Str data;
    if (!pdf_file_xfa(reader->file, arena, MB(16), &data))
        return;
    doc_warning(reader->doc, S("the form is made with XFA; its data are shown, its design is not"));
    if (data.length)
        doc_child(reader->doc, S("XFA form data.xml"), S("application/xml"), data);
}

static int by_page(const void *a, const void *b)
{
    const OutlineItem *left = a, *right = b;
    return (left->page > right->page) - (left->page < right->page);
}

bool pdf_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_PDF PdfFile *file = NULL;
    PdfReader reader = {
        .doc = doc, .arena = arena, .said = map_new(arena), .links = map_new(arena)
    };
    if (!pdf_file_open(source->bytes, source->password, &file, err)) {
        /* What one program cannot repair another often can; its reason counts then. */
        bool is_pdf = pdf_sniff(source->bytes) > 0;
        return is_pdf && err->code == ERROR_DAMAGED && doc_warning(doc, str(err->message)) &&
               doc_later(doc, "poppler", 0);
    }
    reader.file = file;
    reader.page_count = pdf_file_page_count(file);
    write_meta(&reader);
    reader.outline = pdf_file_outline(file, arena, OUTLINE_MAX);
    if (reader.outline.count)
        qsort(reader.outline.at, reader.outline.count, sizeof(OutlineItem), by_page);
    sample_style(&reader);
    write_pages(&reader);
    write_attachments(&reader);
    write_xfa(&reader);
    free_slots(&reader);
    bool is_left = pdf_file_is_pdf(file) && reader.failure.code == ERROR_DAMAGED;
    if (reader.failed_count == reader.page_count && reader.failed_count > 0 && !is_left) {
        *err = reader.failure;
        return false;
    }
    return true;
}

const Extractor extractor_pdf = {
    .name = "pdf",
    .title = "PDF",
    .extensions = LIST("pdf"),
    .media_types = LIST("application/pdf", "application/x-pdf"),
    .is_paged = true,
    .sniff = pdf_sniff,
    .extract = pdf_extract,
};
