/* keyword_segment.h - the keyword index's segment: its bytes, written and read.
 *
 * All numbers little-endian, sections 8-byte aligned:
 *   head      KeywordHead
 *   keys      u64 a document, ascending            lengths   u32, words weighted by field
 *   languages u8                                   dead ends of sections are zeros
 *   terms     u32 offsets into the texts [n + 1], sorted by text
 *   forms     texts, in the order of the terms     infos     KeywordTerm a term, one to end them
 *   blocks    KeywordBlock per 128 documents of a term, and one to end them
 *   postings  a block: width of the document gaps (1, 2 or 4), width of the counts, gaps, counts
 *   positions a block: for each document and field that has the term, in order, the LEB128 numbers
 *             count << 3 | another field follows << 2 | field, then the gaps between positions
 *
 * A position from KEYWORD_ASIDE is that of a word that weighs nothing in its field.
 *
 * A term's form is how its word is written, in lower case, where a stem is not: what is shown when
 * it is suggested. It is that of one document and dies with it.
 *
 * A block's bound is the highest score share tf / (tf + K) in it at the segment's own average
 * length; a search scales it (see keyword_search.c). */
#pragma once

#include "index/shelf.h"
#include "text/language.h"

#define KEYWORD_BLOCK 128
#define KEYWORD_SAMPLE 16

/* Robertson's BM25 with the idf that Lucene uses: ln(1 + (N - n + 0.5) / (n + 0.5)). Measured on
 * SciFact, Cranfield and CISI (bench/retrieval_bench.c), k1 0.9 to 1.8, b 0.6 to 0.9, titles one to
 * four times: mean nDCG@10 of this leg 0.486 to 0.496, of both legs 0.546 to 0.550; 0.494 and 0.549
 * here. The rest is within the noise of 601 queries. */
#define KEYWORD_K1 1.5f
#define KEYWORD_B 0.75f

typedef struct KeywordHead {
    char magic[8];
    uint32_t document_count, term_count, block_count, unused;
    uint64_t total_length;
    uint64_t keys, lengths, languages, term_offsets, term_texts, forms, infos, blocks, postings,
        positions, end;
} KeywordHead;

typedef struct KeywordTerm {
    uint32_t document_count, block_first;
    uint32_t form;          /* offset in the forms; it ends where the next term's begins */
    uint32_t form_document; /* that has it */
} KeywordTerm;

typedef struct KeywordBlock {
    uint32_t last_document;
    float bound;
    uint64_t postings, positions; /* offsets in their sections */
} KeywordBlock;

/* A segment as a search sees it: checked pointers into its bytes. */
typedef struct KeywordView {
    const KeywordHead *head;
    const uint32_t *lengths;
    const uint8_t *languages;
    const uint32_t *term_offsets;
    const char *term_texts, *forms;
    const KeywordTerm *infos;
    const KeywordBlock *blocks;
    const uint8_t *postings, *positions;
    uint64_t term_texts_size, forms_size, postings_size, positions_size;
    uint32_t language_counts[LANGUAGE_COUNT];
    uint64_t *spellings; /* keyword_spelling() of each term's form, without accents */
    uint32_t sample_count;
    uint64_t samples[]; /* how every KEYWORD_SAMPLE-th term begins, for finding one */
} KeywordView;

extern const SegmentKind keyword_segment_kind;

/* The term's row; false when the segment does not have it. */
bool keyword_find_term(const KeywordView *view, Str term, KeywordTerm *info_r);
Str keyword_term_text(const KeywordView *view, uint32_t term);
/* How the term is written; the term itself when nothing else is known. */
Str keyword_term_form(const KeywordView *view, uint32_t term);
/* Which letters a word has, once and twice: a letter added or lost changes one bit, one in place of
 * another two, two that change places none. */
uint64_t keyword_spelling(Str word);
/* The first term that is not before the text. */
uint32_t keyword_term_from(const KeywordView *view, Str text);

/* One block of postings, unpacked; behind the last document stand INT32_MAX. Damaged bytes give
 * count 0. */
typedef struct KeywordPostings {
    uint32_t count;
    uint32_t documents[KEYWORD_BLOCK];
    uint32_t counts[KEYWORD_BLOCK]; /* occurrences, weighted by field */
} KeywordPostings;
void keyword_unpack(const KeywordView *view, const KeywordTerm *info, uint32_t block,
                    KeywordPostings *postings);
/* Its documents alone: how many there are. */
uint32_t keyword_unpack_documents(const KeywordView *view, const KeywordTerm *info, uint32_t block,
                                  uint32_t documents[KEYWORD_BLOCK]);
/* How many of a block's documents are before this one. */
uint32_t keyword_documents_before(const uint32_t documents[KEYWORD_BLOCK], uint32_t document);
/* Bytes of a block's positions. */
Str keyword_positions(const KeywordView *view, uint32_t block);
/* The positions of the next document of *rest, which moves behind them: field << KEYWORD_FIELD_BITS
 * | word of the field, ascending. Those past `most` are only stepped over. Returns how many. */
#define KEYWORD_FIELD_BITS 30
#define KEYWORD_ASIDE (1u << 20)
uint32_t keyword_next_positions(Str *rest, uint32_t *positions, uint32_t most);
static inline bool keyword_is_aside(uint32_t position)
{
    return (position & ((1u << KEYWORD_FIELD_BITS) - 1)) >= KEYWORD_ASIDE;
}
static inline uint32_t keyword_block_count(const KeywordTerm *info)
{
    return (info->document_count + KEYWORD_BLOCK - 1) / KEYWORD_BLOCK;
}

/* --- Writing --- */

typedef struct KeywordWriter {
    KeywordHead head;
    const uint32_t *lengths;
    float average;
    Bytes out, term_offsets, term_texts, forms, infos, blocks, postings, positions;
    KeywordPostings pending;
    uint32_t last_document; /* of the block before; UINT32_MAX for none */
    Bytes pending_positions;
} KeywordWriter;

/* The documents in ascending order of keys; the arrays must live until keyword_write_end(). */
void keyword_write_begin(KeywordWriter *writer, const uint64_t *keys, const uint32_t *lengths,
                         const uint8_t *languages, uint32_t document_count);
/* A term (ascending order of bytes); its postings follow, documents ascending. `form`: empty when
 * it is the text. */
void keyword_write_term(KeywordWriter *writer, Str text, Str form, uint32_t form_document);
/* `positions`: as in the section. */
void keyword_write_posting(KeywordWriter *writer, uint32_t document, uint32_t count, Str positions);
Bytes keyword_write_end(KeywordWriter *writer);
/* The living documents of several segments in one. */
Bytes keyword_merge(Segment *const *segments, size_t count, uint64_t setting);
