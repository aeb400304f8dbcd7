/* keyword_expand.c - what a query means in this index: prefixes and words with edits become the
 * words that are there; words that are nowhere become those they resemble, for less. */
#include <math.h>

#include "base/utf8.h"
#include "index/keyword.h"
#include "index/keyword_words.h"
#include "text/fold.h"

#define EXPANDED_MAX 50 /* words that one becomes */
#define EXPANDED_MIN 4  /* ... however many there are, that share the next */
#define EXPANDED_TOTAL 128
#define GUESSED_MAX 4       /* words that one becomes that is nowhere */
#define GUESSED_WORDS_MAX 8 /* which are looked for: each costs some 0.3 ms in a large index */
/* What a guess counts, divided by its edits. */
#define GUESS_WEIGHT 0.5f
/* From here on scripts are written without spaces (CJK Radicals Supplement). */
#define UNSPACED_FROM 0x2E80

typedef struct Expansion {
    Snapshot *now;
    Arena *arena;
    const Query *from;
    VEC(QueryTerm) terms;
    size_t widened, guessed; /* words, so far */
    size_t most;             /* what each of the widened becomes */
} Expansion;

/* A word that a person may have mistyped: letters only, and enough of them. */
static uint32_t edits_for(Str word)
{
    size_t size, letters = 0;
    for (size_t at = 0; at < word.length; at += size, letters++) {
        uint32_t c = utf8_decode(word, at, &size);
        if ((c < 0x80 && (c | 0x20) - 'a' >= 26) || c >= UNSPACED_FROM)
            return 0;
    }
    return letters < 4 ? 0 : letters < 8 ? 1 : 2;
}

static bool is_there(const Expansion *e, Str word)
{
    KeywordTerm info;
    for (size_t i = 0; i < e->now->count; i++)
        if (keyword_find_term(e->now->at[i]->view, word, &info))
            return true;
    return false;
}

/* Any of the forms of what was typed there, one a language, is in the index. */
static bool place_is_there(const Expansion *e, const QueryTerm *term)
{
    for (size_t i = 0; i < e->from->terms.count; i++) {
        const QueryTerm *other = &e->from->terms.at[i];
        if (other->start < term->end && term->start < other->end && is_there(e, other->text))
            return true;
    }
    return false;
}

static void add_term(Expansion *e, QueryTerm term)
{
    for (size_t i = 0; i < e->terms.count; i++)
        if (str_equal(e->terms.at[i].text, term.text)) {
            e->terms.at[i].weight = MAX(e->terms.at[i].weight, term.weight);
            return;
        }
    if (e->terms.count < QUERY_TERMS_MAX)
        *vec_push(e->arena, &e->terms) = term;
}

/* All of them weigh what one word in any of their documents would: a rare slip of the pen does not
 * beat the word. */
static void add_words(Expansion *e, const QueryTerm *from, const KeywordWords *words, size_t most,
                      float share)
{
    double documents = 0;
    size_t count = MIN(words->at.count, most);
    for (size_t i = 0; i < count; i++)
        documents += words->at.at[i].documents;
    double rarity = keyword_rarity_together(e->now->at, e->now->count, documents);
    for (size_t i = 0; i < count; i++) {
        QueryTerm term = *from;
        const KeywordWord *word = &words->at.at[i];
        term.text = word->text;
        term.edits = 0;
        term.is_prefix = false;
        term.rarity = (float)rarity;
        term.weight =
            from->weight * share / (float)(share < 1 ? MAX(word->edits, 1u) : word->edits + 1);
        add_term(e, term);
    }
}

static KeywordWords words_for(const Expansion *e, Str text, bool is_prefix, uint32_t edits)
{
    return is_prefix ? keyword_words_prefixed(e->now->at, e->now->count, text, e->arena)
                     : keyword_words_like(e->now->at, e->now->count, text, edits, 0, e->arena);
}

/* What was typed, folded. */
static Str typed_text(const Expansion *e, const QueryTerm *term)
{
    char lower[WORD_TEXT_MAX * 4], plain[WORD_TEXT_MAX * 4];
    Str typed = str_slice(e->from->text, term->start, term->end);
    if (!typed.length || typed.length > WORD_TEXT_MAX)
        return term->text;
    typed = fold_case(typed, lower, sizeof(lower));
    return str_copy(e->arena, fold_accents(typed, plain, sizeof(plain)));
}

/* Its forms in other languages were typed as the same. */
static bool was_guessed(const Expansion *e, const QueryTerm *term)
{
    for (const QueryTerm *before = e->from->terms.at; before < term; before++)
        if (before->start == term->start && before->end == term->end)
            return true;
    return false;
}

/* Whether one more word may be widened. */
static bool widens(Expansion *e) { return e->widened++ < QUERY_WIDENED_MAX; }

/* So many of the words are written as it was typed: it is a word after all, of a language of which
 * the library has less than of the query's. */
static size_t count_written_so(const KeywordWords *words)
{
    size_t count = 0;
    while (count < words->at.count && words->at.at[count].edits == 0)
        count++;
    return count;
}

static void guess(Expansion *e, const QueryTerm *term)
{
    Str typed = typed_text(e, term);
    uint32_t edits = edits_for(typed);
    if (!edits || e->guessed == GUESSED_WORDS_MAX || was_guessed(e, term) ||
        place_is_there(e, term))
        return;
    e->guessed++;
    KeywordWords words = keyword_words_written_like(e->now->at, e->now->count, typed, edits,
                                                    keyword_word_first(typed), e->arena);
    size_t same = count_written_so(&words);
    add_words(e, term, &words, same ? same : GUESSED_MAX, same ? 1 : GUESS_WEIGHT);
}

