/* jwt.c - see jwt.h. */
#include "account/jwt.h"

#include <math.h>
#include <openssl/ecdsa.h>

#include "account/public_key.h"
#include "base/base64.h"
#include "base/hash.h"

#define HEADER_BYTES_MAX KB(4)
#define KEY_ID_MAX 255
#define CLAIM_MAX 255
#define AUDIENCES_MAX 64
#define TIME_MAX_S 1e11     /* the year 5138 */
#define COORDINATE_BYTES 32 /* of P-256 */

static bool refuse(Error *err, const char *why)
{
    return fail(err, ERROR_NO_LOGIN, "the token is refused: %s", why);
}

bool jwt_looks_like(Str token)
{
    Str part, rest = token;
    int parts = 0;
    while (str_next(&rest, '.', &part))
        parts++;
    return parts == 3;
}

static bool decode_object(Arena *arena, Str text, size_t bytes_max, json_t **object_r)
{
    Str bytes;
    json_t *json;
    Error why;
    if (!base64_url_decode(arena, text, &bytes) || !json_parse(bytes, bytes_max, &json, &why))
        return false;
    if (!json_is_object(json)) {
        json_decref(json);
        return false;
    }
    *object_r = json;
    return true;
}

/* Keys are ours alone, so a header that brings or names one of its own is an attack; what must be
 * understood ("crit") is not. */
static bool check_header(const json_t *header, Error *err)
{
    static const char *const foreign[] = {
        "jwk", "jku", "x5u", "x5c", "crit", "b64", "enc", "zip"
    };
    const json_t *type = json_object_get(header, "typ");
    Str named = json_member_text(header, "typ");
    for (size_t i = 0; i < COUNT(foreign); i++)
        if (json_object_get(header, foreign[i]))
            return fail(err, ERROR_NO_LOGIN, "the token is refused: its header has a '%s'",
                        foreign[i]);
    if (type && !str_equal_ignore_case(named, S("JWT")) &&
        !str_equal_ignore_case(named, S("at+jwt")) &&
        !str_equal_ignore_case(named, S("application/at+jwt")))
        return refuse(err, "it is of another type than JWT");
    return true;
}

static bool read_header(Arena *arena, Str text, Jwt *jwt, Error *err)
{
    AUTO_JSON json_t *header = NULL;
    if (text.length > HEADER_BYTES_MAX || !decode_object(arena, text, HEADER_BYTES_MAX, &header))
        return refuse(err, "its header is no JSON object");
    if (!check_header(header, err))
        return false;
    const json_t *algorithm = json_object_get(header, "alg"), *key = json_object_get(header, "kid");
    if (!json_is_string(algorithm))
        return refuse(err, "its header names no algorithm");
    if (key &&
        (!json_is_string(key) || !json_string_length(key) || json_string_length(key) > KEY_ID_MAX))
        return refuse(err, "its key id is no text of 1 to 255 bytes");
    jwt->algorithm = str_copy(arena, json_member_text(header, "alg"));
    jwt->key = str_copy(arena, json_member_text(header, "kid"));
    return true;
}

bool jwt_read(Arena *arena, Str token, Jwt *jwt_r, Error *err)
{
    Jwt jwt = { 0 };
    Str rest = token, header, claims, signature;
    if (token.length > JWT_BYTES_MAX)
        return refuse(err, "it is larger than 16 KiB");
    if (!jwt_looks_like(token) || !str_next(&rest, '.', &header) ||
        !str_next(&rest, '.', &claims) || !str_next(&rest, '.', &signature))
        return refuse(err, "it has not three parts");
    if (!read_header(arena, header, &jwt, err))
        return false;
    if (!signature.length || !base64_url_decode(arena, signature, &jwt.signature))
        return refuse(err, "its signature is missing or no base64url");
    if (!decode_object(arena, claims, JWT_BYTES_MAX, &jwt.claims))
        return refuse(err, "its claims are no JSON object");
    jwt.signed_text = str_slice(token, 0, header.length + 1 + claims.length);
    *jwt_r = jwt;
    return true;
}

void jwt_release(Jwt *jwt)
{
    json_decref(jwt->claims);
    jwt->claims = NULL;
}

/* --- Signature --- */

/* RFC 7518, section 3.4: both numbers one after the other, where OpenSSL wants them in ASN.1. */
static bool curve_fits(const JwtKey *key, Str text, Str signature)
{
    const unsigned char *bytes = (const unsigned char *)signature.at;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(bytes, COORDINATE_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(bytes + COORDINATE_BYTES, COORDINATE_BYTES, NULL);
    unsigned char *der = NULL;
    int length = -1;
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; /* the pair's now */
        length = i2d_ECDSA_SIG(pair, &der);
    }
    bool fits = length > 0 && public_key_fits(key->key, key->algorithm, text,
                                              (Str){ (const char *)der, (size_t)length });
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return fits;
}

