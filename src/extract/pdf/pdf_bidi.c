/* pdf_bidi.c - lines of text with Arabic or Hebrew, from the order on the page to that of reading.
 *
 * PDF draws such lines in any order: by glyphs from the left, by words, by runs. Where glyphs stand
 * is certain, so that they are sorted from left to right and turned around as Unicode's
 * bidirectional algorithm would have put them there (UAX 9, in reverse). */
#include "extract/pdf/pdf_file_int.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "base/utf8.h"

enum { CLUSTERS_MAX = 4000, CLUSTER_CHARS_MAX = 6 };

typedef enum Direction { NEUTRAL, LEFT_TO_RIGHT, NUMBER, RIGHT_TO_LEFT } Direction;

/* Characters that share a place: a letter with its marks, a ligature. */
typedef struct Cluster {
    uint32_t characters[CLUSTER_CHARS_MAX];
    int count;
    float x0, x1;
    int place; /* from the left */
    Direction direction;
} Cluster;

bool pdf_is_rtl(int c)
{
    return (c >= 0x590 && c <= 0x8FF) || (c >= 0xFB1D && c <= 0xFDFF) ||
           (c >= 0xFE70 && c <= 0xFEFF) || (c >= 0x10800 && c <= 0x10FFF) ||
           (c >= 0x1E800 && c <= 0x1EFFF);
}

static Direction direction_of(uint32_t c)
{
    switch (u_charDirection((UChar32)c)) {
    case U_RIGHT_TO_LEFT:
    case U_RIGHT_TO_LEFT_ARABIC: return RIGHT_TO_LEFT;
    case U_LEFT_TO_RIGHT: return LEFT_TO_RIGHT;
    case U_EUROPEAN_NUMBER:
    case U_ARABIC_NUMBER: return NUMBER;
    default: return NEUTRAL;
    }
}

/* --- Clusters --- */

static bool is_mark(uint32_t c)
{
    return u_getCombiningClass((UChar32)c) != 0 || u_charType((UChar32)c) == U_NON_SPACING_MARK;
}

static void add_to_cluster(Cluster *cluster, uint32_t character)
{
    if (cluster->count < CLUSTER_CHARS_MAX)
        cluster->characters[cluster->count++] = character;
}

static int by_place(const void *a, const void *b)
{
    const Cluster *left = a, *right = b;
    float p = left->x0 + left->x1, q = right->x0 + right->x1;
    return (p > q) - (p < q);
}

/* The letters of a ligature stand where it does, without a width of their own. */
static bool is_joined(const fz_stext_char *last, const fz_stext_char *c)
{
    float width = c->quad.lr.x - c->quad.ll.x;
    return last && width < 0.02F * c->size && c->quad.ll.x >= last->quad.ll.x - 0.05F * c->size &&
           c->quad.ll.x <= last->quad.lr.x + 0.05F * c->size;
}

static int read_clusters(const fz_stext_line *first, const fz_stext_line *end, Cluster *clusters,
                         Cluster *marks, int *mark_count_r)
{
    int count = 0, mark_count = 0;
    for (const fz_stext_line *line = first; line != end; line = line->next) {
        const fz_stext_char *last = NULL;
        for (const fz_stext_char *c = line->first_char; c; c = c->next) {
            if (c->c <= ' ' || c->c == 0xA0 || (c->c >= 0x200E && c->c <= 0x200F))
                continue;
            Cluster cluster = { { (uint32_t)c->c }, 1, c->quad.ll.x,
                                c->quad.lr.x,       0, direction_of((uint32_t)c->c) };
            if (is_mark((uint32_t)c->c) && mark_count < CLUSTERS_MAX)
                marks[mark_count++] = cluster;
            else if (count && is_joined(last, c))
                add_to_cluster(&clusters[count - 1], (uint32_t)c->c);
            else if (count < CLUSTERS_MAX)
                clusters[count++] = cluster;
            last = c;
        }
    }
    *mark_count_r = mark_count;
    return count;
}

/* A mark belongs to the letter that it stands over. */
static void place_marks(Cluster *clusters, int count, const Cluster *marks, int mark_count)
{
    for (int m = 0, at = 0; m < mark_count; m++) {
        float x = (marks[m].x0 + marks[m].x1) / 2;
        while (at > 0 && clusters[at].x0 > x)
            at--;
        while (at + 1 < count && clusters[at + 1].x0 <= x)
            at++;
        if (count)
            add_to_cluster(&clusters[at], marks[m].characters[0]);
    }
}

/* --- Order --- */

static void reverse(Cluster *clusters, int first, int end)
{
    for (end--; first < end; first++, end--) {
        Cluster kept = clusters[first];
        clusters[first] = clusters[end];
        clusters[end] = kept;
    }
}

