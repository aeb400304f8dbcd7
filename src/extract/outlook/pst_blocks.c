/* pst_blocks.c - the lower half of pst_file.h: pages, B-trees of nodes and blocks, encodings. */
#include <zlib.h>

#include "extract/ole/ole_file.h"
#include "extract/outlook/pst_blocks.h"

enum { PAGE = 512, PAGE_BIG = 4096, LEVEL_MAX = 8, SLACK = MB(64) };

bool pst_is_file(Str bytes)
{
    return bytes.length > 564 && str_starts(bytes, S("!BDN")) &&
           (str_starts(str_from(bytes, 8), S("SM")) || str_starts(str_from(bytes, 8), S("SO")));
}

/* --- Encodings, [MS-PST] 5.1 and 5.2: they hide nothing, and need no password --- */

static const unsigned char substitution[256] = {
    65,  54,  19,  98,  168, 33,  110, 187, 244, 22,  204, 4,   127, 100, 232, 93,  30,  242, 203,
    42,  116, 197, 94,  53,  210, 149, 71,  158, 150, 45,  154, 136, 76,  125, 132, 63,  219, 172,
    49,  182, 72,  95,  246, 196, 216, 57,  139, 231, 35,  59,  56,  142, 200, 193, 223, 37,  177,
    32,  165, 70,  96,  78,  156, 251, 170, 211, 86,  81,  69,  124, 85,  0,   7,   201, 43,  157,
    133, 155, 9,   160, 143, 173, 179, 15,  99,  171, 137, 75,  215, 167, 21,  90,  113, 102, 66,
    191, 38,  74,  107, 152, 250, 234, 119, 83,  178, 112, 5,   44,  253, 89,  58,  134, 126, 206,
    6,   235, 130, 120, 87,  199, 141, 67,  175, 180, 28,  212, 91,  205, 226, 233, 39,  79,  195,
    8,   114, 128, 207, 176, 239, 245, 40,  109, 190, 48,  77,  52,  146, 213, 14,  60,  34,  50,
    229, 228, 249, 159, 194, 209, 10,  129, 18,  225, 238, 145, 131, 118, 227, 151, 230, 97,  138,
    23,  121, 164, 183, 220, 144, 122, 92,  140, 2,   166, 202, 105, 222, 80,  26,  17,  147, 185,
    82,  135, 88,  252, 237, 29,  55,  73,  27,  106, 224, 41,  51,  153, 189, 108, 217, 148, 243,
    64,  84,  111, 240, 198, 115, 184, 214, 62,  101, 24,  68,  31,  221, 103, 16,  241, 12,  25,
    236, 174, 3,   161, 20,  123, 169, 11,  255, 248, 163, 192, 162, 1,   247, 46,  188, 36,  104,
    117, 13,  254, 186, 47,  181, 208, 218, 61,
};

static const unsigned char rotor[256] = {
    20,  83,  15,  86,  179, 200, 122, 156, 235, 101, 72,  23,  22,  21,  159, 2,   204, 84,  124,
    131, 0,   13,  12,  11,  162, 98,  168, 118, 219, 217, 237, 199, 197, 164, 220, 172, 133, 116,
    214, 208, 167, 155, 174, 154, 150, 113, 102, 195, 99,  153, 184, 221, 115, 146, 142, 132, 125,
    165, 94,  209, 93,  147, 177, 87,  81,  80,  128, 137, 82,  148, 79,  78,  10,  107, 188, 141,
    127, 110, 71,  70,  65,  64,  68,  1,   17,  203, 3,   63,  247, 244, 225, 169, 143, 60,  58,
    249, 251, 240, 25,  48,  130, 9,   46,  201, 157, 160, 134, 73,  238, 111, 77,  109, 196, 45,
    129, 52,  37,  135, 27,  136, 170, 252, 6,   161, 18,  56,  253, 76,  66,  114, 100, 19,  55,
    36,  106, 117, 119, 67,  255, 230, 180, 75,  54,  92,  228, 216, 53,  61,  69,  185, 44,  236,
    183, 49,  43,  41,  7,   104, 163, 14,  105, 123, 24,  158, 33,  57,  190, 40,  26,  91,  120,
    245, 35,  202, 42,  176, 175, 62,  254, 4,   140, 231, 229, 152, 50,  149, 211, 246, 74,  232,
    166, 234, 233, 243, 213, 47,  112, 32,  242, 31,  5,   103, 173, 85,  16,  206, 205, 227, 39,
    59,  218, 186, 215, 194, 38,  212, 145, 29,  210, 28,  34,  51,  248, 250, 241, 90,  239, 207,
    144, 182, 139, 181, 189, 192, 191, 8,   151, 30,  108, 226, 97,  224, 198, 193, 89,  171, 187,
    88,  222, 95,  223, 96,  121, 126, 178, 138,
};

