/* org.c - Org mode (orgmode.org/worg/org-syntax.html): headlines with states and tags, drawers,
 * blocks, tables, lists, footnotes. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/marked.h"
#include "extract/metadata.h"

typedef struct Org {
    Marked m;
    size_t open_from; /* from this line on no drawer is closed */
} Org;

static bool is_keyword(Str line, const char *keyword)
{
    return str_starts(line, S("#+")) &&
           str_equal_ignore_case(str_slice(line, 2, 2 + strlen(keyword)), str(keyword));
}

/* [[target][text]] shows its text, [[target]] its target. */
static size_t org_special(void *self, Buf *out, Str text, size_t at)
{
    (void)self;
    if (!str_starts(str_from(text, at), S("[[")))
        return 0;
    Str link = str_slice(text, at + 2, at + 2000);
    ptrdiff_t end = str_find(link, S("]]"));
    if (end < 0)
        return 0;
    link = str_slice(link, 0, (size_t)end);
    ptrdiff_t middle = str_find(link, S("]["));
    buf_add(out, str_from(link, middle < 0 ? 0 : (size_t)middle + 2));
    return (size_t)end + 4;
}

static size_t read_headline(Marked *m, size_t i)
{
    Str line = marked_line(m, i);
    size_t stars = 0;
    while (stars < line.length && line.at[stars] == '*')
        stars++;
    if (!stars || stars >= line.length || line.at[stars] != ' ')
        return 0;
    doc_heading(m->doc, (int)MIN(stars, 6), marked_plain(m, str_trim(str_from(line, stars))));
    return 1;
}

/* The line after `i` that is #+end_... or :END:, or `end`. */
static size_t block_end(const Marked *m, size_t i, const char *mark)
{
    for (i++; i < m->count; i++)
        if (str_equal_ignore_case(str_slice(str_trim(marked_line(m, i)), 0, strlen(mark)),
                                  str(mark)))
            break;
    return i;
}

static size_t read_keyword(Marked *m, size_t i)
{
    static const char *const facts[] = { "title",    "author",      "date",
                                         "email",    "description", "keywords",
                                         "language", "subtitle",    "filetags" };
    Str line = str_trim(marked_line(m, i));
    if (!str_starts(line, S("#")))
        return 0;
    if (is_keyword(line, "begin_")) {
        size_t end = block_end(m, i, "#+end_");
        Str rest = str_from(line, 8), kind = STR_NONE, language = STR_NONE;
        str_next(&rest, ' ', &kind);
        str_next(&rest, ' ', &language);
        if (str_equal_ignore_case(kind, S("quote")) || str_equal_ignore_case(kind, S("verse")))
            doc_quote(m->doc, marked_plain(m, marked_joined(m, i + 1, end)));
        else if (!str_equal_ignore_case(kind, S("comment")))
            marked_code(m, language, i + 1, end);
        return end + 1 - i;
    }
    if (is_keyword(line, "include"))
        marked_include(m, line);
    ptrdiff_t colon = str_find_char(line, ':');
    for (size_t k = 0; k < COUNT(facts) && colon > 0; k++)
        if (is_keyword(line, facts[k]))
            doc_meta_named(m->doc, str(facts[k]), str_trim(str_from(line, (size_t)colon + 1)));
    if (colon > 0 && is_keyword(line, "caption"))
        doc_paragraph(m->doc, marked_plain(m, str_from(line, (size_t)colon + 1)));
    return line.length == 1 || HAS_CHAR(line.at[1], "+ ") ? 1 : 0;
}

