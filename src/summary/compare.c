/* compare.c - see compare.h. */
#include "answer/answer_json.h"
#include "base/map.h"
#include "base/utf8.h"
#include "summary/compare_int.h"
#include "summary/summary_int.h"

#define NO_PARTNER SIZE_MAX
#define CHANGED_MIN 0.5   /* likeness from which two sentences are one that was changed */
#define SECTION_BONUS 0.1 /* in sections that belong together */
#define WORDS_MIN 0.2     /* below it the meaning decides nothing */
#define MEANING_SHARE 0.4
#define EMBEDDED_MAX 400 /* sentences of a side whose meaning is looked at */
#define EMBED_TOKENS 96
#define EMBEDDED_AT_ONCE 64 /* texts; between them it is asked whether to go on */
#define SECTIONS_MAX 300
#define SECTION_BYTES 600
#define SECTION_MIN 0.35

typedef struct Pair {
    size_t left, right; /* of the sides' open sentences */
    double likeness;
} Pair;

/* One document of the two. */
typedef struct Side {
    const Material *material;
    Str *lines;      /* of every piece */
    size_t *partner; /* piece of the other side, or NO_PARTNER */
    size_t *open;    /* pieces that the other side has not word for word */
    size_t open_count;
    size_t *sections; /* section + 1 of the other side that belongs to each section; 0: none */
    size_t section_count;
} Side;

typedef struct Comparing {
    Summaries *summaries;
    Arena *arena;
    Words *words;
    Side left, right;
    VEC(Pair) pairs;
    bool has_meaning;
    Comparison *comparison;
    const StopCheck *stop; /* may be NULL */
} Comparing;

static Side side_new(Arena *arena, const Material *material)
{
    Side side = { .material = material,
                  .lines = arena_new_array(arena, Str, material->piece_count + 1),
                  .partner = arena_new_array(arena, size_t, material->piece_count + 1),
                  .open = arena_new_array(arena, size_t, material->piece_count + 1) };
    for (size_t i = 0; i < material->piece_count; i++) {
        side.lines[i] = material->pieces[i].plain;
        side.partner[i] = NO_PARTNER;
        side.section_count = MAX(side.section_count, material->pieces[i].section + 1);
    }
    side.sections = arena_new_array(arena, size_t, side.section_count + 1);
    return side;
}

/* --- Word for word --- */

typedef struct Places {
    VEC(size_t) pieces; /* with the same line, in their order */
    size_t next;
} Places;

static void pair_same(Comparing *c)
{
    Map lines = map_new(c->arena);
    for (size_t i = 0; i < c->right.material->piece_count; i++) {
        MapEntry *entry = map_add(&lines, utf8_fold(c->arena, c->right.lines[i]), NULL);
        if (!entry->pointer)
            entry->pointer = arena_new_one(c->arena, Places);
        *vec_push(c->arena, &((Places *)entry->pointer)->pieces) = i;
    }
    for (size_t i = 0; i < c->left.material->piece_count; i++) {
        MapEntry *entry = map_find(&lines, utf8_fold(c->arena, c->left.lines[i]));
        Places *places = entry ? entry->pointer : NULL;
        if (!places || places->next == places->pieces.count)
            continue;
        size_t other = places->pieces.at[places->next++];
        c->left.partner[i] = other;
        c->right.partner[other] = i;
        c->comparison->same++;
    }
}

static bool list_open(Side *side)
{
    for (size_t i = 0; i < side->material->piece_count; i++)
        if (side->partner[i] == NO_PARTNER)
            side->open[side->open_count++] = i;
    return side->open_count <= COMPARED_MAX;
}

/* --- Likeness --- */

/* Both sides as one text, so that its words are weighed alike. */
static float *word_likeness(const Comparing *c, const Str *left, size_t left_count,
                            const Str *right, size_t right_count);

