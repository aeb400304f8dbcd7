/* json_format.c - see json_format.h. */
#include "base/json_format.h"

#include <ctype.h>

#include "base/clock.h"

/* '0' stands for a digit, 'x' for a hexadecimal one. */
static bool is_like(Str text, const char *shape)
{
    if (text.length != strlen(shape))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (shape[i] == '0' ? !isdigit(c) : shape[i] == 'x' ? !isxdigit(c) : shape[i] != text.at[i])
            return false;
    }
    return true;
}

static bool is_date(Str text)
{
    int64_t time;
    Error ignored;
    return is_like(text, "0000-00-00") && time_parse(text, &time, &ignored);
}

static bool is_date_time(Str text)
{
    int64_t time;
    Error ignored;
    return text.length > 10 && time_parse(text, &time, &ignored);
}

static bool is_time(Str text)
{
    char whole[64];
    int length = snprintf(whole, sizeof whole, "2000-01-01T" STR_FMT, STR_ARG(text));
    return length < (int)sizeof whole && is_date_time((Str){ whole, (size_t)length });
}

/* P3Y6M4DT12H30M5S, P2W: units in order, each with a number, at least one (ISO 8601-1, 5.5.2). */
static bool is_duration(Str text)
{
    const char *units = "YMWDTHMS", *next = units;
    bool any = false;
    if (!text.length || text.at[0] != 'P')
        return false;
    for (size_t i = 1; i < text.length; i++) {
        size_t start = i;
        while (i < text.length && isdigit((unsigned char)text.at[i]))
            i++;
        next = i < text.length ? strchr(next, text.at[i]) : NULL;
        if (!next || !*next || (*next == 'T') != (i == start))
            return false;
        any |= i > start;
        next++;
    }
    return any && text.at[text.length - 1] != 'T';
}

static bool is_email(Str text)
{
    ptrdiff_t at = str_find_last_char(text, '@');
    Str host = at > 0 ? str_from(text, (size_t)at + 1) : STR_NONE;
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.at[i] <= ' ')
            return false;
    return host.length && host.at[0] != '.' && host.at[host.length - 1] != '.' && at <= 64;
}

static bool is_uri(Str text)
{
    ptrdiff_t colon = str_find_char(text, ':');
    if (colon < 1 || !isalpha((unsigned char)text.at[0]))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c <= ' ' || c >= 0x7f || HAS_CHAR((char)c, "<>\"{}|\\^`"))
            return false;
        if (i < (size_t)colon && !isalnum(c) && !HAS_CHAR((char)c, "+-."))
            return false;
    }
    return true;
}

static bool is_uuid(Str text) { return is_like(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"); }

static bool is_ipv4(Str text)
{
    Str rest = text, part;
    int64_t number;
    int count = 0;
    while (str_next(&rest, '.', &part)) {
        bool has_zero = part.length > 1 && part.at[0] == '0';
        if (has_zero || part.length > 3 || !str_to_int(part, 0, 255, &number))
            return false;
        count++;
    }
    return count == 4;
}

bool json_format_holds(const char *format, Str text)
{
    static const struct {
        const char *name;
        bool (*holds)(Str text);
    } formats[] = {
        { "date", is_date },         { "time", is_time },   { "date-time", is_date_time },
        { "duration", is_duration }, { "email", is_email }, { "uri", is_uri },
        { "uuid", is_uuid },         { "ipv4", is_ipv4 },
    };
    for (size_t i = 0; i < COUNT(formats); i++)
        if (strcmp(format, formats[i].name) == 0)
            return formats[i].holds(text);
    return true;
}
