/* latex.c - LaTeX source: sections, lists, tables, footnotes, citations, accents; mathematics stays
 * as it is written, comments go. */
#include "base/utf8.h"
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/latex_macros.h"
#include "extract/metadata.h"

enum { ITEMS_MAX = 16, NAME_MAX_LENGTH = 40, DEPTH_MAX = 24 };

typedef struct Latex {
    DocWriter *doc;
    Arena *arena; /* of `run`, reset after each block */
    Buf run;
    Str text;
    size_t counted; /* up to where lines are counted */
    int line, run_line, includes, depth;
    size_t vain; /* bytes searched for ends that never came */
    int lists, numbers[ITEMS_MAX];
    bool is_item, in_quote, in_table, in_body;
    char marker[16];
    LatexMacros macros;
} Latex;

static void read_text(Latex *l, Str text, Buf *out);

/* What a macro stands for is on the line that was reached. */
static int line_at(Latex *l, const char *at)
{
    if (at < l->text.at || at > l->text.at + l->text.length)
        return l->line;
    size_t end = (size_t)(at - l->text.at);
    for (; l->counted < end && l->counted < l->text.length; l->counted++)
        l->line += l->text.at[l->counted] == '\n';
    return l->line;
}

/* --- Blocks --- */

static void begin_run(Latex *l)
{
    arena_reset(l->arena);
    l->run = buf_new(l->arena, SIZE_MAX / 4);
}

static void flush(Latex *l, const char *at)
{
    Str text = str_trim(buf_str(&l->run));
    int line = line_at(l, at);
    if (text.length) {
        doc_place_lines(l->doc, l->run_line, MAX(line, l->run_line));
        if (l->is_item)
            doc_list_item(l->doc, MAX(l->lists, 1), str(l->marker), text);
        else if (l->in_quote)
            doc_quote(l->doc, text);
        else
            doc_paragraph(l->doc, text);
        l->is_item = false;
    }
    begin_run(l);
    l->run_line = line;
}

/* --- Arguments --- */

static size_t skip_space(Str s, size_t at)
{
    while (at < s.length && HAS_CHAR(s.at[at], " \t\r\n"))
        at++;
    return at;
}

/* Marks without an end are looked for to the end of the text each: few are, then none. */
static bool may_look(const Latex *l) { return l->vain <= l->text.length * 4 + MB(1); }

static ptrdiff_t find_end(Latex *l, Str s, Str end)
{
    ptrdiff_t found = may_look(l) ? str_find(s, end) : -1;
    l->vain += found < 0 ? s.length : 0;
    return found;
}

/* The end of the group that opens at `at`, past its closing mark; 0 when it is not closed. */
static size_t group_end(Latex *l, Str s, size_t at, char open, char close)
{
    int depth = 0;
    for (size_t i = at; i < s.length && may_look(l); i++) {
        if (s.at[i] == '\\')
            i++;
        else if (s.at[i] == open)
            depth++;
        else if (s.at[i] == close && --depth == 0)
            return i + 1;
    }
    l->vain += s.length - at;
    return 0;
}

/* The next {argument} after any [options]; *at moves past it. */
static Str argument(Latex *l, Str s, size_t *at)
{
    size_t i = skip_space(s, *at);
    for (size_t end; i < s.length && s.at[i] == '[' && (end = group_end(l, s, i, '[', ']'));)
        i = skip_space(s, end);
    size_t end = i < s.length && s.at[i] == '{' ? group_end(l, s, i, '{', '}') : 0;
    if (!end)
        return STR_NONE;
    *at = end;
    return str_slice(s, i + 1, end - 1);
}

/* --- Characters --- */

static const struct {
    const char *name, *text;
} symbols[] = {
#define SYMBOL(name, text) { name, text },
#define ACCENT(mark, combining)
#define COMMAND(name, is, level)
#include "extract/formats/latex_words.def"
#undef SYMBOL
#undef ACCENT
#undef COMMAND
};

static const struct {
    char mark;
    uint16_t combining;
} accents[] = {
#define SYMBOL(name, text)
#define ACCENT(mark, combining) { mark, combining },
#define COMMAND(name, is, level)
#include "extract/formats/latex_words.def"
#undef SYMBOL
#undef ACCENT
#undef COMMAND
};

static uint16_t accent_of(Str name)
{
    for (size_t i = 0; i < COUNT(accents) && name.length == 1; i++)
        if (accents[i].mark == name.at[0])
            return accents[i].combining;
    return 0;
}

