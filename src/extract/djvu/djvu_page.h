/* djvu_page.h - a page of a DjVu file as a picture ("DjVu3 specification"): its black and white
 * part, which is what text is in, or where it has none its colours. One thread. */
#pragma once

#include "extract/djvu/djvu_iw44.h"
#include "extract/djvu/djvu_jb2.h"

static inline bool djvu_is_file(Str bytes) { return str_starts(bytes, S("AT&TFORM")); }

/* A page's INFO chunk. */
typedef struct DjvuInfo {
    int width, height, dpi;
    int turns; /* quarters against the clock, from how it is stored to how it is shown */
} DjvuInfo;

typedef struct DjvuChunk {
    Str id, bytes;
} DjvuChunk;

/* The next chunk of *rest, which moves past it. */
bool djvu_next_chunk(Str *rest, DjvuChunk *chunk_r);
DjvuInfo djvu_info(Str chunk);
/* A page's width or height in points as it is shown. */
float djvu_points(const DjvuInfo *info, bool is_width);
/* Does the page (what follows "DJVU" in its form) have a picture that can be drawn? */
bool djvu_has_picture(Str page);

/* A page (from 1) drawn upright, at its own resolution. Fails with ERROR_NOT_FOUND when there is no
 * such page, ERROR_UNSUPPORTED when it has only colours: then there is djvu_draw_colours(), whose
 * picture may be coarser than the page. */
MUST_CHECK bool djvu_draw(Arena *arena, Str file, int page, DjvuInfo *info_r, Jb2Page *picture_r,
                          Error *err);
MUST_CHECK bool djvu_draw_colours(Arena *arena, Str file, int page, DjvuInfo *info_r,
                                  Iw44Picture *picture_r, Error *err);
