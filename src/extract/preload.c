/* preload.c - see preload.h. */
#include "extract/preload.h"

#include <archive.h>
#include <libxml/parser.h>
#include <locale.h>
#include <stdbool.h>

#include "extract/charset/encoding.h"
#include "extract/formats/markdown.h"
#include "extract/ole/office_crypto.h"
#include "extract/picture/page_picture.h"

void extract_preload(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    /* Names in archives are UTF-8; libarchive converts them by the locale. */
    setlocale(LC_CTYPE, "C.UTF-8");
    encoding_preload();
    markdown_preload();
    xmlInitParser();
    office_crypto_preload();
    page_picture_preload();
    struct archive *archive = archive_read_new();
    archive_read_support_format_zip(archive);
    archive_read_free(archive);
}
