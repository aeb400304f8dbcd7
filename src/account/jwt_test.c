/* jwt_test.c - tokens that were signed by the right key are taken, and forged ones are not. */
#include "account/encoded_test.h"
#include "account/jwt.h"

#include <criterion/criterion.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <unistd.h>

#include "account/issuer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"

#define NOW_S 2000000000
#define SECRET S("0123456789abcdef0123456789abcdef")
#define ISSUER "https://issuer.example"

/* --- Keys and tokens -------------------------------------------------------------------- */

typedef enum Signer {
    BY_RSA,
    BY_EC,
    BY_ED,
    BY_HMAC,
    BY_OTHER_RSA,
    BY_OTHER_EC,
    BY_OTHER_ED,
    BY_OTHER_HMAC,
    BY_PEM_AS_SECRET,   /* the public RSA key taken for a secret */
    BY_JWKS_AS_SECRET,  /* and the whole set */
    BY_EMPTY_AS_SECRET, /* and nothing at all */
    BY_ZEROS,           /* 64 of them */
    BY_NOBODY
} Signer;

typedef struct Bench {
    Arena *arena;
    EVP_PKEY *keys[BY_OTHER_ED + 1];
    Str pem, jwks;
    char folder[64];
    Issuer *issuer;
} Bench;

static Error err;

/* Made when it is first needed: those for RSA take long. */
static EVP_PKEY *key_of(Bench *bench, Signer signer)
{
    EVP_PKEY **key = &bench->keys[signer];
    if (!*key)
        *key = signer % 4 == BY_RSA  ? EVP_RSA_gen(2048)
               : signer % 4 == BY_EC ? EVP_EC_gen("P-256")
                                     : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return *key;
}

static Str number(Bench *bench, EVP_PKEY *key, const char *name, int width)
{
    unsigned char bytes[1024];
    BIGNUM *value = NULL;
    cr_assert_eq(EVP_PKEY_get_bn_param(key, name, &value), 1);
    int length = width ? BN_bn2binpad(value, bytes, width) : BN_bn2bin(value, bytes);
    BN_free(value);
    return encoded(bench->arena, str_copy(bench->arena, (Str){ (char *)bytes, (size_t)length }));
}

static Str edwards(Bench *bench, EVP_PKEY *key)
{
    unsigned char bytes[32];
    size_t length = sizeof bytes;
    cr_assert_eq(EVP_PKEY_get_raw_public_key(key, bytes, &length), 1);
    return encoded(bench->arena, str_copy(bench->arena, (Str){ (char *)bytes, length }));
}

static Str write_jwks(Bench *bench, const char *id)
{
    return str_format(
        bench->arena,
        "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"rsa-%s\",\"use\":\"sig\",\"alg\":\"RS256\","
        "\"n\":\"%s\",\"e\":\"%s\"},{\"kty\":\"EC\",\"kid\":\"ec-%s\",\"crv\":\"P-256\","
        "\"x\":\"%s\",\"y\":\"%s\"},{\"kty\":\"OKP\",\"kid\":\"ed-%s\",\"crv\":\"Ed25519\","
        "\"x\":\"%s\"},{\"kty\":\"oct\",\"kid\":\"oct-%s\",\"k\":\"AAAA\"}]}",
        id, number(bench, key_of(bench, BY_RSA), OSSL_PKEY_PARAM_RSA_N, 0).at,
        number(bench, key_of(bench, BY_RSA), OSSL_PKEY_PARAM_RSA_E, 0).at, id,
        number(bench, key_of(bench, BY_EC), OSSL_PKEY_PARAM_EC_PUB_X, 32).at,
        number(bench, key_of(bench, BY_EC), OSSL_PKEY_PARAM_EC_PUB_Y, 32).at, id,
        edwards(bench, key_of(bench, BY_ED)).at, id);
}

static const char *path_of(Bench *bench, const char *name)
{
    return path_join(bench->arena, str(bench->folder), str(name));
}

