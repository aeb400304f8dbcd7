/* look.c - see look.h. */
#include "worker/picture/look.h"

#include "worker/picture/decode.h"

enum { BINS = 32 * 32 * 32, SAMPLE_SIDE = 512, CROP = 1024, ICON_SIDE = 64, TILES = 8 };

static unsigned red_of(l_uint32 pixel) { return pixel >> 24; }
static unsigned green_of(l_uint32 pixel) { return pixel >> 16 & 255; }
static unsigned blue_of(l_uint32 pixel) { return pixel >> 8 & 255; }

static unsigned spread(l_uint32 p)
{
    unsigned r = red_of(p), g = green_of(p), b = blue_of(p);
    return MAX(r, MAX(g, b)) - MIN(r, MIN(g, b));
}

static unsigned bin_of(l_uint32 p)
{
    return red_of(p) >> 3 << 10 | green_of(p) >> 3 << 5 | blue_of(p) >> 3;
}

/* --- Colours --- */

typedef struct Bin {
    uint32_t count;
    uint64_t red, green, blue;
} Bin;

static int compare_bins(const void *a, const void *b)
{
    uint32_t x = ((const Bin *)a)->count, y = ((const Bin *)b)->count;
    return (x < y) - (x > y);
}

static double distance(const Bin *a, const Bin *b)
{
    double r = (double)a->red / a->count - (double)b->red / b->count;
    double g = (double)a->green / a->count - (double)b->green / b->count;
    double d = (double)a->blue / a->count - (double)b->blue / b->count;
    return r * r + g * g + d * d;
}

/* The most frequent colours; each takes what is near it with it. `bins` are sorted. */
static void choose_colors(Look *look, Bin *bins, size_t count, double total)
{
    const double near = 40 * 40;
    size_t considered = MIN(count, (size_t)2000);
    Bin chosen[LOOK_COLOR_COUNT];
    int n = 0;
    for (size_t i = 0; i < considered; i++) {
        int home = -1;
        for (int k = 0; k < n && home < 0; k++)
            if (distance(&bins[i], &chosen[k]) < near)
                home = k;
        if (home < 0 && n == LOOK_COLOR_COUNT)
            continue;
        if (home < 0) {
            chosen[n++] = bins[i];
        } else {
            chosen[home].count += bins[i].count;
            chosen[home].red += bins[i].red;
            chosen[home].green += bins[i].green;
            chosen[home].blue += bins[i].blue;
        }
    }
    qsort(chosen, (size_t)n, sizeof *chosen, compare_bins);
    for (int i = 0; i < n; i++) {
        uint32_t c = chosen[i].count;
        look->colors[i] = (LookColor){ (uint8_t)(chosen[i].red / c), (uint8_t)(chosen[i].green / c),
                                       (uint8_t)(chosen[i].blue / c), (float)(c / total) };
    }
    look->color_count = n;
}

/* Bins that hold something come to the front, the fullest first. */
static size_t sort_bins(Bin *bins)
{
    size_t count = 0;
    for (size_t i = 0; i < BINS; i++)
        if (bins[i].count)
            bins[count++] = bins[i];
    qsort(bins, count, sizeof *bins, compare_bins);
    return count;
}

static void measure_colors(Arena *arena, Look *look, PIX *sample)
{
    Bin *bins = arena_new_array(arena, Bin, BINS);
    int width = pixGetWidth(sample), height = pixGetHeight(sample);
    double total = (double)width * height, light = 0, colorful = 0, sum = 0;
    for (int y = 0; y < height; y++) {
        const l_uint32 *line = pixGetData(sample) + (ptrdiff_t)y * pixGetWpl(sample);
        for (int x = 0; x < width; x++) {
            l_uint32 p = line[x];
            Bin *bin = &bins[bin_of(p)];
            bin->count++;
            bin->red += red_of(p);
            bin->green += green_of(p);
            bin->blue += blue_of(p);
            light += green_of(p) > 150 && spread(p) < 40;
            colorful += spread(p) > 60;
        }
    }
    look->light = (float)(light / total);
    look->colorful = (float)(colorful / total);
    size_t count = sort_bins(bins);
    for (size_t i = 0; i < count; i++) {
        if (sum < 0.95 * total)
            look->variety++;
        sum += bins[i].count;
    }
    look->ground = (float)(bins[0].count / total);
    choose_colors(look, bins, count, total);
}

/* --- Flatness, on pixels as they are --- */

static bool is_alike(l_uint32 a, l_uint32 b)
{
    return abs((int)red_of(a) - (int)red_of(b)) <= 2 &&
           abs((int)green_of(a) - (int)green_of(b)) <= 2 &&
           abs((int)blue_of(a) - (int)blue_of(b)) <= 2;
}

static PIX *as_color(PIX *pix)
{
    return pixGetDepth(pix) == 32 ? pixClone(pix) : pixConvertTo32(pix);
}

