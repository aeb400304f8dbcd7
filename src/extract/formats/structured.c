/* structured.c - see structured.h. */
#include "extract/formats/structured_int.h"

#include "extract/charset/encoding.h"
#include "extract/formats/mathml.h"

static const StructuredElement *find_element(const StructuredWriter *w, Str name)
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

void structured_space(StructuredWriter *w, char space)
{
    Buf *out = structured_target(w);
    if (!out->length)
        return;
    char *last = &out->at[out->length - 1];
    if (*last == ' ' && space == '\n')
        *last = '\n';
    else if (!HAS_CHAR(*last, " \n\t"))
        buf_add_char(out, space);
}

/* --- Blocks --- */

void structured_place(StructuredWriter *w)
{
    doc_place(w->doc, &(Place){ .line_first = w->first_line,
                                .line_last = MAX(w->first_line, w->in.token_line),
                                .anchor = str(w->anchor) });
}

void structured_notes(StructuredWriter *w)
{
    if (w->table_begun || !w->notes.count)
        return;
    for (size_t i = 0; i < w->notes.count; i++)
        doc_note(w->doc, w->notes.at[i].label, w->notes.at[i].text);
    w->notes.at = NULL;
    w->notes.count = w->notes.capacity = 0;
    arena_reset(w->notes_arena);
}

void structured_usual_titles(StructuredWriter *w)
{
    int level = 0;
    for (int i = 0; i < w->depth; i++) {
        StructuredOpen *open = &w->open[i];
        level += structured_role(open) == ROLE_SECTION;
        if (open->needs_title)
            doc_heading(w->doc, MIN(level, 6), str(open->is->key));
        open->needs_title = false;
    }
}

Str structured_labelled(StructuredWriter *w, Str text)
{
    if (!w->label[0])
        return text;
    Str all = str_format(w->arena, "%s " STR_FMT, w->label, STR_ARG(text));
    w->label[0] = '\0';
    return all;
}

static void write_item(StructuredWriter *w, Str text)
{
    if (w->label[0])
        snprintf(w->marker, sizeof w->marker, "%s", w->label);
    w->label[0] = '\0';
    doc_list_item(w->doc, MAX(1, w->list_count), str(w->marker), text);
    w->item_began = false;
}

void structured_flush(StructuredWriter *w)
{
    if (w->capture_count)
        return;
    Str text = str_trim(buf_str(&w->text));
    if (text.length) {
        structured_usual_titles(w);
        structured_place(w);
        if (w->item_began)
            write_item(w, text);
        else if (w->quotes)
            doc_quote(w->doc, structured_labelled(w, text));
        else
            doc_paragraph(w->doc, structured_labelled(w, text));
    }
    structured_notes(w);
    if (!w->table_begun)
        arena_reset(w->arena);
    w->text = buf_new(w->arena, TEXT_MAX);
}

void structured_part(StructuredWriter *w)
{
    if (!w->capture_count) {
        structured_flush(w);
        return;
    }
    StructuredRole role = structured_capture(w)->role;
    structured_space(w, role == ROLE_CELL || role == ROLE_NOTE ? '\n' : ' ');
}

/* --- Elements --- */

static void end_row(StructuredWriter *w)
{
    if (w->row_is_open) {
        structured_place(w);
        doc_row_end(w->doc);
        arena_reset(w->arena);
        w->text = buf_new(w->arena, TEXT_MAX);
    }
    w->row_is_open = false;
}

static void begin_list(StructuredWriter *w, const HtmlToken *token, bool is_numbered)
{
    /* JATS and TEI say it with an attribute. */
    Str type = markup_attribute(w->arena, token->attributes, "list-type");
    if (!type.length)
        type = markup_attribute(w->arena, token->attributes, "type");
    is_numbered |= str_is(type, "order") || str_is(type, "ordered") || str_is(type, "numbered");
    structured_part(w);
    if (w->list_count < LIST_MAX) {
        w->lists[w->list_count].is_numbered = is_numbered;
        w->lists[w->list_count].next = MAX(1, structured_number(w, token, "startingnumber", 1));
    }
    w->list_count++;
    w->item_began = false;
}

static void begin_item(StructuredWriter *w, bool is_term)
{
    structured_part(w);
    if (w->capture_count)
        return;
    int list = MIN(w->list_count, LIST_MAX) - 1;
    w->item_began = true;
    snprintf(w->marker, sizeof w->marker, "%s", is_term ? "" : "-");
    if (list >= 0 && w->lists[list].is_numbered)
        snprintf(w->marker, sizeof w->marker, "%d.", w->lists[list].next++);
}

/* Begun by its first row: a title may come before it. */
static void begin_row(StructuredWriter *w)
{
    structured_part(w);
    if (w->capture_count || w->table_begun)
        return;
    structured_usual_titles(w);
    doc_table_begin(w->doc);
    w->table_begun = true;
}

static void end_table(StructuredWriter *w)
{
    if (w->table_begun && !w->capture_count) {
        end_row(w);
        doc_table_end(w->doc);
        w->table_begun = false;
    }
    w->column_count = 0;
    structured_part(w);
}

static void note_column(StructuredWriter *w, const HtmlToken *token)
{
    if (w->column_count >= COLUMNS_MAX || w->capture_count)
        return;
    StructuredColumn *column = &w->columns[w->column_count];
    int before = w->column_count ? w->columns[w->column_count - 1].number : 0;
    *column = (StructuredColumn){ .number = structured_number(w, token, "colnum", before + 1) };
    structured_copy(w, token, "colname", column->name, sizeof column->name);
    w->column_count++;
}

