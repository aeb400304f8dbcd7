/* wiki.c - MediaWiki text (mediawiki.org, "Help:Formatting", "Help:Tables"): headings, lists,
 * tables, links by their text, notes. Templates are not expanded: boxes of facts are rows, others
 * keep what they are given. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/html_tokens.h"
#include "extract/marked.h"
#include "extract/metadata.h"

enum {
    DEPTH_MAX = 8,
    JOINED_LINES_MAX = 300, /* of a template or note that goes on */
    CELLS_MAX = 200,
    NOTES_MAX = 40, /* of a block */
    STEPS_MAX = 200 << 20,
};

typedef struct Wiki {
    Marked m;
    Buf categories;
    Str notes[NOTES_MAX];
    size_t note_count;
    int numbers[DEPTH_MAX];
    int64_t steps_left; /* of looking for ends, so that what is never closed costs no more */
    bool in_table;
} Wiki;

static void add_inline(Wiki *w, Buf *out, Str text, int depth);

/* Where what begins at `at` with `open` ends, behind its `close`; 0 if nowhere. */
static size_t end_of(Wiki *w, Str text, size_t at, const char *open, const char *close)
{
    int depth = 0;
    for (size_t i = at; i + 1 < text.length && w->steps_left-- > 0; i++) {
        if (text.at[i] == open[0] && text.at[i + 1] == open[1]) {
            depth++;
            i++;
        } else if (text.at[i] == close[0] && text.at[i + 1] == close[1]) {
            i++;
            if (--depth == 0)
                return i + 1;
        }
    }
    return 0;
}

/* The next part of a template or link: up to a bar outside of inner links and templates. */
static bool next_part(Str *rest, Str *part_r)
{
    int depth = 0;
    if (!rest->at)
        return false;
    for (size_t i = 0; i < rest->length; i++) {
        char c = rest->at[i], next = i + 1 < rest->length ? rest->at[i + 1] : 0;
        if ((c == '[' || c == '{') && next == c) {
            depth++;
            i++;
        } else if ((c == ']' || c == '}') && next == c) {
            depth--;
            i++;
        } else if (c == '|' && depth <= 0) {
            *part_r = str_slice(*rest, 0, i);
            *rest = str_from(*rest, i + 1);
            return true;
        }
    }
    *part_r = *rest;
    *rest = STR_NONE;
    return true;
}

static bool is_name(Str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (HAS_CHAR(text.at[i], "<[{\n"))
            return false;
    return text.length > 0 && text.length < 60;
}

/* "name = value"; the name is empty when there is none. */
static Str split_value(Str *part)
{
    ptrdiff_t at = str_find_char(*part, '=');
    Str name = at > 0 ? str_trim(str_slice(*part, 0, (size_t)at)) : STR_NONE;
    if (!is_name(name))
        name = STR_NONE;
    else
        *part = str_from(*part, (size_t)at + 1);
    *part = str_trim(*part);
    return name;
}

/* What an inline template is given: "{{convert|5|km}}" is "5 km". */
static void add_template(Wiki *w, Buf *out, Str inside, int depth)
{
    Str part, name;
    size_t begin = out->length;
    next_part(&inside, &name);
    while (next_part(&inside, &part)) {
        split_value(&part);
        if (part.length && out->length > begin)
            buf_add_char(out, ' ');
        add_inline(w, out, part, depth + 1);
    }
}

static bool has_prefix(Str target, const char *const *names)
{
    for (; *names; names++) {
        Str name = str(*names);
        if (target.length > name.length && target.at[name.length] == ':' &&
            str_equal_ignore_case(str_slice(target, 0, name.length), name))
            return true;
    }
    return false;
}

