/* markdown.c - CommonMark with GitHub's tables, strike-through, task lists, footnotes and formulas,
 * read by cmark-gfm, and the definitions of PHP Markdown Extra; front matter becomes metadata. */
#include "extract/formats/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>

#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/front_matter.h"
#include "extract/formats/html.h"

/* Long files are parsed in pieces, cut before a heading: a tree takes some thirty times its text,
 * and what is quadratic in the parser stays small. */
enum { PIECE_GOOD = 256 * 1024, PIECE_MAX = 1 << 20, LISTS_MAX = 64, ROW_BARS_MAX = 10000 };

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
    Str piece, unseen; /* what is parsed now, and its lines behind the first `seen` */
    int seen;
    int line_offset;
    cmark_node *defined; /* the paragraph that defines something, when it was the last one */
    List lists[LISTS_MAX];
    int list_depth, quote_depth, image_depth;
    bool item_began, in_note, in_cell, in_head_row;
    bool has_lines;            /* the text is the file's, so lines are places */
    bool has_image, has_words; /* of the paragraph: only pictures, or words too */
    bool has_definitions;      /* likewise: lines that begin with a colon */
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
    w->has_image = w->has_words = w->has_definitions = false;
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

/* --- Definitions and formulas --- */

static bool begins_definition(Str text)
{
    return str_starts(text, S(":")) && (text.length == 1 || HAS_CHAR(text.at[1], " \t"));
}

/* "Term", then ": meaning" once or more; or only meanings, of the paragraph before. */
static void write_definitions(Writer *w, cmark_node *node, Str text)
{
    Str line;
    while (str_next(&text, '\n', &line))
        begins_definition(line) ? doc_list_item(w->doc, 1, S("-"), str_from(line, 1))
                                : doc_paragraph(w->doc, line);
    w->defined = node;
}

/* Is this indented code the next paragraph of a definition? */
static bool is_more_of_definition(Writer *w, cmark_node *node)
{
    int length, offset;
    char mark;
    return w->defined && cmark_node_previous(node) == w->defined &&
           !cmark_node_get_fenced(node, &length, &offset, &mark);
}

/* The lines of a node as they are in the file; asked in their order. */
static Str source_of(Writer *w, cmark_node *node)
{
    int first = cmark_node_get_start_line(node), last = cmark_node_get_end_line(node);
    size_t start = w->piece.length - w->unseen.length;
    for (Str line; w->seen < last && text_next_line(&w->unseen, &line); w->seen++)
        if (w->seen + 1 == first)
            start = (size_t)(line.at - w->piece.at);
    return str_slice(w->piece, start, w->piece.length - w->unseen.length);
}

/* "$$ ... $$" by itself: what a parser takes for escapes and emphasis belongs to the formula. */
static bool write_formula(Writer *w, cmark_node *node)
{
    if (!str_starts(buf_str(&w->run), S("$$")) || w->list_depth || w->quote_depth || w->in_note)
        return false;
    Str text = str_trim(source_of(w, node));
    if (text.length < 5 || !str_starts(text, S("$$")) || !str_ends(text, S("$$")))
        return false;
    doc_code(w->doc, S("latex"), str_trim(str_slice(text, 2, text.length - 2)));
    return true;
}

static void write_paragraph(Writer *w, cmark_node *node)
{
    Str text = buf_str(&w->run);
    if (w->in_note) {
        if (w->note.length)
            buf_add_char(&w->note, '\n');
        buf_add(&w->note, text);
    } else if (w->item_began)
        write_item(w, text);
    else if (write_formula(w, node))
        return;
    else if (w->has_definitions && !w->quote_depth)
        write_definitions(w, node, text);
    else if (w->quote_depth)
        doc_quote(w->doc, text);
    else if (w->has_image && !w->has_words)
        doc_image(w->doc, text);
    else
        doc_paragraph(w->doc, text);
}

/* --- Nodes --- */

/* "c", "c x", and the attributes of Pandoc and R Markdown: "{.c #id}", "{r setup, echo=FALSE}". */
static Str code_language(Str info)
{
    size_t start = 0, end = 0;
    while (start < info.length && HAS_CHAR(info.at[start], "{. "))
        start++;
    for (end = start; end < info.length && !HAS_CHAR(info.at[end], " ,}"); end++)
        ;
    return str_slice(info, start, end);
}

static void write_code(Writer *w, cmark_node *node)
{
    Str text = str(cmark_node_get_literal(node));
    set_lines(w, node);
    if (is_more_of_definition(w, node)) {
        doc_paragraph(w->doc, text);
        w->defined = node;
        return;
    }
    doc_code(w->doc, code_language(str(cmark_node_get_fence_info(node))), text);
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

/* A line's end is a space, but before a definition and after the name of an alert ("[!NOTE]"). */
static void add_line_end(Writer *w, cmark_node *node)
{
    cmark_node *next = cmark_node_next(node);
    Str run = buf_str(&w->run);
    bool is_definition = next && cmark_node_get_type(next) == CMARK_NODE_TEXT &&
                         begins_definition(str(cmark_node_get_literal(next)));
    bool is_alert = w->quote_depth && str_starts(run, S("[!")) && str_ends(run, S("]"));
    w->has_definitions |= is_definition;
    buf_add_char(&w->run, is_definition || is_alert ? '\n' : ' ');
}

/* A paragraph of meanings below the one of its term. */
static void begin_text(Writer *w, cmark_node *node, Str text)
{
    cmark_node *block = cmark_node_parent(node),
               *before = block ? cmark_node_previous(block) : NULL;
    w->has_definitions |= w->run.length == 0 && begins_definition(text) && before &&
                          cmark_node_get_type(before) == CMARK_NODE_PARAGRAPH;
}

static void on_inline(Writer *w, cmark_node *node, bool enters)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT:
        begin_text(w, node, str(cmark_node_get_literal(node)));
        add(w, cmark_node_get_literal(node));
        break;
    case CMARK_NODE_CODE: add(w, cmark_node_get_literal(node)); break;
    case CMARK_NODE_SOFTBREAK: add_line_end(w, node); break;
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
            write_paragraph(w, node);
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

/* cmark's table extension takes time that grows with the square of a row's cells. */
static bool has_wide_row(Str text)
{
    size_t bars = 0;
    for (size_t i = 0; i < text.length && bars <= ROW_BARS_MAX; i++)
        bars = text.at[i] == '\n' ? 0 : bars + (text.at[i] == '|');
    return bars > ROW_BARS_MAX;
}

static void write_piece(Writer *w, Str text)
{
    /* Links by themselves need no extension: their text is their address. */
    static const char *const extensions[] = { "strikethrough", "tasklist", "table" };
    size_t extension_count = COUNT(extensions) - has_wide_row(text);
    w->piece = w->unseen = text;
    w->seen = 0;
    w->defined = NULL;
    AUTO(parser_auto)
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_FOOTNOTES | CMARK_OPT_VALIDATE_UTF8);
    for (size_t i = 0; i < extension_count; i++) {
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

/* --- Pieces --- */

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
    w.line_offset = front_matter_write(doc, &text);
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
