/* media_file.h - a recording opened by libavformat, read from memory.
 *
 * Everything that reaches outside is shut: no protocol, no second file, no threads. What a file
 * costs is bounded by a moment at which reading it ends (media_set_deadline()).
 *
 * Threads: a file belongs to one. */
#pragma once

#include "extract/extractor.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

typedef struct MediaFile {
    AVFormatContext *format;
    AVIOContext *io;
    Str bytes;
    int64_t at, padding; /* that many zeros seem to follow */
    int64_t deadline_ms; /* of monotonic_ms(); 0: none */
} MediaFile;

/* Before the door closes: what libav prepares at its first use. */
void media_preload(void);
/* The file stays where it is: libav keeps its address. */
MUST_CHECK bool media_open(MediaFile *file, const ExtractSource *source, Error *err);
void media_close(MediaFile *file);
#define AUTO_MEDIA AUTO(media_close)

/* From now on, reading ends after so many milliseconds; 0: never. */
void media_set_deadline(MediaFile *file, int64_t after_ms);
bool media_is_late(const MediaFile *file);

/* Seconds, as ffprobe says them: the container's, else the longest stream's; 0: unknown. */
double media_seconds(const MediaFile *file);
/* Milliseconds of a time in a stream, counted from the file's beginning. */
int64_t media_ms(const MediaFile *file, const AVStream *stream, int64_t time);
/* Opened for decoding with one thread; NULL when there is no decoder or it refuses. */
AVCodecContext *media_decoder(const AVStream *stream);
/* Content that is locked to a player: its packets cannot be decoded. */
bool media_is_locked(const AVStream *stream);
/* A tag of a dictionary, or an empty Str. */
Str media_tag(const AVDictionary *tags, const char *key);
