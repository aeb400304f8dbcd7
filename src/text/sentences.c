/* sentences.c - see sentences.h. */
#include "text/sentences.h"

#include "base/utf8.h"

/* In lower case, without the last full stop. Those in the first row also end sentences ("etc.
 * The"), so a capital letter behind them decides; behind the others nothing does. */
static const char *const maybe_last[] = {
    "etc", "al",  "inc", "ltd", "co",   "corp", "jr",  "sr",  "a.m",
    "p.m", "u.s", "u.k", "e.u", "ph.d", "usw",  "o.ä", "u.a", "gmbh",
};
static const char *const never_last[] = {
    "mr",  "mrs", "ms",     "dr",   "prof", "st",   "vs",   "no",   "nos", "fig",  "figs", "eq",
    "eqs", "sec", "ref",    "refs", "vol",  "vols", "pp",   "ed",   "eds", "cf",   "e.g",  "i.e",
    "viz", "ca",  "approx", "dept", "gen",  "gov",  "sen",  "rep",  "rev", "hon",  "capt", "col",
    "lt",  "sgt", "jan",    "feb",  "mar",  "apr",  "jun",  "jul",  "aug", "sep",  "sept", "oct",
    "nov", "dec", "bzw",    "z.b",  "d.h",  "nr",   "abs",  "art",  "vgl", "evtl", "ggf",  "inkl",
    "hr",  "fr",  "str",    "m",    "mme",  "mlle", "p.ex", "chap", "av",  "sr",   "sra",  "pág",
    "núm", "ej",  "sig",    "dott", "pag",  "ecc",
};

/* Also everyday words: an abbreviation only before a number ("no. 5", not "he said no. Then"). */
static const char *const before_number[] = { "no",  "nos", "art", "sec", "mar",
                                             "dec", "str", "m",   "col" };

/* "am 3. Mai": behind the number of a day. */
static const char *const months[] = {
    "Januar",  "Jan",  "Februar",  "Feb",    "M\xC3\xA4rz", "April",     "Apr",
    "Mai",     "Juni", "Juli",     "August", "Aug",         "September", "Sep",
    "Oktober", "Okt",  "November", "Nov",    "Dezember",    "Dez",       "J\xC3\xA4nner",
};

/* "dem 18. Jahrhundert", "im 2. Weltkrieg": behind one of these a number with a full stop is an
 * ordinal. */
static const char *const before_ordinal[] = {
    "am",
    "beim",
    "im",
    "vom",
    "zum",
    "zur",
    "ins",
    "der",
    "die",
    "das",
    "dem",
    "den",
    "des",
    "ein",
    "ihr",
    "sein",
    "seine",
    "ihre",
    "ihren",
    "seinen",
    "seinem",
    "ihrem",
    "bis",
    "jede",
    "\xC3\xBC"
    "bers",
    "jeder",
    "jeden",
    "jedes",
    "unser",
    "unsere",
    "unserem",
};

/* With what a sentence goes on behind "am 5.", since no such word can be counted. */
static const char *const sentence_openers[] = {
    "der",  "die",  "das",   "dem",  "den",    "ein",    "eine",   "er",    "sie",
    "es",   "wir",  "ihr",   "ich",  "man",    "danach", "dann",   "dort",  "da",
    "hier", "bald", "heute", "auch", "aber",   "doch",   "dabei",  "daher", "damit",
    "im",   "in",   "am",    "an",   "auf",    "mit",    "bei",    "nach",  "seit",
    "von",  "zu",   "zum",   "zur",  "wenn",   "als",    "wer",    "was",   "wie",
    "wo",   "jede", "jeder", "alle", "dieser", "diese",  "dieses",
};

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Bytes of the sentence-ending mark at `at`, or 0. */
static size_t stop_size(Str text, size_t at)
{
    static const char *const marks[] = { "\xE3\x80\x82" /* 。 */, "\xEF\xBC\x81" /* ！ */,
                                         "\xEF\xBC\x9F" /* ？ */, "\xEF\xBD\xA1" /* ｡ */,
                                         "\xE2\x80\xA6" /* … */,  "\xE0\xA5\xA4" /* । */,
                                         "\xD8\x9F" /* ؟ */,      "\xDB\x94" /* ۔ */ };
    uint8_t c = (uint8_t)text.at[at];
    if (c == '.' || c == '!' || c == '?')
        return 1;
    if (c < 0xD8)
        return 0;
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_starts(str_from(text, at), str(marks[i])))
            return strlen(marks[i]);
    return 0;
}

/* Bytes of a closing quote or bracket at `at`, or 0. */
static size_t closing_size(Str text, size_t at)
{
    static const char *const marks[] = { "\xE2\x80\x9D", "\xE2\x80\x99", "\xE2\x80\x9C", "\xC2\xBB",
                                         "\xE3\x80\x8D", "\xE3\x80\x8F", "\xEF\xBC\x89" };
    if (at >= text.length)
        return 0;
    if (HAS_CHAR(text.at[at], "\"')]}"))
        return 1;
    if ((uint8_t)text.at[at] < 0xC2)
        return 0;
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_starts(str_from(text, at), str(marks[i])))
            return strlen(marks[i]);
    return 0;
}

/* What stands before the full stop at `at`, back to white space or a bracket. */
static Str word_before(Str text, size_t start, size_t at)
{
    size_t from = at;
    while (from > start && at - from < 24 && !is_space((uint8_t)text.at[from - 1]) &&
           !HAS_CHAR(text.at[from - 1], "([{\"'/-"))
        from--;
    return str_slice(text, from, at);
}

static bool is_listed(Str word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal_ignore_case(word, str(list[i])))
            return true;
    return false;
}

