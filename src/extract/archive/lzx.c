/* lzx.c - see lzx.h. A frame is decoded straight into the output, which is the window too. */
#include "extract/archive/lzx.h"

enum {
    LITERALS = 256,
    LENGTHS = 249,
    SLOTS_MAX = 50,
    MAIN_MAX = LITERALS + SLOTS_MAX * 8,
    CODE_MAX = 16,
    PRE_COUNT = 20,
    ALIGNED_COUNT = 8
};
typedef enum BlockType { BLOCK_NONE, BLOCK_VERBATIM, BLOCK_ALIGNED, BLOCK_STORED } BlockType;

/* A canonical code: symbols in the order of their codes, and per length where it begins. */
typedef struct Code {
    uint16_t symbols[MAIN_MAX];
    uint32_t first[CODE_MAX + 1], count[CODE_MAX + 1], index[CODE_MAX + 1];
} Code;

typedef struct Lzx {
    Str in;
    size_t at; /* of the next 16 bits */
    uint64_t bits;
    unsigned bit_count;
    bool is_broken;
    unsigned char *out;
    size_t start, length, limit; /* start: of what may be copied from; limit: of the frame */
    unsigned slots;
    uint32_t recent[3];
    BlockType type;
    size_t block_left;
    bool is_odd; /* a stored block of odd length: a byte follows it */
    bool has_header;
    uint8_t main_lengths[MAIN_MAX], length_lengths[LENGTHS];
    Code main_code, length_code, aligned_code;
} Lzx;

/* --- Bits: words of 16, little endian, the highest bit first --- */

static void fill(Lzx *lzx, unsigned count)
{
    while (lzx->bit_count < count) {
        unsigned low = lzx->at < lzx->in.length ? (unsigned char)lzx->in.at[lzx->at] : 0;
        unsigned high = lzx->at + 1 < lzx->in.length ? (unsigned char)lzx->in.at[lzx->at + 1] : 0;
        lzx->is_broken |= lzx->at > lzx->in.length + 4;
        lzx->at += 2;
        lzx->bits = lzx->bits << 16 | high << 8 | low;
        lzx->bit_count += 16;
    }
}

static uint32_t peek(Lzx *lzx, unsigned count)
{
    fill(lzx, count);
    return (uint32_t)(lzx->bits >> (lzx->bit_count - count)) & ((1u << count) - 1);
}

static uint32_t take(Lzx *lzx, unsigned count)
{
    if (count == 0)
        return 0;
    uint32_t value = peek(lzx, count);
    lzx->bit_count -= count;
    return value;
}

/* --- Codes --- */

static void build(Code *code, const uint8_t *lengths, unsigned count)
{
    uint32_t next = 0, index = 0;
    memset(code->count, 0, sizeof code->count);
    for (unsigned i = 0; i < count; i++)
        code->count[lengths[i]]++;
    code->count[0] = 0;
    for (unsigned length = 1; length <= CODE_MAX; length++) {
        next <<= 1;
        code->first[length] = next;
        code->index[length] = index;
        next += code->count[length];
        for (unsigned i = 0; i < count && code->count[length]; i++)
            if (lengths[i] == length)
                code->symbols[index++] = (uint16_t)i;
    }
}

static unsigned decode(Lzx *lzx, const Code *code)
{
    uint32_t window = peek(lzx, CODE_MAX);
    for (unsigned length = 1; length <= CODE_MAX; length++) {
        uint32_t offset = (window >> (CODE_MAX - length)) - code->first[length];
        if (offset < code->count[length]) {
            lzx->bit_count -= length;
            return code->symbols[code->index[length] + offset];
        }
    }
    lzx->is_broken = true;
    return 0;
}

