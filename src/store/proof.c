/* proof.c - see proof.h. */
#include "store/proof.h"

#include "base/base64.h"
#include "base/hash.h"
#include "base/signature.h"
#include "store/server_key.h"

#define MARK ",\"signature\":\""
#define KEY_MARK ",\"public_key\":\""
#define END "\"}"

bool proof_key(Db *db, Arena *arena, Str *key_r, Error *err)
{
    return server_key(db, arena, S("erasure_signature"), key_r, err);
}

Str proof_public_key(Arena *arena, Str key)
{
    return base64_url_encode(arena, signature_public_key(arena, key));
}

Str proof_key_id(Arena *arena, Str public_key)
{
    uint8_t digest[SHA256_SIZE];
    Sha256 sha;
    sha256_begin(&sha);
    sha256_add(&sha, S("{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\""));
    sha256_add(&sha, public_key);
    sha256_add(&sha, S(END));
    sha256_end(&sha, digest);
    return base64_url_encode(arena, (Str){ (const char *)digest, sizeof digest });
}

/* An object without its closing brace, and members after it. */
static Str with_signature(Arena *arena, Str body, Str signature)
{
    return str_format(arena, STR_FMT MARK STR_FMT END, STR_ARG(str_slice(body, 0, body.length - 1)),
                      STR_ARG(signature));
}

Str proof_sign(Arena *arena, Str key, Str body)
{
    Str public_key = proof_public_key(arena, key), id = proof_key_id(arena, public_key);
    Str whole = str_format(
        arena, STR_FMT ",\"algorithm\":\"Ed25519\",\"key_id\":\"" STR_FMT "\"" KEY_MARK STR_FMT END,
        STR_ARG(str_slice(body, 0, body.length - 1)), STR_ARG(id), STR_ARG(public_key));
    return with_signature(arena, whole,
                          base64_url_encode(arena, signature_make(arena, key, whole)));
}

/* --- Checking ---------------------------------------------------------------------------- */

static bool not_signed(Error *err)
{
    return fail(err, ERROR_DENIED, "no letter of a proof may change: this one is not as signed");
}

/* All that is signed, and the signature. */
static bool take_apart(Arena *arena, Str proof, Str *signed_r, Str *signature_r)
{
    ptrdiff_t at = str_find(proof, S(MARK));
    if (at < 0 || !str_ends(proof, S(END)))
        return false;
    *signed_r = str_format(arena, STR_FMT "}", STR_ARG(str_slice(proof, 0, (size_t)at)));
    Str rest = str_from(proof, (size_t)at + strlen(MARK));
    *signature_r = str_slice(rest, 0, rest.length - strlen(END));
    return true;
}

bool proof_verify(Arena *arena, Str proof, Str *public_key_r, Error *err)
{
    Str body, signature, key, bytes;
    if (!take_apart(arena, proof, &body, &signature))
        return not_signed(err);
    ptrdiff_t at = str_find(body, S(KEY_MARK));
    if (at < 0)
        return fail(err, ERROR_UNSUPPORTED,
                    "the proof is signed with a secret of its server, as they were once: only that "
                    "server can check it (POST /v1/users/erasure-proof)");
    Str public_key = str_from(body, (size_t)at + strlen(KEY_MARK));
    public_key = str_slice(public_key, 0, public_key.length - strlen(END));
    if (!base64_url_decode(arena, public_key, &key) ||
        !base64_url_decode(arena, signature, &bytes) || !signature_fits(key, body, bytes))
        return not_signed(err);
    *public_key_r = public_key;
    return true;
}

/* With the secret that proofs had before they could be checked elsewhere. */
static bool check_former(Db *db, Arena *arena, Str proof, Error *err)
{
    Str key, body, signature;
    if (!server_key(db, arena, S("erasure_proof"), &key, err))
        return false;
    return (take_apart(arena, proof, &body, &signature) &&
            secret_equal(hmac_sha256_hex(arena, key, body), signature)) ||
           not_signed(err);
}

bool proof_check(Db *db, Str proof, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Str key, public_key;
    if (!proof_verify(arena, proof, &public_key, err))
        return err->code == ERROR_UNSUPPORTED && check_former(db, arena, proof, err);
    return proof_key(db, arena, &key, err) &&
           (str_equal(public_key, proof_public_key(arena, key)) ||
            fail(err, ERROR_DENIED, "the proof is signed as it is, but not by this server"));
}
