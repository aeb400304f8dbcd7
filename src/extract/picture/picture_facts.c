/* picture_facts.c - see picture_facts.h. */
#include "extract/picture/picture_facts.h"

#include <math.h>

#include "base/utf8.h"
#include "extract/byte_view.h"
#include "extract/charset/encoding.h"
#include "extract/metadata.h"

enum { FACT_MAX = 200, VALUE_MAX = 16 * 1024 };

/* Names that may have several values. */
static bool is_many(const char *key)
{
    static const char *const many[] = { "title",    "description", "comment",  "author",
                                        "keywords", "copyright",   "category", "subject" };
    for (size_t i = 0; i < COUNT(many); i++)
        if (strcmp(many[i], key) == 0)
            return true;
    return false;
}

bool picture_has_fact(const PictureFacts *facts, const char *key)
{
    for (size_t i = 0; i < facts->facts.count; i++)
        if (strcmp(facts->facts.at[i].key, key) == 0)
            return true;
    return false;
}

void picture_fact(PictureFacts *facts, const char *key, Str value)
{
    if (facts->facts.count >= FACT_MAX || (!is_many(key) && picture_has_fact(facts, key)))
        return;
    const void *nul = value.length ? memchr(value.at, 0, value.length) : NULL;
    if (nul)
        value.length = (size_t)((const char *)nul - value.at);
    value = str_trim(str_slice(value, 0, VALUE_MAX));
    if (!utf8_is_valid(value))
        value = text_decode(facts->arena, value, STR_NONE, NULL);
    value = str_trim(utf8_clean(facts->arena, value));
    if (!value.length)
        return;
    for (size_t i = 0; i < facts->facts.count; i++)
        if (strcmp(facts->facts.at[i].key, key) == 0 && str_equal(facts->facts.at[i].value, value))
            return;
    *vec_push(facts->arena, &facts->facts) = (PictureFact){ key, str_copy(facts->arena, value) };
}

void picture_fact_number(PictureFacts *facts, const char *key, double value)
{
    if (!isfinite(value) || fabs(value) >= 1e15)
        return;
    bool is_small = fabs(value) < 1e-4;
    picture_fact(facts, key, str_format(facts->arena, is_small ? "%.9f" : "%.15g", value));
}

/* The digits of `text`, at most 14: year, month, day, hour, minute, second. */
static size_t date_digits(Str text, char digits[14], size_t *end_r)
{
    size_t count = 0, i = 0;
    for (; i < text.length && count < 14; i++) {
        char c = text.at[i];
        if (c >= '0' && c <= '9')
            digits[count++] = c;
        else if (!HAS_CHAR(c, ":-/ T."))
            break;
        else if ((c == '-' || c == '.') && count >= 10)
            break;
    }
    *end_r = i;
    return count;
}

void picture_fact_date(PictureFacts *facts, const char *key, Str date, Str zone)
{
    char d[14];
    size_t end;
    date = str_trim(date);
    size_t count = date_digits(date, d, &end);
    if (count < 4 || memcmp(d, "0000", 4) == 0 || (count >= 8 && memcmp(d + 4, "0000", 4) == 0))
        return;
    Buf out = buf_new(facts->arena, 64);
    buf_addf(&out, "%.4s", d);
    if (count >= 6)
        buf_addf(&out, "-%.2s", d + 4);
    if (count >= 8)
        buf_addf(&out, "-%.2s", d + 6);
    if (count >= 12)
        buf_addf(&out, "T%.2s:%.2s:%.2s", d + 8, d + 10, count == 14 ? d + 12 : "00");
    Str rest = str_from(date, end);
    if (str_starts(rest, S("."))) {
        end = 1;
        while (end < rest.length && rest.at[end] >= '0' && rest.at[end] <= '9')
            end++;
        rest = str_from(rest, end);
    }
    if (!rest.length)
        rest = str_trim(zone);
    bool is_offset = rest.length >= 5 && rest.length <= 6 && HAS_CHAR(rest.at[0], "+-");
    if (count >= 12 && is_offset)
        buf_addf(&out, "%.3s:%.2s", rest.at, rest.at + rest.length - 2);
    else if (count >= 12 && str_is(rest, "Z"))
        buf_add_char(&out, 'Z');
    picture_fact(facts, key, buf_str(&out));
}

/* ICC.1:2010, 7.2 and 10.13: the tag "desc" is a "desc" or an "mluc" text. */
void picture_fact_profile(PictureFacts *facts, Str profile)
{
    uint32_t count = MIN(big32(profile, 128), 100U);
    for (uint32_t i = 0; i < count; i++) {
        size_t entry = 132 + (size_t)i * 12;
        if (!str_equal(bytes_part(profile, entry, 4), S("desc")))
            continue;
        Str tag = bytes_part(profile, big32(profile, entry + 4), big32(profile, entry + 8));
        if (str_starts(tag, S("desc")))
            picture_fact(facts, "color_space", bytes_part(tag, 12, big32(tag, 8)));
        if (!str_starts(tag, S("mluc")))
            return;
        Buf text = buf_new(facts->arena, 400);
        Str wide = bytes_part(tag, big32(tag, 24), MIN(big32(tag, 20), 200U));
        for (size_t k = 0; k + 1 < wide.length; k += 2)
            buf_add_utf8(&text, big16(wide, k));
        picture_fact(facts, "color_space", buf_str(&text));
        return;
    }
}

bool picture_facts_write(const PictureFacts *facts, DocWriter *doc)
{
    if (facts->width > 0 && facts->height > 0) {
        doc_meta_whole(doc, "width", facts->width);
        doc_meta_whole(doc, "height", facts->height);
    }
    if (facts->orientation >= 1 && facts->orientation <= 8)
        doc_meta_whole(doc, "orientation", facts->orientation);
    if (facts->frames > 1)
        doc_meta_whole(doc, "frames", facts->frames);
    for (size_t i = 0; i < facts->facts.count; i++)
        doc_meta(doc, facts->facts.at[i].key, facts->facts.at[i].value);
    return doc_writer_ok(doc);
}
