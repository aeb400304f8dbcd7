/* keyword.c - the writer of the keyword index; see keyword.h. */
#include "index/keyword.h"

#include <assert.h>

#include "base/map.h"
#include "index/keyword_phrase.h"
#include "index/keyword_segment.h"
#include "text/fold.h"

#define WAITING_WORDS_MAX 1000000
#define WAITING_BYTES_MAX MB(512)

/* One occurrence of a term in a document that waits. */
typedef struct Occurrence {
    uint32_t term, position;
    uint32_t weight;
} Occurrence;

/* A term that waits. Its form is a candidate that other forms vote down (Boyer and Moore 1981). */
typedef struct WaitingTerm {
    Str text, form;
    uint32_t votes;
    uint32_t form_ordinal; /* of the document that has the form */
} WaitingTerm;

typedef struct Waiting {
    uint64_t key;
    uint32_t ordinal;
    size_t first, count; /* of its occurrences */
    uint32_t length;
    uint8_t language;
} Waiting;

struct KeywordIndex {
    Shelf *shelf;
    Arena *arena; /* texts and the table of waiting terms */
    Map terms;
    VEC(WaitingTerm) waiting_terms;
    Bytes occurrences, waiting; /* arrays of the structs above */
};

KeywordIndex *keyword_new(const char *folder, uint64_t identity)
{
    KeywordIndex *index = heap_alloc(sizeof(*index));
    index->shelf = shelf_new(&keyword_segment_kind, folder, identity);
    index->arena = arena_new(WAITING_BYTES_MAX);
    index->terms = map_new(index->arena);
    return index;
}

void keyword_free(KeywordIndex *index)
{
    if (!index)
        return;
    shelf_free(index->shelf);
    arena_free(index->arena);
    free(index->occurrences.at);
    free(index->waiting.at);
    free(index);
}

ShelfState keyword_load(KeywordIndex *index, uint64_t *generation_r, Error *err)
{
    return shelf_load(index->shelf, generation_r, err);
}

/* --- Adding --- */

typedef struct AddSink {
    KeywordIndex *index;
    Str text;
    uint32_t ordinal, field, weight, length;
    uint32_t first, last; /* positions: of the text's first word, of the last word added */
} AddSink;

static void vote(const AddSink *sink, WaitingTerm *term, const Word *word)
{
    Str raw = str_slice(sink->text, word->start, word->end);
    if (raw.length > WORD_TEXT_MAX)
        return;
    if (str_equal_ignore_case(raw, term->form)) {
        term->votes++;
    } else if (term->votes) {
        term->votes--;
    } else {
        term->form = str_copy(sink->index->arena, raw);
        term->form_ordinal = sink->ordinal;
        term->votes = 1;
    }
}

static void add_occurrence(void *self, const Word *word)
{
    AddSink *sink = self;
    KeywordIndex *index = sink->index;
    MapEntry *entry = map_find(&index->terms, word->text);
    if (!entry) {
        Str text = str_copy(index->arena, word->text);
        entry = map_add(&index->terms, text, NULL);
        entry->number = (int64_t)index->waiting_terms.count;
        *vec_push(index->arena, &index->waiting_terms) = (WaitingTerm){ .text = text };
    }
    if (!word->is_extra && sink->weight)
        vote(sink, &index->waiting_terms.at[entry->number], word);
    uint32_t most = sink->weight ? KEYWORD_ASIDE : 1u << KEYWORD_FIELD_BITS;
    sink->last = MIN(sink->first + word->position, most - 1);
    Occurrence occurrence = { (uint32_t)entry->number,
                              sink->field << KEYWORD_FIELD_BITS | sink->last, sink->weight };
    bytes_add(&index->occurrences, &occurrence, sizeof(occurrence));
    sink->length += word->is_extra ? 0 : sink->weight;
}

static void add_text(AddSink *sink, Words *words, Language language, Str text)
{
    sink->text = text;
    if (text.length)
        words_split(words, language, text, add_occurrence, sink);
}

