/* xml.c - any XML: text of the elements in order, structured by well-known names.
 *
 * Read with the tokens of HTML: linear in the input, any depth, no document type is obeyed, no
 * entity is expanded, nothing is ever fetched; broken files give what can be read. What is not
 * known by name is a record: each element with only text gives a line "name: text". */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/html.h"
#include "extract/formats/html_tokens.h"

typedef enum NameIs {
    NAME_OTHER,
    NAME_SECTION,
    NAME_HEADING,
    NAME_PARAGRAPH,
    NAME_MARKUP,
    NAME_ITEM,
    NAME_QUOTE,
    NAME_CODE,
    NAME_INLINE,
    NAME_TABLE,
    NAME_HEAD,
    NAME_ROW,
    NAME_CELL,
    NAME_HIDDEN,
} NameIs;

static const struct {
    const char *name;
    NameIs is;
} names[] = {
#define XML_NAME(name, is) { name, NAME_##is },
#include "extract/formats/xml_names.def"
#undef XML_NAME
};

enum { OPEN_MAX = 512, ANCHOR_MAX = 200, GROUP_LINES = 30, GROUP_BYTES = 4000, BASE64_MIN = 1000 };

typedef struct Open {
    char name[24];
    NameIs is;
    bool has_child;
} Open;

typedef struct Writer {
    DocWriter *doc;
    HtmlReader in;
    Arena *arena; /* of `run`, reset after each piece of text */
    Arena *group_arena;
    Buf run, group;
    int text_line, run_line, group_line, group_last, group_count;
    char anchor[ANCHOR_MAX + 1];
    char key[80]; /* of a property list: the label of the next value */
    Open open[OPEN_MAX];
    int depth, sections, hidden, cells;
    bool in_table, row_is_open, has_entity;
} Writer;

static NameIs name_is(Str name)
{
    size_t low = 0, high = COUNT(names);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_compare(name, str(names[middle].name));
        if (order == 0)
            return names[middle].is;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NAME_OTHER;
}

static void set_place(Writer *w, int first, int last)
{
    doc_place(
        w->doc,
        &(Place){ .line_first = first, .line_last = MAX(first, last), .anchor = str(w->anchor) });
}

/* --- Records: lines of leaf elements --- */

static void flush_group(Writer *w)
{
    if (w->group_count) {
        set_place(w, w->group_line, w->group_last);
        doc_paragraph(w->doc, buf_str(&w->group));
    }
    arena_reset(w->group_arena);
    w->group = buf_new(w->group_arena, SIZE_MAX / 4);
    w->group_count = 0;
}

static void add_line(Writer *w, Str label, Str text)
{
    if (w->group_count >= GROUP_LINES || w->group.length + text.length > GROUP_BYTES)
        flush_group(w);
    if (w->group_count++ == 0)
        w->group_line = w->run_line;
    else
        buf_add_char(&w->group, '\n');
    w->group_last = w->in.token_line;
    if (label.length) {
        buf_add(&w->group, label);
        buf_add(&w->group, S(": "));
    }
    buf_add(&w->group, text);
}

static bool is_value_name(Str name)
{
    static const char *const generic[] = { "string", "integer", "real", "date", "data", "value" };
    for (size_t i = 0; i < COUNT(generic); i++)
        if (str_is(name, generic[i]))
            return true;
    return false;
}

static void write_leaf(Writer *w, const Open *open, Str text)
{
    Str name = str(open->name);
    if (str_is(name, "key") && text.length < sizeof w->key) {
        snprintf(w->key, sizeof w->key, STR_FMT, STR_ARG(text));
        return;
    }
    if (w->key[0] || is_value_name(name))
        name = str(w->key);
    add_line(w, open->has_child ? STR_NONE : name, text);
    w->key[0] = '\0';
}

/* --- Text --- */

static void end_run(Writer *w)
{
    arena_reset(w->arena);
    w->run = buf_new(w->arena, SIZE_MAX / 4);
}

static Str run_text(Writer *w)
{
    Str text = str_trim(buf_str(&w->run));
    bool is_blob = text.length > BASE64_MIN && str_find_char(text, ' ') < 0;
    for (size_t i = 0; is_blob && i < text.length; i++)
        is_blob = (unsigned char)text.at[i] < 0x80;
    return is_blob ? STR_NONE : text;
}

static bool looks_like_markup(Str text)
{
    return str_find(text, S("</")) >= 0 || str_find(text, S("<br")) >= 0 ||
           str_find(text, S("<p>")) >= 0 || str_find(text, S("/>")) >= 0;
}

static const Open *innermost_block(const Writer *w)
{
    for (int i = w->depth - 1; i >= 0; i--) {
        NameIs is = w->open[i].is;
        if (is != NAME_OTHER && is != NAME_INLINE && is != NAME_SECTION && is != NAME_TABLE &&
            is != NAME_HEAD && is != NAME_ROW)
            return &w->open[i];
        if (is == NAME_SECTION || is == NAME_TABLE)
            return NULL;
    }
    return NULL;
}

