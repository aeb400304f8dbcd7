/* classify_bench.c - how often labels, sentiment and entities are right, and what a head costs.
 *
 *   build/classify_bench [--frozen] [--wrong] [--vectors=FILE] MODEL_FOLDER
 *
 * The sets are those of bench/classify, their open half; `--frozen` the other one, `--wrong` also
 * prints what is not right. Heads are trained on one half of a set and asked about the other; with
 * `--vectors` the same vectors are written to FILE, one a line, for scikit-learn
 * (classify_peer.py). */
#include <math.h>
#include <time.h>

#include "base/file.h"
#include "classify/classify.h"
#include "classify/document_type.h"
#include "classify/embedder.h"
#include "classify/entities.h"
#include "classify/head.h"
#include "classify/phrases.h"
#include "classify/sentiment_head.h"
#include "must.h"

#define ROWS_MAX 2000
#define LABELS_MAX 32

static Error err;
static Arena *arena;
static Embedder embedder;
static Str half = S_INIT("open");
static bool shows_wrong;
static FILE *vectors_file;

typedef struct Row {
    Str half, label, text;
    size_t label_at;
} Row;

typedef struct Set {
    Row rows[ROWS_MAX];
    size_t count;
    ClassifyLabel labels[LABELS_MAX];
    size_t label_count;
} Set;

static Set *read_set(const char *path, bool has_labels)
{
    Str bytes, line;
    Set *set = arena_new_one(arena, Set);
    must(file_read(arena, path, MB(4), &bytes, &err), &err);
    while (str_next(&bytes, '\n', &line)) {
        Row *row = &set->rows[set->count];
        if (!line.length)
            continue;
        str_next(&line, '\t', &row->half);
        if (has_labels)
            str_next(&line, '\t', &row->label);
        row->text = line;
        while (row->label_at < set->label_count &&
               !str_equal(set->labels[row->label_at].name, row->label))
            row->label_at++;
        /* Lists of several are no labels of a head; there may be any number of them. */
        if (row->label_at == set->label_count && set->label_count < LABELS_MAX)
            set->labels[set->label_count++] = (ClassifyLabel){ row->label, STR_NONE };
        set->count++;
    }
    return set;
}

/* --- Labels by their words --- */

/* Of all sets together: confidence without examples has one scale for whatever the labels are. */
static double all_confidence[ROWS_MAX];
static bool all_right[ROWS_MAX];
static size_t all_count;

static void print_zero_shot_of(const char *what)
{
    size_t right = 0;
    for (size_t i = 0; i < all_count; i++)
        right += all_right[i];
    printf("zero-shot of %s: %zu of %zu right, %.3f; calibration error %.3f; %.2f would be 0.9\n",
           what, right, all_count, (double)right / (double)all_count,
           reliability_of(all_confidence, all_right, all_count).error,
           threshold_for_precision(arena, all_confidence, all_right, all_count, 0.9));
    all_count = 0;
}

static void measure_zero_shot(const char *name, const Set *set)
{
    ClassifySet asked = { set->labels, set->label_count, NULL, 0, false, 0 };
    Classifier classifier;
    size_t right = 0, count = 0, sure = 0, sure_right = 0;
    double confidence[ROWS_MAX];
    bool is_right[ROWS_MAX];
    must(classifier_train(&embedder, arena, &asked, NULL, &classifier, &err), &err);
    for (size_t i = 0; i < set->count; i++) {
        ClassifyResult result;
        if (!str_equal(set->rows[i].half, half))
            continue;
        must(classify(&classifier, &embedder, arena, set->rows[i].text, &result, &err), &err);
        bool is = result.scores[0].label == set->rows[i].label_at;
        confidence[count] = result.scores[0].confidence;
        is_right[count++] = is;
        right += is;
        all_confidence[all_count] = result.scores[0].confidence;
        all_right[all_count++] = is;
        sure += result.is_sure;
        sure_right += is && result.is_sure;
        if (shows_wrong && !is)
            printf("  " STR_FMT " (%.2f) for " STR_FMT ": " STR_FMT "\n",
                   STR_ARG(set->labels[result.scores[0].label].name), result.scores[0].confidence,
                   STR_ARG(set->rows[i].label), STR_ARG(set->rows[i].text));
    }
    printf("zero-shot %s: %zu of %zu right, %.3f; calibration error %.3f; sure of %zu, %.3f of "
           "them "
           "right; %.2f would be 0.9\n",
           name, right, count, (double)right / (double)count,
           reliability_of(confidence, is_right, count).error, sure,
           (double)sure_right / (double)MAX(sure, (size_t)1),
           threshold_for_precision(arena, confidence, is_right, count, 0.9));
}

