/* iwork.c - which kind of iWork document a package is, and its way to the two readers; passwords.
 *
 * A protected package has every part encrypted by AES-128-CBC under a key made from the password
 * (PBKDF2 with SHA-1). Since 2013 a verifier of 104 bytes tells whether the password is right: the
 * last 32 bytes of its block are the SHA-256 of the first 32. */
#include "extract/iwork/iwork.h"

#include <math.h>
#include <openssl/evp.h>

#include "base/clock.h"
#include "extract/inflate.h"
#include "extract/iwork/iwa_file.h"
#include "extract/ole/ole_file.h"
#include "extract/sheet/sheet_rows.h"

#define XML_MAX MB(256)
#define NAME_SPACE "developer.apple.com/namespaces/"

enum {
    KEY_SIZE = 16,
    BLOCK = 16,
    VERIFIER_SIZE = 104,
    BLOB_AT = 40,
    BLOB_SIZE = 64,
    HASH_SIZE = 32,
    MAC_SIZE = 20,
    ROUNDS_MAX = 1000000,     /* Apple's programs say 100,000; each million takes a second */
    METHOD_ENCRYPTED = 25451, /* and the next: how '09 packages mark encrypted parts */
};

static const Part *find_by_end(const Package *package, const char *end)
{
    for (size_t i = 0; i < package->parts.count; i++)
        if (str_ends_ignore_case(package->parts.at[i].name, str(end)))
            return &package->parts.at[i];
    return NULL;
}

static const Part *old_part(const Package *package)
{
    static const char *const names[] = { "index.apxl", "index.xml", "index.apxl.gz",
                                         "index.xml.gz" };
    for (size_t i = 0; i < COUNT(names); i++) {
        const Part *part = find_by_end(package, names[i]);
        /* At the top, or in the one folder of the bundle. */
        if (part && (part->name.length == strlen(names[i]) ||
                     part->name.at[part->name.length - strlen(names[i]) - 1] == '/'))
            return part;
    }
    return NULL;
}

static bool is_old_protected(const Part *part)
{
    return part && (part->method == METHOD_ENCRYPTED || part->method == METHOD_ENCRYPTED + 1);
}

/* --- Recognising --- */

/* Gzip inside the ZIP (the bundles of 2005 to 2008 were zipped by people). */
static Str gunzip(Arena *arena, Str bytes, size_t bytes_max)
{
    if (!str_starts(bytes, S("\x1F\x8B")))
        return bytes;
    Buf out = buf_new(arena, bytes_max);
    inflate_into(&out, bytes, INFLATE_GZIP);
    return buf_str(&out);
}

typedef struct RootEvents {
    IworkKind kind;
} RootEvents;

static bool see_root(void *self, const XmlElement *element)
{
    RootEvents *root = self;
    ptrdiff_t at = str_find(element->name_space, S(NAME_SPACE));
    Str kind = at < 0 ? STR_NONE : str_from(element->name_space, (size_t)at + strlen(NAME_SPACE));
    root->kind = str_is(kind, "sl")               ? IWORK_PAGES
                 : str_is(kind, "ls")             ? IWORK_NUMBERS
                 : str_starts(kind, S("keynote")) ? IWORK_KEYNOTE
                                                  : IWORK_NONE;
    return false;
}

static IworkKind old_kind(Package *package, const Part *part)
{
    static const XmlEvents events = { .start = see_root };
    RootEvents root = { .kind = IWORK_NONE };
    Error ignored;
    Str bytes;
    if (str_find(part->name, S(".apxl")) >= 0)
        return IWORK_KEYNOTE;
    if (str_ends(part->name, S(".gz"))) {
        if (!package_read(package, package->arena, part, XML_MAX, &bytes, &ignored))
            return IWORK_NONE;
        XmlParser *parser = xml_begin(&events, &root);
        bytes = gunzip(package->arena, bytes, XML_MAX);
        xml_add(parser, bytes.at, bytes.length);
        if (!xml_end(parser, &ignored))
            return root.kind; /* broken after its root */
    } else if (!package_parse(package, part, &events, &root, &ignored)) {
        return root.kind;
    }
    return root.kind;
}

static IworkKind new_kind(Package *package)
{
    Error ignored;
    Str bytes;
    bool has_document = false;
    for (size_t i = 0; i < package->parts.count; i++) {
        Str name = package->parts.at[i].name;
        if (str_find(name, S("Index/Slide")) >= 0 || str_find(name, S("Index/MasterSlide")) >= 0 ||
            str_find(name, S("Index/TemplateSlide")) >= 0)
            return IWORK_KEYNOTE;
        has_document |= str_ends(name, S("Index/Document.iwa"));
    }
    const Part *part = has_document ? find_by_end(package, "Index/Document.iwa") : NULL;
    if (!part || !package_read(package, package->arena, part, MB(64), &bytes, &ignored))
        return IWORK_NONE;
    return iwa_document_kind(package->arena, bytes);
}