static void write_block(Writer *w, const Open *block, Str text)
{
    flush_group(w);
    set_place(w, w->run_line, w->in.token_line);
    switch (block->is) {
    case NAME_HEADING: doc_heading(w->doc, MAX(1, w->sections), text); break;
    case NAME_ITEM: doc_list_item(w->doc, 1, S("-"), text); break;
    case NAME_QUOTE: doc_quote(w->doc, text); break;
    case NAME_CODE: doc_code(w->doc, STR_NONE, text); break;
    case NAME_MARKUP:
        if (looks_like_markup(text)) {
            html_write(w->doc, text, &(Place){ .line_first = w->run_line });
            break;
        }
        doc_paragraph(w->doc, text);
        break;
    default: doc_paragraph(w->doc, text);
    }
}

/* The text so far is complete: it belongs to the innermost open element. */
static void flush(Writer *w)
{
    if (w->cells && w->in_table)
        return;
    Str text = run_text(w);
    if (text.length && w->depth) {
        const Open *block = innermost_block(w);
        if (block)
            write_block(w, block, text);
        else
            write_leaf(w, &w->open[w->depth - 1], text);
    }
    end_run(w);
}

static void add_text(Writer *w, Str text)
{
    const Open *block = innermost_block(w);
    bool is_code = block && block->is == NAME_CODE;
    if (w->run.length == 0)
        w->run_line = w->text_line;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        bool is_space = HAS_CHAR(c, " \t\r\n");
        if (!is_space || is_code)
            buf_add_char(&w->run, c);
        else if (w->run.length && w->run.at[w->run.length - 1] != ' ')
            buf_add_char(&w->run, ' ');
    }
}

static void write_text(Writer *w, const HtmlToken *token)
{
    AUTO_ARENA Arena *scratch = NULL;
    Str text = token->text;
    if (w->hidden)
        return;
    if (w->run.length == 0) {
        /* White space before the first words is not theirs. */
        Str words = str_trim(text);
        if (words.length == 0)
            return;
        w->text_line = w->in.token_line;
        for (const char *at = text.at; at < words.at; at++)
            w->text_line += *at == '\n';
        text = str_from(text, (size_t)(words.at - text.at));
    }
    if (!token->is_raw && str_find_char(text, '&') >= 0) {
        scratch = arena_new(text.length * 4 + KB(64));
        Buf out = buf_new(scratch, SIZE_MAX / 4);
        html_decode(&out, text);
        text = buf_str(&out);
    }
    add_text(w, text);
}

/* --- Elements --- */

static void end_row(Writer *w)
{
    if (w->row_is_open) {
        set_place(w, w->run_line, w->in.token_line);
        doc_row_end(w->doc);
    }
    w->row_is_open = false;
}

static void end_cell(Writer *w)
{
    if (!w->in_table) {
        flush(w);
        return;
    }
    if (w->cells == 1) {
        doc_cell(w->doc, run_text(w));
        w->row_is_open = true;
        end_run(w);
    }
}

static void close_top(Writer *w)
{
    Open *top = &w->open[w->depth - 1];
    bool is_inside = innermost_block(w) && innermost_block(w) != top;
    switch (top->is) {
    case NAME_INLINE: break;
    case NAME_HIDDEN: w->hidden--; break;
    case NAME_CELL:
        end_cell(w);
        w->cells--;
        break;
    case NAME_ROW:
        flush(w);
        end_row(w);
        flush_group(w);
        break;
    case NAME_HEAD:
        end_row(w);
        doc_header_end(w->doc);
        break;
    case NAME_TABLE:
        end_row(w);
        doc_table_end(w->doc);
        w->in_table = false;
        break;
    case NAME_OTHER:
        if (is_inside)
            add_text(w, S(" "));
        else
            flush(w);
        if (top->has_child)
            flush_group(w);
        break;
    default: flush(w); flush_group(w);
    }
    w->sections -= top->is == NAME_SECTION;
    w->depth--;
}

static void end_element(Writer *w, Str name)
{
    for (int i = w->depth - 1; i >= 0; i--) {
        if (!str_is(name, w->open[i].name))
            continue;
        while (w->depth > i)
            close_top(w);
        return;
    }
}

static bool is_words(Str value)
{
    size_t letters = 0, spaces = 0;
    for (size_t i = 0; i < value.length; i++) {
        unsigned char c = (unsigned char)value.at[i];
        letters += c >= 0x80 || ((c | 32) >= 'a' && (c | 32) <= 'z');
        spaces += c == ' ';
    }
    return spaces >= 2 && letters * 4 > value.length * 3 && str_find(value, S("://")) < 0;
}

