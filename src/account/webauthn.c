/* webauthn.c - see webauthn.h. */
#include "account/webauthn.h"

#include <openssl/evp.h>

#include "account/webauthn_key.h"
#include "base/base64.h"
#include "base/cbor.h"
#include "base/hash.h"
#include "base/json.h"

#define CLIENT_DATA_BYTES_MAX KB(4)
#define ATTESTATION_BYTES_MAX KB(64)
#define AUTHENTICATOR_BYTES_MAX KB(4)
#define SIGNATURE_BYTES_MAX KB(1)

/* Authenticator data, section 6.1. */
#define FLAGS_AT SHA256_SIZE
#define COUNTER_AT (FLAGS_AT + 1)
#define HEAD_BYTES (COUNTER_AT + 4)
#define MAKE_BYTES 16 /* AAGUID */

enum {
    FLAG_PRESENT = 1,
    FLAG_VERIFIED = 4,
    FLAG_MAY_BE_SYNCED = 8,
    FLAG_IS_SYNCED = 16,
    FLAG_HAS_KEY = 64,
    FLAG_HAS_EXTENSIONS = 128,
};

static bool refuse(Error *err, const char *why)
{
    return fail(err, ERROR_INVALID, "the answer of the passkey is refused: %s", why);
}

/* --- What the browser says --------------------------------------------------------------- */

static bool check_client_data(const json_t *data, const char *type, Str origin, Error *err)
{
    const json_t *crossed = json_object_get(data, "crossOrigin");
    if (!json_is_object(data))
        return refuse(err, "the client data is no JSON object");
    if (!str_is(json_member_text(data, "type"), type))
        return refuse(err, "it was made for something else (type)");
    if (!str_equal(json_member_text(data, "origin"), origin))
        return refuse(err, "it was made on another page (origin)");
    return ((!crossed || json_is_false(crossed)) && !json_object_get(data, "topOrigin")) ||
           refuse(err, "it was made inside another page (crossOrigin)");
}

bool webauthn_client_data(Arena *arena, Str json, const char *type, Str origin, Str *challenge_r,
                          Error *err)
{
    AUTO_JSON json_t *data = NULL;
    Error why;
    if (!json_parse(json, CLIENT_DATA_BYTES_MAX, &data, &why))
        return refuse(err, "the client data is no JSON object");
    if (!check_client_data(data, type, origin, err))
        return false;
    return base64_url_decode(arena, json_member_text(data, "challenge"), challenge_r) ||
           refuse(err, "its challenge is no base64url");
}

/* --- What the authenticator says --------------------------------------------------------- */

static void digest_of(Str bytes, uint8_t digest[SHA256_SIZE])
{
    Sha256 sha;
    sha256_begin(&sha);
    sha256_add(&sha, bytes);
    sha256_end(&sha, digest);
}

/* The head, and what follows it in *rest_r. */
static bool read_head(const WebauthnRules *rules, Str data, unsigned *flags_r, Str *rest_r,
                      Error *err)
{
    uint8_t rp[SHA256_SIZE];
    if (data.length < HEAD_BYTES || data.length > AUTHENTICATOR_BYTES_MAX)
        return refuse(err, "the authenticator's data has a wrong length");
    unsigned flags = (uint8_t)data.at[FLAGS_AT];
    digest_of(rules->rp_id, rp);
    if (!secret_equal(str_slice(data, 0, SHA256_SIZE), (Str){ (const char *)rp, sizeof rp }))
        return refuse(err, "it belongs to another server (rpId)");
    if (!(flags & FLAG_PRESENT))
        return refuse(err, "nobody has touched the authenticator");
    if (rules->needs_verified && !(flags & FLAG_VERIFIED))
        return refuse(err, "the authenticator has not asked who is there (PIN, finger or face)");
    if ((flags & FLAG_IS_SYNCED) && !(flags & FLAG_MAY_BE_SYNCED))
        return refuse(err, "it is copied though it cannot be (BS without BE)");
    *flags_r = flags;
    *rest_r = str_from(data, HEAD_BYTES);
    return true;
}

static bool pass_extensions(unsigned flags, Str rest, Error *err)
{
    CborItem map;
    Str extensions = rest;
    if (flags & FLAG_HAS_EXTENSIONS) {
        if (!cbor_next(&extensions, &map, err) || !cbor_pass(&rest, err))
            return false;
        if (map.kind != CBOR_MAP)
            return refuse(err, "its extensions are no map");
    }
    return !rest.length || refuse(err, "something stands behind the authenticator's data");
}

static int64_t counter_of(Str data)
{
    return (int64_t)big_endian(str_slice(data, COUNTER_AT, COUNTER_AT + 4));
}

static bool read_public_key(Str *rest, WebauthnKey *key, Error *err)
{
    Str from = *rest;
    PublicKey *public_key;
    JwtAlgorithm algorithm;
    if (!webauthn_key_read(rest, &public_key, &algorithm, err))
        return false;
    EVP_PKEY_free(public_key);
    key->public_key = str_slice(from, 0, from.length - rest->length);
    return true;
}

