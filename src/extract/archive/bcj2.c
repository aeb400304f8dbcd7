/* bcj2.c - see bcj2.h. */
#include "extract/archive/bcj2.h"

enum {
    MODEL_BITS = 11,
    MOVE_BITS = 5,
    HEAD = 5,              /* bytes that begin a range coder */
    JUMP = 256,            /* the model of E9 */
    CONDITIONAL_JUMP = 257 /* of 0F 80 to 0F 8F; calls have one for each byte before them */
};
#define RANGE_MIN (1u << 24)

typedef struct RangeCoder {
    Str rest;
    uint32_t range, code;
    uint16_t models[258];
    bool is_over;
} RangeCoder;

static uint8_t take_byte(Str *rest, bool *is_over)
{
    if (rest->length == 0) {
        *is_over = true;
        return 0;
    }
    uint8_t byte = (uint8_t)rest->at[0];
    *rest = str_from(*rest, 1);
    return byte;
}

static RangeCoder range_coder(Str bytes)
{
    RangeCoder coder = { .rest = bytes, .range = UINT32_MAX };
    for (size_t i = 0; i < COUNT(coder.models); i++)
        coder.models[i] = 1 << (MODEL_BITS - 1);
    for (int i = 0; i < HEAD; i++)
        coder.code = coder.code << 8 | take_byte(&coder.rest, &coder.is_over);
    return coder;
}

static bool decode_bit(RangeCoder *coder, unsigned index)
{
    uint16_t *model = &coder->models[index];
    uint32_t bound = (coder->range >> MODEL_BITS) * *model;
    bool bit = coder->code >= bound;
    if (bit) {
        coder->range -= bound;
        coder->code -= bound;
        *model = (uint16_t)(*model - (*model >> MOVE_BITS));
    } else {
        coder->range = bound;
        *model = (uint16_t)(*model + (((1 << MODEL_BITS) - *model) >> MOVE_BITS));
    }
    if (coder->range < RANGE_MIN) {
        coder->range <<= 8;
        coder->code = coder->code << 8 | take_byte(&coder->rest, &coder->is_over);
    }
    return bit;
}

static bool is_branch(uint8_t before, uint8_t byte)
{
    return (byte & 0xFE) == 0xE8 || (before == 0x0F && (byte & 0xF0) == 0x80);
}

bool bcj2_join(const Str in[4], char *out, size_t size)
{
    Str program = in[0], calls = in[1], jumps = in[2];
    RangeCoder coder = range_coder(in[3]);
    uint8_t before = 0;
    bool is_over = false;
    for (size_t at = 0; at < size && !is_over && !coder.is_over;) {
        uint8_t byte = take_byte(&program, &is_over);
        out[at++] = (char)byte;
        unsigned model = byte == 0xE8 ? before : byte == 0xE9 ? JUMP : CONDITIONAL_JUMP;
        bool is_target = is_branch(before, byte) && at < size && decode_bit(&coder, model);
        before = byte;
        if (!is_target)
            continue;
        /* The target is kept absolute, high byte first; a program has it relative to what follows.
         */
        uint32_t target = 0;
        for (int i = 0; i < 4; i++)
            target = target << 8 | take_byte(byte == 0xE8 ? &calls : &jumps, &is_over);
        target -= (uint32_t)at + 4;
        for (int i = 0; i < 4 && at < size; i++, target >>= 8)
            out[at++] = (char)(before = (uint8_t)target);
    }
    return !is_over && !coder.is_over;
}
