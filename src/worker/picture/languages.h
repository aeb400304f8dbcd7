/* languages.h - the language data of Tesseract that are installed, mapped before the sandbox
 * closes.
 *
 * Threads: one. */
#pragma once

#include "base/base.h"

enum { OCR_LANGUAGE_MAX = 200 };

/* Map every *.traineddata of the usual folders; cheap, nothing is read yet. */
void languages_preload(void);
size_t languages_count(void);
/* "eng", "chi_sim" ...; without "osd" and the like. English comes first. */
const char *languages_name(size_t index);
/* Of "eng", or of "osd"; NULL when it is not installed. */
const char *languages_data(const char *name, size_t *length_r);
/* The installed ones of "eng+deu" or "de, en" in that order, joined by "+"; empty: none is. */
Str languages_installed(Arena *arena, Str wanted);
/* May text of this script (as Tesseract names them: "Latin", "Han") be of this language? */
bool languages_has_script(const char *name, const char *script);
