/* word_file.c - see word_file.h; section numbers are of [MS-DOC]. */
#include "extract/word/word_file.h"

#include "extract/charset/encoding.h"
#include "extract/ole/ole_crypto.h"

enum {
    MAGIC_97 = 0xA5EC,
    MAGIC_6 = 0xA5DC,
    MAGIC_2 = 0xA5DB,
    VERSION_2 = 0x2D,
    VERSION_97 = 0x00C1,
    HEADER_CLEAR = 0x44, /* 2.2.6: the first bytes of the main stream are never encrypted */
    CRYPT_BLOCK = 512,
    PIECES_MAX = 1 << 20,
    STREAM_MAX = 1 << 30,
};

/* 2.5.2 */
enum {
    FLAG_FAST_SAVED = 0x0004,
    FLAG_ENCRYPTED = 0x0100,
    FLAG_TABLE_1 = 0x0200,
    FLAG_XOR = 0x8000
};

bool word_is_header(Str main)
{
    uint16_t magic = le16_at(main, 0), version = le16_at(main, 2);
    return main.length >= 0x200 &&
           ((magic == MAGIC_97 && version >= 0x5A) || (magic == MAGIC_6 && version >= 0x5A) ||
            (magic == MAGIC_2 && version == VERSION_2));
}

/* --- Encryption, 2.2.6 --- */

typedef struct Lock {
    bool is_xor;
    OleXor xor_key;
    OleCipher cipher;
} Lock;

static Str unlock(Arena *arena, const Lock *lock, Str bytes, size_t clear)
{
    unsigned char *copy = arena_alloc(arena, bytes.length + 1);
    if (bytes.length)
        memcpy(copy, bytes.at, bytes.length);
    if (bytes.length > clear && lock->is_xor)
        ole_xor_apply_word(&lock->xor_key, clear, copy + clear, bytes.length - clear);
    else if (bytes.length > clear)
        ole_cipher_apply(&lock->cipher, CRYPT_BLOCK, clear, copy + clear, bytes.length - clear);
    return (Str){ (const char *)copy, bytes.length };
}

static bool decrypt(WordFile *file, uint16_t flags, Str password, Error *err)
{
    Lock lock = { .is_xor = file->is_old || flags & FLAG_XOR };
    uint32_t key = le32_at(file->main, 0x0E);
    size_t header = 0;
    if (lock.is_xor) {
        bool is_right =
            ole_xor_open(password, &lock.xor_key) &&
            (file->is_old
                 ? lock.xor_key.verifier == (key & 0xFFFF) || lock.xor_key.verifier == key >> 16
                 : key == ((uint32_t)lock.xor_key.key << 16 | lock.xor_key.verifier));
        if (!is_right)
            return ole_fail_password(password, err);
    } else {
        header = MIN((size_t)key, file->tables.length);
        if (!ole_cipher_open(str_slice(file->tables, 0, header), password, &lock.cipher, err))
            return false;
    }
    bool is_one = file->tables.at == file->main.at;
    file->main = unlock(file->arena, &lock, file->main, HEADER_CLEAR);
    file->tables = is_one ? file->main : unlock(file->arena, &lock, file->tables, header);
    file->data = unlock(file->arena, &lock, file->data, 0);
    return true;
}

/* --- The header --- */

/* The code page of a language (LCID), for text of eight bits. */
static int codepage_of_language(uint16_t language)
{
    static const struct {
        unsigned char primary;
        int codepage;
    } pages[] = { { 0x01, 1256 }, { 0x02, 1251 }, { 0x05, 1250 }, { 0x08, 1253 }, { 0x0D, 1255 },
                  { 0x0E, 1250 }, { 0x11, 932 },  { 0x12, 949 },  { 0x15, 1250 }, { 0x18, 1250 },
                  { 0x19, 1251 }, { 0x1A, 1250 }, { 0x1B, 1250 }, { 0x1C, 1250 }, { 0x1E, 874 },
                  { 0x1F, 1254 }, { 0x20, 1256 }, { 0x22, 1251 }, { 0x23, 1251 }, { 0x24, 1250 },
                  { 0x25, 1257 }, { 0x26, 1257 }, { 0x27, 1257 }, { 0x29, 1256 }, { 0x2A, 1258 },
                  { 0x2F, 1251 } };
    if ((language & 0x3FF) == 0x04) /* Chinese: simplified in China and Singapore */
        return language == 0x0804 || language == 0x1004 ? 936 : 950;
    for (size_t i = 0; i < COUNT(pages); i++)
        if (pages[i].primary == (language & 0x3FF))
            return pages[i].codepage;
    return 1252;
}

