/* ppt.c - PowerPoint presentations from 97 to 2003 ([MS-PPT]), and of PowerPoint 4. */
#include "base/map.h"
#include "extract/comment.h"
#include "extract/extractor.h"
#include "extract/ole/ole_object.h"
#include "extract/ole/ole_properties.h"
#include "extract/slide/ppt4.h"
#include "extract/slide/ppt_slide.h"

enum { SLIDES_MAX = 100000, LINKS_MAX = 100000, DEPTH_MAX = 12 };

static int ppt_sniff(Str bytes)
{
    if (!ole_is_file(bytes))
        return 0;
    return ole_holds(bytes, "PowerPoint Document") || ole_holds(bytes, "PP40") ? 90 : 0;
}

/* What a list of slides says of one (2.4.14.5). */
typedef struct Slide {
    uint32_t object, id;
    Str outline;
} Slide;

typedef VEC(Slide) Slides;

typedef struct Deck {
    PptFile file;
    Arena *arena;
    DocWriter *doc;
    Str document;
    Slides slides, masters, notes;
    VEC(uint32_t) noted; /* of notes: the id of the slide they belong to */
    Map links;           /* targets of hyperlinks, by the four bytes of their id */
    Map said;            /* footers and texts of masters that were written */
    float width, height;
} Deck;

/* --- The document --- */

static Slides read_list(Deck *deck, int instance)
{
    Slides slides = { 0 };
    PptRecord list, record;
    if (!ppt_child(deck->document, PPT_SLIDE_LIST, instance, &list))
        return slides;
    size_t start = 0;
    for (size_t at = 0; ppt_record(list.data, at, &record); at = record.end) {
        if (record.type == PPT_SLIDE_PERSIST && slides.count < SLIDES_MAX) {
            *vec_push(deck->arena, &slides) =
                (Slide){ .object = le32_at(record.data, 0), .id = le32_at(record.data, 12) };
            start = record.end;
        }
        if (slides.count)
            slides.at[slides.count - 1].outline = str_slice(list.data, start, record.end);
    }
    return slides;
}

static void read_links(Deck *deck)
{
    enum { TARGET = 1 };
    PptRecord list;
    if (!ppt_child(deck->document, PPT_OBJECT_LIST, -1, &list))
        return;
    for (PptRecord record, atom; ppt_next(&list.data, &record);) {
        if (record.type != PPT_HYPERLINK || deck->links.count >= LINKS_MAX ||
            !ppt_child(record.data, PPT_HYPERLINK_ATOM, -1, &atom) || atom.data.length < 4)
            continue;
        Str target = ppt_child_text(deck->arena, record.data, TARGET);
        map_add(&deck->links, str_slice(atom.data, 0, 4), NULL)->pointer =
            str_c(deck->arena, target);
    }
}

static void read_notes(Deck *deck)
{
    PptRecord record, atom;
    deck->notes = read_list(deck, 2);
    for (size_t i = 0; i < deck->notes.count; i++) {
        bool found = ppt_object(&deck->file, deck->notes.at[i].object, &record) &&
                     record.type == PPT_NOTES && ppt_child(record.data, PPT_NOTES_ATOM, -1, &atom);
        *vec_push(deck->arena, &deck->noted) = found ? le32_at(atom.data, 0) : 0;
    }
}

static bool read_document(Deck *deck)
{
    static const float UNITS_PER_POINT = 8;
    PptRecord record, atom;
    if (!ppt_object(&deck->file, deck->file.document, &record) || record.type != PPT_DOCUMENT)
        return false;
    deck->document = record.data;
    if (ppt_child(record.data, PPT_DOCUMENT_ATOM, -1, &atom)) {
        deck->width = (float)(int32_t)le32_at(atom.data, 0) / UNITS_PER_POINT;
        deck->height = (float)(int32_t)le32_at(atom.data, 4) / UNITS_PER_POINT;
    }
    deck->slides = read_list(deck, 0);
    deck->masters = read_list(deck, 1);
    read_notes(deck);
    read_links(deck);
    return deck->slides.count > 0;
}

/* --- Around a slide --- */

static void write_once(Deck *deck, Str text)
{
    bool is_new, has_letter = false;
    text = str_trim(text);
    for (size_t i = 0; i < text.length; i++)
        has_letter |= !HAS_CHAR(text.at[i], "0123456789 /.-*\n");
    if (!has_letter)
        return; /* a slide number */
    map_add(&deck->said, str_copy(deck->arena, text), &is_new);
    if (is_new)
        doc_header(deck->doc, text);
}

/* 2.4.15.1 */
static void write_footer_texts(Deck *deck, Str container)
{
    enum { USER_DATE = 4, HEADER = 16, FOOTER = 32 };
    PptRecord atom;
    if (!ppt_child(container, PPT_HEADERS_FOOTERS_ATOM, -1, &atom))
        return;
    unsigned flags = le16_at(atom.data, 2);
    if (flags & USER_DATE)
        write_once(deck, ppt_child_text(deck->arena, container, 0));
    if (flags & HEADER)
        write_once(deck, ppt_child_text(deck->arena, container, 1));
    if (flags & FOOTER)
        write_once(deck, ppt_child_text(deck->arena, container, 2));
}

