/* subtitles.h - cues of subtitles, for every format that carries them. */
#pragma once

#include "extract/document.h"

/* One cue as a paragraph at its times; tags of SRT and WebVTT are dropped. Lines 0: no lines. */
void subtitle_write(DocWriter *doc, Str text, int64_t start_ms, int64_t end_ms, int line_first,
                    int line_last);
