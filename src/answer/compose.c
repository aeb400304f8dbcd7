/* compose.c - an answer of quoted sentences: the best of each part, then more that are nearly as
 * good. */
#include "answer/answer_int.h"

#include <math.h>

#include "models/links.h"

/* The best sentence of each part is quoted, and more whose scores are at most so far below it: the
 * short ones as far as there is room for them, the others are only cited. */
#define CITE_BELOW 4.0
#define QUOTED_BYTES 1600

/* White space squeezed: a quote in running text. */
static Str squeezed(Arena *arena, Str text)
{
    Buf out = buf_new(arena, text.length + 1);
    for (size_t i = 0; i < text.length; i++) {
        bool space = HAS_CHAR(text.at[i], " \t\r\n");
        if (!space)
            buf_add_char(&out, text.at[i]);
        else if (out.length && out.at[out.length - 1] != ' ')
            buf_add_char(&out, ' ');
    }
    return str_trim(buf_str(&out));
}

bool add_sentence(AnswerRun *run, const AnswerSentence *given, Error *err)
{
    if (run->answer.sentence_count == SENTENCES_MAX)
        return true;
    int *numbers = arena_new_array(run->arena, int, given->citation_count + 1);
    Buf shown = buf_new(run->arena, KB(64));
    if (run->text.length)
        buf_add(&shown, S("\n\n"));
    buf_add(&shown, given->text);
    for (size_t i = 0; i < given->citation_count; i++) {
        numbers[i] = given->citations[i];
        buf_addf(&shown, " [%d]", numbers[i]);
    }
    AnswerSentence *sentence = &run->sentences[run->answer.sentence_count++];
    *sentence = *given;
    sentence->citations = numbers;
    buf_add(&run->text, buf_str(&shown));
    if (!tell_delta(run, buf_str(&shown), err))
        return false;
    return !run->sink->sentence || run->sink->sentence(run->sink->self, sentence) ||
           fail(err, ERROR_CANCELLED, "the reader has gone");
}

/* The rows of a quote, each with the names of its columns. */
static Str rows_text(Arena *arena, Str quote, Str header)
{
    Buf out = buf_new(arena, KB(16));
    Str line;
    while (str_next(&quote, '\n', &line)) {
        bool is_header = header.length && str_equal(str_trim(line), str_trim(header));
        if (!str_trim(line).length || (is_header && str_trim(quote).length))
            continue;
        if (out.length)
            buf_add(&out, S(" / "));
        buf_add(&out, is_header ? line : row_text(arena, line, header));
    }
    return buf_str(&out);
}

static double chance_of(double score) { return 1 / (1 + exp(-score)); }

static bool quote_unit(AnswerRun *run, Reading *reading, size_t unit, Error *err)
{
    size_t before = run->answer.citation_count;
    Citation *citation = cite_answer(run, reading, unit, chance_of(reading->units[unit].score));
    if (!citation || run->answer.citation_count == before)
        return true; /* said already, or no room */
    Str header = reading->units[unit].header;
    Str said = header.length ? rows_text(run->arena, citation->quote, header) : citation->quote;
    /* Pictures and tags that a page would fetch do not come with the words. */
    Str safe = links_broken(run->arena, squeezed(run->arena, said), said);
    Str key = squeezed(run->arena, reading->units[unit].text);
    ptrdiff_t at = str_find(safe, key);
    AnswerSentence sentence = {
        .text = safe,
        .key = at >= 0 && key.length < safe.length ? key : STR_NONE,
        .is_supported = true,
        .citations = &citation->number,
        .citation_count = 1,
    };
    return tell_source(run, citation, err) && add_sentence(run, &sentence, err);
}

static bool quote_best(AnswerRun *run, Part *part, Error *err)
{
    size_t best = part->reading->order[0];
    part->said = part->reading->units[best].words;
    return quote_unit(run, part->reading, best, err);
}

/* Of every part first what has a word of the question that was not said yet: `says_more`. */
static bool quote_more(AnswerRun *run, Part *part, bool says_more, Error *err)
{
    Reading *reading = part->reading;
    double best = reading->units[reading->order[0]].score;
    for (size_t i = 1; i < reading->unit_count; i++) {
        const Unit *unit = &reading->units[reading->order[i]];
        if (unit->score < best - CITE_BELOW)
            break;
        if (unit->kind == UNIT_HEADING || (says_more && !(unit->words & ~part->said)) ||
            run->text.length + unit->text.length > QUOTED_BYTES)
            continue;
        part->said |= unit->words;
        if (!quote_unit(run, reading, reading->order[i], err))
            return false;
    }
    return true;
}

/* Passages that are worth a look without being quoted: "See also [3] [4]". */
static bool cite_more(AnswerRun *run, const Part *part, size_t room, Error *err)
{
    const Reading *reading = part->reading;
    double best = reading->units[reading->order[0]].score;
    for (size_t i = 1; i < reading->unit_count && room; i++) {
        size_t before = run->answer.citation_count;
        const Unit *unit = &reading->units[reading->order[i]];
        if (unit->score < best - CITE_BELOW)
            break;
        const Citation *citation =
            cite_unit(run, reading, reading->order[i], chance_of(unit->score));
        if (!citation)
            break;
        if (run->answer.citation_count == before)
            continue;
        room--;
        if (!tell_source(run, citation, err))
            return false;
    }
    return true;
}

static bool add_see_also(AnswerRun *run, size_t from, Error *err)
{
    Buf text = buf_new(run->arena, KB(1));
    if (run->answer.citation_count == from)
        return true;
    buf_add(&text, S("\n\nSee also"));
    for (size_t i = from; i < run->answer.citation_count; i++)
        buf_addf(&text, " [%zu]", i + 1);
    buf_add(&run->text, buf_str(&text));
    return tell_delta(run, buf_str(&text), err);
}

bool compose(AnswerRun *run, Error *err)
{
    run->answer.is_found = true;
    for (size_t i = 0; i < run->part_count; i++)
        if (run->parts[i].is_found && !quote_best(run, &run->parts[i], err))
            return false;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < run->part_count; i++)
            if (run->parts[i].is_found && !quote_more(run, &run->parts[i], round == 0, err))
                return false;
    size_t quoted = run->answer.citation_count;
    for (size_t i = 0; i < run->part_count; i++)
        if (run->parts[i].is_found &&
            !cite_more(run, &run->parts[i], (CITATIONS_MAX - quoted) / run->part_count, err))
            return false;
    return add_see_also(run, quoted, err);
}

static const struct {
    Language language;
    Str text;
} refusals[] = {
#define REFUSAL(language, text) { LANGUAGE_##language, S_INIT(text) },
#include "answer/refusals.def"
#undef REFUSAL
};

Str refusal_for(Str question)
{
    Language language = language_detect(question, LANGUAGE_ENGLISH);
    for (size_t i = 0; i < COUNT(refusals); i++)
        if (refusals[i].language == language)
            return refusals[i].text;
    return refusals[0].text;
}

bool is_refusal(Str sentence)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        Str words = str_slice(refusals[i].text, 0, refusals[i].text.length - 1);
        if (str_find_ignore_case(sentence, words) >= 0)
            return true;
    }
    return false;
}

bool compose_not_found(AnswerRun *run, Error *err)
{
    Str refusal = refusal_for(run->question);
    Str text =
        run->text.length ? str_format(run->arena, "\n\n" STR_FMT, STR_ARG(refusal)) : refusal;
    run->answer.is_found = false;
    buf_add(&run->text, text);
    return tell_delta(run, text, err);
}
