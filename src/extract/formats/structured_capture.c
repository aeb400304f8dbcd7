/* structured_capture.c - text that goes elsewhere than into the running block: titles, facts,
 * notes, code, cells of tables. */
#include "extract/formats/structured_int.h"

int structured_number(StructuredWriter *w, const HtmlToken *token, const char *name, int otherwise)
{
    int64_t number = otherwise;
    (void)str_to_int(markup_attribute(w->arena, token->attributes, name), 0, 1000, &number);
    return (int)number;
}

static int column_named(const StructuredWriter *w, Str name)
{
    for (int i = 0; name.length && i < w->column_count; i++)
        if (str_is(name, w->columns[i].name))
            return w->columns[i].number;
    return -1;
}

/* HTML tables say how many columns a cell covers, CALS tables (OASIS TM 9502) name the first and
 * the last, and the rows beside the first. */
static void read_spans(StructuredWriter *w, const HtmlToken *token, StructuredCapture *capture)
{
    Str attributes = token->attributes;
    int first = column_named(w, markup_attribute(w->arena, attributes, "namest"));
    int last = column_named(w, markup_attribute(w->arena, attributes, "nameend"));
    capture->column_span = MAX(1, structured_number(w, token, "colspan", 1));
    if (capture->column_span == 1)
        capture->column_span = MAX(1, structured_number(w, token, "cols", 1));
    capture->row_span = MAX(1, structured_number(w, token, "rowspan", 1));
    if (capture->row_span == 1)
        capture->row_span = MAX(1, structured_number(w, token, "rows", 1));
    if (first >= 0 && last > first)
        capture->column_span = last - first + 1;
    int more = structured_number(w, token, "morerows", 0);
    if (more > 0)
        capture->row_span = more + 1;
}

void structured_copy(StructuredWriter *w, const HtmlToken *token, const char *name, char *out,
                     size_t size)
{
    Str value = markup_attribute(w->arena, token->attributes, name);
    if (value.length && value.length < size)
        snprintf(out, size, STR_FMT, STR_ARG(value));
}

bool structured_begin(StructuredWriter *w, const HtmlToken *token, StructuredRole role)
{
    if (w->capture_count >= CAPTURE_MAX)
        return false;
    if (!w->capture_count && role != ROLE_NOTE && role != ROLE_FACT && role != ROLE_DATE &&
        role != ROLE_LABEL)
        structured_flush(w);
    StructuredCapture *capture = &w->captures[w->capture_count];
    *capture = (StructuredCapture){ .text = buf_new(w->arena, TEXT_MAX),
                                    .last = buf_new(w->arena, KB(64)),
                                    .role = role,
                                    .column_span = 1,
                                    .row_span = 1 };
    if (role == ROLE_CELL)
        read_spans(w, token, capture);
    if (role == ROLE_CODE) {
        structured_copy(w, token, "code-type", capture->language, sizeof capture->language);
        structured_copy(w, token, "language", capture->language, sizeof capture->language);
    }
    if (role == ROLE_DATE)
        structured_copy(w, token, "when", capture->date[0], sizeof capture->date[0]);
    w->capture_count++;
    return true;
}

/* What the innermost element is that a title can be of. */
static StructuredRole titled(const StructuredWriter *w)
{
    for (int i = w->depth - 1; i >= 0; i--)
        switch (structured_role(&w->open[i])) {
        case ROLE_SECTION:
        case ROLE_BLOCK:
        case ROLE_TABLE:
        case ROLE_LIST:
        case ROLE_NUMBERED:
        case ROLE_ITEM:
        case ROLE_QUOTE:
        case ROLE_CELL:
        case ROLE_NOTE: return structured_role(&w->open[i]);
        default: break;
        }
    return ROLE_SECTION;
}

static void write_title(StructuredWriter *w, Str text)
{
    StructuredRole of = titled(w);
    if (w->capture_count || of != ROLE_SECTION) {
        buf_add(structured_target(w), text);
        of == ROLE_ITEM ? structured_space(w, ' ') : structured_part(w);
        return;
    }
    for (int i = w->depth - 1; i >= 0; i--)
        if (structured_role(&w->open[i]) == ROLE_SECTION) {
            w->open[i].needs_title = false;
            break;
        }
    if (!text.length)
        return;
    structured_usual_titles(w);
    structured_place(w);
    doc_heading(w->doc, MAX(1, MIN(w->sections, 6)), structured_labelled(w, text));
    if (!w->has_title && w->sections <= 1) {
        doc_meta(w->doc, "title", text);
        w->has_title = true;
    }
}

static bool is_of_other_person(const StructuredWriter *w)
{
    for (int i = w->depth - 1; i >= 0; i--)
        if (w->open[i].is_other_person)
            return true;
    return false;
}

static void write_fact(StructuredWriter *w, const char *key, StructuredCapture *capture)
{
    if (capture->last.length) {
        structured_space(w, ' ');
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

static void keep_note(StructuredWriter *w, const StructuredElement *is, Str text)
{
    text = str_trim(text);
    if (text.length && w->notes.count < NOTES_MAX)
        *vec_push(w->notes_arena, &w->notes) =
            (PendingNote){ str_copy(w->notes_arena, text), is->key ? is->key : "footnote" };
    if (!w->capture_count && !w->text.length)
        structured_notes(w);
}

static void write_code(StructuredWriter *w, Str language, Str text)
{
    if (w->capture_count) {
        structured_part(w);
        buf_add(structured_target(w), text);
        structured_part(w);
        return;
    }
    structured_usual_titles(w);
    structured_place(w);
    while (text.length && HAS_CHAR(text.at[0], "\r\n"))
        text = str_from(text, 1);
    doc_code(w->doc, language, text);
}

void structured_end(StructuredWriter *w, const StructuredElement *is)
{
    StructuredCapture capture = *structured_capture(w);
    Str text = buf_str(&capture.text), words = str_trim(text);
    if (capture.role == ROLE_FACT || capture.role == ROLE_DATE)
        write_fact(w, is->key, structured_capture(w));
    w->capture_count--;
    switch (capture.role) {
    case ROLE_MAIN_TITLE:
    case ROLE_TITLE: write_title(w, words); break;
    case ROLE_NOTE: keep_note(w, is, text); break;
    case ROLE_CODE: write_code(w, str(capture.language), text); break;
    case ROLE_LABEL:
        if (w->capture_count || words.length >= sizeof w->label)
            buf_add(structured_target(w), words), structured_space(w, ' ');
        else
            snprintf(w->label, sizeof w->label, STR_FMT, STR_ARG(words));
        break;
    case ROLE_ALT:
        if (w->capture_count || w->table_begun) {
            buf_add(structured_target(w), words);
        } else if (words.length) {
            structured_place(w);
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
        structured_flush(w);
}
