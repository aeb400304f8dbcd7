/* exif.h - EXIF (CIPA DC-008) and TIFF 6.0 directories: facts, positions, dates.
 *
 * Reads any bytes: directories and entries are counted, offsets checked. Maker notes and
 * thumbnails are passed over. */
#pragma once

#include "extract/picture/picture_facts.h"

/* From "II*\0" or "MM\0*"; a leading "Exif\0\0" is skipped. */
void exif_read(Str bytes, PictureFacts *facts);
/* A whole TIFF file (BigTIFF too): also width, height, number of pages, depth. */
bool tiff_read(Str bytes, PictureFacts *facts);