static float measure_flat(PIX *pix)
{
    int width = MIN(CROP, pixGetWidth(pix)), height = MIN(CROP, pixGetHeight(pix));
    BOX middle = { .x = (pixGetWidth(pix) - width) / 2,
                   .y = (pixGetHeight(pix) - height) / 2,
                   .w = width,
                   .h = height,
                   .refcount = 1 };
    AUTO_PIX PIX *crop = pixClipRectangle(pix, &middle, NULL);
    AUTO_PIX PIX *color = crop ? as_color(crop) : NULL;
    double alike = 0, total = 0;
    for (int y = 0; color && y + 1 < height; y++) {
        const l_uint32 *line = pixGetData(color) + (ptrdiff_t)y * pixGetWpl(color);
        const l_uint32 *below = line + pixGetWpl(color);
        for (int x = 0; x + 1 < width; x++) {
            alike += is_alike(line[x], line[x + 1]) && is_alike(line[x], below[x]);
            total++;
        }
    }
    return total > 0 ? (float)(alike / total) : 1;
}

/* How much the light ground differs between parts of the picture: paper under a lamp does, a
 * page that was scanned or drawn does not. */
static float measure_unevenness(PIX *sample)
{
    int width = pixGetWidth(sample), height = pixGetHeight(sample);
    double lowest = 255, highest = 0;
    for (int tile = 0; tile < TILES * TILES; tile++) {
        int x0 = tile % TILES * width / TILES, x1 = (tile % TILES + 1) * width / TILES;
        int y0 = tile / TILES * height / TILES, y1 = (tile / TILES + 1) * height / TILES;
        double sum = 0, count = 0;
        for (int y = y0; y < y1; y++) {
            const l_uint32 *line = pixGetData(sample) + (ptrdiff_t)y * pixGetWpl(sample);
            for (int x = x0; x < x1; x++)
                if (green_of(line[x]) > 150 && spread(line[x]) < 40) {
                    sum += green_of(line[x]);
                    count++;
                }
        }
        if (count < 0.3 * (x1 - x0) * (y1 - y0) || count == 0)
            continue;
        lowest = MIN(lowest, sum / count);
        highest = MAX(highest, sum / count);
    }
    return highest > lowest ? (float)((highest - lowest) / 255) : 0;
}

/* --- The kind --- */

static const char *kind_of(const Look *look, int width, int height)
{
    const TextMarks *text = &look->text;
    /* Letters are lost in pictures whose marks mostly stand in no row. */
    bool has_rows = text->rows >= 3 && text->in_rows * 3 >= text->marks;
    if (MAX(width, height) <= ICON_SIDE)
        return "icon";
    if (look->light > 0.6F && look->unevenness > 0.06F && look->flat < 0.6F && text->rows < 12 &&
        look->colorful < 0.3F)
        return "whiteboard";
    bool is_paper = look->ground > 0.45F || look->flat < 0.7F;
    if (look->light > 0.6F && is_paper && has_rows && look->colorful < 0.12F)
        return "document";
    /* A line or two, and nothing else on the paper. */
    if (text->rows >= 1 && text->marks >= 6 && text->in_rows * 10 >= text->marks * 9 &&
        look->ground > 0.9F && look->colorful < 0.01F)
        return "document";
    bool is_varied = look->variety > 700 || (look->variety > 300 && look->ground < 0.1F);
    if (look->flat < 0.45F || (is_varied && (look->flat < 0.7F || look->ground < 0.1F)))
        return "photograph";
    if (has_rows && text->rows >= 5 && (look->ground < 0.75F || look->variety > 40) &&
        width * height >= 200 * 200)
        return "screenshot";
    return look->variety > 700 ? "photograph" : "chart";
}

Look look_at(Arena *arena, PIX *pix, PIX *grey)
{
    Look look = { .kind = "photograph" };
    int width = pixGetWidth(pix), height = pixGetHeight(pix);
    float scale = (float)SAMPLE_SIDE / (float)MAX(width, height);
    AUTO_PIX PIX *small = scale < 1 ? pixScaleBySampling(pix, scale, scale) : pixClone(pix);
    AUTO_PIX PIX *sample = small ? as_color(small) : NULL;
    if (!sample)
        return look;
    measure_colors(arena, &look, sample);
    look.flat = measure_flat(pix);
    look.unevenness = measure_unevenness(sample);
    look.text = text_marks_find(arena, grey);
    look.kind = kind_of(&look, width, height);
    return look;
}

Str look_colors(const Look *look, Arena *arena)
{
    Buf out = buf_new(arena, 400);
    for (int i = 0; i < look->color_count; i++) {
        const LookColor *c = &look->colors[i];
        if (c->share < 0.005F)
            continue;
        buf_addf(&out, "%s#%02x%02x%02x %.0f %%", out.length ? ", " : "", c->red, c->green, c->blue,
                 (double)c->share * 100);
    }
    return buf_str(&out);
}
