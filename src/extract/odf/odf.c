/* odf.c - one OpenDocument file: meta data, styles with running headers, body. */
#include "extract/odf/odf.h"

#include "extract/charset/encoding.h"
#include "extract/metadata.h"

static const struct {
    const char *name, *key;
} facts[] = {
    { "title", "title" },
    { "creator", "last_author" },
    { "initial-creator", "author" },
    { "subject", "subject" },
    { "description", "description" },
    { "keyword", "keywords" },
    { "language", "language" },
    { "date", "modified" },
    { "creation-date", "created" },
    { "print-date", "printed" },
    { "generator", "software" },
    { "editing-cycles", "revision" },
    { "contributor", "contributor" },
    { "publisher", "publisher" },
    { "rights", "copyright" },
    { "identifier", "identifier" },
};

/* "P1DT2H3M4.5S" (XML Schema, 3.2.6) in seconds; months and years do not occur. */
static double duration(Str text)
{
    double total = 0, number = 0, scale = 0;
    bool in_time = false;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (c >= '0' && c <= '9' && scale == 0)
            number = number * 10 + (c - '0');
        else if (c >= '0' && c <= '9')
            number += (c - '0') * scale, scale /= 10;
        else if (c == '.' || c == ',')
            scale = 0.1;
        else {
            total += number * (c == 'D'              ? 86400
                               : c == 'H'            ? 3600
                               : c == 'M' && in_time ? 60
                               : c == 'S'            ? 1
                                                     : 0);
            in_time |= c == 'T';
            number = scale = 0;
        }
    }
    return total;
}

void odf_write_meta(DocWriter *doc, Str name, Str key, Str value)
{
    if (!value.length)
        return;
    if (str_is(name, "editing-duration")) {
        double seconds = duration(value);
        if (seconds > 0 && seconds < 1e10)
            doc_meta_seconds(doc, "editing_time", seconds);
        return;
    }
    if (str_is(name, "user-defined") && key.length) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        doc_meta(doc, str_c(arena, str_lower(arena, str_slice(key, 0, KB(1)))), value);
        return;
    }
    for (size_t i = 0; i < COUNT(facts); i++)
        if (str_is(name, facts[i].name))
            doc_meta(doc, facts[i].key, value);
}

static bool run_part(Odf *odf, const char *name, Error *err)
{
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    void *body = odf_body_begin(odf, scratch);
    bool ok = odf_package_parse(odf->package, str(name), &odf_body_events, body, err);
    odf_body_end(body);
    return ok;
}

static bool read_package(Odf *odf, const ExtractSource *source, Error *err)
{
    OdfPackage package;
    Error part_err;
    size_t unpacked_max = doc_writer_limits(odf->doc)->child_bytes_max;
    if (!odf_package_open(odf->arena, source, unpacked_max, &package, err))
        return false;
    odf->package = &package;
    if (package.encryption)
        doc_meta(odf->doc, "encryption", str(package.encryption));
    for (size_t i = 0; i < package.zip.parts.count; i++)
        odf->has_scripts |= str_starts(package.zip.parts.at[i].name, S("Basic/"));
    static const char *const before[] = { "meta.xml", "styles.xml" };
    for (size_t i = 0; i < COUNT(before); i++)
        if (!run_part(odf, before[i], &part_err) && part_err.code != ERROR_NOT_FOUND) {
            if (part_err.code == ERROR_ENCRYPTED)
                return *err = part_err, false;
            doc_warning(odf->doc, str(part_err.message));
        }
    if (run_part(odf, "content.xml", err))
        return true;
    /* What came before the damage was written. */
    if (err->code != ERROR_DAMAGED || !package_find(&package.zip, S("content.xml")))
        return err->code == ERROR_NOT_FOUND
                   ? fail(err, ERROR_DAMAGED, "the file has no content part")
                   : false;
    doc_warning(odf->doc, str(err->message));
    return true;
}

static bool read_flat(Odf *odf, Str bytes, Error *err)
{
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    void *body = odf_body_begin(odf, scratch);
    XmlParser *parser = xml_begin(&odf_body_events, body);
    xml_add(parser, bytes.at, bytes.length);
    bool ok = xml_end(parser, err);
    odf_body_end(body);
    if (!ok && err->code == ERROR_DAMAGED)
        doc_warning(odf->doc, str(err->message));
    return ok || err->code == ERROR_DAMAGED;
}

static void warn_images(const Odf *odf)
{
    char text[64];
    snprintf(text, sizeof text, "%d image%s without text", odf->image_count,
             odf->image_count == 1 ? "" : "s");
    if (odf->image_count > 0)
        doc_warning(odf->doc, str(text));
    if (odf->has_scripts)
        doc_warning(odf->doc, S("macro code is not shown"));
}

bool odf_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Odf odf = { .doc = doc,
                .arena = arena,
                .styles = odf_styles_new(arena),
                .said = map_new(arena),
                .embedded = map_new(arena) };
    bool is_zip = str_starts(source->bytes, S("PK\3\4"));
    bool ok = is_zip ? read_package(&odf, source, err) : read_flat(&odf, source->bytes, err);
    if (!ok)
        return false;
    doc_place(doc, &(Place){ 0 });
    if (odf.page > 0)
        doc_meta_whole(doc, odf.is_presentation ? "slides" : "pages", odf.page);
    warn_images(&odf);
    return true;
}
