/* rar5_list.c - see rar5_list.h. */
#include "extract/archive/rar5_list.h"

enum {
    BLOCK_FILE = 2,
    HAS_EXTRA = 1,
    HAS_DATA = 2,
    FILE_IS_FOLDER = 1,
    FILE_HAS_TIME = 2,
    FILE_HAS_SUM = 4,
    EXTRA_ENCRYPTION = 1,
    FILES_MAX = 100000,
};

/* Seven bits a byte, the lowest first. Zero at the end of the bytes. */
static uint64_t take_number(Str *rest)
{
    uint64_t number = 0;
    for (int shift = 0; shift < 63 && rest->length; shift += 7) {
        uint8_t byte = (uint8_t)rest->at[0];
        *rest = str_from(*rest, 1);
        number |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            break;
    }
    return number;
}

/* The next block's header and its type and flags; *rest moves behind its data. */
static bool take_block(Str *rest, Str *header_r, uint64_t *type_r, uint64_t *extra_r)
{
    Str at = str_from(*rest, 4);
    uint64_t size = take_number(&at);
    if (size == 0 || size > at.length)
        return false;
    Str header = str_slice(at, 0, (size_t)size);
    at = str_from(at, (size_t)size);
    *type_r = take_number(&header);
    uint64_t flags = take_number(&header);
    *extra_r = flags & HAS_EXTRA ? take_number(&header) : 0;
    uint64_t data = flags & HAS_DATA ? take_number(&header) : 0;
    *header_r = header;
    *rest = data < at.length ? str_from(at, (size_t)data) : STR_NONE;
    return true;
}

static bool is_encrypted(Str header, uint64_t extra_size)
{
    Str extra = extra_size < header.length ? str_from(header, header.length - (size_t)extra_size)
                                           : STR_NONE;
    while (extra.length) {
        uint64_t size = take_number(&extra);
        Str record = str_slice(extra, 0, (size_t)MIN(size, extra.length));
        if (take_number(&record) == EXTRA_ENCRYPTION)
            return true;
        extra = size && size < extra.length ? str_from(extra, (size_t)size) : STR_NONE;
    }
    return false;
}

static MemberRow read_file(Str header, uint64_t extra_size)
{
    MemberRow row = { .is_size_known = true, .is_encrypted = is_encrypted(header, extra_size) };
    uint64_t flags = take_number(&header);
    row.kind = flags & FILE_IS_FOLDER ? MEMBER_FOLDER : MEMBER_FILE;
    row.size = take_number(&header);
    take_number(&header); /* attributes */
    header = str_from(header, (flags & FILE_HAS_TIME ? 4 : 0) + (flags & FILE_HAS_SUM ? 4 : 0));
    take_number(&header); /* method */
    take_number(&header); /* system */
    uint64_t length = take_number(&header);
    row.name = str_slice(header, 0, (size_t)MIN(length, header.length));
    return row;
}

/* Visits the files; `members` NULL only counts the encrypted ones. */
static size_t visit(Str bytes, Members *members, bool is_list)
{
    Error why = { 0 };
    Str rest = str_from(bytes, 8), header;
    uint64_t type, extra;
    size_t count = 0;
    fail(&why, ERROR_ENCRYPTED, "it is in an encrypted RAR archive, which is not read");
    for (int i = 0; i < FILES_MAX && take_block(&rest, &header, &type, &extra); i++) {
        if (type != BLOCK_FILE)
            continue;
        MemberRow row = read_file(header, extra);
        count += row.is_encrypted;
        if (members && is_list)
            members_row(members, &row);
        else if (members && row.kind == MEMBER_FILE)
            members_failed(members, row.name, &why);
    }
    return count;
}

bool rar5_list_encrypted(const ExtractSource *source, Members *members)
{
    if (!str_starts(source->bytes, S("Rar!\x1A\x07\x01\0")) || !visit(source->bytes, NULL, false))
        return false;
    visit(source->bytes, members, true);
    members_list_end(members);
    visit(source->bytes, members, false);
    return true;
}
