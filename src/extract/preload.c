/* preload.c - see preload.h. */
#include "extract/preload.h"

#include <locale.h>
#include <stdbool.h>

#include "extract/encoding.h"

void extract_preload(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    /* Names in archives are UTF-8; libarchive converts them by the locale. */
    setlocale(LC_CTYPE, "C.UTF-8");
    encoding_preload();
}