/* [[target|text]]; a picture's text is what is said last of it. */
static void add_link(Wiki *w, Buf *out, Str inside, int depth)
{
    static const char *const pictures[] = { "File", "Image", "Media", "Datei", "Fichier", NULL };
    static const char *const categories[] = { "Category", "Kategorie", "Cat\xC3\xA9gorie", NULL };
    Str target, part, last;
    next_part(&inside, &target);
    target = last = str_trim(target);
    bool is_picture = has_prefix(target, pictures), has_text = false;
    if (has_prefix(target, categories)) {
        if (w->categories.length)
            buf_add(&w->categories, S(", "));
        buf_add(&w->categories, str_from(target, (size_t)str_find_char(target, ':') + 1));
        return;
    }
    while (next_part(&inside, &part)) {
        last = part;
        has_text = true;
    }
    if (!has_text && str_starts(last, S(":")))
        last = str_from(last, 1);
    if (has_text || !is_picture)
        add_inline(w, out, last, depth + 1);
    if (is_picture)
        buf_add_char(out, ' ');
}

/* [http://a text] is its text, or the address. */
static size_t add_address(Wiki *w, Buf *out, Str text, size_t at, int depth)
{
    ptrdiff_t end = str_find_char(str_slice(text, at, at + 2000), ']');
    Str inside = end < 0 ? STR_NONE : str_slice(text, at + 1, at + (size_t)end);
    if (str_find(str_slice(inside, 0, 10), S("//")) < 0) {
        buf_add_char(out, '[');
        return at + 1;
    }
    ptrdiff_t space = str_find_char(inside, ' ');
    add_inline(w, out, space < 0 ? inside : str_from(inside, (size_t)space + 1), depth + 1);
    return at + (size_t)end + 1;
}

static void add_note(Wiki *w, Str text, int depth)
{
    if (w->note_count == NOTES_MAX || !str_trim(text).length)
        return;
    Buf note = buf_new(w->m.scratch, text.length * 4 + 16);
    add_inline(w, &note, text, depth + 1);
    w->notes[w->note_count++] = buf_str(&note);
}

/* A tag: notes are kept apart, what is not to be read stays as it is, others go. */
static size_t add_tag(Wiki *w, Buf *out, Str text, size_t at, int depth)
{
    Str rest = str_slice(text, at, text.length);
    ptrdiff_t end = str_find_char(str_slice(rest, 0, 1000), '>');
    bool is_letter = rest.length > 1 &&
                     (((rest.at[1] | 32) >= 'a' && (rest.at[1] | 32) <= 'z') || rest.at[1] == '/');
    if (str_starts(rest, S("<!--"))) {
        ptrdiff_t close = str_find(rest, S("-->"));
        return close < 0 ? text.length : at + (size_t)close + 3;
    }
    if (end < 0 || !is_letter) {
        buf_add_char(out, '<');
        return at + 1;
    }
    Str tag = str_slice(rest, 1, (size_t)end);
    size_t after = at + (size_t)end + 1;
    bool is_note = str_starts(tag, S("ref")) && !str_ends(tag, S("/"));
    bool is_raw = str_starts(tag, S("nowiki")) || str_starts(tag, S("math"));
    if (str_starts(tag, S("br")))
        buf_add_char(out, ' ');
    if ((!is_note && !is_raw) || str_ends(tag, S("/")) || (w->steps_left -= rest.length) < 0)
        return after;
    Str inside = str_from(text, after);
    ptrdiff_t close = str_find(inside, is_note                        ? S("</ref")
                                       : str_starts(tag, S("nowiki")) ? S("</nowiki")
                                                                      : S("</math"));
    if (close < 0)
        return after;
    if (is_note)
        add_note(w, str_slice(inside, 0, (size_t)close), depth);
    else
        buf_add(out, str_slice(inside, 0, (size_t)close));
    ptrdiff_t last = str_find_char(str_from(inside, (size_t)close), '>');
    return last < 0 ? text.length : after + (size_t)(close + last) + 1;
}

/* Marks of emphasis: two, three or five quotes. */
static size_t quotes_at(Str text, size_t at)
{
    size_t count = 0;
    while (count < 5 && at + count < text.length && text.at[at + count] == '\'')
        count++;
    return count >= 2 ? count : 0;
}

