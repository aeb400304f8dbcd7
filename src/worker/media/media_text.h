/* media_text.h - words inside a recording: chapters, subtitles of every text codec. */
#pragma once

#include "worker/media/media_file.h"

/* Chapters as headings and cues as paragraphs, each at its time. *cues_r: how many cues. */
void media_write_text(MediaFile *file, DocWriter *doc, size_t *cues_r);
