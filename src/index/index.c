/* index.c - see index.h. */
#include "index/index.h"

#include <assert.h>
#include <dirent.h>
#include <malloc.h>
#include <math.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "index/keyword.h"
#include "index/vectors.h"

#define TITLE_WEIGHT 3
#define HEADINGS_WEIGHT 2
#define NAME_WEIGHT 2
#define FIRST_NAME_WEIGHT 12
#define IDLE_WORDS_MAX 16

struct Index {
    KeywordIndex *keyword;
    VectorIndex *vectors;             /* NULL: keyword leg only */
    VectorIndex *coming;              /* another model's, until index_adopt_model(); NULL: none */
    EmbeddedStore embedded;           /* of `vectors` */
    IndexOutside outside;             /* no store: none */
    _Atomic int64_t outside_again_ms; /* it did not answer: until then it is not asked */
    char *folder;
    uint32_t database; /* checksum of its name */
    bool is_exact;
    bool has_stale_vectors;  /* erased keys may be in files of a leg that is not open */
    pthread_mutex_t writing; /* guards the legs' writers and what follows */
    pthread_t merger;        /* runs once for each large merge */
    pthread_cond_t merged;
    bool is_merging, has_merger; /* the second: `merger` is to be joined */
    bool has_erased;             /* since the last commit */
    Words *words;                /* the writer's */
    pthread_mutex_t lock;        /* guards what follows */
    Words *idle[IDLE_WORDS_MAX]; /* for readers */
    size_t idle_count;
};

/* Each model's vectors have a folder of their own, so that two may be written at a time. */
#define VECTOR_FOLDER "vectors-"

static VectorIndex *new_vectors(const Index *index, size_t dims, Str model)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    uint32_t identity = crc32c(index->database, model.at, model.length);
    Str name = str_format(arena, VECTOR_FOLDER "%08" PRIx32, identity);
    VectorIndex *vectors =
        vectors_new(path_join(arena, str(index->folder), name), dims, identity, index->is_exact);
    shelf_merge_later(vectors_shelf(vectors));
    return vectors;
}

Index *index_new(const IndexOptions *options)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Index *index = heap_alloc(sizeof(*index));
    index->folder = heap_text(options->folder);
    index->database = crc32c(0, options->identity.at, options->identity.length);
    index->is_exact = options->is_exact;
    index->keyword =
        keyword_new(path_join(arena, str(options->folder), S("keyword")), index->database);
    shelf_merge_later(keyword_shelf(index->keyword));
    if (options->dims)
        index->vectors = new_vectors(index, options->dims, options->model);
    index->embedded = vector_store_embedded(index->vectors);
    pthread_mutex_init(&index->writing, NULL);
    pthread_cond_init(&index->merged, NULL);
    pthread_mutex_init(&index->lock, NULL);
    index->words = words_new();
    return index;
}

void index_use_outside(Index *index, const IndexOutside *outside)
{
    assert(!index->vectors);
    vector_space_free(&index->outside.space);
    index->outside = *outside;
    index->outside.space = vector_space_copy(&outside->space);
}

void index_free(Index *index)
{
    if (!index)
        return;
    if (index->has_merger)
        pthread_join(index->merger, NULL);
    keyword_free(index->keyword);
    vectors_free(index->vectors);
    vectors_free(index->coming);
    vector_space_free(&index->outside.space);
    free(index->folder);
    words_free(index->words);
    for (size_t i = 0; i < index->idle_count; i++)
        words_free(index->idle[i]);
    pthread_cond_destroy(&index->merged);
    pthread_mutex_destroy(&index->writing);
    pthread_mutex_destroy(&index->lock);
    free(index);
}

IndexOpened index_load(Index *index)
{
    IndexOpened opened = { 0 };
    pthread_mutex_lock(&index->writing);
    opened.keyword.state =
        keyword_load(index->keyword, &opened.keyword.generation, &opened.keyword.reason);
    if (index->vectors)
        opened.vectors.state =
            vectors_load(index->vectors, &opened.vectors.generation, &opened.vectors.reason);
    pthread_mutex_unlock(&index->writing);
    return opened;
}

/* --- Large merges, beside the writer --- */

#define SHELVES_MAX 3

/* The writer's lock is held. */
static size_t shelves_of(const Index *index, Shelf *shelves[SHELVES_MAX])
{
    size_t count = 0;
    shelves[count++] = keyword_shelf(index->keyword);
    if (index->vectors)
        shelves[count++] = vectors_shelf(index->vectors);
    if (index->coming)
        shelves[count++] = vectors_shelf(index->coming);
    return count;
}

