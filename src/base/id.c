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

void id_write(char out[ID_LENGTH + 1])
{
    int64_t ms;
    uint16_t counter;
    uint8_t random[8];
    next_tick(&ms, &counter);
    random_bytes(random, sizeof random);
    snprintf(out, ID_LENGTH + 1, "%08x-%04x-7%03x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             (uint32_t)(ms >> 16), (unsigned)(ms & 0xFFFF), counter & 0xFFFu,
             (random[0] & 0x3F) | 0x80, random[1], random[2], random[3], random[4], random[5],
             random[6], random[7]);
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
