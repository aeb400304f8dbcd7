/* structured.c - see structured.h. */
#include "extract/formats/structured.h"

#include "extract/charset/encoding.h"
#include "extract/formats/markup.h"
#include "extract/formats/mathml.h"

enum {
    OPEN_MAX = 512,
    CAPTURE_MAX = 16,
    LIST_MAX = 32,
    COLUMNS_MAX = 256,
    TEXT_MAX = 16 << 20,
    ANCHOR_MAX = 200,
    LABEL_MAX = 80,
    NOTES_MAX = 10000,
    HEAD_BYTES = 16 << 10
};

typedef struct Open {
    char name[24];
    const StructuredElement *is; /* NULL: inline */
    bool is_capture, is_other_person, needs_title;
} Open;

/* Text that goes elsewhere than into the running block. */
typedef struct Capture {
    Buf text, last; /* last: of ROLE_LAST, joined at the end */
    StructuredRole role;
    int column_span, row_span;
    char language[24];
    char date[3][24];
} Capture;

typedef struct Column {
    char name[24];
    int number;
} Column;

typedef struct PendingNote {
    Str text;
    const char *label;
} PendingNote;

typedef struct Writer {
    const StructuredElement *elements;
    size_t element_count;
    DocWriter *doc;
    HtmlReader in;
    Arena *arena;       /* of the block; emptied when nothing is open */
    Arena *notes_arena; /* of the notes that wait */
    Buf text;
    VEC(PendingNote) notes;
    Open open[OPEN_MAX];
    Capture captures[CAPTURE_MAX];
    struct {
        bool is_numbered;
        int next;
    } lists[LIST_MAX];
    Column columns[COLUMNS_MAX];
    char label[LABEL_MAX], anchor[ANCHOR_MAX + 1], marker[LABEL_MAX];
    int depth, capture_count, list_count, column_count, sections, quotes, hidden;
    int first_line, pictures;
    bool item_began, row_is_open, table_begun, has_title;
} Writer;