/* The writer's lock is held, but for the merge itself. */
static bool merge_shelf(Index *index, Shelf *shelf)
{
    ShelfMerge *merge = shelf_merge_begin(shelf);
    if (!merge)
        return false;
    pthread_mutex_unlock(&index->writing);
    shelf_merge_run(merge);
    pthread_mutex_lock(&index->writing);
    shelf_merge_end(shelf, merge);
    return true;
}

/* Until nothing is due: what was published meanwhile has started no merge of its own. */
static void *merge_beside(void *argument)
{
    Index *index = argument;
    bool has_merged = true;
    pthread_mutex_lock(&index->writing);
    while (has_merged) {
        Shelf *shelves[SHELVES_MAX]; /* they stay while is_merging */
        has_merged = false;
        for (size_t i = shelves_of(index, shelves); i-- > 0;)
            has_merged |= merge_shelf(index, shelves[i]);
    }
    index->is_merging = false;
    pthread_cond_broadcast(&index->merged);
    pthread_mutex_unlock(&index->writing);
    return NULL;
}

/* The writer's lock is held. */
static void merge_when_due(Index *index)
{
    Shelf *shelves[SHELVES_MAX];
    bool is_due = false;
    for (size_t i = shelves_of(index, shelves); i-- > 0 && !index->is_merging;)
        is_due |= shelf_is_due(shelves[i]);
    if (!is_due)
        return;
    if (index->has_merger)
        pthread_join(index->merger, NULL); /* it has ended but for its return */
    index->is_merging = index->has_merger =
        pthread_create(&index->merger, NULL, merge_beside, index) == 0;
}

/* The writer's lock is held. */
static void await_merges(Index *index)
{
    while (index->is_merging)
        pthread_cond_wait(&index->merged, &index->writing);
}

void index_wait_merges(Index *index)
{
    pthread_mutex_lock(&index->writing);
    await_merges(index);
    pthread_mutex_unlock(&index->writing);
}

/* --- Writing --- */

void index_add_chunk(Index *index, const IndexChunk *chunk)
{
    KeywordDocument document = {
        chunk->key,
        chunk->language,
        { { chunk->title, TITLE_WEIGHT },
          { chunk->headings, HEADINGS_WEIGHT, chunk->inner_headings, chunk->inner_count },
          { chunk->body, 1 },
          { chunk->name, chunk->is_first ? FIRST_NAME_WEIGHT : NAME_WEIGHT } }
    };
    pthread_mutex_lock(&index->writing);
    keyword_add(index->keyword, index->words, &document);
    pthread_mutex_unlock(&index->writing);
}

void index_add_vector(Index *index, uint64_t key, uint32_t part, const float *vector)
{
    assert(index->vectors);
    pthread_mutex_lock(&index->writing);
    vectors_add(index->vectors, key, part, vector);
    pthread_mutex_unlock(&index->writing);
}

void index_delete(Index *index, const uint64_t *keys, size_t count)
{
    pthread_mutex_lock(&index->writing);
    for (size_t i = 0; i < count; i++) {
        keyword_delete(index->keyword, keys[i]);
        if (index->vectors)
            vectors_delete(index->vectors, keys[i]);
        if (index->coming)
            vectors_delete(index->coming, keys[i]);
    }
    pthread_mutex_unlock(&index->writing);
}

void index_erase(Index *index, const uint64_t *keys, size_t count)
{
    pthread_mutex_lock(&index->writing);
    for (size_t i = 0; i < count; i++) {
        keyword_erase(index->keyword, keys[i]);
        if (index->vectors)
            vectors_erase(index->vectors, keys[i]);
        if (index->coming)
            vectors_erase(index->coming, keys[i]);
    }
    index->has_erased |= count > 0;
    index->has_stale_vectors |= !index->vectors && count;
    pthread_mutex_unlock(&index->writing);
}

void index_publish(Index *index)
{
    pthread_mutex_lock(&index->writing);
    keyword_publish(index->keyword);
    if (index->vectors)
        vectors_publish(index->vectors);
    if (index->coming)
        vectors_publish(index->coming);
    merge_when_due(index);
    pthread_mutex_unlock(&index->writing);
}

void index_clear(Index *index, bool keyword, bool vectors)
{
    pthread_mutex_lock(&index->writing);
    if (keyword)
        keyword_clear(index->keyword);
    if (vectors && index->vectors)
        vectors_clear(index->vectors);
    pthread_mutex_unlock(&index->writing);
}

static bool is_open(VectorIndex *vectors, Str name)
{
    return vectors && str_equal(path_name(str(shelf_folder(vectors_shelf(vectors)))), name);
}

/* Vectors of a model that serves no more, and files that cannot be rewritten now: those are made
 * anew from the database when their leg opens. */
