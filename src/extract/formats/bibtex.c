/* bibtex.c - BibTeX, and the tagged lines of RIS, PubMed and EndNote: lists of works, one entry a
 * block, field by field. */
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

/* --- Tagged lines: RIS ("TY  - JOUR" to "ER  -"), PubMed ("PMID- 1"), EndNote ("%0 Book") --- */

typedef struct Tagged {
    size_t tag_at, tag_length, value_at; /* in a line */
    const char *mark;                    /* what follows the tag, NULL: a space */
    const char *first, *last;            /* tags that begin and end a work; NULL: a blank line */
    const char *names[28][2];
} Tagged;

static const Tagged ris = {
    0, 2, 5, "  -", "TY", "ER", { { "TY", "type" },    { "AU", "author" },    { "A1", "author" },
                                  { "A2", "editor" },  { "TI", "title" },     { "T1", "title" },
                                  { "T2", "in" },      { "JO", "journal" },   { "JF", "journal" },
                                  { "PY", "year" },    { "Y1", "year" },      { "VL", "volume" },
                                  { "IS", "issue" },   { "SP", "from page" }, { "EP", "to page" },
                                  { "DO", "doi" },     { "UR", "url" },       { "AB", "abstract" },
                                  { "KW", "keyword" }, { "PB", "publisher" }, { "SN", "issn" },
                                  { "N1", "note" },    { "CY", "place" },     { "DA", "date" } }
};
static const Tagged pubmed = { 0,
                               4,
                               6,
                               "-",
                               "PMID",
                               NULL,
                               { { "PMID", "pmid" },
                                 { "TI", "title" },
                                 { "AB", "abstract" },
                                 { "AU", "author" },
                                 { "FAU", "author" },
                                 { "JT", "journal" },
                                 { "TA", "journal" },
                                 { "DP", "date" },
                                 { "VI", "volume" },
                                 { "IP", "issue" },
                                 { "PG", "pages" },
                                 { "LA", "language" },
                                 { "MH", "keyword" },
                                 { "OT", "keyword" },
                                 { "PT", "type" },
                                 { "AD", "affiliation" },
                                 { "AID", "identifier" },
                                 { "IS", "issn" } } };
static const Tagged endnote = { 1,
                                1,
                                3,
                                NULL,
                                "0",
                                NULL,
                                { { "0", "type" },
                                  { "A", "author" },
                                  { "T", "title" },
                                  { "J", "journal" },
                                  { "B", "in" },
                                  { "E", "editor" },
                                  { "D", "year" },
                                  { "V", "volume" },
                                  { "N", "issue" },
                                  { "P", "pages" },
                                  { "I", "publisher" },
                                  { "C", "place" },
                                  { "R", "doi" },
                                  { "U", "url" },
                                  { "X", "abstract" },
                                  { "K", "keyword" },
                                  { "Z", "note" },
                                  { "@", "isbn" } } };

/* The tag that begins the line, without its spaces; empty when it goes on. */
static Str tag_of(const Tagged *form, Str line)
{
    Str tag = str_slice(line, form->tag_at, form->tag_at + form->tag_length);
    Str after = str_from(line, form->tag_at + form->tag_length);
    bool is_marked = form->mark ? str_starts(after, str(form->mark)) : str_starts(after, S(" "));
    bool is_tag = tag.length == form->tag_length && tag.at[0] > ' ' && is_marked &&
                  (form->tag_at == 0 || line.at[0] == '%');
    return is_tag ? str_trim(tag) : STR_NONE;
}

static void add_tagged(Buf *out, const Tagged *form, Str tag, Str line)
{
    const char *name = NULL;
    for (size_t i = 0; i < COUNT(form->names) && form->names[i][0] && !name; i++)
        if (str_is(tag, form->names[i][0]))
            name = form->names[i][1];
    if (out->length)
        buf_add_char(out, '\n');
    if (name)
        buf_addf(out, "%s: ", name);
    else if (tag.length)
        buf_addf(out, STR_FMT ": ", STR_ARG(tag));
    buf_add(out, str_trim(tag.length ? str_from(line, MIN(line.length, form->value_at)) : line));
}

/* PubMed says where a line goes on by its six spaces. */
static bool goes_on(const Tagged *form, Str line) { return form == &pubmed && line.at[0] == ' '; }

static void read_tagged(DocWriter *doc, Arena *arena, Str text, const Tagged *form)
{
    Str line;
    Buf out = buf_new(arena, SIZE_MAX / 4);
    int first = 1, number = 0;
    for (bool is_read = true; is_read && doc_writer_ok(doc);) {
        is_read = text_next_line(&text, &line);
        number += is_read;
        line = is_read ? line : STR_NONE;
        Str tag = tag_of(form, line);
        bool is_last = form->last ? str_is(tag, form->last) : str_trim(line).length == 0;
        if (!is_read || is_last || (out.length && str_is(tag, form->first))) {
            doc_place_lines(doc, first, MAX(first, number));
            doc_paragraph(doc, buf_str(&out));
            arena_reset(arena);
            out = buf_new(arena, SIZE_MAX / 4);
        }
        if (!is_read || is_last)
            continue;
        if (out.length == 0)
            first = number;
        if (tag.length == 0 && out.length && goes_on(form, line))
            buf_addf(&out, " " STR_FMT, STR_ARG(str_trim(line)));
        else
            add_tagged(&out, form, tag, line);
    }
}

/* NULL: it is none of them. */
static const Tagged *tagged_form(Str text)
{
    Str head = str_trim(str_slice(text, 0, KB(4)));
    return str_starts(head, S("TY  -"))    ? &ris
           : str_starts(head, S("PMID- ")) ? &pubmed
           : str_starts(head, S("%0 "))    ? &endnote
                                           : NULL;
}

static bool bibtex_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    Str text = text_decode(arena, source->bytes, charset_in_media_type(source->media_type), NULL);
    const Tagged *form = tagged_form(text);
    form ? read_tagged(doc, scratch, text, form) : read_bibtex(doc, scratch, text);
    return true;
}

static int bibtex_sniff(Str bytes)
{
    Str head = str_trim(str_slice(bytes, 0, KB(8)));
    if (text_is_binary(bytes))
        return 0;
    if (tagged_form(head))
        return 45;
    bool has_entry = str_find_ignore_case(head, S("@article{")) >= 0 ||
                     str_find_ignore_case(head, S("@book{")) >= 0 ||
                     str_find_ignore_case(head, S("@inproceedings{")) >= 0 ||
                     str_find_ignore_case(head, S("@misc{")) >= 0;
    return has_entry ? 25 : 4;
}

const Extractor extractor_bibtex = {
    .name = "bibtex",
    .title = "Bibliographies (BibTeX, RIS, PubMed, EndNote)",
    .extensions = LIST("bib", "bibtex", "ris", "nbib", "enw"),
    .media_types =
        LIST("application/x-bibtex", "text/x-bibtex", "application/x-research-info-systems",
             "application/nbib", "application/x-endnote-refer"),
    .sniff = bibtex_sniff,
    .extract = bibtex_extract,
};
