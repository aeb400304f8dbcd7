/* ppt_records.c - see ppt_records.h; section numbers are of [MS-PPT]. */
#include "extract/slide/ppt_records.h"

#include <zlib.h>

#include "base/utf8.h"
#include "extract/charset/encoding.h"
#include "extract/ole/ole_crypto.h"

enum { HEADER = 8, OBJECTS_MAX = 1 << 20, EDITS_MAX = 10000 };

bool ppt_record(Str bytes, size_t at, PptRecord *record_r)
{
    if (at > bytes.length || bytes.length - at < HEADER)
        return false;
    unsigned kind = le16_at(bytes, at);
    size_t start = at + HEADER, size = MIN((size_t)le32_at(bytes, at + 4), bytes.length - start);
    *record_r = (PptRecord){ .version = kind & 15,
                             .instance = (int)(kind >> 4),
                             .type = le16_at(bytes, at + 2),
                             .data = str_slice(bytes, start, start + size),
                             .end = start + size };
    return true;
}

bool ppt_next(Str *rest, PptRecord *record_r)
{
    if (!ppt_record(*rest, 0, record_r))
        return false;
    *rest = str_from(*rest, record_r->end);
    return true;
}

bool ppt_child(Str container, int type, int instance, PptRecord *record_r)
{
    for (PptRecord record; ppt_next(&container, &record);)
        if (record.type == type && (instance < 0 || record.instance == instance)) {
            *record_r = record;
            return true;
        }
    return false;
}

/* --- Texts --- */

/* 2.9.42, 2.9.44: bytes are the low halves of UTF-16 units. */
Str ppt_text(Arena *arena, const PptRecord *atom)
{
    Buf out = buf_new(arena, atom->data.length * 2 + 16);
    if (atom->type == PPT_TEXT_BYTES) {
        for (size_t i = 0; i < atom->data.length; i++)
            buf_add_utf8(&out, (unsigned char)atom->data.at[i]);
    } else {
        buf_add(&out, text_from_utf16(arena, atom->data));
    }
    for (size_t i = 0; i < out.length; i++)
        if (out.at[i] == '\r')
            out.at[i] = '\n';
    return buf_str(&out);
}

Str ppt_child_text(Arena *arena, Str container, int instance)
{
    PptRecord record;
    return ppt_child(container, PPT_STRING, instance, &record) ? ppt_text(arena, &record)
                                                               : STR_NONE;
}

/* --- The directory (2.1.2) --- */

/* 2.3.4: runs of ids with the positions of their objects. */
static void add_positions(PptFile *file, Str data)
{
    for (size_t at = 0; at + 4 <= data.length;) {
        uint32_t run = le32_at(data, at), id = run & 0xFFFFF, count = run >> 20;
        at += 4;
        for (; count > 0 && at + 4 <= data.length; count--, id++, at += 4) {
            if (id >= OBJECTS_MAX)
                continue;
            while (file->positions.count <= id)
                *vec_push(file->arena, &file->positions) = 0;
            if (file->positions.at[id] == 0) /* a newer edit came before */
                file->positions.at[id] = le32_at(data, at) + 1;
        }
    }
}

/* The position of the newest edit; the last in the stream when nothing says so. */
static size_t newest_edit(const PptFile *file, Str current_user)
{
    enum { SAID_AT = 16 };
    PptRecord record;
    size_t at = le32_at(current_user, SAID_AT), found = 0;
    if (at > 0 && ppt_record(file->stream, at, &record) && record.type == PPT_USER_EDIT)
        return at;
    for (at = 0; ppt_record(file->stream, at, &record); at = record.end)
        if (record.type == PPT_USER_EDIT)
            found = at;
    return found;
}

/* 2.3.3 */
static bool read_edits(PptFile *file, size_t at, uint32_t *session_r)
{
    PptRecord edit, directory;
    for (int i = 0; i < EDITS_MAX; i++) {
        if (!ppt_record(file->stream, at, &edit) || edit.type != PPT_USER_EDIT)
            break;
        if (i == 0) {
            file->document = le32_at(edit.data, 16);
            *session_r = edit.data.length >= 32 ? le32_at(edit.data, 28) : 0;
        }
        if (ppt_record(file->stream, le32_at(edit.data, 12), &directory) &&
            directory.type == PPT_PERSIST_DIRECTORY)
            add_positions(file, directory.data);
        size_t older = le32_at(edit.data, 8);
        if (older == 0 || older >= at)
            break;
        at = older;
    }
    return file->positions.count > 0;
}