/* Behind the field's own words, each so far from the one before that no phrase spans two. */
static void add_asides(AddSink *sink, Words *words, Language language, const KeywordField *field)
{
    sink->weight = 0;
    sink->last = KEYWORD_ASIDE;
    for (size_t i = 0; i < field->aside_count; i++) {
        sink->first = sink->last + QUERY_SLOP_MAX + QUERY_PHRASE_MAX;
        add_text(sink, words, language, field->asides[i]);
    }
}

void keyword_add(KeywordIndex *index, Words *words, const KeywordDocument *document)
{
    AddSink sink = { .index = index,
                     .ordinal = (uint32_t)(index->waiting.length / sizeof(Waiting)) };
    Waiting waiting = { .key = document->key,
                        .ordinal = sink.ordinal,
                        .language = (uint8_t)document->language,
                        .first = index->occurrences.length / sizeof(Occurrence) };
    for (size_t f = 0; f < KEYWORD_FIELDS_MAX; f++) {
        const KeywordField *field = &document->fields[f];
        sink.weight = field->weight;
        sink.field = (uint32_t)f;
        sink.first = 0;
        if (field->weight)
            add_text(&sink, words, document->language, field->text);
        add_asides(&sink, words, document->language, field);
    }
    waiting.count = index->occurrences.length / sizeof(Occurrence) - waiting.first;
    waiting.length = sink.length;
    bytes_add(&index->waiting, &waiting, sizeof(waiting));
    if (index->occurrences.length / sizeof(Occurrence) > WAITING_WORDS_MAX)
        keyword_publish(index);
}

/* --- Publishing: waiting documents become a segment --- */

typedef struct Build {
    KeywordIndex *index;
    Waiting *documents;
    uint32_t document_count;
    uint64_t *keys;
    uint32_t *lengths;
    uint8_t *languages;
    uint32_t *numbers; /* of documents, by ordinal; UINT32_MAX: replaced */
    uint32_t *starts;  /* of each term's occurrences, one more at the end */
    struct Placed {
        uint32_t document, position, weight;
    } * placed; /* by term, then document, then position */
} Build;

static int compare_waiting(const void *a, const void *b)
{
    const Waiting *left = a, *right = b;
    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return (left->first > right->first) - (left->first < right->first);
}

/* Sort by key; of documents with one key the last stays. */
static void order_documents(Build *b)
{
    uint32_t kept = 0, all = b->document_count;
    qsort(b->documents, b->document_count, sizeof(*b->documents), compare_waiting);
    for (uint32_t i = 0; i < b->document_count; i++)
        if (i + 1 == b->document_count || b->documents[i + 1].key != b->documents[i].key)
            b->documents[kept++] = b->documents[i];
    b->document_count = kept;
    b->keys = heap_alloc((kept + 1) * sizeof(*b->keys));
    b->lengths = heap_alloc((kept + 1) * sizeof(*b->lengths));
    b->languages = heap_alloc(kept + 1);
    b->numbers = heap_alloc((all + 1) * sizeof(*b->numbers));
    memset(b->numbers, 0xFF, all * sizeof(*b->numbers));
    for (uint32_t i = 0; i < kept; i++) {
        b->numbers[b->documents[i].ordinal] = i;
        b->keys[i] = b->documents[i].key;
        b->lengths[i] = b->documents[i].length;
        b->languages[i] = b->documents[i].language;
    }
}

/* A counting sort by term; it keeps the order of documents and positions. */
static void order_occurrences(Build *b)
{
    const void *base = b->index->occurrences.at;
    const Occurrence *all = base;
    size_t terms = b->index->waiting_terms.count;
    b->starts = heap_alloc((terms + 2) * sizeof(*b->starts));
    b->placed = heap_alloc(b->index->occurrences.length / sizeof(*all) * sizeof(*b->placed) + 1);
    for (uint32_t d = 0; d < b->document_count; d++)
        for (size_t i = 0; i < b->documents[d].count; i++)
            b->starts[all[b->documents[d].first + i].term + 2]++;
    for (size_t t = 2; t < terms + 2; t++)
        b->starts[t] += b->starts[t - 1];
    for (uint32_t d = 0; d < b->document_count; d++)
        for (size_t i = 0; i < b->documents[d].count; i++) {
            const Occurrence *o = &all[b->documents[d].first + i];
            b->placed[b->starts[o->term + 1]++] = (struct Placed){ d, o->position, o->weight };
        }
}

