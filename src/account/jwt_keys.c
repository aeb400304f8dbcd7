/* jwt_keys.c - see jwt_keys.h. */
#include "account/jwt_keys.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdatomic.h>

#include "base/json.h"

#define NUMBER_BYTES_MAX KB(1) /* of RSA: 8,192 bits */
#define RSA_BITS_MIN 2048      /* RFC 7518, section 3.3 */
#define RSA_BITS_MAX 8192
#define EXPONENT_BYTES_MAX 8
#define POINT_BYTES 32
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

static bool member_bytes(Arena *arena, const json_t *jwk, const char *name, size_t bytes_max,
                         Str *bytes_r)
{
    Str text = json_member_text(jwk, name);
    size_t room = text.length / 4 * 3 + 3, length;
    if (!text.length || text.length > bytes_max * 4 / 3 + 2)
        return false;
    unsigned char *bytes = arena_alloc(arena, room);
    if (sodium_base642bin(bytes, room, text.at, text.length, NULL, &length, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        !length)
        return false;
    *bytes_r = (Str){ (const char *)bytes, length };
    return true;
}

/* The parameters are freed. */
static EVP_PKEY *key_of(const char *kind, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(build);
    return key;
}

static BIGNUM *number_of(Str bytes)
{
    return BN_bin2bn((const unsigned char *)bytes.at, (int)bytes.length, NULL);
}

static EVP_PKEY *read_rsa(Arena *arena, const json_t *jwk)
{
    Str n, e;
    if (!member_bytes(arena, jwk, "n", NUMBER_BYTES_MAX, &n) ||
        !member_bytes(arena, jwk, "e", EXPONENT_BYTES_MAX, &e))
        return NULL;
    BIGNUM *modulus = number_of(n), *exponent = number_of(e);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (BN_is_odd(exponent) && !BN_is_one(exponent) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        key = key_of("RSA", build);
    else
        OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

static EVP_PKEY *read_curve(Arena *arena, const json_t *jwk)
{
    unsigned char point[1 + 2 * POINT_BYTES] = { 4 }; /* uncompressed (SEC 1) */
    Str x, y;
    if (!str_is(json_member_text(jwk, "crv"), "P-256") ||
        !member_bytes(arena, jwk, "x", POINT_BYTES, &x) || x.length != POINT_BYTES ||
        !member_bytes(arena, jwk, "y", POINT_BYTES, &y) || y.length != POINT_BYTES)
        return NULL;
    memcpy(point + 1, x.at, POINT_BYTES);
    memcpy(point + 1 + POINT_BYTES, y.at, POINT_BYTES);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1)
        return key_of("EC", build);
    OSSL_PARAM_BLD_free(build);
    return NULL;
}

static EVP_PKEY *read_edwards(Arena *arena, const json_t *jwk)
{
    Str x;
    if (!str_is(json_member_text(jwk, "crv"), "Ed25519") ||
        !member_bytes(arena, jwk, "x", POINT_BYTES, &x))
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.at,
                                       x.length);
}

static bool algorithm_of(EVP_PKEY *key, JwtAlgorithm *algorithm_r)
{
    int bits = EVP_PKEY_get_bits(key);
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        *algorithm_r = JWT_RS256;
        return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
    case EVP_PKEY_EC: {
        char group[32] = "";
        *algorithm_r = JWT_ES256;
        return EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
               !strcmp(group, "prime256v1");
    }
    case EVP_PKEY_ED25519: *algorithm_r = JWT_EDDSA; return true;
    default: return false;
    }
}

/* Takes the key over. */
static bool add_key(JwtKeys *keys, EVP_PKEY *key, Str id)
{
    JwtAlgorithm algorithm;
    bool is_good = key && keys->count < JWT_KEYS_MAX && algorithm_of(key, &algorithm);
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
        EVP_PKEY *(*read)(Arena *arena, const json_t *jwk);
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
