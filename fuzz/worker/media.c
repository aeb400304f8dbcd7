/* media.c - sound and video through libav, and timed words of ID3 tags without it. */
#include "fuzz/worker/worker_part.h"
#include "worker/media/media_lyrics.h"

static void part_lyrics(const ExtractSource *source, DocWriter *doc, Arena *arena)
{
    MediaFile file = { .bytes = source->bytes };
    (void)arena;
    media_write_lyrics(&file, NULL, doc);
}

const WorkerPart worker_parts[] = {
    { "media_sound", "mp3 aac wav aiff flac ogg opus amr caf wv ape mpc au m4a m4b wma",
      part_whole },
    { "media_video", "mp4 mov 3gp mkv webm avi flv wmv asf mpg mpeg ts", part_whole },
    { "media_lyrics", "mp3", part_lyrics },
    { 0 },
};
