/* odf_crypto.c - parts of a package protected by a password (ODF 1.2 and 1.3 part 2, 4.8): PBKDF2
 * from a digest of the password, AES in CBC mode, then the bytes are unpacked. The first 1,024
 * bytes of what is decrypted have a checksum, which shows a wrong password. */
#include <openssl/evp.h>

#include "extract/inflate.h"
#include "extract/odf.h"

enum { VALUE_MAX = 64, ITERATIONS_MAX = 10000000, LOCKS_MAX = 10000, CHECKED = 1024 };

typedef struct Value {
    unsigned char at[VALUE_MAX];
    size_t length;
} Value;

struct OdfLock {
    Value checksum, iv, salt;
    bool is_sha256_checksum, is_sha256_start, is_aes;
    int iterations, key_size;
    Str algorithm, derivation;
};

/* --- The manifest --- */

typedef struct LockReader {
    OdfPackage *package;
    Str name;
    OdfLock *lock;
} LockReader;

static void read_base64(const XmlElement *element, const char *name, Value *out)
{
    Str text = str_trim(xml_attribute(element, name));
    unsigned char decoded[VALUE_MAX + 8];
    if (text.length == 0 || text.length % 4 || text.length / 4 * 3 > sizeof decoded)
        return;
    int length = EVP_DecodeBlock(decoded, (const unsigned char *)text.at, (int)text.length);
    for (size_t i = text.length; i > 0 && text.at[i - 1] == '='; i--)
        length--;
    if (length < 0 || length > VALUE_MAX)
        return;
    memcpy(out->at, decoded, (size_t)length);
    out->length = (size_t)length;
}

static bool lock_start(void *self, const XmlElement *element)
{
    LockReader *reader = self;
    Arena *arena = reader->package->arena;
    Str name = element->name;
    if (str_is(name, "file-entry")) {
        reader->name = str_copy(arena, xml_attribute(element, "full-path"));
        reader->lock = NULL;
    } else if (str_is(name, "encryption-data")) {
        reader->lock = arena_new_one(arena, OdfLock);
        reader->lock->key_size = 16; /* as long as nothing is said: Blowfish's */
        map_add(&reader->package->locks, reader->name, NULL)->pointer = reader->lock;
        read_base64(element, "checksum", &reader->lock->checksum);
        reader->lock->is_sha256_checksum =
            str_find_ignore_case(xml_attribute(element, "checksum-type"), S("sha256")) >= 0;
    }
    OdfLock *lock = reader->lock;
    if (!lock)
        return true;
    if (str_is(name, "algorithm")) {
        lock->algorithm = str_copy(arena, xml_attribute(element, "algorithm-name"));
        lock->is_aes = str_find_ignore_case(lock->algorithm, S("aes")) >= 0 &&
                       str_find_ignore_case(lock->algorithm, S("cbc")) >= 0;
        read_base64(element, "initialisation-vector", &lock->iv);
    } else if (str_is(name, "key-derivation")) {
        lock->derivation = str_copy(arena, xml_attribute(element, "key-derivation-name"));
        lock->iterations = xml_attribute_int(element, "iteration-count", 0);
        lock->key_size = xml_attribute_int(element, "key-size", lock->key_size);
        read_base64(element, "salt", &lock->salt);
    } else if (str_is(name, "start-key-generation")) {
        lock->is_sha256_start =
            str_find_ignore_case(xml_attribute(element, "start-key-generation-name"),
                                 S("sha256")) >= 0;
    }
    return reader->package->locks.count < LOCKS_MAX;
}

bool odf_read_locks(OdfPackage *package, Str manifest, Error *err)
{
    static const XmlEvents events = { .start = lock_start };
    LockReader reader = { .package = package };
    XmlParser *parser = xml_begin(&events, &reader);
    xml_add(parser, manifest.at, manifest.length);
    if (!xml_end(parser, err))
        return fail_in(err, "META-INF/manifest.xml");
    if (package->locks.count && !package->password.length)
        return fail(err, ERROR_ENCRYPTED, "the document is protected; give its password");
    return true;
}

