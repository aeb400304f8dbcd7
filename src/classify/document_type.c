/* document_type.c - see document_type.h. */
#include "classify/document_type.h"

#include <math.h>

#include "base/utf8.h"
#include "classify/classify_int.h"

#define READ_BYTES KB(24) /* what a document is shows at its beginning */
#define MEANING_BYTES 1200
#define SIGN_SCALE 0.55 /* of a sign's weight, as a logit */
#define MEANING_SCALE 10.0
#define OTHER_LOGIT 1.2 /* what a type has to reach */
/* Of the open half of bench/classify/types.tsv 0.6 is best with meaning, 0.4 by words alone. */
#define TEMPERATURE 0.5

static const struct {
    const char *name, *meaning, *signs;
} types[DOCUMENT_TYPE_COUNT] = {
#define DOCUMENT_TYPE(name, word, meaning, signs) { word, meaning, signs },
#include "classify/document_types.def"
#undef DOCUMENT_TYPE
};

const char *document_type_name(DocumentType type) { return types[type].name; }

/* Formats that are of one type whatever their words. */
static bool is_format_of(Str format, DocumentType *type_r)
{
    static const struct {
        const char *formats;
        DocumentType type;
    } rows[] = {
        { " xlsx xls ods csv tsv numbers gnumeric parquet dbf xlsb lotus arrow ",
          DOCUMENT_TYPE_SPREADSHEET },
        { " pptx ppt odp key ", DOCUMENT_TYPE_SLIDES },
        { " code diff ipynb ", DOCUMENT_TYPE_CODE },
        { " email eml msg mbox pst mail tnef ", DOCUMENT_TYPE_MAIL },
    };
    char padded[32];
    int length = snprintf(padded, sizeof(padded), " " STR_FMT " ", STR_ARG(format));
    if (!format.length || length >= (int)sizeof(padded))
        return false;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strstr(rows[i].formats, padded)) {
            *type_r = rows[i].type;
            return true;
        }
    return false;
}

/* What stands at the beginning of a word counts. */
static bool has_sign(Str text, Str sign)
{
    for (size_t from = 0; from < text.length;) {
        ptrdiff_t found = str_find(str_from(text, from), sign);
        if (found < 0)
            return false;
        size_t at = from + (size_t)found;
        if (at == 0 || (unsigned char)((text.at[at - 1] | 32) - 'a') >= 26)
            return true;
        from = at + 1;
    }
    return false;
}

static double weigh_signs(Str lower, DocumentType type)
{
    Str list = str(types[type].signs), sign;
    double sum = 0;
    while (str_next(&list, '|', &sign))
        if (sign.length > 2 && has_sign(lower, str_from(sign, 2)))
            sum += sign.at[0] - '0';
    return sum;
}

static void add_meaning(Arena *arena, Str text, const Embedder *embedder, double *logits)
{
    Str texts[DOCUMENT_TYPE_COUNT];
    float *vectors;
    size_t dims, count = DOCUMENT_TYPE_OTHER;
    double mean = 0, likeness[DOCUMENT_TYPE_COUNT];
    Error ignored;
    for (size_t i = 0; i < count; i++)
        texts[i] = str(types[i].meaning);
    texts[count] = str_slice(text, 0, utf8_floor(text, MIN(text.length, (size_t)MEANING_BYTES)));
    if (!embedder->embed(embedder->self, arena, texts, count + 1, &vectors, &dims, &ignored))
        return;
    for (size_t i = 0; i < count; i++) {
        likeness[i] = vector_likeness(vectors + i * dims, vectors + count * dims, dims);
        mean += likeness[i] / (double)count;
    }
    for (size_t i = 0; i < count; i++)
        logits[i] += MEANING_SCALE * (likeness[i] - mean);
}

DocumentTypeFound document_type_of(Arena *arena, Str text, Str format, const Embedder *embedder)
{
    DocumentTypeFound found = { DOCUMENT_TYPE_OTHER, 1 };
    double logits[DOCUMENT_TYPE_COUNT] = { 0 };
    Str read = str_slice(text, 0, utf8_floor(text, MIN(text.length, (size_t)READ_BYTES)));
    if (is_format_of(format, &found.type))
        return found;
    if (!str_trim(read).length)
        return found;
    Str lower = utf8_fold(arena, read);
    for (DocumentType type = 0; type < DOCUMENT_TYPE_OTHER; type++)
        logits[type] = SIGN_SCALE * weigh_signs(lower, type);
    if (embedder)
        add_meaning(arena, read, embedder, logits);
    logits[DOCUMENT_TYPE_OTHER] = OTHER_LOGIT;
    softmax(logits, DOCUMENT_TYPE_COUNT, TEMPERATURE);
    for (DocumentType type = 0; type < DOCUMENT_TYPE_COUNT; type++)
        if (logits[type] > logits[found.type])
            found.type = type;
    found.confidence = logits[found.type];
    return found;
}
