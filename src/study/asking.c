/* asking.c - see asking.h. */
#include "study/asking.h"

#include <ctype.h>

#define QUESTION_BYTES_MIN 15 /* beside what is asked for */
#define SUBJECT_WORDS_MAX 7
#define WORDS_MAX 64
#define IN_PLACE_WORDS_MAX 14 /* behind what is asked for */
#define COUNTED_WORDS_MAX 3   /* of "how many people" */

typedef struct Form {
    Language language;
    KeyKind kind;
    Str first, inside, dropped;
} Form;

#define NONE(...)
#define ASK(language, kind, first, inside, dropped)                                                \
    { LANGUAGE_##language, KEY_##kind, S_INIT(first), S_INIT(inside), S_INIT(dropped) },
#define WHAT_IS NONE
#define FITS NONE
#define IN_ROW NONE
#define DETERMINER NONE
static const Form forms[] = {
#include "study/asking.def"
};
#undef ASK
#define ASK NONE
#undef WHAT_IS
#define WHAT_IS(language, one, many) { LANGUAGE_##language, S_INIT(one), S_INIT(many) },
static const struct {
    Language language;
    Str one, many;
} what_is[] = {
#include "study/asking.def"
};
#undef WHAT_IS
#define WHAT_IS NONE
#undef FITS
#define FITS(language, before, after) { LANGUAGE_##language, S_INIT(before), S_INIT(after) },
static const struct {
    Language language;
    Str before, after;
} fits[] = {
#include "study/asking.def"
};
#undef FITS
#define FITS NONE
#undef DETERMINER
#define DETERMINER(word) S_INIT(word),
static const Str determiners[] = {
#include "study/asking.def"
};
#define AUXILIARY(word) S_INIT(word),
#define VERB NONE
static const Str auxiliaries[] = {
#include "study/asking_verbs.def"
};
#undef AUXILIARY
#define AUXILIARY NONE
#undef VERB
#define VERB(base, past) { S_INIT(base), S_INIT(past) },
static const struct {
    Str base, past;
} verbs[] = {
#include "study/asking_verbs.def"
};

/* --- Words --- */

static bool is_one_of(Str word, const Str *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(word, list[i]))
            return true;
    return false;
}

static const Str prepositions[] = {
    S_INIT("in"),   S_INIT("at"),  S_INIT("by"), S_INIT("of"),    S_INIT("from"),  S_INIT("to"),
    S_INIT("with"), S_INIT("for"), S_INIT("on"), S_INIT("since"), S_INIT("until"), S_INIT("near")
};
/* Behind one of these German asks in another case, or of a span: "unter wie vielen Jahren". */
static const Str german_cases[] = {
    S_INIT("ab"),  S_INIT("auf"), S_INIT("aus"),  S_INIT("bei"),  S_INIT("bis"),
    S_INIT("dem"), S_INIT("den"), S_INIT("der"),  S_INIT("des"),  S_INIT("die"),
    S_INIT("in"),  S_INIT("mit"), S_INIT("nach"), S_INIT("seit"), S_INIT("um"),
    S_INIT("und"), S_INIT("von"), S_INIT("vor"),  S_INIT("zu"),   S_INIT("unter"),
};
/* With one of these behind the verb more than one thing is said, and a question that is turned
 * round would ask for the wrong one. */
static const Str joints[] = { S_INIT("and"),      S_INIT("or"),      S_INIT("but"),
                              S_INIT("which"),    S_INIT("that"),    S_INIT("who"),
                              S_INIT("while"),    S_INIT("because"), S_INIT("where"),
                              S_INIT("although"), S_INIT("when"),    S_INIT("than") };

