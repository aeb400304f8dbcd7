/* fb2.c - FictionBook 2 (its schema is at gribuser.ru/xml/fictionbook/2.0): description, bodies of
 * nested sections, poems, quotes, tables; a body named "notes" holds the notes. Read by its tags,
 * so a book whose XML is broken is read up to its end. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/markup.h"
#include "extract/metadata.h"

enum { TEXT_MAX = 4 << 20, META_MAX = 64 << 10, ANCHOR_MAX = 200, PICTURES_MAX = 1000000 };

typedef struct Fb2 {
    DocWriter *doc;
    Arena *arena; /* of a block */
    Buf text, title, name, note;
    char anchor[ANCHOR_MAX + 1];
    int sections, quotes, tables, pictures;
    bool in_description, in_source, in_history, in_annotation, in_person, in_notes, in_row,
        in_heading, skips;
} Fb2;

static const struct {
    const char *name, *key;
} facts[] = {
    { "genre", "category" },  { "book-title", "title" },      { "keywords", "keywords" },
    { "lang", "language" },   { "program-used", "software" }, { "id", "identifier" },
    { "isbn", "identifier" }, { "publisher", "publisher" },   { "year", "published" },
    { "version", "version" }, { "custom-info", "comment" },   { "src-url", "source" },
};

static Str taken(Buf *text)
{
    Str all = str_trim(buf_str(text));
    text->length = 0;
    return all;
}

/* --- Description --- */

static void end_fact(Fb2 *book, Str name)
{
    Str text = taken(&book->text);
    bool is_author = str_is(name, "author");
    if (book->in_person && (is_author || str_is(name, "translator"))) {
        doc_meta(book->doc, is_author ? "author" : "contributor", taken(&book->name));
        book->in_person = false;
    } else if (book->in_person && (str_ends(name, S("-name")) || str_is(name, "nickname"))) {
        bool is_first = book->name.length == 0;
        if (is_first || !str_is(name, "nickname")) {
            if (!is_first && text.length)
                buf_add_char(&book->name, ' ');
            buf_add(&book->name, text);
        }
    } else if (str_is(name, "annotation")) {
        doc_meta(book->doc, "description", taken(&book->note));
        book->in_annotation = false;
    } else if (book->in_annotation && text.length) {
        if (book->note.length)
            buf_add_char(&book->note, '\n');
        buf_add(&book->note, text);
    } else if (book->in_history && str_is(name, "p")) {
        doc_meta(book->doc, "comment", text);
    }
    for (size_t i = 0; i < COUNT(facts) && !book->in_person; i++)
        if (str_is(name, facts[i].name))
            doc_meta(book->doc, facts[i].key, text);
}

static void write_series(Fb2 *book, Str attributes)
{
    doc_meta(book->doc, "series", markup_attribute(book->arena, attributes, "name"));
    doc_meta(book->doc, "series_number", markup_attribute(book->arena, attributes, "number"));
}

static void read_description(Fb2 *book, const HtmlToken *token)
{
    Str name = token->name;
    bool is_start = token->kind == HTML_START && !token->is_empty;
    if (str_is(name, "src-title-info"))
        book->in_source = is_start; /* of the original, before it was translated */
    if (str_is(name, "history"))
        book->in_history = is_start;
    if (book->in_source)
        return;
    if (str_is(name, "sequence") && token->kind == HTML_START)
        write_series(book, token->attributes);
    if (!is_start) {
        if (token->kind == HTML_END)
            end_fact(book, name);
        return;
    }
    bool is_inline = str_is(name, "emphasis") || str_is(name, "strong") || str_is(name, "a");
    if (!is_inline)
        book->text.length = 0;
    if (str_is(name, "author") || str_is(name, "translator")) {
        book->in_person = true;
        book->name.length = 0;
    } else if (str_is(name, "annotation")) {
        book->in_annotation = true;
    }
}

/* --- Blocks --- */

static void write_block(Fb2 *book, bool is_subtitle)
{
    Str text = taken(&book->text);
    if (!text.length || book->in_row)
        return;
    if (book->in_heading) {
        if (book->title.length)
            buf_add_char(&book->title, ' ');
        buf_add(&book->title, text);
    } else if (book->in_notes) {
        if (book->note.length)
            buf_add_char(&book->note, '\n');
        buf_add(&book->note, text);
    } else if (is_subtitle) {
        doc_heading(book->doc, MIN(book->sections + 1, 6), text);
    } else if (book->quotes) {
        doc_quote(book->doc, text);
    } else {
        doc_paragraph(book->doc, text);
    }
}

static void write_title(Fb2 *book)
{
    Str title = taken(&book->title);
    book->in_heading = false;
    if (!book->in_notes) {
        doc_heading(book->doc, MAX(1, MIN(book->sections, 6)), title);
    } else if (book->sections > 0 && title.length) {
        buf_add(&book->note, title);
        buf_add(&book->note, S(". "));
    }
}

static void end_section(Fb2 *book)
{
    if (book->in_notes && book->sections == 1)
        doc_note(book->doc, "footnote", taken(&book->note));
    book->sections -= book->sections > 0;
}

static int span(Fb2 *book, Str attributes, const char *name)
{
    int64_t number = 1;
    (void)str_to_int(markup_attribute(book->arena, attributes, name), 1, 1000, &number);
    return (int)number;
}

