/* ole_crypto.c - see ole_crypto.h; section numbers are of [MS-OFFCRYPTO]. */
#include "extract/ole/ole_crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/utf8.h"
#include "extract/ole/ole_file.h"

enum { PASSWORD_UNITS = 255, SALT = 16, MD5_SIZE = 16, SHA1_SIZE = 20, XOR_PASSWORD = 15 };

static void hash(const EVP_MD *digest, Str a, Str b, unsigned char *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestInit_ex(context, digest, NULL) &&
        EVP_DigestUpdate(context, a.at, a.length) && EVP_DigestUpdate(context, b.at, b.length))
        EVP_DigestFinal_ex(context, out, NULL);
    EVP_MD_CTX_free(context);
}

static Str bytes_of(const void *at, size_t count) { return (Str){ at, count }; }

bool ole_fail_password(Str password, Error *err)
{
    return fail(err, ERROR_ENCRYPTED,
                password.length ? "the password does not open this Office file"
                                : "the Office file is protected; give its password");
}

/* The password as UTF-16, little-endian; its length in bytes. */
static size_t widen(Str password, unsigned char out[PASSWORD_UNITS * 2])
{
    size_t length = 0;
    for (size_t at = 0, size; at < password.length; at += size) {
        uint32_t c = utf8_decode(password, at, &size);
        uint32_t units[2] = { c, 0 };
        if (c > 0xFFFF) {
            units[0] = 0xD800 + ((c - 0x10000) >> 10);
            units[1] = 0xDC00 + ((c - 0x10000) & 0x3FF);
        }
        for (int i = 0; i < 2 && (i == 0 || units[1]) && length < PASSWORD_UNITS * 2; i++) {
            out[length++] = (unsigned char)units[i];
            out[length++] = (unsigned char)(units[i] >> 8);
        }
    }
    return length;
}

/* --- RC4 (its own few lines: OpenSSL keeps it in a module that it would load from a file) --- */

static void rc4_begin(OleRc4 *rc4, const unsigned char *key, size_t size)
{
    for (int i = 0; i < 256; i++)
        rc4->state[i] = (unsigned char)i;
    for (size_t i = 0, j = 0; i < 256; i++) {
        unsigned char here = rc4->state[i];
        j = (j + here + key[i % size]) & 0xFF;
        rc4->state[i] = rc4->state[j];
        rc4->state[j] = here;
    }
    rc4->i = rc4->j = 0;
}

static unsigned char rc4_next(OleRc4 *rc4)
{
    unsigned char here = rc4->state[++rc4->i];
    rc4->j = (unsigned char)(rc4->j + here);
    rc4->state[rc4->i] = rc4->state[rc4->j];
    rc4->state[rc4->j] = here;
    return rc4->state[(unsigned char)(rc4->state[rc4->i] + here)];
}

void ole_rc4_apply(OleRc4 *rc4, unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] ^= rc4_next(rc4);
}

void ole_rc4_skip(OleRc4 *rc4, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rc4_next(rc4);
}

/* --- Keys --- */

/* 2.3.6.2: the hash of the password and the salt, each cut to five bytes. */
static void rc4_base(Str salt, Str wide, OleCipher *cipher)
{
    unsigned char digest[MD5_SIZE], repeated[16 * (5 + SALT)];
    hash(EVP_md5(), wide, STR_NONE, digest);
    for (size_t i = 0; i < 16; i++) {
        memcpy(repeated + i * (5 + SALT), digest, 5);
        memcpy(repeated + i * (5 + SALT) + 5, salt.at, SALT);
    }
    hash(EVP_md5(), bytes_of(repeated, sizeof repeated), STR_NONE, cipher->base);
    cipher->base_size = 5;
    cipher->key_size = MD5_SIZE;
}