/* \'e, \'{e}, \c{c}, \"\i; the document's text is normalised later. */
static size_t add_accent(Latex *l, Buf *out, Str s, size_t at, uint16_t combining)
{
    size_t size, end = at;
    Str base = argument(l, s, &end);
    if (!base.length) {
        at = skip_space(s, at);
        base = str_from(s, at);
        size = base.length ? 1 : 0;
        if (str_starts(base, S("\\")) && base.length > 1) {
            base = str_from(base, 1);
            size = 2;
        } else if (base.length)
            utf8_decode(base, 0, &size);
        end = at + size;
        base = str_slice(base, 0, base.at > s.at && base.length && s.at[at] == '\\' ? 1 : size);
    } else if (str_starts(base, S("\\")))
        base = str_from(base, 1);
    buf_add(out, base);
    buf_add_utf8(out, combining);
    return end;
}

/* --- Tables --- */

typedef struct TableRun {
    Str body;
    size_t from; /* of the cell that is read */
    Buf cell;
    int rows;
    bool has_cell; /* the row has begun */
} TableRun;

static void write_caption(Latex *l, Str body)
{
    ptrdiff_t caption = str_find(body, S("\\caption{"));
    if (caption < 0)
        return;
    Buf out = buf_new(l->arena, SIZE_MAX / 4);
    size_t at = (size_t)caption + 8;
    read_text(l, argument(l, body, &at), &out);
    doc_paragraph(l->doc, buf_str(&out));
}

/* A long table says its head once for the first page and once for the others. */
static size_t skip_other_head(Latex *l, Str body, size_t at)
{
    ptrdiff_t head = find_end(l, str_from(body, at), S("\\endhead"));
    doc_header_end(l->doc);
    return at + (head < 0 ? 13 : (size_t)head + 8);
}

static void end_cell(Latex *l, TableRun *t, size_t end, bool ends_row)
{
    Str part = str_slice(t->body, t->from, end);
    bool has_rule = str_find(part, S("rule")) >= 0 || str_find(part, S("\\hline")) >= 0;
    if (has_rule && !t->has_cell && t->rows == 1)
        doc_header_end(l->doc);
    t->cell.length = 0;
    read_text(l, part, &t->cell);
    Str text = str_trim(buf_str(&t->cell));
    if (!ends_row || t->has_cell || text.length) {
        doc_cell(l->doc, text);
        t->has_cell = true;
    }
    if (ends_row && t->has_cell) {
        int line = line_at(l, t->body.at + end);
        doc_place_lines(l->doc, line, line);
        doc_row_end(l->doc);
        t->has_cell = false;
        t->rows++;
    }
}

static void write_table(Latex *l, Str body)
{
    TableRun t = { .body = body, .cell = buf_new(l->arena, SIZE_MAX / 4) };
    write_caption(l, body);
    l->in_table = true;
    doc_table_begin(l->doc);
    for (size_t i = 0; i <= body.length; i++) {
        char c = i < body.length ? body.at[i] : 0;
        bool ends_row = c == 0 || (c == '\\' && i + 1 < body.length && body.at[i + 1] == '\\');
        if (c == '\\' && str_starts(str_from(body, i), S("\\endfirsthead"))) {
            t.from = skip_other_head(l, body, i);
            i = t.from - 1;
        } else if (c == '\\' && !ends_row) {
            i++;
        } else if (c == '{') {
            size_t end = group_end(l, body, i, '{', '}');
            i = end ? end - 1 : i;
        } else if (c == '&' || ends_row) {
            end_cell(l, &t, i, ends_row);
            i += ends_row && c;
            t.from = i + 1;
        }
    }
    doc_table_end(l->doc);
    l->in_table = false;
}

/* --- Commands --- */

typedef enum CommandIs {
    IS_HEADING,
    IS_TEXT,     /* its argument is text: \textbf{...}; what is not listed too */
    IS_HIDDEN,   /* its argument is not: \label{...} */
    IS_HIDDEN_2, /* two of them */
    IS_MACRO,    /* defines a command */
    IS_VERBATIM, /* \verb|...| */
    IS_SECOND,   /* \href{url}{text} */
    IS_CITE,
    IS_NOTE,
    IS_META,
    IS_CAPTION,
    IS_INCLUDE,
    IS_IMAGE,
    IS_ITEM,
    IS_BREAK,
    IS_NOTHING,
} CommandIs;

