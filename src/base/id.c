/* id.c - see id.h. */
#include "base/id.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/hash.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t last_ms;
static uint16_t last_counter; /* of 12 bits */

/* The time and a counter that only grow (RFC 9562, section 6.2, method 1). */
static void next_tick(int64_t *ms_r, uint16_t *counter_r)
{
    pthread_mutex_lock(&lock);
    int64_t ms = now_ms();
    if (ms > last_ms) {
        last_ms = ms;
        random_bytes(&last_counter, sizeof last_counter);
        last_counter &= 0x7FF; /* leaves room to count up */
    } else if (++last_counter > 0xFFF) {
        last_counter = 0;
        last_ms++;
    }
    *ms_r = last_ms;
    *counter_r = last_counter;
    pthread_mutex_unlock(&lock);
}

/* Sixteen bytes as text; by hand, because every request has an id. */
static void write_bytes(const uint8_t bytes[16], char out[ID_LENGTH + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

/* Every call of a model has an id: the system is asked for the bytes of many at once. */
static void random_half(uint8_t out[8])
{
    static _Thread_local uint8_t kept[256];
    static _Thread_local size_t left;
    if (!left) {
        random_bytes(kept, sizeof kept);
        left = sizeof kept;
    }
    left -= 8;
    memcpy(out, kept + left, 8);
}

/* UUID version 7 (RFC 9562, section 5.7): 48 bits of time, version, 12 bits of counter, variant. */
void id_write(char out[ID_LENGTH + 1])
{
    int64_t ms;
    uint16_t counter;
    uint8_t bytes[16];
    next_tick(&ms, &counter);
    random_half(bytes + 8);
    for (int i = 0; i < 6; i++)
        bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    bytes[6] = (uint8_t)(0x70 | counter >> 8);
    bytes[7] = (uint8_t)counter;
    bytes[8] = (bytes[8] & 0x3F) | 0x80;
    write_bytes(bytes, out);
}

Str id_new(Arena *arena)
{
    char *text = arena_alloc(arena, ID_LENGTH + 1);
    id_write(text);
    return (Str){ text, ID_LENGTH };
}

bool id_is_valid(Str text)
{
    if (text.length != ID_LENGTH)
        return false;
    for (size_t i = 0; i < ID_LENGTH; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text.at[i] != '-' : !HAS_CHAR(text.at[i], "0123456789abcdef"))
            return false;
    }
    return true;
}
