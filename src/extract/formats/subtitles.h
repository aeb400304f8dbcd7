/* subtitles.h - cues of subtitles, for every format that carries them. */
#pragma once

#include "extract/document.h"

/* One cue as a paragraph at its times; tags of SRT and WebVTT are dropped. Lines 0: no lines. */
void subtitle_write(DocWriter *doc, Str text, int64_t start_ms, int64_t end_ms, int line_first,
                    int line_last);
/* "[hours:]minutes:seconds[.fraction]" at *rest, which moves behind it. */
bool subtitle_take_clock(Str *rest, int64_t *ms_r);

/* Lyrics (LRC), cues by the numbers of frames (MicroDVD) and Microsoft's SAMI (subtitle_forms.c):
 * does the text begin as one, and all of it. */
bool subtitle_is_lyrics(Str head);
bool subtitle_is_frames(Str head);
bool subtitle_is_sami(Str head);
void subtitle_write_lyrics(DocWriter *doc, Str text);
void subtitle_write_frames(DocWriter *doc, Str text);
void subtitle_write_sami(DocWriter *doc, Str text);