static const struct {
    const char *name;
    CommandIs is;
    int level;
} commands[] = {
#define SYMBOL(name, text)
#define ACCENT(mark, combining)
#define COMMAND(name, is, level) { name, IS_##is, level },
#include "extract/formats/latex_words.def"
#undef SYMBOL
#undef ACCENT
#undef COMMAND
};

static void write_heading(Latex *l, Str title, int level, const char *at)
{
    Buf out = buf_new(l->arena, SIZE_MAX / 4);
    read_text(l, title, &out);
    int line = line_at(l, at);
    doc_place_lines(l->doc, line, line);
    doc_heading(l->doc, level, buf_str(&out));
    begin_run(l);
    l->run_line = line;
}

static size_t begin_item(Latex *l, Str s, size_t at, bool has_argument)
{
    flush(l, s.at + at);
    int *number = &l->numbers[MIN(MAX(l->lists, 1), ITEMS_MAX) - 1];
    snprintf(l->marker, sizeof l->marker, "-");
    if (*number)
        snprintf(l->marker, sizeof l->marker, "%d.", (*number)++);
    l->is_item = true;
    size_t next = skip_space(s, at);
    if (has_argument) {
        Str key = argument(l, s, &at);
        buf_addf(&l->run, "[" STR_FMT "] ", STR_ARG(key));
    } else if (next < s.length && s.at[next] == '[') {
        size_t end = group_end(l, s, next, '[', ']');
        if (end) {
            read_text(l, str_slice(s, next + 1, end - 1), &l->run);
            buf_add(&l->run, S(": "));
            at = end;
        }
    }
    return at;
}

static void write_meta(Latex *l, const char *name, Str value)
{
    Buf out = buf_new(l->arena, SIZE_MAX / 4);
    read_text(l, value, &out);
    doc_meta_named(l->doc, str(name), str_trim(buf_str(&out)));
}

/* \verb|text|: between two of the same sign, on one line. */
static size_t add_verbatim(Buf *out, Str s, size_t at)
{
    if (at >= s.length || HAS_CHAR(s.at[at], " \t\r\n"))
        return at;
    char close = s.at[at] == '{' ? '}' : s.at[at];
    size_t end = at + 1;
    while (end < s.length && !HAS_CHAR(s.at[end], "\r\n") && s.at[end] != close)
        end++;
    buf_add(out, str_slice(s, at + 1, end));
    return end < s.length && s.at[end] == close ? end + 1 : end;
}

static size_t run_command(Latex *l, size_t which, Str s, size_t at, Buf *out)
{
    if (commands[which].is == IS_VERBATIM)
        return add_verbatim(out, s, at);
    if (commands[which].is == IS_MACRO && latex_macro_define(&l->macros, s, &at))
        return at;
    bool is_main = out == &l->run;
    CommandIs is = commands[which].is;
    Str value =
        is == IS_ITEM || is == IS_BREAK || is == IS_NOTHING ? STR_NONE : argument(l, s, &at);
    if (is == IS_HIDDEN_2 || is == IS_MACRO || is == IS_SECOND)
        value = argument(l, s, &at);
    switch (is) {
    case IS_HEADING:
        if (!is_main) { /* inside a cell, a note: text that is being collected */
            read_text(l, value, out);
            break;
        }
        flush(l, s.at + at);
        write_heading(l, value, commands[which].level, s.at + at);
        break;
    case IS_META: write_meta(l, commands[which].name, value); break;
    case IS_NOTE:
        buf_add(out, S(" ["));
        read_text(l, value, out);
        buf_add(out, S("]"));
        break;
    case IS_CITE: buf_addf(out, "[" STR_FMT "]", STR_ARG(value)); break;
    case IS_CAPTION:
        if (l->in_table)
            break;
        if (is_main)
            flush(l, s.at + at);
        read_text(l, value, out);
        if (is_main)
            flush(l, s.at + at);
        break;
    case IS_INCLUDE:
        buf_addf(out, "\\%s{" STR_FMT "}", commands[which].name, STR_ARG(value));
        l->includes++;
        break;
    case IS_IMAGE: doc_image(l->doc, value); break;
    case IS_ITEM: return is_main ? begin_item(l, s, at, commands[which].level) : at;
    case IS_BREAK:
        if (is_main)
            flush(l, s.at + at);
        break;
    case IS_SECOND: read_text(l, value, out); break;
    default: break;
    }
    return at;
}

/* --- Environments --- */

static const char *const kept[] = { "equation",   "align",    "displaymath", "math",
                                    "gather",     "multline", "eqnarray",    "verbatim",
                                    "lstlisting", "minted",   "tikzpicture", "alltt" };