static bool drop_stale_vectors(Index *index, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    if (!index->vectors && !index->has_stale_vectors)
        return true;
    DIR *folder = opendir(index->folder);
    bool ok = true;
    for (struct dirent *entry; ok && folder && (entry = readdir(folder));) {
        Str name = str(entry->d_name);
        /* "vectors" alone is what versions before wrote. */
        if (str_starts(name, S("vectors")) && !is_open(index->vectors, name) &&
            !is_open(index->coming, name))
            ok = folder_remove(path_join(arena, str(index->folder), name), err);
    }
    if (folder)
        closedir(folder);
    index->has_stale_vectors &= !ok;
    return ok;
}

bool index_has_merged(Index *index)
{
    pthread_mutex_lock(&index->writing);
    bool has = shelf_has_merged(keyword_shelf(index->keyword)) ||
               (index->vectors && shelf_has_merged(vectors_shelf(index->vectors)));
    pthread_mutex_unlock(&index->writing);
    return has;
}

bool index_commit(Index *index, uint64_t generation, Error *err)
{
    pthread_mutex_lock(&index->writing);
    /* A merge that began before may be writing what was erased. */
    if (index->has_erased)
        await_merges(index);
    bool ok = keyword_commit(index->keyword, generation, err) &&
              (!index->vectors || vectors_commit(index->vectors, generation, err)) &&
              drop_stale_vectors(index, err);
    index->has_erased &= !ok;
    pthread_mutex_unlock(&index->writing);
    /* What is mapped from files now lay on the heap. */
    (void)malloc_trim(0);
    return ok;
}

/* --- Another model --- */

void index_begin_model(Index *index, size_t dims, Str model)
{
    assert(!index->coming && dims);
    VectorIndex *coming = new_vectors(index, dims, model);
    pthread_mutex_lock(&index->writing);
    index->coming = coming;
    pthread_mutex_unlock(&index->writing);
}

void index_add_coming(Index *index, uint64_t key, uint32_t part, const float *vector)
{
    assert(index->coming);
    pthread_mutex_lock(&index->writing);
    vectors_add(index->coming, key, part, vector);
    pthread_mutex_unlock(&index->writing);
}

void index_adopt_model(Index *index)
{
    assert(index->coming);
    pthread_mutex_lock(&index->writing);
    await_merges(index);
    VectorIndex *before = index->vectors;
    index->vectors = index->coming;
    index->coming = NULL;
    index->embedded = vector_store_embedded(index->vectors);
    pthread_mutex_unlock(&index->writing);
    vectors_free(before); /* its files go with the next commit */
}

/* --- Reading --- */

static Words *borrow_words(Index *index)
{
    pthread_mutex_lock(&index->lock);
    Words *words = index->idle_count ? index->idle[--index->idle_count] : NULL;
    pthread_mutex_unlock(&index->lock);
    return words ? words : words_new();
}

static void return_words(Index *index, Words *words)
{
    pthread_mutex_lock(&index->lock);
    if (index->idle_count < IDLE_WORDS_MAX) {
        index->idle[index->idle_count++] = words;
        words = NULL;
    }
    pthread_mutex_unlock(&index->lock);
    words_free(words);
}

static bool stems_alike(Language a, Language b)
{
    const LanguageAbout *left = language_about(a), *right = language_about(b);
    return a == b || (!left->stemmer && !right->stemmer);
}

/* The languages a query is understood in. */
static size_t query_languages(Index *index, Language languages[QUERY_LANGUAGES_MAX])
{
    Language frequent[LANGUAGE_COUNT];
    size_t frequent_count = keyword_languages(index->keyword, frequent, LANGUAGE_COUNT), count = 0;
    for (size_t i = 0; i < frequent_count && count < QUERY_LANGUAGES_MAX; i++) {
        bool is_new = true;
        for (size_t j = 0; j < count; j++)
            is_new &= !stems_alike(languages[j], frequent[i]);
        if (is_new)
            languages[count++] = frequent[i];
    }
    if (!count)
        languages[count++] = LANGUAGE_ENGLISH;
    return count;
}

void index_expand(Index *index, Arena *arena, Query *query)
{
    keyword_expand(index->keyword, arena, query);
}

static Query parse(Index *index, Arena *arena, Str text)
{
    Language languages[QUERY_LANGUAGES_MAX];
    size_t count = query_languages(index, languages);
    Words *words = borrow_words(index);
    Query query = query_parse(arena, words, languages, count, text);
    return_words(index, words);
    return query;
}

Query index_query(Index *index, Arena *arena, Str text)
{
    Query query = parse(index, arena, text);
    keyword_expand(index->keyword, arena, &query);
    return query;
}

