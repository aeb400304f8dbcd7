/* zip_shrink.c - see zip_shrink.h. */
#include "extract/archive/zip_shrink.h"

#include "extract/archive/low_bits.h"

enum { CODES = 1 << 13, CONTROL = 256, FREE = CODES, WIDTH_FIRST = 9, WIDTH_LAST = 13 };
enum { SAY_WIDER = 1, SAY_CLEAR = 2 };

/* A code is the string of `parent` and one byte more; the first 256 are one byte only. */
typedef struct Shrunk {
    Bits in;
    int width;
    uint16_t parent[CODES]; /* FREE: it is none */
    uint8_t last[CODES];
    size_t next; /* codes below it are in use */
    char *out;
    size_t size, length;
} Shrunk;

/* Every code that no other is made of becomes free. */
static void clear_leaves(Shrunk *z)
{
    bool is_parent[CODES + 1] = { false };
    for (size_t i = CONTROL + 1; i < CODES; i++)
        is_parent[z->parent[i]] = true;
    for (size_t i = CONTROL + 1; i < CODES; i++)
        if (!is_parent[i])
            z->parent[i] = FREE;
    z->next = CONTROL + 1;
}

/* The next code of a string; what is said about the codes themselves is done on the way. */
static bool take_code(Shrunk *z, unsigned *code_r)
{
    while (!z->in.is_over) {
        *code_r = bits_take(&z->in, z->width);
        if (*code_r != CONTROL)
            return !z->in.is_over;
        unsigned what = bits_take(&z->in, z->width);
        if (what == SAY_WIDER && z->width < WIDTH_LAST)
            z->width++;
        else if (what == SAY_CLEAR)
            clear_leaves(z);
        else
            return false;
    }
    return false;
}

static void add_code(Shrunk *z, unsigned parent, uint8_t last)
{
    while (z->next < CODES && z->parent[z->next] != FREE)
        z->next++;
    if (z->next == CODES)
        return; /* full: the strings stay as they are */
    z->parent[z->next] = (uint16_t)parent;
    z->last[z->next] = last;
}

/* The code's string is written; *first_r is its first byte. Its bytes are known from the last. */
static bool write_string(Shrunk *z, unsigned code, uint8_t *first_r)
{
    char text[CODES];
    size_t at = CODES;
    while (code > CONTROL) {
        if (z->parent[code] == FREE || at == 1)
            return false;
        text[--at] = (char)z->last[code];
        code = z->parent[code];
    }
    text[--at] = (char)code;
    size_t count = MIN(CODES - at, z->size - z->length);
    memcpy(z->out + z->length, text + at, count);
    z->length += count;
    *first_r = (uint8_t)code;
    return true;
}

static bool unshrink(Shrunk *z)
{
    unsigned code, before;
    uint8_t first;
    if (!take_code(z, &before) || before > CONTROL || !write_string(z, before, &first))
        return z->size == 0;
    while (z->length < z->size) {
        if (!take_code(z, &code))
            return false;
        /* A code that is only made now: the string before and its own first byte again. */
        bool is_new = code > CONTROL && z->parent[code] == FREE;
        if (is_new)
            add_code(z, before, first);
        if (!write_string(z, code, &first))
            return false;
        if (!is_new)
            add_code(z, before, first);
        before = code;
    }
    return true;
}

bool zip_unshrink(Str packed, char *out, size_t size, size_t *length_r)
{
    AUTO_FREE Shrunk *z = heap_alloc(sizeof *z);
    *z = (Shrunk){ .in = { packed }, .width = WIDTH_FIRST, .out = out, .size = size };
    z->next = CONTROL + 1;
    for (size_t i = 0; i < CODES; i++)
        z->parent[i] = FREE;
    bool ok = unshrink(z);
    *length_r = z->length;
    return ok;
}
