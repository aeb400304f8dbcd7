/* document_parts.c - see document_parts.h. */
#include "search/document_parts.h"

#define LETTERS 64
#define PAIRS 512
#define TRIPLES 256
#define PLANES (LETTERS + PAIRS + TRIPLES)
#define MIX 0x9E3779B1u
#define LOOKED_AT 16 /* bytes of a part */

struct DocumentParts {
    uint64_t *bits; /* [PLANES][room] */
    size_t room;    /* words of a plane */
};

DocumentParts *document_parts_new(void) { return heap_alloc(sizeof(DocumentParts)); }

void document_parts_free(DocumentParts *parts)
{
    if (!parts)
        return;
    free(parts->bits);
    free(parts);
}

size_t document_parts_bytes(const DocumentParts *parts)
{
    return PLANES * parts->room * sizeof *parts->bits;
}

static void grow(DocumentParts *parts, size_t room)
{
    uint64_t *bits = heap_alloc(PLANES * room * sizeof *bits);
    for (size_t i = 0; i < PLANES && parts->room; i++)
        memcpy(bits + i * room, parts->bits + i * parts->room, parts->room * sizeof *bits);
    free(parts->bits);
    parts->bits = bits;
    parts->room = room;
}

void document_parts_reserve(DocumentParts *parts, size_t count)
{
    if ((count + 63) / 64 > parts->room)
        grow(parts, (count + 63) / 64);
}

/* --- Planes --- */

static unsigned spaced(char c) { return (unsigned char)document_part_spaced(c); }

static size_t plane_of_letter(unsigned a)
{
    if (a >= 'a' && a <= 'z')
        return a - 'a';
    return a >= '0' && a <= '9' ? 26 + a - '0' : 36 + a % (LETTERS - 36);
}

static size_t plane_of_pair(unsigned a, unsigned b)
{
    return LETTERS + ((a << 8 | b) * MIX >> 16) % PAIRS;
}

static size_t plane_of_triple(unsigned a, unsigned b, unsigned c)
{
    return LETTERS + PAIRS + ((a << 16 | b << 8 | c) * MIX >> 16) % TRIPLES;
}

/* The planes of the byte at `at` and those that it ends. Returns how many. */
static size_t planes_at(Str text, size_t at, size_t planes[3])
{
    size_t count = 0;
    unsigned c = spaced(text.at[at]);
    planes[count++] = plane_of_letter(c);
    if (at >= 1)
        planes[count++] = plane_of_pair(spaced(text.at[at - 1]), c);
    if (at >= 2)
        planes[count++] = plane_of_triple(spaced(text.at[at - 2]), spaced(text.at[at - 1]), c);
    return count;
}

void document_parts_add(DocumentParts *parts, size_t place, Str text)
{
    size_t planes[3];
    while (place / 64 >= parts->room)
        grow(parts, parts->room + parts->room / 4 + 1);
    for (size_t i = 0; i < text.length; i++)
        for (size_t n = planes_at(text, i, planes); n; n--)
            parts->bits[planes[n - 1] * parts->room + place / 64] |= UINT64_C(1) << place % 64;
}

/* Of the beginning of a part. Returns how many. */
static size_t planes_of(const DocumentParts *parts, Str part, const uint64_t *list[3 * LOOKED_AT])
{
    size_t planes[3], count = 0, from = part.length == 1 ? 0 : 1;
    for (size_t i = from; i < MIN(part.length, LOOKED_AT); i++)
        for (size_t n = planes_at(part, i, planes); n > from; n--)
            list[count++] = parts->bits + planes[n - 1] * parts->room;
    return count;
}

void document_parts_keep(const DocumentParts *parts, uint64_t *words, size_t count, Str part)
{
    const uint64_t *planes[3 * LOOKED_AT];
    size_t plane_count = planes_of(parts, part, planes);
    for (size_t word = 0; word < count && plane_count; word++) {
        uint64_t left = word < parts->room ? words[word] : 0;
        for (size_t i = 0; i < plane_count && left; i++)
            left &= planes[i][word];
        words[word] = left;
    }
}
