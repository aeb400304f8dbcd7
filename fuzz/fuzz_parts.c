/* fuzz_parts.c - any bytes through one reader that formats share, named in FORMAT (one of
 * parts.def). With FORMAT=list the program prints them. */
#include <openssl/evp.h>

#include "extract/archive/bcj2.h"
#include "extract/archive/inflate64.h"
#include "extract/archive/lzx.h"
#include "extract/archive/rar5_list.h"
#include "extract/archive/seven_zip.h"
#include "extract/archive/zip_shrink.h"
#include "extract/archive/zip_unpack.h"
#include "extract/charset/charset_guess.h"
#include "extract/charset/encoding.h"
#include "extract/djvu/djvu_page.h"
#include "extract/extractor.h"
#include "extract/file_kind.h"
#include "extract/formats/mime.h"
#include "extract/iwork/iwork.h"
#include "extract/odf/odf.h"
#include "extract/ole/ole_crypto.h"
#include "extract/ole/ole_properties.h"
#include "extract/outlook/mapi_rtf.h"
#include "extract/picture/exif.h"
#include "extract/picture/iptc.h"
#include "extract/picture/picture_files.h"
#include "extract/picture/xmp.h"
#include "extract/preload.h"
#include "extract/sheet/number_format.h"
#include "extract/word/rtf_text.h"

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

typedef struct Test {
    Arena *arena;
    DocWriter *doc;
    ExtractSource source;
} Test;

static volatile size_t seen; /* that what is read is used */

static void read_facts(void read(Str, PictureFacts *), const Test *test)
{
    PictureFacts facts = { .arena = test->arena };
    read(test->source.bytes, &facts);
}

static void part_exif(const Test *test) { read_facts(exif_read, test); }
static void part_iptc(const Test *test) { read_facts(iptc_read, test); }
static void part_photoshop(const Test *test) { read_facts(photoshop_resources_read, test); }
static void part_xmp(const Test *test) { read_facts(xmp_read, test); }

static void part_picture_facts(const Test *test)
{
    PictureFacts facts = { .arena = test->arena };
    const PictureFile *file = picture_file_find(test->source.bytes);
    if (file && file->facts(test->source.bytes, &facts) && (facts.width <= 0 || facts.height <= 0))
        abort();
}

static void part_ole_file(const Test *test)
{
    OleFile file;
    Error err;
    Str bytes;
    if (!ole_open(test->arena, test->source.bytes, &file, &err))
        return;
    for (size_t i = 0; i < file.entries.count; i++) {
        const OleEntry *entry = &file.entries.at[i];
        seen += str_hash(entry->path);
        if (entry->is_stream && ole_read(&file, entry, MB(1), &bytes, &err))
            seen += str_hash(bytes);
        for (const OleEntry *child = ole_next_child(&file, entry, NULL); child;
             child = ole_next_child(&file, entry, child))
            seen += child->size;
    }
    ole_write_meta(&file, &file.entries.at[0], test->doc);
}

static void part_ole_properties(const Test *test)
{
    ole_write_properties(test->source.bytes, test->doc);
}

static void part_ole_cipher(const Test *test)
{
    OleCipher cipher;
    Error err;
    unsigned char bytes[100] = { 0 };
    if (ole_cipher_open(test->source.bytes, S("password"), &cipher, &err))
        ole_cipher_apply(&cipher, 512, 500, bytes, sizeof bytes);
}

static const char *take_base64(const Test *test, Str *rest, size_t length)
{
    Str bytes = str_slice(*rest, 0, length);
    char *text = arena_alloc(test->arena, bytes.length * 2 + 8);
    *rest = str_from(*rest, bytes.length);
    EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)bytes.at, (int)bytes.length);
    return text;
}

/* The first bytes say what the manifest says, so that sizes and methods meet in every way; the part
 * follows. Keys that take long to make are left to the limits. */
