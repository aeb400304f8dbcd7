/* picture_files.c - see picture_files.h. */
#include "extract/picture/picture_files.h"

#define PICTURE(name) extern const Extractor extractor_##name;
#include "extract/picture/pictures.def"
#undef PICTURE

static const PictureFile files[] = {
#define PICTURE(name) { &extractor_##name, name##_facts },
#include "extract/picture/pictures.def"
#undef PICTURE
};

const PictureFile *picture_file_find(Str bytes)
{
    const PictureFile *best = NULL;
    int best_score = 0;
    for (size_t i = 0; i < COUNT(files); i++) {
        int score = files[i].extractor->sniff(bytes);
        if (score > best_score) {
            best = &files[i];
            best_score = score;
        }
    }
    return best;
}