typedef struct TermOrder {
    Str text;
    uint32_t term;
} TermOrder;

static int compare_terms(const void *a, const void *b)
{
    return str_compare(((const TermOrder *)a)->text, ((const TermOrder *)b)->text);
}

/* Positions as they are stored; see keyword_segment.h. */
static void add_positions(Bytes *positions, const struct Placed *placed, uint32_t count)
{
    for (uint32_t i = 0, stop; i < count; i = stop) {
        uint32_t field = placed[i].position >> KEYWORD_FIELD_BITS,
                 last = field << KEYWORD_FIELD_BITS;
        for (stop = i; stop < count && placed[stop].position >> KEYWORD_FIELD_BITS == field;)
            stop++;
        bytes_add_varint(positions, (stop - i) << 3 | (uint32_t)(stop < count) << 2 | field);
        for (uint32_t j = i; j < stop; j++) {
            bytes_add_varint(positions, placed[j].position - last);
            last = placed[j].position;
        }
    }
}

static void begin_term(const Build *b, KeywordWriter *writer, uint32_t number)
{
    const WaitingTerm *term = &b->index->waiting_terms.at[number];
    char lower[WORD_TEXT_MAX * 4];
    Str form = term->form;
    uint32_t document = form.length ? b->numbers[term->form_ordinal] : UINT32_MAX;
    if (document != UINT32_MAX)
        form = fold_case(form, lower, sizeof(lower));
    if (document == UINT32_MAX || str_equal(form, term->text))
        form = STR_NONE;
    keyword_write_term(writer, term->text, form, document);
}

/* All postings of one term. */
static void write_term(const Build *b, KeywordWriter *writer, const TermOrder *term,
                       Bytes *positions)
{
    uint32_t at = b->starts[term->term], end = b->starts[term->term + 1];
    if (at == end)
        return;
    begin_term(b, writer, term->term);
    while (at < end) {
        uint32_t document = b->placed[at].document, count = 0, stop = at;
        while (stop < end && b->placed[stop].document == document)
            stop++;
        positions->length = 0;
        add_positions(positions, b->placed + at, stop - at);
        for (; at < stop; at++)
            count += b->placed[at].weight;
        keyword_write_posting(writer, document, count,
                              (Str){ (const char *)positions->at, positions->length });
    }
}

static Bytes write_segment(const Build *b)
{
    size_t terms = b->index->waiting_terms.count;
    AUTO_FREE TermOrder *order = heap_alloc((terms + 1) * sizeof(*order));
    for (size_t t = 0; t < terms; t++)
        order[t] = (TermOrder){ b->index->waiting_terms.at[t].text, (uint32_t)t };
    qsort(order, terms, sizeof(*order), compare_terms);

    KeywordWriter writer;
    Bytes positions = { 0 };
    keyword_write_begin(&writer, b->keys, b->lengths, b->languages, b->document_count);
    for (size_t t = 0; t < terms; t++)
        write_term(b, &writer, &order[t], &positions);
    free(positions.at);
    return keyword_write_end(&writer);
}

static void forget_waiting(KeywordIndex *index)
{
    index->occurrences.length = index->waiting.length = 0;
    arena_reset(index->arena);
    index->terms = map_new(index->arena);
    memset(&index->waiting_terms, 0, sizeof(index->waiting_terms));
}

void keyword_publish(KeywordIndex *index)
{
    void *base = index->waiting.at;
    Build b = { .index = index,
                .documents = base,
                .document_count = (uint32_t)(index->waiting.length / sizeof(Waiting)) };
    if (!b.document_count)
        return;
    order_documents(&b);
    order_occurrences(&b);
    shelf_add(index->shelf, write_segment(&b));
    free(b.keys), free(b.lengths), free(b.languages), free(b.numbers), free(b.starts),
        free(b.placed);
    forget_waiting(index);
}

