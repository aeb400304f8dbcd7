/* json_pull.c - see json_pull.h. */
#include "extract/formats/json_pull.h"

#include "base/utf8.h"

static Str rest_of(const JsonReader *in) { return str_from(in->text, in->at); }

static void skip_to(JsonReader *in, size_t end)
{
    for (; in->at < end; in->at++)
        in->line += in->text.at[in->at] == '\n';
}

static void skip_space(JsonReader *in)
{
    while (in->at < in->text.length) {
        char c = in->text.at[in->at];
        if (HAS_CHAR(c, " \t\r\n\f\x1E")) {
            in->line += c == '\n';
            in->at++;
        } else if (c == '/' && str_starts(rest_of(in), S("//"))) {
            while (in->at < in->text.length && in->text.at[in->at] != '\n')
                in->at++;
        } else if (c == '/' && str_starts(rest_of(in), S("/*"))) {
            ptrdiff_t end = str_find(rest_of(in), S("*/"));
            skip_to(in, end < 0 ? in->text.length : in->at + (size_t)end + 2);
        } else {
            return;
        }
    }
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           HAS_CHAR(c, "+-._$") || (unsigned char)c >= 0x80;
}

JsonToken json_peek(JsonReader *in)
{
    skip_space(in);
    if (in->at >= in->text.length)
        return TOKEN_END;
    switch (in->text.at[in->at]) {
    case '{': return TOKEN_OBJECT;
    case '}': return TOKEN_OBJECT_END;
    case '[': return TOKEN_ARRAY;
    case ']': return TOKEN_ARRAY_END;
    case ':': return TOKEN_COLON;
    case ',': return TOKEN_COMMA;
    case '"':
    case '\'': return TOKEN_STRING;
    default: return is_word_char(in->text.at[in->at]) ? TOKEN_WORD : TOKEN_BAD;
    }
}

static bool read_hex(Str s, size_t digits, uint32_t *unit_r)
{
    uint32_t unit = 0;
    if (s.length < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        char c = (char)(s.at[i] | 32);
        bool is_digit = s.at[i] >= '0' && s.at[i] <= '9';
        if (!is_digit && !(c >= 'a' && c <= 'f'))
            return false;
        unit = unit * 16 + (uint32_t)(is_digit ? s.at[i] - '0' : c - 'a' + 10);
    }
    *unit_r = unit;
    return true;
}

size_t json_read_unicode(Str s, uint32_t *character_r)
{
    uint32_t low;
    if (!read_hex(s, 4, character_r))
        return 0;
    if (*character_r >= 0xD800 && *character_r < 0xDC00 && str_starts(str_from(s, 4), S("\\u")) &&
        read_hex(str_from(s, 6), 4, &low) && low >= 0xDC00 && low < 0xE000) {
        *character_r = 0x10000 + ((*character_r - 0xD800) << 10) + (low - 0xDC00);
        return 10;
    }
    return 4;
}

static Str unescape(Arena *arena, Str raw)
{
    Buf out = buf_new(arena, raw.length + 8);
    for (ptrdiff_t found; (found = str_find_char(raw, '\\')) >= 0;) {
        buf_add(&out, str_slice(raw, 0, (size_t)found));
        raw = str_from(raw, (size_t)found + 1);
        char c = raw.length ? raw.at[0] : '\\';
        uint32_t character = 0;
        size_t used = 1;
        switch (c) {
        case 'n': buf_add_char(&out, '\n'); break;
        case 't': buf_add_char(&out, '\t'); break;
        case 'r': buf_add_char(&out, '\r'); break;
        case 'b':
        case 'f': buf_add_char(&out, ' '); break;
        case '\n': break; /* of JSON5: the text goes on in the next line */
        case '\r': used += str_starts(raw, S("\r\n")); break;
        case 'x':
            used += read_hex(str_from(raw, 1), 2, &character) ? 2 : 0;
            if (character)
                buf_add_utf8(&out, character);
            break;
        case 'u':
            used += json_read_unicode(str_from(raw, 1), &character);
            if (character)
                buf_add_utf8(&out, character);
            break;
        default: buf_add_char(&out, c);
        }
        raw = str_from(raw, used);
    }
    buf_add(&out, raw);
    return buf_str(&out);
}

