/* html_tokens.c - see html_tokens.h. */
#include "extract/formats/html_tokens.h"

#include <libxml/HTMLparser.h>

#include "base/utf8.h"

/* Elements whose content is text up to their end tag, whatever it looks like. */
static const char *const raw_elements[] = { "script", "style",   "title",    "textarea",
                                            "iframe", "noembed", "noframes", "xmp" };
enum { BROKEN_MAX = 16, NO_RAW = -1 };

HtmlReader html_reader(Str text)
{
    return (HtmlReader){ .text = text, .line = 1, .raw_element = NO_RAW };
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' ||
           c == '-' || c == '_' || c == '.';
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static void move_to(HtmlReader *in, size_t at)
{
    for (; in->at < at; in->at++)
        in->line += in->text.at[in->at] == '\n';
}

/* --- Tags --- */

static void read_name(HtmlReader *in, size_t from, size_t *end_r)
{
    size_t at = from, length = 0;
    for (; at < in->text.length && is_name_char(in->text.at[at]); at++) {
        char c = in->text.at[at];
        if (c == ':' && (in->is_xml || (length == 4 && memcmp(in->name, "html", 4) == 0)))
            length = 0; /* <html:p>, <w:p> */
        else if (length < sizeof in->name - 1)
            in->name[length++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    in->name[length] = '\0';
    *end_r = at;
}

/* The ">" that ends the tag whose attributes begin at `at`; the text's length when there is none.
 * A quote counts only after "=", as in browsers. */
static size_t find_tag_end(HtmlReader *in, size_t at)
{
    Str text = in->text;
    char quote = 0;
    bool after_equals = false;
    size_t first_end = 0;
    for (size_t i = at; i < text.length; i++) {
        char c = text.at[i];
        if (c == '>' && !first_end)
            first_end = i;
        if (quote) {
            quote = c == quote ? 0 : quote;
            continue;
        }
        if (c == '>')
            return i;
        if ((c == '"' || c == '\'') && after_equals)
            quote = c;
        if (in->broken_count > BROKEN_MAX)
            quote = 0;
        after_equals = c == '=' || (after_equals && (c == ' ' || c == '\n' || c == '\t'));
    }
    in->broken_count++;
    return first_end ? first_end : text.length;
}

static int raw_index(Str name)
{
    for (size_t i = 0; i < COUNT(raw_elements); i++)
        if (str_is(name, raw_elements[i]))
            return (int)i;
    return NO_RAW;
}

static bool read_tag(HtmlReader *in, HtmlToken *token)
{
    bool is_end = in->text.at[in->at + 1] == '/';
    in->token_line = in->line;
    size_t after_name, end;
    read_name(in, in->at + 1 + is_end, &after_name);
    end = find_tag_end(in, after_name);
    Str attributes = str_slice(in->text, after_name, end);
    *token = (HtmlToken){ .kind = is_end ? HTML_END : HTML_START,
                          .name = str(in->name),
                          .attributes = attributes };
    if (!is_end) {
        token->is_empty = str_ends(attributes, S("/"));
        in->raw_element = token->is_empty || in->is_xml ? NO_RAW : raw_index(token->name);
    }
    move_to(in, MIN(end + 1, in->text.length));
    return true;
}

/* --- Everything between --- */

static bool is_tag_begin(Str text, size_t at)
{
    if (at + 1 >= text.length)
        return false;
    char next = text.at[at + 1];
    if (next == '/')
        return at + 2 < text.length && is_letter(text.at[at + 2]);
    return is_letter(next) || next == '!' || next == '?';
}

/* Comments, declarations and processing instructions; false: it was a CDATA text. */
static bool skip_markup(HtmlReader *in, HtmlToken *token)
{
    Str rest = str_from(in->text, in->at);
    in->token_line = in->line;
    ptrdiff_t end = -1;
    size_t extra = 1;
    if (str_starts(rest, S("<![CDATA["))) {
        end = str_find(rest, S("]]>"));
        size_t length = end < 0 ? rest.length : (size_t)end;
        *token = (HtmlToken){ .text = str_slice(rest, 9, length), .is_raw = true };
        move_to(in, in->at + MIN(length + 3, rest.length));
        return false;
    }
    if (str_starts(rest, S("<!--")) && !str_starts(rest, S("<!-->")) && !in->has_no_comment_end) {
        ptrdiff_t found = str_find(str_from(rest, 4), S("-->"));
        if (found >= 0) {
            end = found + 4;
            extra = 3;
        }
        in->has_no_comment_end = found < 0;
    }
    if (end < 0 && in->is_xml && str_starts(rest, S("<!DOCTYPE"))) {
        ptrdiff_t subset = str_find_char(rest, '['), plain = str_find_char(rest, '>');
        if (subset >= 0 && subset < plain)
            end = str_find(rest, S("]>"));
        extra = 2;
    }
    if (end < 0) {
        end = str_find_char(rest, '>');
        extra = 1;
    }
    move_to(in, in->at + (end < 0 ? rest.length : (size_t)end + extra));
    return true;
}

/* Where the end tag of the raw element begins; -1 when it is missing. */
static ptrdiff_t find_raw_end(HtmlReader *in, int element)
{
    Str name = str(raw_elements[element]), rest = str_from(in->text, in->at);
    size_t skipped = 0;
    if (in->unclosed & 1u << element)
        return -1;
    for (ptrdiff_t found; (found = str_find(rest, S("</"))) >= 0;) {
        Str tag = str_slice(rest, (size_t)found + 2, (size_t)found + 2 + name.length);
        if (str_equal_ignore_case(tag, name))
            return (ptrdiff_t)skipped + found;
        skipped += (size_t)found + 2;
        rest = str_from(rest, (size_t)found + 2);
    }
    in->unclosed |= 1u << element;
    return -1;
}

static bool read_text(HtmlReader *in, HtmlToken *token)
{
    size_t end = in->text.length;
    in->token_line = in->line;
    const char *next = in->text.at + in->at + 1;
    size_t left = in->text.length - in->at - 1;
    while (left && (next = memchr(next, '<', left))) {
        size_t at = (size_t)(next - in->text.at);
        if (is_tag_begin(in->text, at)) {
            end = at;
            break;
        }
        left = in->text.length - at - 1;
        next++;
    }
    *token = (HtmlToken){ .text = str_slice(in->text, in->at, end) };
    move_to(in, end);
    return true;
}

bool html_next(HtmlReader *in, HtmlToken *token_r)
{
    if (in->raw_element != NO_RAW) {
        ptrdiff_t length = find_raw_end(in, in->raw_element);
        bool is_code = in->raw_element < 2;
        in->token_line = in->line;
        in->raw_element = NO_RAW;
        if (length < 0 && is_code)
            length = (ptrdiff_t)(in->text.length - in->at);
        if (length > 0) {
            *token_r = (HtmlToken){ .text = str_slice(in->text, in->at, in->at + (size_t)length) };
            move_to(in, in->at + (size_t)length);
            return true;
        }
    }
    while (in->at < in->text.length) {
        if (in->text.at[in->at] != '<' || !is_tag_begin(in->text, in->at))
            return read_text(in, token_r);
        char next = in->text.at[in->at + 1];
        if (next != '!' && next != '?')
            return read_tag(in, token_r);
        if (!skip_markup(in, token_r))
            return true;
    }
    return false;
}

/* --- Attributes --- */

static bool is_space(char c) { return HAS_CHAR(c, " \t\r\n\f"); }

bool html_next_attribute(Str *rest, Str *name_r, Str *value_r)
{
    Str s = *rest;
    size_t at = 0;
    while (at < s.length && (is_space(s.at[at]) || s.at[at] == '/'))
        at++;
    if (at >= s.length)
        return false;
    size_t name = at++;
    while (at < s.length && !is_space(s.at[at]) && s.at[at] != '=')
        at++;
    *name_r = str_slice(s, name, at);
    *value_r = STR_NONE;
    while (at < s.length && is_space(s.at[at]))
        at++;
    if (at < s.length && s.at[at] == '=') {
        at++;
        while (at < s.length && is_space(s.at[at]))
            at++;
        char quote = at < s.length && HAS_CHAR(s.at[at], "\"'") ? s.at[at++] : 0;
        size_t value = at;
        while (at < s.length && (quote ? s.at[at] != quote : !is_space(s.at[at])))
            at++;
        *value_r = str_slice(s, value, at);
        at += quote && at < s.length;
    }
    *rest = str_from(s, at);
    return true;
}

bool html_attribute(Str attributes, const char *name, Str *value_r)
{
    Str found, value;
    while (html_next_attribute(&attributes, &found, &value)) {
        if (str_equal_ignore_case(found, str(name))) {
            *value_r = value;
            return true;
        }
    }
    return false;
}

/* --- Entities --- */

/* "#8211" or "#x2013" at the beginning of s; bytes 0x80-0x9F mean windows-1252, as in browsers. */
static size_t read_number(Str s, uint32_t *character_r)
{
    static const uint16_t windows[32] = {
        0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178,
    };
    size_t at = 1, first;
    uint32_t number = 0;
    bool is_hex = at < s.length && (s.at[at] == 'x' || s.at[at] == 'X');
    at += is_hex;
    for (first = at; at < s.length; at++) {
        char c = s.at[at];
        uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
                         : is_hex && (c | 32) >= 'a' && (c | 32) <= 'f'
                             ? (uint32_t)((c | 32) - 'a' + 10)
                             : 99;
        if (digit == 99)
            break;
        if (number < 0x110000)
            number = number * (is_hex ? 16 : 10) + digit;
    }
    if (at == first)
        return 0;
    *character_r = number >= 0x80 && number < 0xA0 ? windows[number - 0x80] : number;
    return at;
}

static size_t read_named(Str s, uint32_t *character_r)
{
    char name[16];
    size_t length = 0;
    while (length < s.length && length < sizeof name - 1 &&
           (is_letter(s.at[length]) || (s.at[length] >= '0' && s.at[length] <= '9')))
        length++;
    bool is_ended = length < s.length && s.at[length] == ';';
    if (length < 2)
        return 0;
    memcpy(name, s.at, length);
    name[length] = '\0';
    if (strcmp(name, "apos") == 0) {
        *character_r = '\'';
        return length;
    }
    const htmlEntityDesc *entity = htmlEntityLookup((const xmlChar *)name);
    /* "&copy2024" has no ";" but "&notit" is a parameter of an address: only Latin-1 names may. */
    if (!entity || (!is_ended && entity->value > 255))
        return 0;
    *character_r = entity->value;
    return length;
}

void html_decode(Buf *out, Str text)
{
    for (ptrdiff_t found; (found = str_find_char(text, '&')) >= 0;) {
        uint32_t character = 0;
        buf_add(out, str_slice(text, 0, (size_t)found));
        text = str_from(text, (size_t)found + 1);
        size_t length = text.length && text.at[0] == '#' ? read_number(text, &character)
                                                         : read_named(text, &character);
        if (!length) {
            buf_add_char(out, '&');
            continue;
        }
        if (character)
            buf_add_utf8(out, character);
        length += length < text.length && text.at[length] == ';';
        text = str_from(text, length);
    }
    buf_add(out, text);
}