/* The package inside: a bundle's objects may be in a ZIP of their own. */
static bool open_inner(Package *package, Package *inner_r)
{
    Error ignored;
    Str bytes;
    const Part *part = find_by_end(package, "Index.zip");
    return part && package_read(package, package->arena, part, XML_MAX, &bytes, &ignored) &&
           package_open(package->arena, bytes, package->unpacked_max, inner_r, &ignored);
}

static bool may_be(Str bytes)
{
    static const char *const marks[] = { "index.xml", "index.apxl", ".iwa", "Index.zip" };
    if (!str_starts(bytes, S("PK\3\4")))
        return false;
    Str head = str_slice(bytes, 0, KB(64));
    Str tail = package_listing(bytes);
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_find(head, str(marks[i])) >= 0 || str_find(tail, str(marks[i])) >= 0)
            return true;
    return false;
}

IworkKind iwork_kind(Str bytes, bool *is_unsure_r)
{
    *is_unsure_r = false;
    if (!may_be(bytes))
        return IWORK_NONE;
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Package package, inner;
    Error ignored;
    if (!package_open(arena, bytes, XML_MAX, &package, &ignored))
        return IWORK_NONE;
    const Part *old = old_part(&package);
    if (is_old_protected(old) || find_by_end(&package, ".iwpv2")) {
        *is_unsure_r = !old || str_find(old->name, S(".apxl")) < 0;
        IworkKind kind = old ? IWORK_PAGES : new_kind(&package);
        *is_unsure_r &= kind != IWORK_KEYNOTE;
        return !*is_unsure_r ? IWORK_KEYNOTE : IWORK_PAGES;
    }
    IworkKind kind = new_kind(&package);
    if (kind == IWORK_NONE && open_inner(&package, &inner))
        kind = new_kind(&inner);
    return kind == IWORK_NONE && old ? old_kind(&package, old) : kind;
}

/* --- Passwords --- */

static bool aes_cbc(Str key, Str iv, Str bytes, bool is_padded, unsigned char *out, int *length_r)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int length = 0, last = 0;
    bool ok = context && bytes.length <= INT32_MAX && bytes.length % BLOCK == 0 &&
              EVP_DecryptInit_ex(context, EVP_aes_128_cbc(), NULL, (const unsigned char *)key.at,
                                 (const unsigned char *)iv.at) == 1 &&
              EVP_CIPHER_CTX_set_padding(context, is_padded) == 1 &&
              EVP_DecryptUpdate(context, out, &length, (const unsigned char *)bytes.at,
                                (int)bytes.length) == 1 &&
              EVP_DecryptFinal_ex(context, out + length, &last) == 1;
    EVP_CIPHER_CTX_free(context);
    *length_r = length + last;
    return ok;
}

bool iwork_key(Arena *arena, Str verifier, Str password, Str hint, Str *key_r, Error *err)
{
    uint32_t rounds = le32_at(verifier, 4);
    if (verifier.length < VERIFIER_SIZE || rounds == 0 || rounds > ROUNDS_MAX)
        return fail(err, ERROR_ENCRYPTED, "the document is protected in a way that is not known");
    if (password.length == 0)
        return fail(err, ERROR_ENCRYPTED, "the document is protected by a password%s" STR_FMT,
                    hint.length ? "; its hint: " : "", STR_ARG(hint));
    unsigned char blob[BLOB_SIZE + BLOCK], hash[EVP_MAX_MD_SIZE];
    char *key = arena_alloc(arena, KEY_SIZE);
    int length;
    bool ok = PKCS5_PBKDF2_HMAC_SHA1(password.at, (int)password.length,
                                     (const unsigned char *)verifier.at + 8, 16, (int)rounds,
                                     KEY_SIZE, (unsigned char *)key) == 1 &&
              aes_cbc((Str){ key, KEY_SIZE }, str_slice(verifier, 24, BLOB_AT),
                      str_slice(verifier, BLOB_AT, BLOB_AT + BLOB_SIZE), false, blob, &length) &&
              EVP_Digest(blob, HASH_SIZE, hash, NULL, EVP_sha256(), NULL) == 1;
    if (!ok || memcmp(hash, blob + HASH_SIZE, HASH_SIZE) != 0)
        return fail(err, ERROR_ENCRYPTED, "the document is encrypted and the password is wrong");
    *key_r = (Str){ key, KEY_SIZE };
    return true;
}

/* The bytes begin with an initial vector and end with a checksum; the first block of what was
 * encrypted is random. */
Str iwork_decrypt(Arena *arena, Str key, Str bytes)
{
    if (bytes.length < 2 * BLOCK + MAC_SIZE || bytes.length > INT32_MAX)
        return STR_NONE;
    Str packed = str_slice(bytes, BLOCK, bytes.length - MAC_SIZE);
    unsigned char *out = arena_alloc(arena, packed.length + BLOCK);
    int length;
    if (!aes_cbc(key, str_slice(bytes, 0, BLOCK), packed, true, out, &length) || length < BLOCK)
        return STR_NONE;
    return (Str){ (const char *)out + BLOCK, (size_t)length - BLOCK };
}

/* What '09 does: every document has the same salt, a part begins with its initial vector, and the
 * first block of what was encrypted is random. */