static void decode(const PstFile *file, unsigned char *bytes, size_t count, uint32_t key)
{
    uint16_t turn = (uint16_t)(key ^ key >> 16);
    for (size_t i = 0; i < count; i++) {
        unsigned char b = bytes[i];
        if (file->encoding == 1) {
            b = file->inverse[b];
        } else {
            unsigned char low = (unsigned char)turn, high = (unsigned char)(turn >> 8);
            b = substitution[(unsigned char)(b + low)];
            b = rotor[(unsigned char)(b + high)];
            b = (unsigned char)(file->inverse[(unsigned char)(b - high)] - low);
            turn++;
        }
        bytes[i] = b;
    }
}

/* --- B-trees of pages --- */

typedef struct Page {
    Str entries;
    size_t count, size;
    int level;
} Page;

/* [MS-PST] 2.2.2.7.7.1: entries, then counts and the level, then the trailer. */
static bool read_page(PstFile *file, uint64_t at, Page *page)
{
    size_t size = file->is_big ? PAGE_BIG : PAGE;
    if (at > file->bytes.length || file->bytes.length - at < size || file->pages_left == 0)
        return false;
    file->pages_left--;
    Str bytes = str_slice(file->bytes, (size_t)at, (size_t)at + size);
    size_t counts = file->is_big ? 4056 : file->is_wide ? 488 : 496;
    const unsigned char *tail = (const unsigned char *)bytes.at + counts;
    page->entries = str_slice(bytes, 0, counts);
    page->count = file->is_big ? le16_at(bytes, counts) : tail[0];
    page->size = file->is_big ? tail[4] : tail[2];
    page->level = file->is_big ? tail[5] : tail[3];
    return page->size > 0 && page->count * page->size <= counts && page->level <= LEVEL_MAX;
}

static uint64_t id_at(const PstFile *file, Str bytes, size_t index)
{
    return file->is_wide ? le64_at(bytes, index * 8) : le32_at(bytes, index * 4);
}

static void add_node(PstFile *file, Str entry)
{
    size_t id = file->is_wide ? 8 : 4;
    *vec_push(file->arena, &file->nodes.list) = (PstNode){ .nid = (uint32_t)id_at(file, entry, 0),
                                                           .data = id_at(file, entry, 1),
                                                           .sub = id_at(file, entry, 2),
                                                           .parent = le32_at(entry, id * 3) };
}

static void add_block(PstFile *file, Str entry)
{
    size_t id = file->is_wide ? 8 : 4;
    PstBlock block = { .bid = id_at(file, entry, 0) & ~(uint64_t)1, .at = id_at(file, entry, 1) };
    block.size = le16_at(entry, id * 2);
    block.unpacked_size = file->is_big ? le16_at(entry, id * 2 + 2) : block.size;
    *vec_push(file->arena, &file->blocks) = block;
}

