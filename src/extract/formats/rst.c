/* rst.c - reStructuredText (docutils.sourceforge.io/docs/ref/rst/restructuredtext.html): sections,
 * lists, directives, tables, footnotes, fields. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/rst_tables.h"
#include "extract/metadata.h"

enum { STYLES_MAX = 12, DEPTH_MAX = 24, SUBSTITUTIONS_MAX = 256 };

typedef struct Substitution {
    Str name, text;
} Substitution;

typedef struct Rst {
    Marked m;
    char styles[STYLES_MAX][2]; /* adornment and whether there is one above, in order of levels */
    int style_count, depth, list_level;
    const char *note;
    bool in_body;
    Substitution substitutions[SUBSTITUTIONS_MAX];
    size_t substitution_count;
} Rst;

static void read_blocks(Rst *r, size_t first, size_t end, size_t indent);

/* --- Inline --- */

/* `text <target>`_ and :role:`text <target>` show their text. */
static void add_reference(Buf *out, Str inside)
{
    ptrdiff_t angle = str_find_last_char(inside, '<');
    if (angle > 0 && str_ends(inside, S(">")))
        inside = str_trim(str_slice(inside, 0, (size_t)angle));
    buf_add(out, str_starts(inside, S("~")) ? str_from(inside, 1) : inside);
}

static size_t role_length(Str text, size_t at)
{
    size_t end = at + 1;
    while (end < text.length && end < at + 40 &&
           (HAS_CHAR(text.at[end], "-_.+:")
                ? text.at[end] != ':' || text.at[end + 1 < text.length ? end + 1 : end] != '`'
                : (text.at[end] | 32) >= 'a' && (text.at[end] | 32) <= 'z'))
        end++;
    return end > at + 1 && end + 1 < text.length && text.at[end] == ':' && text.at[end + 1] == '`'
               ? end + 1 - at
               : 0;
}

static size_t add_substitution(Rst *r, Buf *out, Str text, size_t at)
{
    ptrdiff_t end = str_find_char(str_slice(text, at + 1, at + 80), '|');
    if (end <= 0)
        return 0;
    Str name = str_slice(text, at + 1, at + 1 + (size_t)end);
    for (size_t i = 0; i < r->substitution_count; i++)
        if (str_equal(r->substitutions[i].name, name)) {
            buf_add(out, r->substitutions[i].text);
            return (size_t)end + 2;
        }
    return 0;
}

static size_t rst_special(void *self, Buf *out, Str text, size_t at)
{
    char c = text.at[at];
    if (c == '\\' && at + 1 < text.length) {
        if (text.at[at + 1] != ' ')
            buf_add_char(out, text.at[at + 1]);
        return 2;
    }
    if (c == '|')
        return add_substitution(self, out, text, at);
    size_t role = c == ':' ? role_length(text, at) : 0, begin = at + role;
    if (begin >= text.length || text.at[begin] != '`' || str_starts(str_from(text, begin), S("``")))
        return 0;
    ptrdiff_t end = str_find_char(str_slice(text, begin + 1, begin + 1000), '`');
    if (end <= 0)
        return 0;
    add_reference(out, str_slice(text, begin + 1, begin + 1 + (size_t)end));
    size_t used = role + (size_t)end + 2;
    while (at + used < text.length && text.at[at + used] == '_')
        used++;
    return used;
}

/* --- Sections --- */

static bool is_adornment(Str line)
{
    return line.length >= 2 && HAS_CHAR(line.at[0], "=-`:.'\"~^_*+#<>!$%&(),/;?@[\\]{|}") &&
           marked_is_rule(line, line.at[0], line.length >= 4 ? 4 : 2) &&
           line.at[line.length - 1] == line.at[0];
}

static int level_of(Rst *r, char c, bool is_above)
{
    for (int i = 0; i < r->style_count; i++)
        if (r->styles[i][0] == c && r->styles[i][1] == is_above)
            return i + 1;
    if (r->style_count < STYLES_MAX) {
        r->styles[r->style_count][0] = c;
        r->styles[r->style_count++][1] = is_above;
    }
    return r->style_count;
}

static size_t read_section(Rst *r, size_t i, size_t end)
{
    Marked *m = &r->m;
    Str line = marked_line(m, i), next = marked_line(m, i + 1);
    bool is_above = is_adornment(line) && i + 2 < end && is_adornment(marked_line(m, i + 2)) &&
                    marked_line(m, i + 2).at[0] == line.at[0] && str_trim(next).length;
    if (!is_above && (i + 1 >= end || !is_adornment(next) || is_adornment(line) ||
                      marked_indent(line) || str_trim(next).length + 4 < str_trim(line).length))
        return 0;
    Str title = str_trim(is_above ? next : line);
    int level = level_of(r, is_above ? line.at[0] : next.at[0], is_above);
    marked_place(m, i, i + 2 + is_above);
    doc_heading(m->doc, MIN(level, 6), marked_plain(m, title));
    return 2 + (size_t)is_above;
}

