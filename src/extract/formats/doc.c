/* doc.c - Word 6, 95 and 97-2003 documents and templates, in OLE files or bare, and the text of
 * Word 2. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/ole/ole_object.h"
#include "extract/ole/ole_properties.h"
#include "extract/word/word_text.h"

static int doc_sniff(Str bytes)
{
    if (ole_is_file(bytes))
        return ole_holds(bytes, "WordDocument") ? 90 : 0;
    return word_is_header(bytes) ? 60 : 0;
}

/* Each object is a storage of the pool. */
static void write_objects(OleFile *ole, DocWriter *doc)
{
    const OleEntry *pool = ole_find(ole, "ObjectPool"), *object = NULL;
    size_t left_out = 0;
    while (pool && (object = ole_next_child(ole, pool, object)) && doc_writer_ok(doc))
        left_out += !object->is_stream && !ole_write_object(ole, object, object->name, doc);
    if (left_out) {
        char warning[100];
        snprintf(warning, sizeof warning, "%zu embedded object%s not read", left_out,
                 left_out == 1 ? " is" : "s are");
        doc_warning(doc, str(warning));
    }
}

/* 2.9.289: who saved the file and where to, the last ten times. */
static void write_saved_by(const WordFile *file, DocWriter *doc)
{
    Str rest = word_table(file, WORD_SAVED_BY), pair[2] = { STR_NONE, STR_NONE };
    size_t count = MIN(le16_at(rest, 2), 20);
    if (le16_at(rest, 0) != 0xFFFF)
        return;
    rest = str_from(rest, 6);
    for (size_t i = 0; i < count && rest.length >= 2; i++) {
        size_t size = (size_t)le16_at(rest, 0) * 2;
        pair[i % 2] = text_from_utf16(file->arena, str_slice(rest, 2, 2 + size));
        rest = str_from(rest, 2 + size);
        if (i % 2 == 1)
            doc_meta(
                doc, "saved_by",
                str_format(file->arena, STR_FMT ", " STR_FMT, STR_ARG(pair[0]), STR_ARG(pair[1])));
    }
}

static bool doc_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    bool is_ole = ole_is_file(source->bytes);
    OleFile ole;
    Str main = source->bytes;
    if (is_ole && (!ole_open(arena, source->bytes, &ole, err) ||
                   !ole_read_path(&ole, "WordDocument", source->bytes.length, &main, err)))
        return false;
    WordFile file;
    if (!word_open(arena, is_ole ? &ole : NULL, main, source->password, &file, err))
        return false;
    if (is_ole) {
        ole_write_meta(&ole, NULL, doc);
        if (ole_find(&ole, "Macros"))
            doc_warning(doc, S("macro code is not shown"));
    }
    write_saved_by(&file, doc);
    WordText text = { .file = &file,
                      .doc = doc,
                      .styles = word_styles_read(&file),
                      .lists = word_lists_read(&file) };
    word_write(&text);
    if (is_ole)
        write_objects(&ole, doc);
    return true;
}

const Extractor extractor_doc = {
    .name = "doc",
    .title = "Word document (up to 2003)",
    .extensions = LIST("doc", "dot"),
    .media_types = LIST("application/msword"),
    .sniff = doc_sniff,
    .extract = doc_extract,
};
