/* ocr_prepare.c - see ocr_prepare.h. */
#include "worker/picture/ocr_prepare.h"

#include <math.h>

#include "worker/picture/decode.h"

/* Tesseract brings lines to 36 pixels itself; letters under 20 lose too much in that. */
enum { LETTER_GOOD = 28, LETTER_SMALL = 14, SCALE_MAX = 4, SKEW_MAX = 15 };

#define PIXELS_MAX 25000000.0
/* Less than this does not disturb the recognition. */
#define SKEW_MIN 0.25
/* Leptonica's confidence: the score at the best angle against the worst. */
#define SKEW_SURE 2.5

static const Affine identity = { 1, 0, 0, 0, 1, 0 };

/* First `b`, then `a`. */
static Affine combine(Affine a, Affine b)
{
    return (Affine){ a.a * b.a + a.b * b.d, a.a * b.b + a.b * b.e, a.a * b.c + a.b * b.f + a.c,
                     a.d * b.a + a.e * b.d, a.d * b.b + a.e * b.e, a.d * b.c + a.e * b.f + a.f };
}

void affine_box(const Affine *w, float *x0, float *y0, float *x1, float *y1)
{
    const double xs[] = { *x0, *x1, *x0, *x1 }, ys[] = { *y0, *y0, *y1, *y1 };
    double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
    for (int i = 0; i < 4; i++) {
        double x = w->a * xs[i] + w->b * ys[i] + w->c, y = w->d * xs[i] + w->e * ys[i] + w->f;
        left = MIN(left, x);
        right = MAX(right, x);
        top = MIN(top, y);
        bottom = MAX(bottom, y);
    }
    *x0 = (float)left;
    *y0 = (float)top;
    *x1 = (float)right;
    *y1 = (float)bottom;
}

static bool replace(PIX **pix, PIX *by)
{
    if (!by)
        return false;
    pixDestroy(pix);
    *pix = by;
    return true;
}

/* --- Steps; each changes the picture and the way back --- */

static void turn_quarters(Prepared *p, int turn)
{
    double width = pixGetWidth(p->pix), height = pixGetHeight(p->pix);
    const Affine ways[] = { identity,
                            { 0, 1, 0, -1, 0, height },
                            { -1, 0, width, 0, -1, height },
                            { 0, -1, width, 1, 0, 0 } };
    if (turn && replace(&p->pix, pixRotateOrth(p->pix, turn)))
        p->back = combine(p->back, ways[turn]);
}

static double mean_of(PIX *grey)
{
    l_float32 mean = 255;
    int step = MAX(1, MIN(pixGetWidth(grey), pixGetHeight(grey)) / 200);
    pixGetAverageMasked(grey, NULL, 0, 0, step, L_MEAN_ABSVAL, &mean);
    return (double)mean;
}

static float good_scale(const OcrHints *hints, const PIX *pix)
{
    double pixels = (double)pixGetWidth(pix) * pixGetHeight(pix);
    double scale = 1;
    if (hints->letter_height > 0 && hints->letter_height < LETTER_SMALL)
        scale = MIN((double)SCALE_MAX, LETTER_GOOD / (double)hints->letter_height);
    else if (hints->letter_height > (hints->is_sparse ? 1.4F : 4) * LETTER_GOOD)
        scale = (hints->is_sparse ? 1.2 : 2.0) * LETTER_GOOD / (double)hints->letter_height;
    return (float)(pixels * scale * scale > PIXELS_MAX ? sqrt(PIXELS_MAX / pixels) : scale);
}

static void bring_to_size(Prepared *p, const OcrHints *hints)
{
    double width = pixGetWidth(p->pix), height = pixGetHeight(p->pix);
    float scale = good_scale(hints, p->pix);
    p->scale = 1;
    if (fabsf(scale - 1) < 0.05F || !replace(&p->pix, pixScale(p->pix, scale, scale)))
        return;
    p->scale = scale;
    p->back = combine(p->back, (Affine){ width / pixGetWidth(p->pix), 0, 0, 0,
                                         height / pixGetHeight(p->pix), 0 });
}

