/* argon2.c - see argon2.h; section numbers are of RFC 9106. */
#include "extract/locks/argon2.h"

#include <sodium.h>

enum { BLOCK_WORDS = 128, SLICES = 4, VERSION_13 = 0x13, TYPE_ID = 2, DIGEST = 64 };

typedef struct Block {
    uint64_t words[BLOCK_WORDS];
} Block;

typedef struct Filling {
    Block *blocks; /* lanes of `columns` */
    uint32_t lanes, columns, segment, passes;
} Filling;

/* Where the block stands that is made now. */
typedef struct Position {
    uint32_t pass, slice, lane, index;
} Position;

/* --- Hashing, 3.3 --- */

static void hash_number(crypto_generichash_blake2b_state *state, size_t number)
{
    uint8_t bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
    crypto_generichash_blake2b_update(state, bytes, sizeof bytes);
}

static void hash_text(crypto_generichash_blake2b_state *state, Str text)
{
    hash_number(state, text.length);
    if (text.length)
        crypto_generichash_blake2b_update(state, (const uint8_t *)text.at, text.length);
}

/* H': a digest of any size. */
static void hash_long(const uint8_t *bytes, size_t length, uint8_t *out, size_t size)
{
    crypto_generichash_blake2b_state state;
    uint8_t digest[DIGEST];
    crypto_generichash_blake2b_init(&state, NULL, 0, MIN(size, sizeof digest));
    hash_number(&state, size);
    crypto_generichash_blake2b_update(&state, bytes, length);
    crypto_generichash_blake2b_final(&state, digest, MIN(size, sizeof digest));
    for (; size > DIGEST; out += DIGEST / 2, size -= DIGEST / 2) {
        memcpy(out, digest, DIGEST / 2);
        size_t next = MIN(size - DIGEST / 2, sizeof digest);
        uint8_t before[DIGEST];
        memcpy(before, digest, sizeof before);
        crypto_generichash_blake2b(digest, next, before, sizeof before, NULL, 0);
    }
    memcpy(out, digest, size);
}

static void hash_words(const uint8_t *bytes, size_t length, Block *block)
{
    uint8_t out[sizeof block->words];
    hash_long(bytes, length, out, sizeof out);
    for (size_t i = 0; i < BLOCK_WORDS; i++) {
        block->words[i] = 0;
        for (size_t k = 8; k-- > 0;)
            block->words[i] = block->words[i] << 8 | out[i * 8 + k];
    }
}

/* --- Compression, 3.5 and 3.6 --- */

static uint64_t turn(uint64_t x, int count) { return x >> count | x << (64 - count); }

static uint64_t blend(uint64_t x, uint64_t y)
{
    return x + y + 2 * (uint64_t)(uint32_t)x * (uint32_t)y;
}

static inline void mix(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d)
{
    *a = blend(*a, *b);
    *d = turn(*d ^ *a, 32);
    *c = blend(*c, *d);
    *b = turn(*b ^ *c, 24);
    *a = blend(*a, *b);
    *d = turn(*d ^ *a, 16);
    *c = blend(*c, *d);
    *b = turn(*b ^ *c, 63);
}

/* Sixteen words, in pairs that stand `step` words apart. */
static inline void permute(uint64_t *words, size_t step)
{
    uint64_t *w[16];
    for (size_t i = 0; i < 16; i++)
        w[i] = words + i / 2 * step + i % 2;
    for (size_t i = 0; i < 4; i++)
        mix(w[i], w[4 + i], w[8 + i], w[12 + i]);
    for (size_t i = 0; i < 4; i++)
        mix(w[i], w[4 + (i + 1) % 4], w[8 + (i + 2) % 4], w[12 + (i + 3) % 4]);
}

/* out = G(x, y), with what was in `out` before when it `adds`. */
static void compress(const Block *x, const Block *y, Block *out, bool adds)
{
    Block mixed, sum;
    for (size_t i = 0; i < BLOCK_WORDS; i++) {
        mixed.words[i] = x->words[i] ^ y->words[i];
        sum.words[i] = mixed.words[i] ^ (adds ? out->words[i] : 0);
    }
    for (size_t row = 0; row < 8; row++)
        permute(mixed.words + row * 16, 2);
    for (size_t column = 0; column < 8; column++)
        permute(mixed.words + column * 2, 16);
    for (size_t i = 0; i < BLOCK_WORDS; i++)
        out->words[i] = sum.words[i] ^ mixed.words[i];
}

/* --- Filling, 3.2 and 3.4 --- */

static Block *block_at(const Filling *f, uint32_t lane, uint32_t column)
{
    return &f->blocks[(size_t)lane * f->columns + column];
}