static void expand_term(Expansion *e, const QueryTerm *term)
{
    if ((term->is_prefix || term->edits) && widens(e)) {
        KeywordWords words = words_for(e, term->text, term->is_prefix, term->edits);
        add_words(e, term, &words, e->most, 1);
        return;
    }
    guess(e, term);
    add_term(e, *term);
}

static void expand_clause(Expansion *e, QueryClause *clause)
{
    VEC(QueryPhrase) expanded = { 0 };
    if (!clause->is_prefix && !clause->edits)
        return;
    for (size_t i = 0; i < clause->phrases.count; i++) {
        const QueryPhrase *phrase = &clause->phrases.at[i];
        if (phrase->count != 1 || !widens(e)) {
            *vec_push(e->arena, &expanded) = *phrase;
            continue;
        }
        KeywordWords words = words_for(e, phrase->words[0], clause->is_prefix, clause->edits);
        for (size_t w = 0; w < MIN(words.at.count, e->most); w++)
            *vec_push(e->arena, &expanded) = (QueryPhrase){ &words.at.at[w].text, 1 };
    }
    clause->phrases.at = expanded.at;
    clause->phrases.count = expanded.count;
    clause->phrases.capacity = expanded.capacity;
    clause->is_prefix = false;
    clause->edits = 0;
}

/* One word with * becomes many words, twenty of them a few each: what the query costs is bounded.
 */
static size_t words_of_each(const Query *query)
{
    size_t count = 0;
    for (size_t i = 0; i < query->terms.count; i++)
        count += query->terms.at[i].is_prefix || query->terms.at[i].edits;
    for (size_t i = 0; i < query->clauses.count; i++)
        count += query->clauses.at[i].is_prefix || query->clauses.at[i].edits;
    return MAX(MIN(EXPANDED_TOTAL / MAX(count, 1u), EXPANDED_MAX), EXPANDED_MIN);
}

void keyword_expand(KeywordIndex *index, Arena *arena, Query *query)
{
    AUTO_SNAPSHOT Snapshot *now = keyword_snapshot(index);
    Expansion e = { .now = now, .arena = arena, .from = query };
    e.most = words_of_each(query);
    for (size_t i = 0; i < query->terms.count; i++)
        expand_term(&e, &query->terms.at[i]);
    query->terms.at = e.terms.at;
    query->terms.count = e.terms.count;
    query->terms.capacity = e.terms.capacity;
    for (size_t i = 0; i < query->clauses.count; i++)
        expand_clause(&e, &query->clauses.at[i]);
    query->is_cut |= e.widened > QUERY_WIDENED_MAX;
}

/* --- Suggestions --- */

/* One edit less is worth a hundred times as many documents; people get the first letter right. */
#define EDIT_COST 4.6
#define FIRST_LETTER_COST 2.3

static double likeliness(const KeywordWord *word, Str typed)
{
    char plain[WORD_TEXT_MAX * 4];
    Str form = fold_accents(word->form, plain, sizeof(plain));
    uint32_t edits = MIN(keyword_word_edits(typed, form), WORD_EDITS_MAX + 1u);
    bool same_first = form.length && typed.length && form.at[0] == typed.at[0];
    return log(word->documents + 1) - EDIT_COST * MAX(edits, 1u) -
           (same_first ? 0 : FIRST_LETTER_COST);
}

static Str likeliest(const KeywordWords *words, Str typed)
{
    Str best = STR_NONE;
    double most = -1e9;
    for (size_t i = 0; i < words->at.count; i++) {
        double value = likeliness(&words->at.at[i], typed);
        if (value > most) {
            most = value;
            best = words->at.at[i].form;
        }
    }
    return best;
}

Str keyword_suggest(KeywordIndex *index, Words *words, const Language *languages,
                    size_t language_count, Str word, size_t *looks, Arena *arena)
{
    AUTO_SNAPSHOT Snapshot *now = keyword_snapshot(index);
    char lower[WORD_TEXT_MAX * 4], plain[WORD_TEXT_MAX * 4];
    Expansion e = { .now = now, .arena = arena };
    Str best = STR_NONE;

    word = str_slice(word, 0, utf8_floor(word, MIN(word.length, WORD_TEXT_MAX)));
    Str typed = fold_accents(fold_case(word, lower, sizeof(lower)), plain, sizeof(plain));
    uint32_t edits = edits_for(typed);
    language_count = edits ? MIN(language_count, QUERY_LANGUAGES_MAX) : 0;
    for (size_t l = 0; l < language_count; l++) {
        WordList list = words_list(words, languages[l], word, arena);
        if (!list.words.count || is_there(&e, list.words.at[0].text))
            return STR_NONE;
    }
    if (!language_count || !*looks)
        return STR_NONE;
    --*looks;
    /* Words with another first letter only when none has the same. */
    for (size_t whole = 0; whole < 2 && !best.length; whole++) {
        size_t same = whole ? 0 : keyword_word_first(typed);
        KeywordWords like =
            keyword_words_written_like(now->at, now->count, typed, edits, same, arena);
        if (count_written_so(&like))
            return STR_NONE;
        best = likeliest(&like, typed);
    }
    return best;
}
