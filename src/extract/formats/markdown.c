/* markdown.c - CommonMark with GitHub's tables, strike-through, task lists and footnotes, read by
 * cmark-gfm; front matter becomes metadata. */
#include "extract/formats/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>

#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/html.h"
#include "extract/metadata.h"

/* Long files are parsed in pieces, cut before a heading: a tree takes some thirty times its text,
 * and what is quadratic in the parser stays small. */
enum { PIECE_GOOD = 256 * 1024, PIECE_MAX = 1 << 20, LISTS_MAX = 64, FRONT_MATTER_MAX = 64 * 1024 };

typedef struct List {
    bool is_ordered;
    char delimiter;
    int number;
} List;

typedef struct Writer {
    DocWriter *doc;
    Arena *arena; /* of `run`, reset after each block */
    Buf run;
    Arena *note_arena; /* of `note`, the footnote that is open */
    Buf note;
    int line_offset;
    List lists[LISTS_MAX];
    int list_depth, quote_depth, image_depth;
    bool item_began, in_note, in_cell, in_head_row;
    bool has_lines;            /* the text is the file's, so lines are places */
    bool has_image, has_words; /* of the paragraph: only pictures, or words too */
} Writer;

static void add(Writer *w, const char *text)
{
    if (!text)
        return;
    buf_add(&w->run, str(text));
    w->has_words |= w->image_depth == 0 && str_trim(str(text)).length > 0;
}

static void end_block(Writer *w)
{
    arena_reset(w->arena);
    w->run = buf_new(w->arena, SIZE_MAX / 4);
    w->has_image = w->has_words = false;
}

static void set_lines(Writer *w, cmark_node *node)
{
    int first = cmark_node_get_start_line(node), last = cmark_node_get_end_line(node);
    if (first > 0 && w->has_lines)
        doc_place_lines(w->doc, first + w->line_offset, MAX(first, last) + w->line_offset);
}

static List *innermost_list(Writer *w)
{
    return w->list_depth > 0 && w->list_depth <= LISTS_MAX ? &w->lists[w->list_depth - 1] : NULL;
}

static void write_item(Writer *w, Str text)
{
    char marker[16] = "-";
    List *list = innermost_list(w);
    if (list && list->is_ordered)
        snprintf(marker, sizeof marker, "%d%c", list->number++, list->delimiter);
    doc_list_item(w->doc, w->list_depth, str(marker), text);
    w->item_began = false;
}

static void write_paragraph(Writer *w)
{
    Str text = buf_str(&w->run);
    if (w->in_note) {
        if (w->note.length)
            buf_add_char(&w->note, '\n');
        buf_add(&w->note, text);
    } else if (w->item_began)
        write_item(w, text);
    else if (w->quote_depth)
        doc_quote(w->doc, text);
    else if (w->has_image && !w->has_words)
        doc_image(w->doc, text);
    else
        doc_paragraph(w->doc, text);
}

/* --- Nodes --- */

static void write_code(Writer *w, cmark_node *node)
{
    Str info = str(cmark_node_get_fence_info(node)), language = STR_NONE;
    str_next(&info, ' ', &language);
    set_lines(w, node);
    doc_code(w->doc, language, str(cmark_node_get_literal(node)));
}

/* What an author hid is a note. */
static bool write_comment(Writer *w, cmark_node *node, Str text)
{
    text = str_trim(text);
    if (!str_starts(text, S("<!--")) || !str_ends(text, S("-->")) || text.length < 7)
        return false;
    set_lines(w, node);
    doc_note(w->doc, "comment", str_slice(text, 4, text.length - 3));
    return true;
}

static void write_html(Writer *w, cmark_node *node)
{
    Str text = str(cmark_node_get_literal(node));
    if (write_comment(w, node, text))
        return;
    Place place = { .line_first =
                        w->has_lines ? cmark_node_get_start_line(node) + w->line_offset : 0 };
    html_write(w->doc, text, &place);
    if (w->has_lines)
        doc_place(w->doc, &(Place){ 0 });
}

static void add_inline_html(Writer *w, const char *tag)
{
    if (str_starts(str(tag), S("<br")))
        buf_add_char(&w->run, '\n');
}

static void on_inline(Writer *w, cmark_node *node, bool enters)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT:
    case CMARK_NODE_CODE: add(w, cmark_node_get_literal(node)); break;
    case CMARK_NODE_SOFTBREAK: buf_add_char(&w->run, ' '); break;
    case CMARK_NODE_LINEBREAK: buf_add_char(&w->run, '\n'); break;
    case CMARK_NODE_HTML_INLINE: add_inline_html(w, cmark_node_get_literal(node)); break;
    case CMARK_NODE_IMAGE:
        w->image_depth += enters ? 1 : -1;
        w->has_image = true;
        break;
    case CMARK_NODE_LINK:
        if (!enters && str(cmark_node_get_title(node)).length)
            buf_addf(&w->run, " \"%s\"", cmark_node_get_title(node));
        break;
    case CMARK_NODE_FOOTNOTE_REFERENCE:
        if (!enters)
            break;
        add(w, "[^");
        add(w, cmark_node_get_literal(node));
        add(w, "]");
        break;
    default: break;
    }
}

