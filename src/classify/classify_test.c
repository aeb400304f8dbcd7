/* classify_test.c - labels learned, kept and said; heads beside a reference's. */
#include "classify/classify.h"

#include <criterion/criterion.h>
#include <math.h>

#include "classify/head.h"

/* --- A head --- */

static const float points[][2] = {
    { 0.1f, 1.2f },  { 0.4f, 0.9f }, { -0.3f, 1.5f },  { 1.5f, 0.2f },
    { 1.1f, -0.4f }, { 1.9f, 0.3f }, { -1.0f, -0.7f }, { -0.6f, -1.1f },
    { -1.4f, 0.1f }, { 0.5f, 0.5f }, { 0.2f, -0.2f },  { -0.5f, 0.4f },
};
static const int classes[] = { 0, 0, 0, 1, 1, 1, 2, 2, 2, 1, 2, 0 };

/* scikit-learn 1.9, LogisticRegression(C=1, tol=1e-9) of the same points. */
static const double reference[3][3] = {
    { -0.31742126, 1.06604744, -0.09687082 },
    { 1.12951033, -0.19390402, -0.18875165 },
    { -0.81208907, -0.87214343, 0.28562248 },
};

Test(classify, a_head_is_what_scikit_learn_finds)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    double targets[COUNT(points) * 3] = { 0 };
    for (size_t i = 0; i < COUNT(points); i++)
        targets[i * 3 + classes[i]] = 1;
    HeadData data = { &points[0][0], COUNT(points), 2, targets, 3, false, 1 };
    const float *head = head_train(arena, &data);
    for (int l = 0; l < 3; l++)
        for (int k = 0; k < 3; k++)
            cr_expect_float_eq((double)head[l * 3 + k], reference[l][k], 2e-3, "label %d, %d: %g",
                               l, k, (double)head[l * 3 + k]);
}

/* --- Calibration --- */

Test(classify, temperature_makes_overconfident_scores_as_sure_as_they_are_right)
{
    enum { COUNT_OF = 400 };
    static double logits[COUNT_OF * 2];
    static uint16_t right[COUNT_OF];
    static double confidence[COUNT_OF];
    static bool is_right[COUNT_OF];
    /* Three in four are right, and every one is said with a logit of 4. */
    for (int i = 0; i < COUNT_OF; i++) {
        logits[i * 2] = 4;
        right[i] = i % 4 == 0;
        is_right[i] = right[i] == 0;
    }
    double temperature = temperature_fit(logits, right, COUNT_OF, 2);
    cr_expect_float_eq(temperature, 4 / log(3), 0.03, "%g", temperature);
    for (int i = 0; i < COUNT_OF; i++) {
        softmax(logits + i * 2, 2, temperature);
        confidence[i] = logits[i * 2];
    }
    Reliability r = reliability_of(confidence, is_right, COUNT_OF);
    cr_expect_lt(r.error, 0.01, "%g", r.error);
    cr_expect_eq(r.bins[7].count, (size_t)COUNT_OF);
}

Test(classify, few_examples_that_are_all_right_are_not_certainty)
{
    enum { FEW = 30 };
    double logits[FEW * 3] = { 0 }, single[FEW];
    uint16_t right[FEW];
    bool is_right[FEW];
    for (int i = 0; i < FEW; i++) {
        right[i] = (uint16_t)(i % 3);
        logits[i * 3 + i % 3] = 9;
        is_right[i] = i % 2 == 0;
        single[i] = is_right[i] ? 9 : -9;
    }
    /* Laplace: of 32 one is wrong. */
    double temperature = temperature_fit(logits, right, FEW, 3);
    softmax(logits, 3, temperature);
    cr_expect_float_eq(logits[0], 31.0 / 32, 0.001, "%g", logits[0]);
    cr_expect_float_eq(sigmoid(9 / temperature_fit_binary(single, is_right, FEW)), 31.0 / 32,
                       0.001);
}

Test(classify, the_threshold_is_the_lowest_that_is_right_often_enough)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    const double confidence[] = { 0.95, 0.9, 0.8, 0.7, 0.6, 0.5 };
    const bool is_right[] = { true, true, true, false, true, false };
    cr_expect_eq(threshold_for_precision(arena, confidence, is_right, 6, 0.99), 0.8);
    cr_expect_eq(threshold_for_precision(arena, confidence, is_right, 6, 0.8), 0.6);
    cr_expect_eq(threshold_for_precision(arena, confidence, is_right, 6, 0.5), 0.5);
    const bool none[6] = { false };
    cr_expect_gt(threshold_for_precision(arena, confidence, none, 6, 0.9), 1);
}