/* The rows of labels.tsv of the set: half, its name, label, text. */
static void read_kind(Str name, Set *set)
{
    Str bytes, line, field;
    must(file_read(arena, "bench/classify/labels.tsv", MB(1), &bytes, &err), &err);
    while (str_next(&bytes, '\n', &line)) {
        Row row = { 0 };
        str_next(&line, '\t', &row.half);
        str_next(&line, '\t', &field);
        str_next(&line, '\t', &row.label);
        row.text = line;
        while (row.label_at < set->label_count &&
               !str_equal(set->labels[row.label_at].name, row.label))
            row.label_at++;
        if (str_equal(row.half, half) && str_equal(field, name))
            set->rows[set->count++] = row;
    }
}

/* Label sets of many kinds: few rows each, so only all of them together say something. Rows of
 * label_sets.tsv are half, set, label, description. */
static void measure_kinds(void)
{
    Str bytes, line, name = STR_NONE, field;
    Set *set = NULL;
    must(file_read(arena, "bench/classify/label_sets.tsv", MB(1), &bytes, &err), &err);
    for (bool is_more = true; is_more;) {
        ClassifyLabel label;
        is_more = str_next(&bytes, '\n', &line) && line.length;
        str_next(&line, '\t', &field);
        bool is_asked = is_more && str_equal(field, half);
        str_next(&line, '\t', &field);
        if (set && (!is_asked || !str_equal(field, name))) {
            read_kind(name, set);
            measure_zero_shot(str_c(arena, name), set);
            set = NULL;
        }
        if (!is_asked)
            continue;
        if (!set)
            set = arena_new_one(arena, Set);
        name = field;
        str_next(&line, '\t', &label.name);
        label.description = line;
        set->labels[set->label_count++] = label;
    }
}

/* --- Several labels, by their words --- */

static bool has_label(Str list, Str wanted)
{
    Str one;
    while (str_next(&list, ',', &one))
        if (str_equal(one, wanted))
            return true;
    return false;
}

/* The labels are those of `from`. */
static void measure_multi(const Set *set, const Set *from)
{
    ClassifySet asked = { from->labels, from->label_count, NULL, 0, true, 0 };
    Classifier classifier;
    size_t said = 0, there = 0, hits = 0, all = 0, right = 0;
    must(classifier_train(&embedder, arena, &asked, NULL, &classifier, &err), &err);
    for (size_t i = 0; i < set->count; i++) {
        const Row *row = &set->rows[i];
        ClassifyResult result;
        if (!str_equal(row->half, half))
            continue;
        must(classify(&classifier, &embedder, arena, row->text, &result, &err), &err);
        for (size_t l = 0; l < result.score_count; l++) {
            bool is = has_label(row->label, from->labels[result.scores[l].label].name);
            there += is;
            said += l < result.said_count;
            hits += is && l < result.said_count;
            right += is == (l < result.said_count);
            all++;
        }
    }
    printf("zero-shot several: precision %.3f, recall %.3f, F1 %.3f of %zu labels; decisions %.3f "
           "right\n",
           (double)hits / (double)MAX(said, (size_t)1), (double)hits / (double)there,
           2.0 * (double)hits / (double)(said + there), there, (double)right / (double)all);
}

/* --- Learned from one part, asked about the other --- */

static double confidence[ROWS_MAX];
static bool is_right[ROWS_MAX];

/* Of the open half every second row is learned from; the frozen one is asked by what learned all of
 * the open. */
static bool is_learned(size_t nth, Str of)
{
    return str_is(half, "frozen") ? str_is(of, "open") : str_is(of, "open") && nth % 2 == 0;
}

