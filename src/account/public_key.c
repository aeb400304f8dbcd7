/* public_key.c - see public_key.h. */
#include "account/public_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#define NUMBER_BYTES_MAX KB(1) /* of RSA: 8,192 bits */
#define EXPONENT_BYTES_MAX 8
#define RSA_BITS_MIN 2048 /* RFC 7518, section 3.3 */
#define RSA_BITS_MAX 8192
#define POINT_BYTES 32

/* The parameters are freed. */
static PublicKey *key_of(const char *kind, OSSL_PARAM_BLD *build)
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
    ERR_clear_error(); /* what is left there would be taken for a failure of TLS */
    return key;
}

static BIGNUM *number_of(Str bytes)
{
    return BN_bin2bn((const unsigned char *)bytes.at, (int)bytes.length, NULL);
}

PublicKey *public_key_rsa(Str modulus, Str exponent)
{
    if (!modulus.length || modulus.length > NUMBER_BYTES_MAX || !exponent.length ||
        exponent.length > EXPONENT_BYTES_MAX)
        return NULL;
    BIGNUM *n = number_of(modulus), *e = number_of(exponent);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (BN_is_odd(e) && !BN_is_one(e) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        key = key_of("RSA", build);
    else
        OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return key;
}

PublicKey *public_key_curve(Str x, Str y)
{
    unsigned char point[1 + 2 * POINT_BYTES] = { 4 }; /* uncompressed (SEC 1) */
    if (x.length != POINT_BYTES || y.length != POINT_BYTES)
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

PublicKey *public_key_edwards(Str x)
{
    if (x.length != POINT_BYTES)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.at,
                                       x.length);
}

bool public_key_algorithm(PublicKey *key, JwtAlgorithm *algorithm_r)
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

bool public_key_fits(PublicKey *key, JwtAlgorithm algorithm, Str text, Str signature)
{
    const EVP_MD *digest = algorithm == JWT_EDDSA ? NULL : EVP_sha256();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool fits = key && context && EVP_DigestVerifyInit(context, NULL, digest, NULL, key) == 1 &&
                EVP_DigestVerify(context, (const unsigned char *)signature.at, signature.length,
                                 (const unsigned char *)text.at, text.length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error(); /* what is left there would be taken for a failure of TLS */
    return fits;
}
