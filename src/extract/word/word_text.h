/* word_text.h - the stories of a Word 6-2003 file as blocks: paragraphs, headings, lists, tables,
 * with the notes and text boxes that they refer to. */
#pragma once

#include "extract/document.h"
#include "extract/word/word_lists.h"
#include "extract/word/word_styles.h"

typedef struct WordText {
    WordFile *file;
    WordStyles *styles;
    WordLists *lists;
    DocWriter *doc;
    size_t pictures, hidden;                       /* counted while reading */
    WordPlc refs[STORY_COUNT], texts[STORY_COUNT]; /* of stories that the main text refers to */
    bool *is_written[STORY_COUNT];
    VEC(Str) authors;
} WordText;

/* Writes everything, headers first and footers last. */
void word_write(WordText *text);
