/* media_facts.h - what a recording says about itself: length, codecs, tags, a table of streams. */
#pragma once

#include "worker/media/media_file.h"

/* The stream of a kind that a player would choose; NULL: there is none. Covers are no video. */
const AVStream *media_main_stream(const MediaFile *file, enum AVMediaType kind);
/* How far the picture must be turned clockwise to stand upright: 0, 90, 180, 270. */
int media_rotation(const AVStream *stream);

void media_write_facts(const MediaFile *file, DocWriter *doc);
/* Those of the file, or of its only stream. */
const AVDictionary *media_tags(const MediaFile *file);
