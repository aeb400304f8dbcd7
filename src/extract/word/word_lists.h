/* word_lists.h - the numbers of list items in a Word 97-2003 file ([MS-DOC] 2.9.131-2.9.151).
 *
 * One document's counters: markers must be asked for in document order. */
#pragma once

#include "extract/word/word_file.h"

typedef struct WordLists WordLists;

WordLists *word_lists_read(const WordFile *file);
/* The marker of the next item of a list (its number from 1) at a level from 0: "1.2.", "-"; empty
 * when the list does not exist or shows none. */
Str word_next_marker(WordLists *lists, Arena *arena, int list, int level);