static void bench_open(Bench *bench)
{
    *bench = (Bench){ .arena = arena_new(MB(64)), .folder = "/tmp/jwt-test-XXXXXX" };
    cr_assert_not_null(mkdtemp(bench->folder));
    BIO *bio = BIO_new(BIO_s_mem());
    char *at;
    PEM_write_bio_PUBKEY(bio, key_of(bench, BY_RSA));
    long length = BIO_get_mem_data(bio, &at);
    bench->pem = str_copy(bench->arena, (Str){ at, (size_t)length });
    BIO_free(bio);
    bench->jwks = write_jwks(bench, "1");
    cr_assert(file_write(path_of(bench, "jwks"), bench->jwks, 0600, &err), "%s", err.message);
    cr_assert(file_write(path_of(bench, "secret"), SECRET, 0600, &err), "%s", err.message);
    IssuerOptions options = { .keys = str(path_of(bench, "jwks")),
                              .secret_file = str(path_of(bench, "secret")) };
    clock_set((int64_t)NOW_S * 1000);
    cr_assert(issuer_open(&options, &bench->issuer, &err), "%s", err.message);
}

static void bench_close(Bench *bench)
{
    issuer_close(bench->issuer);
    for (int i = 0; i <= BY_OTHER_ED; i++)
        EVP_PKEY_free(bench->keys[i]);
    (void)!folder_remove(bench->folder, &err);
    arena_free(bench->arena);
}

static Str sign_with(Bench *bench, EVP_PKEY *key, Str text)
{
    unsigned char signature[1024], pair[64];
    size_t length = sizeof signature;
    bool is_edwards = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    cr_assert_eq(EVP_DigestSignInit(context, NULL, is_edwards ? NULL : EVP_sha256(), NULL, key), 1);
    cr_assert_eq(
        EVP_DigestSign(context, signature, &length, (const unsigned char *)text.at, text.length),
        1);
    EVP_MD_CTX_free(context);
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC)
        return encoded(bench->arena, (Str){ (char *)signature, length });
    const unsigned char *der = signature;
    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &der, (long)length);
    BN_bn2binpad(ECDSA_SIG_get0_r(both), pair, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(both), pair + 32, 32);
    ECDSA_SIG_free(both);
    return encoded(bench->arena, (Str){ (char *)pair, sizeof pair });
}

static Str signature_of(Bench *bench, Signer signer, Str text)
{
    static const char zeros[64];
    Arena *arena = bench->arena;
    switch (signer) {
    case BY_HMAC: return encoded(arena, hmac_sha256(arena, SECRET, text));
    case BY_OTHER_HMAC:
        return encoded(arena, hmac_sha256(arena, S("another secret, long enough for it"), text));
    case BY_PEM_AS_SECRET: return encoded(arena, hmac_sha256(arena, bench->pem, text));
    case BY_JWKS_AS_SECRET: return encoded(arena, hmac_sha256(arena, bench->jwks, text));
    case BY_EMPTY_AS_SECRET: return encoded(arena, hmac_sha256(arena, S(""), text));
    case BY_ZEROS: return encoded(arena, (Str){ zeros, sizeof zeros });
    case BY_NOBODY: return S("");
    default: return sign_with(bench, key_of(bench, signer), text);
    }
}

static Str token_of(Bench *bench, Signer signer, const char *header, const char *claims)
{
    Arena *arena = bench->arena;
    Str text =
        str_format(arena, "%s.%s", encoded(arena, str(header)).at, encoded(arena, str(claims)).at);
    return str_format(arena, STR_FMT "." STR_FMT, STR_ARG(text),
                      STR_ARG(signature_of(bench, signer, text)));
}

static bool is_taken(Bench *bench, Str token)
{
    JwtRules rules = {
        .issuer = S(ISSUER), .audience = S("lectern"), .skew_s = 60, .now_s = now_ms() / 1000
    };
    AUTO_JWT Jwt jwt = { 0 };
    err = (Error){ 0 };
    return jwt_read(bench->arena, token, &jwt, &err) && issuer_signed(bench->issuer, &jwt, &err) &&
           jwt_claims_hold(&jwt, &rules, &err);
}

#define CLAIMS(more) "{\"iss\":\"" ISSUER "\",\"aud\":\"lectern\",\"sub\":\"u1\"" more "}"
#define TIMES ",\"exp\":2000000600"
#define GOOD CLAIMS(TIMES)
#define RS "{\"alg\":\"RS256\",\"kid\":\"rsa-1\"}"
#define ES "{\"alg\":\"ES256\",\"kid\":\"ec-1\"}"
#define ED "{\"alg\":\"EdDSA\",\"kid\":\"ed-1\"}"
#define HS "{\"alg\":\"HS256\"}"

/* --- Good ones --------------------------------------------------------------------------- */