static void read_tree(PstFile *file, uint64_t at, int level, bool is_nodes)
{
    Page page;
    size_t id = file->is_wide ? 8 : 4, least = is_nodes ? id * 3 + 4 : id * 2 + 4;
    if (!read_page(file, at, &page) || (level >= 0 && page.level != level) ||
        page.size < (page.level ? id * 3 : least))
        return;
    for (size_t i = 0; i < page.count; i++) {
        Str entry = str_slice(page.entries, i * page.size, (i + 1) * page.size);
        if (page.level > 0)
            read_tree(file, id_at(file, entry, 2), page.level - 1, is_nodes);
        else if (is_nodes)
            add_node(file, entry);
        else
            add_block(file, entry);
    }
}

static int compare_nodes(const void *a, const void *b)
{
    uint32_t x = ((const PstNode *)a)->nid, y = ((const PstNode *)b)->nid;
    return (x > y) - (x < y);
}

static int compare_blocks(const void *a, const void *b)
{
    uint64_t x = ((const PstBlock *)a)->bid, y = ((const PstBlock *)b)->bid;
    return (x > y) - (x < y);
}

bool pst_open(Arena *arena, Str bytes, PstFile *file_r, Error *err)
{
    PstFile file = { .bytes = bytes, .arena = arena };
    int version = le16_at(bytes, 10);
    if (!pst_is_file(bytes))
        return fail(err, ERROR_DAMAGED, "it is not an Outlook store");
    file.is_wide = version >= 20;
    file.is_big = version >= 36;
    file.encoding = (unsigned char)bytes.at[file.is_wide ? 513 : 461];
    if (file.encoding > 2)
        return fail(err, ERROR_ENCRYPTED,
                    "the Outlook store is protected by Windows (method %d); only the computer it "
                    "comes from can read it",
                    file.encoding);
    for (int i = 0; i < 256; i++)
        file.inverse[substitution[i]] = (unsigned char)i;
    file.pages_left = bytes.length / PAGE + 1;
    file.work_left = bytes.length * 16 + SLACK;
    read_tree(&file, file.is_wide ? le64_at(bytes, 224) : le32_at(bytes, 188), -1, true);
    read_tree(&file, file.is_wide ? le64_at(bytes, 240) : le32_at(bytes, 196), -1, false);
    if (!file.nodes.list.count || !file.blocks.count)
        return fail(err, ERROR_DAMAGED, "the Outlook store is broken: its tables cannot be read");
    qsort(file.nodes.list.at, file.nodes.list.count, sizeof(PstNode), compare_nodes);
    qsort(file.blocks.at, file.blocks.count, sizeof(PstBlock), compare_blocks);
    *file_r = file;
    return true;
}

