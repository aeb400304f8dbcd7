/* palm.c - see palm.h; the layouts are those of the MobileRead wiki (PDB, PalmDOC, MOBI). */
#include "extract/formats/palm.h"

enum { HEADER = 78, ENTRY = 8, PHRASES_MAX = 1 << 20, DEPTH_MAX = 32, CODES = 256, LENGTHS = 33 };
static const size_t RECORD_MAX = 1 << 20, EXPANDED_MAX = 64 << 20;

uint32_t palm_number(Str bytes, size_t at, int width)
{
    uint32_t number = 0;
    for (int i = 0; i < width; i++)
        number = number << 8 |
                 (at + (size_t)i < bytes.length ? (unsigned char)bytes.at[at + (size_t)i] : 0);
    return number;
}

bool palm_open(Str bytes, PalmFile *file_r)
{
    size_t count = palm_number(bytes, 76, 2);
    if (bytes.length < HEADER + ENTRY || count == 0)
        return false;
    Str name = str_slice(bytes, 0, 31);
    ptrdiff_t end = str_find(name, (Str){ "", 1 });
    *file_r = (PalmFile){ .bytes = bytes,
                          .name = end < 0 ? name : str_slice(name, 0, (size_t)end),
                          .type = str_slice(bytes, 60, 68),
                          .count = MIN(count, (bytes.length - HEADER) / ENTRY) };
    return true;
}

Str palm_record(const PalmFile *file, size_t index)
{
    if (index >= file->count)
        return STR_NONE;
    size_t start = palm_number(file->bytes, HEADER + index * ENTRY, 4), end = file->bytes.length;
    if (index + 1 < file->count)
        end = palm_number(file->bytes, HEADER + (index + 1) * ENTRY, 4);
    return start < end ? str_slice(file->bytes, start, end) : STR_NONE;
}

/* --- PalmDoc --- */

static bool copy_back(Buf *out, size_t distance, size_t length, size_t start)
{
    if (distance == 0 || distance > out->length - start)
        return true; /* broken: nothing to copy */
    for (size_t i = 0; i < length; i++)
        buf_add_char(out, out->at[out->length - distance]);
    return !out->overflowed;
}

bool palm_unpack(Str packed, Buf *out)
{
    size_t start = out->length;
    for (size_t at = 0; at < packed.length && !out->overflowed;) {
        unsigned c = (unsigned char)packed.at[at++];
        if (c >= 1 && c <= 8) {
            buf_add(out, str_slice(packed, at, at + c));
            at += c;
        } else if (c < 0x80) {
            buf_add_char(out, (char)c);
        } else if (c >= 0xC0) {
            buf_add_char(out, ' ');
            buf_add_char(out, (char)(c ^ 0x80));
        } else if (at < packed.length) {
            unsigned pair = c << 8 | (unsigned char)packed.at[at++];
            if (!copy_back(out, pair >> 3 & 0x7FF, (pair & 7) + 3, start))
                return false;
        }
    }
    return !out->overflowed;
}

/* --- HUFF and CDIC --- */

typedef struct Phrase {
    Str text;
    bool is_plain, is_open; /* open: being unpacked, so a loop of phrases ends */
} Phrase;

struct PalmHuffman {
    Arena *arena;
    struct {
        unsigned length;
        bool is_whole;
        uint32_t most;
    } codes[CODES]; /* by the first byte */
    uint32_t least[LENGTHS], most[LENGTHS];
    VEC(Phrase) phrases;
    size_t expanded;
};

static uint32_t upper(uint32_t code, unsigned length)
{
    return (uint32_t)((((uint64_t)code + 1) << (32 - length)) - 1);
}