Str index_suggest(Index *index, Arena *arena, Str word, size_t *looks)
{
    Language languages[QUERY_LANGUAGES_MAX];
    size_t count = query_languages(index, languages);
    Words *words = borrow_words(index);
    Str suggested = keyword_suggest(index->keyword, words, languages, count, word, looks, arena);
    return_words(index, words);
    return suggested;
}

#define PREFIX_WORDS_MAX 50
/* Of what the word would count if it stood there. */
#define PREFIX_WEIGHT 0.5f
/* A stem may be so much shorter than what is typed of the word. */
#define STEM_CUT_MAX 3

static bool has_term(const Query *query, Str text)
{
    for (size_t i = 0; i < query->terms.count; i++)
        if (str_equal(query->terms.at[i].text, text))
            return true;
    return false;
}

/* The words that the open word may become; those it may be a form of when there are none. */
static size_t open_words(Index *index, Arena *arena, Str open, Str *words, double *rarity_r)
{
    size_t count = keyword_prefixed(index->keyword, open, arena, words, PREFIX_WORDS_MAX, rarity_r);
    for (size_t cut = 1; !count && cut <= STEM_CUT_MAX && open.length > cut + 3; cut++) {
        Str stem = str_slice(open, 0, open.length - cut);
        size_t found =
            keyword_prefixed(index->keyword, stem, arena, words, PREFIX_WORDS_MAX, rarity_r);
        for (size_t i = 0; i < found && !count; i++)
            if (str_equal(words[i], stem)) {
                words[0] = stem;
                *rarity_r = keyword_rarity(index->keyword, stem);
                count = 1;
            }
    }
    return count;
}

WordList index_words(Index *index, Arena *arena, Language language, Str text)
{
    Words *words = borrow_words(index);
    WordList list = words_list(words, language, text, arena);
    return_words(index, words);
    return list;
}

Query index_query_typing(Index *index, Arena *arena, Str text)
{
    Query query = parse(index, arena, text);
    ByteRange range;
    Words *words = borrow_words(index);
    Str open = query_open_word(arena, words, &query, &range), found[PREFIX_WORDS_MAX];
    return_words(index, words);
    double rarity;
    size_t count = open.length ? open_words(index, arena, open, found, &rarity) : 0;
    for (size_t i = 0; i < count && query.terms.count < QUERY_TERMS_MAX; i++)
        if (!has_term(&query, found[i]))
            *vec_push(arena, &query.terms) = (QueryTerm){ .text = found[i],
                                                          .weight = PREFIX_WEIGHT,
                                                          .rarity = (float)rarity,
                                                          .start = range.start,
                                                          .end = range.end };
    keyword_expand(index->keyword, arena, &query);
    return query;
}

Snippet index_snippet(Index *index, Arena *arena, const Query *query, Language language, Str text,
                      size_t bytes_max)
{
    Words *words = borrow_words(index);
    Snippet snippet = query_snippet(arena, query, words, language, text, bytes_max);
    return_words(index, words);
    return snippet;
}

static int by_leg_score(const void *a, const void *b)
{
    const LegHit *left = a, *right = b;
    if (left->score != right->score)
        return left->score < right->score ? 1 : -1;
    return (left->key > right->key) - (left->key < right->key);
}

static float inner(const float *a, const float *b, size_t dims)
{
    float sum = 0;
    for (size_t i = 0; i < dims; i++)
        sum += a[i] * b[i];
    return sum;
}

/* The first vectors of the hits from where an outside store's were copied, each of unit length;
 * zeros for what has none. NULL: they cannot be read. */
static float *read_outside(Index *index, Arena *arena, const LegHit *hits, size_t count)
{
    const IndexOutside *outside = &index->outside;
    size_t dims = outside->space.dims;
    uint64_t *keys = arena_new_array(arena, uint64_t, count);
    float *values = arena_new_array(arena, float, count *dims);
    Error ignored;
    for (size_t i = 0; i < count; i++)
        keys[i] = hits[i].key;
    if (!outside->read_own(outside->self, arena, &outside->space, keys, count, values, &ignored))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        float *own = values + i * dims, length = sqrtf(inner(own, own, dims));
        for (size_t d = 0; length > 0 && d < dims; d++)
            own[d] /= length;
    }
    return values;
}

/* As vectors_own_cosines(). */
static void own_cosines(Index *index, Arena *arena, const float *query, const LegHit *hits,
                        size_t count, float *cosines)
{
    size_t dims = index->outside.space.dims;
    if (index->vectors) {
        vectors_own_cosines(index->vectors, query, hits, count, cosines);
        return;
    }
    const float *values = read_outside(index, arena, hits, count);
    float length = sqrtf(inner(query, query, dims));
    for (size_t i = 0; i < count; i++)
        cosines[i] =
            values && length > 0 ? inner(query, values + i * dims, dims) / length : hits[i].score;
}

