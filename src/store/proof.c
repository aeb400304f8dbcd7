/* proof.c - see proof.h. */
#include "store/proof.h"

#include "base/hash.h"
#include "store/server_key.h"

#define MARK ",\"signature\":\""

bool proof_key(Db *db, Arena *arena, Str *key_r, Error *err)
{
    return server_key(db, arena, S("erasure_proof"), key_r, err);
}

Str proof_sign(Arena *arena, Str key, Str body)
{
    Str signature = hmac_sha256_hex(arena, key, body);
    return str_format(arena, STR_FMT MARK STR_FMT "\"}",
                      STR_ARG(str_slice(body, 0, body.length - 1)), STR_ARG(signature));
}

bool proof_check(Db *db, Str proof, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(2));
    ptrdiff_t at = str_find(proof, S(MARK));
    Str key;
    if (!proof_key(db, arena, &key, err))
        return false;
    if (at >= 0) {
        Str body = str_format(arena, STR_FMT "}", STR_ARG(str_slice(proof, 0, (size_t)at)));
        if (secret_equal(proof_sign(arena, key, body), proof))
            return true;
    }
    return fail(err, ERROR_DENIED, "this server has not signed the proof as it is");
}