/* Lengths are written as differences from those of the block before, by a code of their own. */
static void read_lengths(Lzx *lzx, uint8_t *lengths, unsigned first, unsigned last)
{
    uint8_t pre_lengths[PRE_COUNT];
    Code pre;
    for (unsigned i = 0; i < PRE_COUNT; i++)
        pre_lengths[i] = (uint8_t)take(lzx, 4);
    build(&pre, pre_lengths, PRE_COUNT);
    for (unsigned i = first; i < last && !lzx->is_broken;) {
        unsigned symbol = decode(lzx, &pre), times = 1, value = 0;
        if (symbol == 17) {
            times = take(lzx, 4) + 4;
        } else if (symbol == 18) {
            times = take(lzx, 5) + 20;
        } else {
            if (symbol == 19) {
                times = take(lzx, 1) + 4;
                symbol = decode(lzx, &pre);
            }
            value = (lengths[i] + 17U - MIN(symbol, 17U)) % 17;
        }
        for (; times > 0 && i < last; times--)
            lengths[i++] = (uint8_t)value;
    }
}

/* --- Blocks --- */

static uint32_t stored_number(Lzx *lzx)
{
    uint32_t number = 0;
    for (unsigned i = 0; i < 4; i++, lzx->at++)
        if (lzx->at < lzx->in.length)
            number |= (uint32_t)(unsigned char)lzx->in.at[lzx->at] << (8 * i);
    return number;
}

static void begin_stored(Lzx *lzx)
{
    /* Up to 16 bits fill the word; what was read ahead goes back. */
    fill(lzx, 1);
    lzx->at -= lzx->bit_count / 16 * 2;
    lzx->bits = lzx->bit_count = 0;
    for (int i = 0; i < 3; i++)
        lzx->recent[i] = stored_number(lzx);
    lzx->is_odd = lzx->block_left & 1;
}

static void begin_block(Lzx *lzx)
{
    unsigned elements = LITERALS + lzx->slots * 8;
    uint8_t aligned[ALIGNED_COUNT];
    lzx->type = take(lzx, 3);
    lzx->block_left = take(lzx, 16) << 8;
    lzx->block_left |= take(lzx, 8);
    if (lzx->type == BLOCK_ALIGNED) {
        for (unsigned i = 0; i < ALIGNED_COUNT; i++)
            aligned[i] = (uint8_t)take(lzx, 3);
        build(&lzx->aligned_code, aligned, ALIGNED_COUNT);
    }
    if (lzx->type == BLOCK_VERBATIM || lzx->type == BLOCK_ALIGNED) {
        read_lengths(lzx, lzx->main_lengths, 0, LITERALS);
        read_lengths(lzx, lzx->main_lengths, LITERALS, elements);
        build(&lzx->main_code, lzx->main_lengths, elements);
        read_lengths(lzx, lzx->length_lengths, 0, LENGTHS);
        build(&lzx->length_code, lzx->length_lengths, LENGTHS);
    } else if (lzx->type == BLOCK_STORED) {
        begin_stored(lzx);
    } else {
        lzx->is_broken = true;
    }
    lzx->is_broken |= lzx->block_left == 0;
}

/* Slots 0-2 repeat an offset; later ones are pairs of ever larger ranges, of up to 17 bits. */
static uint32_t read_offset(Lzx *lzx, unsigned slot)
{
    uint32_t offset;
    if (slot < 3) {
        offset = lzx->recent[slot];
        lzx->recent[slot] = lzx->recent[0];
        lzx->recent[0] = offset;
        return offset;
    }
    unsigned extra = slot < 4 ? 0 : MIN(slot / 2 - 1, 17U);
    uint32_t base = slot < 4    ? slot
                    : slot < 38 ? (2 + (slot & 1)) << extra
                                : 0x40000 + (slot - 36) * 0x20000;
    if (lzx->type == BLOCK_ALIGNED && extra >= 3) {
        uint32_t high = take(lzx, extra - 3) << 3;
        offset = base - 2 + high + decode(lzx, &lzx->aligned_code);
    } else {
        offset = base - 2 + take(lzx, extra);
    }
    lzx->recent[2] = lzx->recent[1];
    lzx->recent[1] = lzx->recent[0];
    lzx->recent[0] = offset;
    return offset;
}

