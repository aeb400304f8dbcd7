/* authenticator_test.c - see authenticator_test.h. */
#include "account/authenticator_test.h"

#include <criterion/criterion.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "account/encoded_test.h"
#include "base/hash.h"

FakeAuthenticator fake_authenticator(Arena *arena, JwtAlgorithm algorithm, const char *credential)
{
    EVP_PKEY *key = algorithm == JWT_ES256   ? EVP_EC_gen("P-256")
                    : algorithm == JWT_EDDSA ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                             : EVP_RSA_gen(2048);
    cr_assert(key);
    return (FakeAuthenticator){
        .arena = arena, .key = key, .algorithm = algorithm, .credential = str(credential)
    };
}

void fake_authenticator_free(FakeAuthenticator *fake) { EVP_PKEY_free(fake->key); }

/* --- CBOR ------------------------------------------------------------------------------- */

static void add_head(Buf *out, unsigned major, size_t number)
{
    if (number > 255) {
        buf_add_char(out, (char)(major << 5 | 25));
        buf_add_char(out, (char)(number >> 8));
    } else {
        buf_add_char(out, (char)(major << 5 | 24));
    }
    buf_add_char(out, (char)number);
}

static void add_bytes(Buf *out, Str bytes)
{
    add_head(out, 2, bytes.length);
    buf_add(out, bytes);
}

static void add_text(Buf *out, const char *text)
{
    add_head(out, 3, strlen(text));
    buf_add(out, str(text));
}

static void add_number(Buf *out, const char *name, const FakeAuthenticator *fake)
{
    BIGNUM *number = NULL;
    unsigned char bytes[512];
    cr_assert(EVP_PKEY_get_bn_param(fake->key, name, &number) == 1);
    int length = BN_num_bytes(number);
    if (fake->algorithm == JWT_ES256)
        length = 32;
    BN_bn2binpad(number, bytes, length);
    BN_free(number);
    add_bytes(out, (Str){ (const char *)bytes, (size_t)length });
}

Str fake_public_key(const FakeAuthenticator *fake)
{
    Buf out = buf_new(fake->arena, KB(2));
    unsigned char raw[32];
    size_t length = sizeof raw;
    switch (fake->algorithm) {
    case JWT_ES256:
        buf_add(&out, S("\xa5\x01\x02\x03\x26\x20\x01\x21"));
        add_number(&out, OSSL_PKEY_PARAM_EC_PUB_X, fake);
        buf_add_char(&out, '\x22');
        add_number(&out, OSSL_PKEY_PARAM_EC_PUB_Y, fake);
        break;
    case JWT_EDDSA:
        cr_assert(EVP_PKEY_get_raw_public_key(fake->key, raw, &length) == 1);
        buf_add(&out, S("\xa4\x01\x01\x03\x27\x20\x06\x21"));
        add_bytes(&out, (Str){ (const char *)raw, length });
        break;
    default:
        buf_add(&out, (Str){ "\xa4\x01\x03\x03\x39\x01\x00\x20", 8 });
        add_number(&out, OSSL_PKEY_PARAM_RSA_N, fake);
        buf_add_char(&out, '\x21');
        add_number(&out, OSSL_PKEY_PARAM_RSA_E, fake);
    }
    return buf_str(&out);
}

/* --- What is said ------------------------------------------------------------------------ */

Str fake_client_data(const FakeAuthenticator *fake, const FakeAnswer *answer)
{
    Str challenge = encoded(fake->arena, answer->challenge);
    return str_format(
        fake->arena, "{\"type\":\"%s\",\"challenge\":\"" STR_FMT "\",\"origin\":\"%s\"%s}",
        answer->type, STR_ARG(challenge), answer->origin, answer->more ? answer->more : "");
}

static void add_digest(Buf *out, Str bytes)
{
    Sha256 sha;
    uint8_t digest[SHA256_SIZE];
    sha256_begin(&sha);
    sha256_add(&sha, bytes);
    sha256_end(&sha, digest);
    buf_add(out, (Str){ (const char *)digest, sizeof digest });
}

Str fake_data(const FakeAuthenticator *fake, const FakeAnswer *answer, Str key)
{
    Buf out = buf_new(fake->arena, KB(8));
    add_digest(&out, str(answer->rp_id));
    buf_add_char(&out, (char)answer->flags);
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_add_char(&out, (char)(answer->counter >> shift));
    buf_add(&out, key);
    buf_add(&out, answer->behind);
    return buf_str(&out);
}

Str fake_attestation(const FakeAuthenticator *fake, const FakeAnswer *answer)
{
    Buf key = buf_new(fake->arena, KB(4)), out = buf_new(fake->arena, KB(8));
    buf_add(&key, (Str){ "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16 });
    buf_add_char(&key, (char)(fake->credential.length >> 8));
    buf_add_char(&key, (char)fake->credential.length);
    buf_add(&key, fake->credential);
    buf_add(&key, answer->public_key.length ? answer->public_key : fake_public_key(fake));
    buf_add_char(&out, '\xa3');
    add_text(&out, "fmt");
    add_text(&out, answer->format);
    add_text(&out, "attStmt");
    buf_add(&out, answer->statement);
    add_text(&out, "authData");
    add_bytes(&out, fake_data(fake, answer, buf_str(&key)));
    return buf_str(&out);
}

Str fake_signature(const FakeAuthenticator *fake, Str client_data, Str data)
{
    Buf text = buf_new(fake->arena, KB(8));
    size_t length = 512;
    unsigned char *signature = arena_alloc(fake->arena, length);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *digest = fake->algorithm == JWT_EDDSA ? NULL : EVP_sha256();
    buf_add(&text, data);
    add_digest(&text, client_data);
    cr_assert(EVP_DigestSignInit(context, NULL, digest, NULL, fake->key) == 1);
    cr_assert(EVP_DigestSign(context, signature, &length, (const unsigned char *)text.at,
                             text.length) == 1);
    EVP_MD_CTX_free(context);
    return (Str){ (const char *)signature, length };
}