/* As vectors_similarities(), of first vectors. */
static void similarities(Index *index, Arena *arena, const LegHit *hits, size_t count,
                         float *cosines)
{
    size_t dims = index->outside.space.dims;
    if (index->vectors) {
        vectors_similarities(index->vectors, hits, count, cosines);
        return;
    }
    const float *values = read_outside(index, arena, hits, count);
    for (size_t i = 0; values && i < count; i++)
        for (size_t j = 0; j < i; j++)
            cosines[i * count + j] = cosines[j * count + i] =
                inner(values + i * dims, values + j * dims, dims);
}

/* A chunk with several vectors counts as the mean of its own and its best: its best alone is worse
 * than its own where queries are about whole texts (nDCG@10 of Cranfield's hybrid .456 and .462).
 */
static void weigh_own(Index *index, Arena *arena, const float *vector, LegHit *hits, size_t count)
{
    bool has_parts = false;
    for (size_t i = 0; i < count; i++)
        has_parts |= hits[i].part != 0;
    if (!has_parts)
        return;
    float *own = arena_new_array(arena, float, count);
    own_cosines(index, arena, vector, hits, count, own);
    for (size_t i = 0; i < count; i++)
        if (hits[i].part)
            hits[i].score = (hits[i].score + own[i]) / 2;
    qsort(hits, count, sizeof(*hits), by_leg_score);
}

/* A store that did not answer is not waited for by every search. */
#define OUTSIDE_PAUSE_MS 2000

static size_t ask_outside(Index *index, Arena *arena, const float *vector, const KeyFilter *filter,
                          size_t depth, LegHit *hits, Error *err)
{
    const IndexOutside *outside = &index->outside;
    size_t count = 0;
    bool rests = monotonic_ms() < atomic_load(&index->outside_again_ms);
    if (!rests && outside->store->search(outside->store, &outside->space, arena, vector, filter,
                                         depth, hits, &count, err))
        return count;
    if (!rests) {
        log_warn("vectors", "%s", err->message);
        atomic_store(&index->outside_again_ms, monotonic_ms() + OUTSIDE_PAUSE_MS);
    }
    (void)fail(err, ERROR_UPSTREAM,
               "The store of vectors does not answer, so only words were searched.");
    return 0;
}

static size_t search_vectors(Index *index, Arena *arena, const IndexSearch *search,
                             const KeyFilter *filter, size_t depth, LegHit *hits)
{
    const float *vector = search->late_vector ? search->late_vector(search->self) : search->vector;
    VectorStore *embedded = &index->embedded.store;
    size_t count = 0;
    Error err = { 0 };
    if (!vector || !(index->vectors || index->outside.store))
        return 0;
    if (!index->vectors)
        count = ask_outside(index, arena, vector, filter, depth, hits, &err);
    else if (!embedded->search(embedded, NULL, arena, vector, filter, depth, hits, &count, &err))
        return 0;
    if (search->vector_failed_r)
        *search->vector_failed_r = err;
    weigh_own(index, arena, vector, hits, count);
    return count;
}

/* By the chunks' own vectors: their best parts say less of what they are about (measured). */
static void smooth(Index *index, Arena *arena, float share, IndexHit *hits, size_t count)
{
    _Static_assert(FUSION_NEAR <= VECTORS_SIMILAR_MAX, "all that support each other");
    LegHit parts[FUSION_NEAR];
    float *cosines = arena_new_array(arena, float, count *count);
    for (size_t i = 0; i < count; i++)
        parts[i] = (LegHit){ .key = hits[i].key };
    similarities(index, arena, parts, count, cosines);
    fusion_smooth(hits, count, cosines, share);
}

/* --- What stands in a chunk just as it was typed --- */

#define EXACT_WORDS_MAX 8
#define EXACT_PHRASE_WEIGHT 0.15f
/* More than half: chunks that have the identifier come before all that have not. */
#define EXACT_NAME_WEIGHT 0.51f

static bool is_identifier(Str word)
{
    for (size_t i = 0; i < word.length; i++)
        if (HAS_CHAR(word.at[i], "0123456789_") ||
            (i && i + 1 < word.length && HAS_CHAR(word.at[i], "./\\:@-#")))
            return true;
    return false;
}

/* How much it counts that a chunk has the words side by side; 0: nothing is to be looked for. A
 * query with quotes has said itself what must stand together. */
