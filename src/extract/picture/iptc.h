/* iptc.h - IPTC Information Interchange Model (IIM 4.2) and the Photoshop resources around it. */
#pragma once

#include "extract/picture/picture_facts.h"

/* A run of data sets. */
void iptc_read(Str bytes, PictureFacts *facts);
/* "8BIM" resources, as in PSD files, JPEG's APP13 and TIFF's tag 34377: IPTC, EXIF, XMP, profile,
 * resolution. */
void photoshop_resources_read(Str bytes, PictureFacts *facts);
