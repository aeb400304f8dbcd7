/* jwt_keys.c - see jwt_keys.h. */
#include "account/jwt_keys.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdatomic.h>

#include "account/public_key.h"
#include "base/base64.h"
#include "base/json.h"

#define NUMBER_BYTES_MAX KB(1) /* of RSA: 8,192 bits */
#define KEY_ID_MAX 255

struct JwtKeys {
    atomic_int holds;
    Arena *arena;
    JwtKey at[JWT_KEYS_MAX];
    size_t count;
};

static const struct {
    const char *name;
    size_t signature_bytes;
} algorithms[] = {
#define ALGORITHM(name, header, signature_bytes) [JWT_##name] = { header, signature_bytes },
#include "account/jwt_algorithms.def"
#undef ALGORITHM
};

const char *jwt_algorithm_name(JwtAlgorithm algorithm) { return algorithms[algorithm].name; }

size_t jwt_signature_bytes(JwtAlgorithm algorithm) { return algorithms[algorithm].signature_bytes; }

/* --- One key of a JWKS --- */

static bool member_bytes(Arena *arena, const json_t *jwk, const char *name, Str *bytes_r)
{
    Str text = json_member_text(jwk, name);
    return text.length <= NUMBER_BYTES_MAX * 4 / 3 + 2 && base64_url_decode(arena, text, bytes_r) &&
           bytes_r->length;
}

static PublicKey *read_rsa(Arena *arena, const json_t *jwk)
{
    Str n, e;
    return member_bytes(arena, jwk, "n", &n) && member_bytes(arena, jwk, "e", &e)
               ? public_key_rsa(n, e)
               : NULL;
}

static PublicKey *read_curve(Arena *arena, const json_t *jwk)
{
    Str x, y;
    return str_is(json_member_text(jwk, "crv"), "P-256") && member_bytes(arena, jwk, "x", &x) &&
                   member_bytes(arena, jwk, "y", &y)
               ? public_key_curve(x, y)
               : NULL;
}

static PublicKey *read_edwards(Arena *arena, const json_t *jwk)
{
    Str x;
    return str_is(json_member_text(jwk, "crv"), "Ed25519") && member_bytes(arena, jwk, "x", &x)
               ? public_key_edwards(x)
               : NULL;
}

/* Takes the key over. */
static bool add_key(JwtKeys *keys, PublicKey *key, Str id)
{
    JwtAlgorithm algorithm;
    bool is_good = key && keys->count < JWT_KEYS_MAX && public_key_algorithm(key, &algorithm);
    ERR_clear_error(); /* what is left there would be taken for a failure of TLS */
    if (!is_good) {
        EVP_PKEY_free(key);
        return false;
    }
    keys->at[keys->count++] =
        (JwtKey){ .algorithm = algorithm, .id = str_copy(keys->arena, id), .key = key };
    return true;
}

/* A member that says less than "for signatures, checked by the algorithm of its kind". */
static bool is_for_signatures(const json_t *jwk, const char *algorithm)
{
    const json_t *use = json_object_get(jwk, "use"), *named = json_object_get(jwk, "alg");
    const json_t *operations = json_object_get(jwk, "key_ops");
    bool may_verify = !operations;
    for (size_t i = 0; i < json_array_size(operations); i++) {
        const char *one = json_string_value(json_array_get(operations, i));
        may_verify |= one && !strcmp(one, "verify");
    }
    return may_verify && (!use || str_is(json_member_text(jwk, "use"), "sig")) &&
           (!named || str_is(json_member_text(jwk, "alg"), algorithm)) &&
           !json_object_get(jwk, "d"); /* whoever publishes a private key has given it away */
}

static void read_jwk(JwtKeys *keys, const json_t *jwk)
{
    static const struct {
        const char *kind;
        JwtAlgorithm algorithm;
        PublicKey *(*read)(Arena *arena, const json_t *jwk);
    } kinds[] = { { "RSA", JWT_RS256, read_rsa },
                  { "EC", JWT_ES256, read_curve },
                  { "OKP", JWT_EDDSA, read_edwards } };
    Str kind = json_member_text(jwk, "kty"), id = json_member_text(jwk, "kid");
    if (id.length > KEY_ID_MAX)
        return;
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_is(kind, kinds[i].kind) &&
            is_for_signatures(jwk, jwt_algorithm_name(kinds[i].algorithm)))
            (void)!add_key(keys, kinds[i].read(keys->arena, jwk), id);
}