static float exact_weight(const Query *query, Str text)
{
    Str rest = text, word, only = STR_NONE;
    size_t count = 0;
    if (query->clauses.count || !query->terms.count)
        return 0;
    while (str_next(&rest, ' ', &word))
        if (str_trim(word).length) {
            only = str_trim(word);
            count++;
        }
    if (count == 1)
        return is_identifier(only) ? EXACT_NAME_WEIGHT : 0;
    return count && count <= EXACT_WORDS_MAX ? EXACT_PHRASE_WEIGHT : 0;
}

static KeyFilter bitmap_of(Arena *arena, const IndexHit *hits, size_t count)
{
    uint64_t end = 0;
    for (size_t i = 0; i < count; i++)
        end = MAX(end, hits[i].key + 1);
    uint64_t *bits = arena_new_array(arena, uint64_t, bitmap_words(end));
    for (size_t i = 0; i < count; i++)
        bits[hits[i].key / 64] |= UINT64_C(1) << (hits[i].key % 64);
    return (KeyFilter){ .bits = bits, .bit_count = end };
}

/* The hits that keep to the clauses of `wanted` get `weight` of their score for it. */
static void favour(Index *index, Arena *arena, const Query *wanted, Share share, float weight,
                   IndexHit *hits, size_t count)
{
    KeyFilter offered = bitmap_of(arena, hits, count);
    KeyFilter kept = keyword_matching(index->keyword, wanted, &offered, arena, NULL);
    float *values = arena_new_array(arena, float, count);
    bool is_anywhere = false;
    for (size_t i = 0; i < count; i++) {
        values[i] = key_allowed(&kept, hits[i].key);
        is_anywhere |= values[i] > 0;
    }
    if (is_anywhere)
        fusion_mix(hits, count, share, weight, values);
}

static void favour_exact(Index *index, Arena *arena, const Query *query, IndexHit *hits,
                         size_t count)
{
    Str text = str_trim(query->text);
    float weight = exact_weight(query, text);
    if (weight <= 0 || !count)
        return;
    Query phrase = index_query(index, arena, str_format(arena, "\"" STR_FMT "\"", STR_ARG(text)));
    if (phrase.clauses.count == 1)
        favour(index, arena, &phrase, SHARE_EXACT, weight, hits, count);
}

/* --- What has all words of a query in its title or the name of its file --- */

#define TITLE_WORDS_MAX 8
/* Measured (docs/ranking.md): people who know a title or a name find it in the first place, others
 * lose nothing from 0.15 to 0.5. */
#define TITLE_SHARE 0.3f

/* The place where a word was typed is a clause, the forms that it has there are its phrases. */
static void add_word(Arena *arena, Query *all, const QueryTerm *term, uint8_t fields)
{
    QueryClause *clause = NULL;
    for (size_t i = 0; i < all->clauses.count && !clause; i++)
        if (all->clauses.at[i].start == term->start)
            clause = &all->clauses.at[i];
    if (!clause) {
        clause = vec_push(arena, &all->clauses);
        *clause = (QueryClause){ .fields = fields, .start = term->start, .end = term->end };
    }
    Str *word = arena_new_one(arena, Str);
    *word = term->text;
    *vec_push(arena, &clause->phrases) = (QueryPhrase){ word, 1 };
}

/* All words that the query is about as clauses; none when it says itself what must occur. */
static Query all_words(Arena *arena, const Query *query, uint8_t fields)
{
    Query all = { .text = query->text };
    for (size_t i = 0; !query->clauses.count && i < query->terms.count; i++)
        if (!query->terms.at[i].is_frame)
            add_word(arena, &all, &query->terms.at[i], fields);
    return all;
}

static void favour_titles(Index *index, Arena *arena, const Query *query, IndexHit *hits,
                          size_t count)
{
    Query titles = all_words(arena, query, QUERY_TITLE | QUERY_NAME);
    if (count && titles.clauses.count && titles.clauses.count <= TITLE_WORDS_MAX)
        favour(index, arena, &titles, SHARE_NAMED, TITLE_SHARE, hits, count);
}

/* --- How much of the query's words a hit has --- */

#define COVERED_WORDS_MAX 16
/* Measured (docs/ranking.md): a passage that somebody remembers is found by its words though the
 * vectors know nothing of it; what is asked in sentences gains too. */
#define COVERED_SHARE 0.35f
#define TRUSTED_HITS 3
#define TRUST_MIN 0.4f
#define TRUST_SLOPE 1.1f /* a difference of a tenth says nothing */

/* Of the hits of both legs, ascending by key. */
typedef struct Coverage {
    KeywordCoverage *words; /* NULL: the query is too long, or says itself what must occur */
    size_t count;
    uint64_t *keys, *marks; /* the second: which of the query's words they have */
    float *shares;          /* of the query's words, the rare ones counting more */
    float most;             /* of the shares */
} Coverage;

