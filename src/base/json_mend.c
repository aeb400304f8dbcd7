/* json_mend.c - see json_mend.h: a lenient reader that makes Jansson's tree. */
#include "base/json_mend.h"

#include <ctype.h>

#include "base/utf8.h"

#define DEPTH_MAX 32
#define STARTS_MAX 64 /* places where a value may begin, that are tried */

typedef struct Mender {
    Arena *arena;
    Str text;
    size_t at;
    int depth;
    bool is_cut;  /* the text ended inside a value */
    bool is_lost; /* this cannot be JSON */
} Mender;

static bool ends(const Mender *m) { return m->at >= m->text.length; }
static char peek(const Mender *m) { return ends(m) ? '\0' : m->text.at[m->at]; }
static bool sees(const Mender *m, const char *what)
{
    return str_starts(str_from(m->text, m->at), str(what));
}

static void skip_past(Mender *m, const char *what)
{
    ptrdiff_t found = str_find(str_from(m->text, m->at), str(what));
    m->at = found < 0 ? m->text.length : m->at + (size_t)found + strlen(what);
}

/* And comments. */
static void skip_space(Mender *m)
{
    for (;;) {
        if (!ends(m) && isspace((unsigned char)peek(m)))
            m->at++;
        else if (sees(m, "//"))
            skip_past(m, "\n");
        else if (sees(m, "/*"))
            skip_past(m, "*/");
        else
            return;
    }
}

/* --- Texts --- */

/* Quotes as they are typed, and as word processors set them. */
static const struct {
    const char *open, *close;
} quotes[] = {
    { "\"", "\"" },
    { "'", "'" },
    { "\xe2\x80\x9c", "\xe2\x80\x9d" },
};

/* Whether a quote ends its text: behind it stands what stands behind a value or a name. One inside,
 * as in "the "best" one", does not. */
static bool is_last_quote(const Mender *m, size_t after, bool is_name)
{
    Mender rest = *m;
    rest.at = after;
    skip_space(&rest);
    bool is_new_line = memchr(m->text.at + after, '\n', rest.at - after) != NULL;
    return ends(&rest) || HAS_CHAR(peek(&rest), is_name ? ":" : ",]}") || is_new_line;
}

