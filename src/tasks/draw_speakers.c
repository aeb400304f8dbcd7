/* draw_speakers.c - who says a line of a chat or transcript. */
#include "tasks/draw_int.h"

#include "base/ascii.h"

#define SPEAKER_MAX 40 /* bytes of a name before a colon */

/* Behind the time of "Priya (00:12)", "Ben [10:02]"; 0: none. */
static size_t time_behind(Str line)
{
    size_t at = 0, end;
    while (at < line.length && at < SPEAKER_MAX && !HAS_CHAR(line.at[at], "([:"))
        at++;
    if (at < 2 || at >= line.length || line.at[at] == ':')
        return 0;
    for (end = at + 1; end < line.length && (is_digit(line.at[end]) || line.at[end] == ':');
         end++) {
    }
    bool is_closed = end > at + 3 && end < line.length && HAS_CHAR(line.at[end], ")]");
    return is_closed ? end + 1 : 0;
}

/* "Anna: ...", "[10:02] Ben: ...", "00:01:02 Priya: ...", "Ben (10:02): ...": behind the colon, 0
 * when it is no such line. */
size_t draw_speaker(Str line, Str *speaker_r)
{
    size_t at = 0;
    while (at < line.length && HAS_CHAR(line.at[at], "[]()0123456789:. "))
        at++;
    bool is_timed = at > 4;
    if (!is_timed)
        at = 0;
    size_t timed = at + time_behind(str_from(line, at));
    ptrdiff_t colon = str_find_char(str_from(line, timed), ':') + (ptrdiff_t)(timed - at);
    if (colon < 2 || colon > SPEAKER_MAX || at + (size_t)colon + 2 > line.length ||
        line.at[at + (size_t)colon] != ':')
        return 0;
    Str name = str_slice(line, at, at + (size_t)colon);
    if (timed > at)
        name = str_trim(str_slice(
            line, at, at + (size_t)str_find_char(name, line.at[timed - 1] == ')' ? '(' : '[')));
    size_t words = 1;
    for (size_t i = 0; i < name.length; i++)
        words += name.at[i] == ' ';
    char first = name.at[0];
    bool is_name = (first >= 'A' && first <= 'Z') || is_timed || (unsigned char)first >= 0x80;
    if (!is_name || words > 2 || line.at[at + (size_t)colon + 1] != ' ')
        return 0;
    *speaker_r = name;
    return at + (size_t)colon + 1;
}

/* "Speaker A", as programs that listen call whom they cannot name. */
static bool is_numbered_speaker(Str name)
{
    static const char *const words[] = { "Speaker ", "Sprecher ", "Sprecherin ", "Locuteur ",
                                         "Locutrice " };
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_starts(name, str(words[i])))
            return true;
    return false;
}

/* Whether lines of the form "Name: ..." are a conversation: one name is not enough. */
bool draw_is_conversation(Str text)
{
    size_t marked = 0, lines = 0, repeated = 0;
    Str line, speaker, before[2] = { STR_NONE, STR_NONE };
    for (Str rest = text; lines < 60 && str_next(&rest, '\n', &line);) {
        line = str_trim(line);
        lines += line.length > 0;
        if (!draw_speaker(line, &speaker))
            continue;
        if (is_numbered_speaker(speaker))
            return true;
        marked++;
        repeated += str_equal(speaker, before[0]) || str_equal(speaker, before[1]);
        before[1] = before[0];
        before[0] = speaker;
    }
    return marked >= 3 && marked * 2 > lines && repeated > 0;
}
