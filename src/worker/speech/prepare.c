/* prepare.c - see prepare.h. */
#include "worker/speech/prepare.h"

#include <math.h>

#include "worker/speech/sound.h"

enum { OPEN_LIMIT_MS = 30000, HEAD_BYTES = 44, SAMPLE_BYTES = 2 };

static void put_number(Buf *out, size_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_add_char(out, (char)(value >> 8 * i));
}

Str sound_wav(Arena *arena, const float *samples, size_t count)
{
    Buf out = buf_new(arena, count * 2 + 44);
    buf_reserve(&out, count * 2 + 44);
    buf_add(&out, S("RIFF"));
    put_number(&out, count * 2 + 36, 4);
    buf_add(&out, S("WAVEfmt "));
    put_number(&out, 16, 4);
    put_number(&out, 1, 2);
    put_number(&out, 1, 2);
    put_number(&out, SOUND_RATE, 4);
    put_number(&out, SOUND_RATE * 2, 4);
    put_number(&out, 2, 2);
    put_number(&out, 16, 2);
    buf_add(&out, S("data"));
    put_number(&out, count * 2, 4);
    for (size_t i = 0; i < count; i++) {
        float sample = MAX(-1.0F, MIN(samples[i], 1.0F));
        put_number(&out, (size_t)(uint16_t)(int16_t)lrintf(sample * 32767), 2);
    }
    return buf_str(&out);
}

bool sound_prepare(Arena *arena, Str bytes, const WorkerArguments *limits,
                   WorkerPrepared *prepared_r, Error *err)
{
    AUTO_MEDIA MediaFile file = { 0 };
    AUTO_SOUND Sound sound = { 0 };
    const ExtractSource source = { .bytes = bytes };
    int64_t samples = MAX(limits->bytes_max - HEAD_BYTES, INT64_C(0)) / SAMPLE_BYTES;
    int seconds = (int)MIN(samples / SOUND_RATE, INT64_C(6) * 3600);
    media_set_deadline(&file, OPEN_LIMIT_MS);
    if (!media_open(&file, &source, err) || !sound_read(&file, seconds, &sound, err))
        return false;
    if (sound.is_cut)
        return fail(err, ERROR_TOO_LARGE, "it is longer than %d seconds", seconds);
    *prepared_r = (WorkerPrepared){ sound_wav(arena, sound.samples, sound.count), S("audio/wav") };
    return true;
}
