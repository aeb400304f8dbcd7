/* iwa_body.c - an iWork document since 2013 in its order: the text of Pages, the sheets of Numbers,
 * the slides of Keynote. */
#include "base/map.h"
#include "extract/iwork/iwa_text.h"
#include "extract/sheet/sheet_rows.h"

enum {
    DOCUMENT_ID = 1,
    TYPE_DOCUMENT_PAGES = 10000,
    TYPE_PLACEHOLDER = 7,
    KIND_HEADER = 1,
    KIND_TEXT_BOX = 3,
    SLIDES_MAX = 100000,
    NODES_DEPTH = 24,
    FIELD_SLIDE_MASTER = 17,
};

/* --- Pages --- */

/* Running heads are storages of their own kind; the same text is said once. */
static void write_headers(IwaBody *body)
{
    const IwaFile *file = body->file;
    Map seen = map_new(file->arena);
    for (size_t i = 0; i < file->objects.count && doc_writer_ok(body->doc); i++) {
        IwaObject *object = &file->objects.at[i];
        bool is_new = false;
        if (!iwa_is_storage(object) || object->is_written ||
            iwa_number(object->bytes, 1, KIND_TEXT_BOX) != KIND_HEADER)
            continue;
        Str text = str_trim(iwa_storage_text(object));
        if (text.length)
            map_add(&seen, text, &is_new);
        if (is_new)
            iwa_write_storage(body, object, IWA_HEADER);
    }
}

/* Text boxes, tables and pictures that stand on a page, by page. */
static void write_floating(IwaBody *body, const IwaObject *floating)
{
    IwaField group, entry;
    Str groups = floating ? floating->bytes : STR_NONE;
    while (iwa_next(&groups, &group) && doc_writer_ok(body->doc)) {
        Str entries = group.number == 1 && group.is_bytes ? group.bytes : STR_NONE;
        while (iwa_next(&entries, &entry)) {
            IwaObject *object = entry.number >= 2 && entry.is_bytes
                                    ? iwa_reference(body->file, entry.bytes, 1)
                                    : NULL;
            if (object)
                iwa_write_drawable(body, object, IWA_BODY);
        }
    }
}

static void write_pages(IwaBody *body, const IwaObject *document)
{
    IwaObject *text = iwa_reference(body->file, document->bytes, 4);
    write_headers(body);
    if (text)
        iwa_write_storage(body, text, IWA_BODY);
    write_floating(body, iwa_reference(body->file, document->bytes, 3));
}

/* --- Numbers --- */

static void write_sheet_headers(IwaBody *body, Str sheet)
{
    Str rest = sheet;
    IwaField field;
    while (iwa_next(&rest, &field))
        if ((field.number == 18 || field.number == 19) && field.is_bytes) {
            IwaObject *storage = iwa_target(body->file, field.bytes);
            if (storage)
                iwa_write_storage(body, storage, IWA_HEADER);
        }
}

static void write_sheet(IwaBody *body, const IwaObject *object)
{
    /* A sheet with a form holds the sheet proper as its first field. */
    Str sheet = object->type == 3 ? iwa_bytes(object->bytes, 1) : object->bytes;
    body->sheet = str_copy(body->file->arena, iwa_bytes(sheet, 1));
    sheet_place(body->doc, body->sheet, -1, 0);
    sheet_heading(body->doc, body->sheet, iwa_number(sheet, 25, 0) != 0);
    write_sheet_headers(body, sheet);
    IwaField field;
    while (iwa_next(&sheet, &field) && doc_writer_ok(body->doc))
        if (field.number == 2 && field.is_bytes) {
            IwaObject *drawable = iwa_target(body->file, field.bytes);
            if (drawable)
                iwa_write_drawable(body, drawable, IWA_BODY);
        }
}

static void write_numbers(IwaBody *body, const IwaObject *document)
{
    Str rest = document->bytes;
    IwaField field;
    while (iwa_next(&rest, &field) && doc_writer_ok(body->doc))
        if (field.number == 1 && field.is_bytes) {
            IwaObject *sheet = iwa_target(body->file, field.bytes);
            if (sheet && !sheet->is_written) {
                sheet->is_written = true;
                write_sheet(body, sheet);
            }
        }
}

/* --- Keynote --- */

typedef struct Deck {
    IwaBody *body;
    int slides;
    float width, height;
} Deck;