static void measure_learned(const char *name, const Set *set)
{
    ClassifyExample *examples = arena_new_array(arena, ClassifyExample, set->count);
    ClassifySet learned = { set->labels, set->label_count, examples, 0, false, 0 };
    uint16_t *labels = arena_new_array(arena, uint16_t, set->count);
    Classifier classifier;
    size_t right = 0, count = 0, sure = 0, sure_right = 0;
    for (size_t i = 0; i < set->count; i++) {
        labels[i] = (uint16_t)set->rows[i].label_at;
        if (is_learned(i / 2, set->rows[i].half))
            examples[learned.example_count++] =
                (ClassifyExample){ set->rows[i].text, &labels[i], 1 };
    }
    must(classifier_train(&embedder, arena, &learned, NULL, &classifier, &err), &err);
    for (size_t i = 0; i < set->count; i++) {
        ClassifyResult result;
        if (is_learned(i / 2, set->rows[i].half) || !str_equal(set->rows[i].half, half))
            continue;
        must(classify(&classifier, &embedder, arena, set->rows[i].text, &result, &err), &err);
        bool is = result.scores[0].label == labels[i];
        confidence[count] = result.scores[0].confidence;
        is_right[count++] = is;
        right += is;
        sure += result.is_sure;
        sure_right += is && result.is_sure;
    }
    printf(
        "learned %s: %s of %zu examples, %zu of %zu right, %.3f; calibration error %.3f; sure of "
        "%zu, %.3f of them right\n",
        name, classify_way_name(classifier.way), learned.example_count, right, count,
        (double)right / (double)count, reliability_of(confidence, is_right, count).error, sure,
        (double)sure_right / (double)MAX(sure, (size_t)1));
}

/* --- Types of documents --- */

/* A line of the set has its line ends as \n. */
static Str unfolded(Str text)
{
    Buf out = buf_new(arena, text.length + 1);
    for (size_t i = 0; i < text.length; i++) {
        bool is_end = text.at[i] == '\\' && i + 1 < text.length && text.at[i + 1] == 'n';
        buf_add_char(&out, is_end ? '\n' : text.at[i]);
        i += is_end;
    }
    return buf_str(&out);
}

static void measure_types(const Set *set)
{
    size_t count = 0, right = 0, by_words = 0;
    static double words_confidence[ROWS_MAX];
    static bool words_right[ROWS_MAX];
    for (size_t i = 0; i < set->count; i++) {
        const Row *row = &set->rows[i];
        Str text = unfolded(row->text);
        if (!str_equal(row->half, half))
            continue;
        DocumentTypeFound both = document_type_of(arena, text, STR_NONE, &embedder);
        DocumentTypeFound words = document_type_of(arena, text, STR_NONE, NULL);
        bool is = str_is(row->label, document_type_name(both.type));
        words_right[count] = str_is(row->label, document_type_name(words.type));
        words_confidence[count] = words.confidence;
        by_words += words_right[count];
        confidence[count] = both.confidence;
        is_right[count++] = is;
        right += is;
        if (shows_wrong && !is)
            printf("  %s (%.2f) for " STR_FMT ": " STR_FMT "\n", document_type_name(both.type),
                   both.confidence, STR_ARG(row->label), STR_ARG(row->text));
    }
    printf("types of documents: %zu of %zu right, %.3f; by words alone %.3f; calibration error "
           "%.3f, by words alone %.3f\n",
           right, count, (double)right / (double)count, (double)by_words / (double)count,
           reliability_of(confidence, is_right, count).error,
           reliability_of(words_confidence, words_right, count).error);
}

/* --- Aspects and key phrases --- */