static void on_list(Writer *w, cmark_node *node, bool enters)
{
    w->list_depth += enters ? 1 : -1;
    List *list = enters ? innermost_list(w) : NULL;
    if (list)
        *list = (List){
            .is_ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST,
            .delimiter = cmark_node_get_list_delim(node) == CMARK_PAREN_DELIM ? ')' : '.',
            .number = cmark_node_get_list_start(node),
        };
}

/* The nodes of extensions have no constants in the public headers, only names. */
static void on_extension(Writer *w, cmark_node *node, const char *name, bool enters)
{
    if (strcmp(name, "table") == 0) {
        enters ? doc_table_begin(w->doc) : doc_table_end(w->doc);
    } else if (strcmp(name, "table_row") == 0 || strcmp(name, "table_header") == 0) {
        if (enters)
            return;
        set_lines(w, node);
        doc_row_end(w->doc);
        if (cmark_gfm_extensions_get_table_row_is_header(node))
            doc_header_end(w->doc);
    } else if (strcmp(name, "table_cell") == 0) {
        w->in_cell = enters;
        if (!enters)
            doc_cell(w->doc, buf_str(&w->run));
        end_block(w);
    }
}

/* Its paragraphs are one note. */
static void on_note(Writer *w, bool enters)
{
    AUTO_ARENA Arena *ended = w->note_arena;
    if (!enters)
        doc_note(w->doc, "footnote", buf_str(&w->note));
    w->in_note = enters;
    w->note_arena = enters ? arena_new(MB(256)) : NULL;
    w->note = enters ? buf_new(w->note_arena, MB(16)) : (Buf){ 0 };
}

static void on_node(Writer *w, cmark_node *node, bool enters)
{
    cmark_node_type type = cmark_node_get_type(node);
    switch (type) {
    case CMARK_NODE_DOCUMENT: break;
    case CMARK_NODE_BLOCK_QUOTE: w->quote_depth += enters ? 1 : -1; break;
    case CMARK_NODE_LIST: on_list(w, node, enters); break;
    case CMARK_NODE_ITEM:
        w->item_began = enters;
        if (enters && strcmp(cmark_node_get_type_string(node), "tasklist") == 0)
            add(w, cmark_gfm_extensions_get_tasklist_item_checked(node) ? "[x] " : "[ ] ");
        break;
    case CMARK_NODE_CODE_BLOCK: write_code(w, node); break;
    case CMARK_NODE_HTML_BLOCK: write_html(w, node); break;
    case CMARK_NODE_FOOTNOTE_DEFINITION: on_note(w, enters); break;
    case CMARK_NODE_PARAGRAPH:
    case CMARK_NODE_HEADING:
        if (enters)
            break;
        set_lines(w, node);
        if (type == CMARK_NODE_HEADING)
            doc_heading(w->doc, cmark_node_get_heading_level(node), buf_str(&w->run));
        else
            write_paragraph(w);
        end_block(w);
        break;
    default:
        if ((type & CMARK_NODE_TYPE_MASK) == CMARK_NODE_TYPE_INLINE)
            on_inline(w, node, enters);
        else
            on_extension(w, node, cmark_node_get_type_string(node), enters);
    }
}

void markdown_preload(void) { cmark_gfm_core_extensions_ensure_registered(); }

static void parser_auto(cmark_parser **parser) { cmark_parser_free(*parser); }

static void write_piece(Writer *w, Str text)
{
    /* Links by themselves need no extension: their text is their address. */
    static const char *const extensions[] = { "table", "strikethrough", "tasklist" };
    AUTO(parser_auto)
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_FOOTNOTES | CMARK_OPT_VALIDATE_UTF8);
    for (size_t i = 0; i < COUNT(extensions); i++) {
        cmark_syntax_extension *extension = cmark_find_syntax_extension(extensions[i]);
        if (extension)
            cmark_parser_attach_syntax_extension(parser, extension);
    }
    cmark_parser_feed(parser, text.at, text.length);
    cmark_node *root = cmark_parser_finish(parser);
    cmark_iter *iter = cmark_iter_new(root);
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        if (!doc_writer_ok(w->doc))
            break;
        on_node(w, cmark_iter_get_node(iter), event == CMARK_EVENT_ENTER);
    }
    arena_free(w->note_arena); /* of a note that was left open */
    w->note_arena = NULL;
    w->in_note = false;
    cmark_iter_free(iter);
    cmark_node_free(root);
}

/* --- Pieces and front matter --- */