Test(jwt, a_token_of_a_known_key_is_taken)
{
    static const struct {
        Signer signer;
        const char *header, *claims;
    } cases[] = {
        { BY_RSA, RS, GOOD },
        { BY_EC, ES, GOOD },
        { BY_ED, ED, GOOD },
        { BY_HMAC, HS, GOOD },
        { BY_RSA, "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", GOOD }, /* the only key for it */
        { BY_HMAC, "{\"alg\":\"HS256\",\"kid\":\"any\",\"typ\":\"at+JWT\"}", GOOD },
        { BY_EC, ES, CLAIMS(",\"exp\":1999999941") },
        { BY_EC, ES, CLAIMS(TIMES ",\"nbf\":2000000059,\"iat\":2000000060") },
        { BY_EC, ES, CLAIMS(",\"exp\":2000000600.5,\"iat\":1.9e9") },
        { BY_EC, ES,
          "{\"iss\":\"" ISSUER "\",\"aud\":[\"a\",\"lectern\"],\"sub\":\"u1\"" TIMES "}" },
    };
    Bench bench;
    bench_open(&bench);
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(
            is_taken(&bench, token_of(&bench, cases[i].signer, cases[i].header, cases[i].claims)),
            "case %zu: %s", i, err.message);
    bench_close(&bench);
}

/* --- Forged ones -------------------------------------------------------------------------- */

