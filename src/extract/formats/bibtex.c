/* bibtex.c - BibTeX and RIS: lists of works, one entry a block, field by field. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"

enum { ENTRY_MAX = 256 * 1024 };

typedef struct Lines {
    Str text;
    size_t counted;
    int line;
} Lines;

static int line_at(Lines *lines, size_t at)
{
    for (; lines->counted < at && lines->counted < lines->text.length; lines->counted++)
        lines->line += lines->text.at[lines->counted] == '\n';
    return lines->line;
}

/* --- BibTeX --- */

/* The closing mark of the brace or quote at `at`; the end of the text when there is none. */
static size_t value_end(Str s, size_t at)
{
    int depth = 0;
    bool is_quoted = s.at[at] == '"';
    for (size_t i = at; i < s.length && i < at + ENTRY_MAX; i++) {
        if (s.at[i] == '\\')
            i++;
        else if (s.at[i] == '{')
            depth++;
        else if (s.at[i] == '}' && --depth == 0 && !is_quoted)
            return i + 1;
        else if (s.at[i] == '"' && is_quoted && depth == 0 && i > at)
            return i + 1;
    }
    return s.length;
}

/* Braces only keep capitals; white space is one space. */
static void add_value(Buf *out, Str value)
{
    for (size_t i = 0; i < value.length; i++) {
        char c = value.at[i];
        bool is_space = HAS_CHAR(c, " \t\r\n");
        if (HAS_CHAR(c, "{}\"") || (is_space && out->length && out->at[out->length - 1] == ' '))
            continue;
        buf_add_char(out, is_space ? ' ' : c);
    }
}

static size_t add_field(Buf *out, Str s, size_t at)
{
    while (at < s.length && HAS_CHAR(s.at[at], ", \t\r\n"))
        at++;
    size_t name = at;
    while (at < s.length && !HAS_CHAR(s.at[at], "=,}"))
        at++;
    if (at >= s.length || s.at[at] != '=')
        return at < s.length && s.at[at] == ',' ? at + 1 : s.length;
    Str key = str_trim(str_slice(s, name, at));
    buf_addf(out, "\n" STR_FMT ": ", STR_ARG(key));
    for (at++; at < s.length && s.at[at] != ',';) {
        if (HAS_CHAR(s.at[at], "{\"")) {
            size_t end = value_end(s, at);
            add_value(out, str_slice(s, at, end));
            at = end;
        } else {
            if (!HAS_CHAR(s.at[at], "# \t\r\n}"))
                buf_add_char(out, s.at[at]);
            at++;
        }
    }
    return at;
}

static void write_entry(DocWriter *doc, Arena *arena, Str type, Str body, int first, int last)
{
    arena_reset(arena);
    Buf out = buf_new(arena, SIZE_MAX / 4);
    ptrdiff_t comma = str_find_char(body, ',');
    Str key = str_trim(str_slice(body, 0, comma < 0 ? body.length : (size_t)comma));
    if (str_equal_ignore_case(type, S("string")) || str_equal_ignore_case(type, S("preamble")) ||
        str_equal_ignore_case(type, S("comment"))) {
        doc_place_lines(doc, first, last);
        doc_paragraph(doc, body);
        return;
    }
    buf_addf(&out, STR_FMT " " STR_FMT, STR_ARG(type), STR_ARG(key));
    for (size_t at = comma < 0 ? body.length : (size_t)comma; at < body.length;)
        at = add_field(&out, body, at);
    doc_place(doc, &(Place){ .line_first = first, .line_last = last, .anchor = key });
    doc_paragraph(doc, buf_str(&out));
}

/* What stands between entries is a remark. */
static void write_remark(DocWriter *doc, Lines *lines, size_t from, size_t to)
{
    Str text = str_trim(str_slice(lines->text, from, to));
    if (text.length == 0)
        return;
    int first = line_at(lines, (size_t)(text.at - lines->text.at));
    doc_place_lines(doc, first, line_at(lines, to));
    doc_paragraph(doc, text);
}

