/* query.h - what a person typed into the search box, understood.
 *
 *     heart attack "myocardial infarction" -mouse -"in vitro" title:trial (rat OR "guinea pig")
 *
 * Plain words are wanted, the more the better; words in quotes must stand side by side, with ~5
 * behind them near each other; what follows a - must not occur; what follows title:, heading: or
 * body: must occur there; of a OR b one must occur. tele* means words that begin so, word~ and
 * word~2 also those that one or two edits make of it. A word typed twice counts twice. Stop words
 * do not count unless there is nothing else, but they do stand in phrases. An unclosed quote is
 * plain words, a - before a digit is a minus.
 *
 * The query is understood once for each language given (words have different stems); a document
 * matches by any of them. Everything lives in the arena; byte ranges are of `text`. */
#pragma once

#include "base/base.h"
#include "text/words.h"

#define QUERY_LANGUAGES_MAX 4
#define QUERY_TEXT_MAX 8192 /* bytes that are looked at */
#define QUERY_TERMS_MAX 256
#define QUERY_CLAUSES_MAX 32
#define QUERY_PHRASE_MAX 64  /* words of a phrase that are compared */
#define QUERY_SLOP_MAX 1000u /* words between those of a phrase */
#define QUERY_WIDENED_MAX 16 /* words with * or ~; further ones mean themselves */

typedef struct QueryTerm {
    Str text;
    float weight;        /* how often it was typed */
    float rarity;        /* what BM25 weighs it with; 0: as often as it occurs */
    uint32_t start, end; /* where it was typed first */
    uint8_t edits;       /* 1 or 2: words that so many edits make of it are meant too */
    bool is_prefix;      /* words that begin with the text (folded, not stemmed) are meant */
    bool is_frame;       /* says how the query is asked: it scores, but nothing need have it */
} QueryTerm;

/* The words of a phrase in one language, side by side. */
typedef struct QueryPhrase {
    Str *words;
    size_t count;
} QueryPhrase;

#define QUERY_TITLE 1u
#define QUERY_HEADINGS 2u
#define QUERY_BODY 4u
#define QUERY_NAME 8u /* of the file */

/* Something that must (or must not) occur: any of its phrases does. One word is a phrase too; only
 * a phrase of one word may have edits or be a prefix. */
typedef struct QueryClause {
    VEC(QueryPhrase) phrases;
    bool is_excluded;
    bool is_prefix;      /* as in QueryTerm */
    uint8_t edits;       /* as in QueryTerm */
    uint8_t fields;      /* where: QUERY_TITLE | ...; 0: anywhere */
    uint16_t slop;       /* so many words may stand between those of the phrase, in any order */
    uint32_t start, end; /* where it was typed */
} QueryClause;

typedef struct Query {
    Str text;
    VEC(QueryTerm) terms; /* what scores */
    VEC(QueryClause) clauses;
    bool is_cut; /* it has more of something than the limits above allow */
} Query;

typedef struct ByteRange {
    uint32_t start, end;
} ByteRange;

/* Never fails; a text without words gives a query without terms. Languages with equal stems are
 * given once. */
Query query_parse(Arena *arena, Words *words, const Language *languages, size_t language_count,
                  Str text);

/* Marks what only says how the query is asked (query_frame.c); query_parse() has done it. */
void query_mark_frame(Arena *arena, Words *words, const Language *languages, size_t count,
                      Query *query);
/* All words that the query is about as clauses of these fields (query_frame.c); none when it says
 * itself what must occur. */
Query query_all_words(Arena *arena, const Query *query, uint8_t fields);

/* The word that is being typed, as an index keeps words but not stemmed: what stands behind the
 * last space or sign, unless it is in quotes or excluded. Empty: none, or too short to go on from.
 */
Str query_open_word(Arena *arena, Words *words, const Query *query, ByteRange *range_r);

typedef struct Snippet {
    uint32_t start, end;    /* of the text */
    VEC(ByteRange) matches; /* of the text, inside start..end, ascending */
} Snippet;

/* The best window of about `bytes_max` bytes: the one with the most different words of the query,
 * begun at a sentence or word. */
Snippet query_snippet(Arena *arena, const Query *query, Words *words, Language language, Str text,
                      size_t bytes_max);