static const struct {
    Signer signer;
    const char *header, *claims;
} forged[] = {
    /* No signature, and algorithms that are none. */
    { BY_NOBODY, "{\"alg\":\"none\"}", GOOD },
    { BY_NOBODY, "{\"alg\":\"None\"}", GOOD },
    { BY_NOBODY, "{\"alg\":\"NONE\",\"typ\":\"JWT\"}", GOOD },
    { BY_ZEROS, "{\"alg\":\"none\"}", GOOD },
    { BY_HMAC, "{\"alg\":\"none\"}", GOOD },
    { BY_NOBODY, RS, GOOD },
    { BY_NOBODY, HS, GOOD },
    { BY_EC, "{}", GOOD },
    { BY_EC, "{\"alg\":\"\"}", GOOD },
    { BY_EC, "{\"alg\":null}", GOOD },
    { BY_EC, "{\"alg\":[\"ES256\"]}", GOOD },
    { BY_EC, "{\"alg\":256}", GOOD },
    { BY_EC, "{\"alg\":\"es256\",\"kid\":\"ec-1\"}", GOOD },
    { BY_EC, "{\"alg\":\"ES256 \",\"kid\":\"ec-1\"}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\\u0000\",\"kid\":\"ec-1\"}", GOOD },
    { BY_HMAC, "{\"alg\":\"HS384\"}", GOOD },
    { BY_HMAC, "{\"alg\":\"HS512\"}", GOOD },
    { BY_RSA, "{\"alg\":\"RS512\",\"kid\":\"rsa-1\"}", GOOD },
    { BY_RSA, "{\"alg\":\"PS256\",\"kid\":\"rsa-1\"}", GOOD },
    /* One algorithm's key taken for another's. */
    { BY_PEM_AS_SECRET, HS, GOOD },
    { BY_PEM_AS_SECRET, "{\"alg\":\"HS256\",\"kid\":\"rsa-1\"}", GOOD },
    { BY_JWKS_AS_SECRET, HS, GOOD },
    { BY_EMPTY_AS_SECRET, HS, GOOD },
    { BY_EMPTY_AS_SECRET, "{\"alg\":\"HS256\",\"kid\":\"oct-1\"}", GOOD },
    { BY_HMAC, "{\"alg\":\"RS256\",\"kid\":\"rsa-1\"}", GOOD },
    { BY_HMAC, "{\"alg\":\"EdDSA\",\"kid\":\"ed-1\"}", GOOD },
    { BY_RSA, "{\"alg\":\"ES256\",\"kid\":\"rsa-1\"}", GOOD },
    { BY_EC, "{\"alg\":\"RS256\",\"kid\":\"ec-1\"}", GOOD },
    { BY_ED, "{\"alg\":\"ES256\",\"kid\":\"ed-1\"}", GOOD },
    { BY_EC, "{\"alg\":\"EdDSA\",\"kid\":\"ec-1\"}", GOOD },
    /* Keys of others. */
    { BY_OTHER_RSA, RS, GOOD },
    { BY_OTHER_EC, ES, GOOD },
    { BY_OTHER_ED, ED, GOOD },
    { BY_OTHER_HMAC, HS, GOOD },
    { BY_ZEROS, ES, GOOD }, /* r = s = 0, as Java once took for any */
    { BY_ZEROS, ED, GOOD },
    { BY_ZEROS, HS, GOOD },
    /* Keys that the token brings or names. */
    { BY_OTHER_EC, "{\"alg\":\"ES256\",\"kid\":\"ec-1\",\"jwk\":{\"kty\":\"EC\"}}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"kid\":\"ec-1\",\"jwk\":{\"kty\":\"EC\"}}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"jku\":\"https://evil.example/jwks\"}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"x5u\":\"https://evil.example/cert\"}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"x5c\":[\"MIIB\"]}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"kid\":\"ec-2\"}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"kid\":\"\"}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"kid\":7}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"kid\":[\"ec-1\"]}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"kid\":\"../../dev/null\"}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"kid\":\"ec-1' OR '1'='1\"}", GOOD },
    { BY_EMPTY_AS_SECRET, "{\"alg\":\"HS256\",\"kid\":\"/dev/null\"}", GOOD },
    /* Headers that ask for more than is known. */
    { BY_EC, "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"crit\":[]}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"b64\":true}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"zip\":\"DEF\"}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"enc\":\"A256GCM\"}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"typ\":\"logout+jwt\"}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"typ\":1}", GOOD },
    { BY_EC, "{\"alg\":\"none\",\"alg\":\"ES256\"}", GOOD },
    { BY_EC, "[\"ES256\"]", GOOD },
    { BY_EC, "\"ES256\"", GOOD },
    { BY_EC, "{\"alg\":\"ES256\"", GOOD },
    { BY_EC, "", GOOD },
    /* Claims that are another's, or for another time. */
    { BY_EC, ES, "{\"aud\":\"lectern\",\"sub\":\"u1\"" TIMES "}" },
    { BY_EC, ES, "{\"iss\":\"" ISSUER "/\",\"aud\":\"lectern\",\"sub\":\"u1\"" TIMES "}" },
    { BY_EC, ES, "{\"iss\":[\"" ISSUER "\"],\"aud\":\"lectern\",\"sub\":\"u1\"" TIMES "}" },
    { BY_EC, ES, "{\"iss\":\"" ISSUER "\\u0000\",\"aud\":\"lectern\",\"sub\":\"u\"" TIMES "}" },
    { BY_EC, ES, "{\"iss\":\"" ISSUER "\",\"sub\":\"u1\"" TIMES "}" },
    { BY_EC, ES, "{\"iss\":\"" ISSUER "\",\"aud\":\"Lectern\",\"sub\":\"u1\"" TIMES "}" },
    { BY_EC, ES, "{\"iss\":\"" ISSUER "\",\"aud\":[],\"sub\":\"u1\"" TIMES "}" },
    { BY_EC, ES, "{\"iss\":\"" ISSUER "\",\"aud\":[\"other\"],\"sub\":\"u1\"" TIMES "}" },
    { BY_EC, ES, "{\"iss\":\"" ISSUER "\",\"aud\":[\"lectern\",1],\"sub\":\"u1\"" TIMES "}" },
    { BY_EC, ES, "{\"iss\":\"" ISSUER "\",\"aud\":{\"a\":\"lectern\"},\"sub\":\"u\"" TIMES "}" },
    { BY_EC, ES, "{\"iss\":\"" ISSUER "\",\"aud\":\"lectern\"" TIMES "}" },
    { BY_EC, ES, "{\"iss\":\"" ISSUER "\",\"aud\":\"lectern\",\"sub\":\"\"" TIMES "}" },
    { BY_EC, ES, "{\"iss\":\"" ISSUER "\",\"aud\":\"lectern\",\"sub\":1" TIMES "}" },
    { BY_EC, ES, "{\"iss\":\"" ISSUER "\",\"aud\":\"lectern\",\"sub\":\"a\\nb\"" TIMES "}" },
    { BY_EC, ES, CLAIMS("") },
    { BY_EC, ES, CLAIMS(",\"exp\":1999999940") },
    { BY_EC, ES, CLAIMS(",\"exp\":\"2000000600\"") },
    { BY_EC, ES, CLAIMS(",\"exp\":null") },
    { BY_EC, ES, CLAIMS(",\"exp\":true") },
    { BY_EC, ES, CLAIMS(",\"exp\":-1") },
    { BY_EC, ES, CLAIMS(",\"exp\":1e300") },
    { BY_EC, ES, CLAIMS(",\"exp\":1999990000,\"exp\":2000000600") },
    { BY_EC, ES, CLAIMS(TIMES ",\"nbf\":2000000061") },
    { BY_EC, ES, CLAIMS(TIMES ",\"nbf\":\"0\"") },
    { BY_EC, ES, CLAIMS(TIMES ",\"iat\":2000000061") },
    { BY_EC, ES, CLAIMS(",\"exp\":2000000010,\"nbf\":2000000050") },
    /* Twice the same name, of which readers take one or the other. */
    { BY_EC, ES, CLAIMS(TIMES ",\"sub\":\"u2\"") },
    { BY_EC, ES, CLAIMS(TIMES ",\"iss\":\"https://evil.example\"") },
    { BY_EC, ES, CLAIMS(TIMES ",\"aud\":\"other\"") },
    { BY_EC, "{\"alg\":\"ES256\",\"kid\":\"ec-1\",\"kid\":\"ec-2\"}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"\\u0061lg\":\"none\",\"kid\":\"ec-1\"}", GOOD },
    /* Times that are no times, or of another size. */
    { BY_EC, ES, CLAIMS(",\"exp\":2000000600000000000000000") },
    { BY_EC, ES, CLAIMS(",\"exp\":-1e300") },
    { BY_EC, ES, CLAIMS(",\"exp\":[2000000600]") },
    { BY_EC, ES, CLAIMS(",\"exp\":{}") },
    { BY_EC, ES, CLAIMS(",\"exp\":0") },
    { BY_EC, ES, CLAIMS(",\"exp\":NaN") },
    { BY_EC, ES, CLAIMS(",\"exp\":Infinity") },
    { BY_EC, ES, CLAIMS(TIMES ",\"nbf\":1e300") },
    { BY_EC, ES, CLAIMS(TIMES ",\"nbf\":true") },
    { BY_EC, ES, CLAIMS(TIMES ",\"iat\":\"1999999999\"") },
    /* A token in a token, and other things than a token. */
    { BY_EC, "{\"alg\":\"ES256\",\"kid\":\"ec-1\",\"cty\":\"JWT\"}", "eyJhbGciOiJub25lIn0.e30." },
    { BY_EC, "{\"alg\":\"ES256\",\"kid\":\"ec-1\",\"typ\":\"JWE\"}", GOOD },
    { BY_EC, "{\"alg\":\"ES256\",\"kid\":\"ec-1\",\"x5t\":\"AAAA\",\"jku\":\"http://127.0.0.1/\"}",
      GOOD },
    { BY_EC, ES, "\"" ISSUER "\"" },
    { BY_EC, ES, GOOD GOOD },
    { BY_EC, ES, GOOD "\n{" },
    { BY_EC, ES, "[" GOOD "]" },
    { BY_EC, ES, "null" },
    { BY_EC, ES, "" },
};