/* The slide's own, else those of all slides. */
static void write_footers(Deck *deck, Str slide)
{
    enum { OF_SLIDES = 3 };
    PptRecord container;
    if (ppt_child(slide, PPT_HEADERS_FOOTERS, -1, &container) ||
        ppt_child(deck->document, PPT_HEADERS_FOOTERS, OF_SLIDES, &container))
        write_footer_texts(deck, container.data);
}

/* Those of the notes pages and handouts. */
static void write_notes_footers(Deck *deck)
{
    enum { OF_NOTES = 4 };
    PptRecord container;
    if (ppt_child(deck->document, PPT_HEADERS_FOOTERS, OF_NOTES, &container))
        write_footer_texts(deck, container.data);
}

/* What a master shows on each of its slides; its placeholders only say "Click to edit". */
static void write_master(Deck *deck, uint32_t id)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    PptDrawing drawing = { .arena = arena };
    PptRecord record;
    for (size_t i = 0; i < deck->masters.count; i++) {
        if (deck->masters.at[i].id != id ||
            !ppt_object(&deck->file, deck->masters.at[i].object, &record))
            continue;
        ppt_read_drawing(&drawing, record.data);
        break;
    }
    for (size_t i = 0; i < drawing.shapes.count; i++)
        if (drawing.shapes.at[i].placeholder == PPT_PLACE_NONE)
            write_once(deck, ppt_lines(arena, drawing.shapes.at[i].text.text));
}

static bool is_hidden(Str slide)
{
    enum { HIDDEN = 4 };
    PptRecord info;
    return ppt_child(slide, PPT_SLIDE_INFO, -1, &info) && (le16_at(info.data, 10) & HIDDEN);
}

/* Comments of 2002 and later are in the slide's tags (2.4.18.7). */
static void write_comments(Deck *deck, Str container, int depth)
{
    enum { TAG = 5002, BLOB = 5003, AUTHOR = 0, TEXT = 1 };
    for (PptRecord record; ppt_next(&container, &record);) {
        if (record.type == PPT_COMMENT) {
            comment_write(deck->doc, ppt_child_text(deck->arena, record.data, AUTHOR),
                          ppt_child_text(deck->arena, record.data, TEXT));
        } else if (depth < DEPTH_MAX && (record.type == PPT_TAGS || record.type == TAG ||
                                         (record.type == BLOB && depth > 0))) {
            write_comments(deck, record.data, depth + 1);
        }
    }
}

static void write_notes(Deck *deck, uint32_t id)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Buf text = buf_new(arena, MB(4));
    PptRecord record;
    for (size_t i = 0; i < deck->notes.count; i++) {
        if (deck->noted.at[i] != id || !ppt_object(&deck->file, deck->notes.at[i].object, &record))
            continue;
        PptDrawing drawing = { .arena = arena, .outline = deck->notes.at[i].outline };
        ppt_read_drawing(&drawing, record.data);
        for (size_t k = 0; k < drawing.shapes.count; k++) {
            const PptShape *shape = &drawing.shapes.at[k];
            if (shape->placeholder >= PPT_PLACE_DATE && shape->placeholder <= PPT_PLACE_HEADER)
                continue;
            buf_add(&text, ppt_lines(arena, shape->text.text));
            buf_add_char(&text, '\n');
        }
        break;
    }
    doc_place_box(deck->doc, 0, 0, 0, 0);
    doc_note(deck->doc, "speaker note", buf_str(&text));
}

static void write_links(Deck *deck, const PptDrawing *drawing)
{
    Map seen = map_new(drawing->arena);
    for (size_t i = 0; i < drawing->links.count; i++) {
        const MapEntry *link = map_find(&deck->links, drawing->links.at[i]);
        bool is_new = false;
        if (link)
            map_add(&seen, str(link->pointer), &is_new);
        if (is_new)
            doc_note(deck->doc, "link", str(link->pointer));
    }
}

static void write_slide(Deck *deck, const Slide *slide)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    PptDrawing drawing = { .arena = arena, .outline = slide->outline };
    PptRecord record, atom;
    if (!ppt_object(&deck->file, slide->object, &record) || record.type != PPT_SLIDE) {
        doc_warning(deck->doc, S("a slide is damaged"));
        return;
    }
    if (is_hidden(record.data))
        doc_header(deck->doc, S("(hidden slide)"));
    ppt_read_drawing(&drawing, record.data);
    ppt_write_shapes(deck->doc, &drawing);
    doc_place_box(deck->doc, 0, 0, 0, 0);
    if (ppt_child(record.data, PPT_SLIDE_ATOM, -1, &atom))
        write_master(deck, le32_at(atom.data, 12));
    write_footers(deck, record.data);
    for (size_t i = 0; i < drawing.shapes.count; i++)
        if (drawing.shapes.at[i].placeholder >= PPT_PLACE_DATE &&
            drawing.shapes.at[i].placeholder <= PPT_PLACE_HEADER)
            write_once(deck, ppt_lines(arena, drawing.shapes.at[i].text.text));
    write_links(deck, &drawing);
    write_notes(deck, slide->id);
    write_comments(deck, record.data, 0);
}

