/* seven_zip_file.h - the parts that seven_zip.c is put together from: what a 7z header says
 * (seven_zip_header.c), and the bytes of a folder by its coders (seven_zip_coders.c). */
#pragma once

#include "base/base.h"

enum {
    SEVEN_ZIP_SIGNATURE = 32, /* bytes before everything else */
    SEVEN_ZIP_CODERS_MAX = 8,
    SEVEN_ZIP_INPUTS_MAX = 4, /* of a coder: BCJ2's */
    SEVEN_ZIP_ITEMS_MAX = 200000,
    SEVEN_ZIP_KEY = 32,
};

/* Of those that more is known about than how to unpack them. */
#define METHOD_AES 0x06F10701u
#define METHOD_DEFLATE64 0x040109u
#define METHOD_ARM64 0x0Au

typedef struct SevenZipCoder {
    uint32_t method;
    Str properties;
    uint64_t unpacked;
    size_t first_input, input_count; /* in the folder's numbers of inputs */
} SevenZipCoder;

/* Coders are a tree: each has one output, which is an input of another one; the root's is the
 * folder's. Inputs that no coder feeds are packed streams. */
typedef struct SevenZipFolder {
    SevenZipCoder coders[SEVEN_ZIP_CODERS_MAX];
    size_t coder_count, output_count, root, file_count;
    uint64_t bonds[SEVEN_ZIP_CODERS_MAX][2]; /* an input, and the coder whose output it is */
    size_t bond_count;
    /* The inputs that are packed streams. */
    uint64_t packs[SEVEN_ZIP_CODERS_MAX * SEVEN_ZIP_INPUTS_MAX];
    size_t pack_count;
    bool is_readable;  /* each coder has one output */
    size_t first_pack; /* in the archive's numbers of packed streams */
    bool has_crc;
    uint32_t crc;
} SevenZipFolder;

typedef struct SevenZipItem {
    Str name;
    uint64_t size, time;
    uint32_t crc;
    bool has_crc, has_stream;
} SevenZipItem;

/* Making a key takes a moment; most folders of an archive have the same. */
typedef struct SevenZipKey {
    bool is_made;
    int cycles;
    Str salt;
    uint8_t bytes[SEVEN_ZIP_KEY];
} SevenZipKey;

typedef struct SevenZipStream {
    uint64_t at, size;
} SevenZipStream;

typedef struct SevenZip {
    Arena *arena;
    Str bytes, password;
    SevenZipKey key;
    VEC(SevenZipFolder) folders;
    VEC(SevenZipStream) packed;
    VEC(SevenZipItem) streams; /* sizes and sums of substreams, then of files */
    VEC(SevenZipItem) items;
    uint64_t pack_at;
} SevenZip;

typedef struct SevenZipReader {
    Str rest;
    bool failed, is_huge; /* a count is over the limit */
} SevenZipReader;

/* A number of up to eight bytes, the lowest first. */
uint64_t seven_zip_number(Str bytes);
uint8_t seven_zip_byte(SevenZipReader *in);
/* What the header says of packed streams and folders; in->failed when it makes no sense. */
void seven_zip_read_streams(SevenZip *a, SevenZipReader *in);
/* The same of the files in them. */
void seven_zip_read_files(SevenZip *a, SevenZipReader *in);
uint64_t seven_zip_folder_size(const SevenZipFolder *folder);
bool seven_zip_has_method(const SevenZipFolder *folder, uint32_t method);

/* The folder's bytes in heap memory. What its coders give may be held at one time. */
MUST_CHECK bool seven_zip_unpack(SevenZip *a, const SevenZipFolder *folder, char **bytes_r,
                                 Error *err);
