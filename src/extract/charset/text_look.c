/* text_look.c - whether bytes are text, and how it begins: what every format asks before one of
 * them reads. See encoding.h. */
#include "extract/charset/encoding_int.h"

enum { BINARY_BYTES = 64 * 1024, PADDING_MIN = 32 };

/* The length of the run of zeros at `at`. Long ones are space that was set aside and never
 * written; text may have them, short ones no text has. */
static size_t zero_run(Str bytes, size_t at)
{
    size_t end = at;
    while (end < bytes.length && bytes.at[end] == 0)
        end++;
    return end - at;
}

/* Control characters that texts have: tab, line and page ends, backspace (overstruck), escape, the
 * shifts of ISO 2022 and the end of a DOS file. */
static bool is_odd_control(unsigned char c)
{
    const uint32_t usual = 1u << '\t' | 1u << '\n' | 1u << '\r' | 1u << '\f' | 1u << '\v' |
                           1u << '\b' | 1u << 0x1B | 1u << 0x0E | 1u << 0x0F | 1u << 0x1A;
    return c < 0x20 && !(usual >> c & 1);
}

static bool find_binary(Str bytes)
{
    Str head = str_slice(bytes, 0, BINARY_BYTES);
    size_t controls = 0, zeros = 0;
    if (charset_of_mark(&head) || charset_of_zeros(head))
        return false;
    for (size_t i = 0; i < head.length; i++) {
        unsigned char c = (unsigned char)head.at[i];
        size_t run = c == 0 ? zero_run(head, i) : 0;
        if (run && run < PADDING_MIN)
            return true;
        zeros += run;
        i += run ? run - 1 : 0;
        controls += run == 0 && is_odd_control(c);
    }
    return controls > (head.length - zeros) / 50 || (zeros && head.length - zeros < PADDING_MIN);
}

/* What is known of the bytes that are being recognised. */
static _Thread_local struct {
    Str bytes;
    bool is_binary;
    const char *charset; /* by its mark or zeros; NULL: neither */
    size_t mark;         /* length of the mark */
} look;

static bool is_looked_at(Str bytes)
{
    return look.bytes.at && look.bytes.at == bytes.at && look.bytes.length == bytes.length;
}

void text_look_begin(Str bytes)
{
    Str rest = str_slice(bytes, 0, BINARY_BYTES);
    size_t length = rest.length;
    look.charset = charset_of_mark(&rest);
    look.mark = length - rest.length;
    if (!look.charset)
        look.charset = charset_of_zeros(rest);
    look.is_binary = !look.charset && find_binary(bytes);
    look.bytes = bytes;
}

void text_look_end(void) { look.bytes = STR_NONE; }

bool text_is_binary(Str bytes) { return is_looked_at(bytes) ? look.is_binary : find_binary(bytes); }

Str text_head(Arena *arena, Str bytes, size_t max)
{
    bool is_known = is_looked_at(bytes);
    bytes = str_slice(bytes, 0, max);
    const char *charset = is_known ? look.charset : charset_of_mark(&bytes);
    if (is_known)
        bytes = str_from(bytes, MIN(look.mark, bytes.length));
    else if (!charset)
        charset = charset_of_zeros(bytes);
    if (!charset || str_is(str(charset), "UTF-8"))
        return bytes;
    return text_convert(arena, bytes, charset);
}

bool text_next_line(Str *rest, Str *line_r)
{
    size_t end = 0;
    if (rest->length == 0)
        return false;
    while (end < rest->length && rest->at[end] != '\n' && rest->at[end] != '\r')
        end++;
    *line_r = str_slice(*rest, 0, end);
    if (end < rest->length)
        end += str_starts(str_from(*rest, end), S("\r\n")) ? 2 : 1;
    *rest = str_from(*rest, end);
    return true;
}
