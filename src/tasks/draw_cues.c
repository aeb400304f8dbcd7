/* draw_cues.c - finding the patterns of draw_cues.def in a unit. Patterns are short and units are
 * sentences, so trying each place and going back where an element may be left out is enough. */
#include "tasks/draw_int.h"

#define GAP_MAX 4  /* words that ".." stands for */
#define NAME_MAX 3 /* words of a name */

static bool is_one_of(Str word, Str choices)
{
    Str choice;
    while (str_next(&choices, '|', &choice))
        if (str_equal(word, choice))
            return true;
    return false;
}

/* "<past>": not what may be the present as well. */
static bool has_form(const DrawWord *word, Str name)
{
    static const struct {
        const char *name;
        unsigned any, none;
    } forms[] = { { "<base>", FORM_BASE, 0 },          { "<inf>", FORM_INFINITIVE, 0 },
                  { "<command>", FORM_COMMAND, 0 },    { "<third>", FORM_THIRD, 0 },
                  { "<past>", FORM_PAST, FORM_THIRD }, { "<ing>", FORM_ING, 0 },
                  { "<at>", FORM_HANDLE, 0 } };
    if (word->is_mark)
        return false;
    for (size_t i = 0; i < COUNT(forms); i++)
        if (str_is(name, forms[i].name))
            return (word->forms & forms[i].any) && !(word->forms & forms[i].none);
    return str_is(name, "<w>");
}

static bool fits_word(const DrawWord *word, Str element)
{
    Str choice;
    if (element.at[0] != '<')
        return is_one_of(word->word, element);
    while (str_next(&element, '|', &choice))
        if (choice.at[0] == '<' ? has_form(word, choice) : str_equal(word->word, choice))
            return true;
    return false;
}

/* A name, or somebody called by what he is: "the chair", "Frau Weber". Words it may have at most
 * from `at` on. */
static size_t name_words(const DrawWords *words, size_t at)
{
    static const char *const titles = "the|der|die|das|le|la|mr|mrs|ms|dr|herr|frau|m|mme";
    size_t count = 0;
    if (at < words->count && is_one_of(words->at[at].word, str(titles))) {
        for (count = 1; count < NAME_MAX && at + count < words->count; count++)
            if (words->at[at + count].is_mark)
                break;
        return count > 1 ? count : 0;
    }
    while (count < NAME_MAX && at + count < words->count &&
           (words->at[at + count].forms & FORM_NAME))
        count++;
    return count;
}

static bool fits(Str rest, const DrawWords *words, size_t at, CueMatch *match);

static bool fits_name(Str rest, const DrawWords *words, size_t at, bool by_name, CueMatch *match)
{
    bool has_title = at < words->count && !(words->at[at].forms & FORM_NAME);
    size_t least = has_title ? 2 : 1;
    if (by_name && has_title)
        return false;
    for (size_t count = name_words(words, at); count >= least; count--) {
        CueMatch tried = *match;
        if (tried.name == tried.name_end) {
            tried.name = at;
            tried.name_end = at + count;
        }
        if (fits(rest, words, at + count, &tried)) {
            *match = tried;
            return true;
        }
    }
    return false;
}

static bool fits_gap(Str rest, const DrawWords *words, size_t at, CueMatch *match)
{
    for (size_t skip = 0; skip <= GAP_MAX && at + skip <= words->count; skip++) {
        CueMatch tried = *match;
        if (fits(rest, words, at + skip, &tried)) {
            *match = tried;
            return true;
        }
    }
    return false;
}

static bool fits_optional(Str element, Str rest, const DrawWords *words, size_t at, CueMatch *match)
{
    CueMatch tried = *match;
    element.length--;
    if (at < words->count && fits_word(&words->at[at], element) &&
        fits(rest, words, at + 1, &tried)) {
        *match = tried;
        return true;
    }
    return fits(rest, words, at, match);
}

static bool fits(Str rest, const DrawWords *words, size_t at, CueMatch *match)
{
    Str element;
    while (str_next(&rest, ' ', &element)) {
        if (str_is(element, "_"))
            match->focus = at;
        else if (str_is(element, "^")) {
            if (at >= words->count || !words->at[at].is_begin)
                return false;
        } else if (str_is(element, "$")) {
            if (at < words->count && !words->at[at].is_mark)
                return false;
        } else if (str_is(element, "<n>") || str_is(element, "<p>"))
            return fits_name(rest, words, at, str_is(element, "<p>"), match);
        else if (str_is(element, "<who>")) {
            if (at >= words->count || words->at[at].is_mark)
                return false;
            match->name = at++;
            match->name_end = at;
        } else if (str_is(element, ".."))
            return fits_gap(rest, words, at, match);
        else if (element.length > 1 && element.at[element.length - 1] == '?')
            return fits_optional(element, rest, words, at, match);
        else if (at >= words->count || !fits_word(&words->at[at], element))
            return false;
        else
            at++;
    }
    match->end = at;
    return true;
}

bool cue_find(const char *pattern, const DrawWords *words, CueMatch *match_r)
{
    for (size_t at = 0; at < words->count; at++) {
        CueMatch match = { .begin = at, .focus = SIZE_MAX };
        if (fits(str(pattern), words, at, &match)) {
            *match_r = match;
            return true;
        }
    }
    return false;
}
