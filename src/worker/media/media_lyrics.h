/* media_lyrics.h - words of songs: tags without times, and those of ID3 with them (SYLT). */
#pragma once

#include "worker/media/media_file.h"

void media_write_lyrics(const MediaFile *file, const AVDictionary *tags, DocWriter *doc);