void ole_cipher_block(const OleCipher *cipher, uint32_t block, OleRc4 *rc4_r)
{
    unsigned char number[4], key[SHA1_SIZE] = { 0 };
    for (int i = 0; i < 4; i++)
        number[i] = (unsigned char)(block >> (8 * i));
    hash(cipher->is_capi ? EVP_sha1() : EVP_md5(), bytes_of(cipher->base, cipher->base_size),
         bytes_of(number, sizeof number), key);
    size_t size = cipher->key_size;
    if (size == 5) { /* 2.3.5.2: 40 bits are followed by zeros up to 128 */
        memset(key + 5, 0, sizeof key - 5);
        size = 16;
    }
    rc4_begin(rc4_r, key, size);
}

void ole_cipher_apply(const OleCipher *cipher, size_t block_size, size_t at, unsigned char *bytes,
                      size_t count)
{
    for (size_t done = 0; done < count;) {
        OleRc4 rc4;
        size_t inside = (at + done) % block_size, piece = MIN(block_size - inside, count - done);
        ole_cipher_block(cipher, (uint32_t)((at + done) / block_size), &rc4);
        ole_rc4_skip(&rc4, inside);
        ole_rc4_apply(&rc4, bytes + done, piece);
        done += piece;
    }
}

/* The verifier and then its hash come from one key stream, of block 0. */
static bool is_right(const OleCipher *cipher, Str verifier, Str expected)
{
    unsigned char plain[16], wanted[SHA1_SIZE] = { 0 }, digest[SHA1_SIZE] = { 0 };
    OleRc4 rc4;
    ole_cipher_block(cipher, 0, &rc4);
    memcpy(plain, verifier.at, sizeof plain);
    memcpy(wanted, expected.at, expected.length);
    ole_rc4_apply(&rc4, plain, sizeof plain);
    ole_rc4_apply(&rc4, wanted, expected.length);
    hash(cipher->is_capi ? EVP_sha1() : EVP_md5(), bytes_of(plain, sizeof plain), STR_NONE, digest);
    return CRYPTO_memcmp(digest, wanted, expected.length) == 0;
}

static bool open_rc4(Str info, Str wide, OleCipher *cipher)
{
    *cipher = (OleCipher){ 0 };
    rc4_base(str_slice(info, 4, 4 + SALT), wide, cipher);
    return is_right(cipher, str_slice(info, 20, 36), str_slice(info, 36, 52));
}

/* 2.3.5.1: a header of its own size, then the verifier (2.3.3). */
static bool open_capi(Str info, Str wide, OleCipher *cipher)
{
    size_t at = 12 + (size_t)le32_at(info, 8), bits = le32_at(info, 12 + 16);
    *cipher = (OleCipher){ .is_capi = true, .base_size = SHA1_SIZE };
    cipher->key_size = bits == 0 ? 5 : MIN(bits / 8, (size_t)16);
    if (cipher->key_size == 0)
        return false;
    hash(EVP_sha1(), str_slice(info, at + 4, at + 4 + SALT), wide, cipher->base);
    return is_right(cipher, str_slice(info, at + 20, at + 36), str_slice(info, at + 40, at + 60));
}

bool ole_cipher_open(Str info, Str password, OleCipher *cipher_r, Error *err)
{
    unsigned char wide[PASSWORD_UNITS * 2];
    uint16_t major = le16_at(info, 0), minor = le16_at(info, 2);
    size_t header = le32_at(info, 8);
    bool is_rc4 = major == 1 && minor == 1 && info.length >= 52;
    bool is_capi = major >= 2 && major <= 4 && minor == 2 && header <= KB(4) &&
                   info.length >= 12 + header + 60;
    if (!is_rc4 && !is_capi)
        return fail(err, ERROR_ENCRYPTED, "the Office file is encrypted in a way not read here");
    Str password_wide = bytes_of(wide, widen(password, wide));
    OleCipher cipher;
    if (is_rc4 ? !open_rc4(info, password_wide, &cipher) : !open_capi(info, password_wide, &cipher))
        return ole_fail_password(password, err);
    *cipher_r = cipher;
    return true;
}