/* "carry" -> "carried", "close" -> "closed". */
static bool is_past_of(Str word, Str base, Str past)
{
    if (past.length)
        return str_equal(word, past);
    char last = base.at[base.length - 1], before = base.length > 1 ? base.at[base.length - 2] : 0;
    bool has_y = last == 'y' && !HAS_CHAR(before, "aeiou");
    Str stem = has_y ? str_slice(base, 0, base.length - 1) : base;
    Str end = has_y ? S("ied") : last == 'e' ? S("d") : S("ed");
    return word.length == stem.length + end.length && str_starts(word, stem) && str_ends(word, end);
}

static bool is_third_of(Str word, Str base)
{
    char last = base.at[base.length - 1], before = base.length > 1 ? base.at[base.length - 2] : 0;
    bool has_y = last == 'y' && !HAS_CHAR(before, "aeiou");
    bool hisses = HAS_CHAR(last, "sxz") || str_ends(base, S("ch")) || str_ends(base, S("sh"));
    Str stem = has_y ? str_slice(base, 0, base.length - 1) : base;
    Str end = has_y ? S("ies") : hisses ? S("es") : S("s");
    return word.length == stem.length + end.length && str_starts(word, stem) && str_ends(word, end);
}

/* "did" and "open" of "opened". */
static bool find_verb(Str word, Str *helper_r, Str *base_r)
{
    for (size_t i = 0; i < COUNT(verbs); i++) {
        bool is_past = is_past_of(word, verbs[i].base, verbs[i].past);
        if (!is_past && !is_third_of(word, verbs[i].base))
            continue;
        *helper_r = is_past ? S("did") : S("does");
        *base_r = verbs[i].base;
        return true;
    }
    return false;
}

static Str lower_first(Arena *arena, Str text)
{
    ptrdiff_t end = str_find_char(text, ' ');
    Str word = end < 0 ? text : str_slice(text, 0, (size_t)end);
    if (!is_one_of(word, determiners, COUNT(determiners)))
        return text;
    Str out = str_copy(arena, text);
    ((char *)(uintptr_t)out.at)[0] = (char)tolower((unsigned char)out.at[0]);
    return out;
}

static Str upper_first(Arena *arena, Str text)
{
    Str out = str_copy(arena, text);
    if (out.length)
        ((char *)(uintptr_t)out.at)[0] = (char)toupper((unsigned char)out.at[0]);
    return out;
}

/* Without the full stop. */
static Str without_end(Str text)
{
    while (text.length && HAS_CHAR(text.at[text.length - 1], ".! "))
        text.length--;
    return text;
}

/* --- The part with what goes with it --- */

typedef struct Asked {
    const Form *form;
    Str before, after; /* of the sentence, without what is dropped */
    Str phrase;        /* "when", "by whom", "how many people" */
    bool begins;       /* the part begins the sentence */
} Asked;

/* Drops "in" of "in 1874". */
static Str drop_words(Str before, Str dropped)
{
    Str rest = dropped, word;
    while (dropped.length && str_next(&rest, '|', &word)) {
        Str end = str_from(before, before.length - MIN(before.length, word.length));
        size_t left = before.length - end.length;
        if (str_equal_ignore_case(end, word) && (!left || before.at[left - 1] == ' '))
            return str_trim(str_slice(before, 0, left));
    }
    return before;
}

static Str first_word(Str text)
{
    text = str_trim(text);
    ptrdiff_t end = str_find_char(text, ' ');
    return end < 0 ? text : str_slice(text, 0, (size_t)end);
}

static bool is_verb_next(Str after)
{
    Str word = first_word(after), helper, base;
    return is_one_of(word, auxiliaries, COUNT(auxiliaries)) || find_verb(word, &helper, &base);
}

static bool is_noun_next(const Asked *asked)
{
    Str next = first_word(asked->after);
    bool is_other = !next.length || !isalpha((unsigned char)next.at[0]) ||
                    is_one_of(next, prepositions, COUNT(prepositions)) ||
                    is_one_of(next, joints, COUNT(joints)) || is_verb_next(asked->after) ||
                    (asked->begins && (str_ends(next, S("ed")) || str_is(next, "also")));
    return !is_other;
}