static PIX *black_and_white(PIX *grey, int side_max)
{
    PIX *small = pixClone(grey), *binary = NULL;
    while (small && MAX(pixGetWidth(small), pixGetHeight(small)) > side_max)
        if (!replace(&small, pixScaleAreaMap2(small)))
            break;
    if (small)
        pixOtsuAdaptiveThreshold(small, pixGetWidth(small), pixGetHeight(small), 0, 0, 0.1F, NULL,
                                 &binary);
    pixDestroy(&small);
    return binary;
}

/* By the profile of rows: first in whole degrees, then finer. */
static double find_skew(PIX *grey)
{
    enum { SIDE_MAX = 1300, SWEEP = 2, SEARCH = 1 };
    AUTO_PIX PIX *binary = black_and_white(grey, SIDE_MAX);
    l_float32 angle = 0, confidence = 0;
    if (!binary || pixFindSkewSweepAndSearch(binary, &angle, &confidence, SWEEP, SEARCH, SKEW_MAX,
                                             1.0F, 0.05F) != 0)
        return 0;
    return (double)confidence >= SKEW_SURE && fabs((double)angle) >= SKEW_MIN ? (double)angle : 0;
}

static void straighten(Prepared *p)
{
    double degrees = find_skew(p->pix), width = pixGetWidth(p->pix), height = pixGetHeight(p->pix);
    double angle = degrees * M_PI / 180;
    if (degrees == 0)
        return;
    /* Large enough that no corner is cut. */
    int side = (int)sqrt(width * width + height * height);
    double new_width = width * cos(angle) + height * fabs(sin(angle));
    double new_height = height * cos(angle) + width * fabs(sin(angle));
    AUTO_PIX PIX *room =
        pixCreate((int)MIN(new_width + 2, side), (int)MIN(new_height + 2, side), 8);
    if (!room)
        return;
    double dx = (pixGetWidth(room) - width) / 2, dy = (pixGetHeight(room) - height) / 2;
    pixSetAll(room);
    pixRasterop(room, (int)dx, (int)dy, (int)width, (int)height, PIX_SRC, p->pix, 0, 0);
    if (!replace(&p->pix, pixRotateAMGray(room, (l_float32)angle, 255)))
        return;
    /* Clockwise about the middle; back is counter-clockwise, then without the margin. */
    double cx = pixGetWidth(room) / 2, cy = pixGetHeight(room) / 2;
    double c = cos(angle), s = sin(angle);
    p->back = combine(p->back, (Affine){ c, s, cx - c * cx - s * cy - (int)dx, -s, c,
                                         cy + s * cx - c * cy - (int)dy });
    p->skew = (float)degrees;
}

bool ocr_prepare(PIX *grey, int turn, const OcrHints *hints, Prepared *ready_r, Error *err)
{
    Prepared p = { .pix = pixConvertTo8(grey, 0), .back = identity, .scale = 1 };
    if (!p.pix)
        return fail(err, ERROR_DAMAGED, "the picture is empty");
    turn_quarters(&p, turn);
    if (mean_of(p.pix) < 100)
        pixInvert(p.pix, p.pix); /* light on dark */
    bring_to_size(&p, hints);
    straighten(&p);
    *ready_r = p;
    return true;
}

int ocr_guess_turn(PIX *prepared)
{
    enum { SIDE_MAX = 1800 };
    AUTO_PIX PIX *binary = black_and_white(prepared, SIDE_MAX);
    l_float32 up = 0, left = 0;
    l_int32 way = 0;
    if (!binary || pixOrientDetect(binary, &up, &left, 0, 0) != 0 ||
        makeOrientDecision(up, left, 0, 0, &way, 0) != 0)
        return 0;
    return way == L_TEXT_ORIENT_LEFT    ? 1
           : way == L_TEXT_ORIENT_DOWN  ? 2
           : way == L_TEXT_ORIENT_RIGHT ? 3
                                        : 0;
}