static size_t piece_length(Str text, int *lines_r)
{
    Str rest = text, line;
    bool in_fence = false;
    *lines_r = 0;
    while (text_next_line(&rest, &line)) {
        size_t end = text.length - rest.length;
        ++*lines_r;
        if (str_starts(str_trim(line), S("```")) || str_starts(str_trim(line), S("~~~")))
            in_fence = !in_fence;
        if (end >= PIECE_MAX || (end >= PIECE_GOOD && !in_fence && str_starts(rest, S("#"))))
            return end;
    }
    return text.length;
}

/* What static sites and notes call it, as every format does. */
static const char *shared_name(const char *key)
{
    static const struct {
        const char *name, *key;
    } names[] = { { "date", "published" },      { "tags", "keywords" },
                  { "authors", "author" },      { "lang", "language" },
                  { "summary", "description" }, { "abstract", "description" },
                  { "updated", "modified" },    { "lastmod", "modified" },
                  { "categories", "category" }, { "created_at", "created" },
                  { "subtitle", "subject" } };
    const MetadataName *shared = metadata_named(str(key));
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_equal_ignore_case(str(key), str(names[i].name)))
            return names[i].key;
    return shared ? shared->key : key;
}

static void write_front_matter_line(DocWriter *doc, Str line, char separator)
{
    char key[64];
    ptrdiff_t at = str_find_char(line, separator);
    if (at <= 0 || (size_t)at >= sizeof key || HAS_CHAR(line.at[0], " \t-#")) {
        doc_meta(doc, "front matter", str_trim(line));
        return;
    }
    snprintf(key, sizeof key, STR_FMT, STR_ARG(str_trim(str_slice(line, 0, (size_t)at))));
    Str value = str_trim(str_from(line, (size_t)at + 1));
    if (value.length >= 2 && HAS_CHAR(value.at[0], "\"'") &&
        value.at[value.length - 1] == value.at[0])
        value = str_slice(value, 1, value.length - 1);
    if (str_starts(value, S("[")) && str_ends(value, S("]")))
        value = str_trim(str_slice(value, 1, value.length - 1)); /* [a, b] */
    doc_meta(doc, shared_name(key), value);
}

/* YAML between "---" or TOML between "+++" at the beginning; the lines used. */
static int read_front_matter(DocWriter *doc, Str *text)
{
    Str rest = *text, fence, line;
    int count = 1;
    bool is_ended = false;
    if (!text_next_line(&rest, &fence) || !(str_is(fence, "---") || str_is(fence, "+++")))
        return 0;
    Str body = rest;
    while (!is_ended && text->length - rest.length < FRONT_MATTER_MAX &&
           text_next_line(&rest, &line)) {
        count++;
        is_ended = str_equal(line, fence) || str_is(line, "...");
    }
    if (!is_ended || count < 3)
        return 0;
    for (int number = 2; number < count && text_next_line(&body, &line); number++) {
        doc_place_lines(doc, number, number);
        write_front_matter_line(doc, line, fence.at[0] == '+' ? '=' : ':');
    }
    *text = rest;
    return count;
}

static void write_pieces(Writer *w, Str text)
{
    while (text.length && doc_writer_ok(w->doc)) {
        int lines;
        size_t length = piece_length(text, &lines);
        end_block(w);
        write_piece(w, str_slice(text, 0, length));
        w->line_offset += lines;
        text = str_from(text, length);
    }
}

void markdown_write(DocWriter *doc, Str text)
{
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    markdown_preload();
    write_pieces(&(Writer){ .doc = doc, .arena = scratch }, text);
}

static bool markdown_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    markdown_preload();
    Str text = text_decode(arena, source->bytes, charset_in_media_type(source->media_type), NULL);
    Writer w = { .doc = doc, .arena = scratch, .has_lines = true };
    w.line_offset = read_front_matter(doc, &text);
    write_pieces(&w, text);
    return true;
}

static int markdown_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(256));
    if (text_is_binary(bytes))
        return 0;
    Str rest = text_head(arena, bytes, KB(32)), line;
    int headings = 0, marks = 0;
    marks += str_find(rest, S("](")) >= 0;
    while (text_next_line(&rest, &line)) {
        size_t level = 0;
        while (level < line.length && level < 7 && line.at[level] == '#')
            level++;
        headings += level > 0 && level < 7 && level < line.length && line.at[level] == ' ';
        marks +=
            str_starts(line, S("```")) || str_starts(line, S("|--")) || str_starts(line, S("| --"));
    }
    return headings && marks ? 14 : 5;
}

const Extractor extractor_markdown = {
    .name = "markdown",
    .title = "Markdown",
    .extensions = LIST("md", "markdown", "mdown", "mkd", "mdx", "rmd", "qmd"),
    .media_types = LIST("text/markdown", "text/x-markdown"),
    .sniff = markdown_sniff,
    .extract = markdown_extract,
};
