/* metadata.c - see metadata.h. */
#include "extract/metadata.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "extract/written_date.h"

const MetadataName metadata_names[] = {
#define METADATA(key, type, title) { #key, title, METADATA_##type },
#define METADATA_GROUP(id, title)
#include "extract/metadata.def"
#undef METADATA_GROUP
#undef METADATA
    { 0 },
};

/* GROUP_x is the row that the group begins with: the enumerator after it takes the same number. */
enum {
#define METADATA(key, type, title) ROW_##key,
#define METADATA_GROUP(id, title) GROUP_##id, GROUP_##id##_STEP_BACK = GROUP_##id - 1,
#include "extract/metadata.def"
#undef METADATA_GROUP
#undef METADATA
};

static const struct {
    size_t first;
    const char *title;
} groups[] = {
#define METADATA(key, type, title)
#define METADATA_GROUP(id, title) { GROUP_##id, title },
#include "extract/metadata.def"
#undef METADATA_GROUP
#undef METADATA
};

const char *metadata_group(const MetadataName *name)
{
    size_t at = (size_t)(name - metadata_names), group = 0;
    while (group + 1 < COUNT(groups) && groups[group + 1].first <= at)
        group++;
    return groups[group].title;
}

const char *metadata_type_name(MetadataType type)
{
    static const char *const names[] = { "text", "date", "whole", "number", "seconds" };
    return type < COUNT(names) ? names[type] : "text";
}

const MetadataName *metadata_named(Str key)
{
    for (const MetadataName *name = metadata_names; name->key; name++)
        if (str_equal_ignore_case(key, str(name->key)))
            return name;
    return NULL;
}

/* What texts, sites and notes call it. */
static const char *const aliases[][2] = {
    { "date", "published" },
    { "tags", "keywords" },
    { "filetags", "keywords" },
    { "authors", "author" },
    { "lang", "language" },
    { "summary", "description" },
    { "abstract", "description" },
    { "updated", "modified" },
    { "lastmod", "modified" },
    { "revdate", "modified" },
    { "revnumber", "version" },
    { "categories", "category" },
    { "created_at", "created" },
    { "subtitle", "subject" },
    { "dc.title", "title" },
    { "dc.creator", "author" },
    { "dc.date", "published" },
    { "dc.description", "description" },
    { "dc.subject", "subject" },
    { "dc.publisher", "publisher" },
    { "dc.language", "language" },
    { "generator", "software" },
    { "article:author", "author" },
    { "article:published_time", "published" },
    { "article:modified_time", "modified" },
    { "article:section", "category" },
    { "article:tag", "keywords" },
};

bool doc_meta_named(DocWriter *doc, Str name, Str value)
{
    const MetadataName *shared = metadata_named(name);
    char key[64], date[WRITTEN_DATE_SIZE];
    for (size_t i = 0; i < COUNT(aliases) && !shared; i++)
        if (str_equal_ignore_case(name, str(aliases[i][0])))
            shared = metadata_named(str(aliases[i][1]));
    if (!shared) {
        size_t length = MIN(name.length, sizeof key - 1);
        for (size_t i = 0; i < length; i++)
            key[i] = name.at[i] >= 'A' && name.at[i] <= 'Z' ? (char)(name.at[i] | 32) : name.at[i];
        key[length] = '\0';
        return doc_meta(doc, key, value);
    }
    return doc_meta(doc, shared->key,
                    shared->type == METADATA_DATE ? written_date(value, date) : value);
}

bool doc_meta_whole(DocWriter *doc, const char *key, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    return doc_meta(doc, key, str(text));
}

/* Without an exponent, which "%.15g" has outside 1e-4 to 1e15. */
bool doc_meta_number(DocWriter *doc, const char *key, double value)
{
    char text[400];
    if (!(value > -1e15 && value < 1e15))
        return true;
    bool is_small = value < 1e-4 && value > -1e-4;
    snprintf(text, sizeof text, is_small ? "%.9f" : "%.15g", value);
    return doc_meta(doc, key, str(text));
}

bool doc_meta_seconds(DocWriter *doc, const char *key, double seconds)
{
    char text[400];
    if (!(seconds >= 0 && seconds < 1e12))
        return true;
    snprintf(text, sizeof text, "%.6f", seconds);
    return doc_meta(doc, key, str(text));
}

bool doc_meta_time(DocWriter *doc, const char *key, int64_t utc_ms)
{
    char text[TIME_TEXT_SIZE];
    Str shown = time_format(utc_ms, text);
    ptrdiff_t point = str_find_char(shown, '.');
    if (point < 0)
        return doc_meta(doc, key, shown);
    text[point] = 'Z';
    return doc_meta(doc, key, (Str){ text, (size_t)point + 1 });
}

bool doc_meta_filetime(DocWriter *doc, const char *key, uint64_t filetime)
{
    /* From 1601 to 1970 are 11,644,473,600 seconds. */
    enum { TICKS_IN_MS = 10000 };
    const int64_t epoch_ms = 11644473600000;
    const uint64_t year_9999 = 2650467743999999999;
    if (filetime == 0 || filetime > year_9999)
        return true;
    return doc_meta_time(doc, key, (int64_t)(filetime / TICKS_IN_MS) - epoch_ms);
}
