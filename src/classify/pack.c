/* pack.c - a classifier as bytes, and back.
 *
 *     "LCL1" crc32c body: numbers little-endian as this machine has them, texts with their lengths
 */
#include "base/hash.h"
#include "classify/classify.h"

#define MAGIC "LCL1"
#define HEAD_BYTES 8
#define DIMS_MAX 8192
#define PACKED_MAX GB(1)

/* --- Writing --- */

static void add_number(Buf *buf, uint64_t number) { buf_add_bytes(buf, &number, sizeof(number)); }
static void add_real(Buf *buf, double number) { buf_add_bytes(buf, &number, sizeof(number)); }
static void add_text(Buf *buf, Str text)
{
    add_number(buf, text.length);
    buf_add(buf, text);
}

static void add_measures(Buf *buf, const ClassifyMeasures *m, size_t label_count)
{
    add_number(buf, m->example_count);
    add_number(buf, m->fold_count);
    add_real(buf, m->accuracy);
    add_real(buf, m->macro_f1);
    add_real(buf, m->threshold);
    add_real(buf, m->sure_share);
    add_real(buf, m->sure_precision);
    for (int i = 0; i < RELIABILITY_BINS; i++) {
        add_number(buf, m->reliability.bins[i].count);
        add_real(buf, m->reliability.bins[i].confidence);
        add_real(buf, m->reliability.bins[i].accuracy);
    }
    add_real(buf, m->reliability.error);
    add_number(buf, m->confusion != NULL);
    if (m->confusion)
        buf_add_bytes(buf, m->confusion, label_count * label_count * sizeof(uint32_t));
}

Str classifier_pack(const Classifier *c, Arena *arena)
{
    Buf buf = buf_new(arena, PACKED_MAX);
    size_t dims = c->dims;
    buf_add(&buf, S(MAGIC "0000"));
    add_number(&buf, c->way);
    add_number(&buf, c->is_multi);
    add_number(&buf, dims);
    add_number(&buf, c->label_count);
    add_number(&buf, c->example_count);
    add_real(&buf, c->temperature);
    add_text(&buf, c->model);
    for (size_t l = 0; l < c->label_count; l++) {
        add_text(&buf, c->labels[l].name);
        add_text(&buf, c->labels[l].description);
    }
    buf_add_bytes(&buf, c->label_vectors, c->label_count * dims * sizeof(float));
    buf_add_bytes(&buf, c->label_means, c->label_count * sizeof(float));
    buf_add_bytes(&buf, c->examples, c->example_count * dims * sizeof(float));
    buf_add_bytes(&buf, c->example_labels, c->example_count * sizeof(uint16_t));
    if (c->way == CLASSIFY_HEAD)
        buf_add_bytes(&buf, c->head, c->label_count * (dims + 1) * sizeof(float));
    add_measures(&buf, &c->measures, c->label_count);
    uint32_t crc = crc32c(0, buf.at + HEAD_BYTES, buf.length - HEAD_BYTES);
    memcpy(buf.at + 4, &crc, sizeof(crc));
    return buf_str(&buf);
}

/* --- Reading --- */

typedef struct Reader {
    Arena *arena;
    Str rest;
    bool is_short;
} Reader;

static const void *take(Reader *r, size_t count, size_t size)
{
    if (count > r->rest.length / size) {
        r->is_short = true;
        return NULL;
    }
    void *copy = arena_alloc_raw(r->arena, MAX(count * size, (size_t)1));
    if (count)
        memcpy(copy, r->rest.at, count * size);
    r->rest = str_from(r->rest, count * size);
    return copy;
}

/* At most `most`: what is more is damage. */
static size_t take_number(Reader *r, uint64_t most)
{
    uint64_t number = 0;
    if (r->rest.length < sizeof(number)) {
        r->is_short = true;
        return 0;
    }
    memcpy(&number, r->rest.at, sizeof(number));
    r->rest = str_from(r->rest, sizeof(number));
    r->is_short = r->is_short || number > most;
    return r->is_short ? 0 : (size_t)number;
}

