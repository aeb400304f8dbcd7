/* extractors.c - the list of formats, and which of them a file is. */
#include "base/file.h"
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/file_kind.h"
#include "extract/office/ooxml.h"

#define FORMAT(name) extern const Extractor extractor_##name;
#include "extract/formats.def"
#undef FORMAT

const Extractor *const extractors[] = {
#define FORMAT(name) &extractor_##name,
#include "extract/formats.def"
#undef FORMAT
    NULL,
};
const size_t extractor_count = COUNT(extractors) - 1;

/* A declared name or type adds to what the content says, never enough for a text format to beat
 * a format with marks of its own (those score 60 and more). */
enum { NAME_BONUS = 25, TYPE_BONUS = 15, SURE = 41 };

static bool is_listed(const char *const *list, Str value)
{
    for (; list && *list; list++)
        if (str_equal_ignore_case(value, str(*list)))
            return true;
    return false;
}

Str extension_of_name(Arena *arena, Str name)
{
    if (name.length >= KB(4))
        return STR_NONE;
    Str extension = path_extension(arena, name);
    return extension.length ? extension : str_lower(arena, path_name(name));
}

const Extractor *extractor_choose(Str bytes, Str name, Str media_type)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str extension = extension_of_name(arena, name);
    const Extractor *best = NULL;
    int best_score = 0;
    ptrdiff_t parameters = str_find_char(media_type, ';');
    if (parameters >= 0)
        media_type = str_trim(str_slice(media_type, 0, (size_t)parameters));

    /* A picture is no text, however it may be read: formats without marks only get files whose
     * first bytes belong to nobody else. */
    bool is_of_others = file_kind_is_known(bytes);
    text_look_begin(bytes);
    ooxml_look_begin(bytes);

    for (size_t i = 0; i < extractor_count; i++) {
        int score = extractors[i]->sniff(bytes);
        if (score <= 0 || (is_of_others && score < SURE))
            continue;
        if (extension.length && is_listed(extractors[i]->extensions, extension))
            score += NAME_BONUS;
        if (media_type.length && is_listed(extractors[i]->media_types, media_type))
            score += TYPE_BONUS;
        if (score > best_score) {
            best = extractors[i];
            best_score = score;
        }
    }
    ooxml_look_end();
    text_look_end();
    return best;
}

const Extractor *extractor_named(Str name)
{
    /* For each row of a list: most names begin with another letter. */
    for (size_t i = 0; name.length && i < extractor_count; i++)
        if (extractors[i]->name[0] == name.at[0] && str_is(name, extractors[i]->name))
            return extractors[i];
    return NULL;
}

const char *extractor_family(const Extractor *extractor)
{
    static const struct {
        const char *format, *family;
    } families[] = {
#define FAMILY(format, family) { #format, family },
#include "extract/families.def"
#undef FAMILY
    }, by_type[] = { { "image/", "picture" }, { "audio/", "sound" }, { "video/", "video" } };
    for (size_t i = 0; i < COUNT(families); i++)
        if (str_is(str(extractor->name), families[i].format))
            return families[i].family;
    for (size_t i = 0; i < COUNT(by_type); i++)
        if (str_starts(str(extractor->media_types[0]), str(by_type[i].format)))
            return by_type[i].family;
    return "document";
}

bool extract_document(const ExtractSource *source, DocWriter *doc, Error *err)
{
    if (source->bytes.length == 0)
        return fail(err, ERROR_INVALID, "the file is empty");
    if (source->depth == 0)
        doc_writer_password(doc, source->password);
    const Extractor *extractor = extractor_choose(source->bytes, source->name, source->media_type);
    if (!extractor && file_is_part(source->bytes, source->name))
        return fail(err, ERROR_UNSUPPORTED,
                    "it seems to be one part of an archive in several files; join the parts first");
    if (!extractor)
        return fail(err, ERROR_UNSUPPORTED, "it seems to be %s, which is not read",
                    file_kind(source->bytes));
    if (!extractor->names_inner && !doc_format(doc, extractor->name, extractor->media_types[0]))
        return doc_writer_end(doc, err);
    bool ok = extractor->worker ? doc_later(doc, extractor->worker, 0)
                                : extractor->extract(source, doc, err);
    return ok && doc_writer_end(doc, err);
}