/* --- Text --- */

static void write_text(Rst *r, size_t first, size_t end, Str text)
{
    marked_place(&r->m, first, end);
    text = marked_plain(&r->m, text);
    if (r->note)
        doc_note(r->m.doc, r->note, text);
    else
        doc_paragraph(r->m.doc, text);
    marked_done(&r->m);
}

static size_t read_paragraph(Rst *r, size_t i, size_t end, size_t indent)
{
    Marked *m = &r->m;
    size_t last = i + 1;
    while (last < end && !marked_is_blank(m, last) &&
           marked_indent(marked_line(m, last)) == marked_indent(marked_line(m, i)))
        last++;
    if (last == i + 1 && last < end && !marked_is_blank(m, last) &&
        marked_indent(marked_line(m, last)) > indent) {
        /* A term and its definition. */
        write_text(r, i, last, str_trim(marked_line(m, i)));
        size_t stop = rst_body_end(m, last, end, indent + 1);
        read_blocks(r, last, stop, marked_indent(marked_line(m, last)));
        return stop - i;
    }
    Str text = marked_joined(m, i, last);
    bool is_literal = str_ends(text, S("::"));
    if (is_literal)
        text.length -= text.length > 2 && text.at[text.length - 3] != ' ' ? 1 : 2;
    if (!str_is(str_trim(text), ":"))
        write_text(r, i, last, text);
    if (!is_literal)
        return last - i;
    size_t stop = rst_body_end(m, last, end, indent + 1);
    marked_code(m, STR_NONE, last, stop);
    return stop - i;
}

static size_t read_item(Rst *r, size_t i, size_t end, size_t indent)
{
    Marked *m = &r->m;
    Str line = str_from(marked_line(m, i), indent);
    size_t marker = marked_marker(line);
    if (!marker)
        return 0;
    size_t stop = rst_body_end(m, i + 1, end, indent + 1), last = i + 1;
    while (last < stop && !marked_is_blank(m, last) &&
           !marked_marker(str_from(marked_line(m, last), marked_indent(marked_line(m, last)))))
        last++;
    Str text = str_from(marked_joined(m, i, last), marker);
    marked_place(m, i, last);
    doc_list_item(m->doc, r->list_level + 1, str_trim(str_slice(line, 0, marker)),
                  marked_plain(m, text));
    marked_done(m);
    r->list_level++;
    read_blocks(r, last, stop, indent + marker);
    r->list_level--;
    return stop - i;
}

/* ":key: value" */
static size_t read_field(Rst *r, size_t i, size_t end, size_t indent)
{
    Marked *m = &r->m;
    char key[64];
    Str line = str_trim(marked_line(m, i));
    ptrdiff_t colon = str_starts(line, S(":")) ? str_find(str_from(line, 1), S(":")) : -1;
    if (colon <= 0 || (size_t)colon >= sizeof key ||
        (line.length > (size_t)colon + 2 && line.at[colon + 2] != ' '))
        return 0;
    size_t stop = rst_body_end(m, i + 1, end, indent + 1);
    Str text = str_trim(str_from(marked_joined(m, i, stop), (size_t)colon + 2));
    snprintf(key, sizeof key, STR_FMT, STR_ARG(str_slice(line, 1, (size_t)colon + 1)));
    marked_place(m, i, stop);
    if (!r->in_body)
        doc_meta_named(m->doc, str(key), marked_plain(m, text));
    else
        doc_paragraph(m->doc,
                      str_format(m->scratch, "%s: " STR_FMT, key, STR_ARG(marked_plain(m, text))));
    marked_done(m);
    return stop - i;
}

/* --- Directives --- */

typedef enum DirectiveIs {
    IS_CODE,
    IS_NOTE,
    IS_IMAGE,
    IS_FIGURE,
    IS_LIST_TABLE,
    IS_CSV_TABLE,
    IS_TABLE,
    IS_INCLUDE,
    IS_HIDDEN,
    IS_TITLE,
    IS_OTHER,
} DirectiveIs;

static const struct {
    const char *name;
    DirectiveIs is;
} directives[] = {
#define DIRECTIVE(name, is) { name, IS_##is },
#include "extract/formats/rst_directives.def"
#undef DIRECTIVE
};

static size_t directive_named(Str name)
{
    for (size_t i = 0; i < COUNT(directives); i++)
        if (str_is(name, directives[i].name))
            return i;
    return COUNT(directives);
}