static bool is_named(Str name, const char *const *names, size_t count)
{
    if (str_ends(name, S("*")))
        name.length--;
    for (size_t i = 0; i < count; i++)
        if (str_is(name, names[i]))
            return true;
    return false;
}

static size_t begin_environment(Latex *l, Str s, size_t at, Str name)
{
    static const char *const tables[] = { "tabular",  "tabularx", "longtable",
                                          "tabulary", "array",    "supertabular" };
    static const char *const lists[] = { "itemize", "enumerate", "description", "thebibliography",
                                         "compactitem" };
    flush(l, s.at + at);
    l->in_body |= str_is(name, "document");
    bool is_table = is_named(name, tables, COUNT(tables));
    if (is_table || is_named(name, kept, COUNT(kept))) {
        AUTO_ARENA Arena *arena = arena_new(KB(4));
        ptrdiff_t end = str_find(str_from(s, at), str_format(arena, "\\end{" STR_FMT "}",
                                                             STR_ARG(str_slice(name, 0, 200))));
        size_t stop = end < 0 ? s.length : at + (size_t)end;
        if (is_table) {
            if (str_starts(name, S("tabularx")))
                argument(l, s, &at);
            argument(l, s, &at);
            write_table(l, str_slice(s, at, MAX(stop, at)));
        } else {
            int first = line_at(l, s.at + at);
            bool is_code = is_named(name, kept + 7, 3);
            doc_place_lines(l->doc, first, MAX(first, line_at(l, s.at + stop)));
            doc_code(l->doc, is_code ? STR_NONE : S("latex"), str_slice(s, at, stop));
        }
        begin_run(l);
        return stop;
    }
    if (is_named(name, lists, COUNT(lists))) {
        l->lists++;
        l->numbers[MIN(l->lists, ITEMS_MAX) - 1] = str_is(name, "enumerate") ? 1 : 0;
        if (str_is(name, "thebibliography"))
            argument(l, s, &at);
    }
    l->in_quote |= str_starts(name, S("quot"));
    size_t option = skip_space(s, at);
    size_t after = option < s.length && s.at[option] == '[' ? group_end(l, s, option, '[', ']') : 0;
    at = after ? after : at;
    if (str_is(name, "minipage") || str_is(name, "multicols"))
        argument(l, s, &at);
    return at;
}

static void end_environment(Latex *l, Str s, size_t at, Str name)
{
    flush(l, s.at + at);
    if ((str_is(name, "itemize") || str_is(name, "enumerate") || str_is(name, "description") ||
         str_is(name, "thebibliography")) &&
        l->lists > 0)
        l->lists--;
    l->in_quote = l->in_quote && !str_starts(name, S("quot"));
}

/* --- Text --- */

/* A command that the file defined: what it stands for is read in its place. */
static bool run_macro(Latex *l, Str name, Str s, size_t *at, Buf *out)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str expansion;
    if (!latex_macro_expand(&l->macros, arena, name, s, at, &expansion))
        return false;
    read_text(l, expansion, out);
    return true;
}

static size_t read_command(Latex *l, Str s, size_t at, Buf *out)
{
    size_t end = at + 1;
    while (end < s.length && ((s.at[end] | 32) >= 'a' && (s.at[end] | 32) <= 'z'))
        end++;
    end = end == at + 1 ? end + 1 : end;
    Str name = str_slice(s, at + 1, end);
    if (end < s.length && s.at[end] == '*')
        end++;
    uint16_t combining = accent_of(name);
    if (combining)
        return add_accent(l, out, s, end, combining);
    if (name.length == 1 && HAS_CHAR(name.at[0], "{}$&#_% -/,;:!@")) {
        if (!HAS_CHAR(name.at[0], "-/,;:!@"))
            buf_add(out, name);
        return end;
    }
    if (str_is(name, "\\")) {
        buf_add_char(out, out == &l->run ? '\n' : ' ');
        return end;
    }
    if (str_is(name, "(") || str_is(name, "[")) {
        ptrdiff_t close = find_end(l, str_from(s, end), name.at[0] == '(' ? S("\\)") : S("\\]"));
        size_t stop = close < 0 ? end : end + (size_t)close;
        buf_add(out, str_slice(s, at, close < 0 ? end : stop + 2));
        return close < 0 ? end : stop + 2;
    }
    if (str_is(name, "begin") || str_is(name, "end")) {
        size_t after = end;
        Str environment = argument(l, s, &after);
        if (out == &l->run && str_is(name, "begin"))
            return begin_environment(l, s, after, environment);
        if (out == &l->run)
            end_environment(l, s, after, environment);
        else if (str_is(environment, "minipage"))
            argument(l, s, &after);
        return after;
    }
    for (size_t i = 0; i < COUNT(commands); i++)
        if (str_is(name, commands[i].name))
            return run_command(l, i, s, end, out);
    if (run_macro(l, name, s, &end, out))
        return end;
    for (size_t i = 0; i < COUNT(symbols); i++)
        if (str_is(name, symbols[i].name)) {
            buf_add(out, str(symbols[i].text));
            return end < s.length && s.at[end] == ' ' ? end + 1 : end;
        }
    /* \emph{x}: the argument is text and comes next; \centering has none. */
    return end < s.length && HAS_CHAR(s.at[end], " \t") ? skip_space(s, end) : end;
}