static void read_counts(WordFile *file)
{
    size_t at = file->is_old ? 0x34 : 0x4C;
    uint32_t start = 0;
    for (int i = 0; i < STORY_COUNT; i++) {
        uint32_t count = le32_at(file->main, at + (size_t)i * 4);
        file->starts[i] = start;
        start += MIN(count, (uint32_t)STREAM_MAX - start);
    }
    file->starts[STORY_COUNT] = start;
}

Str word_table(const WordFile *file, WordTable table)
{
    /* Word 6 has the same pairs at other places, and none of the later ones. Those of Word 2 have
     * other contents, which were never published: only its text is read. */
    size_t index = (size_t)table, at = 0x9A + index * 8;
    if (file->version == VERSION_2)
        return STR_NONE;
    if (file->is_old) {
        if (index > WORD_BOX_TEXTS)
            return STR_NONE;
        at = index < 38 ? 0x58 + index * 8 : 0x192 + (index - 38) * 8;
    }
    size_t start = le32_at(file->main, at), length = le32_at(file->main, at + 4);
    if (length > STREAM_MAX || start >= file->tables.length)
        return STR_NONE;
    return str_slice(file->tables, start, start + length);
}

/* --- Pieces, 2.8.35 and 2.9.38 --- */

static void add_piece(WordFile *file, uint32_t cp, uint32_t end, Str data)
{
    uint32_t position = le32_at(data, 2);
    WordPiece piece = { .cp = cp, .end = end, .modifier = le16_at(data, 6), .at = position };
    size_t width = 2;
    if (file->is_old) {
        piece.is_narrow = true;
    } else if (position & 0x40000000) { /* 2.9.73 */
        piece.is_narrow = true;
        piece.at = (position & 0x3FFFFFFF) / 2;
    } else {
        piece.at = position & 0x3FFFFFFF;
    }
    if (piece.is_narrow)
        width = 1;
    size_t room = piece.at < file->main.length ? (file->main.length - piece.at) / width : 0;
    if (piece.end - piece.cp > room)
        piece.end = piece.cp + (uint32_t)room;
    if (piece.end > piece.cp)
        *vec_push(file->arena, &file->pieces) = piece;
}

static void read_pieces(WordFile *file)
{
    Str rest = word_table(file, WORD_PIECES);
    while (rest.length > 3 && rest.at[0] == 1) {
        size_t size = le16_at(rest, 1);
        if (file->modifiers.count < PIECES_MAX)
            *vec_push(file->arena, &file->modifiers) = str_slice(rest, 3, 3 + size);
        rest = str_from(rest, 3 + size);
    }
    if (rest.length < 5 || rest.at[0] != 2)
        return;
    size_t size = le32_at(rest, 1);
    WordPlc plc = word_plc(str_slice(rest, 5, 5 + MIN(size, rest.length)), 8);
    uint32_t cp = 0;
    for (size_t i = 0; i < plc.count && i < PIECES_MAX; i++) {
        uint32_t end = word_plc_cp(&plc, i + 1);
        /* They must rise, so that no text is shown twice. */
        if (word_plc_cp(&plc, i) < cp || end <= word_plc_cp(&plc, i) || end > STREAM_MAX)
            continue;
        add_piece(file, word_plc_cp(&plc, i), end, word_plc_data(&plc, i));
        cp = end;
    }
}

/* Without a table the text is one piece (Word 6 when it was not saved fast). */
static void add_only_piece(WordFile *file)
{
    size_t start = le32_at(file->main, 0x18), end = le32_at(file->main, 0x1C);
    if (start >= end || start >= file->main.length)
        return;
    end = MIN(end, file->main.length);
    WordPiece piece = { .at = start, .is_narrow = true, .end = (uint32_t)(end - start) };
    if (!file->is_old && file->starts[STORY_COUNT] &&
        end - start >= file->starts[STORY_COUNT] * 2) {
        piece.is_narrow = false;
        piece.end /= 2;
    }
    *vec_push(file->arena, &file->pieces) = piece;
}