static size_t add_special(Wiki *w, Buf *out, Str text, size_t at, int depth)
{
    char c = text.at[at], next = at + 1 < text.length ? text.at[at + 1] : 0;
    size_t end = 0;
    if (c == '\'' && quotes_at(text, at))
        return at + quotes_at(text, at);
    if (c == '{' && next == '{' && depth < DEPTH_MAX && (end = end_of(w, text, at, "{{", "}}"))) {
        add_template(w, out, str_slice(text, at + 2, end - 2), depth);
        return end;
    }
    if (c == '[' && next == '[' && depth < DEPTH_MAX && (end = end_of(w, text, at, "[[", "]]"))) {
        add_link(w, out, str_slice(text, at + 2, end - 2), depth);
        return end;
    }
    if (c == '[' && depth < DEPTH_MAX)
        return add_address(w, out, text, at, depth);
    if (c == '<' && depth < DEPTH_MAX)
        return add_tag(w, out, text, at, depth);
    buf_add_char(out, c);
    return at + 1;
}

static void add_inline(Wiki *w, Buf *out, Str text, int depth)
{
    size_t at = 0;
    while (at < text.length) {
        size_t begin = at;
        while (at < text.length && !HAS_CHAR(text.at[at], "'{[<"))
            at++;
        html_decode(out, str_slice(text, begin, at));
        if (at < text.length)
            at = add_special(w, out, text, at, depth);
    }
}

static Str plain(Wiki *w, Str text)
{
    Buf out = buf_new(w->m.scratch, text.length * 4 + 64);
    add_inline(w, &out, text, 0);
    for (size_t i = 0; i < out.length; i++)
        out.at[i] = out.at[i] == '\n' ? ' ' : out.at[i];
    return str_trim(buf_str(&out));
}

static void write_notes(Wiki *w)
{
    for (size_t i = 0; i < w->note_count; i++)
        doc_note(w->m.doc, "footnote", w->notes[i]);
    w->note_count = 0;
}

/* --- Lines --- */

static int balance_of(Str line)
{
    int depth = 0;
    for (size_t i = 0; i + 1 < line.length; i++) {
        int step = str_starts(str_from(line, i), S("{{"))     ? 1
                   : str_starts(str_from(line, i), S("}}"))   ? -1
                   : str_starts(str_from(line, i), S("<!--")) ? 1
                   : str_starts(str_from(line, i), S("-->"))  ? -1
                                                              : 0;
        depth += step;
        i += step != 0;
    }
    return depth;
}

/* The end of the lines that belong to line `i` because a template or remark goes on. */
static size_t joined_end(const Wiki *w, size_t i)
{
    int depth = 0;
    for (size_t end = i; end < w->m.count && end < i + JOINED_LINES_MAX; end++) {
        depth += balance_of(marked_line(&w->m, end));
        if (depth <= 0)
            return end + 1;
    }
    return i + 1;
}

/* Lines as they are, from the first to the last. */
static Str span(const Wiki *w, size_t i, size_t end)
{
    Str first = marked_line(&w->m, i), last = marked_line(&w->m, end - 1);
    return (Str){ first.at, (size_t)(last.at + last.length - first.at) };
}

/* "{{Infobox|name = value}}" alone: its facts as rows. False: no such thing. */
static bool write_box(Wiki *w, Str text, size_t i, size_t end)
{
    Str part, name, value = STR_NONE;
    text = str_trim(text);
    if (!str_starts(text, S("{{")) || end_of(w, text, 0, "{{", "}}") != text.length)
        return false;
    Str inside = str_slice(text, 2, text.length - 2);
    next_part(&inside, &name);
    doc_table_begin(w->m.doc);
    for (int count = 0; count < CELLS_MAX * 5 && next_part(&inside, &part); count++) {
        name = split_value(&part);
        value = plain(w, part);
        if (!value.length)
            continue;
        marked_place(&w->m, i, end);
        doc_cell(w->m.doc, name);
        doc_cell(w->m.doc, value);
        doc_row_end(w->m.doc);
    }
    doc_table_end(w->m.doc);
    return true;
}

/* --- Tables --- */

