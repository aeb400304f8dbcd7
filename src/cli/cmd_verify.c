/* cmd_verify.c - whether the proof of an erasure is as its server has signed it, without that
 * server. */
#include "base/file.h"
#include "cli/output.h"
#include "store/proof.h"

#define KEYS_MAX KB(64)

static const CommandOption options[] = {
    { "keys", "FILE", "keys that are the server's: what GET /v1/erasure-proofs/keys answers" },
    { NULL, NULL, NULL },
};

/* Among the keys of a JSON Web Key Set (RFC 7517). */
static bool is_among(const json_t *set, Str public_key)
{
    size_t i;
    const json_t *key;
    json_array_foreach(json_object_get(set, "keys"), i,
                       key) if (str_is(json_member_text(key, "kty"), "OKP") &&
                                str_is(json_member_text(key, "crv"), "Ed25519") &&
                                str_equal(json_member_text(key, "x"), public_key)) return true;
    return false;
}

static bool check_key(const CommandLine *line, Str public_key, Str id, Error *err)
{
    AUTO_JSON json_t *set = NULL;
    Str path = option_value(line, "keys"), text;
    if (!file_read(line->arena, str_c(line->arena, path), KEYS_MAX, &text, err) ||
        !json_parse(text, KEYS_MAX, &set, err))
        return fail_in(err, "the keys in " STR_FMT, STR_ARG(path));
    return is_among(set, public_key) ||
           fail(err, ERROR_DENIED,
                "the proof is signed by the key " STR_FMT ", which is none of those in " STR_FMT,
                STR_ARG(id), STR_ARG(path));
}

static bool run(CommandLine *line, Error *err)
{
    Str proof, public_key;
    bool has_keys = option_is_given(line, "keys");
    if (!file_read(line->arena, str_c(line->arena, line->words[0]), PROOF_BYTES_MAX, &proof, err) ||
        !proof_verify(line->arena, str_trim(proof), &public_key, err))
        return false;
    Str id = proof_key_id(line->arena, public_key);
    if (has_keys && !check_key(line, public_key, id, err))
        return false;
    AUTO_JSON json_t *result =
        json_pack("{s:b, s:b, s:s, s:s}", "is_signed", 1, "is_of_keys", has_keys, "key_id",
                  str_c(line->arena, id), "public_key", str_c(line->arena, public_key));
    if (output_json(line, result))
        return true;
    printf("signed as it is, by the key " STR_FMT "\n", STR_ARG(id));
    if (!has_keys)
        output_note(S("whose key that is, only --keys tells: compare its id with that of the "
                      "server's (GET /v1/erasure-proofs/keys)"));
    return true;
}

const Command command_verify = {
    .name = "verify",
    .arguments = "FILE",
    .summary = "Whether the proof of an erasure is as its server signed it; needs no server",
    .options = options,
    .word_min = 1,
    .word_max = 1,
    .run = run,
};
