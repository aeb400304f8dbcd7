/* asciidoc.c - AsciiDoc (docs.asciidoctor.org/asciidoc): sections, attributes, delimited blocks,
 * tables, lists, admonitions. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/marked.h"
#include "extract/metadata.h"

typedef struct Adoc {
    Marked m;
    char language[40]; /* of [source,ruby], for the next block */
    bool is_quote, in_body;
} Adoc;

/* link:url[text], https://x[text], <<id,text>>, footnote:[text], {attribute} stays. */
static size_t adoc_special(void *self, Buf *out, Str text, size_t at)
{
    static const char *const macros[] = { "link:",   "xref:", "mailto:",   "http://", "https://",
                                          "kbd:",    "btn:",  "footnote:", "image:",  "menu:",
                                          "anchor:", "stem:", "pass:" };
    Str rest = str_slice(text, at, at + 2000);
    (void)self;
    if (str_starts(rest, S("<<"))) {
        ptrdiff_t end = str_find(rest, S(">>")), comma;
        if (end < 0)
            return 0;
        Str inside = str_slice(rest, 2, (size_t)end);
        comma = str_find_char(inside, ',');
        buf_add(out, str_trim(str_from(inside, comma < 0 ? 0 : (size_t)comma + 1)));
        return (size_t)end + 2;
    }
    for (size_t i = 0; i < COUNT(macros); i++) {
        if (!str_starts(rest, str(macros[i])))
            continue;
        ptrdiff_t open = str_find_char(rest, '['), close = str_find_char(rest, ']');
        ptrdiff_t space = str_find_char(rest, ' ');
        if (open < 0 || close < open || (space >= 0 && space < open))
            return 0;
        Str shown = str_slice(rest, (size_t)open + 1, (size_t)close);
        bool is_footnote = str_starts(rest, S("footnote:"));
        buf_add(out, is_footnote ? S(" [") : STR_NONE);
        buf_add(out, shown.length ? shown : str_slice(rest, 0, (size_t)open));
        buf_add(out, is_footnote ? S("]") : STR_NONE);
        return (size_t)close + 1;
    }
    return 0;
}

static size_t heading_level(Str line)
{
    size_t level = 0;
    char c = line.length && HAS_CHAR(line.at[0], "=#") ? line.at[0] : 0;
    while (c && level < line.length && line.at[level] == c)
        level++;
    return level && level <= 6 && level < line.length && line.at[level] == ' ' ? level : 0;
}

/* "==" below a title, as old documents have it: = - ~ ^ + are levels 1 to 5. */
static int underlined_level(Str title, Str line)
{
    static const char marks[] = "=-~^+";
    const char *mark = line.length >= 4 ? strchr(marks, line.at[0]) : NULL;
    bool fits = mark && *mark && marked_is_rule(line, *mark, 4) &&
                line.length + 2 >= title.length && line.length <= title.length + 2;
    return fits && !HAS_CHAR(title.at[0], ".[|") ? (int)(mark - marks) + 1 : 0;
}

static size_t delimited_end(const Marked *m, size_t i)
{
    Str mark = str_trim(marked_line(m, i));
    for (i++; i < m->count; i++)
        if (str_equal(str_trim(marked_line(m, i)), mark))
            break;
    return i;
}

static void write_cell_line(Marked *m, Str line)
{
    Str cell;
    ptrdiff_t bar = str_find_char(line, '|');
    line = str_from(line, bar < 0 ? 0 : (size_t)bar + 1);
    while (str_next(&line, '|', &cell)) {
        cell = str_trim(cell);
        doc_cell(m->doc, marked_plain(m, cell));
    }
}

static int cells_in(Str line)
{
    int count = 0;
    for (size_t i = 0; i < line.length; i++)
        count += line.at[i] == '|' && (i == 0 || line.at[i - 1] != '\\');
    return count;
}

/* Rows are lines, or as many lines of one cell as the first line or "cols" says. */
static void write_table(Marked *m, size_t first, size_t end, int columns)
{
    int cells = 0, rows = 0;
    size_t row = first;
    bool has_header =
        first + 1 < end && !marked_is_blank(m, first) && marked_is_blank(m, first + 1);
    if (columns == 0 && first < end)
        columns = cells_in(marked_line(m, first));
    doc_table_begin(m->doc);
    for (size_t i = first; i < end; i++) {
        Str line = str_trim(marked_line(m, i));
        if (line.length == 0)
            continue;
        if (cells == 0)
            row = i;
        size_t last = i + 1;
        while (last < end && !marked_is_blank(m, last) && cells_in(marked_line(m, last)) == 0)
            last++;
        write_cell_line(m, marked_joined(m, i, last));
        cells += cells_in(line);
        i = last - 1;
        if (cells < columns)
            continue;
        marked_place(m, row, last);
        doc_row_end(m->doc);
        if (rows++ == 0 && has_header)
            doc_header_end(m->doc);
        cells = 0;
        marked_done(m);
    }
    if (cells)
        doc_row_end(m->doc);
    doc_table_end(m->doc);
}

