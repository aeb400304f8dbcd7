/* odf_package.c - the parts of an OpenDocument package (part 2), and what kind it is. */
#include "extract/odf/odf.h"

#include "extract/charset/encoding.h"

enum { PART_MAX = 256 << 20 };

static const Str whole_package = S_INIT("encrypted-package");

static bool read_manifest(OdfPackage *package, Error *err)
{
    Error ignored;
    Str manifest;
    const Part *part = package_find(&package->zip, S("META-INF/manifest.xml"));
    return !part ||
           !package_read(&package->zip, package->arena, part, MB(16), &manifest, &ignored) ||
           str_find(manifest, S("encryption-data")) < 0 || odf_read_locks(package, manifest, err);
}

/* LibreOffice 24.2 and later lock a package as one part of another. */
static bool open_inner(OdfPackage *package, size_t unpacked_max, Error *err)
{
    Str bytes;
    if (!map_find(&package->locks, whole_package))
        return true;
    if (!odf_package_read(package, package->arena, whole_package, unpacked_max, &bytes, err))
        return false;
    package->locks = map_new(package->arena);
    return package_open(package->arena, bytes, unpacked_max, &package->zip, err);
}

bool odf_package_open(Arena *arena, const ExtractSource *source, size_t unpacked_max,
                      OdfPackage *package_r, Error *err)
{
    OdfPackage package = { .arena = arena, .password = source->password, .locks = map_new(arena) };
    if (!package_open(arena, source->bytes, unpacked_max, &package.zip, err) ||
        !read_manifest(&package, err))
        return false;
    const MapEntry *lock = map_find(&package.locks, S("content.xml"));
    lock = lock ? lock : map_find(&package.locks, whole_package);
    package.encryption = lock ? odf_lock_name(lock->pointer) : NULL;
    if (!open_inner(&package, unpacked_max, err))
        return false;
    *package_r = package;
    return true;
}

bool odf_package_read(OdfPackage *package, Arena *arena, Str name, size_t bytes_max, Str *bytes_r,
                      Error *err)
{
    const Part *part = package_find(&package->zip, name);
    const MapEntry *lock = map_find(&package->locks, name);
    Str packed;
    if (!part)
        return fail(err, ERROR_NOT_FOUND, "there is no part " STR_FMT, STR_ARG(name));
    if (!lock)
        return package_read(&package->zip, arena, part, bytes_max, bytes_r, err);
    return package_read(&package->zip, arena, part, bytes_max, &packed, err) &&
           odf_unlock(package, lock->pointer, arena, packed, bytes_max, bytes_r, err);
}

bool odf_package_parse(OdfPackage *package, Str name, const XmlEvents *events, void *self,
                       Error *err)
{
    const Part *part = package_find(&package->zip, name);
    AUTO_ARENA Arena *arena = NULL;
    Str bytes;
    if (part && !map_find(&package->locks, name))
        return package_parse(&package->zip, part, events, self, err);
    arena = arena_new(GB(2));
    if (!odf_package_read(package, arena, name, PART_MAX, &bytes, err))
        return false;
    XmlParser *parser = xml_begin(events, self);
    xml_add(parser, bytes.at, bytes.length);
    return xml_end(parser, err) || fail_in(err, STR_FMT, STR_ARG(name));
}

/* --- Which kind it is --- */

/* "application/vnd.oasis.opendocument.text-template", "application/vnd.sun.xml.writer" */
static int judge(Str type, const char *const *kinds)
{
    static const Str before[] = { S_INIT("application/vnd.oasis.opendocument."),
                                  S_INIT("application/x-vnd.oasis.opendocument."),
                                  S_INIT("application/vnd.sun.xml.") };
    for (size_t i = 0; i < COUNT(before); i++)
        for (const char *const *kind = kinds; str_starts(type, before[i]) && *kind; kind++)
            if (str_starts(str_from(type, before[i].length), str(*kind)))
                return 95;
    return 0;
}

static int sniff_flat(Str bytes, const char *const *kinds)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str head = text_head(arena, bytes, KB(16));
    ptrdiff_t root = str_find(head, S("<office:document "));
    ptrdiff_t type = root < 0 ? -1 : str_find(str_from(head, (size_t)root), S("office:mimetype="));
    return type < 0 ? 0 : judge(str_from(head, (size_t)(root + type) + 17), kinds);
}

/* Packages of other programs may lack the first member "mimetype"; the manifest knows too. */
static int sniff_manifest(Str bytes, const char *const *kinds)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Package package;
    Error err;
    Str text;
    if (str_find(package_listing(bytes), S("content.xml")) < 0 ||
        !package_open(arena, bytes, MB(8), &package, &err))
        return 0;
    const Part *part = package_find(&package, S("mimetype"));
    if (part && package_read(&package, arena, part, KB(4), &text, &err))
        return judge(text, kinds);
    part = package_find(&package, S("META-INF/manifest.xml"));
    if (!part || !package_read(&package, arena, part, MB(4), &text, &err))
        return 0;
    ptrdiff_t at = str_find(text, S("application/vnd."));
    return at < 0 ? 0 : judge(str_from(text, (size_t)at), kinds);
}

int odf_sniff(Str bytes, const char *const *kinds)
{
    if (!str_starts(bytes, S("PK\3\4")))
        return bytes.length && HAS_CHAR(bytes.at[0], "<\xEF\xFE\xFF") ? sniff_flat(bytes, kinds)
                                                                      : 0;
    if (str_starts(str_from(bytes, 30), S("mimetypeapplication/")))
        return judge(str_from(bytes, 38), kinds);
    return sniff_manifest(bytes, kinds);
}