/* Runs that begin and end with one of `kinds` and have nothing of the other strong kind. */
static void reverse_runs(Cluster *clusters, int count, unsigned kinds)
{
    for (int first = 0; first < count; first++) {
        if (!(kinds & 1U << clusters[first].direction))
            continue;
        int last = first;
        for (int i = first; i < count; i++) {
            if (kinds & 1U << clusters[i].direction)
                last = i;
            else if (clusters[i].direction != NEUTRAL)
                break;
        }
        reverse(clusters, first, last + 1);
        first = last;
    }
}

static void order_clusters(Cluster *clusters, int count)
{
    int right = 0, left = 0;
    for (int i = 0; i < count; i++) {
        right += clusters[i].direction == RIGHT_TO_LEFT;
        left += clusters[i].direction == LEFT_TO_RIGHT;
    }
    unsigned forward = 1U << LEFT_TO_RIGHT | 1U << NUMBER, backward = 1U << RIGHT_TO_LEFT;
    if (right >= left) {
        reverse(clusters, 0, count);
        reverse_runs(clusters, count, forward);
    } else {
        /* Numbers among the letters stay as they are. */
        reverse_runs(clusters, count, backward | 1U << NUMBER);
        reverse_runs(clusters, count, 1U << NUMBER);
    }
}

/* --- Text --- */

/* Letters in the forms of their places in a word become plain letters (NFKC). */
static void add_plain(Buf *out, uint32_t c)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar parts[32];
    int32_t length = 0;
    if (c >= 0xFB1D && c <= 0xFEFF)
        length = unorm2_getDecomposition(unorm2_getNFKDInstance(&status), (UChar32)c, parts,
                                         COUNT(parts), &status);
    if (length <= 0 || U_FAILURE(status)) {
        buf_add_utf8(out, c);
        return;
    }
    for (int32_t i = 0; i < length; i++)
        buf_add_utf8(out, parts[i]);
}

/* Which gap of the page lies between two clusters that follow each other in the text; the gap is
 * that before the cluster of this place. Where runs meet, neighbours in the text are none there. */
static int gap_between(const Cluster *a, const Cluster *b)
{
    bool is_forward = b->direction == LEFT_TO_RIGHT || b->direction == NUMBER;
    if (b->place == a->place + 1 || b->place == a->place - 1)
        return MAX(a->place, b->place);
    if (b->place < a->place)
        return is_forward ? a->place : b->place + 1;
    return is_forward ? b->place : a->place + 1;
}

static Str text_of(Arena *arena, const Cluster *clusters, int count, const bool *is_apart)
{
    Buf out = buf_new(arena, MB(1));
    for (int i = 0; i < count; i++) {
        if (i > 0 && is_apart[gap_between(&clusters[i - 1], &clusters[i])])
            buf_add_char(&out, ' ');
        for (int k = 0; k < clusters[i].count; k++)
            add_plain(&out, clusters[i].characters[k]);
    }
    return buf_str(&out);
}

/* Numbers the clusters from the left; notes the gaps that are spaces. */
static bool *find_spaces(Arena *arena, Cluster *clusters, int count, float size)
{
    bool *is_apart = arena_new_array(arena, bool, (size_t)count + 1);
    float right = 0;
    for (int i = 0; i < count; i++) {
        clusters[i].place = i;
        is_apart[i] = i > 0 && clusters[i].x0 - right > 0.12F * size;
        right = i ? MAX(right, clusters[i].x1) : clusters[i].x1;
    }
    return is_apart;
}

int pdf_read_rtl(const fz_stext_line *first, const fz_stext_line *end, Arena *arena, RtlPart *parts,
                 int max)
{
    int mark_count, part_count = 0;
    float size = MAX(first->first_char->size, 1.0F);
    Cluster *clusters = arena_new_array(arena, Cluster, CLUSTERS_MAX);
    Cluster *marks = arena_new_array(arena, Cluster, CLUSTERS_MAX);
    int count = read_clusters(first, end, clusters, marks, &mark_count);
    qsort(clusters, (size_t)count, sizeof *clusters, by_place);
    place_marks(clusters, count, marks, mark_count);
    for (int from = 0, to; from < count && part_count < max; from = to) {
        float x0 = clusters[from].x0, x1 = clusters[from].x1;
        for (to = from + 1; to < count && clusters[to].x0 - x1 < 1.2F * size; to++)
            x1 = MAX(x1, clusters[to].x1);
        bool *is_apart = find_spaces(arena, clusters + from, to - from, size);
        order_clusters(clusters + from, to - from);
        Str text = text_of(arena, clusters + from, to - from, is_apart);
        parts[part_count++] = (RtlPart){ text, x0, x1 };
    }
    return part_count;
}
