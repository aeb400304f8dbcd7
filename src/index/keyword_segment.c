/* keyword_segment.c - reading; see keyword_segment.h. Nothing here trusts a byte: the checksum
 * keeps out what disks do, these checks what a checksum cannot. */
#include <emmintrin.h>

#include "base/utf8.h"
#include "index/keyword_segment.h"
#include "text/fold.h"
#include "text/words.h"

static bool broken(Error *err, const char *what)
{
    return fail(err, ERROR_INTERNAL, "a keyword segment's %s does not fit", what);
}

/* `size` bytes of a section that begins at `offset`, before the next one. */
static bool section_fits(const KeywordHead *head, uint64_t offset, uint64_t size, uint64_t next)
{
    return offset % 8 == 0 && offset >= sizeof(*head) && offset <= next && next <= head->end &&
           size <= next - offset;
}

static bool check_head(const KeywordHead *head, Str bytes, Error *err)
{
    uint64_t documents = head->document_count, terms = head->term_count;
    if (documents >= INT32_MAX)
        return broken(err, "size");
    if (memcmp(head->magic, "LKEYWRD2", 8) != 0 || head->end != bytes.length)
        return broken(err, "head");
    if (!section_fits(head, head->keys, documents * 8, head->lengths) ||
        !section_fits(head, head->lengths, documents * 4, head->languages) ||
        !section_fits(head, head->languages, documents, head->term_offsets) ||
        !section_fits(head, head->term_offsets, (terms + 1) * 4, head->term_texts) ||
        !section_fits(head, head->term_texts, 0, head->forms) ||
        !section_fits(head, head->forms, 0, head->infos) ||
        !section_fits(head, head->infos, (terms + 1) * sizeof(KeywordTerm), head->blocks) ||
        !section_fits(head, head->blocks, (head->block_count + UINT64_C(1)) * sizeof(KeywordBlock),
                      head->postings) ||
        !section_fits(head, head->postings, 0, head->positions) ||
        !section_fits(head, head->positions, 0, head->end))
        return broken(err, "sections");
    return true;
}

static bool check_keys(const uint64_t *keys, uint32_t count, Error *err)
{
    for (uint32_t i = 1; i < count; i++)
        if (keys[i - 1] >= keys[i])
            return broken(err, "keys");
    return true;
}

/* The first eight bytes, so that numbers are in the order of texts. */
static uint64_t beginning(Str text)
{
    uint8_t bytes[8] = { 0 };
    uint64_t value;
    memcpy(bytes, text.at ? text.at : "", MIN(text.length, sizeof(bytes)));
    memcpy(&value, bytes, sizeof(value));
    return __builtin_bswap64(value);
}

uint64_t keyword_spelling(Str word)
{
    uint64_t once = 0, twice = 0;
    size_t size;
    for (size_t at = 0; at < word.length; at += size) {
        uint32_t c = utf8_decode(word, at, &size);
        uint64_t bit = UINT64_C(1) << (c - 'a' < 26 ? c - 'a' : 26 + c % 6);
        twice |= once & bit;
        once |= bit;
    }
    return once | twice << 32;
}

static void read_spellings(KeywordView *view)
{
    char plain[WORD_TEXT_MAX * 4];
    for (uint32_t t = 0; t < view->head->term_count; t++)
        view->spellings[t] =
            keyword_spelling(fold_accents(keyword_term_form(view, t), plain, sizeof(plain)));
}

static bool open_segment(Str bytes, uint64_t setting, Segment *segment, Error *err)
{
    (void)setting;
    if (bytes.length < sizeof(KeywordHead) || (uintptr_t)bytes.at % 8)
        return broken(err, "size");
    const void *base = bytes.at;
    const KeywordHead *head = base;
    if (!check_head(head, bytes, err))
        return false;
    size_t samples = head->term_count / KEYWORD_SAMPLE + 1;
    KeywordView *view = segment->view =
        heap_alloc(sizeof(*view) + (samples + head->term_count) * sizeof(uint64_t));
    const void *at = bytes.at + head->keys;
    segment->names = at;
    segment->count = head->document_count;
    at = bytes.at + head->lengths, view->lengths = at;
    at = bytes.at + head->languages, view->languages = at;
    at = bytes.at + head->term_offsets, view->term_offsets = at;
    at = bytes.at + head->infos, view->infos = at;
    at = bytes.at + head->blocks, view->blocks = at;
    at = bytes.at + head->postings, view->postings = at;
    at = bytes.at + head->positions, view->positions = at;
    view->head = head;
    view->term_texts = bytes.at + head->term_texts;
    view->forms = bytes.at + head->forms;
    view->term_texts_size = head->forms - head->term_texts;
    view->forms_size = head->infos - head->forms;
    view->postings_size = head->positions - head->postings;
    view->positions_size = head->end - head->positions;
    for (uint32_t i = 0; i < head->document_count; i++)
        view->language_counts[MIN(view->languages[i], LANGUAGE_COUNT - 1)]++;
    for (uint32_t t = 0; t < head->term_count; t += KEYWORD_SAMPLE)
        view->samples[view->sample_count++] = beginning(keyword_term_text(view, t));
    view->spellings = view->samples + samples;
    read_spellings(view);
    return check_keys(segment->names, segment->count, err);
}