/* --- Sets --- */

static JwtKeys *new_keys(void)
{
    JwtKeys *keys = heap_alloc(sizeof *keys);
    atomic_init(&keys->holds, 1);
    keys->arena = arena_new(MB(1));
    return keys;
}

static bool read_pem(JwtKeys *keys, Str text)
{
    BIO *bio = BIO_new_mem_buf(text.at, (int)text.length);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return add_key(keys, key, S(""));
}

static bool read_set(JwtKeys *keys, Str text, Error *err)
{
    AUTO_JSON json_t *set = NULL;
    if (!json_parse(text, JWT_KEYS_BYTES_MAX, &set, err))
        return fail_in(err, "the keys of the issuer (JWKS)");
    const json_t *list = json_object_get(set, "keys");
    for (size_t i = 0; i < MIN(json_array_size(list), (size_t)JWT_KEYS_MAX); i++)
        read_jwk(keys, json_array_get(list, i));
    return true;
}

bool jwt_keys_read(Str text, JwtKeys **keys_r, Error *err)
{
    JwtKeys *keys = new_keys();
    bool is_pem = str_find(text, S("-----BEGIN PUBLIC KEY-----")) >= 0;
    bool good = text.length <= JWT_KEYS_BYTES_MAX ||
                fail(err, ERROR_TOO_LARGE, "the keys of the issuer are larger than %zu KiB",
                     JWT_KEYS_BYTES_MAX / 1024);
    if (good && is_pem)
        (void)!read_pem(keys, text);
    else if (good)
        good = read_set(keys, text, err);
    if (good && !keys->count)
        good = fail(err, ERROR_INVALID,
                    "there is no key for RS256 (2,048 bits), ES256 or EdDSA among those of the "
                    "issuer: a JWKS or a public key in PEM is needed");
    if (!good) {
        jwt_keys_release(keys);
        return false;
    }
    *keys_r = keys;
    return true;
}

bool jwt_keys_of_secret(Str secret, JwtKeys **keys_r, Error *err)
{
    if (secret.length < JWT_SECRET_BYTES_MIN || secret.length > KB(4))
        return fail(err, ERROR_INVALID, "the secret for HS256 has to have 32 to 4,096 bytes");
    JwtKeys *keys = new_keys();
    keys->at[keys->count++] =
        (JwtKey){ .algorithm = JWT_HS256, .secret = str_copy(keys->arena, secret) };
    *keys_r = keys;
    return true;
}

JwtKeys *jwt_keys_hold(JwtKeys *keys)
{
    atomic_fetch_add(&keys->holds, 1);
    return keys;
}

void jwt_keys_release(JwtKeys *keys)
{
    if (!keys || atomic_fetch_sub(&keys->holds, 1) != 1)
        return;
    for (size_t i = 0; i < keys->count; i++) {
        EVP_PKEY_free(keys->at[i].key);
        if (keys->at[i].secret.length)
            sodium_memzero((void *)(uintptr_t)keys->at[i].secret.at, keys->at[i].secret.length);
    }
    arena_free(keys->arena);
    free(keys);
}

size_t jwt_keys_count(const JwtKeys *keys) { return keys->count; }

const JwtKey *jwt_keys_find(const JwtKeys *keys, Str algorithm, Str id)
{
    const JwtKey *found = NULL;
    int alike = 0;
    for (size_t i = 0; keys && i < keys->count; i++) {
        const JwtKey *key = &keys->at[i];
        if (!str_is(algorithm, jwt_algorithm_name(key->algorithm)))
            continue;
        if (id.length && str_equal(id, key->id))
            return key;
        if (!id.length || !key->id.length) {
            found = key;
            alike++;
        }
    }
    return alike == 1 ? found : NULL;
}
