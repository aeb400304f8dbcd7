/* ocr_table.c - see ocr_table.h. */
#include "worker/picture/ocr_table.h"

#include <math.h>

enum { ROWS_MIN = 3, COLUMNS_MAX = 40, CELL_WORDS_MAX = 5, SEGMENT_MAX = 20000 };

/* Gaps within a line and distances between lines, in heights of the line. */
#define GAP_MIN 1.3F
#define CURRENCY_GAP 8.0F
#define STEP_MAX 3.0F
#define ALIGNED 1.2F

/* Words of one line without a wide gap. */
typedef struct Segment {
    size_t first, count; /* of the page's words */
    float left, right, top, bottom;
} Segment;

typedef struct Band {
    size_t first, count; /* of the sorted segments: those at one height */
    float top, bottom;
} Band;

typedef struct Finder {
    Arena *arena;
    const OcrPage *page;
    VEC(Segment) segments;
    VEC(Band) bands;
    OcrTables found;
} Finder;

static float height_of(const Segment *s) { return s->bottom - s->top; }

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static float median_height(Arena *arena, const OcrPage *page)
{
    size_t count = page->words.count;
    float *heights = arena_new_array(arena, float, count + 1);
    for (size_t i = 0; i < count; i++)
        heights[i] = page->words.at[i].bottom - page->words.at[i].top;
    qsort(heights, count, sizeof *heights, compare_floats);
    return heights[count / 2];
}

/* The sign stands far before its amount, which is aligned to the right; "§" is how a thin "$" is
 * often read. */
static bool is_currency(Str text)
{
    static const Str signs[] = { S_INIT("$"),   S_INIT("€"),   S_INIT("£"),
                                 S_INIT("¥"),   S_INIT("§"),   S_INIT("§$"),
                                 S_INIT("CHF"), S_INIT("EUR"), S_INIT("USD") };
    for (size_t i = 0; i < COUNT(signs); i++)
        if (str_equal(text, signs[i]))
            return true;
    return false;
}

/* Dashes and dots are as high as the line they stand in, or as most words are. */
static void add_line(Finder *in, size_t first, size_t end, float usual)
{
    const OcrWord *words = in->page->words.at;
    float top = words[first].top, bottom = words[first].bottom;
    for (size_t i = first; i < end; i++) {
        top = MIN(top, words[i].top);
        bottom = MAX(bottom, words[i].bottom);
    }
    float missing = 0.6F * usual - (bottom - top);
    if (missing > 0) {
        top -= missing / 2;
        bottom += missing / 2;
    }
    Segment *last = NULL;
    for (size_t i = first; i < end && in->segments.count < SEGMENT_MAX; i++) {
        const OcrWord *w = &words[i];
        float gap =
            last && last->count == 1 && is_currency(words[i - 1].text) ? CURRENCY_GAP : GAP_MIN;
        bool is_near = last && w->left >= last->left &&
                       w->left - last->right < gap * MIN(bottom - top, 1.3F * usual);
        if (!is_near) {
            last = vec_push(in->arena, &in->segments);
            *last = (Segment){ i, 0, w->left, w->right, top, bottom };
        }
        last->count++;
        last->right = MAX(last->right, w->right);
    }
}

static void add_segments(Finder *in)
{
    size_t count = in->page->words.count;
    float usual = median_height(in->arena, in->page);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && !in->page->words.at[end].begins_line; end++)
            ;
        add_line(in, i, end, usual);
    }
}

static int compare_middles(const void *a, const void *b)
{
    const Segment *x = a, *y = b;
    float mx = x->top + x->bottom, my = y->top + y->bottom;
    return mx != my ? (mx < my ? -1 : 1) : (x->first > y->first) - (x->first < y->first);
}

static int compare_lefts(const void *a, const void *b)
{
    const Segment *x = a, *y = b;
    return x->left != y->left ? (x->left < y->left ? -1 : 1)
                              : (x->first > y->first) - (x->first < y->first);
}

static void add_bands(Finder *in)
{
    Segment *all = in->segments.at;
    size_t count = in->segments.count;
    if (count)
        qsort(all, count, sizeof *all, compare_middles);
    for (size_t i = 0, end; i < count; i = end) {
        Band band = { i, 0, all[i].top, all[i].bottom };
        float middle = (all[i].top + all[i].bottom) / 2;
        for (end = i; end < count; end++) {
            float other = (all[end].top + all[end].bottom) / 2;
            if (other - middle > 0.5F * MIN(height_of(&all[i]), height_of(&all[end])))
                break;
            band.top = MIN(band.top, all[end].top);
            band.bottom = MAX(band.bottom, all[end].bottom);
        }
        band.count = end - i;
        qsort(&all[i], band.count, sizeof *all, compare_lefts);
        *vec_push(in->arena, &in->bands) = band;
    }
}