/* A cell without the attributes before its bar. */
static Str cell_text(Wiki *w, Str cell)
{
    Str rest = cell, first = STR_NONE;
    next_part(&rest, &first);
    return plain(w, rest.at ? rest : cell);
}

static void add_cells(Wiki *w, Str line, const char *between)
{
    for (int i = 0; i < CELLS_MAX; i++) {
        ptrdiff_t at = str_find(line, str(between)), bars = str_find(line, S("||"));
        if (at < 0 || (bars >= 0 && bars < at))
            at = bars;
        doc_cell(w->m.doc, cell_text(w, at < 0 ? line : str_slice(line, 0, (size_t)at)));
        if (at < 0)
            return;
        line = str_from(line, (size_t)at + 2);
    }
}

static size_t read_table(Wiki *w, size_t i)
{
    size_t first = i;
    bool has_cells = false, is_head = true, was_head = false;
    doc_table_begin(w->m.doc);
    for (i++; i < w->m.count && doc_writer_ok(w->m.doc);) {
        size_t end = joined_end(w, i);
        Str line = str_trim(span(w, i, end));
        bool is_end = str_starts(line, S("|}")), is_row = str_starts(line, S("|-"));
        if ((is_end || is_row) && has_cells) {
            marked_place(&w->m, first, i);
            doc_row_end(w->m.doc);
            if (is_head && was_head)
                doc_header_end(w->m.doc);
            is_head = has_cells = false;
            marked_done(&w->m);
        }
        if (is_row)
            first = i;
        i = end;
        if (is_end)
            break;
        if (is_row || !line.length)
            continue;
        if (str_starts(line, S("|+"))) {
            doc_table_end(w->m.doc);
            doc_paragraph(w->m.doc, cell_text(w, str_from(line, 2)));
            doc_table_begin(w->m.doc);
        } else if (line.at[0] == '|' || line.at[0] == '!') {
            was_head = line.at[0] == '!';
            add_cells(w, str_from(line, 1), was_head ? "!!" : "||");
            has_cells = true;
        }
    }
    if (has_cells)
        doc_row_end(w->m.doc);
    doc_table_end(w->m.doc);
    write_notes(w);
    return i;
}

/* --- Blocks --- */

static bool write_heading(Wiki *w, Str line, size_t i)
{
    size_t level = 0;
    line = str_trim(line);
    while (level < 6 && level * 2 + 2 < line.length && line.at[level] == '=' &&
           line.at[line.length - 1 - level] == '=')
        level++;
    if (level == 0)
        return false;
    marked_place(&w->m, i, i + 1);
    doc_heading(w->m.doc, (int)level, plain(w, str_slice(line, level, line.length - level)));
    return true;
}

static void write_item(Wiki *w, Str line, size_t i, size_t end)
{
    size_t level = 0;
    while (level < line.length && HAS_CHAR(line.at[level], "*#:;"))
        level++;
    char mark = line.at[level - 1];
    int at = (int)MIN(level, DEPTH_MAX) - 1;
    for (int deeper = at + (mark != '#'); deeper < DEPTH_MAX; deeper++)
        w->numbers[deeper] = deeper == at ? w->numbers[deeper] : 0;
    for (int deeper = at + 1; deeper < DEPTH_MAX; deeper++)
        w->numbers[deeper] = 0;
    Str marker = mark == '*'   ? S("-")
                 : mark == '#' ? str_format(w->m.scratch, "%d.", ++w->numbers[at])
                               : STR_NONE;
    marked_place(&w->m, i, end);
    doc_list_item(w->m.doc, at + 1, marker, plain(w, str_from(line, level)));
}