static void measure_aspects(const Set *set)
{
    size_t said = 0, there = 0, hits = 0;
    for (size_t i = 0; i < set->count; i++) {
        const Row *row = &set->rows[i];
        Str wanted = row->label, one;
        if (!str_equal(row->half, half))
            continue;
        SentimentReport report = sentiment_report(arena, row->text);
        size_t found = 0, before = hits;
        for (size_t a = 0; a < report.aspects.count; a++)
            found += report.aspects.at[a].sentiment.sign != SENTIMENT_NEUTRAL;
        for (; str_next(&wanted, ';', &one); there++)
            for (size_t a = 0; a < report.aspects.count; a++)
                hits += str_equal(
                    one, str_format(arena, STR_FMT "=%s", STR_ARG(report.aspects.at[a].name),
                                    sentiment_sign_name(report.aspects.at[a].sentiment.sign)));
        said += found;
        if (shows_wrong && hits - before != found)
            printf("  " STR_FMT " of %zu: " STR_FMT "\n", STR_ARG(row->label), found,
                   STR_ARG(row->text));
    }
    printf("aspects: precision %.3f, recall %.3f, F1 %.3f of %zu\n",
           (double)hits / (double)MAX(said, (size_t)1), (double)hits / (double)there,
           2.0 * (double)hits / (double)(said + there), there);
}

#define PHRASES_ASKED 5

static void measure_phrases(const Set *set)
{
    size_t there = 0, hits = 0;
    for (size_t i = 0; i < set->count; i++) {
        const Row *row = &set->rows[i];
        Str wanted = row->label, one;
        if (!str_equal(row->half, half))
            continue;
        KeyPhraseList list =
            key_phrases(arena, row->text, LANGUAGE_ENGLISH, &embedder, PHRASES_ASKED);
        for (; str_next(&wanted, ';', &one); there++) {
            bool is = false;
            for (size_t k = 0; k < list.phrases.count; k++)
                is = is || str_equal_ignore_case(list.phrases.at[k].text, one);
            hits += is;
            if (shows_wrong && !is)
                printf("  " STR_FMT ": " STR_FMT "\n", STR_ARG(one), STR_ARG(row->text));
        }
    }
    printf("key phrases: %zu of %zu among the first %d, %.3f\n", hits, there, PHRASES_ASKED,
           (double)hits / (double)there);
}

/* --- Heads --- */

typedef struct HeadSet {
    const char *name;
    size_t count, dims, label_count;
    float *vectors;
    size_t *labels;
    bool *is_test;
} HeadSet;

static void write_vectors(const HeadSet *set)
{
    for (size_t i = 0; vectors_file && i < set->count; i++) {
        fprintf(vectors_file, "%s\t%d\t%zu", set->name, set->is_test[i], set->labels[i]);
        for (size_t k = 0; k < set->dims; k++)
            fprintf(vectors_file, "\t%.9g", (double)set->vectors[i * set->dims + k]);
        fprintf(vectors_file, "\n");
    }
}

static double ask_head(const HeadSet *set, const float *head)
{
    size_t right = 0, count = 0;
    for (size_t i = 0; i < set->count; i++) {
        double logits[LABELS_MAX];
        size_t said = 0;
        if (!set->is_test[i])
            continue;
        head_apply(head, set->label_count, set->dims, set->vectors + i * set->dims, logits);
        for (size_t l = 1; l < set->label_count; l++)
            said = logits[l] > logits[said] ? l : said;
        right += said == set->labels[i];
        count++;
    }
    return (double)right / (double)count;
}

static void measure_head(const HeadSet *set)
{
    float *vectors = arena_new_array(arena, float, set->count * set->dims);
    double *targets = arena_new_array(arena, double, set->count * set->label_count);
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (set->is_test[i])
            continue;
        memcpy(vectors + count * set->dims, set->vectors + i * set->dims,
               set->dims * sizeof(float));
        targets[count++ * set->label_count + set->labels[i]] = 1;
    }
    HeadData data = { vectors, count, set->dims, targets, set->label_count, false, 1 };
    clock_t began = clock();
    const float *head = head_train(arena, &data);
    double took = (double)(clock() - began) / CLOCKS_PER_SEC;
    printf("head %s: accuracy %.4f; %zu examples of %zu values, %zu labels, in %.3f s\n", set->name,
           ask_head(set, head), count, set->dims, set->label_count, took);
    write_vectors(set);
}

static HeadSet head_set(const char *name, size_t count, size_t dims, size_t label_count)
{
    return (HeadSet){ name,
                      count,
                      dims,
                      label_count,
                      arena_new_array(arena, float, count *dims),
                      arena_new_array(arena, size_t, count),
                      arena_new_array(arena, bool, count) };
}