static float *meanings(const Comparing *c, const Str *texts, size_t count, size_t *dims_r)
{
    float *vectors = NULL, *some;
    for (size_t first = 0; first < count; first += EMBEDDED_AT_ONCE) {
        size_t part = MIN(count - first, EMBEDDED_AT_ONCE);
        if (!c->summaries->searcher || stop_is_wished(c->stop) ||
            !search_embed(c->summaries->searcher, c->arena, texts + first, part, EMBED_TOKENS,
                          dims_r, &some))
            return NULL;
        if (!vectors)
            vectors = arena_new_array(c->arena, float, count **dims_r);
        memcpy(vectors + first * *dims_r, some, part * *dims_r * sizeof *some);
    }
    return vectors;
}

static double cosine(const float *a, const float *b, size_t dims)
{
    float sum = 0;
    for (size_t d = 0; d < dims; d++)
        sum += a[d] * b[d];
    return MAX(0.0, (double)sum);
}

/* --- Sections --- */

/* A section's heading and how it begins. */
static Str *section_texts(const Comparing *c, const Side *side, size_t count)
{
    Str *texts = arena_new_array(c->arena, Str, count + 1);
    for (size_t i = 0; i < side->material->piece_count; i++) {
        const Piece *piece = &side->material->pieces[i];
        if (piece->section >= count || texts[piece->section].length > SECTION_BYTES)
            continue;
        if (!texts[piece->section].length)
            texts[piece->section] = piece->heading;
        texts[piece->section] = str_format(c->arena, STR_FMT " " STR_FMT,
                                           STR_ARG(texts[piece->section]), STR_ARG(side->lines[i]));
    }
    return texts;
}

static Str *headings(const Comparing *c, const Side *side, size_t count)
{
    Str *list = arena_new_array(c->arena, Str, count + 1);
    for (size_t i = 0; i < side->material->piece_count; i++)
        if (side->material->pieces[i].section < count)
            list[side->material->pieces[i].section] =
                utf8_fold(c->arena, side->material->pieces[i].heading);
    return list;
}

static int by_likeness(const void *a, const void *b)
{
    const Pair *left = a, *right = b;
    if (left->likeness != right->likeness)
        return left->likeness < right->likeness ? 1 : -1;
    if (left->left != right->left)
        return left->left < right->left ? -1 : 1;
    return left->right < right->right ? -1 : left->right > right->right;
}

/* The most alike sections belong together; those with the same heading before all. */
static void align_sections(Comparing *c)
{
    size_t rows = MIN(c->left.section_count, SECTIONS_MAX);
    size_t columns = MIN(c->right.section_count, SECTIONS_MAX), dims = 0;
    Str *left = section_texts(c, &c->left, rows), *right = section_texts(c, &c->right, columns);
    Str *left_names = headings(c, &c->left, rows), *right_names = headings(c, &c->right, columns);
    float *words = word_likeness(c, left, rows, right, columns);
    float *a = meanings(c, left, rows, &dims), *b = meanings(c, right, columns, &dims);
    VEC(Pair) pairs = { 0 };
    for (size_t i = 0; i < rows && !stop_is_wished(c->stop); i++)
        for (size_t j = 0; j < columns; j++) {
            double likeness = (double)words[i * columns + j];
            if (a && b)
                likeness = (likeness + cosine(a + i * dims, b + j * dims, dims)) / 2;
            if (left_names[i].length && str_equal(left_names[i], right_names[j]))
                likeness += 1;
            if (likeness >= SECTION_MIN)
                *vec_push(c->arena, &pairs) = (Pair){ i, j, likeness };
        }
    if (pairs.count)
        qsort(pairs.at, pairs.count, sizeof *pairs.at, by_likeness);
    for (size_t p = 0; p < pairs.count; p++)
        if (!c->left.sections[pairs.at[p].left] && !c->right.sections[pairs.at[p].right]) {
            c->left.sections[pairs.at[p].left] = pairs.at[p].right + 1;
            c->right.sections[pairs.at[p].right] = pairs.at[p].left + 1;
        }
}

/* --- Sentences that were changed --- */