const PstNode *pst_find(const PstNodes *nodes, uint32_t nid)
{
    size_t low = 0, high = nodes->list.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (nodes->list.at[middle].nid == nid)
            return &nodes->list.at[middle];
        if (nodes->list.at[middle].nid < nid)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* --- Blocks --- */

static const PstBlock *find_block(const PstFile *file, uint64_t bid)
{
    PstBlock key = { .bid = bid & ~(uint64_t)1 };
    return bsearch(&key, file->blocks.at, file->blocks.count, sizeof(PstBlock), compare_blocks);
}

/* Of Outlook 2013 alone: blocks that are smaller in the file than what they hold. */
static Str unpacked(Arena *arena, Str bytes, size_t size)
{
    uLongf length = size;
    char *out = arena_alloc(arena, size + 1);
    if (uncompress((Bytef *)out, &length, (const Bytef *)bytes.at, bytes.length) != Z_OK)
        return STR_NONE;
    return (Str){ out, length };
}

/* What a block holds; data is decoded, lists of blocks are as they are. Empty: broken. */
static Str read_block(PstFile *file, Arena *arena, uint64_t bid)
{
    const PstBlock *block = find_block(file, bid);
    if (!block || block->at > file->bytes.length || file->bytes.length - block->at < block->size ||
        file->work_left < (size_t)block->unpacked_size + 64)
        return STR_NONE;
    file->work_left -= (size_t)block->unpacked_size + 64;
    Str bytes = str_slice(file->bytes, (size_t)block->at, (size_t)block->at + block->size);
    if (block->unpacked_size != block->size)
        bytes = unpacked(arena, bytes, block->unpacked_size);
    if (bid & 2 || file->encoding == 0)
        return bytes;
    bytes = str_copy(arena, bytes);
    decode(file, (unsigned char *)(uintptr_t)bytes.at, bytes.length, (uint32_t)bid);
    return bytes;
}

/* [MS-PST] 2.2.2.8.3.2: XBLOCK (level 1) and XXBLOCK (level 2) list the blocks of long data. */
static void add_blocks(PstFile *file, Arena *arena, uint64_t bid, int level, PstPieces *pieces)
{
    Str bytes = read_block(file, arena, bid);
    if (!(bid & 2)) {
        pieces->size += bytes.length;
        if (bytes.length)
            *vec_push(arena, &pieces->list) = bytes;
        return;
    }
    size_t id = file->is_wide ? 8 : 4, count = le16_at(bytes, 2);
    if (bytes.length < 8 || bytes.at[0] != 1 || level <= 0)
        return;
    Str ids = str_from(bytes, 8);
    for (size_t i = 0; i < count && (i + 1) * id <= ids.length; i++)
        add_blocks(file, arena, id_at(file, ids, i), level - 1, pieces);
}

PstPieces pst_pieces(PstFile *file, Arena *arena, uint64_t bid)
{
    PstPieces pieces = { 0 };
    if (bid)
        add_blocks(file, arena, bid, 2, &pieces);
    return pieces;
}

Str pst_data(PstFile *file, Arena *arena, const PstNode *node, size_t max)
{
    PstPieces pieces = pst_pieces(file, arena, node->data);
    if (pieces.list.count == 1)
        return str_slice(pieces.list.at[0], 0, max);
    if (pieces.size > max)
        return STR_NONE;
    char *out = arena_alloc(arena, pieces.size + 1);
    size_t at = 0;
    for (size_t i = 0; i < pieces.list.count; i++) {
        memcpy(out + at, pieces.list.at[i].at, pieces.list.at[i].length);
        at += pieces.list.at[i].length;
    }
    return (Str){ out, at };
}

/* [MS-PST] 2.2.2.8.3.3: SLBLOCK (level 0) and SIBLOCK. */
static void add_sub_nodes(PstFile *file, Arena *arena, uint64_t bid, int level, PstNodes *nodes)
{
    Str bytes = read_block(file, arena, bid);
    size_t id = file->is_wide ? 8 : 4, count = le16_at(bytes, 2);
    if (bytes.length < 8 || bytes.at[0] != 2 || level < 0)
        return;
    bool is_leaf = bytes.at[1] == 0;
    Str rest = str_from(bytes, file->is_wide ? 8 : 4);
    size_t size = id * (is_leaf ? 3 : 2);
    for (size_t i = 0; i < count && (i + 1) * size <= rest.length; i++) {
        Str entry = str_slice(rest, i * size, (i + 1) * size);
        if (is_leaf)
            *vec_push(arena, &nodes->list) = (PstNode){ .nid = (uint32_t)id_at(file, entry, 0),
                                                        .data = id_at(file, entry, 1),
                                                        .sub = id_at(file, entry, 2) };
        else
            add_sub_nodes(file, arena, id_at(file, entry, 1), level - 1, nodes);
    }
}

PstNodes pst_sub_nodes(PstFile *file, Arena *arena, const PstNode *node)
{
    PstNodes nodes = { 0 };
    if (node->sub)
        add_sub_nodes(file, arena, node->sub, 1, &nodes);
    if (nodes.list.count)
        qsort(nodes.list.at, nodes.list.count, sizeof(PstNode), compare_nodes);
    return nodes;
}