static size_t add_math(Buf *out, Str s, size_t at)
{
    bool is_double = at + 1 < s.length && s.at[at + 1] == '$';
    for (size_t i = at + 1 + is_double; i < s.length && i < at + KB(16); i++) {
        if (s.at[i] == '\\')
            i++;
        else if (s.at[i] == '$') {
            size_t end = MIN(i + 1 + is_double, s.length);
            buf_add(out, str_slice(s, at, end));
            return end;
        }
    }
    buf_add_char(out, '$');
    return at + 1;
}

static size_t read_character(Latex *l, Str s, size_t at, Buf *out)
{
    char c = s.at[at];
    Str rest = str_from(s, at);
    if (c == '%') {
        ptrdiff_t end = str_find_char(rest, '\n');
        return end < 0 ? s.length : at + (size_t)end + 1;
    }
    if (c == '$')
        return add_math(out, s, at);
    if (c == '{' || c == '}')
        return at + 1;
    if (c == '~')
        buf_add_char(out, ' ');
    else if (str_starts(rest, S("---")))
        buf_add(out, S("\u2014"));
    else if (str_starts(rest, S("--")))
        buf_add(out, S("\u2013"));
    else if (str_starts(rest, S("``")))
        buf_add(out, S("\u201C"));
    else if (str_starts(rest, S("''")))
        buf_add(out, S("\u201D"));
    else if (HAS_CHAR(c, " \t\r\n")) {
        size_t end = skip_space(s, at), lines = 0;
        for (size_t i = at; i < end; i++)
            lines += s.at[i] == '\n';
        if (lines > 1 && out == &l->run)
            flush(l, s.at + at);
        else if (out->length && !HAS_CHAR(out->at[out->length - 1], " \n"))
            buf_add_char(out, ' ');
        return end;
    } else {
        buf_add_char(out, c);
        return at + 1;
    }
    return at + (c == '~' ? 1 : str_starts(rest, S("---")) ? 3 : 2);
}

static void read_text(Latex *l, Str text, Buf *out)
{
    if (l->depth++ < DEPTH_MAX)
        for (size_t at = 0; at < text.length && doc_writer_ok(l->doc);) {
            if (out == &l->run && out->length == 0)
                l->run_line = line_at(l, text.at + at);
            at = text.at[at] == '\\' && at + 1 < text.length ? read_command(l, text, at, out)
                                                             : read_character(l, text, at, out);
        }
    l->depth--;
}

static bool latex_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    Latex l = { .doc = doc, .arena = scratch, .line = 1, .run_line = 1 };
    l.text = text_decode(arena, source->bytes, charset_in_media_type(source->media_type), NULL);
    l.macros = latex_macros_new(arena, l.text.length);
    begin_run(&l);
    read_text(&l, l.text, &l.run);
    flush(&l, l.text.at + l.text.length);
    if (l.includes)
        doc_warning(doc,
                    str_format(scratch,
                               "%d files that it includes are not part of it and were not read",
                               l.includes));
    return true;
}

static int latex_sniff(Str bytes)
{
    Str head = str_slice(bytes, 0, KB(16));
    if (text_is_binary(bytes))
        return 0;
    if (str_find(head, S("\\documentclass")) >= 0 || str_find(head, S("\\begin{document}")) >= 0)
        return 35;
    return str_find(head, S("\\section{")) >= 0 ? 15 : 5;
}

const Extractor extractor_latex = {
    .name = "latex",
    .title = "LaTeX",
    .extensions = LIST("tex", "latex", "ltx"),
    .media_types = LIST("application/x-tex", "text/x-tex", "application/x-latex"),
    .sniff = latex_sniff,
    .extract = latex_extract,
};
