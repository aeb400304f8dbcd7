/* windows.c - see windows.h. */
#include "text/windows.h"

#include "text/sentences.h"

/* How good it is to begin a window at `at`: behind a sentence, a full stop (texts without capitals
 * have no sentences that sentences.h sees), another sign, a word. */
static int cut_quality(Str text, size_t at)
{
    if (!at || !HAS_CHAR(text.at[at - 1], " \t\r\n"))
        return 0;
    char sign = at > 1 ? text.at[at - 2] : ' ';
    return HAS_CHAR(sign, ".!?") ? 3 : HAS_CHAR(sign, ",;:)") ? 2 : 1;
}

/* The best place to cut between from and to, the nearest to `wanted` of equal ones; 0: none. */
static size_t find_cut(Str text, size_t from, size_t wanted, size_t to)
{
    size_t best = 0, best_away = 0, at = from;
    int best_quality = 0;
    Sentence sentence;
    while (sentence_next(text, &at, &sentence) && sentence.end < to)
        if (sentence.end > from) {
            size_t away = sentence.end > wanted ? sentence.end - wanted : wanted - sentence.end;
            if (!best || away < best_away) {
                best = sentence.end;
                best_away = away;
            }
        }
    for (size_t i = from + 1; !best && i < to; i++) {
        size_t away = i > wanted ? i - wanted : wanted - i;
        int quality = cut_quality(text, i);
        if (quality > best_quality || (quality && quality == best_quality && away < best_away)) {
            best_quality = quality;
            best_away = away;
            at = i;
        }
    }
    return best ? best : best_quality ? at : 0;
}

size_t windows_make(Str text, size_t most, Str *windows)
{
    size_t count = MIN(most, text.length / WINDOW_BYTES_MIN), made = 0, start = 0;
    if (count < 2)
        return 0;
    for (size_t i = 1; i < count; i++) {
        size_t wanted = text.length * i / count, slack = text.length / count / 2;
        size_t cut = find_cut(text, MAX(wanted - slack, start), wanted, wanted + slack);
        if (!cut || !str_trim(str_slice(text, start, cut)).length)
            continue;
        windows[made++] = str_trim(str_slice(text, start, cut));
        start = cut;
    }
    if (str_trim(str_from(text, start)).length)
        windows[made++] = str_trim(str_from(text, start));
    return made < 2 ? 0 : made;
}
