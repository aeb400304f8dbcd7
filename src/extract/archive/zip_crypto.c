/* zip_crypto.c - see zip_crypto.h. */
#include "extract/archive/zip_crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

enum {
    HEADER_SIZE = 12,
    VERIFIER_SIZE = 2,
    MAC_SIZE = 10,
    SHA1_SIZE = 20,
    KEY_MAX = 32,
    ROUNDS = 1000, /* of PBKDF2, fixed by WinZip */
    BLOCK = 16,
    BATCH = 256, /* blocks of key stream made at once */
};

static bool fail_password(Str password, Error *err)
{
    return fail(err, ERROR_ENCRYPTED, "%s",
                password.length ? "it is encrypted and the password is wrong"
                                : "it is encrypted and needs a password");
}

/* --- ZipCrypto (APPNOTE 6.1.5) --- */

static void update_keys(uint32_t keys[3], const z_crc_t *table, uint8_t c)
{
    keys[0] = (uint32_t)table[(keys[0] ^ c) & 0xFF] ^ keys[0] >> 8;
    keys[1] = (keys[1] + (keys[0] & 0xFF)) * 134775813u + 1;
    keys[2] = (uint32_t)table[(keys[2] ^ keys[1] >> 24) & 0xFF] ^ keys[2] >> 8;
}

static uint8_t decrypt_byte(uint32_t keys[3], const z_crc_t *table, uint8_t c)
{
    uint32_t word = (keys[2] | 2) & 0xFFFF;
    c ^= (uint8_t)(word * (word ^ 1) >> 8);
    update_keys(keys, table, c);
    return c;
}

static bool decrypt_traditional(const ZipEntry *entry, Str packed, Str password, char *out,
                                size_t *length_r, Error *err)
{
    const z_crc_t *table = get_crc_table();
    uint32_t keys[3] = { 0x12345678, 0x23456789, 0x34567890 };
    uint8_t check = 0;
    if (packed.length < HEADER_SIZE)
        return fail(err, ERROR_DAMAGED, "its encryption header is cut");
    for (size_t i = 0; i < password.length; i++)
        update_keys(keys, table, (uint8_t)password.at[i]);
    for (size_t i = 0; i < HEADER_SIZE; i++)
        check = decrypt_byte(keys, table, (uint8_t)packed.at[i]);
    /* With a data descriptor the sum was not known yet, and the time stands for it. */
    uint8_t expected =
        entry->has_descriptor ? (uint8_t)(entry->time >> 8) : (uint8_t)(entry->crc >> 24);
    if (password.length == 0 || check != expected)
        return fail_password(password, err);
    for (size_t i = HEADER_SIZE; i < packed.length; i++)
        out[i - HEADER_SIZE] = (char)decrypt_byte(keys, table, (uint8_t)packed.at[i]);
    *length_r = packed.length - HEADER_SIZE;
    return true;
}

/* --- WinZip AES: salt, two bytes of proof, data in counter mode, ten bytes of HMAC-SHA1 --- */

/* The counter is little-endian and begins at 1, unlike OpenSSL's counter mode. */
static bool decrypt_counter(const uint8_t *key, size_t key_size, Str data, char *out)
{
    const EVP_CIPHER *cipher = key_size == 16   ? EVP_aes_128_ecb()
                               : key_size == 24 ? EVP_aes_192_ecb()
                                                : EVP_aes_256_ecb();
    uint8_t counters[BATCH * BLOCK] = { 0 }, stream[BATCH * BLOCK];
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool ok = context && EVP_EncryptInit_ex(context, cipher, NULL, key, NULL) &&
              EVP_CIPHER_CTX_set_padding(context, 0);
    uint64_t counter = 1;
    for (size_t at = 0; ok && at < data.length; at += sizeof stream) {
        int made;
        for (size_t i = 0; i < BATCH; i++, counter++)
            for (size_t k = 0; k < 8; k++)
                counters[i * BLOCK + k] = (uint8_t)(counter >> (8 * k));
        ok = EVP_EncryptUpdate(context, stream, &made, counters, sizeof counters) &&
             made == sizeof stream;
        size_t size = MIN(sizeof stream, data.length - at);
        for (size_t i = 0; ok && i < size; i++)
            out[at + i] = (char)((uint8_t)data.at[at + i] ^ stream[i]);
    }
    EVP_CIPHER_CTX_free(context);
    return ok;
}

static bool decrypt_aes(const ZipEntry *entry, Str packed, Str password, char *out,
                        size_t *length_r, Error *err)
{
    size_t key_size = 8 + 8 * (size_t)entry->aes_strength, salt_size = key_size / 2;
    uint8_t keys[2 * KEY_MAX + VERIFIER_SIZE], mac[EVP_MAX_MD_SIZE];
    unsigned mac_size = sizeof mac;
    if (packed.length < salt_size + VERIFIER_SIZE + MAC_SIZE)
        return fail(err, ERROR_DAMAGED, "its encryption header is cut");
    if (password.length == 0 ||
        !PKCS5_PBKDF2_HMAC_SHA1(password.at, (int)MIN(password.length, (size_t)INT32_MAX),
                                (const uint8_t *)packed.at, (int)salt_size, ROUNDS,
                                (int)(2 * key_size + VERIFIER_SIZE), keys) ||
        memcmp(keys + 2 * key_size, packed.at + salt_size, VERIFIER_SIZE) != 0)
        return fail_password(password, err);
    Str data = str_slice(packed, salt_size + VERIFIER_SIZE, packed.length - MAC_SIZE);
    if (!HMAC(EVP_sha1(), keys + key_size, (int)key_size, (const uint8_t *)data.at, data.length,
              mac, &mac_size) ||
        memcmp(mac, data.at + data.length, MAC_SIZE) != 0)
        return fail(err, ERROR_DAMAGED, "its encrypted bytes were changed");
    if (!decrypt_counter(keys, key_size, data, out))
        return fail(err, ERROR_INTERNAL, "AES cannot be started");
    *length_r = data.length;
    return true;
}

bool zip_decrypt(const ZipEntry *entry, Str packed, Str password, char *out, size_t *length_r,
                 Error *err)
{
    if (entry->is_strong)
        return fail(err, ERROR_ENCRYPTED, "it is encrypted by a method that is not read");
    return entry->aes_strength ? decrypt_aes(entry, packed, password, out, length_r, err)
                               : decrypt_traditional(entry, packed, password, out, length_r, err);
}