static bool read_codes(PalmHuffman *huffman, Str record)
{
    size_t first = palm_number(record, 8, 4), second = palm_number(record, 12, 4);
    if (!str_starts(record, S("HUFF")) || first + 4 * CODES > record.length ||
        second + 8 * 32 > record.length)
        return false;
    for (size_t i = 0; i < CODES; i++) {
        uint32_t value = palm_number(record, first + 4 * i, 4);
        unsigned length = value & 0x1F;
        huffman->codes[i].length = length;
        huffman->codes[i].is_whole = value & 0x80;
        if (length == 0)
            return false;
        huffman->codes[i].most = upper(value >> 8, length);
    }
    for (unsigned length = 1; length < LENGTHS; length++) {
        size_t at = second + 8 * (length - 1);
        huffman->least[length] = (uint32_t)((uint64_t)palm_number(record, at, 4) << (32 - length));
        huffman->most[length] = upper(palm_number(record, at + 4, 4), length);
    }
    return true;
}

static bool read_phrases(PalmHuffman *huffman, Str record)
{
    size_t total = palm_number(record, 8, 4), bits = palm_number(record, 12, 4);
    if (!str_starts(record, S("CDIC")) || bits > 20 || total > PHRASES_MAX ||
        total < huffman->phrases.count)
        return false;
    size_t count = MIN((size_t)1 << bits, total - huffman->phrases.count);
    for (size_t i = 0; i < count; i++) {
        size_t at = 16 + palm_number(record, 16 + 2 * i, 2);
        uint32_t length = palm_number(record, at, 2);
        *vec_push(huffman->arena, &huffman->phrases) =
            (Phrase){ .text = str_slice(record, at + 2, at + 2 + (length & 0x7FFF)),
                      .is_plain = length & 0x8000 };
    }
    return true;
}

PalmHuffman *palm_huffman(Arena *arena, const PalmFile *file, size_t first, size_t count)
{
    PalmHuffman *huffman = arena_new_one(arena, PalmHuffman);
    huffman->arena = arena;
    if (count < 2 || !read_codes(huffman, palm_record(file, first)))
        return NULL;
    for (size_t i = 1; i < count && i < file->count; i++)
        if (!read_phrases(huffman, palm_record(file, first + i)))
            return NULL;
    return huffman->phrases.count ? huffman : NULL;
}

static bool unpack(PalmHuffman *huffman, Str packed, Buf *out, int depth);

static bool add_phrase(PalmHuffman *huffman, size_t index, Buf *out, int depth)
{
    Phrase *phrase = index < huffman->phrases.count ? &huffman->phrases.at[index] : NULL;
    if (!phrase || phrase->is_open)
        return false;
    if (!phrase->is_plain) {
        Buf text = buf_new(huffman->arena, RECORD_MAX);
        phrase->is_open = true;
        bool ok = depth < DEPTH_MAX && unpack(huffman, phrase->text, &text, depth + 1);
        phrase->is_open = false;
        huffman->expanded += text.length;
        if (!ok || huffman->expanded > EXPANDED_MAX)
            return false;
        phrase->text = buf_str(&text);
        phrase->is_plain = true;
    }
    buf_add(out, phrase->text);
    return !out->overflowed;
}

static bool unpack(PalmHuffman *huffman, Str packed, Buf *out, int depth)
{
    size_t bits = packed.length * 8, used = 0;
    while (used < bits) {
        size_t at = used / 8;
        uint64_t window =
            (uint64_t)palm_number(packed, at, 4) << 8 | palm_number(packed, at + 4, 1);
        uint32_t code = (uint32_t)(window >> (8 - used % 8));
        unsigned length = huffman->codes[code >> 24].length;
        uint32_t most = huffman->codes[code >> 24].most;
        if (!huffman->codes[code >> 24].is_whole) {
            while (length < LENGTHS - 1 && code < huffman->least[length])
                length++;
            most = huffman->most[length];
        }
        used += length;
        if (used > bits)
            break;
        if (most < code || !add_phrase(huffman, (most - code) >> (32 - length), out, depth))
            return false;
    }
    return true;
}

bool palm_huffman_unpack(PalmHuffman *huffman, Str packed, Buf *out)
{
    return unpack(huffman, packed, out, 0);
}