static bool read_new_key(const WebauthnRules *rules, Str data, WebauthnKey *key, Error *err)
{
    unsigned flags;
    Str rest;
    if (!read_head(rules, data, &flags, &rest, err))
        return false;
    if (!(flags & FLAG_HAS_KEY) || rest.length < MAKE_BYTES + 2)
        return refuse(err, "there is no key in it");
    size_t length = (size_t)big_endian(str_slice(rest, MAKE_BYTES, MAKE_BYTES + 2));
    rest = str_from(rest, MAKE_BYTES + 2);
    if (!length || length > WEBAUTHN_CREDENTIAL_BYTES_MAX || length > rest.length)
        return refuse(err, "the id of its key has to have 1 to 1,023 bytes");
    key->id = str_slice(rest, 0, length);
    key->counter = counter_of(data);
    key->may_be_synced = (flags & FLAG_MAY_BE_SYNCED) != 0;
    rest = str_from(rest, length);
    return read_public_key(&rest, key, err) && pass_extensions(flags, rest, err);
}

/* --- The attestation --------------------------------------------------------------------- */

typedef struct Attestation {
    Str format, data, statement;
    bool has_statement;
} Attestation;

static bool read_text(Str *rest, CborKind kind, Str *text_r, Error *err)
{
    CborItem item;
    if (text_r->at)
        return refuse(err, "the attestation says something twice");
    if (!cbor_next(rest, &item, err))
        return false;
    *text_r = item.bytes;
    return item.kind == kind || refuse(err, "a part of the attestation is of a wrong kind");
}

static bool read_member(Str *rest, Attestation *attestation, Error *err)
{
    CborItem name;
    if (!cbor_next(rest, &name, err))
        return false;
    if (name.kind != CBOR_TEXT)
        return refuse(err, "a name in the attestation is no text");
    if (str_is(name.bytes, "fmt"))
        return read_text(rest, CBOR_TEXT, &attestation->format, err);
    if (str_is(name.bytes, "authData"))
        return read_text(rest, CBOR_BYTES, &attestation->data, err);
    if (!str_is(name.bytes, "attStmt") || attestation->has_statement)
        return refuse(err, "the attestation has a part too many");
    attestation->has_statement = true;
    Str from = *rest;
    bool ok = cbor_pass(rest, err);
    attestation->statement = str_slice(from, 0, from.length - rest->length);
    return ok;
}

static bool read_attestation(Str bytes, Attestation *attestation, Error *err)
{
    CborItem map;
    if (bytes.length > ATTESTATION_BYTES_MAX)
        return refuse(err, "the attestation is larger than 64 KiB");
    if (!cbor_next(&bytes, &map, err))
        return false;
    if (map.kind != CBOR_MAP || map.number != 3)
        return refuse(err, "the attestation is no map of three");
    for (int i = 0; i < 3; i++)
        if (!read_member(&bytes, attestation, err))
            return false;
    return !bytes.length || refuse(err, "something stands behind the attestation");
}

bool webauthn_new_key(const WebauthnRules *rules, Str attestation, WebauthnKey *key_r, Error *err)
{
    Attestation parts = { 0 };
    *key_r = (WebauthnKey){ 0 };
    if (!read_attestation(attestation, &parts, err))
        return false;
    if (str_is(parts.format, "none") && !str_is(parts.statement, "\xa0"))
        return refuse(err, "there is an attestation where none is said to be");
    return read_new_key(rules, parts.data, key_r, err);
}

/* --- A signature ------------------------------------------------------------------------- */

static bool check_signature(const WebauthnKey *key, Str text, Str signature, Error *err)
{
    Str rest = key->public_key;
    PublicKey *public_key;
    JwtAlgorithm algorithm;
    if (!webauthn_key_read(&rest, &public_key, &algorithm, err))
        return false;
    bool fits = public_key_fits(public_key, algorithm, text, signature);
    EVP_PKEY_free(public_key);
    return fits || refuse(err, "its signature is wrong");
}

bool webauthn_signed(const WebauthnRules *rules, const WebauthnKey *key, Str client_data,
                     Str authenticator_data, Str signature, int64_t *counter_r, Error *err)
{
    char text[AUTHENTICATOR_BYTES_MAX + SHA256_SIZE];
    unsigned flags;
    Str rest, data = authenticator_data;
    if (!read_head(rules, data, &flags, &rest, err))
        return false;
    if (flags & FLAG_HAS_KEY)
        return refuse(err, "there is a new key in it");
    if (((flags & FLAG_MAY_BE_SYNCED) != 0) != key->may_be_synced)
        return refuse(err, "whether it may be copied has changed (BE)");
    if (!pass_extensions(flags, rest, err))
        return false;
    if (!signature.length || signature.length > SIGNATURE_BYTES_MAX)
        return refuse(err, "its signature is missing or too long");
    memcpy(text, data.at, data.length);
    digest_of(client_data, (uint8_t *)text + data.length);
    *counter_r = counter_of(data);
    return check_signature(key, (Str){ text, data.length + SHA256_SIZE }, signature, err);
}