typedef struct Directive {
    Str name, argument, alt;
    size_t first, body, end, indent; /* lines */
    int header_rows;
} Directive;

/* The options (":alt: a cat") between a directive and its body. */
static void read_options(Rst *r, Directive *d)
{
    for (; d->body < d->end; d->body++) {
        Str line = str_trim(marked_line(&r->m, d->body)), value;
        ptrdiff_t colon = str_starts(line, S(":")) ? str_find(str_from(line, 1), S(":")) : -1;
        int64_t number;
        if (colon <= 0)
            break;
        value = str_trim(str_from(line, (size_t)colon + 2));
        if (str_starts(line, S(":alt:")))
            d->alt = value;
        if (str_starts(line, S(":header-rows:")) && str_to_int(value, 0, 99, &number))
            d->header_rows = (int)number;
        if (str_starts(line, S(":header:"))) {
            marked_place(&r->m, d->body, d->body + 1);
            doc_table_begin(r->m.doc);
            rst_csv_row(&r->m, value);
            doc_header_end(r->m.doc);
            doc_table_end(r->m.doc);
        }
    }
}

static void write_note(Rst *r, const Directive *d, const char *label)
{
    const char *before = r->note;
    r->note = label;
    if (d->argument.length)
        write_text(r, d->first, d->first + 1, d->argument);
    read_blocks(r, d->body, d->end, d->indent);
    r->note = before;
}

static void write_csv_table(Rst *r, const Directive *d)
{
    int rows = 0;
    doc_table_begin(r->m.doc);
    for (size_t i = d->body; i < d->end; i++) {
        if (marked_is_blank(&r->m, i))
            continue;
        marked_place(&r->m, i, i + 1);
        rst_csv_row(&r->m, marked_line(&r->m, i));
        if (++rows == d->header_rows)
            doc_header_end(r->m.doc);
    }
    doc_table_end(r->m.doc);
}

static void write_directive(Rst *r, Directive *d)
{
    size_t which = directive_named(d->name);
    DirectiveIs is = which < COUNT(directives) ? directives[which].is : IS_OTHER;
    Marked *m = &r->m;
    read_options(r, d);
    marked_place(m, d->first, d->body);
    switch (is) {
    case IS_CODE:
        if (str_is(d->name, "math") && d->argument.length)
            doc_code(m->doc, S("latex"), d->argument);
        marked_code(m, str_is(d->name, "math") ? S("latex") : d->argument, d->body, d->end);
        break;
    case IS_NOTE: write_note(r, d, directives[which].name); break;
    case IS_IMAGE:
    case IS_FIGURE:
        doc_image(m->doc, d->alt.length ? d->alt : d->argument);
        read_blocks(r, d->body, d->end, d->indent);
        break;
    case IS_LIST_TABLE:
    case IS_CSV_TABLE:
        if (d->argument.length)
            doc_paragraph(m->doc, marked_line(m, d->first));
        if (is == IS_LIST_TABLE)
            rst_list_table(&r->m, d->body, d->end, d->header_rows);
        else
            write_csv_table(r, d);
        break;
    case IS_TABLE:
        doc_paragraph(m->doc, marked_line(m, d->first));
        read_blocks(r, d->body, d->end, d->indent);
        break;
    case IS_INCLUDE: marked_include(m, marked_line(m, d->first)); break;
    case IS_TITLE: doc_meta(m->doc, "title", d->argument); break;
    case IS_HIDDEN: break;
    case IS_OTHER:
        if (d->argument.length)
            doc_paragraph(m->doc, marked_plain(m, d->argument));
        read_blocks(r, d->body, d->end, d->indent);
    }
    marked_done(m);
}

/* ".. name:: argument", ".. [1] footnote", ".. _target:", ".. |name| replace:: text", ".. comment"
 */
static size_t read_explicit(Rst *r, size_t i, size_t end, size_t indent)
{
    Marked *m = &r->m;
    Str line = str_trim(marked_line(m, i));
    if (!str_is(line, "..") && !str_starts(line, S(".. ")))
        return 0;
    size_t stop = rst_body_end(m, i + 1, end, indent + 1);
    Str rest = str_trim(str_from(line, 2));
    ptrdiff_t colons = str_find(rest, S("::"));
    if (str_starts(rest, S("["))) {
        ptrdiff_t close = str_find_char(rest, ']');
        Str text = marked_joined(m, i, stop);
        marked_place(m, i, stop);
        if (close > 0)
            doc_note(m->doc, "footnote", marked_plain(m, str_from(text, 3)));
        marked_done(m);
    } else if (colons > 0 && str_find_char(str_slice(rest, 0, (size_t)colons), ' ') < 0) {
        Directive d = { .name = str_slice(rest, 0, (size_t)colons),
                        .argument = str_trim(str_from(rest, (size_t)colons + 2)),
                        .first = i,
                        .body = i + 1,
                        .end = stop };
        /* "py:function" and its kin say what they are in their argument. */
        ptrdiff_t domain = str_find_char(d.name, ':');
        d.name = str_from(d.name, domain < 0 ? 0 : (size_t)domain + 1);
        for (size_t k = i + 1; k < stop && !d.indent; k++)
            if (!marked_is_blank(m, k))
                d.indent = marked_indent(marked_line(m, k));
        write_directive(r, &d);
    }
    return stop - i;
}