/* [cols="1,2"], [cols="3*"] */
static int columns_in(Str line)
{
    ptrdiff_t at = str_find(line, S("cols=\""));
    if (at < 0)
        return 0;
    line = str_from(line, (size_t)at + 6);
    ptrdiff_t end = str_find_char(line, '"'), star = str_find_char(line, '*');
    int64_t number;
    if (star > 0 && str_to_int(str_slice(line, 0, (size_t)star), 1, 200, &number))
        return (int)number;
    int count = 1;
    for (ptrdiff_t i = 0; i < end; i++)
        count += line.at[i] == ',';
    return count;
}

static size_t read_delimited(Adoc *a, size_t i)
{
    Marked *m = &a->m;
    Str line = str_trim(marked_line(m, i));
    bool is_table = str_is(line, "|===");
    if (!is_table &&
        !(line.length >= 4 && HAS_CHAR(line.at[0], "-.=_*+/") &&
          marked_is_rule(line, line.at[0], 4)) &&
        !str_starts(line, S("```")))
        return 0;
    size_t end = str_starts(line, S("```")) ? i + 1 : delimited_end(m, i);
    while (str_starts(line, S("```")) && end < m->count &&
           !str_starts(str_trim(marked_line(m, end)), S("```")))
        end++;
    if (end >= m->count)
        return 1;
    if (is_table) {
        size_t first = i + 1;
        while (first < end && marked_is_blank(m, first))
            first++;
        write_table(m, first, end, i ? columns_in(marked_line(m, i - 1)) : 0);
    } else if (line.at[0] == '-' || line.at[0] == '.' || line.at[0] == '`' || line.at[0] == '+')
        marked_code(m, str(a->language), i + 1, end);
    else if (line.at[0] == '_')
        doc_quote(m->doc, marked_plain(m, marked_joined(m, i + 1, end)));
    else if (line.at[0] != '/')
        return 1; /* an example or sidebar: its blocks are read as they come */
    a->language[0] = '\0';
    return end + 1 - i;
}

/* ":name: value", "[source,c]", "// comment", "image::x[alt]", "include::x[]" */
static size_t read_line(Adoc *a, size_t i)
{
    Marked *m = &a->m;
    Str line = str_trim(marked_line(m, i));
    ptrdiff_t colon = str_starts(line, S(":")) ? str_find_char(str_from(line, 1), ':') : -1;
    if (colon > 0 && colon < 40 && str_find_char(str_slice(line, 0, (size_t)colon), ' ') < 0) {
        doc_meta_named(m->doc, str_slice(line, 1, (size_t)colon + 1),
                       str_trim(str_from(line, (size_t)colon + 2)));
        return 1;
    }
    if (str_starts(line, S("//")))
        return 1;
    if (str_starts(line, S("[")) && str_ends(line, S("]"))) {
        Str inside = str_slice(line, 1, line.length - 1), language = STR_NONE;
        a->is_quote = str_starts(inside, S("quote")) || str_starts(inside, S("verse"));
        if (str_starts(inside, S("source,"))) {
            inside = str_from(inside, 7);
            str_next(&inside, ',', &language);
            snprintf(a->language, sizeof a->language, STR_FMT, STR_ARG(str_trim(language)));
        }
        return 1;
    }
    if (str_starts(line, S("include::"))) {
        marked_include(m, line);
        return 1;
    }
    ptrdiff_t open = str_find_char(line, '[');
    if (str_starts(line, S("image::")) && open > 0) {
        Str alt = str_slice(line, (size_t)open + 1, line.length - 1);
        doc_image(m->doc, alt.length ? alt : str_slice(line, 7, (size_t)open));
        return 1;
    }
    return 0;
}

/* "* item", "** deeper", ". first", "- item", "1. item" */
static size_t item_marker(Str line, int *level_r)
{
    size_t n = 0;
    *level_r = 1;
    while (n < line.length && n < 6 && HAS_CHAR(line.at[n], "*.") && line.at[n] == line.at[0])
        n++;
    if (n && n < line.length && line.at[n] == ' ') {
        *level_r = (int)n;
        return n + 1;
    }
    return marked_marker(line);
}

static const char *admonition_of(Str text)
{
    static const char *const labels[] = { "NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION" };
    static const char *const names[] = { "note", "tip", "important", "warning", "caution" };
    for (size_t i = 0; i < COUNT(labels); i++)
        if (str_starts(text, str(labels[i])) &&
            str_starts(str_from(text, strlen(labels[i])), S(": ")))
            return names[i];
    return NULL;
}

