/* typst.c - Typst (typst.app/docs/reference/syntax): headings, lists, raw text, tables, figures,
 * notes, links; what only computes or styles stays as it is written. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/typst_call.h"
#include "extract/marked.h"

enum { CALLS_DEPTH_MAX = 16, NOTES_MAX = 1000, TABLE_COLUMNS_MAX = 64 };

typedef struct Note {
    const char *label;
    Str text;
} Note;

typedef struct Typst {
    Marked m;
    VEC(Note) notes; /* of the block that is read */
    int depth;       /* of calls in each other */
} Typst;

static Str plain(Typst *t, Str text)
{
    if (t->depth >= CALLS_DEPTH_MAX)
        return text;
    t->depth++;
    Str out = str_trim(marked_plain(&t->m, text));
    t->depth--;
    return out;
}

static void add_note(Typst *t, const char *label, Str text)
{
    if (text.length && t->notes.count < NOTES_MAX)
        *vec_push(t->m.scratch, &t->notes) = (Note){ label, text };
}

static void write_notes(Typst *t)
{
    for (size_t i = 0; i < t->notes.count; i++)
        doc_note(t->m.doc, t->notes.at[i].label, t->notes.at[i].text);
    t->notes.at = NULL;
    t->notes.count = t->notes.capacity = 0;
}

/* The first argument without a name. */
static Str first_argument(Str arguments)
{
    Str name, value;
    while (typst_argument(&arguments, &name, &value))
        if (!name.length)
            return value;
    return STR_NONE;
}

static Str named_argument(Str arguments, const char *wanted)
{
    Str name, value;
    while (typst_argument(&arguments, &name, &value))
        if (str_is(name, wanted))
            return value;
    return STR_NONE;
}

/* --- Inside a paragraph --- */

/* What is seen of a call: its content, or its words; layout is not seen. False: as written. */
static bool add_call(Typst *t, Buf *out, const TypstCall *call)
{
    static const char *const unseen[] = { "h",        "v",        "pagebreak",
                                          "colbreak", "outline",  "linebreak",
                                          "counter",  "parbreak", "line" };
    Str words = STR_NONE, first = first_argument(call->arguments);
    bool has_words = typst_words(t->m.scratch, first, &words);
    if (str_is(call->name, "footnote")) {
        add_note(t, "footnote", plain(t, call->has_content ? call->content : words));
        return true;
    }
    if (str_is(call->name, "link") && has_words && !str_equal(words, call->content) &&
        call->has_content)
        add_note(t, "link", words);
    if (str_is(call->name, "image"))
        has_words = typst_words(t->m.scratch, named_argument(call->arguments, "alt"), &words);
    for (size_t i = 0; i < COUNT(unseen); i++)
        if (str_is(call->name, unseen[i]))
            return true;
    if (call->has_content || has_words)
        buf_add(out, call->has_content && !call->is_open ? plain(t, call->content)
                     : call->has_content                 ? STR_NONE
                                                         : words);
    return call->has_content || has_words;
}

/* <a-label> */
static size_t label_length(Str text)
{
    size_t at = 1;
    while (at < text.length && (typst_is_name(text.at[at]) || HAS_CHAR(text.at[at], ":.")))
        at++;
    return at > 1 && at < text.length && text.at[at] == '>' ? at + 1 : 0;
}

static size_t add_special(void *self, Buf *out, Str text, size_t at)
{
    Typst *t = self;
    TypstCall call;
    Str here = str_from(text, at);
    char c = here.at[0], next = here.length > 1 ? here.at[1] : 0;
    if (c == '#' && typst_call(str_from(here, 1), &call) && add_call(t, out, &call))
        /* of a content that goes on, what is here follows as text */
        return 1 + (call.is_open ? call.length - call.content.length : call.length);
    if (c == '<')
        return label_length(here);
    if (c == '~')
        return buf_add_char(out, ' '), 1;
    if (c == '\\')
        return buf_add_char(out, next && next != ' ' ? next : '\n'), next ? 2 : 1;
    if (c == '$') {
        ptrdiff_t end = str_find_char(str_from(here, 1), '$');
        buf_add(out, str_slice(here, 0, (size_t)end + 2));
        return end < 0 ? 1 : (size_t)end + 2;
    }
    if (c == '/' && next == '*') {
        ptrdiff_t end = str_find(here, S("*/"));
        return end < 0 ? here.length : (size_t)end + 2;
    }
    return 0;
}

