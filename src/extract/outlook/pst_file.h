/* pst_file.h - Outlook stores (PST, OST) read from memory: [MS-PST], Unicode, ANSI and 4 KB pages.
 *
 *     pages:  node B-tree  nid -> data block, sub-node block, parent
 *             block B-tree bid -> place in the file
 *     nodes:  blocks -> heap -> B-tree on the heap -> properties (PC) or a table (TC)
 *
 * Every tree is bounded by its level, and what is read in all by a multiple of the file's size, so
 * a crafted file ends. Data that a node's functions give lie in the arena they are given or are
 * borrowed from the file. One thread. */
#pragma once

#include "extract/outlook/mapi.h"

typedef struct PstNode {
    uint32_t nid, parent;
    uint64_t data, sub; /* block ids */
} PstNode;

typedef struct PstNodes {
    VEC(PstNode) list;
} PstNodes;

typedef struct PstBlock {
    uint64_t bid, at;
    uint16_t size, unpacked_size;
} PstBlock;

typedef struct PstFile {
    Str bytes;
    Arena *arena;
    bool is_wide;         /* 64-bit ids; else the ANSI format of Outlook 97 to 2002 */
    bool is_big;          /* 4 KB pages, of Outlook 2013's OST */
    int encoding;         /* 0 none, 1 a substitution, 2 a rotor */
    PstNodes nodes;       /* by nid */
    VEC(PstBlock) blocks; /* by bid */
    size_t pages_left, work_left;
    unsigned char inverse[256];
} PstFile;

enum { PST_TYPE_FOLDER = 0x02, PST_TYPE_MESSAGE = 0x04, PST_TYPE_ATTACHMENT = 0x05 };
enum { PST_NID_NAMES = 0x61, PST_NID_ROOT = 0x122, PST_NID_RECIPIENTS = 0x692 };

bool pst_is_file(Str bytes);
/* Fails with ERROR_DAMAGED when neither tree can be read. */
MUST_CHECK bool pst_open(Arena *arena, Str bytes, PstFile *file_r, Error *err);
/* NULL when there is none. */
const PstNode *pst_find(const PstNodes *nodes, uint32_t nid);

/* Empty when something is broken: the whole data of a node in one piece, at most `max` bytes; its
 * sub-nodes; its properties (named ones by their ids only); the rows of a table. */
Str pst_data(PstFile *file, Arena *arena, const PstNode *node, size_t max);
PstNodes pst_sub_nodes(PstFile *file, Arena *arena, const PstNode *node);
MapiBag pst_properties(PstFile *file, Arena *arena, const PstNode *node);
typedef struct PstRows {
    VEC(MapiBag) list;
} PstRows;
PstRows pst_rows(PstFile *file, Arena *arena, const PstNode *node);