static bool fits(const Jwt *jwt, const JwtKey *key)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str text = jwt->signed_text;
    size_t bytes = jwt_signature_bytes(key->algorithm);
    if (bytes && jwt->signature.length != bytes)
        return false;
    switch (key->algorithm) {
    case JWT_HS256: return secret_equal(hmac_sha256(arena, key->secret, text), jwt->signature);
    case JWT_ES256: return curve_fits(key, text, jwt->signature);
    case JWT_RS256:
    case JWT_EDDSA: return public_key_fits(key->key, key->algorithm, text, jwt->signature);
    }
    return false;
}

bool jwt_signature_fits(const Jwt *jwt, const JwtKey *key, Error *err)
{
    if (!key || !str_is(jwt->algorithm, jwt_algorithm_name(key->algorithm)))
        return refuse(err, "no key is known for it");
    return fits(jwt, key) || refuse(err, "its signature is wrong");
}

/* --- Claims --- */

const json_t *jwt_claim(const Jwt *jwt, Str path)
{
    const json_t *value = json_object_getn(jwt->claims, path.at, path.length);
    Str part;
    if (value)
        return value; /* a name may have dots: "https://example.org/role" */
    value = jwt->claims;
    while (value && str_next(&path, '.', &part))
        value = json_object_getn(value, part.at, part.length);
    return value;
}

Str jwt_claim_text(const Jwt *jwt, Str path)
{
    const json_t *value = path.length ? jwt_claim(jwt, path) : NULL;
    if (!json_is_string(value))
        return S("");
    Str text = { json_string_value(value), json_string_length(value) };
    bool is_good = text.length <= CLAIM_MAX;
    for (size_t i = 0; i < text.length && is_good; i++)
        is_good = (unsigned char)text.at[i] >= ' ' && text.at[i] != 0x7F;
    return is_good ? text : S("");
}

/* NumericDate: seconds, perhaps with a fraction. */
static bool read_time(const Jwt *jwt, const char *name, bool *said_r, double *seconds_r)
{
    const json_t *value = json_object_get(jwt->claims, name);
    *said_r = value != NULL;
    if (!value)
        return true;
    *seconds_r = json_number_value(value);
    return json_is_number(value) && isfinite(*seconds_r) && *seconds_r > 0 &&
           *seconds_r < TIME_MAX_S;
}

static bool check_times(const Jwt *jwt, const JwtRules *rules, Error *err)
{
    double end = 0, begin = 0, made = 0;
    double early = (double)(rules->now_s - rules->skew_s);
    double late = (double)(rules->now_s + rules->skew_s);
    bool has_end, has_begin, is_made;
    if (!read_time(jwt, "exp", &has_end, &end) || !read_time(jwt, "nbf", &has_begin, &begin) ||
        !read_time(jwt, "iat", &is_made, &made))
        return refuse(err, "exp, nbf and iat have to be seconds since 1970");
    if (!has_end)
        return refuse(err, "it has no end (exp)");
    if (end <= early)
        return refuse(err, "it is past its end (exp); get a new one");
    if (has_begin && begin > late)
        return refuse(err, "its time has not come (nbf)");
    if (is_made && made > late)
        return refuse(err, "it is from the future (iat)");
    return !has_begin || begin <= end || refuse(err, "it ends before it begins (exp, nbf)");
}

static bool is_for_us(const Jwt *jwt, Str audience)
{
    const json_t *value = json_object_get(jwt->claims, "aud");
    if (json_is_string(value))
        return str_equal(json_member_text(jwt->claims, "aud"), audience);
    bool found = false;
    if (json_array_size(value) > AUDIENCES_MAX)
        return false;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *one = json_array_get(value, i);
        if (!json_is_string(one))
            return false;
        found |= str_equal((Str){ json_string_value(one), json_string_length(one) }, audience);
    }
    return found;
}

bool jwt_claims_hold(const Jwt *jwt, const JwtRules *rules, Error *err)
{
    if (!rules->issuer.length || !str_equal(json_member_text(jwt->claims, "iss"), rules->issuer))
        return refuse(err, "it is of another issuer (iss)");
    if (!rules->audience.length || !is_for_us(jwt, rules->audience))
        return refuse(err, "it is not for this server (aud)");
    if (!jwt_claim_text(jwt, S("sub")).length)
        return refuse(err, "it is nobody's: sub has to be a text of 1 to 255 bytes");
    return check_times(jwt, rules, err);
}
