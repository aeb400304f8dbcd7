/* utterances_test.c - recordings are cut where nobody speaks. Speech here is a tone. */
#include "worker/speech/utterances.h"

#include <criterion/criterion.h>
#include <math.h>

enum { RATE = 16000 };

/* Soft noise, with a tone from second to second of each pair; ends with a negative number. */
static float *make_sound(Arena *arena, double seconds, const double *tones)
{
    size_t count = (size_t)(seconds * RATE);
    float *samples = arena_new_array(arena, float, count);
    unsigned noise = 1;
    for (size_t i = 0; i < count; i++) {
        noise = noise * 1103515245 + 12345;
        samples[i] = ((float)(noise >> 16 & 0x7FFF) / 32768 - 0.5F) * 0.004F;
        for (const double *tone = tones; *tone >= 0; tone += 2)
            if ((double)i / RATE >= tone[0] && (double)i / RATE < tone[1])
                samples[i] += 0.3F * sinf((float)i * 0.1F);
    }
    return samples;
}

static void expect_near(size_t samples, double seconds)
{
    cr_expect(fabs((double)samples / RATE - seconds) < 0.3, "%.2f is not %.2f",
              (double)samples / RATE, seconds);
}

Test(speech, silence_has_no_utterances)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    const float *none = make_sound(arena, 3, (const double[]){ -1 });
    float *zeros = arena_new_array(arena, float, RATE);
    cr_expect(utterances_find(arena, none, 3 * RATE, RATE).count == 0);
    cr_expect(utterances_find(arena, zeros, RATE, RATE).count == 0);
    cr_expect(utterances_find(arena, zeros, 0, RATE).count == 0);
}

Test(speech, a_long_pause_parts_utterances_and_a_short_one_does_not)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    const float *sound = make_sound(arena, 14, (const double[]){ 1, 2, 3, 5, 9, 12, -1 });
    Utterances found = utterances_find(arena, sound, 14 * RATE, RATE);
    cr_assert(found.count == 2, "%zu", found.count);
    expect_near(found.at[0].start, 1);
    expect_near(found.at[0].end, 5);
    expect_near(found.at[1].start, 9);
    expect_near(found.at[1].end, 12);
}

Test(speech, sound_without_pauses_is_cut_at_its_quietest)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const float *sound = make_sound(arena, 40, (const double[]){ 1, 12, 12.2, 23, 23.2, 39, -1 });
    Utterances found = utterances_find(arena, sound, 40 * RATE, RATE);
    cr_assert(found.count >= 3);
    for (size_t i = 0; i < found.count; i++) {
        cr_expect(found.at[i].end - found.at[i].start <= 16 * RATE);
        cr_expect(i == 0 || found.at[i].start >= found.at[i - 1].end);
        cr_expect(found.at[i].end <= 40 * RATE);
    }
}