/* --- A classifier over an embedder that counts words --- */

enum { DIMS = 64 };

static bool count_words(void *self, Arena *arena, const Str *texts, size_t count, float **vectors_r,
                        size_t *dims_r, Error *err)
{
    float *vectors = arena_new_array(arena, float, count *DIMS);
    (void)err;
    if (self)
        ++*(size_t *)self;
    for (size_t i = 0; i < count; i++) {
        float *vector = vectors + i * DIMS;
        Str rest = str_lower(arena, texts[i]), word;
        double length = 0;
        while (str_next(&rest, ' ', &word)) {
            uint32_t hash = 2166136261u;
            for (size_t k = 0; k < word.length; k++)
                hash = (hash ^ (unsigned char)word.at[k]) * 16777619u;
            vector[hash % DIMS] += 1;
        }
        for (int k = 0; k < DIMS; k++)
            length += (double)vector[k] * (double)vector[k];
        for (int k = 0; k < DIMS; k++)
            vector[k] = (float)(vector[k] / sqrt(MAX(length, 1e-9)));
    }
    *vectors_r = vectors;
    *dims_r = DIMS;
    return true;
}
static const Embedder counting = { count_words, NULL, S_INIT("counting") };

static const ClassifyLabel labels[] = {
    { S_INIT("sport"), S_INIT("football match goal team") },
    { S_INIT("food"), S_INIT("soup bread kitchen cook") },
};

static const char *const sport[] = { "the team won the match", "a late goal in the match",
                                     "football team scored a goal",
                                     "the match ended without goal" };
static const char *const food[] = { "fresh bread and hot soup", "the cook left the kitchen",
                                    "soup with bread", "a kitchen for one cook" };

/* `count` examples, sport and food in turn. */
static ClassifySet make_set(Arena *arena, size_t count, bool is_multi)
{
    static const uint16_t indexes[] = { 0, 1 };
    ClassifyExample *examples = arena_new_array(arena, ClassifyExample, count);
    for (size_t i = 0; i < count; i++) {
        const char *const *from = i % 2 ? food : sport;
        examples[i].text = str_format(arena, "%s %s", from[i / 2 % 4], from[i / 8 % 4]);
        examples[i].labels = &indexes[i % 2];
        examples[i].label_count = 1;
    }
    return (ClassifySet){ labels, 2, examples, count, is_multi, 0 };
}

static uint16_t first_label(const Classifier *c, Arena *arena, const char *text)
{
    ClassifyResult result;
    Error err;
    cr_assert(classify(c, &counting, arena, str(text), &result, &err), "%s", err.message);
    return result.scores[0].label;
}

Test(classify, labels_are_said_by_their_words_by_neighbours_and_by_a_head)
{
    static const struct {
        size_t examples;
        ClassifyWay way;
    } cases[] = { { 0, CLASSIFY_ZERO_SHOT }, { 10, CLASSIFY_NEAREST }, { 40, CLASSIFY_HEAD } };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    for (size_t i = 0; i < COUNT(cases); i++) {
        ClassifySet set = make_set(arena, cases[i].examples, false);
        Classifier made;
        Error err;
        cr_assert(classifier_train(&counting, arena, &set, NULL, &made, &err), "%s", err.message);
        cr_expect_eq(made.way, cases[i].way);
        cr_expect_eq(first_label(&made, arena, "their team lost the football match"), 0);
        cr_expect_eq(first_label(&made, arena, "bread from our own kitchen"), 1);
        cr_expect_eq(made.measures.fold_count > 0, cases[i].examples > 0);
        if (made.measures.fold_count)
            cr_expect_gt(made.measures.accuracy, 0.9);
    }
}