static void measure_text_head(const char *name, const Set *set)
{
    Str texts[ROWS_MAX];
    float *vectors;
    size_t dims;
    for (size_t i = 0; i < set->count; i++)
        texts[i] = set->rows[i].text;
    must(embedder.embed(embedder.self, arena, texts, set->count, &vectors, &dims, &err), &err);
    HeadSet head = head_set(name, set->count, dims, set->label_count);
    head.vectors = vectors;
    for (size_t i = 0; i < set->count; i++) {
        head.labels[i] = set->rows[i].label_at;
        head.is_test[i] = str_is(set->rows[i].half, "frozen");
    }
    measure_head(&head);
}

static double next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 33) / (double)(1u << 31) - 0.5;
}

/* Unit vectors of ten classes that overlap: 1,000 to learn from, 1,000 to be asked. */
static void measure_made_head(void)
{
    enum { COUNT_OF = 2000, DIMS = 384, LABELS = 10 };
    static float centres[LABELS][DIMS];
    uint64_t state = 42;
    HeadSet set = head_set("made", COUNT_OF, DIMS, LABELS);
    for (int l = 0; l < LABELS; l++)
        for (int k = 0; k < DIMS; k++)
            centres[l][k] = (float)next_random(&state);
    for (size_t i = 0; i < COUNT_OF; i++) {
        float *vector = set.vectors + i * DIMS;
        double length = 0;
        set.labels[i] = i % LABELS;
        set.is_test[i] = i >= COUNT_OF / 2;
        for (int k = 0; k < DIMS; k++) {
            vector[k] = 0.16f * centres[set.labels[i]][k] + (float)next_random(&state);
            length += (double)vector[k] * (double)vector[k];
        }
        for (int k = 0; k < DIMS; k++)
            vector[k] = (float)(vector[k] / sqrt(length));
    }
    measure_head(&set);
}

/* --- Sentiment --- */

static void measure_sentiment(const Set *set, const char *name, const Classifier *head)
{
    size_t right = 0, count = 0, polar = 0, polar_right = 0;
    for (size_t i = 0; i < set->count; i++) {
        const Row *row = &set->rows[i];
        if (!str_equal(row->half, half))
            continue;
        Sentiment found = sentiment_of(row->text, LANGUAGE_ENGLISH);
        if (head)
            must(sentiment_read(head, &embedder, arena, row->text, LANGUAGE_ENGLISH, &found, &err),
                 &err);
        bool is = str_is(row->label, sentiment_sign_name(found.sign));
        right += is;
        count++;
        if (!str_is(row->label, "neutral")) {
            polar++;
            polar_right += (found.score > 0) == str_is(row->label, "positive") && found.score != 0;
        }
        if (shows_wrong && !is)
            printf("  %s (%.2f) for " STR_FMT ": " STR_FMT "\n", sentiment_sign_name(found.sign),
                   found.score, STR_ARG(row->label), STR_ARG(row->text));
    }
    printf("sentiment %s: %zu of %zu right, %.3f; for or against %.3f\n", name, right, count,
           (double)right / (double)count, (double)polar_right / (double)polar);
}

/* --- Entities --- */

typedef struct Marked {
    Str text;
    Entity entities[32];
    size_t count;
} Marked;

/* "{P:Ann} met" without its braces, and where the names stand. */
static Marked read_marks(Str line)
{
    Marked marked = { 0 };
    Buf out = buf_new(arena, line.length + 1);
    for (size_t i = 0; i < line.length; i++) {
        char c = line.at[i];
        if (c == '{') {
            char kind = line.at[i + 1];
            marked.entities[marked.count].kind = kind == 'P'   ? ENTITY_PERSON
                                                 : kind == 'O' ? ENTITY_ORGANISATION
                                                               : ENTITY_PLACE;
            marked.entities[marked.count].start = out.length;
            i += 2;
        } else if (c == '}') {
            marked.entities[marked.count++].end = out.length;
        } else {
            buf_add_char(&out, c);
        }
    }
    marked.text = buf_str(&out);
    return marked;
}

typedef struct Counts {
    size_t said, there, right;
} Counts;

