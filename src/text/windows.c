/* windows.c - see windows.h. */
#include "text/windows.h"

#include "text/sentences.h"

size_t windows_make(Str text, size_t most, Str *windows)
{
    size_t wanted = MIN(most, text.length / WINDOW_BYTES_MIN), made = 0, at = 0, from = 0, end = 0;
    bool is_open = false;
    Sentence sentence;

    if (wanted < 2)
        return 0;
    while (sentence_next(text, &at, &sentence)) {
        if (!is_open)
            from = sentence.start;
        is_open = true;
        end = sentence.end;
        if (made + 1 < wanted && end >= text.length * (made + 1) / wanted) {
            windows[made++] = str_slice(text, from, end);
            is_open = false;
        }
    }
    if (is_open && made < wanted)
        windows[made++] = str_slice(text, from, end);
    return made < 2 ? 0 : made;
}