/* <pre>, <syntaxhighlight lang="c">, <source>: lines up to the end tag. 0: none begins here. */
static size_t read_code(Wiki *w, size_t i)
{
    static const char *const names[] = { "<syntaxhighlight", "<source", "<pre" };
    Str line = marked_line(&w->m, i), language = STR_NONE;
    for (size_t n = 0; n < COUNT(names); n++) {
        ptrdiff_t open = str_find_char(line, '>');
        if (!str_starts(line, str(names[n])) || open < 0)
            continue;
        Str close = str_format(w->m.scratch, "</%s", names[n] + 1);
        html_attribute(str_slice(line, strlen(names[n]), (size_t)open), "lang", &language);
        size_t end = i;
        while (end < w->m.count && str_find(marked_line(&w->m, end), close) < 0)
            end++;
        Str text = str_from(span(w, i, MIN(end + 1, w->m.count)), (size_t)open + 1);
        ptrdiff_t stop = str_find(text, close);
        marked_place(&w->m, i, MIN(end + 1, w->m.count));
        doc_code(w->m.doc, language, stop < 0 ? text : str_slice(text, 0, (size_t)stop));
        return MIN(end + 1, w->m.count);
    }
    return 0;
}

static bool begins_block(Str line)
{
    return !str_trim(line).length || HAS_CHAR(line.at[0], "*#:;=") || str_starts(line, S("{|")) ||
           str_starts(line, S("<pre")) || str_starts(line, S("<syntax")) ||
           str_starts(line, S("<source")) || str_starts(line, S("----"));
}

static size_t read_paragraph(Wiki *w, size_t i)
{
    size_t end = joined_end(w, i);
    if (write_box(w, span(w, i, end), i, end))
        return end;
    while (end < w->m.count && !begins_block(marked_line(&w->m, end)))
        end = joined_end(w, end);
    marked_place(&w->m, i, end);
    doc_paragraph(w->m.doc, plain(w, span(w, i, end)));
    return end;
}

static size_t read_block(Wiki *w, size_t i)
{
    Str line = marked_line(&w->m, i);
    size_t end = read_code(w, i);
    if (end)
        return end;
    if (str_starts(str_trim(line), S("{|")))
        return read_table(w, i);
    if (str_starts(line, S("----")) || (str_starts(line, S("__")) && str_ends(line, S("__"))))
        return i + 1;
    if (line.at[0] == '=' && write_heading(w, line, i))
        return i + 1;
    if (HAS_CHAR(line.at[0], "*#:;") && !str_starts(line, S("#REDIRECT"))) {
        end = joined_end(w, i);
        write_item(w, span(w, i, end), i, end);
        return end;
    }
    memset(w->numbers, 0, sizeof w->numbers);
    return read_paragraph(w, i);
}

static bool wiki_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    Wiki w = { .steps_left = STEPS_MAX, .categories = buf_new(arena, KB(16)) };
    if (!marked_open(&w.m, arena, scratch, source->bytes, source->media_type, doc, err))
        return false;
    for (size_t i = 0; i < w.m.count && doc_writer_ok(doc);) {
        if (marked_is_blank(&w.m, i)) {
            i++;
            memset(w.numbers, 0, sizeof w.numbers);
            continue;
        }
        i = read_block(&w, i);
        write_notes(&w);
        marked_done(&w.m);
    }
    doc_place(doc, &(Place){ 0 });
    doc_meta(doc, "category", buf_str(&w.categories));
    marked_close(&w.m);
    return true;
}

static int count_of(Str text, Str part)
{
    int count = 0;
    for (ptrdiff_t at; count < 10 && (at = str_find(text, part)) >= 0; count++)
        text = str_from(text, (size_t)at + part.length);
    return count;
}

/* Headings and links as no other mark-up has them, all of them. */
static int wiki_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    if (!bytes.length || text_is_binary(bytes))
        return 0;
    Str head = text_head(arena, bytes, KB(8));
    int headings = count_of(head, S("\n==")), links = count_of(head, S("[["));
    int bold = count_of(head, S("'''")), templates = count_of(head, S("{{"));
    return headings && links > 1 && (bold > 1 || templates) ? 32
           : headings || links || templates || bold         ? 6
                                                            : 4;
}

const Extractor extractor_wiki = {
    .name = "wiki",
    .title = "Wiki text (MediaWiki)",
    .extensions = LIST("wiki", "mediawiki", "wikitext"),
    .media_types = LIST("text/x-wiki", "text/x-mediawiki"),
    .sniff = wiki_sniff,
    .extract = wiki_extract,
};