size_t word_piece_of(const WordFile *file, uint32_t cp)
{
    size_t low = 0, high = file->pieces.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (file->pieces.at[middle].end <= cp)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- Opening --- */

static void read_stream(OleFile *ole, const char *name, Str *stream_r)
{
    Error err;
    if (!ole || !ole_read_path(ole, name, STREAM_MAX, stream_r, &err))
        *stream_r = STR_NONE;
}

bool word_open(Arena *arena, OleFile *ole, Str main, Str password, WordFile *file_r, Error *err)
{
    if (!word_is_header(main))
        return fail(err, ERROR_DAMAGED, "the Word file has no header");
    uint16_t flags = le16_at(main, 0x0A);
    if (le16_at(main, 0) == MAGIC_2 && flags & FLAG_ENCRYPTED)
        return fail(err, ERROR_ENCRYPTED, "the password of Word 2 cannot be opened");
    if (le16_at(main, 0) == MAGIC_2 && flags & FLAG_FAST_SAVED)
        return fail(err, ERROR_UNSUPPORTED,
                    "the Word 2 document was saved fast, so the order of its text is not known: "
                    "save it again in a newer Word");
    WordFile file = { .arena = arena, .main = main, .version = le16_at(main, 2) };
    file.is_old = le16_at(main, 0) != MAGIC_97 || file.version < VERSION_97;
    file.charset = charset_of_codepage(codepage_of_language(le16_at(main, 6)));
    if (!file.is_old) {
        file.charset = "windows-1252"; /* 2.9.73: whatever the language */
        read_stream(ole, flags & FLAG_TABLE_1 ? "1Table" : "0Table", &file.tables);
        read_stream(ole, "Data", &file.data);
    } else {
        file.tables = main;
    }
    if (flags & FLAG_ENCRYPTED && !decrypt(&file, flags, password, err))
        return false;
    read_counts(&file);
    read_pieces(&file);
    if (file.pieces.count == 0)
        add_only_piece(&file);
    if (file.pieces.count == 0)
        return fail(err, ERROR_DAMAGED, "the Word file has no text that could be found");
    uint32_t last = file.pieces.at[file.pieces.count - 1].end;
    for (int i = 0; i <= STORY_COUNT; i++)
        file.starts[i] = MIN(file.starts[i], last);
    if (file.starts[STORY_COUNT] == 0)
        for (int i = 1; i <= STORY_COUNT; i++)
            file.starts[i] = last; /* a header without counts: all is main text */
    *file_r = file;
    return true;
}

/* --- PLCs --- */

WordPlc word_plc(Str bytes, size_t data_size)
{
    size_t count = bytes.length >= 4 ? (bytes.length - 4) / (4 + data_size) : 0;
    return (WordPlc){ bytes, count, data_size };
}

uint32_t word_plc_cp(const WordPlc *plc, size_t i) { return le32_at(plc->bytes, i * 4); }

Str word_plc_data(const WordPlc *plc, size_t i)
{
    size_t at = (plc->count + 1) * 4 + i * plc->data_size;
    return str_slice(plc->bytes, at, at + plc->data_size);
}

/* --- Property lists --- */

enum {
    SPRM_CHANGE_TABS = 0xC615,
    SPRM_TABLE_ROW = 0xD608,
    VARIABLE = 0xFF,
    VARIABLE_2 = 0xFE,
};

/* Word 6: sizes of operands by code, and what the ones used here are called since. */
static const struct {
    unsigned char first, last, size;
} old_sizes[] = {
    { 2, 2, 2 },
    { 3, 3, VARIABLE },
    { 4, 11, 1 },
    { 12, 12, VARIABLE },
    { 13, 14, 1 },
    { 15, 15, VARIABLE },
    { 16, 19, 2 },
    { 20, 20, 4 },
    { 21, 22, 2 },
    { 23, 23, VARIABLE },
    { 24, 25, 1 },
    { 26, 28, 2 },
    { 29, 29, 1 },
    { 30, 36, 2 },
    { 37, 37, 1 },
    { 38, 43, 2 },
    { 44, 44, 1 },
    { 45, 49, 2 },
    { 50, 51, 1 },
    { 52, 52, VARIABLE },
    { 64, 67, 1 },
    { 68, 68, VARIABLE },
    { 69, 69, 2 },
    { 70, 70, 4 },
    { 71, 71, 1 },
    { 72, 72, 2 },
    { 73, 73, 3 },
    { 74, 74, VARIABLE },
    { 75, 75, 1 },
    { 77, 77, VARIABLE },
    { 80, 80, 2 },
    { 81, 82, VARIABLE },
    { 83, 83, 0 },
    { 85, 92, 1 },
    { 93, 93, 2 },
    { 94, 94, 1 },
    { 95, 95, 3 },
    { 96, 97, 2 },
    { 98, 98, 1 },
    { 99, 99, 2 },
    { 100, 100, 1 },
    { 101, 101, 2 },
    { 102, 102, 1 },
    { 103, 103, VARIABLE },
    { 104, 104, 1 },
    { 105, 106, VARIABLE },
    { 107, 107, 2 },
    { 108, 108, VARIABLE },
    { 109, 110, 2 },
    { 117, 119, 1 },
    { 120, 120, VARIABLE },
    { 182, 184, 2 },
    { 185, 186, 1 },
    { 187, 187, 12 },
    { 188, 188, VARIABLE_2 },
    { 189, 189, 2 },
    { 190, 190, VARIABLE_2 },
    { 191, 191, VARIABLE },
    { 192, 192, 4 },
    { 193, 193, 5 },
    { 194, 194, 4 },
    { 195, 195, 2 },
    { 196, 196, 4 },
    { 197, 198, 2 },
    { 199, 199, 5 },
    { 200, 200, 4 },
};
static const struct {
    unsigned char old;
    uint16_t code;
} old_codes[] = {
    { 2, 0x4600 },  { 24, 0x2416 }, { 25, 0x2417 },  { 65, 0x0800 },  { 66, 0x0801 },
    { 68, 0x6A03 }, { 71, 0x0806 }, { 74, 0x6A09 },  { 75, 0x080A },  { 80, 0x4A30 },
    { 92, 0x083C }, { 93, 0x4A4F }, { 117, 0x0855 }, { 186, 0x3404 }, { 190, 0xD608 }
};

static bool next_old_sprm(Str *list, WordSprm *sprm_r)
{
    unsigned char code = (unsigned char)list->at[0];
    size_t size = SIZE_MAX, head = 1;
    for (size_t i = 0; i < COUNT(old_sizes); i++)
        if (code >= old_sizes[i].first && code <= old_sizes[i].last)
            size = old_sizes[i].size;
    if (size == VARIABLE) {
        size = list->length > 1 ? (unsigned char)list->at[1] : 0;
        head = 2;
    } else if (size == VARIABLE_2) {
        size = MAX(1, le16_at(*list, 1)) - 1u;
        head = 3;
    }
    if (size > list->length - MIN(head, list->length))
        return false; /* an unknown code, or the padding after the last */
    *sprm_r = (WordSprm){ .operand = str_slice(*list, head, head + size) };
    for (size_t i = 0; i < COUNT(old_codes); i++)
        if (old_codes[i].old == code)
            sprm_r->code = old_codes[i].code;
    *list = str_from(*list, head + size);
    return true;
}

/* 2.2.5.1: the size of an operand is in the code's top three bits. */
static bool next_new_sprm(Str *list, WordSprm *sprm_r)
{
    static const unsigned char sizes[8] = { 1, 1, 2, 4, 2, 2, VARIABLE, 3 };
    uint16_t code = le16_at(*list, 0);
    size_t head = 2, size = sizes[code >> 13];
    if (list->length < 3)
        return false;
    if (code == SPRM_TABLE_ROW) {
        size = MAX(1, le16_at(*list, 2)) - 1u;
        head = 4;
    } else if (size == VARIABLE) {
        size = (unsigned char)list->at[2];
        head = 3;
        if (code == SPRM_CHANGE_TABS && size == 255) { /* 2.9.182: counted by its own lists */
            size_t deleted = list->length > 3 ? (unsigned char)list->at[3] : 0;
            size_t added_at = 4 + deleted * 4;
            size_t added = added_at < list->length ? (unsigned char)list->at[added_at] : 0;
            size = 2 + deleted * 4 + added * 3;
        }
    }
    if (size > list->length - MIN(head, list->length))
        return false;
    *sprm_r = (WordSprm){ code, str_slice(*list, head, head + size) };
    *list = str_from(*list, head + size);
    return true;
}

bool word_next_sprm(const WordFile *file, Str *list, WordSprm *sprm_r)
{
    if (list->length < 2)
        return false;
    return file->is_old ? next_old_sprm(list, sprm_r) : next_new_sprm(list, sprm_r);
}