static size_t read_text(Adoc *a, size_t i)
{
    Marked *m = &a->m;
    Str line = str_trim(marked_line(m, i));
    int level, ignored;
    size_t marker = item_marker(line, &level), end = i + 1;
    while (end < m->count && !marked_is_blank(m, end) &&
           !item_marker(str_trim(marked_line(m, end)), &ignored) &&
           !str_starts(marked_line(m, end), S("|===")) &&
           !(marked_line(m, end).length >= 4 &&
             marked_is_rule(marked_line(m, end), marked_line(m, end).at[0], 4)))
        end++;
    /* A block's title is a line of its own. */
    if (line.at[0] == '.' && !marker && end > i + 1 && str_starts(marked_line(m, i + 1), S("[")))
        end = i + 1;
    Str text = marked_plain(m, str_from(marked_joined(m, i, end), marker));
    const char *admonition = admonition_of(text);
    marked_place(m, i, end);
    if (marker)
        doc_list_item(m->doc, level + (int)marked_indent(marked_line(m, i)) / 2,
                      str_trim(str_slice(line, 0, marker)), text);
    else if (admonition)
        doc_note(m->doc, admonition, str_from(text, strlen(admonition) + 2));
    else if (a->is_quote)
        doc_quote(m->doc, text);
    else if (!str_is(text, "'''") && !str_is(text, "+") && !str_is(text, "--"))
        doc_paragraph(m->doc, text);
    a->is_quote = false;
    return end - i;
}

static size_t read_heading(Adoc *a, size_t i)
{
    Marked *m = &a->m;
    Str line = marked_line(m, i);
    size_t level = heading_level(line);
    int below = level ? 0 : underlined_level(line, marked_line(m, i + 1));
    if (!level && !below)
        return 0;
    marked_place(m, i, i + (below ? 2 : 1));
    doc_heading(m->doc, level ? (int)level : below,
                marked_plain(m, str_trim(str_from(line, level))));
    return below ? 2 : 1;
}

/* "Ada Lund", "Bo van der Ek <bo@x.org>"; text that only stands too near the title is none. */
static bool is_author(Str text, Str *name_r)
{
    ptrdiff_t mail = str_find_char(text, '<');
    *name_r = str_trim(mail > 0 ? str_slice(text, 0, (size_t)mail) : text);
    int spaces = 0;
    for (size_t i = 0; i < name_r->length; i++)
        spaces += name_r->at[i] == ' ';
    char first = name_r->length ? name_r->at[0] : ' ';
    return (((first | 32) >= 'a' && (first | 32) <= 'z') || (unsigned char)first >= 0x80) &&
           spaces < 5 && !str_ends(*name_r, S(".")) && !str_ends(*name_r, S(":"));
}

/* "v1.2, 2011-03-04: what is new" */
static bool read_revision(Adoc *a, size_t i)
{
    Marked *m = &a->m;
    Str line = str_trim(marked_line(m, i)), dates = STR_NONE, part;
    size_t mark = str_starts(line, S("v"));
    if (line.length <= mark || !HAS_CHAR(line.at[mark], "0123456789"))
        return false;
    marked_place(m, i, i + 1);
    str_next(&line, ':', &dates);
    for (bool is_first = true; str_next(&dates, ',', &part); is_first = false)
        doc_meta_named(m->doc, mark && is_first ? S("revnumber") : S("revdate"),
                       str_trim(str_from(part, is_first ? mark : 0)));
    return true;
}

/* The lines right below the title. */
static size_t read_author_lines(Adoc *a, size_t i)
{
    Marked *m = &a->m;
    Str line = str_trim(marked_line(m, i)), rest = line, part, name;
    while (str_next(&rest, ';', &part))
        if (!is_author(str_trim(part), &name))
            return 0;
    marked_place(m, i, i + 1);
    while (str_next(&line, ';', &part))
        if (is_author(str_trim(part), &name))
            doc_meta(m->doc, "author", name);
    return 1 + read_revision(a, i + 1);
}

static bool adoc_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    Adoc a = { 0 };
    bool has_begun = false;
    if (!marked_open(&a.m, arena, scratch, source->bytes, source->media_type, doc, err))
        return false;
    a.m.marks = "*_#";
    a.m.verbatim = "`";
    a.m.special = adoc_special;
    for (size_t i = 0, used; i < a.m.count && doc_writer_ok(doc); i += used) {
        used = 1;
        if (marked_is_blank(&a.m, i))
            continue;
        marked_place(&a.m, i, i + 1);
        bool is_title = !has_begun && heading_level(marked_line(&a.m, i)) == 1;
        has_begun = true;
        (void)((used = read_heading(&a, i)) || (used = read_delimited(&a, i)) ||
               (used = read_line(&a, i)) || (used = read_text(&a, i)));
        if (is_title && !marked_is_blank(&a.m, i + used))
            used += read_author_lines(&a, i + used);
        marked_done(&a.m);
    }
    marked_close(&a.m);
    return true;
}

static int adoc_sniff(Str bytes)
{
    Str head = str_slice(bytes, 0, KB(4));
    if (text_is_binary(bytes))
        return 0;
    return str_starts(head, S("= ")) && str_find(head, S("\n== ")) >= 0 ? 20 : 6;
}

const Extractor extractor_asciidoc = {
    .name = "asciidoc",
    .title = "AsciiDoc",
    .extensions = LIST("adoc", "asciidoc"),
    .media_types = LIST("text/asciidoc", "text/x-asciidoc"),
    .sniff = adoc_sniff,
    .extract = adoc_extract,
};