/* Among the facts about the document, not in a paragraph or section there. */
static bool is_in_info(const StructuredWriter *w)
{
    for (int i = w->depth - 1; i >= 0; i--) {
        StructuredRole role = structured_role(&w->open[i]);
        if (role == ROLE_INFO || role == ROLE_SECTION || role == ROLE_PARAGRAPH)
            return role == ROLE_INFO;
    }
    return false;
}

static bool is_captured(const StructuredWriter *w, StructuredRole role)
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

static void begin_plain(StructuredWriter *w, const HtmlToken *token, StructuredRole role)
{
    switch (role) {
    case ROLE_SECTION:
        w->sections++;
        structured_part(w);
        structured_copy(w, token, "id", w->anchor, sizeof w->anchor);
        break;
    case ROLE_LIST:
    case ROLE_NUMBERED: begin_list(w, token, role == ROLE_NUMBERED); break;
    case ROLE_TERM:
    case ROLE_ITEM: begin_item(w, role == ROLE_TERM); break;
    case ROLE_QUOTE:
        structured_part(w);
        w->quotes++;
        break;
    case ROLE_ROW: begin_row(w); break;
    case ROLE_COLUMN: note_column(w, token); break;
    case ROLE_IMAGE:
        w->pictures += w->pictures < INT32_MAX - 1;
        structured_part(w);
        break;
    case ROLE_REFERENCE:
    case ROLE_HIDDEN: w->hidden++; break;
    case ROLE_MAIN_TITLE:
    case ROLE_FACT:
    case ROLE_DATE:
    case ROLE_LAST:
    case ROLE_CELL:
    case ROLE_SPACE: structured_space(w, ' '); break;
    case ROLE_LINE:
    case ROLE_INLINE: break;
    default: structured_part(w);
    }
}

static void end_plain(StructuredWriter *w, StructuredRole role)
{
    switch (role) {
    case ROLE_SECTION:
        structured_part(w);
        w->sections--;
        break;
    case ROLE_LIST:
    case ROLE_NUMBERED:
        structured_part(w);
        w->list_count--;
        w->item_began = false;
        break;
    case ROLE_QUOTE:
        structured_part(w);
        w->quotes--;
        break;
    case ROLE_ROW:
        if (w->capture_count)
            structured_part(w);
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
    case ROLE_LINE: structured_space(w, '\n'); break;
    case ROLE_MAIN_TITLE:
    case ROLE_FACT:
    case ROLE_DATE:
    case ROLE_LAST:
    case ROLE_CELL:
    case ROLE_SPACE: structured_space(w, ' '); break;
    case ROLE_COLUMN:
    case ROLE_INLINE: break;
    default: structured_part(w);
    }
}

static void close_top(StructuredWriter *w)
{
    StructuredOpen *top = &w->open[w->depth - 1];
    if (top->is_capture)
        structured_end(w, top->is);
    w->depth--;
    if (!top->is_capture && structured_role(top) != ROLE_INLINE)
        end_plain(w, structured_role(top));
}

static void end_element(StructuredWriter *w, Str name)
{
    for (int i = w->depth - 1; i >= 0; i--) {
        if (!str_is(name, w->open[i].name))
            continue;
        while (w->depth > i)
            close_top(w);
        return;
    }
}

static void begin_element(StructuredWriter *w, const HtmlToken *token)
{
    const StructuredElement *is = find_element(w, token->name);
    StructuredRole role = is ? is->role : ROLE_INLINE;
    if (!w->capture_count && !w->text.length)
        w->first_line = w->in.token_line;
    if (str_is(token->name, "math") && !token->is_empty && !w->hidden) {
        Str inner = markup_inner(&w->in);
        if (w->capture_count || !w->table_begun)
            mathml_add(structured_target(w), inner);
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
            structured_space(w, '\n');
        else if ((role == ROLE_CELL || role == ROLE_DATE) && is_captured(w, role) &&
                 structured_begin(w, token, role))
            structured_end(w, is);
        return;
    }
    if (w->depth >= OPEN_MAX)
        return;
    StructuredOpen open = { .is = is };
    Str other = markup_attribute(w->arena, token->attributes, "contrib-type");
    open.is_other_person = other.length && !str_is(other, "author");
    snprintf(open.name, sizeof open.name, STR_FMT, STR_ARG(token->name));
    if (is_captured(w, role))
        open.is_capture = structured_begin(w, token, role);
    if (!open.is_capture)
        begin_plain(w, token, role);
    open.needs_title = role == ROLE_SECTION && is->key;
    w->open[w->depth++] = open;
}

/* --- Text --- */

/* <year>, <month>, <day> (JATS); other dates are a text. */
static void add_date_part(StructuredWriter *w, StructuredCapture *capture, const HtmlToken *token)
{
    static const char *const parts[] = { "year", "month", "day" };
    Str name = str(w->open[w->depth - 1].name), text = str_trim(token->text);
    for (size_t i = 0; i < COUNT(parts); i++)
        if (str_is(name, parts[i]) && text.length < sizeof capture->date[i])
            snprintf(capture->date[i], sizeof capture->date[i], STR_FMT, STR_ARG(text));
}

static void add_text(StructuredWriter *w, const HtmlToken *token)
{
    StructuredCapture *capture = structured_capture(w);
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
    bool is_last = capture && capture->role == ROLE_FACT &&
                   structured_role(&w->open[w->depth - 1]) == ROLE_LAST;
    markup_add(is_last ? &capture->last : structured_target(w), token);
}

/* --- The file --- */

static void warn(StructuredWriter *w)
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
    AUTO_FREE StructuredWriter *w = heap_alloc(sizeof *w);
    HtmlToken token;
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not XML");
    *w = (StructuredWriter){ .elements = elements,
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
    structured_flush(w);
    warn(w);
    return true;
}
