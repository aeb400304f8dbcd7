/* text_marks.c - see text_marks.h. */
#include "worker/picture/text_marks.h"

#include <math.h>

#include "worker/picture/decode.h"

enum {
    SIDE_MAX = 1500,
    MARK_MAX = 20000,
    ROW_MIN = 4,
    REGULAR_MIN = 6,
    TILE = 48,
    LOOK_AHEAD = 400
};

typedef struct Mark {
    int x, y, w, h;
    int next;        /* in its row; -1: the last */
    bool has_before; /* another one's next */
} Mark;

typedef struct Finder {
    Arena *arena;
    TextMarks found;
    float scale; /* picture's pixels for each of ours */
    VEC(int) heights;
} Finder;

static int compare_x(const void *a, const void *b)
{
    const Mark *x = a, *y = b;
    return x->x != y->x ? (x->x < y->x ? -1 : 1) : (x->y > y->y) - (x->y < y->y);
}

static int compare_int(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Letters from 5 pixels up, not a sixth of the picture, not lines. */
static bool is_letter(const BOX *box, int width, int height)
{
    int largest = MAX(24, MIN(width, height) / 4);
    return box->h >= 5 && box->h <= largest && box->w >= 1 && box->w <= box->h * 6 &&
           box->w <= MAX(30, width / 3);
}

static bool follows(const Mark *a, const Mark *b)
{
    int tall = MAX(a->h, b->h), low = MIN(a->h, b->h);
    int gap = b->x - (a->x + a->w);
    int step = (2 * a->y + a->h) - (2 * b->y + b->h); /* twice the distance of the middles */
    return low * 5 >= tall * 2 && gap <= tall && gap >= -low / 2 && abs(step) <= tall * 4 / 5 &&
           b->x > a->x;
}

static void link_marks(Mark *marks, int count)
{
    for (int i = 0; i < count; i++) {
        int best = -1;
        int end = MIN(count, i + LOOK_AHEAD);
        for (int k = i + 1; k < end && marks[k].x <= marks[i].x + marks[i].w + 2 * marks[i].h; k++)
            if (!marks[k].has_before && follows(&marks[i], &marks[k]) &&
                (best < 0 || marks[k].x < marks[best].x)) {
                best = k;
                break;
            }
        marks[i].next = best;
        if (best >= 0)
            marks[best].has_before = true;
    }
}

/* Letters stand on one line, which may rise, and are of like height; marks of a texture that
 * happen to follow one another are not. */
static bool is_regular(const Mark *marks, int first, int count)
{
    double x = 0, y = 0, xx = 0, xy = 0, high = 0, off = 0;
    int low = INT32_MAX, tall = 0;
    for (int i = first; i >= 0; i = marks[i].next) {
        double at = marks[i].x, foot = marks[i].y + marks[i].h;
        x += at;
        y += foot;
        xx += at * at;
        xy += at * foot;
        high += marks[i].h;
        low = MIN(low, marks[i].h);
        tall = MAX(tall, marks[i].h);
    }
    double spread = count * xx - x * x, slope = spread > 0 ? (count * xy - x * y) / spread : 0;
    double base = (y - slope * x) / count;
    high /= count;
    for (int i = first; i >= 0; i = marks[i].next)
        off += fabs(marks[i].y + marks[i].h - base - slope * marks[i].x);
    return count >= REGULAR_MIN && fabs(slope) < 0.3 && off / count < 0.12 * high &&
           tall * 5 < low * 11;
}

static void take_row(Finder *in, const Mark *marks, int first)
{
    int count = 0, left = marks[first].x, right = 0, top = INT32_MAX, bottom = 0;
    for (int i = first; i >= 0; i = marks[i].next) {
        count++;
        right = MAX(right, marks[i].x + marks[i].w);
        top = MIN(top, marks[i].y);
        bottom = MAX(bottom, marks[i].y + marks[i].h);
    }
    /* Marks that touch like a texture have no shape of a row. */
    if (count < ROW_MIN || right - left < 2 * (bottom - top))
        return;
    TextMarks *t = &in->found;
    for (int i = first; i >= 0; i = marks[i].next)
        *vec_push(in->arena, &in->heights) = marks[i].h;
    if (is_regular(marks, first, count))
        t->regular += count;
    float s = in->scale;
    bool is_first = t->rows == 0;
    t->left = is_first ? (float)left * s : MIN(t->left, (float)left * s);
    t->top = is_first ? (float)top * s : MIN(t->top, (float)top * s);
    t->right = MAX(t->right, (float)right * s);
    t->bottom = MAX(t->bottom, (float)bottom * s);
    t->share += (float)(right - left) * (float)(bottom - top);
    t->in_rows += count;
    t->rows++;
}

static void take_marks(Finder *in, PIX *binary)
{
    int width = pixGetWidth(binary), height = pixGetHeight(binary), count = 0;
    BOXA *boxes = pixConnCompBB(binary, 8);
    int box_count = boxes ? boxaGetCount(boxes) : 0;
    Mark *marks = arena_new_array(in->arena, Mark, (size_t)MIN(box_count, MARK_MAX));
    for (int i = 0; i < box_count && count < MARK_MAX; i++) {
        const BOX *box = boxes->box[i];
        if (is_letter(box, width, height))
            marks[count++] = (Mark){ box->x, box->y, box->w, box->h, -1, false };
    }
    boxaDestroy(&boxes);
    qsort(marks, (size_t)count, sizeof *marks, compare_x);
    link_marks(marks, count);
    in->found.marks += count;
    for (int i = 0; i < count; i++)
        if (!marks[i].has_before)
            take_row(in, marks, i);
}

/* Black where it is darker than its surroundings. */
static PIX *binarise(PIX *grey)
{
    PIX *binary = NULL;
    int width = pixGetWidth(grey), height = pixGetHeight(grey);
    if (width < 2 * TILE || height < 2 * TILE)
        pixOtsuAdaptiveThreshold(grey, width, height, 0, 0, 0.1F, NULL, &binary);
    else
        pixSauvolaBinarizeTiled(grey, 12, 0.2F, 1, 1, NULL, &binary);
    return binary;
}

static void look_for_rows(Finder *in, PIX *grey)
{
    AUTO_PIX PIX *binary = binarise(grey);
    if (binary)
        take_marks(in, binary);
}

TextMarks text_marks_find(Arena *arena, PIX *grey)
{
    enum { ENOUGH = 60 };
    int side = MAX(pixGetWidth(grey), pixGetHeight(grey));
    float scale = side > SIDE_MAX ? (float)side / SIDE_MAX : 1;
    Finder dark = { .arena = arena, .scale = scale }, light = dark;
    AUTO_PIX PIX *small = scale > 1 ? pixScaleAreaMap(grey, 1 / scale, 1 / scale) : pixClone(grey);
    if (!small)
        return dark.found;
    look_for_rows(&dark, small);
    if (dark.found.regular < ENOUGH) {
        AUTO_PIX PIX *negative = pixInvert(NULL, small);
        if (negative)
            look_for_rows(&light, negative);
    }
    /* Texture gives many rows to both; straight ones are of letters. */
    bool is_light = light.found.regular != dark.found.regular
                        ? light.found.regular > dark.found.regular
                        : light.found.in_rows > dark.found.in_rows;
    Finder *better = is_light ? &light : &dark;
    better->found.share /= (float)pixGetWidth(small) * (float)pixGetHeight(small);
    if (better->heights.count) {
        qsort(better->heights.at, better->heights.count, sizeof(int), compare_int);
        better->found.height = (float)better->heights.at[better->heights.count / 2] * scale;
    }
    return better->found;
}
