/* blowfish.c - see blowfish.h. */
#include "extract/locks/blowfish.h"

#include <assert.h>

enum {
    DIGIT_WORDS = BLOWFISH_ROUNDS + 2 + 4 * 256,
    WORDS = 1 + DIGIT_WORDS + 2, /* 3, then the fraction, then room for rounding */
};

/* --- The fraction of pi, by Machin's formula: 16 atan(1/5) - 4 atan(1/239) --- */

/* Fixed point, the highest word first, zero before *from. */
static void divide(uint32_t *number, size_t *from, uint32_t by)
{
    uint64_t rest = 0;
    for (size_t i = *from; i < WORDS; i++) {
        rest = rest << 32 | number[i];
        number[i] = (uint32_t)(rest / by);
        rest %= by;
    }
    while (*from < WORDS && number[*from] == 0)
        ++*from;
}

static void add(uint32_t *sum, const uint32_t *number, bool is_minus)
{
    uint64_t carry = is_minus;
    for (size_t i = WORDS; i-- > 0;) {
        carry += (uint64_t)sum[i] + (is_minus ? ~number[i] : number[i]);
        sum[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

/* sum +- factor * atan(1 / x) */
static void add_arctangent(uint32_t *sum, uint32_t factor, uint32_t x, bool is_minus)
{
    uint32_t power[WORDS] = { factor }, term[WORDS];
    size_t from = 0;
    divide(power, &from, x);
    for (uint32_t k = 1; from < WORDS; k += 2, is_minus = !is_minus) {
        size_t term_from = from;
        memcpy(term, power, sizeof term);
        divide(term, &term_from, k);
        add(sum, term, is_minus);
        divide(power, &from, x * x);
    }
}

void blowfish_begin(Blowfish *cipher)
{
    uint32_t pi[WORDS] = { 0 };
    add_arctangent(pi, 16, 5, false);
    add_arctangent(pi, 4, 239, true);
    memcpy(cipher->keys, pi + 1, sizeof cipher->keys);
    memcpy(cipher->boxes, pi + 1 + COUNT(cipher->keys), sizeof cipher->boxes);
}

/* --- The cipher --- */

static uint32_t mix(const Blowfish *cipher, uint32_t x)
{
    return ((cipher->boxes[0][x >> 24] + cipher->boxes[1][x >> 16 & 255]) ^
            cipher->boxes[2][x >> 8 & 255]) +
           cipher->boxes[3][x & 255];
}

static void encrypt(const Blowfish *cipher, uint32_t halves[2])
{
    uint32_t left = halves[0], right = halves[1];
    for (int i = 0; i < BLOWFISH_ROUNDS; i += 2) {
        left ^= cipher->keys[i];
        right ^= mix(cipher, left) ^ cipher->keys[i + 1];
        left ^= mix(cipher, right);
    }
    halves[0] = right ^ cipher->keys[BLOWFISH_ROUNDS + 1];
    halves[1] = left ^ cipher->keys[BLOWFISH_ROUNDS];
}

void blowfish_key(Blowfish *cipher, const uint8_t *key, size_t size)
{
    uint32_t halves[2] = { 0 };
    size_t at = 0;
    assert(size > 0);
    for (size_t i = 0; i < COUNT(cipher->keys); i++) {
        uint32_t word = 0;
        for (int k = 0; k < 4; k++, at = (at + 1) % size)
            word = word << 8 | key[at];
        cipher->keys[i] ^= word;
    }
    for (size_t i = 0; i < COUNT(cipher->keys); i += 2) {
        encrypt(cipher, halves);
        memcpy(&cipher->keys[i], halves, sizeof halves);
    }
    for (size_t box = 0; box < 4; box++)
        for (size_t i = 0; i < 256; i += 2) {
            encrypt(cipher, halves);
            memcpy(&cipher->boxes[box][i], halves, sizeof halves);
        }
}

void blowfish_decrypt(const Blowfish *cipher, const uint8_t iv[BLOWFISH_BLOCK], size_t step,
                      Str packed, char *out)
{
    uint8_t feedback[BLOWFISH_BLOCK];
    memcpy(feedback, iv, sizeof feedback);
    for (size_t at = 0; at < packed.length; at += step) {
        uint32_t halves[2] = { 0 };
        for (int i = 0; i < BLOWFISH_BLOCK; i++)
            halves[i / 4] = halves[i / 4] << 8 | feedback[i];
        encrypt(cipher, halves);
        size_t size = MIN(step, packed.length - at);
        memmove(feedback, feedback + step, sizeof feedback - step);
        for (size_t i = 0; i < size; i++) {
            uint8_t byte = (uint8_t)packed.at[at + i];
            out[at + i] = (char)(byte ^ (uint8_t)(halves[i / 4] >> (24 - 8 * (i % 4))));
            feedback[sizeof feedback - step + i] = byte;
        }
    }
}