/* Lines joined, without the comments at their ends; "https://" begins none. */
static Str joined(Typst *t, size_t first, size_t end)
{
    Buf out = buf_new(t->m.scratch, SIZE_MAX / 4);
    for (size_t i = first; i < end; i++) {
        Str line = str_trim(marked_line(&t->m, i));
        bool in_code = false;
        for (size_t at = 0; at + 1 < line.length; at++) {
            in_code ^= line.at[at] == '`';
            if (!in_code && line.at[at] == '/' && line.at[at + 1] == '/' &&
                (at == 0 || line.at[at - 1] != ':'))
                line = str_slice(line, 0, at);
        }
        if (out.length && line.length)
            buf_add_char(&out, ' ');
        buf_add(&out, line);
    }
    return buf_str(&out);
}

/* --- Tables and figures --- */

typedef struct Table {
    int columns, column;
    int covered[TABLE_COLUMNS_MAX]; /* rows that a cell above still reaches into */
} Table;

/* Past the cells that others above cover; rows end when they are full. */
static void go_on(Typst *t, Table *table)
{
    for (int rows = 0; rows < 2;) {
        while (table->column < table->columns && table->covered[table->column] > 0) {
            table->covered[table->column++]--;
            doc_cell(t->m.doc, STR_NONE);
        }
        if (table->column < table->columns)
            return;
        doc_row_end(t->m.doc);
        table->column = 0;
        rows++;
    }
}

static int span_of(Str arguments, const char *name)
{
    int64_t span;
    return str_to_int(named_argument(arguments, name), 1, TABLE_COLUMNS_MAX, &span) ? (int)span : 1;
}

static void add_cell(Typst *t, Table *table, Str text, int columns, int rows)
{
    columns = MIN(columns, table->columns - table->column);
    doc_cell_span(t->m.doc, plain(t, text), columns, rows);
    for (int i = 0; i < columns; i++)
        table->covered[table->column++] = rows - 1;
    go_on(t, table);
}

static void add_cells(Typst *t, Table *table, Str arguments)
{
    Str name, value, words;
    TypstCall call;
    while (typst_argument(&arguments, &name, &value) && doc_writer_ok(t->m.doc)) {
        if (name.length || !value.length)
            continue;
        if (typst_words(t->m.scratch, value, &words)) {
            add_cell(t, table, words, 1, 1);
        } else if (!typst_call(value, &call)) {
            add_cell(t, table, value, 1, 1);
        } else if (str_is(call.name, "table.header") && t->depth < CALLS_DEPTH_MAX) {
            t->depth++;
            add_cells(t, table, call.arguments);
            t->depth--;
            doc_header_end(t->m.doc);
        } else if (str_is(call.name, "table.footer") && t->depth < CALLS_DEPTH_MAX) {
            t->depth++;
            add_cells(t, table, call.arguments);
            t->depth--;
        } else if (!str_ends(call.name, S("line"))) { /* table.hline(): drawn only */
            Str content = call.has_content ? call.content : first_argument(call.arguments);
            add_cell(t, table, content, span_of(call.arguments, "colspan"),
                     span_of(call.arguments, "rowspan"));
        }
    }
}

static void write_table(Typst *t, Str arguments)
{
    Table table = { .columns = typst_columns(named_argument(arguments, "columns")) };
    doc_table_begin(t->m.doc);
    add_cells(t, &table, arguments);
    if (table.column > 0)
        doc_row_end(t->m.doc);
    doc_table_end(t->m.doc);
}

