/* bound.c - whether a unit gives the number that is asked for, and not only some number: "12 eggs"
 * for "how many eggs", "3,754 metres" for "how high"; see reading.h. */
#include "answer/question_int.h"
#include "answer/reading.h"

/* So many words lie at most between a number and what it counts, and the other way round. */
#define WORDS_AFTER_NUMBER 4
#define WORDS_BEFORE_NUMBER 3

static const char currencies[] =
    " dollar dollars euro euros pound pounds cent cents usd eur gbp chf yen ";
static const char *const currency_signs[] = { "$", "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5" };

typedef struct Binding {
    const Question *question;
    Str text;
    uint32_t number_at, asked_at; /* positions + 1; 0: not seen yet */
    bool is_bound, has_number, has_currency, has_other_year;
} Binding;

static bool is_new_number(const Question *question, Str written)
{
    bool is_number = (written.at[0] >= '0' && written.at[0] <= '9') || is_number_name(written);
    return is_number && str_find_ignore_case(question->text, written) < 0;
}

static bool is_year(Str written)
{
    bool begins = written.length == 4 && (written.at[0] == '1' || written.at[0] == '2');
    for (size_t i = 0; begins && i < 4; i++)
        begins = written.at[i] >= '0' && written.at[i] <= '9';
    return begins;
}

static bool is_asked(const Question *question, const Word *word, Str written)
{
    if (question->measure && word_is_in(question->measure, written))
        return true;
    for (size_t i = 0; question->is_counted && i < question->word_count; i++)
        if (question->focus >> i & 1 && (str_equal(question->words[i].text, word->text) ||
                                         str_equal(question->words[i].alias, word->text)))
            return true;
    return false;
}

static void bind_word(void *self, const Word *word)
{
    Binding *binding = self;
    uint32_t at = word->position + 1;
    Str written = str_slice(binding->text, word->start, word->end);
    if (word->is_extra || !written.length)
        return;
    binding->has_currency |= word_is_in(currencies, written);
    if (is_new_number(binding->question, written)) {
        binding->has_number = true;
        binding->has_other_year |= is_year(written);
        binding->number_at = at;
        binding->is_bound |= binding->asked_at && at - binding->asked_at <= WORDS_BEFORE_NUMBER;
    } else if (is_asked(binding->question, word, written)) {
        binding->asked_at = at;
        binding->is_bound |= binding->number_at && at - binding->number_at <= WORDS_AFTER_NUMBER;
    }
}

static Binding bind(const Reading *reading, const Unit *unit)
{
    Binding binding = { .question = &reading->question, .text = unit->text };
    words_split(reading->words, reading->question.language, unit->text, bind_word, &binding);
    for (size_t i = 0; i < COUNT(currency_signs); i++)
        binding.has_currency |= str_find(unit->text, str(currency_signs[i])) >= 0;
    return binding;
}

double reading_bound(const Reading *reading, const Unit *unit)
{
    const Question *question = &reading->question;
    bool is_counted = question->is_counted && question->focus;
    if (!question->is_money && !question->measure && !is_counted)
        return 0.5;
    Binding binding = bind(reading, unit);
    bool is_cell =
        unit->kind == UNIT_ROW && binding.has_number && (unit->near & question->focus) != 0;
    bool is_amount = question->is_money && binding.has_number && binding.has_currency;
    return binding.is_bound || is_cell || is_amount ? 1 : 0;
}

bool reading_is_of_other_year(const Reading *reading, const Unit *unit)
{
    const Question *question = &reading->question;
    uint64_t said = unit->near | reading->passages[unit->passage].frame;
    bool lacks_year = false;
    for (size_t i = 0; i < question->word_count; i++)
        lacks_year |= is_year(question->words[i].written) && !(said >> i & 1);
    return lacks_year && bind(reading, unit).has_other_year;
}