static void part_odf_crypto(const Test *test)
{
    static const char *const ciphers[] = { "aes256-cbc", "aes256-gcm", "Blowfish CFB", "?" };
    static const char *const keys[] = { "PBKDF2", "argon2id" };
    const unsigned char *say = (const unsigned char *)test->source.bytes.at;
    OdfPackage package = { .arena = test->arena,
                           .password = S("password"),
                           .locks = map_new(test->arena) };
    Error err;
    Str bytes, rest = str_from(test->source.bytes, 8);
    if (test->source.bytes.length < 8)
        return;
    const char *checksum = take_base64(test, &rest, say[3] % 65);
    const char *iv = take_base64(test, &rest, say[4] % 20);
    const char *salt = take_base64(test, &rest, say[5] % 65);
    Str manifest =
        str_format(test->arena,
                   "<m><file-entry full-path='a'><encryption-data checksum-type='%s' checksum='%s'>"
                   "<algorithm algorithm-name='%s' initialisation-vector='%s'/>"
                   "<key-derivation key-derivation-name='%s' key-size='%d' iteration-count='%d' "
                   "argon2-iterations='%d' argon2-memory='%d' argon2-lanes='%d' salt='%s'/>"
                   "</encryption-data></file-entry></m>",
                   say[0] & 1 ? "sha256-1k" : "SHA1/1K", checksum, ciphers[say[1] % COUNT(ciphers)],
                   iv, keys[say[2] % COUNT(keys)], say[6] % 5 * 8, say[7], say[7] % 4, say[6] * 2,
                   say[7] % 5, salt);
    if (!odf_read_locks(&package, manifest, &err))
        return;
    const MapEntry *entry = map_find(&package.locks, S("a"));
    if (entry && odf_unlock(&package, entry->pointer, test->arena, rest, MB(1), &bytes, &err))
        seen += str_hash(bytes);
}

/* The one part of Pages, Numbers and Keynote until 2009. */
static void part_iwork_xml(const Test *test)
{
    Error err;
    seen += iwork_xml_write(test->source.bytes, test->doc, &err);
}

static void part_iwork_lock(const Test *test)
{
    Error err;
    Str key, bytes = test->source.bytes;
    if (iwork_key(test->arena, bytes, S("password"), STR_NONE, &key, &err))
        seen += str_hash(key);
    seen += str_hash(iwork_decrypt(test->arena, str_slice(S("sixteen bytes..."), 0, 16), bytes));
}

static void part_rtf_text(const Test *test)
{
    Error err;
    Str rtf;
    rtf_write(test->source.bytes, test->doc);
    seen += str_hash(rtf_html(test->arena, test->source.bytes));
    if (rtf_decompress(test->arena, test->source.bytes, MB(1), &rtf, &err))
        seen += str_hash(rtf);
}

static void part_mapi_rtf(const Test *test)
{
    seen += str_hash(mapi_rtf_text(test->arena, test->source.bytes));
}

static void read_entries(const Test *test, ZipDirectory *directory, bool unpacks)
{
    AUTO_MEMBERS Members members;
    members_begin(&members, &test->source, test->doc);
    ZipUnpacker unpacker = { &members, test->source.bytes, .password = S("password") };
    for (size_t i = 0; i < directory->entries.count && i < 20; i++) {
        Str bytes = STR_NONE;
        Error err;
        bool changed;
        const ZipEntry *entry = &directory->entries.at[i];
        seen += str_hash(zip_safe_path(test->arena, zip_name(test->arena, entry->name), &changed));
        if (unpacks && zip_unpack(&unpacker, entry, &bytes, &err))
            seen += str_hash(bytes);
    }
    zip_unpacker_free(&unpacker);
}

static void part_zip_directory(const Test *test)
{
    ZipDirectory directory = { 0 };
    if (zip_directory_read(test->arena, test->source.bytes, &directory))
        read_entries(test, &directory, false);
    directory = (ZipDirectory){ 0 };
    zip_directory_scan(test->arena, test->source.bytes, &directory);
    read_entries(test, &directory, false);
}

/* One member: method, strength of AES and flags from the first bytes, all others packed. */
static void part_zip_unpack(const Test *test)
{
    static const uint8_t methods[] = { 0, 8, 9, 12, 14, 93, 95, 98, 99 };
    Str bytes = test->source.bytes;
    if (bytes.length < 8)
        return;
    ZipEntry entry = { .name = S("a"),
                       .method = methods[(unsigned char)bytes.at[0] % COUNT(methods)],
                       .is_encrypted = bytes.at[1] & 1,
                       .has_descriptor = bytes.at[1] & 2,
                       .aes_strength = (unsigned char)bytes.at[2] & 3,
                       .crc = (unsigned char)bytes.at[3],
                       .size = (uint64_t)(unsigned char)bytes.at[4] << ((unsigned)bytes.at[5] & 31),
                       .packed = bytes.length - 8 };
    char head[30] = "PK\3\4";
    Buf archive = buf_new(test->arena, MB(1));
    buf_add_bytes(&archive, head, sizeof head);
    buf_add(&archive, str_from(bytes, 8));
    Test inner = *test;
    inner.source.bytes = buf_str(&archive);
    ZipDirectory directory = { 0 };
    *vec_push(test->arena, &directory.entries) = entry;
    read_entries(&inner, &directory, true);
}