static void write_image(Typst *t, Str arguments)
{
    Str alt;
    if (typst_words(t->m.scratch, named_argument(arguments, "alt"), &alt))
        doc_image(t->m.doc, alt);
}

static void write_figure(Typst *t, const TypstCall *figure)
{
    Str words, body = first_argument(figure->arguments);
    TypstCall inner;
    if (figure->has_content)
        doc_paragraph(t->m.doc, plain(t, figure->content));
    else if (typst_words(t->m.scratch, body, &words))
        doc_paragraph(t->m.doc, plain(t, words));
    else if (typst_call(body, &inner) && str_is(inner.name, "table"))
        write_table(t, inner.arguments);
    else if (typst_call(body, &inner) && str_is(inner.name, "image"))
        write_image(t, inner.arguments);
    else
        doc_code(t->m.doc, S("typst"), body);
    if (typst_words(t->m.scratch, named_argument(figure->arguments, "caption"), &words))
        doc_paragraph(t->m.doc, plain(t, words));
}

/* --- Facts: #set document(title: [..], author: ("A", "B"), date: datetime(..)) --- */

static void write_fact(Typst *t, const char *key, Str value)
{
    Str words, name, item;
    TypstCall call;
    if (typst_words(t->m.scratch, value, &words)) {
        doc_meta(t->m.doc, key, plain(t, words));
    } else if (value.length > 1 && value.at[0] == '(') {
        Str rest = str_slice(value, 1, value.length - 1);
        while (typst_argument(&rest, &name, &item))
            if (typst_words(t->m.scratch, item, &words))
                doc_meta(t->m.doc, key, words);
    } else if (typst_call(value, &call) && str_is(call.name, "datetime")) {
        int64_t year, month, day;
        if (str_to_int(named_argument(call.arguments, "year"), 1, 9999, &year) &&
            str_to_int(named_argument(call.arguments, "month"), 1, 12, &month) &&
            str_to_int(named_argument(call.arguments, "day"), 1, 31, &day))
            doc_meta(t->m.doc, key,
                     str_format(t->m.scratch, "%04d-%02d-%02d", (int)year, (int)month, (int)day));
    }
}

static void write_facts(Typst *t, Str arguments)
{
    static const char *const keys[][2] = {
        { "title", "title" },     { "author", "author" },           { "keywords", "keywords" },
        { "subject", "subject" }, { "description", "description" }, { "date", "created" },
    };
    Str name, value;
    while (typst_argument(&arguments, &name, &value))
        for (size_t i = 0; i < COUNT(keys); i++)
            if (str_is(name, keys[i][0]))
                write_fact(t, keys[i][1], value);
}

/* --- Blocks --- */

static size_t count_run(Str line, char c)
{
    size_t n = 0;
    while (n < line.length && line.at[n] == c)
        n++;
    return n;
}

/* "#set document(" goes on until its parentheses, brackets and braces are closed. */
static size_t command_end(const Marked *m, size_t i)
{
    int depth = 0;
    for (; i < m->count; i++) {
        Str line = marked_line(m, i);
        for (size_t at = 0; at < line.length; at++)
            depth += HAS_CHAR(line.at[at], "([{") ? 1 : HAS_CHAR(line.at[at], ")]}") ? -1 : 0;
        if (depth <= 0)
            return i + 1;
    }
    return m->count;
}

static bool is_command(Str line)
{
    static const char *const commands[] = { "#set ",    "#let ",         "#show",
                                            "#import ", "#include",      "#table(",
                                            "#figure",  "#bibliography", "#image(" };
    for (size_t k = 0; k < COUNT(commands); k++)
        if (str_starts(line, str(commands[k])))
            return true;
    return false;
}