Test(jwt, a_forged_token_is_refused_by_its_parts)
{
    Bench bench;
    bench_open(&bench);
    cr_expect_geq(COUNT(forged), 60);
    for (size_t i = 0; i < COUNT(forged); i++) {
        Str token = token_of(&bench, forged[i].signer, forged[i].header, forged[i].claims);
        cr_expect(!is_taken(&bench, token) && err.code == ERROR_NO_LOGIN, "%zu: %s, %s: %s", i,
                  forged[i].header, forged[i].claims, err.message);
    }
    cr_log_info("%zu forged tokens were tried", COUNT(forged));
    bench_close(&bench);
}

/* What becomes of a good token's text. */
Test(jwt, a_good_token_that_was_written_in_another_way_is_refused)
{
    Bench bench;
    bench_open(&bench);
    Arena *arena = bench.arena;
    Str good = token_of(&bench, BY_EC, ES, GOOD), rest = good, header, claims, signature;
    cr_assert(str_next(&rest, '.', &header) && str_next(&rest, '.', &claims) &&
              str_next(&rest, '.', &signature));
    const char *h = str_c(arena, header), *c = str_c(arena, claims), *s = str_c(arena, signature);
    const char *other = str_c(arena, encoded(arena, S(CLAIMS(TIMES ",\"role\":\"owner\""))));
    char *long_text = arena_alloc(arena, JWT_BYTES_MAX + 1);
    memset(long_text, 'A', JWT_BYTES_MAX);
    Str cases[] = {
        str_format(arena, "%s.%s", h, c),
        str_format(arena, "%s.%s.", h, c),
        str_format(arena, "%s..%s", h, s),
        str_format(arena, ".%s.%s", c, s),
        str_format(arena, "%s.%s.%s.", h, c, s),
        str_format(arena, ".%s.%s.%s", h, c, s),
        str_format(arena, "%s.%s.%s.%s", h, c, s, s),
        str_format(arena, "%s.%s.%s==", h, c, s),
        str_format(arena, "%s=.%s.%s", h, c, s),
        str_format(arena, "%s.%s.%s ", h, c, s),
        str_format(arena, "%s.%s\n.%s", h, c, s),
        str_format(arena, "%s.%s.%.*s", h, c, (int)signature.length - 2, s),
        str_format(arena, "%s.%s.%sAA", h, c, s),
        str_format(arena, "%s.%s.%s%s", h, c, s[0] == 'A' ? "B" : "A", s + 1),
        str_format(arena, "%s.%s.+/%s", h, c, s + 2),
        str_format(arena, "%s.%s.%.*s%s", h, c, (int)signature.length - 1, s,
                   s[signature.length - 1] == 'B' ? "C" : "B"), /* bits left over */
        str_format(arena, "%s.%s.%s", h, other, s),
        str_format(arena, "%s.%s.%s", c, h, s),
        str_format(arena, "%s.%s.%s", encoded(arena, S("{\"alg\":\"none\"}")).at, c, ""),
        str_format(arena, "%s.%s.%s", h, c, long_text),
        str_format(arena, "%s.%s.%s", long_text, c, s),
    };
    cr_expect(is_taken(&bench, good), "%s", err.message);
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(!is_taken(&bench, cases[i]) && err.code == ERROR_NO_LOGIN, "%zu: %.300s", i,
                  cases[i].at);
    cr_log_info("%zu tokens written in another way were tried", COUNT(cases));
    bench_close(&bench);
}