static void part_inflate64(const Test *test)
{
    enum { ROOM = 100000 };
    char *out = arena_alloc(test->arena, ROOM);
    size_t length;
    seen += inflate64(test->source.bytes, out, ROOM, &length);
    seen += str_hash((Str){ out, length });
}

/* The methods of PKZIP 1; the first byte says which, and the flags. */
static void part_zip_old(const Test *test)
{
    enum { ROOM = 100000 };
    char *out = arena_alloc(test->arena, ROOM);
    Str rest = str_from(test->source.bytes, 1);
    int flags = test->source.bytes.length ? test->source.bytes.at[0] : 0;
    size_t length = 0;
    seen += flags & 1 ? zip_unshrink(rest, out, ROOM, &length)
                      : zip_explode(rest, (Imploded){ flags & 2, flags & 4 }, out, ROOM, &length);
    seen += str_hash((Str){ out, length });
}

/* The lengths of the four streams come first. */
static void part_bcj2(const Test *test)
{
    enum { ROOM = 20000 };
    Str rest = str_from(test->source.bytes, 3), in[4];
    char *out = arena_alloc(test->arena, ROOM);
    if (test->source.bytes.length < 3)
        return;
    for (size_t i = 0; i < 4; i++) {
        size_t length = i < 3 ? (unsigned char)test->source.bytes.at[i] : rest.length;
        in[i] = str_slice(rest, 0, length);
        rest = str_from(rest, length);
    }
    if (bcj2_join(in, out, MAX(in[0].length, (size_t)1) + 40))
        seen += str_hash((Str){ out, in[0].length });
}

/* A library's length in two bytes, the library, a page. */
static void part_djvu_jb2(const Test *test)
{
    Str bytes = test->source.bytes;
    Jb2Library library = { 0 };
    Jb2Page page;
    Error err;
    if (bytes.length < 2)
        return;
    size_t length = (unsigned char)bytes.at[0] | (size_t)(unsigned char)bytes.at[1] << 8;
    jb2_library(test->arena, str_slice(bytes, 2, 2 + length), &library);
    if (jb2_page(test->arena, str_from(bytes, 2 + length), &library, &page, &err))
        seen += page.rows[page.stride * (size_t)page.height / 2];
}

static void part_djvu_page(const Test *test)
{
    DjvuInfo info;
    Jb2Page page;
    Error err;
    for (int i = 1; i < 4; i++)
        seen += djvu_draw(test->arena, test->source.bytes, i, &info, &page, &err);
}

/* One chunk after the other; each begins with its length in two bytes. */
/* A few bytes may ask for millions of pixels, which take the sanitized reader longer than a fuzzer
 * waits. */
static bool is_small_iw44(Str first)
{
    const unsigned char *at = (const unsigned char *)first.at;
    return first.length < 8 ||
           (size_t)(at[4] << 8 | at[5]) * (size_t)(at[6] << 8 | at[7]) <= 1 << 20;
}

static void part_djvu_iw44(const Test *test)
{
    Str rest = test->source.bytes, chunks[16];
    Iw44Picture picture;
    Error err;
    size_t count = 0;
    while (rest.length > 2 && count < COUNT(chunks)) {
        size_t length = (unsigned char)rest.at[0] | (size_t)(unsigned char)rest.at[1] << 8;
        chunks[count++] = str_slice(rest, 2, 2 + length);
        rest = str_from(rest, 2 + length);
    }
    if ((!count || is_small_iw44(chunks[0])) &&
        iw44_picture(test->arena, chunks, count, &picture, &err))
        seen += picture.pixels[(size_t)picture.width * (size_t)picture.height];
}