/* Attributes that are read by people: the usual names, and anything that is a few words. */
static void write_attributes(Writer *w, Str attributes)
{
    static const char *const spoken[] = { "title",   "alt",     "label",
                                          "text",    "caption", "description",
                                          "summary", "desc",    "displayname" };
    Str name, value;
    while (html_next_attribute(&attributes, &name, &value)) {
        ptrdiff_t colon = str_find_char(name, ':');
        Str local = str_from(name, colon < 0 ? 0 : (size_t)colon + 1);
        bool is_spoken = is_words(value) && !str_starts(name, S("xmlns"));
        if (str_is(local, "id") && value.length && value.length <= ANCHOR_MAX)
            snprintf(w->anchor, sizeof w->anchor, STR_FMT, STR_ARG(value));
        for (size_t i = 0; i < COUNT(spoken); i++)
            is_spoken |= value.length && str_equal_ignore_case(local, str(spoken[i]));
        if (!is_spoken || w->cells || w->hidden)
            continue;
        AUTO_ARENA Arena *scratch = arena_new(value.length * 4 + KB(64));
        Buf out = buf_new(scratch, SIZE_MAX / 4);
        html_decode(&out, value);
        w->run_line = w->in.token_line;
        add_line(w, str_is(local, "text") ? STR_NONE : local, buf_str(&out));
    }
}

/* "item" and "entry" are of lists and tables, but also the pieces of a feed. */
static NameIs kind_of(const Writer *w, Str name)
{
    NameIs is = name_is(name);
    if (is == NAME_CELL && !w->in_table)
        return NAME_SECTION;
    if (is == NAME_ROW && !w->in_table)
        return NAME_OTHER;
    bool is_in_channel = false;
    for (int i = 0; i < w->depth && is == NAME_ITEM; i++)
        is_in_channel |=
            str_is(str(w->open[i].name), "channel") || str_is(str(w->open[i].name), "rdf");
    return is_in_channel ? NAME_SECTION : is;
}

static void open_block(Writer *w, NameIs is)
{
    if (w->cells && w->in_table) {
        add_text(w, S(" "));
        return;
    }
    flush(w);
    flush_group(w);
    if (is == NAME_TABLE) {
        end_row(w);
        doc_table_begin(w->doc);
        w->in_table = true;
    }
}

static void begin_element(Writer *w, const HtmlToken *token)
{
    NameIs is = kind_of(w, token->name);
    if (w->depth && is != NAME_INLINE)
        w->open[w->depth - 1].has_child = true;
    bool is_inside = innermost_block(w) || run_text(w).length;
    if (is == NAME_OTHER && is_inside) {
        if (!token->is_empty)
            add_text(w, S(" "));
    } else if (is == NAME_INLINE && !is_inside)
        is = NAME_OTHER; /* <code>7</code> of a record */
    else if (is != NAME_OTHER && is != NAME_INLINE && is != NAME_HIDDEN)
        open_block(w, is);
    write_attributes(w, token->attributes);
    if (token->is_empty || w->depth >= OPEN_MAX)
        return;
    Open *open = &w->open[w->depth++];
    *open = (Open){ .is = is_inside && is == NAME_OTHER ? NAME_INLINE : is };
    snprintf(open->name, sizeof open->name, STR_FMT, STR_ARG(token->name));
    w->sections += is == NAME_SECTION;
    w->hidden += is == NAME_HIDDEN;
    w->cells += is == NAME_CELL;
}

static bool xml_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *text_arena = arena_new(GB(1));
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *group_arena = arena_new(GB(1));
    AUTO_FREE Writer *w = heap_alloc(sizeof *w);
    HtmlToken token;
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not XML");
    Str declared = charset_in_xml(source->bytes);
    if (!declared.length)
        declared = charset_in_media_type(source->media_type);
    *w = (Writer){ .doc = doc, .arena = arena, .group_arena = group_arena };
    w->in = html_reader(text_decode(text_arena, source->bytes, declared, NULL));
    w->in.is_xml = true;
    if (str_find(str_slice(w->in.text, 0, KB(64)), S("<!ENTITY")) >= 0)
        doc_warning(doc, S("entities that the file declares were not expanded"));
    end_run(w);
    flush_group(w);
    while (doc_writer_ok(doc) && html_next(&w->in, &token)) {
        if (token.kind == HTML_TEXT)
            write_text(w, &token);
        else if (token.kind == HTML_START)
            begin_element(w, &token);
        else
            end_element(w, token.name);
    }
    while (w->depth)
        close_top(w);
    flush_group(w);
    return true;
}

static int xml_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(256));
    if (text_is_binary(bytes))
        return 0;
    Str head = str_trim(text_head(arena, bytes, KB(8)));
    if (str_starts(head, S("<?xml")))
        return 60;
    if (!str_starts(head, S("<")) || head.length < 4)
        return 0;
    return str_find(head, S("xmlns")) >= 0 ? 50 : 8;
}

const Extractor extractor_xml = {
    .name = "xml",
    .title = "XML (DocBook, JATS, RSS, Atom, OPML, SVG and others)",
    .extensions = LIST("xml", "nxml", "rss", "atom", "opml", "svg", "dbk", "docbook", "jats",
                       "plist", "xsd", "xsl", "xslt", "kml", "gpx", "xlf", "xliff", "ttml", "tei"),
    .media_types = LIST("application/xml", "text/xml", "application/rss+xml",
                        "application/atom+xml", "image/svg+xml", "application/docbook+xml"),
    .sniff = xml_sniff,
    .extract = xml_extract,
};