static float *word_likeness(const Comparing *c, const Str *left, size_t left_count,
                            const Str *right, size_t right_count)
{
    size_t count = left_count + right_count;
    Str *texts = arena_new_array(c->arena, Str, count + 1);
    memcpy(texts, left, left_count * sizeof *texts);
    memcpy(texts + left_count, right, right_count * sizeof *texts);
    const CentralText text = { .sentences = texts,
                               .count = count,
                               .language = c->left.material->language };
    return central_likeness(c->arena, c->words, &text, left_count);
}

static Str *open_lines(const Comparing *c, const Side *side)
{
    Str *lines = arena_new_array(c->arena, Str, side->open_count + 1);
    for (size_t i = 0; i < side->open_count; i++)
        lines[i] = side->lines[side->open[i]];
    return lines;
}

static void find_pairs(Comparing *c)
{
    Str *left = open_lines(c, &c->left), *right = open_lines(c, &c->right);
    size_t columns = c->right.open_count, dims = 0;
    float *words = word_likeness(c, left, c->left.open_count, right, columns);
    bool is_small = c->left.open_count <= EMBEDDED_MAX && columns <= EMBEDDED_MAX;
    float *a = is_small ? meanings(c, left, c->left.open_count, &dims) : NULL;
    float *b = a ? meanings(c, right, columns, &dims) : NULL;
    c->has_meaning = a && b;
    for (size_t i = 0; i < c->left.open_count && !stop_is_wished(c->stop); i++)
        for (size_t j = 0; j < columns; j++) {
            double likeness = (double)words[i * columns + j];
            const Piece *one = &c->left.material->pieces[c->left.open[i]];
            const Piece *two = &c->right.material->pieces[c->right.open[j]];
            if (likeness < WORDS_MIN ||
                (one->kind == PIECE_COLUMNS) != (two->kind == PIECE_COLUMNS))
                continue;
            if (c->has_meaning)
                likeness = (1 - MEANING_SHARE) * likeness +
                           MEANING_SHARE * cosine(a + i * dims, b + j * dims, dims);
            if (c->left.sections[one->section] == two->section + 1)
                likeness += SECTION_BONUS;
            if (likeness >= CHANGED_MIN)
                *vec_push(c->arena, &c->pairs) = (Pair){ i, j, MIN(likeness, 1.0) };
        }
    if (c->pairs.count)
        qsort(c->pairs.at, c->pairs.count, sizeof *c->pairs.at, by_likeness);
}

/* --- The list --- */

static DifferenceSide side_of(const Comparing *c, const Side *side, size_t piece_number)
{
    const Piece *piece = &side->material->pieces[piece_number];
    DifferenceSide one = { .pieces = arena_new_one(c->arena, DifferencePiece), .piece_count = 1 };
    one.pieces[0].text = side->lines[piece_number];
    one.citation = material_cite(c->arena, side->material, piece);
    one.citation.number = 1;
    return one;
}

static void add_changed(Comparing *c, const double *likeness, size_t left, Difference *out)
{
    size_t right = c->left.partner[left];
    *out = (Difference){ .kind = DIFFERENCE_CHANGED,
                         .left = side_of(c, &c->left, left),
                         .right = side_of(c, &c->right, right),
                         .likeness = likeness[left] };
    difference_mark(c->arena, c->left.lines[left], c->right.lines[right], out);
}

/* What was added since the sentence of the right side that was told last. */
static void add_new(Comparing *c, size_t *next, size_t until, Comparison *out)
{
    for (; *next < until; (*next)++)
        if (c->right.partner[*next] == NO_PARTNER) {
            out->at[out->count++] =
                (Difference){ .kind = DIFFERENCE_ADDED, .right = side_of(c, &c->right, *next) };
            out->added++;
        }
}