Test(classify, what_is_kept_says_the_same_and_damage_is_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    ClassifySet set = make_set(arena, 40, false);
    Classifier made, read;
    Error err;
    cr_assert(classifier_train(&counting, arena, &set, NULL, &made, &err));
    Str bytes = classifier_pack(&made, arena);
    cr_assert(classifier_unpack(arena, bytes, &read, &err), "%s", err.message);
    ClassifyResult before, after;
    Str text = S("soup in the kitchen");
    cr_assert(classify(&made, &counting, arena, text, &before, &err));
    cr_assert(classify(&read, &counting, arena, text, &after, &err));
    cr_expect_eq(before.scores[0].confidence, after.scores[0].confidence);
    cr_expect_eq(read.measures.accuracy, made.measures.accuracy);
    cr_expect_eq(read.measures.confusion[0], made.measures.confusion[0]);
    for (size_t length = 0; length < bytes.length; length += 97)
        cr_expect_not(classifier_unpack(arena, str_slice(bytes, 0, length), &read, &err));
    char *torn = str_c(arena, bytes);
    torn[bytes.length / 2] = (char)(torn[bytes.length / 2] ^ 1);
    cr_expect_not(classifier_unpack(arena, (Str){ torn, bytes.length }, &read, &err));
    cr_expect_eq(err.code, ERROR_DAMAGED);
}

Test(classify, a_text_may_have_several_labels_or_none)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    ClassifySet set = make_set(arena, 40, true);
    Classifier made;
    ClassifyResult result;
    Error err;
    cr_assert(classifier_train(&counting, arena, &set, NULL, &made, &err), "%s", err.message);
    cr_expect_eq(made.way, CLASSIFY_HEAD);
    cr_assert(classify(&made, &counting, arena, S("the team won the match"), &result, &err));
    cr_expect_eq(result.said_count, 1);
    cr_expect_eq(result.scores[0].label, 0);
    cr_expect_lt(result.scores[1].confidence, 0.5);
}

Test(classify, the_piece_that_says_the_label_is_told)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    ClassifySet set = make_set(arena, 0, false);
    Classifier made;
    ClassifyResult result;
    Error err;
    Buf text = buf_new(arena, KB(8));
    for (int i = 0; i < 20; i++)
        buf_add(&text,
                S("Nothing here is about either of them at all, whatever one may say of it. "));
    size_t before = text.length;
    buf_add(&text,
            S("football match goal team football match goal team football match goal team. "));
    cr_assert(classifier_train(&counting, arena, &set, NULL, &made, &err));
    cr_assert(classify(&made, &counting, arena, buf_str(&text), &result, &err));
    cr_expect_eq(result.scores[0].label, 0);
    cr_expect_leq(result.start, before);
    cr_expect_gt(result.end, before);
}

Test(classify, what_is_wrong_with_a_set_is_named)
{
    static const ClassifyLabel same[] = { { S_INIT("a"), S_INIT("") },
                                          { S_INIT("a"), S_INIT("") } };
    static const ClassifyLabel nameless[] = { { S_INIT("a"), S_INIT("") },
                                              { S_INIT(" "), S_INIT("") } };
    static const uint16_t third[] = { 2 };
    static const ClassifyExample beyond[] = { { S_INIT("text"), third, 1 } };
    static const ClassifyExample unlabelled[] = { { S_INIT("text"), NULL, 0 } };
    const ClassifySet cases[] = {
        { labels, 1, NULL, 0, false, 0 },       { same, 2, NULL, 0, false, 0 },
        { nameless, 2, NULL, 0, false, 0 },     { labels, 2, beyond, 1, false, 0 },
        { labels, 2, unlabelled, 1, false, 0 },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Classifier made;
        Error err = { 0 };
        cr_expect_not(classifier_train(&counting, arena, &cases[i], NULL, &made, &err), "case %zu",
                      i);
        cr_expect_eq(err.code, ERROR_INVALID);
    }
}

static bool stop_at_once(void *self, double done, const char *what)
{
    (void)self, (void)done, (void)what;
    return false;
}

Test(classify, training_can_be_stopped)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    ClassifySet set = make_set(arena, 40, false);
    ClassifyProgress progress = { stop_at_once, NULL };
    Classifier made;
    Error err;
    cr_expect_not(classifier_train(&counting, arena, &set, &progress, &made, &err));
    cr_expect_eq(err.code, ERROR_CANCELLED);
}

Test(classify, another_encoders_classifier_is_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    ClassifySet set = make_set(arena, 0, false);
    Embedder other = { count_words, NULL, S("another") };
    Classifier made;
    ClassifyResult result;
    Error err;
    cr_assert(classifier_train(&other, arena, &set, NULL, &made, &err));
    cr_expect_not(classify(&made, &counting, arena, S("soup"), &result, &err));
    cr_expect_eq(err.code, ERROR_CONFLICT);
}
