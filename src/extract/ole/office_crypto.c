/* office_crypto.c - see office_crypto.h; section numbers are of [MS-OFFCRYPTO]. */
#include "extract/ole/office_crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/utf8.h"
#include "extract/ole/ole_file.h"
#include "extract/xml_events.h"

enum { DIGEST_MAX = 64, SALT_MAX = 64, VALUE_MAX = 256, SPIN_MAX = 10000000, SEGMENT = 4096 };

typedef struct Bytes {
    unsigned char at[VALUE_MAX];
    size_t length;
} Bytes;

/* 2.3.4.10: keyData, and the encryptedKey of a password. */
typedef struct AgilePart {
    const EVP_MD *digest;
    size_t key_size, block_size;
    int spins;
    Bytes salt, verifier, verifier_hash, key;
} AgilePart;

typedef struct Agile {
    AgilePart data, password;
} Agile;

bool office_is_encrypted(Str bytes)
{
    static const char name[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";
    return ole_is_file(bytes) && memmem(bytes.at, bytes.length, name, sizeof name) != NULL;
}

/* --- Primitives --- */

static uint32_t number_at(Str bytes, size_t at)
{
    uint32_t number = 0;
    for (size_t i = 0; i < 4 && at + i < bytes.length; i++)
        number |= (uint32_t)(unsigned char)bytes.at[at + i] << (8 * i);
    return number;
}

/* `digest` NULL: the one that the context had. */
static size_t hash_with(EVP_MD_CTX *context, const EVP_MD *digest, const void *a, size_t a_size,
                        const void *b, size_t b_size, unsigned char *out)
{
    unsigned size = 0;
    bool ok = context && EVP_DigestInit_ex(context, digest, NULL) &&
              EVP_DigestUpdate(context, a, a_size) && EVP_DigestUpdate(context, b, b_size) &&
              EVP_DigestFinal_ex(context, out, &size);
    return ok ? size : 0;
}

static size_t hash(const EVP_MD *digest, const void *a, size_t a_size, const void *b, size_t b_size,
                   unsigned char *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t size = hash_with(context, digest, a, a_size, b, b_size, out);
    EVP_MD_CTX_free(context);
    return size;
}

static void put_number(uint32_t number, unsigned char out[4])
{
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(number >> (8 * i));
}

/* AES without padding; `iv` NULL: each block alone. */
static bool decipher(Str key, const unsigned char *iv, const void *in, size_t size, void *out)
{
    const EVP_CIPHER *cipher = iv ? (key.length == 16   ? EVP_aes_128_cbc()
                                     : key.length == 24 ? EVP_aes_192_cbc()
                                                        : EVP_aes_256_cbc())
                                  : (key.length == 16   ? EVP_aes_128_ecb()
                                     : key.length == 24 ? EVP_aes_192_ecb()
                                                        : EVP_aes_256_ecb());
    int length = 0, rest = 0;
    if (size > INT32_MAX || (key.length != 16 && key.length != 24 && key.length != 32))
        return false;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool ok = context &&
              EVP_DecryptInit_ex(context, cipher, NULL, (const unsigned char *)key.at, iv) &&
              EVP_CIPHER_CTX_set_padding(context, 0) &&
              EVP_DecryptUpdate(context, out, &length, in, (int)size) &&
              EVP_DecryptFinal_ex(context, (unsigned char *)out + length, &rest);
    EVP_CIPHER_CTX_free(context);
    return ok;
}

void office_crypto_preload(void)
{
    unsigned char digest[DIGEST_MAX], block[16] = { 0 }, plain[32];
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
                                  OPENSSL_INIT_NO_ADD_ALL_DIGESTS,
                              NULL);
    hash(EVP_sha1(), block, sizeof block, NULL, 0, digest);
    if (!decipher((Str){ (const char *)digest, 16 }, block, block, sizeof block, plain))
        return; /* said when a file needs it */
}

/* The password as UTF-16, little-endian. */
static Str wide(Arena *arena, Str password)
{
    Buf out = buf_new(arena, KB(4));
    for (size_t at = 0, size; at < password.length; at += size) {
        uint32_t c = utf8_decode(password, at, &size);
        uint32_t units[2] = { c, 0 };
        if (c > 0xFFFF) {
            units[0] = 0xD800 + ((c - 0x10000) >> 10);
            units[1] = 0xDC00 + ((c - 0x10000) & 0x3FF);
        }
        for (int i = 0; i < 2 && (i == 0 || units[1]); i++) {
            buf_add_char(&out, (char)(units[i] & 0xFF));
            buf_add_char(&out, (char)(units[i] >> 8));
        }
    }
    return buf_str(&out);
}

/* 2.3.4.7 and 2.3.4.11: the password hashed many times, with one context: making one, which looks
 * for the digest under locks, takes as long as the hash. */