static void part_seven_zip(const Test *test)
{
    Error err;
    bool is_ours;
    if (!seven_zip_look(test->source.bytes, &is_ours, &err))
        return;
    if (seven_zip_read(&test->source, test->doc, &err))
        seen++;
}

static void part_rar5_list(const Test *test)
{
    AUTO_MEMBERS Members members;
    members_begin(&members, &test->source, test->doc);
    seen += rar5_list_encrypted(&test->source, &members);
}

static void part_lzx(const Test *test)
{
    Str bytes = test->source.bytes;
    if (bytes.length < 18)
        return;
    LzxSource source = { .packed = str_from(bytes, 18),
                         .window_bits = 15 + (unsigned char)bytes.at[0] % 7,
                         .reset_frames = 1 + (unsigned char)bytes.at[1] % 4,
                         .resets = str_slice(bytes, 2, 18) };
    seen += str_hash(lzx_unpack(test->arena, &source, KB(100)));
}

static void part_charset(const Test *test)
{
    char name[64] = "";
    seen += charset_guess(test->source.bytes, name);
    seen += charset_by_script(test->source.bytes) != NULL;
    seen += str_hash(charset_in_xml(test->source.bytes));
    seen += str_hash(charset_in_html(test->source.bytes));
    const char *charset;
    seen += str_hash(text_decode(test->arena, test->source.bytes, STR_NONE, &charset));
}

static void part_number_format(const Test *test)
{
    Str bytes = test->source.bytes;
    double value;
    if (bytes.length < 8)
        return;
    memcpy(&value, bytes.at, sizeof value);
    Str code = str_from(bytes, 8);
    seen += str_hash(number_format(test->arena, value, code, value > 1e5));
    seen += str_hash(number_format(test->arena, 43831.75, code, false));
    seen += str_hash(number_format_text(test->arena, S("some text"), code));
}

static void part_mime(const Test *test)
{
    MimePart part = mime_parse(test->arena, test->source.bytes);
    for (size_t i = 0; i < part.headers.count; i++) {
        seen += str_hash(mime_text(test->arena, part.headers.at[i].value));
        seen += str_hash(mime_parameter(test->arena, part.headers.at[i].value, "filename"));
    }
    static const char *const encodings[] = { "base64", "quoted-printable", "x-uuencode" };
    for (size_t i = 0; i < COUNT(encodings); i++)
        seen += str_hash(mime_decode(test->arena, part.body, str(encodings[i])));
}

static void part_sniff(const Test *test)
{
    for (size_t i = 0; i < extractor_count; i++)
        seen += (size_t)extractors[i]->sniff(test->source.bytes);
    seen += strlen(file_kind(test->source.bytes));
}

static const struct {
    const char *name;
    void (*run)(const Test *test);
} parts[] = {
#define PART(name) { #name, part_##name },
#include "parts.def"
#undef PART
};
static size_t chosen = COUNT(parts);

int LLVMFuzzerInitialize(int *count, char ***words)
{
    const char *name = getenv("FORMAT");
    (void)count, (void)words;
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (name && strcmp(name, "list") == 0)
            puts(parts[i].name);
        else if (name && strcmp(name, parts[i].name) == 0)
            chosen = i;
    }
    if (chosen == COUNT(parts))
        exit(name && strcmp(name, "list") == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    extract_preload();
    return 0;
}

static bool take_block(void *self, const Block *block, Error *err)
{
    (void)self, (void)err;
    seen += str_hash(block->text);
    return true;
}

static bool take_child(void *self, Str name, Str media_type, Str bytes, Error *err)
{
    (void)self, (void)name, (void)media_type, (void)err;
    seen += str_hash(bytes);
    return true;
}

static bool end_child(void *self, const Error *failure, Error *err)
{
    (void)self, (void)failure, (void)err;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static const DocLimits limits = { .text_max = MB(4),
                                      .block_max = 20000,
                                      .block_text_max = KB(16),
                                      .child_max = 50,
                                      .child_bytes_max = MB(16),
                                      .depth_max = 2,
                                      .page_max = 20 };
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    DocSink sink = { .block = take_block, .child_begin = take_child, .child_end = end_child };
    DocWriter *doc = doc_writer_new(arena, &sink, &limits);
    Test test = { arena, doc, { .bytes = { (const char *)bytes, count } } };
    if (count)
        parts[chosen].run(&test);
    doc_writer_free(doc);
    return 0;
}
