/* speech.c - recordings decoded and cut into pieces, not listened to. */
#include "fuzz/worker/worker_part.h"
#include "worker/speech/sound.h"
#include "worker/speech/utterances.h"

static void cut(Arena *arena, const float *samples, size_t count)
{
    Utterances pieces = utterances_find(arena, samples, count, SOUND_RATE);
    for (size_t i = 0; i < pieces.count; i++)
        if (pieces.at[i].end > count || pieces.at[i].start >= pieces.at[i].end)
            abort();
}

static void part_sound(const ExtractSource *source, DocWriter *doc, Arena *arena)
{
    AUTO_MEDIA MediaFile file = { 0 };
    AUTO_SOUND Sound sound = { 0 };
    Error err = { 0 };
    (void)doc;
    if (media_open(&file, source, &err) && sound_read(&file, 600, &sound, &err))
        cut(arena, sound.samples, sound.count);
    else if (err.code == ERROR_NONE || err.message[0] == '\0')
        abort();
}

/* Each byte is a hundredth of a second that loud; one in 16 is no number. */
static void part_pauses(const ExtractSource *source, DocWriter *doc, Arena *arena)
{
    enum { STEP = SOUND_RATE / 100 };
    size_t count = MIN(source->bytes.length, (size_t)20000) * STEP;
    float *samples = arena_new_array(arena, float, count + 1);
    (void)doc;
    for (size_t i = 0; i < count; i++) {
        unsigned char loud = (unsigned char)source->bytes.at[i / STEP];
        samples[i] = loud >= 0xF0 ? (loud & 1 ? __builtin_nanf("") : __builtin_inff())
                                  : (float)loud / (i & 1 ? 1000 : -1000);
    }
    cut(arena, samples, count);
}

const WorkerPart worker_parts[] = {
    { "speech_sound", "mp3 aac wav flac ogg opus amr m4a wma", part_sound },
    { "speech_pauses", "", part_pauses },
    { 0 },
};