/* A document that waits becomes findable, so that it can be deleted. */
static void publish_waiting(KeywordIndex *index, uint64_t key)
{
    void *base = index->waiting.at;
    const Waiting *waiting = base;
    for (size_t i = 0; i < index->waiting.length / sizeof(Waiting); i++)
        if (waiting[i].key == key) {
            keyword_publish(index);
            break;
        }
}

bool keyword_delete(KeywordIndex *index, uint64_t key)
{
    publish_waiting(index, key);
    return shelf_delete(index->shelf, key);
}

void keyword_erase(KeywordIndex *index, uint64_t key)
{
    publish_waiting(index, key);
    shelf_erase(index->shelf, key);
}

void keyword_clear(KeywordIndex *index)
{
    forget_waiting(index);
    shelf_clear(index->shelf);
}

bool keyword_commit(KeywordIndex *index, uint64_t generation, Error *err)
{
    keyword_publish(index);
    return shelf_commit(index->shelf, generation, err);
}

Shelf *keyword_shelf(KeywordIndex *index) { return index->shelf; }

ShelfSize keyword_size(KeywordIndex *index) { return shelf_size(index->shelf); }

Snapshot *keyword_snapshot(KeywordIndex *index) { return shelf_snapshot(index->shelf); }

/* --- Reading --- */

size_t keyword_languages(KeywordIndex *index, Language *languages, size_t most)
{
    uint64_t counts[LANGUAGE_COUNT] = { 0 }, all = 0;
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(index->shelf);
    for (size_t i = 0; i < now->count; i++) {
        const KeywordView *view = now->at[i]->view;
        for (Language l = 0; l < LANGUAGE_COUNT; l++)
            counts[l] += view->language_counts[l], all += view->language_counts[l];
    }
    size_t count = 0;
    for (; count < most; count++) {
        Language best = LANGUAGE_COUNT;
        for (Language l = 0; l < LANGUAGE_COUNT; l++)
            if (counts[l] && counts[l] * 50 >= all &&
                (best == LANGUAGE_COUNT || counts[l] > counts[best]))
                best = l;
        if (best == LANGUAGE_COUNT)
            break;
        languages[count] = best;
        counts[best] = 0;
    }
    return count;
}

double keyword_rarity(KeywordIndex *index, Str word)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(index->shelf);
    return keyword_rarity_in(now->at, now->count, word);
}

size_t keyword_search(KeywordIndex *index, const Query *query, const KeyFilter *filter, size_t k,
                      LegHit *hits)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(index->shelf);
    return keyword_search_segments(now->at, now->count, query, filter, k, hits);
}

KeyFilter keyword_matching(KeywordIndex *index, const Query *query, const KeyFilter *filter,
                           Arena *arena, bool *is_cut_r)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(index->shelf);
    size_t looks = PHRASE_LOOKS_MAX;
    uint64_t end = snapshot_keys_end(now);
    uint64_t *bits = arena_new_array(arena, uint64_t, bitmap_words(end) + 1);
    for (size_t i = 0; i < now->count; i++) {
        const Segment *segment = now->at[i];
        size_t words = bitmap_words(segment->count), living;
        AUTO_FREE uint64_t *allowed = segment_allowed(segment, filter, &living);
        if (!living)
            continue;
        if (!allowed) {
            allowed = heap_alloc((words + 1) * sizeof(*allowed));
            for (uint32_t d = 0; d < segment->count; d++)
                allowed[d / 64] |= UINT64_C(1) << (d % 64);
        }
        keyword_apply_clauses(segment, query, allowed, &looks);
        for (size_t w = 0; w < words; w++)
            for (uint64_t rest = allowed[w]; rest; rest &= rest - 1) {
                uint64_t key = segment->names[w * 64 + (size_t)__builtin_ctzll(rest)];
                bits[key / 64] |= UINT64_C(1) << (key % 64);
            }
    }
    if (is_cut_r && !looks)
        *is_cut_r = true;
    return (KeyFilter){ .bits = bits, .bit_count = end };
}
