/* ole_crypto.h - the passwords of Word, Excel and PowerPoint 95-2003 ([MS-OFFCRYPTO] 2.3.5-2.3.7):
 * RC4, RC4 of the CryptoAPI, and XOR.
 *
 *     OleCipher cipher;
 *     ole_cipher_open(info, password, &cipher, err)     info: the stream's or record's header
 *     ole_cipher_apply(&cipher, 512, at, bytes, count)  Word's blocks are 512 bytes, Excel's 1024
 *
 * RC4 is keyed anew for each block of the stream; a format that numbers its blocks otherwise
 * (PowerPoint: one for each object) begins one with ole_cipher_block(). */
#pragma once

#include "base/base.h"

typedef struct OleCipher {
    bool is_capi;
    unsigned char base[20]; /* what the key of each block is made from */
    size_t base_size, key_size;
} OleCipher;

typedef struct OleRc4 {
    unsigned char state[256], i, j;
} OleRc4;

typedef struct OleXor {
    unsigned char array[16];
    uint16_t key, verifier;
} OleXor;

/* `info` is an EncryptionHeader: version 1.1 (2.3.6.1), or 2.2 to 4.2 (2.3.5.1). Fails with
 * ERROR_ENCRYPTED when the password is missing or wrong, or the kind is not one of these. */
MUST_CHECK bool ole_cipher_open(Str info, Str password, OleCipher *cipher_r, Error *err);
/* The key stream of one block, from its start. */
void ole_cipher_block(const OleCipher *cipher, uint32_t block, OleRc4 *rc4_r);
void ole_rc4_apply(OleRc4 *rc4, unsigned char *bytes, size_t count);
void ole_rc4_skip(OleRc4 *rc4, size_t count);
/* Decrypts bytes that lie at `at` of a stream of blocks. */
void ole_cipher_apply(const OleCipher *cipher, size_t block_size, size_t at, unsigned char *bytes,
                      size_t count);

/* 2.3.7.1-2.3.7.4: what XOR makes of a password (its first 15 characters, one byte each). Compare
 * `verifier` (and `key`) with the file's. False for an empty password. */
bool ole_xor_open(Str password, OleXor *xor_r);
/* Word's way (2.3.7.7): `at` is the position in the stream. Bytes that are or would become zero
 * are as they were. */
void ole_xor_apply_word(const OleXor *xor_key, size_t at, unsigned char *bytes, size_t count);
/* Excel's way (2.3.7.3) on one record's data: `at` is its position in the stream plus its size. */
void ole_xor_apply_excel(const OleXor *xor_key, size_t at, unsigned char *bytes, size_t count);
/* The message for a password that is missing or wrong. Returns false. */
bool ole_fail_password(Str password, Error *err);
