/* fuzz_index.c - segments of both legs with bytes changed at will, and any text as a query.
 *
 * Input: a byte that chooses, then for segments 4-byte patches (offset, value) of a valid one:
 * bytes made up from nothing would never get past the head. */
#include "index/keyword.h"
#include "index/keyword_segment.h"
#include "index/vectors.h"

#define DIMS 20

static Str valid_keyword(void)
{
    KeywordIndex *index = keyword_new("/nonexistent", 0);
    Words *words = words_new();
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (uint64_t key = 0; key < 300; key++) {
        KeywordDocument document = { key * 2, LANGUAGE_ENGLISH, { { S("some title"), 3 } } };
        document.fields[1] = (KeywordField){ str_format(arena, "body of word %u and word %u",
                                                        (unsigned)key % 7, (unsigned)key % 19),
                                             1 };
        keyword_add(index, words, &document);
    }
    keyword_publish(index);
    Snapshot *now = keyword_snapshot(index);
    Bytes copy = { 0 };
    bytes_add(&copy, now->at[0]->bytes.at, now->at[0]->bytes.length);
    snapshot_release(now);
    words_free(words);
    keyword_free(index);
    return (Str){ (char *)copy.at, copy.length };
}

static Str valid_vectors(void)
{
    VectorIndex *index = vectors_new("/nonexistent", DIMS, 0, false);
    float vector[DIMS] = { 1 };
    for (uint64_t key = 0; key < 50; key++) {
        vector[key % DIMS] -= 0.3f;
        vectors_add(index, key / 3, key % 3, vector);
    }
    vectors_publish(index);
    Snapshot *now = vectors_snapshot(index);
    Bytes copy = { 0 };
    bytes_add(&copy, now->at[0]->bytes.at, now->at[0]->bytes.length);
    snapshot_release(now);
    vectors_free(index);
    return (Str){ (char *)copy.at, copy.length };
}

/* A segment of the patched bytes, cut where the patches say; NULL when refused. */
static Segment *open_patched(const SegmentKind *kind, Str valid, const uint8_t *patches,
                             size_t size, uint64_t setting)
{
    Error err = { 0 };
    char *copy = heap_alloc(valid.length);
    memcpy(copy, valid.at, valid.length);
    for (; size >= 4; patches += 4, size -= 4)
        copy[(patches[0] | patches[1] << 8 | patches[2] << 16) % valid.length] = (char)patches[3];
    Segment *segment = heap_alloc(sizeof(*segment));
    segment->bytes = (Str){ copy, valid.length };
    if (!kind->open(segment->bytes, setting, segment, &err)) {
        free(segment->view), free(segment), free(copy);
        return NULL;
    }
    segment->live = heap_alloc((bitmap_words(segment->count) + 1) * 8);
    for (uint32_t i = 0; i < segment->count; i++)
        segment->live[i / 64] |= UINT64_C(1) << (i % 64);
    segment->live_count = segment->count;
    return segment;
}

static void close_segment(Segment *segment)
{
    free((void *)(uintptr_t)segment->bytes.at), free(segment->live), free(segment->view),
        free(segment);
}

static void search_query(Segment *segment, Str text)
{
    static Words *words;
    static const Language languages[] = { LANGUAGE_ENGLISH, LANGUAGE_FRENCH, LANGUAGE_CHINESE };
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    LegHit hits[20];
    if (!words)
        words = words_new();
    Query query = query_parse(arena, words, languages, 3, text);
    (void)keyword_search_segments(&segment, 1, &query, NULL, 20, hits);
    Snippet snippet = query_snippet(arena, &query, words, LANGUAGE_ENGLISH, text, 40);
    if (snippet.start > snippet.end || snippet.end > text.length)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static Str keyword, vectors;
    if (!keyword.at)
        keyword = valid_keyword(), vectors = valid_vectors();
    if (!size)
        return 0;
    Segment *segment;
    if (bytes[0] % 3 == 0) {
        segment = open_patched(&keyword_segment_kind, keyword, NULL, 0, 0);
        search_query(segment, (Str){ (const char *)bytes + 1, size - 1 });
        close_segment(segment);
    } else if (bytes[0] % 3 == 1) {
        segment = open_patched(&keyword_segment_kind, keyword, bytes + 1, size - 1, 0);
        if (!segment)
            return 0;
        search_query(segment, S("some \"of word\" body 3 -\"word 5\" title"));
        free(keyword_segment_kind.merge(&segment, 1, 0).at);
        close_segment(segment);
    } else {
        segment =
            open_patched(&vector_segment_kind, vectors, bytes + 1, size - 1, (uint64_t)DIMS << 32);
        if (!segment)
            return 0;
        free(vector_segment_kind.merge(&segment, 1, (uint64_t)DIMS << 32).at);
        close_segment(segment);
    }
    return 0;
}