/* The block that is mixed in: 64 bits say which of those that stand (3.4.2). */
static const Block *reference(const Filling *f, const Position *at, uint64_t random)
{
    bool is_first = at->pass == 0 && at->slice == 0;
    uint32_t lane = is_first ? at->lane : (uint32_t)(random >> 32) % f->lanes;
    uint32_t finished = at->pass ? f->columns - f->segment : at->slice * f->segment;
    uint32_t area = lane == at->lane ? finished + at->index - 1 : finished - (at->index == 0);
    uint64_t low = (uint32_t)random, square = low * low >> 32;
    uint32_t back = (uint32_t)(area * square >> 32), start = 0;
    if (at->pass && at->slice + 1 < SLICES)
        start = (at->slice + 1) * f->segment;
    return block_at(f, lane, (start + area - 1 - back) % f->columns);
}

/* Numbers that do not depend on the password, for the first half of the first pass (3.4.1.2). */
static void make_addresses(const Filling *f, const Position *at, Block *addresses)
{
    static const Block zero;
    Block input = { { at->pass, at->lane, at->slice, (uint64_t)f->lanes * f->columns, f->passes,
                      TYPE_ID, at->index / BLOCK_WORDS + 1 } };
    compress(&zero, &input, addresses, false);
    input = *addresses;
    compress(&zero, &input, addresses, false);
}

static void fill_segment(const Filling *f, Position at)
{
    Block addresses;
    bool is_independent = at.pass == 0 && at.slice < SLICES / 2;
    uint32_t first = at.pass == 0 && at.slice == 0 ? 2 : 0;
    for (at.index = first; at.index < f->segment; at.index++) {
        uint32_t column = at.slice * f->segment + at.index;
        const Block *before = block_at(f, at.lane, (column ? column : f->columns) - 1);
        if (is_independent && (at.index == first || at.index % BLOCK_WORDS == 0))
            make_addresses(f, &at, &addresses);
        uint64_t random =
            is_independent ? addresses.words[at.index % BLOCK_WORDS] : before->words[0];
        compress(before, reference(f, &at, random), block_at(f, at.lane, column), at.pass > 0);
    }
}

static void begin_lanes(const Argon2 *in, const Filling *f, size_t size)
{
    crypto_generichash_blake2b_state state;
    uint8_t seed[DIGEST + 8] = { 0 };
    size_t numbers[] = { f->lanes, size, (size_t)in->memory_kb, f->passes, VERSION_13, TYPE_ID };
    crypto_generichash_blake2b_init(&state, NULL, 0, DIGEST);
    for (size_t i = 0; i < COUNT(numbers); i++)
        hash_number(&state, numbers[i]);
    hash_text(&state, in->password);
    hash_text(&state, in->salt);
    hash_text(&state, in->secret);
    hash_text(&state, in->extra);
    crypto_generichash_blake2b_final(&state, seed, DIGEST);
    for (uint32_t lane = 0; lane < f->lanes; lane++)
        for (uint8_t column = 0; column < 2; column++) {
            seed[DIGEST] = column;
            seed[DIGEST + 4] = (uint8_t)lane;
            hash_words(seed, sizeof seed, block_at(f, lane, column));
        }
}

static void finish(const Filling *f, uint8_t *key, size_t size)
{
    Block last = *block_at(f, 0, f->columns - 1);
    uint8_t bytes[sizeof last.words];
    for (uint32_t lane = 1; lane < f->lanes; lane++)
        for (size_t i = 0; i < BLOCK_WORDS; i++)
            last.words[i] ^= block_at(f, lane, f->columns - 1)->words[i];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(last.words[i / 8] >> (8 * (i % 8)));
    hash_long(bytes, sizeof bytes, key, size);
}

bool argon2id(const Argon2 *in, uint8_t *key, size_t size, Error *err)
{
    if (in->lanes < 1 || in->passes < 1 || in->memory_kb < 8 * in->lanes || in->salt.length < 8 ||
        size < ARGON2_SIZE_MIN || size > ARGON2_SIZE_MAX)
        return fail(err, ERROR_DAMAGED, "the numbers of its key derivation make no sense");
    if (in->lanes > ARGON2_LANES_MAX || in->memory_kb > ARGON2_MEMORY_KB_MAX ||
        in->passes > ARGON2_WORK_MAX / in->memory_kb)
        return fail(err, ERROR_TOO_LARGE,
                    "its key needs %" PRId64 " passes over %" PRId64
                    " MB, which is more than is given to a document",
                    in->passes, in->memory_kb >> 10);
    Filling f = { .lanes = (uint32_t)in->lanes, .passes = (uint32_t)in->passes };
    f.segment = (uint32_t)in->memory_kb / (SLICES * f.lanes);
    f.columns = f.segment * SLICES;
    AUTO_FREE char *room = heap_alloc((size_t)f.lanes * f.columns * sizeof(Block));
    f.blocks = (Block *)(void *)room;
    begin_lanes(in, &f, size);
    for (uint32_t pass = 0; pass < f.passes; pass++)
        for (uint32_t slice = 0; slice < SLICES; slice++)
            for (uint32_t lane = 0; lane < f.lanes; lane++)
                fill_segment(&f, (Position){ pass, slice, lane, 0 });
    finish(&f, key, size);
    return true;
}
