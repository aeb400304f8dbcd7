/* office_encrypted.c - Word, Excel and PowerPoint files behind a password: opened, then read as
 * what they are. */
#include "extract/extractor.h"
#include "extract/ole/office_crypto.h"

static const char *const media_types[] = { "application/x-ole-storage", NULL };

extern const Extractor extractor_office_encrypted;

static int office_encrypted_sniff(Str bytes) { return office_is_encrypted(bytes) ? 95 : 0; }

static bool office_encrypted_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2));
    ExtractSource inner = *source;
    if (!office_decrypt(arena, source->bytes, source->password, &inner.bytes, err)) {
        (void)doc_format(doc, extractor_office_encrypted.name, media_types[0]);
        return false;
    }
    const Extractor *extractor = extractor_choose(inner.bytes, source->name, STR_NONE);
    if (!extractor || office_is_encrypted(inner.bytes))
        return fail(err, ERROR_DAMAGED, "the encrypted Office file holds no document");
    if (!doc_format(doc, extractor->name, extractor->media_types[0]))
        return doc_writer_end(doc, err);
    doc_meta(doc, "encryption", S("AES"));
    return extractor->extract(&inner, doc, err);
}

const Extractor extractor_office_encrypted = {
    .name = "office_encrypted",
    .title = "Office file with a password",
    .extensions = LIST("docx", "xlsx", "pptx"),
    .media_types = media_types,
    .names_inner = true,
    .sniff = office_encrypted_sniff,
    .extract = office_encrypted_extract,
};