static double take_real(Reader *r)
{
    double number = 0;
    if (r->rest.length < sizeof(number)) {
        r->is_short = true;
        return 0;
    }
    memcpy(&number, r->rest.at, sizeof(number));
    r->rest = str_from(r->rest, sizeof(number));
    return number;
}

static Str take_text(Reader *r)
{
    size_t length = take_number(r, r->rest.length);
    const char *at = take(r, length, 1);
    return at ? (Str){ at, length } : STR_NONE;
}

static void take_measures(Reader *r, size_t label_count, ClassifyMeasures *m)
{
    m->example_count = take_number(r, SIZE_MAX);
    m->fold_count = take_number(r, SIZE_MAX);
    m->accuracy = take_real(r);
    m->macro_f1 = take_real(r);
    m->threshold = take_real(r);
    m->sure_share = take_real(r);
    m->sure_precision = take_real(r);
    for (int i = 0; i < RELIABILITY_BINS; i++) {
        m->reliability.bins[i].count = take_number(r, SIZE_MAX);
        m->reliability.bins[i].confidence = take_real(r);
        m->reliability.bins[i].accuracy = take_real(r);
    }
    m->reliability.error = take_real(r);
    if (take_number(r, 1))
        m->confusion = take(r, label_count * label_count, sizeof(uint32_t));
}

static void take_arrays(Reader *r, Classifier *c)
{
    ClassifyLabel *labels = arena_new_array(r->arena, ClassifyLabel, c->label_count);
    for (size_t l = 0; l < c->label_count; l++) {
        labels[l].name = take_text(r);
        labels[l].description = take_text(r);
    }
    c->labels = labels;
    c->label_vectors = take(r, c->label_count * c->dims, sizeof(float));
    c->label_means = take(r, c->label_count, sizeof(float));
    c->examples = take(r, c->example_count * c->dims, sizeof(float));
    c->example_labels = take(r, c->example_count, sizeof(uint16_t));
    if (c->way == CLASSIFY_HEAD)
        c->head = take(r, c->label_count * (c->dims + 1), sizeof(float));
    for (size_t i = 0; i < c->example_count && !r->is_short; i++)
        r->is_short = c->example_labels[i] >= c->label_count;
}

bool classifier_unpack(Arena *arena, Str bytes, Classifier *classifier_r, Error *err)
{
    Reader r = { arena, str_from(bytes, HEAD_BYTES), false };
    Classifier c = { 0 };
    uint32_t crc = 0;
    if (bytes.length > HEAD_BYTES && str_starts(bytes, S(MAGIC)))
        memcpy(&crc, bytes.at + 4, sizeof(crc));
    if (bytes.length <= HEAD_BYTES || !str_starts(bytes, S(MAGIC)) ||
        crc != crc32c(0, r.rest.at, r.rest.length))
        return fail(err, ERROR_DAMAGED, "a stored classifier is not whole: train it again");
    c.way = (ClassifyWay)take_number(&r, CLASSIFY_HEAD);
    c.is_multi = take_number(&r, 1);
    c.dims = take_number(&r, DIMS_MAX);
    c.label_count = take_number(&r, CLASSIFY_LABELS_MAX);
    c.example_count = take_number(&r, (uint64_t)CLASSIFY_EXAMPLES_MAX * CLASSIFY_LABELS_MAX);
    c.temperature = take_real(&r);
    c.model = take_text(&r);
    if (!r.is_short)
        take_arrays(&r, &c);
    take_measures(&r, c.label_count, &c.measures);
    if (r.is_short || r.rest.length || !c.dims || !c.label_count || !(c.temperature > 0))
        return fail(err, ERROR_DAMAGED, "a stored classifier says what cannot be: train it again");
    *classifier_r = c;
    return true;
}