/* --- Opening --- */

static bool derive_key(const OdfLock *lock, Str password, unsigned char key[32])
{
    unsigned char start[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const EVP_MD *digest = lock->is_sha256_start ? EVP_sha256() : EVP_sha1();
    return EVP_Digest(password.at, password.length, start, &size, digest, NULL) == 1 &&
           PKCS5_PBKDF2_HMAC((const char *)start, (int)size, lock->salt.at, (int)lock->salt.length,
                             lock->iterations, EVP_sha1(), lock->key_size, key) == 1;
}

static bool is_supported(const OdfLock *lock, Error *err)
{
    if (!lock->is_aes || str_find_ignore_case(lock->derivation, S("pbkdf2")) < 0)
        return fail(err, ERROR_ENCRYPTED,
                    "the document is encrypted by " STR_FMT " with a key from " STR_FMT
                    ", which is not supported; save it again without a password",
                    STR_ARG(lock->algorithm), STR_ARG(lock->derivation));
    bool is_key_size = lock->key_size == 16 || lock->key_size == 24 || lock->key_size == 32;
    if (lock->iterations < 1 || lock->iterations > ITERATIONS_MAX || !is_key_size ||
        lock->iv.length != 16)
        return fail(err, ERROR_DAMAGED, "the description of the encryption is broken");
    return true;
}

static bool decipher(const OdfLock *lock, Arena *arena, Str packed, Str password, Str *out_r)
{
    unsigned char key[32];
    const EVP_CIPHER *cipher = lock->key_size == 16   ? EVP_aes_128_cbc()
                               : lock->key_size == 24 ? EVP_aes_192_cbc()
                                                      : EVP_aes_256_cbc();
    size_t size = MIN(packed.length, (size_t)INT32_MAX - 64) / 16 * 16;
    unsigned char *out = arena_alloc(arena, size + 32);
    int length = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool ok = context && derive_key(lock, password, key) &&
              EVP_DecryptInit_ex(context, cipher, NULL, key, lock->iv.at) &&
              EVP_CIPHER_CTX_set_padding(context, 0) &&
              EVP_DecryptUpdate(context, out, &length, (const unsigned char *)packed.at, (int)size);
    EVP_CIPHER_CTX_free(context);
    /* The last byte says how many were added to fill the block. */
    size_t added = ok && length > 0 ? out[length - 1] : 0;
    *out_r = (Str){ (char *)out, (size_t)length - (added <= 16 ? added : 0) };
    return ok;
}

static bool has_checksum(const OdfLock *lock, Str bytes)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const EVP_MD *type = lock->is_sha256_checksum ? EVP_sha256() : EVP_sha1();
    return EVP_Digest(bytes.at, MIN(bytes.length, (size_t)CHECKED), digest, &size, type, NULL) ==
               1 &&
           size == lock->checksum.length && memcmp(digest, lock->checksum.at, size) == 0;
}

static bool unpack(Arena *arena, Str packed, size_t bytes_max, Str *bytes_r, Error *err)
{
    Buf out = buf_new(arena, bytes_max);
    inflate_into(&out, packed, INFLATE_RAW);
    if (out.overflowed)
        return fail(err, ERROR_TOO_LARGE, "a part unpacks to more than %zu MB", bytes_max >> 20);
    *bytes_r = buf_str(&out);
    return true;
}

bool odf_unlock(const OdfPackage *package, const OdfLock *lock, Arena *arena, Str packed,
                size_t bytes_max, Str *bytes_r, Error *err)
{
    Str open;
    if (!is_supported(lock, err))
        return false;
    if (!decipher(lock, arena, packed, package->password, &open))
        return fail(err, ERROR_DAMAGED, "the document cannot be decrypted");
    if (lock->checksum.length && !has_checksum(lock, open))
        return fail(err, ERROR_ENCRYPTED, "the password does not open this document");
    return unpack(arena, open, bytes_max, bytes_r, err);
}
