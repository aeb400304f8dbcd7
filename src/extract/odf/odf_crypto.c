/* odf_crypto.c - parts of a package protected by a password (ODF 1.2 and 1.3 part 2, 4.8): a digest
 * of the password, a key from it by PBKDF2 or Argon2id, the cipher, then the bytes are unpacked.
 *
 * AES in CBC mode is ODF 1.2's, Blowfish in feedback mode 1.0's and 1.1's: the first 1,024 bytes of
 * what is decrypted have a checksum, which shows a wrong password. AES in GCM mode, with Argon2id,
 * is LibreOffice's from 24.2 on, for a whole package inside the package; it checks itself. */
#include <openssl/evp.h>

#include "extract/inflate.h"
#include "extract/locks/argon2.h"
#include "extract/locks/blowfish.h"
#include "extract/odf/odf.h"

enum { VALUE_MAX = 64, ITERATIONS_MAX = 1000000, LOCKS_MAX = 10000, CHECKED = 1024 };
enum { GCM_IV = 12, GCM_TAG = 16, KEY_MAX = 32 };

typedef struct Value {
    unsigned char at[VALUE_MAX];
    size_t length;
} Value;

struct OdfLock {
    Value checksum, iv, salt;
    bool is_sha256_checksum, is_sha256_start;
    int cipher; /* of `ciphers`, -1: none of them */
    int iterations, key_size;
    int passes, memory_kb, lanes; /* of Argon2id */
    Str algorithm, derivation;
};

typedef bool Opener(OdfPackage *package, const OdfLock *lock, const uint8_t *key, Str packed,
                    char *out, size_t *length_r);
static Opener open_cbc, open_gcm, open_blowfish, open_blowfish_bytes;

static const struct {
    const char *mark, *mode; /* parts of its name */
    const char *said;
    size_t iv_size;
    Opener *open, *retry; /* retry: when the checksum is wrong */
} ciphers[] = {
    { "aes", "cbc", "AES-CBC", 16, open_cbc, NULL },
    { "aes", "gcm", "AES-GCM", GCM_IV, open_gcm, NULL },
    { "blowfish", "", "Blowfish", BLOWFISH_BLOCK, open_blowfish, open_blowfish_bytes },
};

/* --- The manifest --- */

static int cipher_named(Str name)
{
    for (size_t i = 0; i < COUNT(ciphers); i++)
        if (str_find_ignore_case(name, str(ciphers[i].mark)) >= 0 &&
            str_find_ignore_case(name, str(ciphers[i].mode)) >= 0)
            return (int)i;
    return -1;
}

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

