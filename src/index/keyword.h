/* keyword.h - BM25 over chunks: own segments, phrases, block-max pruning.
 *
 *     keyword_add(chunk) ... keyword_publish() -> visible -> keyword_commit() -> on disk
 *
 * Each field's words count `weight` times, in the occurrences and in the length alike. Added
 * chunks wait until keyword_publish() (or until a million words wait). Adding a key again
 * replaces it.
 *
 * Threads: one writer at a time, any number of readers, which never wait for the writer.
 * Memory: 100,000 chunks of 1,000 characters are about 60 MB, mapped once committed. */
#pragma once

#include "index/keyword_explain.h"
#include "index/query.h"
#include "index/shelf.h"

typedef struct KeywordField {
    Str text;
    uint32_t weight;
    /* Texts that are words of another field already and are to be found in this one too: they weigh
     * nothing, so no score knows of them. */
    const Str *asides;
    size_t aside_count;
} KeywordField;

typedef struct KeywordDocument {
    uint64_t key;
    Language language;
    KeywordField fields[KEYWORD_FIELDS_MAX]; /* title, headings, body ... */
} KeywordDocument;

typedef struct KeywordIndex KeywordIndex;

/* `identity`: a folder written with another one counts as damaged. */
KeywordIndex *keyword_new(const char *folder, uint64_t identity);
void keyword_free(KeywordIndex *index); /* NULL is fine */
ShelfState keyword_load(KeywordIndex *index, uint64_t *generation_r, Error *err);

/* For the writer: */
void keyword_add(KeywordIndex *index, Words *words, const KeywordDocument *document);
void keyword_publish(KeywordIndex *index);
bool keyword_delete(KeywordIndex *index, uint64_t key); /* at once; false: there was none */
void keyword_erase(KeywordIndex *index, uint64_t key);  /* see shelf_erase() */
void keyword_clear(KeywordIndex *index);
MUST_CHECK bool keyword_commit(KeywordIndex *index, uint64_t generation, Error *err);

/* The best `k` living chunks that the query matches and the filter (NULL: all) allows, best first;
 * equal scores in order of keys. Returns how many. Any thread. */
size_t keyword_search(KeywordIndex *index, const Query *query, const KeyFilter *filter, size_t k,
                      LegHit *hits);
/* The languages of the chunks, most frequent first, for query_parse(): those with at least one
 * chunk in fifty. Returns how many. */
size_t keyword_languages(KeywordIndex *index, Language *languages, size_t most);
/* The living chunks that the filter (NULL: all) allows and that keep to the query's phrases and
 * exclusions, as a bitmap. *is_cut_r (NULL: not asked) is set when the phrases are too frequent to
 * be looked for everywhere: see PHRASE_LOOKS_MAX. */
KeyFilter keyword_matching(KeywordIndex *index, const Query *query, const KeyFilter *filter,
                           Arena *arena, bool *is_cut_r);
/* All living chunks that have one of the query's words and pass the filter (NULL: all), as a
 * filter. Its phrases and exclusions do not matter here. */
KeyFilter keyword_having(KeywordIndex *index, const Query *query, const KeyFilter *filter,
                         Arena *arena);
/* What the query means in this index: its prefixes and words with edits become words that are
 * there, words that occur nowhere those they resemble, for less. */
void keyword_expand(KeywordIndex *index, Arena *arena, Query *query);
/* For a word that occurs nowhere: the likeliest word of the index within two edits (one of a short
 * word), by edits and frequency, as it is written there. Empty: it occurs, or there is none.
 * *looks: see index_suggest(). */
Str keyword_suggest(KeywordIndex *index, Words *words, const Language *languages,
                    size_t language_count, Str word, size_t *looks, Arena *arena);
/* Words of the index that begin with the prefix, the most frequent first; *rarity_r: the weight
 * they have together. Returns how many. */
size_t keyword_prefixed(KeywordIndex *index, Str prefix, Arena *arena, Str *words, size_t most,
                        double *rarity_r);
/* How rare the word (as an index keeps it) is: the weight that BM25 gives it; 0 to about 12. */
double keyword_rarity(KeywordIndex *index, Str word);
/* What share of the query's words keys have, 0..1: a word counts by its rarity, once, in whatever
 * form. A word that none of them has (mistyped, or of another library) does not count: it says
 * nothing of which is better. Words beyond KEYWORD_COVERED_MAX are left out. Keys may be marked at
 * any time until the end, so that the first are while others are still looked for:
 *
 *     keyword_coverage_begin() -> keyword_coverage_mark() -> keyword_coverage_share() -> _end()
 *
 * One thread at a time; it lies in the arena, and the end gives the segments back. */
#define KEYWORD_COVERED_MAX 64
typedef struct KeywordCoverage KeywordCoverage;
KeywordCoverage *keyword_coverage_begin(KeywordIndex *index, const Query *query, Arena *arena);
/* marks[i]: a bit for each word that keys[i] (ascending) has. */
void keyword_coverage_mark(const KeywordCoverage *coverage, const uint64_t *keys, size_t count,
                           uint64_t *marks);
/* shares[i]: of the words of marks[i]; these are of all keys that are compared. */
void keyword_coverage_share(const KeywordCoverage *coverage, const uint64_t *marks, size_t count,
                            float *shares);
void keyword_coverage_end(KeywordCoverage *coverage);
/* Why keyword_search() gives the chunk its score. */
KeywordExplanation keyword_explain(KeywordIndex *index, const Query *query, uint64_t key,
                                   Arena *arena);
ShelfSize keyword_size(KeywordIndex *index);
Shelf *keyword_shelf(KeywordIndex *index); /* for merging beside the writer */
/* What a search would see now; for checks. Release with snapshot_release(). */
Snapshot *keyword_snapshot(KeywordIndex *index);

/* keyword_having() of one segment: sets a bit for each of its documents, alive or dead. */
void keyword_having_in(const Segment *segment, const Query *query, uint64_t *having);
/* keyword_rarity() and keyword_search() over any segments of keyword_segment_kind. */
/* The weight of a word that this many chunks have. */
double keyword_rarity_together(Segment *const *segments, size_t segment_count, double documents);
/* Words of a document, weighted by field; 1 when there are none. */
double keyword_average_length(Segment *const *segments, size_t segment_count);
double keyword_rarity_in(Segment *const *segments, size_t segment_count, Str word);
size_t keyword_search_segments(Segment *const *segments, size_t segment_count, const Query *query,
                               const KeyFilter *filter, size_t k, LegHit *hits);