static size_t read_command(Typst *t, size_t i)
{
    Marked *m = &t->m;
    size_t end = command_end(m, i);
    Str text = str_from(str_trim(marked_raw(m, i, end, 0)), 1);
    TypstCall call;
    bool is_set = str_starts(text, S("set document"));
    marked_place(m, i, end);
    if (!typst_call(is_set ? str_from(text, 4) : text, &call))
        call = (TypstCall){ 0 };
    m->missing += str_starts(text, S("include"));
    if (str_is(call.name, "table")) {
        write_table(t, call.arguments);
    } else if (str_is(call.name, "figure")) {
        write_figure(t, &call);
    } else if (str_is(call.name, "image")) {
        write_image(t, call.arguments);
    } else {
        if (is_set && str_is(call.name, "document"))
            write_facts(t, call.arguments);
        marked_code(m, S("typst"), i, end);
    }
    return end - i;
}

static size_t read_raw(Marked *m, size_t i, Str line)
{
    size_t end = i + 1;
    while (end < m->count && !str_starts(str_trim(marked_line(m, end)), S("```")))
        end++;
    marked_code(m, str_trim(str_from(line, 3)), i + 1, end);
    return end + 1 - i;
}

/* What closes the content of a call over several paragraphs is no text. */
static bool is_closing(Str line) { return str_is(line, "]") || str_is(line, "])"); }

static size_t marker_length(Str line)
{
    return str_starts(line, S("+ ")) || str_starts(line, S("/ ")) ? 2 : marked_marker(line);
}

static size_t read_text(Typst *t, size_t i, Str line)
{
    Marked *m = &t->m;
    size_t end = i + 1, marker = marker_length(line);
    while (end < m->count && !marked_is_blank(m, end)) {
        Str next = str_trim(marked_line(m, end));
        if (next.at[0] == '=' || is_command(next) || str_starts(next, S("```")) ||
            marker_length(next) || is_closing(next))
            break;
        end++;
    }
    Str text = plain(t, str_from(joined(t, i, end), marker));
    marked_place(m, i, end);
    if (marker) /* a term and what it means: "/ Term: words" */
        doc_list_item(m->doc, (int)MIN(marked_indent(marked_line(m, i)) / 2 + 1, 8),
                      line.at[0] == '/' ? S("-") : str_trim(str_slice(line, 0, marker)), text);
    else
        doc_paragraph(m->doc, text);
    write_notes(t);
    return end - i;
}

static size_t read_block(Typst *t, size_t i)
{
    Marked *m = &t->m;
    Str line = str_trim(marked_line(m, i));
    size_t level = count_run(line, '=');
    if (level && level < line.length && line.at[level] == ' ') {
        doc_heading(m->doc, (int)MIN(level, 6), plain(t, str_from(joined(t, i, i + 1), level)));
        write_notes(t);
        return 1;
    }
    if (str_starts(line, S("//")) || is_closing(line))
        return 1;
    if (str_starts(line, S("```")))
        return read_raw(m, i, line);
    return is_command(line) ? read_command(t, i) : read_text(t, i, line);
}

static bool typst_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    Typst t = { 0 };
    if (!marked_open(&t.m, arena, scratch, source->bytes, source->media_type, doc, err))
        return false;
    t.m.marks = "*_";
    t.m.verbatim = "`";
    t.m.special = add_special;
    t.m.self = &t;
    for (size_t i = 0, used; i < t.m.count && doc_writer_ok(doc); i += used) {
        used = 1;
        if (marked_is_blank(&t.m, i))
            continue;
        marked_place(&t.m, i, i + 1);
        used = read_block(&t, i);
        marked_done(&t.m);
    }
    marked_close(&t.m);
    return true;
}

static int typst_sniff(Str bytes)
{
    Str head = str_slice(bytes, 0, KB(4));
    if (text_is_binary(bytes))
        return 0;
    return str_starts(head, S("#set ")) || str_find(head, S("\n#set ")) >= 0 ? 15 : 4;
}

const Extractor extractor_typst = {
    .name = "typst",
    .title = "Typst",
    .extensions = LIST("typ", "typst"),
    .media_types = LIST("text/x-typst"),
    .sniff = typst_sniff,
    .extract = typst_extract,
};
