/* marked.c - see marked.h. */
#include "extract/marked.h"

#include "base/ascii.h"
#include "extract/charset/encoding.h"

/* How far the end of an emphasis may be, so that a lone mark costs little. */
enum { EMPHASIS_MAX = 600, OPEN_MAX = 8, NESTED_MAX = 4 };

bool marked_open(Marked *marked, Arena *arena, Arena *scratch, Str bytes, Str media_type,
                 DocWriter *doc, Error *err)
{
    VEC(Str) lines = { 0 };
    Str line;
    if (text_is_binary(bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    Str text = text_decode(arena, bytes, charset_in_media_type(media_type), NULL);
    while (text_next_line(&text, &line))
        *vec_push(arena, &lines) = line;
    *marked = (Marked){ .doc = doc,
                        .arena = arena,
                        .scratch = scratch,
                        .lines = lines.at,
                        .count = lines.count,
                        .marks = "",
                        .verbatim = "" };
    return true;
}

void marked_close(Marked *marked)
{
    if (marked->missing)
        doc_warning(marked->doc,
                    str_format(marked->arena,
                               "%u files that it includes are not part of it and were not read",
                               marked->missing));
}

void marked_include(Marked *marked, Str line)
{
    doc_paragraph(marked->doc, str_trim(line));
    marked->missing++;
}

Str marked_line(const Marked *marked, size_t i)
{
    return i < marked->count ? marked->lines[i] : STR_NONE;
}

bool marked_is_blank(const Marked *marked, size_t i)
{
    return str_trim(marked_line(marked, i)).length == 0;
}

size_t marked_indent(Str line)
{
    size_t at = 0;
    while (at < line.length && HAS_CHAR(line.at[at], " \t"))
        at++;
    return at;
}

size_t marked_paragraph_end(const Marked *marked, size_t i, size_t end)
{
    while (i < end && !marked_is_blank(marked, i))
        i++;
    return i;
}

bool marked_is_rule(Str line, char c, size_t min)
{
    line = str_trim(line);
    for (size_t i = 0; i < line.length; i++)
        if (line.at[i] != c)
            return false;
    return line.length >= min;
}

size_t marked_marker(Str line)
{
    size_t at = 0;
    if (line.length && HAS_CHAR(line.at[0], "-*+"))
        at = 1;
    else if (str_starts(line, S("\u2022")))
        at = 3;
    else {
        bool paren = line.length && line.at[0] == '(';
        at = paren;
        while (at < line.length && at < 4 && is_digit(line.at[at]))
            at++;
        if (at == paren && at < line.length &&
            (line.at[at] == '#' || (line.at[at] >= 'a' && line.at[at] <= 'z')))
            at++;
        if (at == paren || at >= line.length || !HAS_CHAR(line.at[at], paren ? ")" : ".)"))
            return 0;
        at++;
    }
    size_t end = at;
    while (end < line.length && HAS_CHAR(line.at[end], " \t"))
        end++;
    return end > at ? end : 0;
}

void marked_place(Marked *marked, size_t first, size_t end)
{
    while (end > first + 1 && marked_is_blank(marked, end - 1))
        end--;
    doc_place_lines(marked->doc, (int)first + 1, (int)MAX(end, first + 1));
}

Str marked_raw(Marked *marked, size_t first, size_t end, size_t indent)
{
    Buf out = buf_new(marked->scratch, SIZE_MAX / 4);
    for (size_t i = first; i < end; i++) {
        Str line = marked_line(marked, i);
        buf_add(&out, str_from(line, MIN(indent, marked_indent(line))));
        buf_add_char(&out, '\n');
    }
    return buf_str(&out);
}

Str marked_joined(Marked *marked, size_t first, size_t end)
{
    Buf out = buf_new(marked->scratch, SIZE_MAX / 4);
    for (size_t i = first; i < end; i++) {
        Str line = str_trim(marked_line(marked, i));
        if (out.length && line.length)
            buf_add_char(&out, ' ');
        buf_add(&out, line);
    }
    return buf_str(&out);
}

void marked_code(Marked *marked, Str language, size_t first, size_t end)
{
    while (first < end && marked_is_blank(marked, first))
        first++;
    while (end > first && marked_is_blank(marked, end - 1))
        end--;
    if (first >= end)
        return;
    marked_place(marked, first, end);
    doc_code(marked->doc, language,
             marked_raw(marked, first, end, marked_indent(marked_line(marked, first))));
    marked_done(marked);
}

void marked_done(Marked *marked) { arena_reset(marked->scratch); }

/* --- Inline marks --- */

static bool is_word(Str text, size_t at)
{
    unsigned char c = at < text.length ? (unsigned char)text.at[at] : ' ';
    return c >= 0x80 || is_digit((char)c) || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool is_space(Str text, size_t at)
{
    return at >= text.length || HAS_CHAR(text.at[at], " \t\r\n");
}

static size_t run_length(Str text, size_t at)
{
    size_t n = 1;
    while (n < 3 && at + n < text.length && text.at[at + n] == text.at[at])
        n++;
    return n;
}

/* Where the emphasis that opens at `at` closes; 0 when it is only a character. */
static size_t closing(Str text, size_t at, size_t run)
{
    size_t end = MIN(text.length, at + EMPHASIS_MAX);
    if ((at && run == 1 && is_word(text, at - 1)) || is_space(text, at + run))
        return 0;
    for (size_t i = at + run + 1; i < end; i++) {
        if (text.at[i] != text.at[at])
            continue;
        size_t its = run_length(text, i);
        if (its == run && !is_space(text, i - 1) && (run > 1 || !is_word(text, i + run)))
            return i;
        i += its - 1;
    }
    return 0;
}

static void add_plain(Marked *marked, Buf *out, Str text)
{
    size_t ends[OPEN_MAX], runs[OPEN_MAX];
    int open = 0;
    for (size_t at = 0; at < text.length;) {
        size_t used = marked->special ? marked->special(marked->self, out, text, at) : 0;
        if (used) {
            at += used;
            continue;
        }
        char c = text.at[at];
        if (open && ends[open - 1] == at) {
            at += runs[--open];
            continue;
        }
        bool is_code = HAS_CHAR(c, marked->verbatim);
        size_t run = is_code || HAS_CHAR(c, marked->marks) ? run_length(text, at) : 0;
        size_t end = run ? closing(text, at, run) : 0;
        if (end && is_code) {
            buf_add(out, str_slice(text, at + run, end));
            at = end + run;
        } else if (end && open < OPEN_MAX && (open == 0 || end < ends[open - 1])) {
            ends[open] = end;
            runs[open++] = run;
            at += run;
        } else {
            buf_add(out, str_slice(text, at, at + MAX(run, 1)));
            at += MAX(run, 1);
        }
    }
}

Str marked_plain(Marked *marked, Str text)
{
    Buf out = buf_new(marked->scratch, SIZE_MAX / 4);
    add_plain(marked, &out, text);
    return buf_str(&out);
}