static bool is_row(const Finder *in, const Band *band)
{
    const Segment *s = &in->segments.at[band->first];
    size_t words = 0;
    for (size_t i = 0; i < band->count; i++) {
        words += s[i].count;
        /* Side by side: one must not stand over the other. */
        if (i && s[i].left < s[i - 1].right)
            return false;
    }
    return band->count >= 2 && band->count <= COLUMNS_MAX && words <= band->count * CELL_WORDS_MAX;
}

/* Cells of two rows that begin, end or have their middle at the same place. */
static int aligned_cells(const Finder *in, const Band *a, const Band *b)
{
    int count = 0;
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b->count; k++) {
            const Segment *x = &in->segments.at[a->first + i], *y = &in->segments.at[b->first + k];
            float near = ALIGNED * MIN(height_of(x), height_of(y));
            if (fabsf(x->left - y->left) < near || fabsf(x->right - y->right) < near ||
                fabsf(x->left + x->right - y->left - y->right) < near) {
                count++;
                break;
            }
        }
    return count;
}

static bool goes_on(const Finder *in, const Band *above, const Band *below)
{
    float height = MIN(above->bottom - above->top, below->bottom - below->top);
    int wanted = (int)MIN(above->count, below->count);
    return below->top - above->bottom < STEP_MAX * height &&
           aligned_cells(in, above, below) >= MAX(2, (wanted + 1) / 2);
}

/* The row with the most cells shows the columns; others' cells go to the nearest one. */
static int column_of(const Finder *in, const Band *model, const Segment *s)
{
    int best = 0;
    float best_distance = INFINITY;
    for (size_t i = 0; i < model->count; i++) {
        const Segment *m = &in->segments.at[model->first + i];
        float over = MIN(m->right, s->right) - MAX(m->left, s->left);
        float distance = over > 0 ? -over : -over + 1;
        if (distance < best_distance) {
            best_distance = distance;
            best = (int)i;
        }
    }
    return best;
}

static void add_row(Finder *in, OcrTable *table, const Band *band, const Band *model)
{
    OcrRow *row = vec_push(in->arena, &table->rows);
    *row = (OcrRow){ 0 };
    for (size_t i = 0; i < band->count; i++) {
        const Segment *s = &in->segments.at[band->first + i];
        int column = column_of(in, model, s);
        OcrCell *last = row->cells.count ? &row->cells.at[row->cells.count - 1] : NULL;
        if (!last || column > last->column) {
            last = vec_push(in->arena, &row->cells);
            *last = (OcrCell){ table->words.count, 0, column };
        }
        for (size_t k = 0; k < s->count; k++) {
            *vec_push(in->arena, &table->words) = s->first + k;
            in->found.table_of[s->first + k] = (int)in->found.tables.count;
        }
        last->count += s->count;
        table->first_word = MIN(table->first_word, s->first);
    }
}

static void add_table(Finder *in, size_t first, size_t end)
{
    const Band *model = &in->bands.at[first];
    for (size_t i = first; i < end; i++)
        if (in->bands.at[i].count > model->count)
            model = &in->bands.at[i];
    OcrTable *table = vec_push(in->arena, &in->found.tables);
    *table = (OcrTable){ .column_count = (int)model->count, .first_word = SIZE_MAX };
    for (size_t i = first; i < end; i++)
        add_row(in, table, &in->bands.at[i], model);
}

OcrTables ocr_find_tables(Arena *arena, const OcrPage *page)
{
    Finder in = { .arena = arena, .page = page };
    in.found.table_of = arena_new_array(arena, int, page->words.count + 1);
    add_segments(&in);
    add_bands(&in);
    for (size_t i = 0, end; i < in.bands.count; i = end) {
        end = i + 1;
        if (!is_row(&in, &in.bands.at[i]))
            continue;
        while (end < in.bands.count && is_row(&in, &in.bands.at[end]) &&
               goes_on(&in, &in.bands.at[end - 1], &in.bands.at[end]))
            end++;
        if (end - i >= ROWS_MIN)
            add_table(&in, i, end);
    }
    return in.found;
}
