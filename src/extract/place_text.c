/* place_text.c - a place as people read it: "page 3", "Costs!B7", "12:03-12:40". */
#include "extract/document.h"

#include <stdarg.h>

static bool is_plain_sheet_name(Str name)
{
    for (size_t i = 0; i < name.length; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (c < 0x80 && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
            !(c >= 'A' && c <= 'Z') && c != '_')
            return false;
    }
    return true;
}

static void add_part(Buf *out, const char *format, ...) PRINTF(2, 3);
static void add_part(Buf *out, const char *format, ...)
{
    char text[64];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (out->length)
        buf_add(out, S(", "));
    buf_add(out, str(text));
}

/* "12:03", "1:02:03" */
static void add_time(Buf *out, int64_t time_ms)
{
    int64_t seconds = time_ms / 1000;
    if (seconds >= 3600)
        buf_addf(out, "%" PRId64 ":%02d:%02d", seconds / 3600, (int)(seconds / 60 % 60),
                 (int)(seconds % 60));
    else
        buf_addf(out, "%d:%02d", (int)(seconds / 60), (int)(seconds % 60));
}

static void add_times(Buf *out, const Place *place)
{
    if (place->start_ms <= 0 && place->end_ms <= 0)
        return;
    if (out->length)
        buf_add(out, S(", "));
    add_time(out, place->start_ms);
    if (place->end_ms / 1000 > place->start_ms / 1000) {
        buf_add_char(out, '-');
        add_time(out, place->end_ms);
    }
}

Str place_text(Arena *arena, const Place *place)
{
    Buf out = buf_new(arena, KB(4));
    if (place->sheet.length) {
        const char *quote = is_plain_sheet_name(place->sheet) ? "" : "'";
        buf_addf(&out, "%s" STR_FMT "%s", quote, STR_ARG(place->sheet), quote);
        if (place->cells.length)
            buf_addf(&out, "!" STR_FMT, STR_ARG(place->cells));
    }
    if (place->page > 0)
        add_part(&out, "%s %d", place->is_slide ? "slide" : "page", place->page);
    if (place->part.length) {
        add_part(&out, "part ");
        buf_add(&out, place->part);
    }
    if (place->line_first > 0 && place->line_last > place->line_first)
        add_part(&out, "lines %d-%d", place->line_first, place->line_last);
    else if (place->line_first > 0)
        add_part(&out, "line %d", place->line_first);
    add_times(&out, place);
    if (out.length == 0)
        buf_add(&out, place->anchor);
    return buf_str(&out);
}