static bool is_marked(const Marked *marked, const Entity *entity)
{
    for (size_t i = 0; i < marked->count; i++)
        if (marked->entities[i].kind == entity->kind &&
            marked->entities[i].start == entity->start && marked->entities[i].end == entity->end)
            return true;
    return false;
}

static void print_counts(const char *name, Counts counts)
{
    double precision = (double)counts.right / (double)MAX(counts.said, (size_t)1);
    double recall = (double)counts.right / (double)MAX(counts.there, (size_t)1);
    printf("entities %s: precision %.3f, recall %.3f, F1 %.3f of %zu\n", name, precision, recall,
           2 * precision * recall / MAX(precision + recall, 1e-9), counts.there);
}

static void measure_entities(const Set *set)
{
    Counts counts[3] = { 0 }, all = { 0 };
    for (size_t i = 0; i < set->count; i++) {
        if (!str_equal(set->rows[i].half, half))
            continue;
        Marked marked = read_marks(set->rows[i].text);
        EntityList found = entities_find(arena, marked.text, 1700000000, NULL);
        size_t right = 0, said = 0;
        Buf wrong = buf_new(arena, KB(4));
        for (size_t e = 0; e < marked.count; e++)
            counts[marked.entities[e].kind].there++;
        for (size_t e = 0; e < found.entities.count; e++) {
            const Entity *entity = &found.entities.at[e];
            if (entity->kind > ENTITY_PLACE)
                continue;
            bool is = is_marked(&marked, entity);
            counts[entity->kind].said++;
            counts[entity->kind].right += is;
            right += is;
            said++;
            if (!is)
                buf_addf(&wrong, " [" STR_FMT " %s]", STR_ARG(entity->text),
                         entity_kind_rows[entity->kind].word);
        }
        if (shows_wrong && (right < marked.count || said > right))
            printf("  " STR_FMT " --" STR_FMT "\n", STR_ARG(set->rows[i].text),
                   STR_ARG(buf_str(&wrong)));
    }
    static const char *const names[] = { "people", "organisations", "places" };
    for (int kind = 0; kind < 3; kind++) {
        print_counts(names[kind], counts[kind]);
        all.said += counts[kind].said;
        all.there += counts[kind].there;
        all.right += counts[kind].right;
    }
    print_counts("all", all);
}

int main(int argc, char **argv)
{
    const char *folder = NULL;
    arena = arena_new(GB(2));
    for (int i = 1; i < argc; i++) {
        Str word = str(argv[i]);
        if (str_is(word, "--frozen"))
            half = S("frozen");
        else if (str_is(word, "--wrong"))
            shows_wrong = true;
        else if (str_starts(word, S("--vectors=")))
            vectors_file = fopen(argv[i] + strlen("--vectors="), "w");
        else
            folder = argv[i];
    }
    EncodeQueue *queue = encode_queue_new(&(EncodeQueueOptions){ .folder = folder });
    must(classify_embedder(queue, ENCODE_BULK, arena, &embedder, &err), &err);
    const Set *topics = read_set("bench/classify/topics.tsv", true);
    const Set *intents = read_set("bench/classify/intents.tsv", true);
    const Set *feelings = read_set("bench/classify/sentiment.tsv", true);
    measure_zero_shot("topics", topics);
    measure_zero_shot("intents", intents);
    print_zero_shot_of("all");
    measure_kinds();
    print_zero_shot_of("many label sets");
    measure_multi(read_set("bench/classify/multi.tsv", true), topics);
    measure_learned("topics", topics);
    measure_learned("intents", intents);
    measure_types(read_set("bench/classify/types.tsv", true));
    measure_aspects(read_set("bench/classify/aspects.tsv", true));
    measure_phrases(read_set("bench/classify/phrases.tsv", true));
    Classifier head;
    must(sentiment_learn(&embedder, arena, &head, &err), &err);
    measure_sentiment(feelings, "by words", NULL);
    measure_sentiment(feelings, "by words and meaning", &head);
    measure_entities(read_set("bench/classify/entities.tsv", false));
    measure_text_head("topics", topics);
    measure_text_head("sentiment", feelings);
    measure_made_head();
    if (vectors_file)
        fclose(vectors_file);
    encode_queue_free(queue);
    arena_free(arena);
    return 0;
}