static JsonToken take_string(JsonReader *in, Arena *arena, Str *text_r)
{
    size_t start = in->at + 1, end = start;
    char quote = in->text.at[in->at];
    bool has_escape = false;
    while (end < in->text.length && in->text.at[end] != quote) {
        if (in->text.at[end] == '\\') {
            has_escape = true;
            end++;
        }
        end++;
    }
    if (end >= in->text.length)
        return TOKEN_BAD;
    Str raw = str_slice(in->text, start, end);
    if (text_r)
        *text_r = has_escape && arena ? unescape(arena, raw) : raw;
    skip_to(in, end + 1);
    return TOKEN_STRING;
}

JsonToken json_take(JsonReader *in, Arena *arena, Str *text_r)
{
    JsonToken token = json_peek(in);
    if (token == TOKEN_STRING)
        return take_string(in, arena, text_r);
    if (token == TOKEN_END || token == TOKEN_BAD)
        return token;
    size_t start = in->at++;
    if (token == TOKEN_WORD) {
        while (in->at < in->text.length && is_word_char(in->text.at[in->at]))
            in->at++;
        if (text_r)
            *text_r = str_slice(in->text, start, in->at);
    }
    return token;
}

/* Nothing more is read behind what is broken: a loop over members or items ends. */
static bool stop(JsonReader *in)
{
    in->at = in->text.length;
    return false;
}

bool json_skip(JsonReader *in)
{
    int depth = 0;
    do {
        JsonToken token = json_take(in, NULL, NULL);
        if (token == TOKEN_END || token == TOKEN_BAD)
            return stop(in);
        depth += token == TOKEN_OBJECT || token == TOKEN_ARRAY;
        depth -= token == TOKEN_OBJECT_END || token == TOKEN_ARRAY_END;
    } while (depth > 0);
    return depth == 0;
}

bool json_at_key(JsonReader *in)
{
    JsonToken next = json_peek(in);
    return next == TOKEN_STRING || next == TOKEN_WORD;
}

bool json_take_key(JsonReader *in, Arena *arena, Str *key_r)
{
    JsonToken kind = json_peek(in);
    if (!json_at_key(in) || json_take(in, arena, key_r) != kind)
        return false;
    JsonReader after = *in;
    if (json_take(in, NULL, NULL) == TOKEN_COLON)
        return true;
    *in = after; /* the colon is missing there, not where the next token is */
    return false;
}

bool json_next_member(JsonReader *in, Arena *arena, Str *key_r)
{
    if (json_peek(in) == TOKEN_COMMA)
        json_take(in, NULL, NULL);
    if (json_at_key(in))
        return json_take_key(in, arena, key_r) || stop(in);
    if (json_peek(in) == TOKEN_OBJECT_END)
        json_take(in, NULL, NULL);
    return false;
}

bool json_next_item(JsonReader *in)
{
    if (json_peek(in) == TOKEN_COMMA)
        json_take(in, NULL, NULL);
    JsonToken next = json_peek(in);
    if (next == TOKEN_ARRAY_END)
        json_take(in, NULL, NULL);
    return next == TOKEN_STRING || next == TOKEN_WORD || next == TOKEN_OBJECT ||
           next == TOKEN_ARRAY;
}

Str json_take_text(JsonReader *in, Arena *arena)
{
    Str text = STR_NONE;
    JsonToken next = json_peek(in);
    if (next == TOKEN_STRING || next == TOKEN_WORD) {
        if (json_take(in, arena, &text) != next)
            stop(in);
    } else
        json_skip(in);
    return text;
}