/* "the Florida panther", "a $144 million fee": what stands before a noun is a part of it, and a
 * date without "in" or "on" may be one of anything. Numbers stand before what they count. */
static bool reads_as_part(const Asked *asked, KeyKind kind, Str before)
{
    static const Str articles[] = { S_INIT("the"), S_INIT("a"),     S_INIT("an"),  S_INIT("this"),
                                    S_INIT("its"), S_INIT("their"), S_INIT("only") };
    static const Str times[] = { S_INIT("since"), S_INIT("until"),  S_INIT("by"),
                                 S_INIT("from"),  S_INIT("before"), S_INIT("after") };
    Str last = str_from(asked->before, (size_t)(str_find_last_char(asked->before, ' ') + 1));
    bool is_time = kind == KEY_YEAR || kind == KEY_DATE;
    if (asked->form->language != LANGUAGE_ENGLISH)
        return is_time || !(is_one_of(last, german_cases, COUNT(german_cases)) ||
                            str_is(first_word(asked->after), "Uhr"));
    if (is_time)
        return before.length != asked->before.length || is_one_of(last, times, COUNT(times));
    if (!asked->begins && is_one_of(last, articles, COUNT(articles)))
        return false;
    return kind == KEY_NUMBER || !is_noun_next(asked);
}

static bool read_asked(Language language, const Fact *fact, const FactKey *key, Asked *asked)
{
    *asked = (Asked){ 0 };
    for (size_t i = 0; i < COUNT(forms); i++)
        if (forms[i].language == language && forms[i].kind == key->kind)
            asked->form = &forms[i];
    if (!asked->form)
        return false;
    Str before = str_trim(str_slice(fact->plain, 0, key->start));
    asked->before = drop_words(before, asked->form->dropped);
    asked->after = without_end(str_from(fact->plain, key->end));
    asked->begins = !asked->before.length;
    asked->phrase =
        asked->begins && asked->form->first.length ? asked->form->first : asked->form->inside;
    if (!asked->phrase.length || !reads_as_part(asked, key->kind, before))
        return false;
    if (key->kind == KEY_PERSON && !asked->begins && is_verb_next(asked->after))
        asked->phrase = S("who");
    /* Who stands before "'s" is somebody's owner, and has no simple question. */
    return !str_starts(asked->after, S("'")) && !str_starts(asked->after, S("’")) &&
           !str_starts(asked->after, S("-"));
}

/* --- "When did the quarry open?" --- */

typedef struct WordRow {
    Str at[WORDS_MAX];
    size_t count;
} WordRow;

static bool read_words(Str text, WordRow *row)
{
    Str word;
    row->count = 0;
    while (str_next(&text, ' ', &word)) {
        if (!word.length)
            continue;
        if (row->count == WORDS_MAX || str_find_char(word, ',') >= 0 ||
            str_find_char(word, ';') >= 0 || str_find_char(word, ':') >= 0)
            return false;
        row->at[row->count++] = word;
    }
    return true;
}

/* Where the verb is: behind a subject that is one thing. */
static bool find_turn(const WordRow *row, size_t *verb_r, Str *helper_r, Str *base_r)
{
    for (size_t i = 1; i < row->count && i <= SUBJECT_WORDS_MAX; i++) {
        if (is_one_of(row->at[i], joints, COUNT(joints)))
            return false;
        bool is_auxiliary = is_one_of(row->at[i], auxiliaries, COUNT(auxiliaries));
        *base_r = STR_NONE;
        *helper_r = row->at[i];
        if (!is_auxiliary && !find_verb(row->at[i], helper_r, base_r))
            continue;
        *verb_r = i;
        /* "founded by": no verb of the sentence. */
        return i + 1 >= row->count || is_auxiliary || !str_is(row->at[i + 1], "by");
    }
    return false;
}

