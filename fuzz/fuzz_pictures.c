/* fuzz_pictures.c - any bytes through every reader of picture facts: the one they look like, then
 * EXIF, IPTC, Photoshop resources and XMP by themselves. */
#include "extract/exif.h"
#include "extract/iptc.h"
#include "extract/picture_files.h"
#include "extract/xmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static void (*const readers[])(Str, PictureFacts *) = { exif_read, iptc_read,
                                                            photoshop_resources_read, xmp_read };
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    PictureFacts facts = { .arena = arena };
    if (count < 2)
        return 0;
    Str rest = { (const char *)bytes + 1, count - 1 };
    const PictureFile *file = picture_file_find(rest);
    if (file && file->facts(rest, &facts) && (facts.width <= 0 || facts.height <= 0))
        abort();
    readers[bytes[0] % COUNT(readers)](rest, &facts);
    return 0;
}