static void copy_match(Lzx *lzx, unsigned symbol, size_t most)
{
    size_t length = symbol & 7;
    if (length == 7)
        length += decode(lzx, &lzx->length_code);
    length += 2;
    size_t offset = read_offset(lzx, symbol >> 3);
    if (offset == 0 || offset > lzx->length - lzx->start || length > most) {
        lzx->is_broken = true;
        return;
    }
    for (size_t i = 0; i < length; i++, lzx->length++)
        lzx->out[lzx->length] = lzx->out[lzx->length - offset];
}

static void run_block(Lzx *lzx)
{
    size_t most = MIN(lzx->block_left, lzx->limit - lzx->length), end = lzx->length + most;
    size_t before = lzx->length;
    if (lzx->type == BLOCK_STORED) {
        Str bytes = str_slice(lzx->in, lzx->at, lzx->at + most);
        lzx->is_broken |= bytes.length < most;
        if (bytes.length)
            memcpy(lzx->out + lzx->length, bytes.at, bytes.length);
        lzx->length += bytes.length;
        lzx->at += bytes.length;
    }
    while (lzx->length < end && !lzx->is_broken) {
        unsigned symbol = decode(lzx, &lzx->main_code);
        if (symbol < LITERALS)
            lzx->out[lzx->length++] = (unsigned char)symbol;
        else
            copy_match(lzx, symbol - LITERALS, end - lzx->length);
    }
    lzx->block_left -= lzx->length - before;
    if (lzx->block_left == 0 && lzx->type == BLOCK_STORED && lzx->is_odd)
        lzx->at++;
}

static void reset(Lzx *lzx, size_t at)
{
    lzx->at = at;
    lzx->bits = lzx->bit_count = 0;
    lzx->recent[0] = lzx->recent[1] = lzx->recent[2] = 1;
    lzx->block_left = 0;
    lzx->has_header = false;
    lzx->start = lzx->length;
    memset(lzx->main_lengths, 0, sizeof lzx->main_lengths);
    memset(lzx->length_lengths, 0, sizeof lzx->length_lengths);
}

/* One bit says whether calls of x86 code were rewritten; help compilers never do that. */
static void unpack_frame(Lzx *lzx)
{
    if (!lzx->has_header && take(lzx, 1))
        (void)take(lzx, 16), (void)take(lzx, 16);
    lzx->has_header = true;
    while (lzx->length < lzx->limit && !lzx->is_broken) {
        if (lzx->block_left == 0)
            begin_block(lzx);
        if (!lzx->is_broken)
            run_block(lzx);
    }
    /* The next frame begins at a word. */
    if (lzx->type != BLOCK_STORED || lzx->bit_count)
        lzx->bit_count -= lzx->bit_count % 16;
}

static size_t reset_at(const LzxSource *source, size_t frame)
{
    uint64_t at = 0;
    for (size_t i = 0; i < 8 && frame * 8 + i < source->resets.length; i++)
        at |= (uint64_t)(unsigned char)source->resets.at[frame * 8 + i] << (8 * i);
    return MIN(at, source->packed.length);
}

Str lzx_unpack(Arena *arena, const LzxSource *source, size_t size)
{
    static const unsigned slots[] = { 30, 32, 34, 36, 38, 42, 50 };
    Lzx *lzx = arena_new_one(arena, Lzx);
    if (source->window_bits < 15 || source->window_bits > 21 || source->reset_frames == 0)
        return STR_NONE;
    lzx->in = source->packed;
    lzx->slots = slots[source->window_bits - 15];
    /* The last frame is a whole one too: what fills it is no part of the files. */
    lzx->out = arena_alloc(arena, size / LZX_FRAME * LZX_FRAME + LZX_FRAME);
    for (size_t frame = 0; lzx->length < size && !lzx->is_broken; frame++) {
        if (frame % source->reset_frames == 0)
            reset(lzx, reset_at(source, frame));
        lzx->limit = lzx->length + LZX_FRAME;
        unpack_frame(lzx);
    }
    return (Str){ (const char *)lzx->out, MIN(lzx->length, size) };
}
