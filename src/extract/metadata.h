/* metadata.h - facts about a document under names that every format shares (metadata.def).
 *
 *     doc_meta(doc, "author", name);            text, as the file has it
 *     doc_meta_whole(doc, "pages", 12);
 *     doc_meta_time(doc, "created", utc_ms);    a moment; for "2008-05" pass the text to doc_meta
 *
 * A fact that is zero for "unknown" in its format is not written by these: the caller knows. */
#pragma once

#include "extract/document.h"

typedef enum MetadataType {
    METADATA_TEXT,
    METADATA_DATE,
    METADATA_WHOLE,
    METADATA_NUMBER,
    METADATA_SECONDS,
} MetadataType;

typedef struct MetadataName {
    const char *key, *title;
    MetadataType type;
} MetadataName;
/* Ends with a row whose key is NULL. */
extern const MetadataName metadata_names[];
/* NULL: not one of the shared names. Ignores case. */
const MetadataName *metadata_named(Str key);
/* What it is shown under: "People and tools". Only of rows of metadata_names. */
const char *metadata_group(const MetadataName *name);
const char *metadata_type_name(MetadataType type); /* "text", "date", "whole", ... */

/* A fact under the name that the file gives it, in any case: one that is shared if it means one
 * ("Date" is "published"), else its own. A date that is written in words ("4 March 2011") becomes
 * ISO 8601, others stay as they are. */
bool doc_meta_named(DocWriter *doc, Str name, Str value);
bool doc_meta_whole(DocWriter *doc, const char *key, int64_t value);
/* Up to 15 significant digits, no exponent. */
bool doc_meta_number(DocWriter *doc, const char *key, double value);
/* Six digits after the point. */
bool doc_meta_seconds(DocWriter *doc, const char *key, double seconds);
/* UTC milliseconds as "2008-05-30T15:56:01Z". */
bool doc_meta_time(DocWriter *doc, const char *key, int64_t utc_ms);
/* A Windows FILETIME (100 ns since 1601, [MS-DTYP] 2.3.3); nothing is written for 0. */
bool doc_meta_filetime(DocWriter *doc, const char *key, uint64_t filetime);