static const StructuredElement *find_element(const Writer *w, Str name)
{
    size_t low = 0, high = w->element_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_compare(name, str(w->elements[middle].name));
        if (order == 0)
            return &w->elements[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static StructuredRole role_of(const Open *open) { return open->is ? open->is->role : ROLE_INLINE; }

static Capture *top_capture(Writer *w)
{
    return w->capture_count ? &w->captures[w->capture_count - 1] : NULL;
}

static Buf *target(Writer *w) { return w->capture_count ? &top_capture(w)->text : &w->text; }

static void add_space(Writer *w, char space)
{
    Buf *out = target(w);
    if (!out->length)
        return;
    char *last = &out->at[out->length - 1];
    if (*last == ' ' && space == '\n')
        *last = '\n';
    else if (!HAS_CHAR(*last, " \n\t"))
        buf_add_char(out, space);
}

/* --- Blocks --- */

static void set_place(Writer *w)
{
    doc_place(w->doc, &(Place){ .line_first = w->first_line,
                                .line_last = MAX(w->first_line, w->in.token_line),
                                .anchor = str(w->anchor) });
}

static void write_notes(Writer *w)
{
    if (w->table_begun || !w->notes.count)
        return;
    for (size_t i = 0; i < w->notes.count; i++)
        doc_note(w->doc, w->notes.at[i].label, w->notes.at[i].text);
    w->notes.at = NULL;
    w->notes.count = w->notes.capacity = 0;
    arena_reset(w->notes_arena);
}

/* A section that begins with something else than its title gets the title of its kind. */
static void write_usual_titles(Writer *w)
{
    int level = 0;
    for (int i = 0; i < w->depth; i++) {
        Open *open = &w->open[i];
        level += role_of(open) == ROLE_SECTION;
        if (open->needs_title)
            doc_heading(w->doc, MIN(level, 6), str(open->is->key));
        open->needs_title = false;
    }
}

static Str with_label(Writer *w, Str text)
{
    if (!w->label[0])
        return text;
    Str all = str_format(w->arena, "%s " STR_FMT, w->label, STR_ARG(text));
    w->label[0] = '\0';
    return all;
}

static void write_item(Writer *w, Str text)
{
    if (w->label[0])
        snprintf(w->marker, sizeof w->marker, "%s", w->label);
    w->label[0] = '\0';
    doc_list_item(w->doc, MAX(1, w->list_count), str(w->marker), text);
    w->item_began = false;
}

/* The text so far is a block. */
static void flush(Writer *w)
{
    if (w->capture_count)
        return;
    Str text = str_trim(buf_str(&w->text));
    if (text.length) {
        write_usual_titles(w);
        set_place(w);
        if (w->item_began)
            write_item(w, text);
        else if (w->quotes)
            doc_quote(w->doc, with_label(w, text));
        else
            doc_paragraph(w->doc, with_label(w, text));
    }
    write_notes(w);
    if (!w->table_begun)
        arena_reset(w->arena);
    w->text = buf_new(w->arena, TEXT_MAX);
}

/* Something begins or ends here: in the running text a block, in a cell or a note a line. */
static void part_here(Writer *w)
{
    if (!w->capture_count) {
        flush(w);
        return;
    }
    StructuredRole role = top_capture(w)->role;
    add_space(w, role == ROLE_CELL || role == ROLE_NOTE ? '\n' : ' ');
}

/* --- Captures --- */

static int attribute_int(Writer *w, const HtmlToken *token, const char *name, int otherwise)
{
    int64_t number = otherwise;
    (void)str_to_int(markup_attribute(w->arena, token->attributes, name), 0, 1000, &number);
    return (int)number;
}

static int column_named(const Writer *w, Str name)
{
    for (int i = 0; name.length && i < w->column_count; i++)
        if (str_is(name, w->columns[i].name))
            return w->columns[i].number;
    return -1;
}

/* HTML tables say how many columns a cell covers, CALS tables (OASIS TM 9502) name the first and
 * the last, and the rows beside the first. */
static void read_spans(Writer *w, const HtmlToken *token, Capture *capture)
{
    Str attributes = token->attributes;
    int first = column_named(w, markup_attribute(w->arena, attributes, "namest"));
    int last = column_named(w, markup_attribute(w->arena, attributes, "nameend"));
    capture->column_span = MAX(1, attribute_int(w, token, "colspan", 1));
    if (capture->column_span == 1)
        capture->column_span = MAX(1, attribute_int(w, token, "cols", 1));
    capture->row_span = MAX(1, attribute_int(w, token, "rowspan", 1));
    if (capture->row_span == 1)
        capture->row_span = MAX(1, attribute_int(w, token, "rows", 1));
    if (first >= 0 && last > first)
        capture->column_span = last - first + 1;
    int more = attribute_int(w, token, "morerows", 0);
    if (more > 0)
        capture->row_span = more + 1;
}

static void copy_attribute(Writer *w, const HtmlToken *token, const char *name, char *out,
                           size_t size)
{
    Str value = markup_attribute(w->arena, token->attributes, name);
    if (value.length && value.length < size)
        snprintf(out, size, STR_FMT, STR_ARG(value));
}

static bool begin_capture(Writer *w, const HtmlToken *token, StructuredRole role)
{
    if (w->capture_count >= CAPTURE_MAX)
        return false;
    if (!w->capture_count && role != ROLE_NOTE && role != ROLE_FACT && role != ROLE_DATE &&
        role != ROLE_LABEL)
        flush(w);
    Capture *capture = &w->captures[w->capture_count];
    *capture = (Capture){ .text = buf_new(w->arena, TEXT_MAX),
                          .last = buf_new(w->arena, KB(64)),
                          .role = role,
                          .column_span = 1,
                          .row_span = 1 };
    if (role == ROLE_CELL)
        read_spans(w, token, capture);
    if (role == ROLE_CODE) {
        copy_attribute(w, token, "code-type", capture->language, sizeof capture->language);
        copy_attribute(w, token, "language", capture->language, sizeof capture->language);
    }
    if (role == ROLE_DATE)
        copy_attribute(w, token, "when", capture->date[0], sizeof capture->date[0]);
    w->capture_count++;
    return true;
}

/* What the innermost element is that a title can be of. */
static StructuredRole titled(const Writer *w)
{
    for (int i = w->depth - 1; i >= 0; i--)
        switch (role_of(&w->open[i])) {
        case ROLE_SECTION:
        case ROLE_BLOCK:
        case ROLE_TABLE:
        case ROLE_LIST:
        case ROLE_NUMBERED:
        case ROLE_ITEM:
        case ROLE_QUOTE:
        case ROLE_CELL:
        case ROLE_NOTE: return role_of(&w->open[i]);
        default: break;
        }
    return ROLE_SECTION;
}

static void write_title(Writer *w, Str text)
{
    StructuredRole of = titled(w);
    if (w->capture_count || of != ROLE_SECTION) {
        buf_add(target(w), text);
        of == ROLE_ITEM ? add_space(w, ' ') : part_here(w);
        return;
    }
    for (int i = w->depth - 1; i >= 0; i--)
        if (role_of(&w->open[i]) == ROLE_SECTION) {
            w->open[i].needs_title = false;
            break;
        }
    if (!text.length)
        return;
    write_usual_titles(w);
    set_place(w);
    doc_heading(w->doc, MAX(1, MIN(w->sections, 6)), with_label(w, text));
    if (!w->has_title && w->sections <= 1) {
        doc_meta(w->doc, "title", text);
        w->has_title = true;
    }
}

static bool is_of_other_person(const Writer *w)
{
    for (int i = w->depth - 1; i >= 0; i--)
        if (w->open[i].is_other_person)
            return true;
    return false;
}

static void write_fact(Writer *w, const char *key, Capture *capture)
{
    if (capture->last.length) {
        add_space(w, ' ');
        buf_add(&capture->text, str_trim(buf_str(&capture->last)));
    }
    Str value = str_trim(buf_str(&capture->text));
    Buf date = buf_new(w->arena, 64);
    for (int i = 0; capture->role == ROLE_DATE && i < 3 && capture->date[i][0]; i++)
        buf_addf(&date, "%s%s%s", i ? "-" : "", i && !capture->date[i][1] ? "0" : "",
                 capture->date[i]);
    if (date.length)
        value = buf_str(&date);
    if (strcmp(key, "author") == 0 && is_of_other_person(w))
        key = "contributor";
    w->has_title |= strcmp(key, "title") == 0;
    doc_place(w->doc, &(Place){ 0 });
    doc_meta(w->doc, key, value);
}

static void keep_note(Writer *w, const StructuredElement *is, Str text)
{
    text = str_trim(text);
    if (text.length && w->notes.count < NOTES_MAX)
        *vec_push(w->notes_arena, &w->notes) =
            (PendingNote){ str_copy(w->notes_arena, text), is->key ? is->key : "footnote" };
    if (!w->capture_count && !w->text.length)
        write_notes(w);
}

static void write_code(Writer *w, Str language, Str text)
{
    if (w->capture_count) {
        part_here(w);
        buf_add(target(w), text);
        part_here(w);
        return;
    }
    write_usual_titles(w);
    set_place(w);
    while (text.length && HAS_CHAR(text.at[0], "\r\n"))
        text = str_from(text, 1);
    doc_code(w->doc, language, text);
}

static void end_capture(Writer *w, const StructuredElement *is)
{
    Capture capture = *top_capture(w);
    Str text = buf_str(&capture.text), words = str_trim(text);
    if (capture.role == ROLE_FACT || capture.role == ROLE_DATE)
        write_fact(w, is->key, top_capture(w));
    w->capture_count--;
    switch (capture.role) {
    case ROLE_MAIN_TITLE:
    case ROLE_TITLE: write_title(w, words); break;
    case ROLE_NOTE: keep_note(w, is, text); break;
    case ROLE_CODE: write_code(w, str(capture.language), text); break;
    case ROLE_LABEL:
        if (w->capture_count || words.length >= sizeof w->label)
            buf_add(target(w), words), add_space(w, ' ');
        else
            snprintf(w->label, sizeof w->label, STR_FMT, STR_ARG(words));
        break;
    case ROLE_ALT:
        if (w->capture_count || w->table_begun) {
            buf_add(target(w), words);
        } else if (words.length) {
            set_place(w);
            doc_image(w->doc, words);
        }
        w->pictures -= w->pictures > 0 && words.length;
        break;
    case ROLE_CELL:
        doc_cell_span(w->doc, words, capture.column_span, capture.row_span);
        w->row_is_open = true;
        break;
    default: break;
    }
    if (!w->capture_count && !w->table_begun && !w->text.length)
        flush(w);
}

/* --- Elements --- */

static void end_row(Writer *w)
{
    if (w->row_is_open) {
        set_place(w);
        doc_row_end(w->doc);
        arena_reset(w->arena);
        w->text = buf_new(w->arena, TEXT_MAX);
    }
    w->row_is_open = false;
}

static void begin_list(Writer *w, const HtmlToken *token, bool is_numbered)
{
    /* JATS and TEI say it with an attribute. */
    Str type = markup_attribute(w->arena, token->attributes, "list-type");
    if (!type.length)
        type = markup_attribute(w->arena, token->attributes, "type");
    is_numbered |= str_is(type, "order") || str_is(type, "ordered") || str_is(type, "numbered");
    part_here(w);
    if (w->list_count < LIST_MAX) {
        w->lists[w->list_count].is_numbered = is_numbered;
        w->lists[w->list_count].next = MAX(1, attribute_int(w, token, "startingnumber", 1));
    }
    w->list_count++;
    w->item_began = false;
}

static void begin_item(Writer *w, bool is_term)
{
    part_here(w);
    if (w->capture_count)
        return;
    int list = MIN(w->list_count, LIST_MAX) - 1;
    w->item_began = true;
    snprintf(w->marker, sizeof w->marker, "%s", is_term ? "" : "-");
    if (list >= 0 && w->lists[list].is_numbered)
        snprintf(w->marker, sizeof w->marker, "%d.", w->lists[list].next++);
}

/* Begun by its first row: a title may come before it. */
static void begin_row(Writer *w)
{
    part_here(w);
    if (w->capture_count || w->table_begun)
        return;
    write_usual_titles(w);
    doc_table_begin(w->doc);
    w->table_begun = true;
}

static void end_table(Writer *w)
{
    if (w->table_begun && !w->capture_count) {
        end_row(w);
        doc_table_end(w->doc);
        w->table_begun = false;
    }
    w->column_count = 0;
    part_here(w);
}

static void note_column(Writer *w, const HtmlToken *token)
{
    if (w->column_count >= COLUMNS_MAX || w->capture_count)
        return;
    Column *column = &w->columns[w->column_count];
    int before = w->column_count ? w->columns[w->column_count - 1].number : 0;
    *column = (Column){ .number = attribute_int(w, token, "colnum", before + 1) };
    copy_attribute(w, token, "colname", column->name, sizeof column->name);
    w->column_count++;
}

/* Among the facts about the document, not in a paragraph or section there. */
static bool is_in_info(const Writer *w)
{
    for (int i = w->depth - 1; i >= 0; i--) {
        StructuredRole role = role_of(&w->open[i]);
        if (role == ROLE_INFO || role == ROLE_SECTION || role == ROLE_PARAGRAPH)
            return role == ROLE_INFO;
    }
    return false;
}

static bool is_captured(const Writer *w, StructuredRole role)
{
    switch (role) {
    case ROLE_TITLE:
    case ROLE_LABEL:
    case ROLE_CODE:
    case ROLE_NOTE:
    case ROLE_ALT: return true;
    case ROLE_MAIN_TITLE:
    case ROLE_FACT:
    case ROLE_DATE: return is_in_info(w);
    case ROLE_CELL: return w->table_begun && !w->capture_count;
    default: return false;
    }
}

static void begin_plain(Writer *w, const HtmlToken *token, StructuredRole role)
{
    switch (role) {
    case ROLE_SECTION:
        w->sections++;
        part_here(w);
        copy_attribute(w, token, "id", w->anchor, sizeof w->anchor);
        break;
    case ROLE_LIST:
    case ROLE_NUMBERED: begin_list(w, token, role == ROLE_NUMBERED); break;
    case ROLE_TERM:
    case ROLE_ITEM: begin_item(w, role == ROLE_TERM); break;
    case ROLE_QUOTE:
        part_here(w);
        w->quotes++;
        break;
    case ROLE_ROW: begin_row(w); break;
    case ROLE_COLUMN: note_column(w, token); break;
    case ROLE_IMAGE:
        w->pictures += w->pictures < INT32_MAX - 1;
        part_here(w);
        break;
    case ROLE_REFERENCE:
    case ROLE_HIDDEN: w->hidden++; break;
    case ROLE_MAIN_TITLE:
    case ROLE_FACT:
    case ROLE_DATE:
    case ROLE_LAST:
    case ROLE_CELL:
    case ROLE_SPACE: add_space(w, ' '); break;
    case ROLE_LINE:
    case ROLE_INLINE: break;
    default: part_here(w);
    }
}

static void end_plain(Writer *w, StructuredRole role)
{
    switch (role) {
    case ROLE_SECTION:
        part_here(w);
        w->sections--;
        break;
    case ROLE_LIST:
    case ROLE_NUMBERED:
        part_here(w);
        w->list_count--;
        w->item_began = false;
        break;
    case ROLE_QUOTE:
        part_here(w);
        w->quotes--;
        break;
    case ROLE_ROW:
        if (w->capture_count)
            part_here(w);
        else
            end_row(w);
        break;
    case ROLE_HEAD:
        if (w->table_begun && !w->capture_count) {
            end_row(w);
            doc_header_end(w->doc);
        }
        break;
    case ROLE_BLOCK:
    case ROLE_TABLE: end_table(w); break;
    case ROLE_REFERENCE:
    case ROLE_HIDDEN: w->hidden--; break;
    case ROLE_LINE: add_space(w, '\n'); break;
    case ROLE_MAIN_TITLE:
    case ROLE_FACT:
    case ROLE_DATE:
    case ROLE_LAST:
    case ROLE_CELL:
    case ROLE_SPACE: add_space(w, ' '); break;
    case ROLE_COLUMN:
    case ROLE_INLINE: break;
    default: part_here(w);
    }
}

static void close_top(Writer *w)
{
    Open *top = &w->open[w->depth - 1];
    if (top->is_capture)
        end_capture(w, top->is);
    w->depth--;
    if (!top->is_capture && role_of(top) != ROLE_INLINE)
        end_plain(w, role_of(top));
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

static void begin_element(Writer *w, const HtmlToken *token)
{
    const StructuredElement *is = find_element(w, token->name);
    StructuredRole role = is ? is->role : ROLE_INLINE;
    if (!w->capture_count && !w->text.length)
        w->first_line = w->in.token_line;
    if (str_is(token->name, "math") && !token->is_empty && !w->hidden) {
        Str inner = markup_inner(&w->in);
        if (w->capture_count || !w->table_begun)
            mathml_add(target(w), inner);
        return;
    }
    if (w->hidden || (role == ROLE_REFERENCE && !is_in_info(w))) {
        role = ROLE_INLINE;
        is = NULL;
    }
    if (token->is_empty) {
        if (role == ROLE_IMAGE || role == ROLE_COLUMN || role == ROLE_SPACE)
            begin_plain(w, token, role);
        else if (role == ROLE_LINE)
            add_space(w, '\n');
        else if ((role == ROLE_CELL || role == ROLE_DATE) && is_captured(w, role) &&
                 begin_capture(w, token, role))
            end_capture(w, is);
        return;
    }
    if (w->depth >= OPEN_MAX)
        return;
    Open open = { .is = is };
    Str other = markup_attribute(w->arena, token->attributes, "contrib-type");
    open.is_other_person = other.length && !str_is(other, "author");
    snprintf(open.name, sizeof open.name, STR_FMT, STR_ARG(token->name));
    if (is_captured(w, role))
        open.is_capture = begin_capture(w, token, role);
    if (!open.is_capture)
        begin_plain(w, token, role);
    open.needs_title = role == ROLE_SECTION && is->key;
    w->open[w->depth++] = open;
}

/* --- Text --- */

/* <year>, <month>, <day> (JATS); other dates are a text. */
static void add_date_part(Writer *w, Capture *capture, const HtmlToken *token)
{
    static const char *const parts[] = { "year", "month", "day" };
    Str name = str(w->open[w->depth - 1].name), text = str_trim(token->text);
    for (size_t i = 0; i < COUNT(parts); i++)
        if (str_is(name, parts[i]) && text.length < sizeof capture->date[i])
            snprintf(capture->date[i], sizeof capture->date[i], STR_FMT, STR_ARG(text));
}

static void add_text(Writer *w, const HtmlToken *token)
{
    Capture *capture = top_capture(w);
    if (w->hidden || !w->depth)
        return;
    if (!capture && w->table_begun)
        return; /* between the rows */
    if (!capture && !w->text.length) {
        w->first_line = w->in.token_line;
        for (size_t i = 0; i < token->text.length && HAS_CHAR(token->text.at[i], " \t\r\n"); i++)
            w->first_line += token->text.at[i] == '\n';
    }
    if (capture && capture->role == ROLE_CODE) {
        if (token->is_raw)
            buf_add(&capture->text, token->text);
        else
            html_decode(&capture->text, token->text);
        return;
    }
    if (capture && capture->role == ROLE_DATE)
        add_date_part(w, capture, token);
    bool is_last =
        capture && capture->role == ROLE_FACT && role_of(&w->open[w->depth - 1]) == ROLE_LAST;
    markup_add(is_last ? &capture->last : target(w), token);
}

/* --- The file --- */

static void warn(Writer *w)
{
    char text[80];
    if (str_find(str_slice(w->in.text, 0, KB(64)), S("<!ENTITY")) >= 0)
        doc_warning(w->doc, S("entities that the file declares were not expanded"));
    snprintf(text, sizeof text, "%d picture%s without text", w->pictures,
             w->pictures == 1 ? "" : "s");
    if (w->pictures)
        doc_warning(w->doc, str(text));
}

bool structured_extract(const StructuredElement *elements, size_t count,
                        const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *text_arena = arena_new(GB(1));
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *notes_arena = arena_new(MB(256));
    AUTO_FREE Writer *w = heap_alloc(sizeof *w);
    HtmlToken token;
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not XML");
    *w = (Writer){ .elements = elements,
                   .element_count = count,
                   .doc = doc,
                   .in = markup_reader(text_arena, source->bytes),
                   .arena = arena,
                   .notes_arena = notes_arena,
                   .text = buf_new(arena, TEXT_MAX) };
    while (doc_writer_ok(doc) && html_next(&w->in, &token)) {
        if (token.kind == HTML_TEXT)
            add_text(w, &token);
        else if (token.kind == HTML_START)
            begin_element(w, &token);
        else
            end_element(w, token.name);
    }
    while (w->depth)
        close_top(w);
    flush(w);
    warn(w);
    return true;
}

bool structured_root_is(Arena *arena, Str bytes, const char *const *names, Str *head_r)
{
    if (!bytes.length || !HAS_CHAR(bytes.at[0], "< \t\r\n\xEF\xFE\xFF"))
        return false;
    HtmlReader in = html_reader(text_head(arena, bytes, HEAD_BYTES));
    HtmlToken token;
    in.is_xml = true;
    if (head_r)
        *head_r = in.text;
    while (html_next(&in, &token)) {
        if (token.kind == HTML_TEXT)
            continue;
        for (; *names; names++)
            if (str_is(token.name, *names))
                return true;
        return false;
    }
    return false;
}
