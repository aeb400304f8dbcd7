/* odf.h - OpenDocument (ODF 1.0-1.3, OASIS) and OpenOffice.org 1.x: texts, sheets, presentations
 * and drawings, in packages or flat, whose parts share their elements.
 *
 *     formats/odt.c, ods.c ... -> odf_extract() -> styles, master pages, body, embedded objects
 *
 * Section numbers in the sources are of ODF 1.3, part 3 (schema) unless they name part 2
 * (packages). */
#pragma once

#include "base/map.h"
#include "extract/extractor.h"
#include "extract/package.h"

/* How sure the bytes are of one of these kinds ("text", "spreadsheet", "presentation", "graphics"
 * and what follows those names in media types; NULL ends the list): 0-95. */
int odf_sniff(Str bytes, const char *const *kinds);
MUST_CHECK bool odf_extract(const ExtractSource *source, DocWriter *doc, Error *err);

/* --- Packages --- */

typedef struct OdfLock OdfLock; /* how a part is encrypted */

typedef struct OdfPackage {
    Arena *arena;
    Package zip;
    Str password;
    Map locks;                 /* part's name -> OdfLock */
    struct Blowfish *blowfish; /* its tables, once they were needed */
    const char *encryption;    /* what it was locked with, NULL: nothing */
} OdfPackage;

MUST_CHECK bool odf_package_open(Arena *arena, const ExtractSource *source, size_t unpacked_max,
                                 OdfPackage *package_r, Error *err);
/* The part decrypted and unpacked. Fails with ERROR_NOT_FOUND, ERROR_ENCRYPTED ... */
MUST_CHECK bool odf_package_read(OdfPackage *package, Arena *arena, Str name, size_t bytes_max,
                                 Str *bytes_r, Error *err);
MUST_CHECK bool odf_package_parse(OdfPackage *package, Str name, const XmlEvents *events,
                                  void *self, Error *err);

/* "AES-CBC", for people. */
const char *odf_lock_name(const OdfLock *lock);
/* odf_crypto.c: manifest.xml says how (part 2, 4.8); fills package->locks. */
MUST_CHECK bool odf_read_locks(OdfPackage *package, Str manifest, Error *err);
MUST_CHECK bool odf_unlock(OdfPackage *package, const OdfLock *lock, Arena *arena, Str packed,
                           size_t bytes_max, Str *bytes_r, Error *err);

/* --- Styles --- */

enum { ODF_LEVELS = 10 };

typedef struct OdfLevel {
    bool is_number, is_seen;
    char format; /* '1', 'a', 'A', 'i', 'I'; 0: no number is shown */
    Str prefix, suffix;
    int start, shown_levels;
    int next; /* the number of the item that comes; 0: not begun */
} OdfLevel;

typedef struct OdfList {
    OdfLevel levels[ODF_LEVELS];
} OdfList;

typedef struct OdfStyle {
    Str parent;
    int outline_level; /* 0: not said */
    bool is_hidden;    /* a sheet or slide */
} OdfStyle;

typedef struct OdfStyles {
    Arena *arena;
    Map styles; /* "family/name" */
    Map lists;
    Map sizes;   /* page layout -> OdfSize */
    Map masters; /* master page -> its OdfSize */
    OdfList outline;
    OdfStyle *open_style;
    OdfList *open_list;
    OdfLevel *open_level;
    struct OdfSize *open_size;
} OdfStyles;

typedef struct OdfSize {
    float width, height; /* points */
} OdfSize;

OdfStyles odf_styles_new(Arena *arena);
/* Takes note of what an element says about styles. */
void odf_styles_start(OdfStyles *styles, const XmlElement *element);
void odf_styles_end(OdfStyles *styles, Str name);
const OdfStyle *odf_style(const OdfStyles *styles, const char *family, Str name);
/* 1-10 when the paragraph style or one it derives from is a heading's; else 0. */
int odf_style_outline(const OdfStyles *styles, Str name);
OdfList *odf_list(const OdfStyles *styles, Str name); /* NULL: no such list style */
/* "2.", "b)", "-"; level from 0. Counts on. Empty: the level shows nothing. */
Str odf_list_marker(OdfList *list, Arena *arena, int level);
/* "2.5cm" in points; 0 when it is no length. */
float odf_length(Str text);

/* --- The body --- */

typedef struct Odf {
    DocWriter *doc;
    Arena *arena;
    OdfPackage *package; /* NULL: flat */
    OdfStyles styles;
    Map said;     /* headers that were written */
    Map embedded; /* parts that are children already */
    int page, depth;
    int image_count;
    bool is_presentation, has_scripts, has_version;
} Odf;

/* Reads a content, styles or flat part; elements of meta data too. */
extern const XmlEvents odf_body_events;
void *odf_body_begin(Odf *odf, Arena *scratch);
void odf_body_end(void *self);

/* The meta element `name` has this text; `key` is the name of a user-defined one. */
void odf_write_meta(DocWriter *doc, Str name, Str key, Str value);
/* An object of the package: "./Object 1". */
void odf_write_object(Odf *odf, Str reference);