static void read_bibtex(DocWriter *doc, Arena *arena, Str text)
{
    Lines lines = { .text = text, .line = 1 };
    size_t at = 0, remark = 0;
    while (at < text.length && doc_writer_ok(doc)) {
        ptrdiff_t found = str_find_char(str_from(text, at), '@');
        if (found < 0)
            break;
        size_t begin = at + (size_t)found, open = begin + 1;
        while (open < text.length && !HAS_CHAR(text.at[open], "{(\n@"))
            open++;
        at = begin + 1;
        if (open >= text.length || text.at[open] != '{')
            continue;
        write_remark(doc, &lines, remark, begin);
        size_t end = value_end(text, open), last = end - (text.at[end - 1] == '}');
        int first = line_at(&lines, begin);
        write_entry(doc, arena, str_trim(str_slice(text, begin + 1, open)),
                    str_slice(text, open + 1, last), first, line_at(&lines, end));
        at = remark = end;
    }
    write_remark(doc, &lines, remark, text.length);
}

/* --- RIS: "TY  - JOUR" to "ER  -" --- */

static bool is_tag(Str line)
{
    return line.length >= 5 && str_equal(str_slice(line, 2, 5), S("  -"));
}

static const char *name_of_tag(Str tag)
{
    static const char *const names[][2] = {
        { "TY", "type" },    { "AU", "author" },    { "A1", "author" },  { "A2", "editor" },
        { "TI", "title" },   { "T1", "title" },     { "T2", "in" },      { "JO", "journal" },
        { "JF", "journal" }, { "PY", "year" },      { "Y1", "year" },    { "VL", "volume" },
        { "IS", "issue" },   { "SP", "from page" }, { "EP", "to page" }, { "DO", "doi" },
        { "UR", "url" },     { "AB", "abstract" },  { "KW", "keyword" }, { "PB", "publisher" },
        { "SN", "issn" },    { "N1", "note" },      { "CY", "place" },   { "DA", "date" },
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(tag, names[i][0]))
            return names[i][1];
    return NULL;
}

static void read_ris(DocWriter *doc, Arena *arena, Str text)
{
    Str line;
    Buf out = buf_new(arena, SIZE_MAX / 4);
    int first = 1, number = 0;
    while (doc_writer_ok(doc) && text_next_line(&text, &line)) {
        number++;
        Str tag = str_slice(line, 0, 2), value = str_trim(str_from(line, MIN(line.length, 5)));
        if (is_tag(line) && str_is(tag, "ER")) {
            doc_place_lines(doc, first, number);
            doc_paragraph(doc, buf_str(&out));
            arena_reset(arena);
            out = buf_new(arena, SIZE_MAX / 4);
            continue;
        }
        if (out.length == 0)
            first = number;
        else
            buf_add_char(&out, '\n');
        const char *name = is_tag(line) ? name_of_tag(tag) : NULL;
        if (!is_tag(line))
            buf_add(&out, str_trim(line));
        else if (name)
            buf_addf(&out, "%s: " STR_FMT, name, STR_ARG(value));
        else
            buf_addf(&out, STR_FMT ": " STR_FMT, STR_ARG(tag), STR_ARG(value));
    }
    doc_place_lines(doc, first, MAX(number, first));
    doc_paragraph(doc, buf_str(&out));
}

static bool looks_like_ris(Str text)
{
    Str head = str_trim(str_slice(text, 0, KB(4)));
    return str_starts(head, S("TY  -"));
}

static bool bibtex_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    Str text = text_decode(arena, source->bytes, charset_in_media_type(source->media_type), NULL);
    if (looks_like_ris(text))
        read_ris(doc, scratch, text);
    else
        read_bibtex(doc, scratch, text);
    return true;
}

static int bibtex_sniff(Str bytes)
{
    Str head = str_trim(str_slice(bytes, 0, KB(8)));
    if (text_is_binary(bytes))
        return 0;
    if (looks_like_ris(head))
        return 45;
    bool has_entry = str_find_ignore_case(head, S("@article{")) >= 0 ||
                     str_find_ignore_case(head, S("@book{")) >= 0 ||
                     str_find_ignore_case(head, S("@inproceedings{")) >= 0 ||
                     str_find_ignore_case(head, S("@misc{")) >= 0;
    return has_entry ? 25 : 4;
}

const Extractor extractor_bibtex = {
    .name = "bibtex",
    .title = "BibTeX and RIS bibliographies",
    .extensions = LIST("bib", "bibtex", "ris"),
    .media_types =
        LIST("application/x-bibtex", "text/x-bibtex", "application/x-research-info-systems"),
    .sniff = bibtex_sniff,
    .extract = bibtex_extract,
};