static bool says_one_thing(const WordRow *row, size_t verb)
{
    Str helper, base;
    for (size_t i = verb + 1; i < row->count; i++)
        if (is_one_of(row->at[i], joints, COUNT(joints)) ||
            (i > verb + 2 && find_verb(row->at[i], &helper, &base) && str_is(helper, "did")))
            return false;
    return true;
}

/* The words that a number counts go with it, and so does a preposition. */
static void take_along(Arena *arena, Asked *asked, KeyKind kind, Str *rest)
{
    Buf phrase = buf_new(arena, KB(4));
    ptrdiff_t gap = str_find_last_char(asked->before, ' ');
    Str last = str_from(asked->before, (size_t)(gap + 1));
    if (!asked->begins && is_one_of(last, prepositions, COUNT(prepositions))) {
        buf_addf(&phrase, STR_FMT " ", STR_ARG(last));
        asked->before = str_trim(str_slice(asked->before, 0, (size_t)MAX(gap, 0)));
    }
    buf_add(&phrase, asked->phrase);
    *rest = str_trim(asked->after);
    for (size_t i = 0; kind == KEY_NUMBER && i < COUNTED_WORDS_MAX && rest->length; i++) {
        ptrdiff_t end = str_find_char(*rest, ' ');
        Str word = end < 0 ? *rest : str_slice(*rest, 0, (size_t)end);
        if (is_one_of(word, prepositions, COUNT(prepositions)) ||
            is_one_of(word, joints, COUNT(joints)))
            break;
        buf_addf(&phrase, " " STR_FMT, STR_ARG(word));
        *rest = str_trim(str_from(*rest, word.length));
    }
    if (kind == KEY_NUMBER && str_starts(*rest, S("of "))) {
        ptrdiff_t end = str_find_char(str_from(*rest, 3), ' ');
        Str of = end < 0 ? *rest : str_slice(*rest, 0, (size_t)end + 3);
        buf_addf(&phrase, " " STR_FMT, STR_ARG(of));
        *rest = str_trim(str_from(*rest, of.length));
    }
    asked->phrase = buf_str(&phrase);
}

static bool turn_round(Arena *arena, Asked asked, KeyKind kind, Str *question_r)
{
    WordRow row;
    size_t verb;
    Str helper, base, rest;
    if (asked.form->language != LANGUAGE_ENGLISH || kind == KEY_MONEY || kind == KEY_PERCENT)
        return false;
    take_along(arena, &asked, kind, &rest);
    /* "In 1874, the quarry opened": what is left of it is the sentence. */
    if (str_starts(rest, S(",")))
        rest = asked.begins ? str_trim(str_from(rest, 1)) : rest;
    Buf whole = buf_new(arena, KB(4));
    buf_addf(&whole, STR_FMT " " STR_FMT, STR_ARG(asked.before), STR_ARG(rest));
    if (!read_words(buf_str(&whole), &row) || !find_turn(&row, &verb, &helper, &base) ||
        !says_one_thing(&row, verb))
        return false;
    /* A part of the subject cannot be asked for so. */
    size_t subject = 0;
    for (size_t i = 0; i < verb; i++)
        subject += row.at[i].length + 1;
    if (!asked.begins && asked.before.length + 1 < subject + (base.length ? 1 : 0))
        return false;
    Buf out = buf_new(arena, KB(4));
    Str phrase = upper_first(arena, asked.phrase);
    buf_addf(&out, STR_FMT " " STR_FMT, STR_ARG(phrase), STR_ARG(helper));
    for (size_t i = 0; i < row.count; i++) {
        Str word = i == 0 ? lower_first(arena, row.at[0]) : row.at[i];
        if (i == verb)
            word = base;
        if (word.length)
            buf_addf(&out, " " STR_FMT, STR_ARG(word));
    }
    buf_add_char(&out, '?');
    *question_r = buf_str(&out);
    return true;
}

