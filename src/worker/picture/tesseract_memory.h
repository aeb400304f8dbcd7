/* tesseract_memory.h - Tesseract with language data from memory: it opens no files. */
#pragma once

#include <stddef.h>
#include <tesseract/capi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The data of a language ("eng"), which stay the callee's; NULL: there are none. */
typedef const char *TesseractData(const char *language, size_t *length_r);

/* Begin with "eng" or "eng+deu"; `data` must be the same at every call. */
BOOL tesseract_begin(TessBaseAPI *api, const char *languages, TessOcrEngineMode mode,
                     TesseractData *data);

#ifdef __cplusplus
}
#endif