static void read_derivation(OdfLock *lock, Arena *arena, const XmlElement *element)
{
    lock->derivation = str_copy(arena, xml_attribute(element, "key-derivation-name"));
    lock->iterations = xml_attribute_int(element, "iteration-count", 0);
    lock->key_size = xml_attribute_int(element, "key-size", lock->key_size);
    lock->passes = xml_attribute_int(element, "argon2-iterations", 0);
    lock->memory_kb = xml_attribute_int(element, "argon2-memory", 0);
    lock->lanes = xml_attribute_int(element, "argon2-lanes", 0);
    read_base64(element, "salt", &lock->salt);
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
        reader->lock->cipher = -1;
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
        lock->cipher = cipher_named(lock->algorithm);
        read_base64(element, "initialisation-vector", &lock->iv);
    } else if (str_is(name, "key-derivation")) {
        read_derivation(lock, arena, element);
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

static bool is_argon(const OdfLock *lock)
{
    return str_find_ignore_case(lock->derivation, S("argon2id")) >= 0;
}

static bool derive_key(const OdfLock *lock, Str password, uint8_t key[KEY_MAX], Error *err)
{
    unsigned char start[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const EVP_MD *digest = lock->is_sha256_start ? EVP_sha256() : EVP_sha1();
    if (EVP_Digest(password.at, password.length, start, &size, digest, NULL) != 1)
        return fail(err, ERROR_INTERNAL, "the password cannot be hashed");
    if (is_argon(lock)) {
        Argon2 argon = { .password = { (const char *)start, size },
                         .salt = { (const char *)lock->salt.at, lock->salt.length },
                         .passes = lock->passes,
                         .memory_kb = lock->memory_kb,
                         .lanes = lock->lanes };
        return argon2id(&argon, key, (size_t)lock->key_size, err);
    }
    return PKCS5_PBKDF2_HMAC((const char *)start, (int)size, lock->salt.at, (int)lock->salt.length,
                             lock->iterations, EVP_sha1(), lock->key_size, key) == 1 ||
           fail(err, ERROR_INTERNAL, "the key cannot be made");
}

static bool is_supported(const OdfLock *lock, Error *err)
{
    bool is_pbkdf2 = str_find_ignore_case(lock->derivation, S("pbkdf2")) >= 0;
    if (lock->cipher < 0 || (!is_pbkdf2 && !is_argon(lock)))
        return fail(err, ERROR_ENCRYPTED,
                    "the document is encrypted by " STR_FMT " with a key from " STR_FMT
                    ", which is not supported; save it again without a password",
                    STR_ARG(lock->algorithm), STR_ARG(lock->derivation));
    bool is_key_size = lock->key_size == 16 || lock->key_size == 24 || lock->key_size == 32;
    bool is_count = !is_pbkdf2 || (lock->iterations >= 1 && lock->iterations <= ITERATIONS_MAX);
    if (!is_count || !is_key_size || lock->iv.length != ciphers[lock->cipher].iv_size)
        return fail(err, ERROR_DAMAGED, "the description of the encryption is broken");
    return true;
}

static bool run_cipher(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv, Str packed,
                       const char *tag, char *out, size_t *length_r)
{
    int length = 0, rest = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool ok = packed.length <= INT32_MAX - 64 && context &&
              EVP_DecryptInit_ex(context, cipher, NULL, key, iv) &&
              EVP_CIPHER_CTX_set_padding(context, 0) &&
              EVP_DecryptUpdate(context, (uint8_t *)out, &length, (const uint8_t *)packed.at,
                                (int)packed.length);
    if (ok && tag)
        ok = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, (void *)(uintptr_t)tag) ==
                 1 &&
             EVP_DecryptFinal_ex(context, (uint8_t *)out + length, &rest) == 1;
    EVP_CIPHER_CTX_free(context);
    *length_r = (size_t)length;
    return ok;
}

static bool open_cbc(OdfPackage *package, const OdfLock *lock, const uint8_t *key, Str packed,
                     char *out, size_t *length_r)
{
    (void)package;
    const EVP_CIPHER *cipher = lock->key_size == 16   ? EVP_aes_128_cbc()
                               : lock->key_size == 24 ? EVP_aes_192_cbc()
                                                      : EVP_aes_256_cbc();
    packed.length -= packed.length % 16;
    bool ok = run_cipher(cipher, key, lock->iv.at, packed, NULL, out, length_r);
    /* The last byte says how many were added to fill the block. */
    size_t added = ok && *length_r ? (uint8_t)out[*length_r - 1] : 0;
    *length_r -= added <= 16 ? added : 0;
    return ok;
}

/* XML Encryption 1.1, 5.2.4: the vector again, the bytes, a tag that proves key and bytes. */
static bool open_gcm(OdfPackage *package, const OdfLock *lock, const uint8_t *key, Str packed,
                     char *out, size_t *length_r)
{
    (void)package;
    const EVP_CIPHER *cipher = lock->key_size == 16   ? EVP_aes_128_gcm()
                               : lock->key_size == 24 ? EVP_aes_192_gcm()
                                                      : EVP_aes_256_gcm();
    Str vector = { (const char *)lock->iv.at, lock->iv.length };
    if (str_starts(packed, vector))
        packed = str_from(packed, vector.length);
    if (packed.length < GCM_TAG)
        return false;
    packed.length -= GCM_TAG;
    return run_cipher(cipher, key, lock->iv.at, packed, packed.at + packed.length, out, length_r);
}

static bool run_blowfish(OdfPackage *package, const OdfLock *lock, const uint8_t *key, size_t step,
                         Str packed, char *out, size_t *length_r)
{
    if (!package->blowfish) {
        package->blowfish = arena_new_one(package->arena, Blowfish);
        blowfish_begin(package->blowfish);
    }
    Blowfish cipher = *package->blowfish;
    blowfish_key(&cipher, key, (size_t)lock->key_size);
    blowfish_decrypt(&cipher, lock->iv.at, step, packed, out);
    *length_r = packed.length;
    return true;
}

/* Programs feed eight bytes back at once; the standard can be read as one. */
static bool open_blowfish(OdfPackage *package, const OdfLock *lock, const uint8_t *key, Str packed,
                          char *out, size_t *length_r)
{
    return run_blowfish(package, lock, key, BLOWFISH_BLOCK, packed, out, length_r);
}

static bool open_blowfish_bytes(OdfPackage *package, const OdfLock *lock, const uint8_t *key,
                                Str packed, char *out, size_t *length_r)
{
    return run_blowfish(package, lock, key, 1, packed, out, length_r);
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

const char *odf_lock_name(const OdfLock *lock)
{
    return lock->cipher >= 0 ? ciphers[lock->cipher].said : "unknown";
}

static bool decipher(OdfPackage *package, const OdfLock *lock, Arena *arena, const uint8_t *key,
                     Str packed, Str *out_r)
{
    Opener *const ways[] = { ciphers[lock->cipher].open, ciphers[lock->cipher].retry };
    char *out = arena_alloc(arena, packed.length + 32);
    for (size_t i = 0; i < COUNT(ways) && ways[i]; i++) {
        size_t length;
        if (!ways[i](package, lock, key, packed, out, &length))
            return false;
        *out_r = (Str){ out, length };
        if (!lock->checksum.length || has_checksum(lock, *out_r))
            return true;
    }
    return false;
}

bool odf_unlock(OdfPackage *package, const OdfLock *lock, Arena *arena, Str packed,
                size_t bytes_max, Str *bytes_r, Error *err)
{
    uint8_t key[KEY_MAX];
    Str open;
    if (!is_supported(lock, err) || !derive_key(lock, package->password, key, err))
        return false;
    if (!decipher(package, lock, arena, key, packed, &open))
        return fail(err, ERROR_ENCRYPTED, "the password does not open this document");
    return unpack(arena, open, bytes_max, bytes_r, err);
}
