/* picture_facts.h - what a picture file says about itself, gathered from all its parts.
 *
 *     <format>_facts(bytes, &facts)  ->  exif_read, iptc_read, xmp_read ...  -> picture_facts_write
 *
 * The same fact often stands in EXIF, IPTC and XMP. Readers call picture_fact() in order of trust:
 * names of one value keep the first, texts such as descriptions keep what differs. No pixels are
 * looked at here, so that this also runs where no decoder is. */
#pragma once

#include "extract/document.h"

typedef struct PictureFact {
    const char *key; /* of metadata.def */
    Str value;
} PictureFact;

typedef struct PictureFacts {
    Arena *arena;
    int64_t width, height; /* pixels as stored, before orientation; 0: unknown */
    int64_t frames;        /* pictures or pages in the file; 0: unknown */
    int orientation;       /* 1-8 as in EXIF; 0: not said */
    int nesting;           /* EXIF in Photoshop resources in EXIF ... */
    VEC(PictureFact) facts;
    VEC(Str) texts; /* words inside the file that are no metadata: text layers */
} PictureFacts;

/* Add a text; cleaned, empty ones are dropped. `key` stays borrowed. */
void picture_fact(PictureFacts *facts, const char *key, Str value);
void picture_fact_number(PictureFacts *facts, const char *key, double value);
/* "2008:05:30 15:56:01" (EXIF), "20080530" with "155601+0200" (IPTC) or ISO 8601, as ISO 8601;
 * nothing is added for dates of zeros. */
void picture_fact_date(PictureFacts *facts, const char *key, Str date, Str zone);
/* The description inside an ICC profile, as color_space. */
void picture_fact_profile(PictureFacts *facts, Str profile);
bool picture_has_fact(const PictureFacts *facts, const char *key);

bool picture_facts_write(const PictureFacts *facts, DocWriter *doc);