static void list_differences(Comparing *c, const double *likeness)
{
    Comparison *out = c->comparison;
    size_t next = 0, total = c->left.material->piece_count + c->right.material->piece_count;
    out->at = arena_new_array(c->arena, Difference, total + 1);
    for (size_t i = 0; i < c->left.material->piece_count; i++) {
        size_t partner = c->left.partner[i];
        if (partner == NO_PARTNER) {
            out->at[out->count++] =
                (Difference){ .kind = DIFFERENCE_REMOVED, .left = side_of(c, &c->left, i) };
            out->removed++;
            continue;
        }
        add_new(c, &next, partner, out);
        if (likeness[i] > 0) {
            add_changed(c, likeness, i, &out->at[out->count++]);
            out->changed++;
        }
    }
    add_new(c, &next, c->right.material->piece_count, out);
}

static void compare(Comparing *c)
{
    double *likeness = arena_new_array(c->arena, double, c->left.material->piece_count + 1);
    pair_same(c);
    bool is_whole = list_open(&c->left) & list_open(&c->right);
    if (is_whole) {
        align_sections(c);
        if (!stop_is_wished(c->stop))
            find_pairs(c);
    } else {
        c->comparison->notice = S("so much differs that only whole sentences were compared");
    }
    for (size_t p = 0; p < c->pairs.count; p++) {
        size_t left = c->left.open[c->pairs.at[p].left],
               right = c->right.open[c->pairs.at[p].right];
        if (c->left.partner[left] != NO_PARTNER || c->right.partner[right] != NO_PARTNER)
            continue;
        c->left.partner[left] = right;
        c->right.partner[right] = left;
        likeness[left] = c->pairs.at[p].likeness;
    }
    list_differences(c, likeness);
}

bool compare_materials(Summaries *summaries, Arena *arena, const Material *left,
                       const Material *right, const StopCheck *stop, Comparison *comparison_r,
                       Error *err)
{
    Comparison comparison = { 0 };
    Comparing c = { .summaries = summaries,
                    .arena = arena,
                    .words = words_new(),
                    .left = side_new(arena, left),
                    .right = side_new(arena, right),
                    .comparison = &comparison,
                    .stop = stop };
    if (left->is_cut || right->is_cut)
        comparison.notice = S("there is too much to read whole: the beginnings were compared");
    compare(&c);
    words_free(c.words);
    if (!stop_go_on(stop, err))
        return false;
    comparison.made_by = c.has_meaning ? S("encoder") : S("rules");
    *comparison_r = comparison;
    return true;
}

/* --- Showing --- */

static void put_side(JsonWriter *json, const char *name, const DifferenceSide *side)
{
    if (!side->piece_count) {
        put_null(json, name);
        return;
    }
    put_object(json, name);
    put_array(json, "pieces");
    for (size_t i = 0; i < side->piece_count; i++) {
        put_object(json, NULL);
        put_text(json, "text", side->pieces[i].text);
        put_bool(json, "changed", side->pieces[i].is_changed);
        put_end(json);
    }
    put_end(json);
    put_texts(json, "numbers", side->numbers);
    put_array(json, "citations");
    put_citation(json, NULL, &side->citation);
    put_end(json);
    put_end(json);
}

void comparison_put(JsonWriter *json, const Comparison *comparison)
{
    static const char *const kinds[] = { "changed", "added", "removed" };
    put_array(json, "items");
    for (size_t i = 0; i < comparison->count; i++) {
        const Difference *one = &comparison->at[i];
        put_object(json, NULL);
        put_text(json, "kind", str(kinds[one->kind]));
        if (one->kind == DIFFERENCE_CHANGED)
            put_number(json, "likeness", one->likeness);
        else
            put_null(json, "likeness");
        put_side(json, "left", &one->left);
        put_side(json, "right", &one->right);
        put_end(json);
    }
    put_end(json);
    put_int(json, "same", (int64_t)comparison->same);
    put_int(json, "changed", (int64_t)comparison->changed);
    put_int(json, "added", (int64_t)comparison->added);
    put_int(json, "removed", (int64_t)comparison->removed);
    put_text(json, "made_by", comparison->made_by);
    put_text_or_null(json, "notice", comparison->notice);
}