/* --- Embedded objects --- */

static bool write_object(Deck *deck, uint32_t id, Str name)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2));
    PptRecord storage;
    OleFile ole;
    Error err;
    if (!ppt_object(&deck->file, id, &storage) || storage.type != PPT_OLE_STORAGE)
        return false;
    Str bytes = ppt_unpack(arena, &storage);
    return ole_open(arena, bytes, &ole, &err) && ole_write_object(&ole, NULL, name, deck->doc);
}

static void write_objects(Deck *deck)
{
    enum { PROGRAM = 2 };
    int unread = 0, count = 0;
    PptRecord list;
    if (!ppt_child(deck->document, PPT_OBJECT_LIST, -1, &list))
        return;
    for (PptRecord record, atom; ppt_next(&list.data, &record) && doc_writer_ok(deck->doc);) {
        if (record.type != PPT_OLE_EMBED || !ppt_child(record.data, PPT_OLE_ATOM, -1, &atom))
            continue;
        Str program = ppt_child_text(deck->arena, record.data, PROGRAM);
        Str name = str_format(deck->arena, "%s" STR_FMT " %d", program.length ? "" : "object",
                              STR_ARG(program), ++count);
        unread += !write_object(deck, le32_at(atom.data, 16), name);
    }
    if (unread > 0)
        doc_warning(deck->doc, str_format(deck->arena, "%d embedded object%s not read", unread,
                                          unread == 1 ? " is" : "s are"));
}

/* --- The file --- */

/* A broken file: every text there is. */
static void write_texts(Deck *deck, Str container, int depth)
{
    for (PptRecord record; ppt_next(&container, &record) && doc_writer_ok(deck->doc);) {
        AUTO_ARENA Arena *arena = arena_new(GB(1));
        if (record.type == PPT_TEXT_CHARS || record.type == PPT_TEXT_BYTES)
            doc_paragraph(deck->doc, ppt_lines(arena, ppt_text(arena, &record)));
        else if (record.version == PPT_CONTAINER && depth < DEPTH_MAX)
            write_texts(deck, record.data, depth + 1);
    }
}

/* The name of the first master's design. */
static void write_template(Deck *deck)
{
    enum { NAME = 2 };
    PptRecord master;
    if (deck->masters.count && ppt_object(&deck->file, deck->masters.at[0].object, &master))
        doc_meta(deck->doc, "template", ppt_child_text(deck->arena, master.data, NAME));
}

static bool extract_old(OleFile *ole, DocWriter *doc, Error *err)
{
    Str stream;
    if (!ole_read_path(ole, "PP40", GB(1), &stream, err))
        return false;
    ole_write_meta(ole, NULL, doc);
    return ppt4_write(stream, doc, err);
}

static bool ppt_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2));
    Deck deck = { .arena = arena,
                  .doc = doc,
                  .said = map_new(arena),
                  .links = map_new(arena),
                  .file.arena = arena };
    OleFile ole;
    Str user = STR_NONE;
    Error none;
    if (!ole_open(arena, source->bytes, &ole, err))
        return false;
    if (!ole_find(&ole, "PowerPoint Document"))
        return extract_old(&ole, doc, err);
    /* A file for both 95 and 97 has the newer one in a storage of its own. */
    const OleEntry *home = ole_find(&ole, "PP97_DUALSTORAGE");
    if (!home || !ole_find_in(&ole, home, "PowerPoint Document"))
        home = NULL;
    const OleEntry *stream = ole_find_in(&ole, home, "PowerPoint Document"),
                   *current = ole_find_in(&ole, home, "Current User");
    if (!ole_read(&ole, stream, GB(1), &deck.file.stream, err))
        return false;
    if (!current || !ole_read(&ole, current, KB(64), &user, &none))
        user = STR_NONE; /* the stream says it too */
    if (!ppt_open(&deck.file, user, source->password, err))
        return false;
    bool is_sound = read_document(&deck);
    ole_write_meta(&ole, NULL, doc);
    if (!is_sound)
        write_texts(&deck, deck.file.stream, 0);
    else
        write_template(&deck);
    for (size_t i = 0; i < deck.slides.count && doc_writer_ok(doc); i++) {
        doc_page(doc, (int)i + 1, true, deck.width, deck.height);
        write_slide(&deck, &deck.slides.at[i]);
        doc_progress(doc, "slides", (int64_t)i + 1, (int64_t)deck.slides.count);
    }
    doc_place(doc, &(Place){ 0 });
    write_notes_footers(&deck);
    write_objects(&deck);
    return true;
}

const Extractor extractor_ppt = {
    .name = "ppt",
    .title = "PowerPoint presentation (up to 2003)",
    .extensions = LIST("ppt", "pps", "pot"),
    .media_types = LIST("application/vnd.ms-powerpoint"),
    .sniff = ppt_sniff,
    .extract = ppt_extract,
};