static void read_table(Fb2 *book, const HtmlToken *token, int spans[2])
{
    bool is_start = token->kind == HTML_START;
    if (str_is(token->name, "table")) {
        book->tables += is_start ? 1 : -1;
        if (is_start && book->tables == 1)
            doc_table_begin(book->doc);
        else if (!is_start && book->tables == 0)
            doc_table_end(book->doc);
        book->tables = MAX(0, book->tables);
    } else if (book->tables != 1) {
        return;
    } else if (str_is(token->name, "tr")) {
        book->in_row = is_start;
        if (!is_start)
            doc_row_end(book->doc);
    } else if (is_start) {
        spans[0] = span(book, token->attributes, "colspan");
        spans[1] = span(book, token->attributes, "rowspan");
    }
    if (book->in_row && (str_is(token->name, "td") || str_is(token->name, "th")) &&
        (!is_start || token->is_empty))
        doc_cell_span(book->doc, taken(&book->text), spans[0], spans[1]);
}

static void write_picture(Fb2 *book, Str attributes)
{
    Str alt = markup_attribute(book->arena, attributes, "alt");
    if (!alt.length)
        alt = markup_attribute(book->arena, attributes, "title");
    book->pictures += !alt.length && book->pictures < PICTURES_MAX;
    if (book->tables || book->in_notes || book->text.length)
        buf_add(&book->text, alt);
    else
        doc_image(book->doc, alt);
}

static bool is_block(Str name)
{
    static const char *const names[] = { "p",           "v",    "stanza",     "subtitle",
                                         "text-author", "date", "title",      "cite",
                                         "epigraph",    "poem", "annotation", "code",
                                         "section",     "body" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(name, names[i]))
            return !str_is(name, "code");
    return false;
}

/* Lines of a verse stay together. */
static void end_line(Fb2 *book, const HtmlToken *token)
{
    if (str_is(token->name, "v") && token->kind == HTML_END)
        buf_add_char(&book->text, '\n');
    else if (!str_is(token->name, "v"))
        write_block(book, str_is(token->name, "subtitle") && token->kind == HTML_END);
}

static void begin_section(Fb2 *book, const HtmlToken *token)
{
    Str id = markup_attribute(book->arena, token->attributes, "id");
    book->sections++;
    if (id.length <= ANCHOR_MAX)
        snprintf(book->anchor, sizeof book->anchor, STR_FMT, STR_ARG(id));
    doc_place(book->doc, &(Place){ .anchor = str(book->anchor) });
    if (book->in_notes && book->sections == 1)
        book->note.length = 0;
}

static void read_body(Fb2 *book, const HtmlToken *token, int spans[2])
{
    Str name = token->name;
    bool is_start = token->kind == HTML_START && !token->is_empty;
    if (is_block(name))
        end_line(book, token);
    if (str_is(name, "table") || str_is(name, "tr") || str_is(name, "td") || str_is(name, "th")) {
        read_table(book, token, spans);
    } else if (str_is(name, "image") && token->kind == HTML_START) {
        write_picture(book, token->attributes);
    } else if (token->is_empty) {
        return;
    } else if (str_is(name, "section")) {
        is_start ? begin_section(book, token) : end_section(book);
    } else if (str_is(name, "cite") || str_is(name, "epigraph") || str_is(name, "poem")) {
        book->quotes = MAX(0, book->quotes + (is_start ? 1 : -1));
    } else if (str_is(name, "title")) {
        if (is_start)
            book->in_heading = true;
        else
            write_title(book);
    } else if (str_is(name, "body")) {
        Str body = is_start ? markup_attribute(book->arena, token->attributes, "name") : STR_NONE;
        book->in_notes = body.length > 0;
        book->sections = book->quotes = 0;
    }
}

static void read_book(Fb2 *book, HtmlReader *in)
{
    HtmlToken token;
    int spans[2] = { 1, 1 };
    while (doc_writer_ok(book->doc) && html_next(in, &token)) {
        if (token.kind == HTML_TEXT) {
            if (!book->skips && !book->in_source)
                markup_add(&book->text, &token);
        } else if (str_is(token.name, "binary") || str_is(token.name, "stylesheet")) {
            book->skips = token.kind == HTML_START && !token.is_empty;
        } else if (str_is(token.name, "description")) {
            book->in_description = token.kind == HTML_START;
            book->text.length = 0;
        } else if (book->in_description) {
            read_description(book, &token);
        } else {
            read_body(book, &token, spans);
        }
    }
    write_block(book, false);
    if (book->tables)
        doc_table_end(book->doc);
}

static bool fb2_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Fb2 book = { .doc = doc,
                 .arena = arena,
                 .text = buf_new(arena, TEXT_MAX),
                 .title = buf_new(arena, META_MAX),
                 .name = buf_new(arena, META_MAX),
                 .note = buf_new(arena, TEXT_MAX) };
    HtmlReader in = markup_reader(arena, source->bytes);
    char note[64];
    (void)err;
    read_book(&book, &in);
    snprintf(note, sizeof note, "%d picture%s without text", book.pictures,
             book.pictures == 1 ? "" : "s");
    if (book.pictures)
        doc_warning(doc, str(note));
    return true;
}

static int fb2_sniff(Str bytes)
{
    if (!bytes.length || !HAS_CHAR(bytes.at[0], "< \t\r\n\xEF\xFE\xFF"))
        return 0;
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    HtmlReader in = html_reader(text_head(arena, bytes, KB(4)));
    HtmlToken token;
    in.is_xml = true;
    while (html_next(&in, &token))
        if (token.kind != HTML_TEXT)
            return str_is(token.name, "fictionbook") ? 95 : 0;
    return 0;
}

const Extractor extractor_fb2 = {
    .name = "fb2",
    .title = "FictionBook",
    .extensions = LIST("fb2"),
    .media_types = LIST("application/x-fictionbook+xml", "application/x-fictionbook"),
    .sniff = fb2_sniff,
    .extract = fb2_extract,
};
