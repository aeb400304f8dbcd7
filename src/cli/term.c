/* term.c - see term.h. */
#include "cli/term.h"

#include <unistd.h>

#include "base/utf8.h"

#define BAR_WIDTH 24

static bool term_is_live(void) { return isatty(STDERR_FILENO); }

const char *term_bytes(int64_t bytes, char out[16])
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1000 && unit + 1 < COUNT(units)) {
        value /= 1000;
        unit++;
    }
    snprintf(out, 16, unit && value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return out;
}

const char *term_duration(int64_t seconds, char out[16])
{
    if (seconds < 0)
        out[0] = '\0';
    else if (seconds < 90)
        snprintf(out, 16, "%d s", (int)seconds);
    else if (seconds < 5400)
        snprintf(out, 16, "%d min", (int)((seconds + 30) / 60));
    else
        snprintf(out, 16, "%d h", (int)(MIN(seconds, 3600000) / 3600));
    return out;
}

static bool is_shown(uint32_t c) { return c >= 0x20 && (c < 0x7F || c >= 0xA0); }

Str term_fit(Arena *arena, Str text, size_t width)
{
    Buf out = buf_new(arena, text.length + 4);
    size_t columns = 0, end = 0, size;
    for (size_t at = 0; at < text.length; at += size) {
        uint32_t c = utf8_decode(text, at, &size);
        if (!is_shown(c))
            continue;
        if (++columns == width)
            end = out.length; /* where the mark goes should there be more */
        if (columns > width) {
            out.length = end;
            buf_add(&out, S("\xe2\x80\xa6"));
            break;
        }
        buf_add(&out, str_slice(text, at, at + size));
    }
    return buf_str(&out);
}

void term_progress(const char *name, const char *stage, int64_t done, int64_t total,
                   int64_t seconds_left)
{
    char bar[BAR_WIDTH + 1], left[16];
    if (!term_is_live())
        return;
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str shown = term_fit(arena, str(name), 32);
    int64_t filled = total > 0 ? MIN(done, total) * BAR_WIDTH / total : 0;
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    term_duration(seconds_left, left);
    fprintf(stderr, "\r\033[K" STR_FMT "  %s  [%s] %3d %%  %s", STR_ARG(shown), stage, bar,
            total > 0 ? (int)(MIN(done, total) * 100 / total) : 0, left);
}

void term_progress_end(void)
{
    if (term_is_live())
        fputs("\r\033[K", stderr);
}