/* --- "The quarry opened when?" --- */

/* "... left when because she was ill?": with a clause behind it nobody asks so. */
static bool reads_well_in_place(const Asked *asked)
{
    Str rest = asked->after, word;
    size_t words = 0;
    bool is_time = str_is(asked->phrase, "when") || str_is(asked->phrase, "wann");
    if (str_starts(rest, S(",")))
        return false;
    while (str_next(&rest, ' ', &word)) {
        words += word.length > 0;
        if (is_time && is_one_of(word, joints, COUNT(joints)))
            return false;
    }
    return words <= (is_time ? 4 : IN_PLACE_WORDS_MAX);
}

static bool ask_in_place(Arena *arena, const Asked *asked, Str *question_r)
{
    Buf out = buf_new(arena, KB(4));
    Str after = asked->after;
    if ((!asked->begins && !reads_well_in_place(asked)) ||
        asked->before.length + after.length < QUESTION_BYTES_MIN)
        return false;
    if (asked->begins && asked->phrase.at == asked->form->inside.at) {
        /* "In 1874, the quarry opened": the end is where the question stands. */
        if (str_starts(after, S(",")))
            after = str_from(after, 1);
        after = str_trim(after);
        if (!after.length || asked->form->language != LANGUAGE_ENGLISH)
            return false;
        Str first = upper_first(arena, after);
        buf_addf(&out, STR_FMT " " STR_FMT "?", STR_ARG(first), STR_ARG(asked->phrase));
    } else {
        buf_add(&out, asked->before);
        if (asked->before.length)
            buf_add_char(&out, ' ');
        buf_addf(&out, STR_FMT STR_FMT "?", STR_ARG(asked->phrase), STR_ARG(after));
    }
    *question_r = buf_str(&out);
    return true;
}

bool ask_for(Arena *arena, Language language, const Fact *fact, const FactKey *key, Str *question_r)
{
    Asked asked;
    if (!read_asked(language, fact, key, &asked))
        return false;
    bool is_subject = asked.begins && asked.phrase.at == asked.form->first.at;
    if (!is_subject && turn_round(arena, asked, key->kind, question_r))
        return true;
    return ask_in_place(arena, &asked, question_r);
}

bool ask_what_is(Arena *arena, Language language, const Fact *fact, Str *question_r)
{
    if (!fact->term.length)
        return false;
    for (size_t i = 0; i < COUNT(what_is); i++) {
        if (what_is[i].language != language)
            continue;
        /* With its article, as the sentence has it. */
        Str term =
            str_slice(fact->plain, 0, (size_t)(fact->term.at - fact->plain.at) + fact->term.length);
        term = lower_first(arena, term);
        if (!fact->is_name && fact->term.at == fact->plain.at) {
            term = str_copy(arena, term);
            ((char *)(uintptr_t)term.at)[0] = (char)tolower((unsigned char)term.at[0]);
        }
        Str before = fact->is_of_many ? what_is[i].many : what_is[i].one;
        *question_r = str_format(arena, STR_FMT STR_FMT "?", STR_ARG(before), STR_ARG(term));
        return true;
    }
    return false;
}

Str ask_gap(Arena *arena, const Fact *fact, const FactKey *key, Str gap)
{
    return str_format(arena, STR_FMT STR_FMT STR_FMT,
                      STR_ARG(str_slice(fact->plain, 0, key->start)), STR_ARG(gap),
                      STR_ARG(str_from(fact->plain, key->end)));
}

Str ask_term(Arena *arena, Language language, const Fact *fact)
{
    size_t form = 0; /* English */
    for (size_t i = 0; i < COUNT(fits); i++)
        if (fits[i].language == language)
            form = i;
    return str_format(arena, STR_FMT STR_FMT STR_FMT, STR_ARG(fits[form].before),
                      STR_ARG(fact->definition), STR_ARG(fits[form].after));
}
