/* palm.h - Palm databases (PDB) and how the text records of books in them are packed. */
#pragma once

#include "base/base.h"

/* Records of a Palm database; their bytes are borrowed. */
typedef struct PalmFile {
    Str bytes, name, type; /* type: "BOOKMOBI" */
    size_t count;
} PalmFile;

/* False when the bytes are too short, or their list of records is broken. */
bool palm_open(Str bytes, PalmFile *file_r);
/* Empty when there is no such record. */
Str palm_record(const PalmFile *file, size_t index);
/* A number of 1-4 bytes, most significant first; 0 outside. */
uint32_t palm_number(Str bytes, size_t at, int width);

/* PalmDoc's LZ77; false when `out` is full. What is broken gives what can be read. */
bool palm_unpack(Str packed, Buf *out);

/* Huffman codes over a dictionary of phrases (HUFF and CDIC records). */
typedef struct PalmHuffman PalmHuffman;
/* `count` records from `first` on: one HUFF, then CDICs. NULL when they are broken. */
PalmHuffman *palm_huffman(Arena *arena, const PalmFile *file, size_t first, size_t count);
bool palm_huffman_unpack(PalmHuffman *huffman, Str packed, Buf *out);
