/* value_words.c - values that are told by words: lengths of time, laws, yes and no, choices. */
#include "fields/values_int.h"

/* --- Lengths of time --- */

static const char *const length_units =
    "day|days|week|weeks|month|months|year|years|tag|tage|tagen|woche|wochen|monat|monate|monaten|"
    "monats|jahr|jahre|jahren|jour|jours|semaine|semaines|mois|an|ans|année|années";
static const char *const length_numbers =
    "one|two|three|four|five|six|seven|eight|nine|ten|twelve|eighteen|twenty|thirty|sixty|ninety|"
    "ein|eine|einen|einem|einer|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|dreissig|un|"
    "une|"
    "deux|trois|quatre|cinq|six|sept|huit|neuf|dix|douze|fourteen|vierzehn|calendar|full|business";

static bool is_word_of(const char *list, Str word)
{
    Str rest = str(list), one;
    while (str_next(&rest, '|', &one))
        if (str_equal(one, word))
            return true;
    return false;
}

static bool is_count(Str word)
{
    for (size_t i = 0; i < word.length; i++)
        if (!is_digit(word.at[i]))
            return is_word_of(length_numbers, word);
    return word.length > 0 && word.length <= 3;
}

/* "three (3) months", "12 Monate": a unit and the numbers right before it. */
bool read_length(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                 Found *found_r)
{
    (void)node;
    size_t i = word_from(reading, from);
    for (size_t first = i; i < reading->words.count && reading->words.at[i].end <= to; i++) {
        size_t back = i;
        if (!is_word_of(length_units, reading->words.at[i].folded))
            continue;
        while (back > first && i - back < 4 && is_count(reading->words.at[back - 1].folded))
            back--;
        if (back < i)
            return found_at(reading, reading->words.at[back].start, reading->words.at[i].end, 0.9,
                            found_r);
    }
    return false;
}

/* --- Laws --- */

/* Up to where the sentence goes on about something else. */
bool read_law(const Reading *reading, const FieldNode *node, size_t from, size_t to, Found *found_r)
{
    static const char *const ends[] = { ".",           ",",          ";",
                                        "(",           " without ",  " and the courts",
                                        " excluding ", " unter ",    " und ",
                                        " sans ",      " and is ",   " as ",
                                        " à ",         " anwendbar", "\n" };
    static const char *const leads[] = { "the laws of ", "the law of ", "laws of ",
                                         "law of ",      "the ",        "das Recht der ",
                                         "le droit ",    "du ",         "de la " };
    size_t at = skip_filler(reading, from, to);
    bool goes_on = true;
    while (goes_on) {
        goes_on = false;
        for (size_t i = 0; i < COUNT(leads); i++)
            if (str_starts(str_slice(reading->text, at, to), str(leads[i]))) {
                at += strlen(leads[i]);
                goes_on = true;
            }
    }
    Str rest = str_slice(reading->text, at, MIN(to, at + 80));
    size_t end = rest.length;
    for (size_t i = 0; i < COUNT(ends); i++) {
        ptrdiff_t cut = str_find(rest, str(ends[i]));
        end = cut >= 0 ? MIN(end, (size_t)cut) : end;
    }
    (void)node;
    /* "Governing law. This Agreement is governed by ...": the law is named later. */
    bool is_sentence = str_starts(rest, S("This ")) || str_starts(rest, S("The ")) ||
                       str_starts(rest, S("Dieser ")) || str_starts(rest, S("Der ")) ||
                       str_find(str_slice(rest, 0, end), S(" is ")) >= 0;
    return end >= 4 && !is_sentence && found_at(reading, at, at + end, 0.8, found_r);
}

/* --- Flags and choices --- */

bool read_flag(const Reading *reading, const FieldNode *node, size_t from, size_t to,
               Found *found_r)
{
    static const char *const yes = "yes|true|ja|oui|vrai|wahr|x|y";
    static const char *const no = "no|false|nein|non|faux|falsch|n";
    (void)node;
    for (size_t i = word_from(reading, from); i < reading->words.count; i++) {
        const Word *word = &reading->words.at[i];
        if (word->end > to)
            break;
        bool is_yes = is_word_of(yes, word->folded);
        if (is_yes || is_word_of(no, word->folded)) {
            *found_r = (Found){ word->start, word->end, is_yes ? S("true") : S("false"), 0.9 };
            return true;
        }
    }
    return false;
}

/* Words that documents say for a choice. */
static const struct {
    const char *choice, *words;
} choice_words[] = {
    { "cash", "cash|bar|barzahlung|espèces|bargeld" },
    { "card",
      "card|visa|mastercard|ec|girocard|maestro|karte|kreditkarte|carte|amex|debit|credit" },
    { "transfer", "transfer|überweisung|bank transfer|virement" },
    { "voucher", "voucher|gutschein" },
};

static bool is_said(const Reading *reading, Str choice, size_t from, size_t to, Found *found_r)
{
    Str folded = fields_fold_name(reading->arena, choice), first = folded, rest = folded;
    const char *others = "";
    str_next(&rest, ' ', &first);
    for (size_t i = 0; i < COUNT(choice_words); i++)
        if (str_is(folded, choice_words[i].choice))
            others = choice_words[i].words;
    for (size_t i = word_from(reading, from); i < reading->words.count; i++) {
        const Word *word = &reading->words.at[i];
        if (word->end > to)
            break;
        size_t end = word->end;
        bool fits = str_equal(word->folded, folded) || is_word_of(others, word->folded);
        if (!fits && rest.length && str_equal(word->folded, first)) {
            size_t close = MIN(to, word->start + choice.length + 4);
            Str said =
                fields_fold_name(reading->arena, str_slice(reading->text, word->start, close));
            fits = str_starts(said, folded);
            end = MIN(close, word->start + choice.length);
        }
        if (fits) {
            *found_r = (Found){ word->start, end, choice, 0.9 };
            return true;
        }
    }
    return false;
}

bool read_choice(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                 Found *found_r)
{
    const json_t *one;
    size_t i, best = SIZE_MAX;
    json_array_foreach(json_object_get(node->schema, "enum"), i, one)
    {
        Found found;
        Str choice = { json_string_value(one), json_string_length(one) };
        if (json_is_string(one) && is_said(reading, choice, from, to, &found) &&
            found.start < best) {
            best = found.start;
            *found_r = found;
        }
    }
    return best != SIZE_MAX;
}