/* --- Blocks --- */

static size_t read_block(Rst *r, size_t i, size_t end, size_t indent)
{
    Marked *m = &r->m;
    Str line = marked_line(m, i);
    size_t its = marked_indent(line), used;
    if (its > indent) {
        if (r->note || r->list_level || marked_marker(str_from(line, its))) {
            size_t stop = rst_body_end(m, i + 1, end, its);
            read_blocks(r, i, stop, its);
            return stop - i;
        }
        size_t last = i + 1;
        while (last < end && !marked_is_blank(m, last) &&
               marked_indent(marked_line(m, last)) >= its)
            last++;
        marked_place(m, i, last);
        doc_quote(m->doc, marked_plain(m, marked_joined(m, i, last)));
        marked_done(m);
        return last - i;
    }
    if ((used = rst_grid_table(&r->m, i, end)) || (used = rst_simple_table(&r->m, i, end)) ||
        (used = read_section(r, i, end)) || (used = read_explicit(r, i, end, its)))
        return used;
    if ((used = read_field(r, i, end, its)))
        return used;
    r->in_body = true;
    if (is_adornment(str_trim(line)))
        return 1;
    if (str_starts(str_from(line, its), S(">>> "))) {
        size_t stop = marked_paragraph_end(m, i, end);
        marked_code(m, S("python"), i, stop);
        return stop - i;
    }
    if (str_starts(str_from(line, its), S("| "))) {
        write_text(r, i, i + 1, str_trim(str_from(line, its + 2)));
        return 1;
    }
    if ((used = read_item(r, i, end, its)))
        return used;
    return read_paragraph(r, i, end, its);
}

static void read_blocks(Rst *r, size_t first, size_t end, size_t indent)
{
    if (++r->depth > DEPTH_MAX) {
        marked_code(&r->m, STR_NONE, first, end);
        r->depth--;
        return;
    }
    for (size_t i = first; i < end && doc_writer_ok(r->m.doc);) {
        size_t used = marked_is_blank(&r->m, i) ? 1 : read_block(r, i, end, indent);
        i += MAX(used, 1);
    }
    r->depth--;
}

static void find_substitutions(Rst *r)
{
    for (size_t i = 0; i < r->m.count && r->substitution_count < SUBSTITUTIONS_MAX; i++) {
        Str line = str_trim(r->m.lines[i]);
        ptrdiff_t bar = str_starts(line, S(".. |")) ? str_find_char(str_from(line, 4), '|') : -1;
        ptrdiff_t replace = bar > 0 ? str_find(line, S("replace::")) : -1;
        if (replace > 0)
            r->substitutions[r->substitution_count++] =
                (Substitution){ .name = str_slice(line, 4, 4 + (size_t)bar),
                                .text = str_trim(str_from(line, (size_t)replace + 9)) };
    }
}

static bool rst_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    AUTO_FREE Rst *r = heap_alloc(sizeof *r);
    if (!marked_open(&r->m, arena, scratch, source->bytes, source->media_type, doc, err))
        return false;
    r->m.marks = "*";
    r->m.verbatim = "`";
    r->m.special = rst_special;
    r->m.self = r;
    find_substitutions(r);
    read_blocks(r, 0, r->m.count, 0);
    marked_close(&r->m);
    return true;
}

static int rst_sniff(Str bytes)
{
    Str head = str_slice(bytes, 0, KB(16));
    if (text_is_binary(bytes))
        return 0;
    bool is_marked = str_find(head, S("\n.. ")) >= 0 && str_find(head, S(":: ")) >= 0;
    return is_marked ? 16 : 6;
}

const Extractor extractor_rst = {
    .name = "rst",
    .title = "reStructuredText",
    .extensions = LIST("rst", "rest"),
    .media_types = LIST("text/x-rst", "text/prs.fallenstein.rst"),
    .sniff = rst_sniff,
    .extract = rst_extract,
};
