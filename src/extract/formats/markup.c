/* markup.c - see markup.h. */
#include "extract/formats/markup.h"

#include "extract/charset/encoding.h"

enum { PIECES_MAX = 64, HEAD_BYTES = 16 << 10 };

HtmlReader markup_reader(Arena *arena, Str bytes)
{
    HtmlReader in = html_reader(text_decode(arena, bytes, charset_in_xml(bytes), NULL));
    in.is_xml = true;
    return in;
}

static Str local_name(Str name)
{
    ptrdiff_t colon = str_find_char(name, ':');
    return str_from(name, (size_t)(colon + 1));
}

Str markup_attribute(Arena *arena, Str attributes, const char *name)
{
    Str found, value;
    while (html_next_attribute(&attributes, &found, &value)) {
        if (!str_equal_ignore_case(local_name(found), str(name)))
            continue;
        if (str_find_char(value, '&') < 0)
            return value;
        Buf out = buf_new(arena, value.length + 64);
        html_decode(&out, value);
        return buf_str(&out);
    }
    return STR_NONE;
}

static void add_collapsed(Buf *out, Str text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!HAS_CHAR(text.at[i], " \t\r\n\f"))
            buf_add_char(out, text.at[i]);
        else if (out->length && !HAS_CHAR(out->at[out->length - 1], " \n"))
            buf_add_char(out, ' ');
    }
}

void markup_add(Buf *out, const HtmlToken *token)
{
    if (token->is_raw || str_find_char(token->text, '&') < 0) {
        add_collapsed(out, token->text);
        return;
    }
    AUTO_ARENA Arena *scratch = arena_new(token->text.length * 4 + KB(64));
    Buf decoded = buf_new(scratch, SIZE_MAX / 4);
    html_decode(&decoded, token->text);
    add_collapsed(out, buf_str(&decoded));
}

Str markup_inner(HtmlReader *in)
{
    size_t start = in->at, end = in->at;
    char name[sizeof in->name];
    int depth = 1;
    HtmlToken token;
    snprintf(name, sizeof name, "%s", in->name);
    while (depth > 0 && html_next(in, &token)) {
        if (token.kind != HTML_TEXT && str_is(token.name, name))
            depth += token.kind == HTML_END ? -1 : !token.is_empty;
        if (depth > 0)
            end = in->at;
    }
    return str_slice(in->text, start, end);
}

Str markup_words(Arena *arena, Str inner)
{
    Buf out = buf_new(arena, SIZE_MAX / 4);
    HtmlReader in = html_reader(inner);
    HtmlToken token;
    in.is_xml = true;
    while (html_next(&in, &token)) {
        if (token.kind == HTML_TEXT && token.is_raw)
            buf_add(&out, token.text);
        else if (token.kind == HTML_TEXT)
            html_decode(&out, token.text);
    }
    return str_trim(buf_str(&out));
}

bool markup_has_tags(Str inner)
{
    HtmlReader in = html_reader(inner);
    HtmlToken token;
    in.is_xml = true;
    while (html_next(&in, &token))
        if (token.kind != HTML_TEXT)
            return true;
    return false;
}

Str markup_plain(Arena *arena, Str html)
{
    if (str_find_char(html, '<') < 0)
        return html;
    Buf out = buf_new(arena, html.length + 64);
    HtmlReader in = html_reader(html);
    HtmlToken token;
    in.is_xml = true;
    while (html_next(&in, &token)) {
        if (token.kind == HTML_TEXT)
            markup_add(&out, &token);
        else if (out.length && !HAS_CHAR(out.at[out.length - 1], " \n"))
            buf_add_char(&out, ' ');
    }
    return str_trim(buf_str(&out));
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

Str markup_unescaped(Arena *arena, Str text)
{
    Buf out = buf_new(arena, text.length + 1);
    for (size_t i = 0; i < text.length; i++) {
        int high = -1, low = -1;
        if (text.at[i] == '%' && i + 2 < text.length) {
            high = hex_digit(text.at[i + 1]);
            low = hex_digit(text.at[i + 2]);
        }
        bool is_escape = high >= 0 && low >= 0;
        buf_add_char(&out, is_escape ? (char)(high * 16 + low) : text.at[i]);
        i += is_escape ? 2 : 0;
    }
    return buf_str(&out);
}

Str markup_path(Arena *arena, Str base, Str reference, Str *fragment_r)
{
    ptrdiff_t hash = str_find_char(reference, '#');
    ptrdiff_t slash = str_find_last_char(base, '/');
    Str pieces[PIECES_MAX], piece;
    size_t count = 0;
    if (fragment_r)
        *fragment_r = hash < 0 ? STR_NONE : str_from(reference, (size_t)hash + 1);
    Str path =
        markup_unescaped(arena, hash < 0 ? reference : str_slice(reference, 0, (size_t)hash));
    if (path.length == 0)
        return base;
    if (path.at[0] != '/')
        path = str_format(arena, STR_FMT STR_FMT, STR_ARG(str_slice(base, 0, (size_t)(slash + 1))),
                          STR_ARG(path));
    while (str_next(&path, '/', &piece)) {
        if (str_is(piece, ".."))
            count -= count > 0;
        else if (piece.length && !str_is(piece, ".") && count < PIECES_MAX)
            pieces[count++] = piece;
    }
    return str_join(arena, pieces, count, S("/"));
}

bool markup_root_is(Arena *arena, Str bytes, const char *const *names, Str *head_r)
{
    if (!bytes.length || !HAS_CHAR(bytes.at[0], "< \t\r\n\xEF\xFE\xFF"))
        return false;
    HtmlReader in = html_reader(text_head(arena, bytes, HEAD_BYTES));
    HtmlToken token;
    in.is_xml = true;
    if (head_r)
        *head_r = in.text;
    while (html_next(&in, &token)) {
        if (token.kind == HTML_TEXT)
            continue;
        for (; *names; names++)
            if (str_is(token.name, *names))
                return true;
        return false;
    }
    return false;
}