static size_t read_drawer(Org *org, size_t i)
{
    Marked *m = &org->m;
    Str line = str_trim(marked_line(m, i));
    if (i >= org->open_from || line.length < 3 || line.at[0] != ':' ||
        line.at[line.length - 1] != ':' || str_find_char(line, ' ') >= 0)
        return 0;
    size_t end = block_end(m, i, ":END:");
    if (end >= m->count) {
        org->open_from = i;
        return 0;
    }
    for (size_t k = i + 1; k < end; k++) {
        Str fact = str_trim(marked_line(m, k));
        marked_place(m, k, k + 1);
        if (str_find(fact, S("ID: ")) < 0)
            doc_paragraph(m->doc, fact);
    }
    return end + 1 - i;
}

static size_t read_table(Marked *m, size_t i)
{
    size_t end = i;
    while (end < m->count && str_starts(str_trim(marked_line(m, end)), S("|")))
        end++;
    if (end == i)
        return 0;
    doc_table_begin(m->doc);
    for (size_t k = i; k < end; k++) {
        Str row = str_from(str_trim(marked_line(m, k)), 1), cell;
        if (str_starts(row, S("-"))) {
            if (k > i)
                doc_header_end(m->doc);
            continue;
        }
        if (str_ends(row, S("|")))
            row.length--;
        while (str_next(&row, '|', &cell))
            doc_cell(m->doc, marked_plain(m, str_trim(cell)));
        marked_place(m, k, k + 1);
        doc_row_end(m->doc);
        marked_done(m);
    }
    doc_table_end(m->doc);
    return end - i;
}

static bool begins_block(const Marked *m, size_t i)
{
    Str line = marked_line(m, i), trimmed = str_trim(line);
    return str_starts(line, S("*")) || str_starts(trimmed, S("#+")) ||
           str_starts(trimmed, S("|")) || marked_marker(trimmed);
}

static size_t read_text(Marked *m, size_t i)
{
    Str line = marked_line(m, i), trimmed = str_trim(line);
    size_t marker = marked_marker(trimmed), end = i + 1;
    if (str_is(trimmed, ":") || str_starts(trimmed, S(": "))) {
        while (str_starts(str_trim(marked_line(m, end)), S(":")))
            end++;
        doc_code(m->doc, STR_NONE, marked_raw(m, i, end, SIZE_MAX));
        return end - i;
    }
    while (end < m->count && !marked_is_blank(m, end) && !begins_block(m, end))
        end++;
    Str text = marked_plain(m, str_from(marked_joined(m, i, end), marker));
    marked_place(m, i, end);
    if (marker)
        doc_list_item(m->doc, (int)MIN(marked_indent(line) / 2 + 1, 8),
                      str_trim(str_slice(trimmed, 0, marker)), text);
    else if (str_starts(line, S("[fn:")))
        doc_note(m->doc, "footnote", text);
    else if (!marked_is_rule(trimmed, '-', 5))
        doc_paragraph(m->doc, text);
    return end - i;
}

static bool org_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    Org org = { .open_from = SIZE_MAX };
    Marked *m = &org.m;
    if (!marked_open(m, arena, scratch, source->bytes, source->media_type, doc, err))
        return false;
    m->marks = "*/_+";
    m->verbatim = "=~";
    m->special = org_special;
    for (size_t i = 0, used; i < m->count && doc_writer_ok(doc); i += used) {
        used = 1;
        if (marked_is_blank(m, i))
            continue;
        marked_place(m, i, i + 1);
        (void)((used = read_headline(m, i)) || (used = read_keyword(m, i)) ||
               (used = read_drawer(&org, i)) || (used = read_table(m, i)) ||
               (used = read_text(m, i)));
        marked_done(m);
    }
    marked_close(m);
    return true;
}

static int org_sniff(Str bytes)
{
    Str head = str_slice(bytes, 0, KB(4));
    if (text_is_binary(bytes))
        return 0;
    return str_find_ignore_case(head, S("#+title:")) >= 0 ? 30 : 6;
}

const Extractor extractor_org = {
    .name = "org",
    .title = "Org mode",
    .extensions = LIST("org"),
    .media_types = LIST("text/org", "text/x-org"),
    .sniff = org_sniff,
    .extract = org_extract,
};
