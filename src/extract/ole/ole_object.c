/* ole_object.c - see ole_object.h. */
#include "extract/ole/ole_object.h"

#include "extract/charset/encoding.h"
#include "extract/extractor.h"

static bool write_child(DocWriter *doc, Str name, Str bytes)
{
    if (bytes.length == 0 || !extractor_choose(bytes, name, STR_NONE))
        return false;
    doc_child(doc, name, STR_NONE, bytes);
    return true;
}

static bool read_in(OleFile *file, const OleEntry *storage, const char *name, Str *bytes_r)
{
    Error err;
    const OleEntry *entry = ole_find_in(file, storage, name);
    return entry && entry->is_stream && ole_read(file, entry, GB(1), bytes_r, &err);
}

static Str read_label(Str bytes, size_t *at)
{
    size_t start = *at;
    while (*at < bytes.length && bytes.at[*at] != '\0')
        ++*at;
    return str_slice(bytes, start, (*at)++);
}

/* Size, kind, label, path, two numbers, the path of the temporary file, and then the file. */
static bool write_native(Arena *arena, Str bytes, size_t at, Str name, DocWriter *doc)
{
    Str label = read_label(bytes, &at);
    read_label(bytes, &at);
    at += 4;
    at += 4 + (size_t)le32_at(bytes, at);
    size_t size = le32_at(bytes, at);
    Str inside = str_slice(bytes, at + 4, at + 4 + size);
    if (label.length && label.length < 255)
        name = text_decode(arena, label, STR_NONE, NULL);
    return write_child(doc, name, inside);
}

bool ole_write_object(OleFile *file, const OleEntry *storage, Str name, DocWriter *doc)
{
    Str bytes;
    if (read_in(file, storage, "Package", &bytes) || read_in(file, storage, "CONTENTS", &bytes))
        return write_child(doc, name, bytes);
    if (read_in(file, storage, "\1Ole10Native", &bytes))
        return write_native(file->arena, bytes, 6, name, doc);
    return !storage && write_child(doc, name, file->bytes);
}

bool ole_write_old_object(Str bytes, DocWriter *doc)
{
    enum { EMBEDDED = 2, NAME_MAX_LENGTH = 255 };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str class_name = STR_NONE;
    size_t at = 8;
    if (le32_at(bytes, 4) != EMBEDDED)
        return false;
    for (int i = 0; i < 3; i++) { /* class, topic, item: each with its length and a zero */
        size_t length = le32_at(bytes, at);
        if (length > bytes.length)
            return false;
        if (i == 0 && length > 0 && length <= NAME_MAX_LENGTH)
            class_name = str_slice(bytes, at + 4, at + 3 + length);
        at += 4 + length;
    }
    size_t size = le32_at(bytes, at);
    Str native = str_slice(bytes, at + 4, at + 4 + MIN(size, bytes.length));
    if (str_is(class_name, "Package"))
        return write_native(arena, native, 2, S("object"), doc);
    return write_child(doc, class_name.length ? class_name : S("object"), native);
}
