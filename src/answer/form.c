/* form.c - whether a unit has something of the form that a question asks for: a name for "who", a
 * place for "where", a date for "when". What the question says itself does not count. */
#include "answer/question_int.h"
#include "answer/reading.h"
#include "base/ascii.h"

static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z') || (c & 0x80); }

typedef struct Signs {
    int numbers, years, names, money, shares, addresses;
    int places; /* "in the stroma": a place that has no name */
} Signs;

/* Where and with what the tokens of a unit are looked at. */
typedef struct Looking {
    const Reading *reading;
    const Unit *unit;
    Signs signs;
    bool is_first;
    bool is_behind_place_word; /* "in", with articles behind it */
} Looking;

static const char *const number_names[] = {
    "one",     "two",       "three",    "four",     "five",    "six",      "seven",    "eight",
    "nine",    "ten",       "dozen",    "eleven",   "twelve",  "thirteen", "fourteen", "fifteen",
    "sixteen", "seventeen", "eighteen", "nineteen", "twenty",  "thirty",   "forty",    "fifty",
    "sixty",   "seventy",   "eighty",   "ninety",   "hundred", "thousand", "million",  "billion",
    "half",    "twice",     "zwei",     "drei",     "vier",    "fünf",     "sechs",    "sieben",
    "acht",    "neun",      "zehn",     "elf",      "zwölf",   "zwanzig",  "dreißig",  "hundert",
    "tausend", "deux",      "trois",    "quatre",   "cinq",    "sept",     "huit",     "neuf",
    "dix",     "onze",      "douze",    "vingt",    "trente"
};
static const char calendar_names[] =
    " january february march april june july august september october november december monday "
    "tuesday wednesday thursday friday saturday sunday today tomorrow yesterday januar februar "
    "märz "
    "mai juni juli oktober dezember montag dienstag mittwoch donnerstag freitag samstag sonnabend "
    "sonntag heute morgen gestern janvier février mars avril juin juillet août septembre octobre "
    "novembre décembre lundi mardi mercredi jeudi vendredi samedi dimanche demain hier enero "
    "febrero "
    "marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre lunes martes "
    "miércoles jueves viernes sábado domingo mañana ayer ";
static const char place_words[] =
    " in at on near under inside within beside behind between above below through along across im "
    "am an auf bei unter neben hinter zwischen über dans à au aux sur sous chez près en entre ";
static const char articles[] =
    " the a an its their his her this that these each every der die das "
    "dem den des ein eine einem einer einen le la les l un une du des el "
    "los las una ";

bool is_number_name(Str word)
{
    for (size_t i = 0; i < COUNT(number_names); i++)
        if (str_equal_ignore_case(word, str(number_names[i])))
            return true;
    return false;
}

static bool in_question(const Reading *reading, Str word)
{
    return str_find_ignore_case(reading->question.text, word) >= 0;
}

/* "1,212", "16.2" or "2005": its digits before a point. */
static void count_number(Signs *signs, Str word)
{
    size_t digits = 0;
    for (size_t i = 0; i < word.length && word.at[i] != '.'; i++)
        digits += is_digit(word.at[i]);
    signs->numbers++;
    signs->years += digits == 4 && (word.at[0] == '1' || word.at[0] == '2');
}

/* --- Names at the beginning --- */

static void see_stop(void *is_stop, const Word *word)
{
    if (!word->is_extra)
        *(bool *)is_stop = word->is_stop;
}

/* Any word is capitalised at the beginning of a sentence. One that the passage nowhere has in small
 * letters, and that is no stop word, is a name there: "Lena will update it." */
static bool is_name_at_start(const Looking *looking, Str word, bool is_speaker)
{
    const Reading *reading = looking->reading;
    Str chunk = reading->passages[looking->unit->passage].hit->row.chunk.text;
    bool is_stop = false;
    if (is_speaker)
        return true;
    words_split(reading->words, reading->question.language, word, see_stop, &is_stop);
    return !is_stop && word.length > 2 && !word_is_in(calendar_names, word) &&
           str_find(chunk, str_lower(reading->arena, word)) < 0;
}

/* --- Tokens --- */

static void count_place(Looking *looking, Str core, bool is_asked)
{
    bool is_article = word_is_in(articles, core);
    bool is_place = looking->is_behind_place_word && !is_article && !is_asked && core.length > 2 &&
                    is_letter(core.at[0]) && !word_is_in(calendar_names, core) &&
                    !is_number_name(core);
    looking->signs.places += is_place;
    looking->is_behind_place_word = word_is_in(place_words, core) ||
                                    (looking->is_behind_place_word && (is_article || is_asked));
}

static void count_core(Looking *looking, Str core, bool is_speaker)
{
    Signs *signs = &looking->signs;
    if (is_digit(core.at[0]))
        count_number(signs, core);
    else if (is_number_name(core))
        signs->numbers++;
    else if (word_is_in(calendar_names, core) || str_is(core, "May"))
        signs->years++;
    else if (is_upper(core.at[0]))
        signs->names += !looking->is_first || is_name_at_start(looking, core, is_speaker);
}

static void count_token(Looking *looking, Str word)
{
    Signs *signs = &looking->signs;
    if (str_find_char(word, '@') > 0 || str_starts(word, S("http")) || str_starts(word, S("www.")))
        signs->addresses++;
    size_t at = 0, end = word.length;
    while (at < end && !is_digit(word.at[at]) && !is_letter(word.at[at]))
        at++;
    while (end > at && HAS_CHAR(word.at[end - 1], ",.;:?!)]}\"'"))
        end--;
    Str core = str_slice(word, at, end);
    bool is_asked = core.length && in_question(looking->reading, core);
    bool is_speaker = looking->is_first && str_ends(word, S(":"));
    if (core.length)
        count_place(looking, core, is_asked);
    if (!core.length || is_asked)
        return;
    signs->money +=
        at > 0 && is_digit(core.at[0]) && (word.at[at - 1] == '$' || (word.at[at - 1] & 0x80) != 0);
    signs->shares += is_digit(core.at[0]) && str_find_char(core, '%') > 0;
    count_core(looking, core, is_speaker);
}

static Signs signs_of(const Reading *reading, const Unit *unit)
{
    Looking looking = { .reading = reading, .unit = unit, .is_first = true };
    Str text = unit->text;
    for (size_t at = 0; at < text.length;) {
        while (at < text.length && HAS_CHAR(text.at[at], " \t\r\n|"))
            at++;
        size_t start = at;
        while (at < text.length && !HAS_CHAR(text.at[at], " \t\r\n|"))
            at++;
        if (at > start)
            count_token(&looking, str_slice(text, start, at));
        looking.is_first = false;
    }
    return looking.signs;
}

double reading_form(const Reading *reading, const Unit *unit)
{
    Signs signs = signs_of(reading, unit);
    switch (reading->question.form) {
    case FORM_NAME: return signs.names ? 1 : 0;
    case FORM_PLACE: return signs.names ? 1 : signs.places ? 0.5 : 0;
    case FORM_DATE: return signs.years ? 1 : signs.numbers ? 0.3 : 0;
    case FORM_NUMBER: return signs.numbers ? 1 : 0;
    case FORM_MONEY: return signs.money ? 1 : signs.numbers ? 0.5 : 0;
    case FORM_SHARE: return signs.shares ? 1 : signs.numbers ? 0.4 : 0;
    case FORM_ADDRESS: return signs.addresses ? 1 : signs.numbers ? 0.3 : 0;
    case FORM_ANY: break;
    }
    return signs.names || signs.numbers ? 0.7 : 0.5;
}