static int ascending(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* The keys of hits, those of `others` left out. */
static Coverage mark_hits(Arena *arena, KeywordCoverage *words, const LegHit *hits, size_t count,
                          const Coverage *others)
{
    Coverage marked = { .words = words,
                        .keys = arena_new_array(arena, uint64_t, count + 1),
                        .marks = arena_new_array(arena, uint64_t, count + 1) };
    for (size_t i = 0; i < count; i++)
        if (!others ||
            !bsearch(&hits[i].key, others->keys, others->count, sizeof(*others->keys), ascending))
            marked.keys[marked.count++] = hits[i].key;
    qsort(marked.keys, marked.count, sizeof(*marked.keys), ascending);
    keyword_coverage_mark(words, marked.keys, marked.count, marked.marks);
    return marked;
}

/* Of the keyword leg's hits, before those of the vector leg are there: whoever waits for a vector
 * has the time. */
static Coverage begin_coverage(Index *index, Arena *arena, const Query *query,
                               const LegHit *keyword, size_t count)
{
    size_t words = all_words(arena, query, 0).clauses.count;
    if (!words || words > COVERED_WORDS_MAX || !count)
        return (Coverage){ 0 };
    return mark_hits(arena, keyword_coverage_begin(index->keyword, query, arena), keyword, count,
                     NULL);
}

/* Of all hits. */
static void end_coverage(Arena *arena, const LegHit *vector, size_t vector_count,
                         Coverage *coverage)
{
    if (!coverage->words)
        return;
    Coverage first = *coverage, more = mark_hits(arena, first.words, vector, vector_count, &first);
    size_t count = coverage->count = first.count + more.count;
    coverage->keys = arena_new_array(arena, uint64_t, count);
    coverage->marks = arena_new_array(arena, uint64_t, count);
    coverage->shares = arena_new_array(arena, float, count);
    for (size_t i = 0, a = 0, b = 0; i < count; i++) {
        bool is_first = b == more.count || (a < first.count && first.keys[a] < more.keys[b]);
        coverage->keys[i] = is_first ? first.keys[a] : more.keys[b];
        coverage->marks[i] = is_first ? first.marks[a++] : more.marks[b++];
    }
    keyword_coverage_share(coverage->words, coverage->marks, count, coverage->shares);
    keyword_coverage_end(coverage->words);
    for (size_t i = 0; i < count; i++)
        coverage->most = MAX(coverage->most, coverage->shares[i]);
}

static float covered(const Coverage *coverage, uint64_t key)
{
    const uint64_t *found = bsearch(&key, coverage->keys, coverage->count, sizeof(key), ascending);
    return found ? coverage->shares[found - coverage->keys] : 0;
}

/* How far the vector leg is believed. When passages have much more of the query's words than those
 * that it finds best, it knows little of what is asked: names, numbers, a language that the model
 * has not learned. */
static float trust_in(const Coverage *coverage, const LegHit *vector, size_t count)
{
    float found = 0;
    size_t first = MIN(count, TRUSTED_HITS);
    for (size_t i = 0; i < first; i++)
        found += covered(coverage, vector[i].key) / (float)first;
    float trust = TRUST_SLOPE * (1 - (coverage->most - found));
    trust = MIN(MAX(trust, TRUST_MIN), 1.0f);
    return trust * trust;
}

/* `weight` of the vector leg when it counts by its trust, too. */
static float trusted(float weight, const Coverage *coverage, const LegHit *vector, size_t count)
{
    float trust = coverage->count && count ? trust_in(coverage, vector, count) : 1;
    return weight * trust / (1 - weight + weight * trust);
}

/* By the fourth power of its part of the most that anything has: half of that says little. All of
 * it says less, by its third power, where nothing has all words. */
static void favour_covered(Arena *arena, const Coverage *coverage, IndexHit *hits, size_t count)
{
    float *values = arena_new_array(arena, float, count + 1);
    if (coverage->most <= 0)
        return;
    for (size_t i = 0; i < count; i++) {
        float share = covered(coverage, hits[i].key);
        values[i] = share * share * share * share / coverage->most;
    }
    fusion_mix(hits, count, SHARE_COVERED, COVERED_SHARE, values);
}

size_t index_search(Index *index, Arena *arena, const IndexSearch *search, IndexHit *hits)
{
    size_t count = MIN(search->count, INDEX_HITS_MAX);
    size_t depth = search->depth ? MIN(search->depth, INDEX_HITS_MAX) : MAX(count, FUSION_DEPTH);
    LegHit *keyword = arena_new_array(arena, LegHit, depth),
           *vector = arena_new_array(arena, LegHit, depth);
    size_t keyword_count, vector_count;
    Query query = search->query ? *search->query : index_query(index, arena, search->text);

    /* Phrases and exclusions bind both legs; the keyword leg knows which chunks keep to them. */
    KeyFilter filter = search->filter;
    Query scored = query;
    if (query.clauses.count)
        filter = keyword_matching(index->keyword, &query, &search->filter, arena, search->is_cut_r);
    scored.clauses.count = 0;
    keyword_count = keyword_search(index->keyword, &scored, &filter, depth, keyword);
    if (search->having_r)
        *search->having_r = keyword_having(index->keyword, &scored, &filter, arena);
    Coverage coverage = begin_coverage(index, arena, &query, keyword, keyword_count);
    vector_count = search_vectors(index, arena, search, &filter, depth, vector);
    end_coverage(arena, vector, vector_count, &coverage);
    float weight = search->vector_weight > 0 ? search->vector_weight : FUSION_VECTOR_WEIGHT;
    weight = trusted(weight, &coverage, vector, vector_count);
    IndexHit *fused = arena_new_array(arena, IndexHit, 2 * depth);
    size_t fused_count =
        fusion_merge(keyword, keyword_count, vector, vector_count, weight, 2 * depth, fused);
    float support = search->support != 0 ? search->support : FUSION_SUPPORT;
    if (vector_count && query.terms.count && support > 0)
        smooth(index, arena, support, fused, MIN(fused_count, FUSION_NEAR));
    favour_covered(arena, &coverage, fused, fused_count);
    favour_titles(index, arena, &query, fused, fused_count);
    favour_exact(index, arena, &query, fused, fused_count);
    memcpy(hits, fused, MIN(count, fused_count) * sizeof(*hits));
    return MIN(count, fused_count);
}

KeyFilter index_matching(Index *index, Arena *arena, const Query *query, bool *is_cut_r)
{
    return keyword_matching(index->keyword, query, NULL, arena, is_cut_r);
}

#define MISSING_LOOKS_MAX 8

/* Among the hits, which costs little, else anywhere. */
static bool is_anywhere(Index *index, Arena *arena, Str word, const KeyFilter *hits)
{
    Query phrase = parse(index, arena, str_format(arena, "\"" STR_FMT "\"", STR_ARG(word)));
    const KeyFilter *const where[] = { hits, NULL };
    if (phrase.clauses.count != 1)
        return true;
    for (size_t i = 0; i < COUNT(where); i++) {
        KeyFilter found = keyword_matching(index->keyword, &phrase, where[i], arena, NULL);
        for (size_t w = 0; w < bitmap_words(found.bit_count); w++)
            if (found.bits[w])
                return true;
    }
    return false;
}

/* "XK-99213", "4711"; nothing with a sign of the query language. */
static bool is_number_of_something(Str word)
{
    bool has_digit = false;
    for (size_t i = 0; i < word.length; i++)
        has_digit |= word.at[i] >= '0' && word.at[i] <= '9';
    return has_digit && word.length >= 3 && word.at[0] != '-' && str_find_char(word, '"') < 0 &&
           str_find_char(word, ':') < 0 && word.at[word.length - 1] != '*' &&
           str_find_char(word, '~') < 0;
}

Str index_missing_name(Index *index, Arena *arena, const Query *query, const IndexHit *hits,
                       size_t hit_count)
{
    KeyFilter found = bitmap_of(arena, hits, hit_count);
    Str rest = query->text, word;
    size_t looks = 0;
    while (str_next(&rest, ' ', &word) && looks < MISSING_LOOKS_MAX) {
        while (word.length && HAS_CHAR(word.at[word.length - 1], ".,;:!?)]'"))
            word.length--;
        while (word.length && HAS_CHAR(word.at[0], "(['"))
            word = str_from(word, 1);
        if (!is_number_of_something(word))
            continue;
        looks++;
        if (!is_anywhere(index, arena, word, &found))
            return word;
    }
    return STR_NONE;
}

KeywordExplanation index_explain_keyword(Index *index, Arena *arena, const Query *query,
                                         uint64_t key)
{
    return keyword_explain(index->keyword, query, key, arena);
}

double index_rarity(Index *index, Str word) { return keyword_rarity(index->keyword, word); }

IndexStatus index_status(Index *index)
{
    ShelfSize keyword = keyword_size(index->keyword), vectors = { 0 };
    if (index->vectors)
        vectors = vectors_size(index->vectors);
    return (IndexStatus){ .chunks = keyword.entries,
                          .vectors = vectors.entries,
                          .keyword_bytes = keyword.bytes,
                          .vector_bytes = vectors.bytes,
                          .keyword_segments = keyword.segments,
                          .vector_segments = vectors.segments };
}