static size_t spin(const EVP_MD *digest, Str salt, Str password, int spins, unsigned char *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t size =
        hash_with(context, digest, salt.at, salt.length, password.at, password.length, out);
    for (int i = 0; i < spins && size; i++) {
        unsigned char count[4];
        put_number((uint32_t)i, count);
        size = hash_with(context, NULL, count, sizeof count, out, size, out);
    }
    EVP_MD_CTX_free(context);
    return size;
}

/* --- Standard encryption, 2.3.4.5-2.3.4.9 --- */

static void standard_key(Str salt, Str password, size_t key_size, unsigned char *key)
{
    unsigned char digest[DIGEST_MAX], pad[64], zero[4] = { 0 };
    size_t size = spin(EVP_sha1(), salt, password, 50000, digest);
    size = hash(EVP_sha1(), digest, size, zero, sizeof zero, digest);
    unsigned char both[40];
    for (int half = 0; half < 2; half++) {
        memset(pad, half ? 0x5C : 0x36, sizeof pad);
        for (size_t i = 0; i < size; i++)
            pad[i] ^= digest[i];
        hash(EVP_sha1(), pad, sizeof pad, NULL, 0, both + (size_t)half * 20);
    }
    memcpy(key, both, MIN(key_size, sizeof both));
}

static bool standard_package(Arena *arena, Str info, Str package, Str password, Str *out_r,
                             bool *is_right_r)
{
    size_t header_size = number_at(info, 8), at = 12 + header_size;
    size_t key_size = number_at(info, 12 + 16) / 8;
    unsigned char key[40], verifier[16], verifier_hash[32], digest[DIGEST_MAX];
    *is_right_r = false;
    if (header_size > KB(4) || info.length < at + 4 + 16 + 16 + 4 + 32 ||
        (key_size != 16 && key_size != 24 && key_size != 32))
        return false;
    standard_key(str_slice(info, at + 4, at + 20), password, key_size, key);
    Str key_text = { (const char *)key, key_size };
    if (!decipher(key_text, NULL, info.at + at + 20, 16, verifier) ||
        !decipher(key_text, NULL, info.at + at + 40, 32, verifier_hash))
        return false;
    hash(EVP_sha1(), verifier, sizeof verifier, NULL, 0, digest);
    *is_right_r = CRYPTO_memcmp(digest, verifier_hash, 20) == 0;
    if (!*is_right_r)
        return true;
    size_t size = (package.length - 8) / 16 * 16;
    char *plain = arena_alloc(arena, size + 16);
    if (!decipher(key_text, NULL, package.at + 8, size, plain))
        return false;
    *out_r = (Str){ plain, MIN(size, number_at(package, 0)) };
    return true;
}

/* --- Agile encryption, 2.3.4.10-2.3.4.15 --- */

static void read_base64(const XmlElement *element, const char *name, Bytes *out)
{
    Str text = str_trim(xml_attribute(element, name));
    out->length = 0;
    if (text.length == 0 || text.length % 4 != 0 || text.length / 4 * 3 > sizeof out->at)
        return;
    int length = EVP_DecodeBlock(out->at, (const unsigned char *)text.at, (int)text.length);
    for (size_t i = text.length; i > 0 && text.at[i - 1] == '=' && length > 0; i--)
        length--;
    out->length = length > 0 ? (size_t)length : 0;
}

static const EVP_MD *digest_named(Str name)
{
    if (str_is(name, "SHA512"))
        return EVP_sha512();
    if (str_is(name, "SHA384"))
        return EVP_sha384();
    if (str_is(name, "SHA256"))
        return EVP_sha256();
    return str_is(name, "SHA1") || str_is(name, "SHA-1") ? EVP_sha1() : NULL;
}

static bool agile_start(void *self, const XmlElement *element)
{
    Agile *agile = self;
    bool is_data = str_is(element->name, "keyData");
    if (!is_data && !str_is(element->name, "encryptedKey"))
        return true;
    AgilePart *part = is_data ? &agile->data : &agile->password;
    if (part->digest)
        return true; /* the first of each */
    if (str_is(xml_attribute(element, "cipherAlgorithm"), "AES") &&
        str_is(xml_attribute(element, "cipherChaining"), "ChainingModeCBC"))
        part->digest = digest_named(xml_attribute(element, "hashAlgorithm"));
    part->key_size = (size_t)MAX(0, xml_attribute_int(element, "keyBits", 0)) / 8;
    part->block_size = (size_t)MAX(0, xml_attribute_int(element, "blockSize", 0));
    part->spins = xml_attribute_int(element, "spinCount", 0);
    read_base64(element, "saltValue", &part->salt);
    read_base64(element, "encryptedVerifierHashInput", &part->verifier);
    read_base64(element, "encryptedVerifierHashValue", &part->verifier_hash);
    read_base64(element, "encryptedKeyValue", &part->key);
    return true;
}

static bool is_usable(const AgilePart *part)
{
    bool is_key = part->key_size == 16 || part->key_size == 24 || part->key_size == 32;
    return part->digest && is_key && part->block_size == 16 && part->salt.length >= 8 &&
           part->salt.length <= SALT_MAX && part->spins >= 0 && part->spins <= SPIN_MAX;
}