Str keyword_term_text(const KeywordView *view, uint32_t term)
{
    uint32_t start = view->term_offsets[term], end = view->term_offsets[term + 1];
    if (start > end || end > view->term_texts_size)
        return STR_NONE;
    return (Str){ view->term_texts + start, end - start };
}

Str keyword_term_form(const KeywordView *view, uint32_t term)
{
    uint32_t start = view->infos[term].form, end = view->infos[term + 1].form;
    if (start >= end || end > view->forms_size)
        return keyword_term_text(view, term);
    return (Str){ view->forms + start, end - start };
}

uint32_t keyword_term_from(const KeywordView *view, Str text)
{
    uint32_t low = 0, high = view->sample_count, count = view->head->term_count;
    uint64_t wanted = beginning(text);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (view->samples[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    /* From the last sample that is less to the first that is more. */
    while (high < view->sample_count && view->samples[high] == wanted)
        high++;
    low = low ? (low - 1) * KEYWORD_SAMPLE : 0;
    high = high < view->sample_count ? high * KEYWORD_SAMPLE : count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (str_compare(keyword_term_text(view, middle), text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool keyword_find_term(const KeywordView *view, Str term, KeywordTerm *info_r)
{
    uint32_t low = keyword_term_from(view, term);
    if (low == view->head->term_count || !str_equal(keyword_term_text(view, low), term))
        return false;
    KeywordTerm info = view->infos[low];
    if (!info.document_count || info.document_count > view->head->document_count ||
        (uint64_t)info.block_first + keyword_block_count(&info) > view->head->block_count)
        return false;
    *info_r = info;
    return true;
}

static void widen(const uint8_t *from, uint32_t width, uint32_t count, uint32_t *to)
{
    const __m128i zero = _mm_setzero_si128();
    uint32_t i = 0;
    if (width == 1) {
        for (; i + 16 <= count; i += 16) {
            __m128i bytes = _mm_loadu_si128((const void *)(from + i));
            __m128i low = _mm_unpacklo_epi8(bytes, zero), high = _mm_unpackhi_epi8(bytes, zero);
            _mm_storeu_si128((void *)(to + i), _mm_unpacklo_epi16(low, zero));
            _mm_storeu_si128((void *)(to + i + 4), _mm_unpackhi_epi16(low, zero));
            _mm_storeu_si128((void *)(to + i + 8), _mm_unpacklo_epi16(high, zero));
            _mm_storeu_si128((void *)(to + i + 12), _mm_unpackhi_epi16(high, zero));
        }
        for (; i < count; i++)
            to[i] = from[i];
    } else if (width == 2) {
        for (; i + 8 <= count; i += 8) {
            __m128i words = _mm_loadu_si128((const void *)(from + (size_t)2 * i));
            _mm_storeu_si128((void *)(to + i), _mm_unpacklo_epi16(words, zero));
            _mm_storeu_si128((void *)(to + i + 4), _mm_unpackhi_epi16(words, zero));
        }
        for (; i < count; i++) {
            uint16_t value;
            memcpy(&value, from + (size_t)2 * i, 2);
            to[i] = value;
        }
    } else {
        memcpy(to, from, (size_t)count * 4);
    }
}

/* Gaps become documents: each is one behind the one before, and its gap. Returns what is behind
 * the last. */
static uint64_t add_up(uint32_t *documents, uint32_t count, uint64_t document)
{
    for (uint32_t i = 0; i < count; i++) {
        document += documents[i];
        documents[i] = (uint32_t)document++;
    }
    return document;
}

/* The same of gaps below 65536, behind a document that is in range: nothing overflows. */
static uint64_t add_up_small(uint32_t *documents, uint32_t count, uint32_t document)
{
    const __m128i one = _mm_set1_epi32(1);
    __m128i before = _mm_set1_epi32((int)document - 1);
    uint32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        __m128i four = _mm_add_epi32(_mm_loadu_si128((const void *)(documents + i)), one);
        four = _mm_add_epi32(four, _mm_slli_si128(four, 4));
        four = _mm_add_epi32(four, _mm_slli_si128(four, 8));
        before = _mm_add_epi32(four, _mm_shuffle_epi32(before, 0xFF));
        _mm_storeu_si128((void *)(documents + i), before);
    }
    return add_up(documents + i, count - i, i ? documents[i - 1] + UINT64_C(1) : document);
}

/* Where a block's numbers are: checked. */
typedef struct PackedBlock {
    const uint8_t *gaps, *counts;
    uint8_t gap_width, count_width;
    uint32_t count;
    uint64_t first; /* the least document that it may have */
} PackedBlock;

static bool is_width(uint8_t width) { return width == 1 || width == 2 || width == 4; }

static bool find_block(const KeywordView *view, const KeywordTerm *info, uint32_t block,
                       PackedBlock *packed_r)
{
    const KeywordBlock *about = &view->blocks[info->block_first + block];
    uint64_t start = about[0].postings, end = about[1].postings;
    uint64_t first = block ? about[-1].last_document + UINT64_C(1) : 0;
    uint32_t count = MIN(info->document_count - block * KEYWORD_BLOCK, KEYWORD_BLOCK);
    if (start > end || end > view->postings_size || end - start < 2 ||
        first >= view->head->document_count)
        return false;
    const uint8_t *at = view->postings + start;
    *packed_r = (PackedBlock){ at + 2, at + 2 + (size_t)count * at[0], at[0], at[1], count, first };
    return is_width(at[0]) && is_width(at[1]) &&
           end - start >= 2 + (uint64_t)count * (at[0] + at[1]);
}

static uint32_t unpack_documents(const KeywordView *view, const KeywordBlock *about,
                                 const PackedBlock *packed, uint32_t *documents)
{
    uint32_t count = packed->count;
    widen(packed->gaps, packed->gap_width, count, documents);
    uint64_t end = packed->gap_width < 4 ? add_up_small(documents, count, (uint32_t)packed->first)
                                         : add_up(documents, count, packed->first);
    for (uint32_t i = count; i < KEYWORD_BLOCK; i++)
        documents[i] = INT32_MAX;
    /* Sums only grow: when the last is right and in range, so is every one before it. */
    bool is_right =
        end - 1 == about->last_document && about->last_document < view->head->document_count;
    return is_right ? count : 0;
}

uint32_t keyword_unpack_documents(const KeywordView *view, const KeywordTerm *info, uint32_t block,
                                  uint32_t documents[KEYWORD_BLOCK])
{
    PackedBlock packed;
    return find_block(view, info, block, &packed)
               ? unpack_documents(view, &view->blocks[info->block_first + block], &packed,
                                  documents)
               : 0;
}

void keyword_unpack(const KeywordView *view, const KeywordTerm *info, uint32_t block,
                    KeywordPostings *postings)
{
    PackedBlock packed;
    postings->count = 0;
    if (!find_block(view, info, block, &packed))
        return;
    widen(packed.counts, packed.count_width, packed.count, postings->counts);
    postings->count = unpack_documents(view, &view->blocks[info->block_first + block], &packed,
                                       postings->documents);
}

/* First in steps of 16, then those of the step, without a branch that could be guessed wrong. */
uint32_t keyword_documents_before(const uint32_t documents[KEYWORD_BLOCK], uint32_t document)
{
    const __m128i wanted = _mm_set1_epi32((int)document);
    uint32_t at = 0, mask = 0;
    for (uint32_t i = 15; i < KEYWORD_BLOCK - 1; i += 16)
        at += (uint32_t)(documents[i] < document) * 16;
    for (uint32_t i = 0; i < 4; i++) {
        const void *four = documents + at + 4 * i;
        __m128i before = _mm_cmplt_epi32(_mm_loadu_si128(four), wanted);
        mask |= (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(before)) << 4 * i;
    }
    return at + (uint32_t)__builtin_ctz(~mask);
}

Str keyword_positions(const KeywordView *view, uint32_t block)
{
    uint64_t start = view->blocks[block].positions, end = view->blocks[block + 1].positions;
    if (start > end || end > view->positions_size)
        return STR_NONE;
    const void *at = view->positions + start;
    return (Str){ at, end - start };
}

uint32_t keyword_next_positions(Str *rest, uint32_t *positions, uint32_t most)
{
    if (!rest->length)
        return 0;
    const uint8_t *from = (const uint8_t *)rest->at, *end = from + rest->length, *at = from;
    uint32_t found = 0, head, gap;
    bool more = true;
    while (more && varint_read(&at, end, &head)) {
        uint32_t position = (head & 3) << KEYWORD_FIELD_BITS;
        more = head >> 2 & 1;
        for (uint32_t i = 0; i < head >> 3 && varint_read(&at, end, &gap); i++) {
            position += gap;
            if (found < most)
                positions[found++] = position;
        }
    }
    *rest = str_from(*rest, (size_t)(at - from));
    return found;
}

const SegmentKind keyword_segment_kind = {
    .name = "keyword",
    .version = 7,
    .open = open_segment,
    .merge = keyword_merge,
};