static uint32_t hex_at(const Mender *m, size_t at)
{
    uint32_t number = 0;
    for (size_t i = at; i < at + 4; i++) {
        char c = i < m->text.length ? m->text.at[i] : 'x';
        if (!isxdigit((unsigned char)c))
            return UINT32_MAX;
        number = number * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return number;
}

/* \u00e4, or two of them for a character beyond the first 65,536 (RFC 8259, section 7). */
static void read_hex(Mender *m, Buf *out)
{
    uint32_t first = hex_at(m, m->at + 2);
    uint32_t second = str_starts(str_from(m->text, m->at + 6), S("\\u")) ? hex_at(m, m->at + 8) : 0;
    bool is_pair = first >> 10 == 0xd800 >> 10 && second >> 10 == 0xdc00 >> 10;
    if (is_pair)
        first = 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
    if (first != UINT32_MAX && first)
        buf_add_utf8(out, first >> 11 == 0x1b ? UTF8_REPLACEMENT : first);
    m->at += first == UINT32_MAX ? 2 : is_pair ? 12 : 6;
}

static void read_escape(Mender *m, Buf *out)
{
    static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    char c = m->at + 1 < m->text.length ? m->text.at[m->at + 1] : '\0';
    const char *letter = c ? strchr(letters, c) : NULL;
    if (c == 'u') {
        read_hex(m, out);
        return;
    }
    if (letter)
        buf_add_char(out, meant[letter - letters]);
    else if (c && HAS_CHAR(c, "\"\\/'`\n"))
        buf_add_char(out, c);
    else if (c) { /* a backslash that escapes nothing, as in "\alpha" */
        buf_add_char(out, '\\');
        buf_add_char(out, c);
    }
    m->at += c ? 2 : 1;
}

/* False: no text begins here. */
static bool read_quoted(Mender *m, bool is_name, Str *text_r)
{
    Buf out = buf_new(m->arena, m->text.length + 1);
    size_t kind = 0;
    while (kind < COUNT(quotes) && !sees(m, quotes[kind].open))
        kind++;
    if (kind == COUNT(quotes))
        return false;
    const char *close = quotes[kind].close;
    for (m->at += strlen(quotes[kind].open);;) {
        if (ends(m)) {
            m->is_cut = true;
            break;
        }
        if (sees(m, close) && is_last_quote(m, m->at + strlen(close), is_name)) {
            m->at += strlen(close);
            break;
        }
        if (peek(m) == '\\')
            read_escape(m, &out);
        else
            buf_add_char(&out, m->text.at[m->at++]);
    }
    *text_r = utf8_clean(m->arena, buf_str(&out));
    return true;
}

/* A name without quotes: letters, digits, _, $ and -. */
static bool read_name(Mender *m, Str *name_r)
{
    if (read_quoted(m, true, name_r))
        return true;
    size_t start = m->at;
    while (!ends(m) && (isalnum((unsigned char)peek(m)) || HAS_CHAR(peek(m), "_$-")))
        m->at++;
    *name_r = str_copy(m->arena, str_slice(m->text, start, m->at));
    return m->at > start;
}

/* --- Words and numbers --- */

static json_t *read_number(Str word)
{
    static const Str marks[] = { S_INIT("_"), S_INIT("+") };
    char digits[64];
    size_t length = 0;
    double real;
    int64_t whole;
    for (size_t i = 0; i < word.length && length < sizeof digits - 1; i++)
        if (word.at[i] != marks[0].at[0] && (i || word.at[i] != marks[1].at[0]))
            digits[length++] = word.at[i];
    Str number = { digits, length };
    if (str_to_int(number, INT64_MIN, INT64_MAX, &whole))
        return json_integer(whole);
    return str_to_double(number, &real) ? json_real(real) : NULL;
}

static json_t *read_word(Mender *m)
{
    size_t start = m->at;
    while (!ends(m) && !HAS_CHAR(peek(m), ",]}:\"'\n\t ") && !sees(m, "/*"))
        m->at++;
    Str word = str_slice(m->text, start, m->at);
    if (str_equal_ignore_case(word, S("true")))
        return json_true();
    if (str_equal_ignore_case(word, S("false")))
        return json_false();
    if (str_equal_ignore_case(word, S("null")) || str_is(word, "None") ||
        str_is(word, "undefined") || str_is(word, "NaN"))
        return json_null();
    json_t *number = word.length ? read_number(word) : NULL;
    m->is_cut |= !number && ends(m); /* "tru" */
    m->is_lost |= !number && !ends(m);
    return number;
}

/* --- Lists and objects --- */

static json_t *read_value(Mender *m);

/* Past a comma, or nothing where one is forgotten. False: the container ends here. */
static bool has_more(Mender *m, char closing)
{
    skip_space(m);
    while (peek(m) == ',') {
        m->at++;
        skip_space(m);
    }
    if (ends(m)) {
        m->is_cut = true;
        return false;
    }
    if (peek(m) != closing)
        return true;
    m->at++;
    return false;
}

static json_t *read_list(Mender *m)
{
    json_t *list = json_array();
    for (m->at++; has_more(m, ']') && !m->is_lost;) {
        json_t *item = read_value(m);
        if (item)
            json_array_append_new(list, item);
        if (m->is_cut)
            break;
    }
    return list;
}

static json_t *read_object(Mender *m)
{
    json_t *object = json_object();
    Str name;
    for (m->at++; has_more(m, '}') && !m->is_lost;) {
        if (!read_name(m, &name)) {
            m->is_lost = true;
            break;
        }
        skip_space(m);
        m->is_cut |= ends(m);
        m->is_lost |= !m->is_cut && peek(m) != ':' && peek(m) != '=';
        if (m->is_cut || m->is_lost)
            break;
        m->at++;
        json_t *value = read_value(m);
        if (value)
            json_object_setn_new(object, name.at ? name.at : "", name.length, value);
        if (m->is_cut)
            break;
    }
    return object;
}

/* NULL: nothing whole is here, and is_cut or is_lost says why. */
static json_t *read_value(Mender *m)
{
    json_t *value;
    Str text;
    skip_space(m);
    if (m->depth == DEPTH_MAX) {
        m->is_lost = true;
        return NULL;
    }
    m->depth++;
    if (peek(m) == '{')
        value = read_object(m);
    else if (peek(m) == '[')
        value = read_list(m);
    else if (read_quoted(m, false, &text))
        value = json_stringn(text.at ? text.at : "", text.length);
    else
        value = read_word(m);
    m->depth--;
    return value;
}

/* --- Where in the text --- */

/* The value that begins at `start`, and where it ends; NULL when none does. */
static json_t *read_at(Arena *arena, Str text, size_t start, size_t *end_r, bool *is_cut_r)
{
    Mender m = { .arena = arena, .text = text, .at = start };
    json_t *value = read_value(&m);
    *end_r = m.at;
    *is_cut_r = m.is_cut;
    bool is_empty = !json_object_size(value) && !json_array_size(value);
    if (!m.is_lost && !(m.is_cut && is_empty))
        return value;
    json_decref(value);
    return NULL;
}

static size_t next_start(Str text, size_t from)
{
    while (from < text.length && text.at[from] != '{' && text.at[from] != '[')
        from++;
    return from;
}

static bool find_longest(Str text, JsonMended *best)
{
    size_t best_length = 0, end;
    size_t at = next_start(text, 0);
    for (int tried = 0; at < text.length && tried < STARTS_MAX; tried++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64) + 8 * text.length);
        bool is_cut;
        json_t *value = read_at(arena, text, at, &end, &is_cut);
        size_t length = end - at;
        bool is_better = value && (!best->json || (best->is_cut && !is_cut) ||
                                   (best->is_cut == is_cut && length > best_length));
        if (is_better) {
            json_decref(best->json);
            *best = (JsonMended){ value, true, is_cut };
            best_length = length;
        } else {
            json_decref(value);
        }
        at = next_start(text, value ? end : at + 1);
    }
    return best->json != NULL;
}

bool json_mend(Str text, size_t bytes_max, JsonMended *mended_r, Error *err)
{
    JsonMended mended = { 0 };
    Error ignored;
    if (text.length > bytes_max)
        return fail(err, ERROR_TOO_LARGE, "a reply of %zu bytes; %zu are allowed", text.length,
                    bytes_max);
    if (!json_parse(text, bytes_max, &mended.json, &ignored) && !find_longest(text, &mended))
        return fail(err, ERROR_INVALID, "there is no JSON in the reply");
    *mended_r = mended;
    return true;
}