/* --- Keys ------------------------------------------------------------------------------- */

Test(jwt, keys_that_change_are_found_after_a_minute_and_old_ones_end)
{
    Bench bench;
    bench_open(&bench);
    Str old = token_of(&bench, BY_EC, ES, CLAIMS(",\"exp\":2000100000"));
    Str new = token_of(&bench, BY_EC, "{\"alg\":\"ES256\",\"kid\":\"ec-2\"}",
                       CLAIMS(",\"exp\":2000100000"));
    cr_assert(file_write(path_of(&bench, "jwks"), write_jwks(&bench, "2"), 0600, &err));
    cr_expect(is_taken(&bench, old) && !is_taken(&bench, new));
    clock_set(((int64_t)NOW_S + 61) * 1000);
    cr_expect(is_taken(&bench, new), "%s", err.message);
    cr_expect(!is_taken(&bench, old));
    /* Nobody has the keys any more: they hold for a day. */
    cr_assert_eq(unlink(path_of(&bench, "jwks")), 0);
    clock_set(((int64_t)NOW_S + 3600) * 1000);
    cr_expect(is_taken(&bench, new), "%s", err.message);
    clock_set(((int64_t)NOW_S + 25 * 3600) * 1000);
    cr_expect(!is_taken(&bench, new) && err.code == ERROR_UPSTREAM, "%s", err.message);
    bench_close(&bench);
}

Test(jwt, sets_without_a_key_of_use_are_refused)
{
    static const char *const cases[] = {
        "",
        "{}",
        "[]",
        "{\"keys\":{}}",
        "{\"keys\":[1,null,\"a\",[]]}",
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", /* 17 bits */
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\",\"y\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}]}", /* not on the curve */
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"enc\",\"x\":"
        "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}",
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"AAAA\",\"x\":"
        "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}", /* private */
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    };
    JwtKeys *keys = NULL;
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(!jwt_keys_read(str(cases[i]), &keys, &err), "%s", cases[i]);
    cr_expect(!jwt_keys_of_secret(S("too short"), &keys, &err));
}

Test(jwt, a_public_key_in_pem_is_for_tokens_of_any_key_id)
{
    Bench bench;
    JwtKeys *keys;
    bench_open(&bench);
    cr_assert(jwt_keys_read(bench.pem, &keys, &err), "%s", err.message);
    AUTO_JWT Jwt jwt = { 0 };
    cr_assert(jwt_read(bench.arena, token_of(&bench, BY_RSA, RS, GOOD), &jwt, &err));
    cr_expect(jwt_signature_fits(&jwt, jwt_keys_find(keys, jwt.algorithm, jwt.key), &err), "%s",
              err.message);
    jwt_keys_release(keys);
    bench_close(&bench);
}