/* Without a directory the objects are numbered as they come. */
static void find_objects(PptFile *file)
{
    PptRecord record;
    *vec_push(file->arena, &file->positions) = 0;
    for (size_t at = 0;
         ppt_record(file->stream, at, &record) && file->positions.count < OBJECTS_MAX;
         at = record.end) {
        if (record.type == PPT_DOCUMENT)
            file->document = (uint32_t)file->positions.count;
        if (record.version == PPT_CONTAINER)
            *vec_push(file->arena, &file->positions) = (uint32_t)at + 1;
    }
}

/* --- Passwords (2.3.7) --- */

/* Each object is a block of its own, its header included. */
static size_t decrypt_object(const OleCipher *cipher, uint32_t id, size_t at, char *bytes,
                             size_t length)
{
    OleRc4 rc4;
    if (length - at < HEADER)
        return 0;
    ole_cipher_block(cipher, id, &rc4);
    ole_rc4_apply(&rc4, (unsigned char *)bytes + at, HEADER);
    size_t size = MIN((size_t)le32_at((Str){ bytes, length }, at + 4), length - at - HEADER);
    ole_rc4_apply(&rc4, (unsigned char *)bytes + at + HEADER, size);
    return size;
}

static bool decrypt(PptFile *file, uint32_t session, Str password, Error *err)
{
    PptRecord record;
    OleCipher cipher;
    Error first;
    if (!ppt_object(file, session, &record) || record.type != PPT_CRYPT_SESSION)
        return fail(err, ERROR_ENCRYPTED, "the presentation is protected in an unknown way");
    /* What PowerPoint takes when a file is only protected against changes. */
    if (!ole_cipher_open(record.data, password, &cipher, err) &&
        !ole_cipher_open(record.data, S("/01Hannes Ruescher/01"), &cipher, &first))
        return false;
    char *bytes = str_c(file->arena, file->stream);
    /* An object that two ids share must not be decrypted twice. */
    size_t length = file->stream.length, done_bytes = length / 8 + 1;
    unsigned char *done = arena_alloc(file->arena, done_bytes);
    /* Objects do not overlap in a sound file. */
    size_t left = length * 2;
    for (size_t id = 1; id < file->positions.count && left > 0; id++) {
        size_t at = (size_t)file->positions.at[id] - 1; /* none: past every end */
        if (id == session || at >= length || (done[at / 8] & (1 << (at % 8))))
            continue;
        done[at / 8] |= (unsigned char)(1 << (at % 8));
        size_t size = decrypt_object(&cipher, (uint32_t)id, at, bytes, length);
        left -= MIN(left, size);
    }
    file->stream = (Str){ bytes, length };
    return true;
}

bool ppt_open(PptFile *file, Str current_user, Str password, Error *err)
{
    PptRecord record;
    uint32_t session = 0;
    if (!ppt_record(file->stream, 0, &record))
        return fail(err, ERROR_DAMAGED, "the presentation is empty");
    if (!read_edits(file, newest_edit(file, current_user), &session)) {
        session = 0;
        find_objects(file);
    }
    return session == 0 || decrypt(file, session, password, err);
}

bool ppt_object(const PptFile *file, uint32_t id, PptRecord *record_r)
{
    return id < file->positions.count && file->positions.at[id] != 0 &&
           ppt_record(file->stream, file->positions.at[id] - 1, record_r);
}

Str ppt_unpack(Arena *arena, const PptRecord *storage)
{
    enum { RATIO_MAX = 1032 }; /* of deflate */
    if (storage->instance == 0)
        return storage->data;
    uLongf size = le32_at(storage->data, 0);
    Str packed = str_from(storage->data, 4);
    if (size == 0 || size > GB(1) || size / RATIO_MAX > packed.length)
        return STR_NONE;
    unsigned char *bytes = arena_alloc(arena, size);
    int status = uncompress(bytes, &size, (const Bytef *)packed.at, packed.length);
    return status == Z_OK ? (Str){ (const char *)bytes, size } : STR_NONE;
}
