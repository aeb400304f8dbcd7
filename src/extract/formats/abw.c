/* abw.c - AbiWord documents (their XML dialect): paragraphs by style, tables, notes, facts. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/xml_events.h"

enum { TEXT_MAX = 4 << 20 };

typedef struct Reader {
    DocWriter *doc;
    Buf text, cell, note;
    char key[40], row[64], note_label[16];
    int level, list_level, tables, notes, headers, pictures;
    bool in_fact, in_row;
} Reader;

/* "top-attach" of "left-attach:0; top-attach:1": which row a cell is in. */
static Str property(Str properties, const char *name)
{
    Str part;
    while (str_next(&properties, ';', &part)) {
        part = str_trim(part);
        if (str_starts(part, str(name)) && str_find_char(part, ':') > 0)
            return str_trim(str_from(part, (size_t)str_find_char(part, ':') + 1));
    }
    return STR_NONE;
}

static void begin_paragraph(Reader *r, const XmlElement *element)
{
    Str style = xml_attribute(element, "style");
    int64_t level = 0;
    if (str_starts(style, S("Heading ")) && !str_to_int(str_from(style, 8), 1, 6, &level))
        level = 0;
    r->level = (int)level;
    r->list_level = xml_attribute_int(element, "level", 0);
    if (!r->notes)
        r->text.length = 0;
}

static void end_paragraph(Reader *r)
{
    Str text = str_trim(buf_str(&r->text));
    if (r->tables) {
        if (r->cell.length && text.length)
            buf_add_char(&r->cell, '\n');
        buf_add(&r->cell, text);
    } else if (r->headers) {
        doc_header(r->doc, text);
    } else if (r->level) {
        doc_heading(r->doc, r->level, text);
    } else if (r->list_level > 0) {
        doc_list_item(r->doc, MIN(r->list_level, 9), S("-"), text);
    } else {
        doc_paragraph(r->doc, text);
    }
    r->text.length = 0;
}

static void begin_cell(Reader *r, const XmlElement *element)
{
    Str row = property(xml_attribute(element, "props"), "top-attach");
    if (r->tables == 1 && r->in_row && !str_equal(row, str(r->row)))
        doc_row_end(r->doc);
    if (r->tables == 1) {
        snprintf(r->row, sizeof r->row, STR_FMT, STR_ARG(row));
        r->in_row = true;
        r->cell.length = 0;
    }
}

static bool is_note(Str name)
{
    return str_is(name, "foot") || str_is(name, "endnote") || str_is(name, "annotate");
}

static bool on_start(void *self, const XmlElement *element)
{
    Reader *r = self;
    Str name = element->name;
    if (str_is(name, "m")) {
        snprintf(r->key, sizeof r->key, STR_FMT, STR_ARG(xml_attribute(element, "key")));
        r->in_fact = true;
        r->text.length = 0;
    } else if (str_is(name, "p")) {
        begin_paragraph(r, element);
    } else if (str_is(name, "table") && r->tables++ == 0) {
        doc_table_begin(r->doc);
    } else if (str_is(name, "cell")) {
        begin_cell(r, element);
    } else if (is_note(name)) {
        snprintf(r->note_label, sizeof r->note_label, "%s",
                 str_is(name, "foot")      ? "footnote"
                 : str_is(name, "endnote") ? "endnote"
                                           : "comment");
        r->notes++;
        r->note.length = 0;
    } else if (str_is(name, "section")) {
        Str type = xml_attribute(element, "type");
        r->headers = str_starts(type, S("header")) || str_starts(type, S("footer"));
    } else if (str_is(name, "br")) {
        buf_add_char(r->notes ? &r->note : &r->text, '\n');
    } else if (str_is(name, "image")) {
        r->pictures += r->pictures < 1000000;
        doc_image(r->doc, xml_attribute(element, "alt"));
    }
    return doc_writer_ok(r->doc);
}

static void end_fact(Reader *r)
{
    static const struct {
        const char *name, *key;
    } facts[] = { { "dc.title", "title" },
                  { "dc.creator", "author" },
                  { "dc.subject", "subject" },
                  { "dc.description", "description" },
                  { "dc.publisher", "publisher" },
                  { "dc.language", "language" },
                  { "abiword.keywords", "keywords" },
                  { "abiword.generator", "software" } };
    for (size_t i = 0; i < COUNT(facts); i++)
        if (str_is(str(r->key), facts[i].name))
            doc_meta(r->doc, facts[i].key, str_trim(buf_str(&r->text)));
    r->in_fact = false;
    r->text.length = 0;
}

static bool on_end(void *self, Str name)
{
    Reader *r = self;
    if (str_is(name, "m")) {
        end_fact(r);
    } else if (is_note(name) && r->notes) {
        if (--r->notes == 0 && !r->tables)
            doc_note(r->doc, r->note_label, str_trim(buf_str(&r->note)));
    } else if (str_is(name, "p") && !r->notes) {
        end_paragraph(r);
    } else if (str_is(name, "cell") && r->tables == 1) {
        doc_cell(r->doc, buf_str(&r->cell));
    } else if (str_is(name, "table") && r->tables && --r->tables == 0) {
        if (r->in_row)
            doc_row_end(r->doc);
        r->in_row = false;
        doc_table_end(r->doc);
    }
    return doc_writer_ok(r->doc);
}

static bool on_text(void *self, Str text)
{
    Reader *r = self;
    buf_add(r->notes ? &r->note : &r->text, text);
    return true;
}

static bool abw_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    static const XmlEvents events = { on_start, on_end, on_text };
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Reader r = { .doc = doc,
                 .text = buf_new(arena, TEXT_MAX),
                 .cell = buf_new(arena, TEXT_MAX),
                 .note = buf_new(arena, TEXT_MAX) };
    XmlParser *parser = xml_begin(&events, &r);
    for (size_t at = 0; at < source->bytes.length; at += KB(64))
        if (!xml_add(parser, source->bytes.at + at, MIN(KB(64), source->bytes.length - at)))
            break;
    return xml_end(parser, err);
}

static int abw_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    return str_find(text_head(arena, bytes, KB(4)), S("<abiword")) >= 0 ? 90 : 0;
}

const Extractor extractor_abw = {
    .name = "abw",
    .title = "AbiWord document",
    .extensions = LIST("abw", "awt"),
    .media_types = LIST("application/x-abiword"),
    .sniff = abw_sniff,
    .extract = abw_extract,
};
