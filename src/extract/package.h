/* package.h - the parts of a ZIP-based document (Office Open XML), read from memory.
 *
 * The central directory is read first; when it is missing or broken, the local headers are
 * scanned, so that the first part of a cut file can be read. Names ignore case and a leading
 * slash. What may be unpacked is bounded: in all, and as a ratio. */
#pragma once

#include "base/map.h"
#include "extract/xml_events.h"

typedef struct Part {
    Str name;
    size_t at; /* of the local header */
    size_t packed, size;
    int method;
    bool is_encrypted;
    Str data; /* of a flat package: the part itself */
} Part;

typedef struct Package {
    Arena *arena;
    Str bytes;
    VEC(Part) parts;
    Map names; /* in lower case, to the index of the part */
    size_t unpacked, unpacked_max;
} Package;

/* Fails with ERROR_DAMAGED when there is no ZIP structure. */
MUST_CHECK bool package_open(Arena *arena, Str bytes, size_t unpacked_max, Package *package_r,
                             Error *err);
/* Where the parts are listed; the last megabyte when that is not said. Nothing is checked: for a
 * look at names before the package is opened. */
Str package_listing(Str bytes);
/* Of parts that were put together otherwise; package_open() has done it. */
void package_index(Package *package);
const Part *package_find(const Package *package, Str name);
/* The part unpacked, at most `bytes_max` (else ERROR_TOO_LARGE). */
MUST_CHECK bool package_read(Package *package, Arena *arena, const Part *part, size_t bytes_max,
                             Str *bytes_r, Error *err);
/* The part's XML as events, unpacked a piece at a time. */
MUST_CHECK bool package_parse(Package *package, const Part *part, const XmlEvents *events,
                              void *self, Error *err);