static void write_drawables(IwaBody *body, Str slide, IwaRole role, bool is_master)
{
    static const uint32_t lists[] = { 42, 7 }; /* in drawing order, else as they are owned */
    for (size_t i = 0; i < COUNT(lists); i++) {
        Str rest = slide;
        IwaField field;
        while (iwa_next(&rest, &field) && doc_writer_ok(body->doc)) {
            IwaObject *object = field.number == lists[i] && field.is_bytes
                                    ? iwa_target(body->file, field.bytes)
                                    : NULL;
            if (object && !(is_master && object->type == TYPE_PLACEHOLDER))
                iwa_write_drawable(body, object, role);
        }
    }
}

/* What the slide's master draws besides placeholders, with the first slide that shows it. */
static void write_master(IwaBody *body, Str slide)
{
    IwaObject *master = iwa_reference(body->file, slide, FIELD_SLIDE_MASTER);
    if (!master || master->is_written)
        return;
    master->is_written = true;
    int pictures = body->pictures;
    write_drawables(body, master->bytes, IWA_HEADER, true);
    body->pictures = pictures;
}

static void write_slide(Deck *deck, IwaObject *slide, bool is_hidden)
{
    IwaBody *body = deck->body;
    if (slide->is_written || deck->slides >= SLIDES_MAX)
        return;
    slide->is_written = true;
    doc_page(body->doc, ++deck->slides, true, deck->width, deck->height);
    doc_place(body->doc, &(Place){ .page = deck->slides, .is_slide = true });
    if (is_hidden)
        doc_paragraph(body->doc, S("(hidden slide)"));
    write_master(body, slide->bytes);
    IwaObject *title = iwa_reference(body->file, slide->bytes, 5);
    IwaObject *outline = iwa_reference(body->file, slide->bytes, 6);
    IwaObject *number = iwa_reference(body->file, slide->bytes, 20);
    if (number)
        number->is_written = true;
    if (title)
        iwa_write_drawable(body, title, IWA_TITLE);
    if (outline)
        iwa_write_drawable(body, outline, IWA_OUTLINE);
    write_drawables(body, slide->bytes, IWA_BODY, false);
    const IwaObject *note = iwa_reference(body->file, slide->bytes, 27);
    const IwaObject *text = note ? iwa_reference(body->file, note->bytes, 1) : NULL;
    doc_note(body->doc, "speaker note", iwa_storage_text(text));
}

static void write_node(Deck *deck, IwaObject *node, int depth)
{
    if (!node || node->is_written || depth > NODES_DEPTH || !doc_writer_ok(deck->body->doc))
        return;
    node->is_written = true;
    IwaObject *slide = iwa_reference(deck->body->file, node->bytes, 2);
    if (slide)
        write_slide(deck, slide, iwa_number(node->bytes, 4, 0) != 0);
    Str rest = node->bytes;
    IwaField field;
    while (iwa_next(&rest, &field))
        if (field.number == 1 && field.is_bytes)
            write_node(deck, iwa_target(deck->body->file, field.bytes), depth + 1);
}

static void write_keynote(IwaBody *body, const IwaObject *document)
{
    const IwaObject *show = iwa_reference(body->file, document->bytes, 2);
    if (!show)
        return;
    Str tree = iwa_bytes(show->bytes, 3), size = iwa_bytes(show->bytes, 4), rest = tree;
    Deck deck = { .body = body, .width = iwa_float(size, 1), .height = iwa_float(size, 2) };
    IwaField field;
    while (iwa_next(&rest, &field))
        if (field.number == 2 && field.is_bytes)
            write_node(&deck, iwa_target(body->file, field.bytes), 0);
    /* The first files have a root whose children are the slides. */
    if (deck.slides == 0)
        write_node(&deck, iwa_reference(body->file, tree, 1), 0);
}

bool iwa_write(Package *package, Str key, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *scratch = arena_new(MB(128));
    IwaFile file;
    if (!iwa_open(package, key, &file, err))
        return false;
    IwaBody body = { .file = &file, .doc = doc, .scratch = scratch };
    const IwaObject *document = iwa_object(&file, DOCUMENT_ID);
    if (!document)
        return fail(err, ERROR_DAMAGED, "the iWork document has no document object");
    if (document->type == TYPE_DOCUMENT_PAGES)
        write_pages(&body, document);
    else if (iwa_bytes(document->bytes, 1).length)
        write_numbers(&body, document);
    else
        write_keynote(&body, document);
    doc_place(doc, &(Place){ 0 });
    char warning[64];
    snprintf(warning, sizeof warning, "%d picture%s without text", body.pictures,
             body.pictures == 1 ? "" : "s");
    if (body.pictures)
        doc_warning(doc, str(warning));
    return true;
}