/* --- XOR --- */

/* 2.3.7.2: by the password's length. */
static const uint16_t initial_codes[XOR_PASSWORD] = { 0xE1F0, 0x1D0F, 0xCC9C, 0x84C0, 0x110C,
                                                      0x0E10, 0xF1CE, 0x313E, 0x1872, 0xE139,
                                                      0xD40F, 0x84F9, 0x280C, 0xA96A, 0x4EC3 };
/* The first number of each row of the XOR matrix; the other six follow by doubling in the field
 * of CRC-16. */
static const uint16_t matrix_rows[XOR_PASSWORD] = { 0xAEFC, 0x7B61, 0x4563, 0x0375, 0xD849,
                                                    0x6F45, 0xEB23, 0x47D3, 0xB861, 0x45A0,
                                                    0xAA51, 0x76B4, 0x3730, 0x3331, 0x1021 };
static const unsigned char padding[XOR_PASSWORD] = { 0xBB, 0xFF, 0xFF, 0xBA, 0xFF, 0xFF, 0xB9, 0x80,
                                                     0x00, 0xBE, 0x0F, 0x00, 0xBF, 0x0F, 0x00 };

static uint16_t xor_key(const unsigned char *password, size_t length)
{
    uint16_t key = initial_codes[length - 1];
    for (size_t i = 0; i < length; i++) {
        uint16_t element = matrix_rows[XOR_PASSWORD - length + i];
        for (int bit = 0; bit < 7; bit++) {
            if (password[i] >> bit & 1)
                key ^= element;
            element = (uint16_t)(element << 1 ^ (element & 0x8000 ? 0x1021 : 0));
        }
    }
    return key;
}

static uint16_t xor_verifier(const unsigned char *password, size_t length)
{
    uint16_t verifier = 0;
    for (size_t i = length + 1; i-- > 0;) {
        unsigned char byte = i == 0 ? (unsigned char)length : password[i - 1];
        verifier = (uint16_t)(((verifier >> 14 & 1) | (verifier << 1 & 0x7FFF)) ^ byte);
    }
    return verifier ^ 0xCE4B;
}

static unsigned char turned(unsigned char byte) { return (unsigned char)(byte >> 1 | byte << 7); }

bool ole_xor_open(Str password, OleXor *xor_r)
{
    unsigned char wide[PASSWORD_UNITS * 2], narrow[XOR_PASSWORD];
    size_t units = widen(password, wide) / 2, length = MIN(units, (size_t)XOR_PASSWORD);
    if (length == 0)
        return false;
    /* 2.3.7.4: the low byte of each character, or the high one where that is zero. */
    for (size_t i = 0; i < length; i++)
        narrow[i] = wide[i * 2] ? wide[i * 2] : wide[i * 2 + 1];
    xor_r->key = xor_key(narrow, length);
    xor_r->verifier = xor_verifier(narrow, length);
    for (size_t i = 0; i < sizeof xor_r->array; i++) {
        unsigned char byte = i < length ? narrow[i] : padding[i - length];
        unsigned char key = (unsigned char)(i % 2 ? xor_r->key >> 8 : xor_r->key & 0xFF);
        xor_r->array[i] = turned(byte ^ key);
    }
    return true;
}

void ole_xor_apply_word(const OleXor *xor_key, size_t at, unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char mask = xor_key->array[(at + i) % sizeof xor_key->array];
        if (bytes[i] != 0 && bytes[i] != mask)
            bytes[i] ^= mask;
    }
}

void ole_xor_apply_excel(const OleXor *xor_key, size_t at, unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char byte =
            (unsigned char)(bytes[i] ^ xor_key->array[(at + i) % sizeof xor_key->array]);
        bytes[i] = (unsigned char)(byte << 3 | byte >> 5);
    }
}