/* The next character that is not white space begins with a capital, digit or anything that is
 * neither a small letter nor punctuation inside a sentence. */
static bool starts_sentence(Str text, size_t at)
{
    while (at < text.length && (is_space((uint8_t)text.at[at]) || HAS_CHAR(text.at[at], "\"'([{")))
        at++;
    return at >= text.length ||
           !((text.at[at] >= 'a' && text.at[at] <= 'z') || HAS_CHAR(text.at[at], ",;:)."));
}

static bool is_initial(Str word)
{
    size_t size;
    if (!word.length || (word.at[0] >= 'a' && word.at[0] <= 'z'))
        return false;
    uint32_t c = utf8_decode(word, 0, &size);
    return size == word.length && !(c >= '0' && c <= '9') && c > '@';
}

static bool is_capital_at(Str word)
{
    size_t size;
    uint32_t c = utf8_decode(word, 0, &size);
    return (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE);
}

static Str word_behind(Str text, size_t at)
{
    size_t start = at;
    while (start < text.length && is_space((uint8_t)text.at[start]))
        start++;
    for (at = start;
         at < text.length && !is_space((uint8_t)text.at[at]) && !HAS_CHAR(text.at[at], ".,;:)!?");)
        at++;
    return str_slice(text, start, at);
}

/* The number `word`, which a full stop follows, counts what stands at `after`, as German writes
 * it: a day of a month, a century, or whatever an article announced. */
static bool is_ordinal(Str text, size_t start, Str word, size_t after)
{
    int64_t number;
    Str counted = word_behind(text, after);
    if (!str_to_int(word, 1, 999, &number) || !counted.length)
        return false;
    if ((number <= 31 && is_listed(counted, months, COUNT(months))) ||
        str_starts(counted, str("Jahrhundert")) || str_starts(counted, str("Jahrtausend")))
        return true;
    size_t at = (size_t)(word.at - text.at);
    if (at <= start || !is_space((uint8_t)text.at[at - 1]) || !is_capital_at(counted) ||
        is_listed(counted, sentence_openers, COUNT(sentence_openers)))
        return false;
    Str before = word_before(text, start, at - 1);
    at = (size_t)(before.at - text.at);
    bool is_english =
        str_equal_ignore_case(before, str("am")) && at > start + 1 && text.at[at - 2] == 'I';
    return !is_english && is_listed(before, before_ordinal, COUNT(before_ordinal));
}

/* The full stop at `at` ends a sentence; `after` is behind it and closing quotes. */
static bool full_stop_ends(Str text, size_t start, size_t at, size_t after)
{
    Str word = word_before(text, start, at);
    bool next_starts = starts_sentence(text, after);
    int64_t number;
    if (after < text.length && !is_space((uint8_t)text.at[after]))
        return false; /* 3.5, example.com, e.g.this */
    if (is_listed(word, never_last, COUNT(never_last)))
        return is_listed(word, before_number, COUNT(before_number)) && after + 1 < text.length &&
               !(text.at[after + 1] >= '0' && text.at[after + 1] <= '9') && next_starts;
    if (!next_starts || !word.length)
        return next_starts;
    if (is_listed(word, maybe_last, COUNT(maybe_last)))
        return !is_space((uint8_t)text.at[after - 1]) && starts_sentence(text, after);
    if (is_initial(word) && word.at[0] != 'I')
        return false; /* J. Smith */
    if (is_ordinal(text, start, word, after))
        return false;
    /* "1. First": a number alone at the beginning is a list's, not a sentence. */
    if (str_to_int(word, 0, 9999, &number) && (size_t)(word.at - text.at) == start)
        return false;
    return true;
}

static size_t skip_space(Str text, size_t at)
{
    size_t size;
    while (at < text.length) {
        if (is_space((uint8_t)text.at[at]))
            at++;
        else if ((uint8_t)text.at[at] >= 0xC2 &&
                 (utf8_decode(text, at, &size) == 0xA0 || utf8_decode(text, at, &size) == 0x3000))
            at += size;
        else
            break;
    }
    return at;
}

/* Behind the stop marks and closing quotes that begin at `at`. */
static size_t behind_stops(Str text, size_t at)
{
    for (size_t size; at < text.length; at += size) {
        size = stop_size(text, at);
        if (!size)
            size = closing_size(text, at);
        if (!size)
            break;
    }
    return at;
}

static bool is_empty_line(Str text, size_t at)
{
    if (text.at[at] != '\n')
        return false;
    for (at++; at < text.length && text.at[at] != '\n'; at++)
        if (!is_space((uint8_t)text.at[at]))
            return false;
    return at < text.length;
}

static size_t sentence_end(Str text, size_t start)
{
    size_t at = start, size;
    while (at < text.length) {
        if (text.at[at] == '\n' && is_empty_line(text, at))
            return at;
        size = stop_size(text, at);
        if (!size) {
            at++;
            continue;
        }
        size_t after = behind_stops(text, at);
        bool alone = text.at[at] == '.' && after < text.length && stop_size(text, at + 1) == 0;
        if (size > 1 && (uint8_t)text.at[at] != 0xE2)
            return after;
        if (after >= text.length)
            return text.length;
        if (alone ? full_stop_ends(text, start, at, after)
                  : is_space((uint8_t)text.at[after]) && starts_sentence(text, after))
            return after;
        at = MAX(after, at + size);
    }
    return text.length;
}

bool sentence_next(Str text, size_t *at, Sentence *sentence_r)
{
    size_t start = skip_space(text, *at);
    if (start >= text.length)
        return false;
    size_t end = sentence_end(text, start);
    *at = end;
    while (end > start && is_space((uint8_t)text.at[end - 1]))
        end--;
    *sentence_r = (Sentence){ start, end };
    return true;
}
