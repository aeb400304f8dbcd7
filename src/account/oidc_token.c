/* oidc_token.c - what has to hold of an ID token besides its signature. */
#include "account/oidc_int.h"

#include <openssl/evp.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/hash.h"

#define DIGEST_BYTES_MAX 64

static bool refuse(Error *err, const char *why)
{
    return fail(err, ERROR_NO_LOGIN, "the provider's token is refused: %s", why);
}

/* Who it was made for: us, also where it is good for others too. */
static bool check_party(const OidcProvider *provider, const Jwt *jwt, Error *err)
{
    const json_t *party = json_object_get(jwt->claims, "azp");
    bool is_needed = json_array_size(json_object_get(jwt->claims, "aud")) > 1;
    bool is_ours = str_equal(json_member_text(jwt->claims, "azp"), provider->client_id);
    return (party ? is_ours : !is_needed) || refuse(err, "it was made for another program (azp)");
}

/* Of the sign-in that has just been: a token with a year to live is no proof of today. */
static bool check_age(const Jwt *jwt, int64_t skew_s, Error *err)
{
    const json_t *made = json_object_get(jwt->claims, "iat");
    double oldest = (double)(now_ms() / 1000 - skew_s - OIDC_MINUTES * 60);
    return (json_is_number(made) && json_number_value(made) >= oldest) ||
           refuse(err, "it was not made just now (iat)");
}

/* Core, 3.1.3.6: the left half of the access token's digest, by the hash of the signature. */
static bool check_access(Arena *arena, const Jwt *jwt, Str access_token, Error *err)
{
    unsigned char digest[DIGEST_BYTES_MAX];
    unsigned int length = 0;
    const EVP_MD *hash =
        str_is(jwt->algorithm, jwt_algorithm_name(JWT_EDDSA)) ? EVP_sha512() : EVP_sha256();
    const json_t *said = json_object_get(jwt->claims, "at_hash");
    if (!said || !access_token.length)
        return true;
    if (EVP_Digest(access_token.at, access_token.length, digest, &length, hash, NULL) != 1)
        return fail(err, ERROR_INTERNAL, "a digest cannot be computed");
    Str half = base64_url_encode(arena, (Str){ (const char *)digest, length / 2 });
    return (json_is_string(said) && secret_equal(half, str(json_string_value(said)))) ||
           refuse(err, "its access token was changed on its way (at_hash)");
}

bool oidc_token_holds(const OidcProvider *provider, Arena *arena, const Jwt *jwt, int64_t skew_s,
                      Str nonce, Str access_token, Error *err)
{
    JwtRules rules = { .issuer = provider->issuer,
                       .audience = provider->client_id,
                       .skew_s = skew_s,
                       .now_s = now_ms() / 1000 };
    if (!jwt_claims_hold(jwt, &rules, err) || !check_party(provider, jwt, err) ||
        !check_age(jwt, skew_s, err))
        return false;
    if (!secret_equal(json_member_text(jwt->claims, "nonce"), nonce))
        return refuse(err, "it belongs to another sign-in (nonce)");
    return check_access(arena, jwt, access_token, err);
}

/* --- Role --- */

static Role role_of_value(const OidcProvider *provider, const json_t *value)
{
    const char *text = json_string_value(value);
    const char *role =
        text && provider->roles ? json_string_value(json_object_get(provider->roles, text)) : text;
    return role ? role_named(str(role)) : ROLE_NONE;
}

/* The highest of all that are named. Owners are made here, not by others. */
bool oidc_role(const OidcProvider *provider, const Jwt *jwt, Role *role_r, Error *err)
{
    const json_t *value = provider->role_claim.length ? jwt_claim(jwt, provider->role_claim) : NULL;
    Role role = role_of_value(provider, value);
    for (size_t i = 0; i < json_array_size(value); i++)
        role = role_higher(role, role_of_value(provider, json_array_get(value, i)));
    *role_r = MIN(role, ROLE_ADMIN);
    return role != ROLE_NONE || !provider->role_claim.length ||
           fail(err, ERROR_DENIED, STR_FMT " gives no role here to whoever signed in",
                STR_ARG(provider->title));
}
