/* sound.h - what is heard in a recording, as a decoder of speech wants it. */
#pragma once

#include "worker/media/media_file.h"

enum { SOUND_RATE = 16000 };

typedef struct Sound {
    float *samples; /* one channel, SOUND_RATE a second, -1 to 1; heap */
    size_t count;
    bool is_cut; /* the recording is longer */
} Sound;

/* 16 bits a sample, one channel; in the arena. */
Str sound_wav(Arena *arena, const float *samples, size_t count);
void sound_free(Sound *sound);
#define AUTO_SOUND AUTO(sound_free)

/* Decode the main track of sound, `seconds_max` of it at most. What cannot be decoded is skipped;
 * fails when nothing can. */
MUST_CHECK bool sound_read(MediaFile *file, int seconds_max, Sound *sound_r, Error *err);

/* The same of a long recording, piece by piece. */
typedef struct SoundPieces {
    int piece_seconds, seconds_max;
    /* Takes a piece, or the beginning of it: how many samples. The rest begins the next piece,
     * unless this is the last. */
    size_t (*take)(void *self, const Sound *sound, bool is_last);
    void *self;
} SoundPieces;
/* *is_cut_r: the recording is longer than seconds_max. */
MUST_CHECK bool sound_read_pieces(MediaFile *file, const SoundPieces *pieces, bool *is_cut_r,
                                  Error *err);
