/* document_values.c - see document_values.h. */
#include "search/document_values.h"

void document_values_free(DocumentValues *values)
{
    for (size_t i = 0; i < VALUE_PLANES; i++)
        free(values->planes[i]);
}

size_t document_values_bytes(const DocumentValues *values)
{
    size_t count = 0;
    for (size_t i = 0; i < VALUE_PLANES; i++)
        count += values->planes[i] != NULL;
    return count * values->room * sizeof **values->planes;
}

void document_values_reserve(DocumentValues *values, size_t room)
{
    size_t words = room / 64;
    for (size_t i = 0; i < VALUE_PLANES; i++) {
        uint64_t **plane = &values->planes[i];
        if (!*plane)
            continue;
        *plane = heap_grow(*plane, words * sizeof **plane);
        memset(*plane + values->room, 0, (words - values->room) * sizeof **plane);
    }
    values->room = words;
}

void document_values_add(DocumentValues *values, size_t place, uint32_t number)
{
    uint64_t **plane = &values->planes[number % VALUE_PLANES];
    if (!*plane)
        *plane = heap_alloc(values->room * sizeof **plane);
    (*plane)[place / 64] |= UINT64_C(1) << place % 64;
}

void document_values_take(DocumentValues *values, size_t place, uint32_t number)
{
    values->planes[number % VALUE_PLANES][place / 64] &= ~(UINT64_C(1) << place % 64);
}

WantedValues document_values_wanted(const DocumentValues *values, const unsigned char *wanted,
                                    size_t count)
{
    WantedValues made = { 0 };
    bool is_taken[VALUE_PLANES] = { 0 };
    for (size_t number = 0; number < count; number++) {
        size_t plane = number % VALUE_PLANES;
        if (!wanted[number] || is_taken[plane] || !values->planes[plane])
            continue;
        is_taken[plane] = true;
        made.planes[made.count++] = values->planes[plane];
    }
    return made;
}