/* One of the values that the password opens; which one is said by eight bytes (2.3.4.11). */
static bool open_value(const AgilePart *part, const unsigned char *spun, size_t spun_size,
                       const char *which, const Bytes *value, unsigned char *out)
{
    unsigned char key[DIGEST_MAX], iv[16];
    memset(iv, 0x36, sizeof iv);
    memcpy(iv, part->salt.at, MIN(part->salt.length, sizeof iv));
    size_t size = hash(part->digest, spun, spun_size, which, 8, key);
    for (; size < part->key_size; size++)
        key[size] = 0x36;
    return value->length > 0 && value->length % 16 == 0 &&
           decipher((Str){ (const char *)key, part->key_size }, iv, value->at, value->length, out);
}

static bool agile_segments(Arena *arena, const AgilePart *data, Str key, Str package, Str *out_r)
{
    size_t size = (package.length - 8) / 16 * 16;
    unsigned char *plain = arena_alloc(arena, size + 16), iv[DIGEST_MAX];
    for (size_t at = 0, segment = 0; at < size; at += SEGMENT, segment++) {
        unsigned char number[4];
        put_number((uint32_t)segment, number);
        memset(iv, 0x36, sizeof iv);
        hash(data->digest, data->salt.at, data->salt.length, number, sizeof number, iv);
        if (!decipher(key, iv, package.at + 8 + at, MIN(SEGMENT, size - at), plain + at))
            return false;
    }
    *out_r = (Str){ (const char *)plain, MIN(size, number_at(package, 0)) };
    return true;
}

static bool agile_package(Arena *arena, Str info, Str package, Str password, Str *out_r,
                          bool *is_right_r)
{
    static const XmlEvents events = { .start = agile_start };
    Agile agile = { 0 };
    unsigned char spun[DIGEST_MAX], digest[DIGEST_MAX];
    unsigned char verifier[VALUE_MAX], expected[VALUE_MAX], key[VALUE_MAX];
    Error err;
    XmlParser *parser = xml_begin(&events, &agile);
    xml_add(parser, info.at + 8, info.length - 8);
    *is_right_r = false;
    if (!xml_end(parser, &err) || !is_usable(&agile.data) || !is_usable(&agile.password))
        return false;
    const AgilePart *part = &agile.password;
    Str salt = { (const char *)part->salt.at, part->salt.length };
    size_t size = spin(part->digest, salt, password, part->spins, spun);
    if (!open_value(part, spun, size, "\xFE\xA7\xD2\x76\x3B\x4B\x9E\x79", &part->verifier,
                    verifier) ||
        !open_value(part, spun, size, "\xD7\xAA\x0F\x6D\x30\x61\x34\x4E", &part->verifier_hash,
                    expected) ||
        !open_value(part, spun, size, "\x14\x6E\x0B\xE7\xAB\xAC\xD0\xD6", &part->key, key))
        return false;
    size_t digest_size = hash(part->digest, verifier, MIN(part->verifier.length, part->salt.length),
                              NULL, 0, digest);
    *is_right_r = digest_size <= part->verifier_hash.length &&
                  CRYPTO_memcmp(digest, expected, digest_size) == 0;
    if (!*is_right_r)
        return true;
    Str key_text = { (const char *)key, agile.data.key_size };
    return part->key.length >= key_text.length &&
           agile_segments(arena, &agile.data, key_text, package, out_r);
}

/* --- The way in --- */

bool office_decrypt(Arena *arena, Str bytes, Str password, Str *package_r, Error *err)
{
    Str info, package;
    bool is_right = false;
    if (!ole_read_stream(arena, bytes, "EncryptionInfo", MB(1), &info, err) ||
        !ole_read_stream(arena, bytes, "EncryptedPackage", bytes.length, &package, err))
        return false;
    if (info.length < 16 || package.length < 24)
        return fail(err, ERROR_DAMAGED, "the encrypted Office file is broken");
    /* Excel protects with this password when the author gave none ([MS-XLS] 2.2.10). */
    Str tried = password.length ? password : S("VelvetSweatshop");
    Str wide_password = wide(arena, str_slice(tried, 0, 255));
    uint32_t version = number_at(info, 0);
    bool is_agile = version == 0x00040004, is_standard = version >> 16 == 2;
    bool ok = is_agile ? agile_package(arena, info, package, wide_password, package_r, &is_right)
              : is_standard
                  ? standard_package(arena, info, package, wide_password, package_r, &is_right)
                  : false;
    if (!ok)
        return fail(err, ERROR_ENCRYPTED, "the Office file is encrypted in a way not read here");
    if (!is_right)
        return fail(err, ERROR_ENCRYPTED,
                    password.length ? "the password does not open this Office file"
                                    : "the Office file is protected; give its password");
    return true;
}