static Str decrypt_old(Arena *arena, Str password, Str bytes)
{
    static const char salt[] = "someSalt";
    enum { ROUNDS = 4000 };
    unsigned char key[KEY_SIZE], *out = arena_alloc(arena, bytes.length + BLOCK);
    int length;
    if (bytes.length < 3 * BLOCK || bytes.length > INT32_MAX || password.length > KB(4))
        return STR_NONE;
    bool ok = PKCS5_PBKDF2_HMAC_SHA1(password.at, (int)password.length, (const unsigned char *)salt,
                                     sizeof salt - 1, ROUNDS, KEY_SIZE, key) == 1 &&
              aes_cbc((Str){ (const char *)key, KEY_SIZE }, str_slice(bytes, 0, BLOCK),
                      str_from(bytes, BLOCK), true, out, &length);
    return ok && length > BLOCK ? (Str){ (const char *)out + BLOCK, (size_t)length - BLOCK }
                                : STR_NONE;
}

/* An extra field of the directory: its type "mc", its size, "iwph" and the words. */
static Str old_hint(const Package *package)
{
    Str listing = package_listing(package->bytes);
    ptrdiff_t at = str_find(listing, S("iwph"));
    size_t size = at >= 4 ? le16_at(listing, (size_t)at - 2) : 0;
    return size > 4 && size < KB(1) ? str_slice(listing, (size_t)at + 4, (size_t)at + size)
                                    : STR_NONE;
}

static bool read_old_protected(const Package *package, const Part *part, Str password, Str *xml_r,
                               Error *err)
{
    Str hint = old_hint(package), header = str_from(package->bytes, part->at);
    if (password.length == 0)
        return fail(err, ERROR_ENCRYPTED, "the document is protected by a password%s" STR_FMT,
                    hint.length ? "; its hint: " : "", STR_ARG(hint));
    size_t start = (size_t)30 + le16_at(header, 26) + le16_at(header, 28);
    Str packed = str_slice(header, start, start + MIN(part->packed, header.length));
    Str xml = decrypt_old(package->arena, password, packed);
    if (part->method == METHOD_ENCRYPTED + 1) { /* packed before it was encrypted */
        Buf out = buf_new(package->arena, XML_MAX);
        inflate_into(&out, xml, INFLATE_RAW);
        xml = buf_str(&out);
    }
    /* A wrong password gives noise. */
    if (!str_starts(xml, S("<")))
        return fail(err, ERROR_ENCRYPTED, "the document is encrypted and the password is wrong");
    *xml_r = xml;
    return true;
}

/* --- Writing --- */

void iwork_add_date(Buf *out, double seconds)
{
    static const double epoch_s = 978307200; /* 2001 */
    char text[TIME_TEXT_SIZE];
    if (!(fabs(seconds) < 1e11))
        return;
    Str shown = time_format((int64_t)(seconds + epoch_s) * 1000, text);
    bool has_time = str_find(shown, S("T00:00:00")) < 0;
    ptrdiff_t t = str_find_char(shown, 'T');
    buf_add(out, str_slice(shown, 0, t > 0 ? (size_t)t : 10));
    if (has_time && t > 0) {
        buf_add_char(out, ' ');
        buf_add(out, str_slice(shown, (size_t)t + 1, (size_t)t + 9));
    }
}

void iwork_place_row(DocWriter *doc, Str sheet, int columns, int row)
{
    char first[16], last[16], both[40];
    if (!sheet.length)
        return;
    Str from = cell_name(0, row, first), to = cell_name(MAX(columns - 1, 0), row, last);
    snprintf(both, sizeof both, columns > 1 ? STR_FMT ":" STR_FMT : STR_FMT, STR_ARG(from),
             STR_ARG(to));
    doc_place(doc, &(Place){ .sheet = sheet, .cells = str(both) });
}

static bool write_new(Package *package, Str password, DocWriter *doc, Error *err)
{
    const Part *part = find_by_end(package, ".iwpv2"), *hint_part = find_by_end(package, ".iwph");
    Str verifier, hint = STR_NONE, key = STR_NONE;
    Error ignored;
    Package inner;
    if (hint_part && !package_read(package, package->arena, hint_part, KB(4), &hint, &ignored))
        hint = STR_NONE;
    if (part && !(package_read(package, package->arena, part, KB(4), &verifier, err) &&
                  iwork_key(package->arena, verifier, password, hint, &key, err)))
        return false;
    if (!find_by_end(package, ".iwa") && open_inner(package, &inner))
        return iwa_write(&inner, key, doc, err);
    return iwa_write(package, key, doc, err);
}

bool iwork_write(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Package package;
    Str xml;
    if (!package_open(arena, source->bytes, doc_writer_limits(doc)->child_bytes_max, &package, err))
        return false;
    const Part *old = old_part(&package);
    if (is_old_protected(old))
        return read_old_protected(&package, old, source->password, &xml, err) &&
               iwork_xml_write(xml, doc, err);
    if (!old)
        return write_new(&package, source->password, doc, err);
    return package_read(&package, arena, old, XML_MAX, &xml, err) &&
           iwork_xml_write(gunzip(arena, xml, XML_MAX), doc, err);
}
