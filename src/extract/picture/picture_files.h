/* picture_files.h - the picture formats and their readers of facts (pictures.def).
 *
 * Pixels are the business of the worker class "picture"; these readers need no decoder. */
#pragma once

#include "extract/extractor.h"
#include "extract/picture/picture_facts.h"

typedef struct PictureFile {
    const Extractor *extractor;
    /* False when even the size cannot be read: the file is damaged. */
    bool (*facts)(Str bytes, PictureFacts *facts);
} PictureFile;

/* The format of these bytes; NULL: not a picture. */
const PictureFile *picture_file_find(Str bytes);

#define PICTURE(name) bool name##_facts(Str bytes, PictureFacts *facts);
#include "extract/picture/pictures.def"
#undef PICTURE
