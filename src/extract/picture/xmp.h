/* xmp.h - Adobe's XMP packets (ISO 16684-1): RDF inside pictures, PDF and other files. */
#pragma once

#include "extract/picture/picture_facts.h"

void xmp_read(Str packet, PictureFacts *facts);
