#include <criterion/criterion.h>

#include "base/hash.h"
#include "base/seal.h"
#include "db/fixture_test.h"
#include "store/migrate.h"
#include "store/proof.h"
#include "store/server_key.h"

#define BODY S("{\"workspace\":\"w\",\"rows\":3}")

static Error err;

TEST_BOTH(proof, is_checked_with_the_key_it_names_and_by_its_server)
{
    Arena *arena = arena_new(MB(1));
    DbOptions options = { 0 };
    Db *db;
    Str key, public_key;
    cr_assert(db_open(url, &options, &db, &err), "%s", err.message);
    cr_assert(migrate_up(db, &err), "%s", err.message);
    cr_assert(proof_key(db, arena, &key, &err), "%s", err.message);
    Str proof = proof_sign(arena, key, BODY);
    cr_assert(proof_verify(arena, proof, &public_key, &err), "%s", err.message);
    cr_expect(str_equal(public_key, proof_public_key(arena, key)));
    cr_expect(proof_check(db, proof, &err), "%s", err.message);
    Str other = proof_sign(arena, seal_new_key(arena), BODY);
    cr_expect(proof_verify(arena, other, &public_key, &err), "%s", err.message);
    cr_expect(!proof_check(db, other, &err) && err.code == ERROR_DENIED);
    db_close(db);
    arena_free(arena);
}

TEST_BOTH(proof, of_before_there_was_a_public_key_is_still_checked_by_its_server)
{
    Arena *arena = arena_new(MB(1));
    DbOptions options = { 0 };
    Db *db;
    Str key, public_key;
    cr_assert(db_open(url, &options, &db, &err), "%s", err.message);
    cr_assert(migrate_up(db, &err), "%s", err.message);
    cr_assert(server_key(db, arena, S("erasure_proof"), &key, &err), "%s", err.message);
    Str signature = hmac_sha256_hex(arena, key, BODY);
    for (int i = 0; i < 2; i++) {
        Str proof =
            str_format(arena, "{\"workspace\":\"w\",\"rows\":%d,\"signature\":\"" STR_FMT "\"}",
                       3 + i, STR_ARG(signature));
        cr_expect(!proof_verify(arena, proof, &public_key, &err) && err.code == ERROR_UNSUPPORTED);
        cr_expect_eq(proof_check(db, proof, &err), i == 0);
    }
    db_close(db);
    arena_free(arena);
}

Test(proof, no_letter_of_it_may_change)
{
    Arena *arena = arena_new(MB(8));
    Str key = seal_new_key(arena), public_key;
    Str proof = proof_sign(arena, key, BODY);
    for (size_t i = 0; i < proof.length; i++) {
        char *changed = str_c(arena, proof);
        changed[i] ^= 1;
        cr_expect(!proof_verify(arena, (Str){ changed, proof.length }, &public_key, &err),
                  "letter %zu", i);
        cr_expect(!proof_verify(arena, str_slice(proof, 0, i), &public_key, &err), "cut at %zu", i);
    }
    arena_free(arena);
}

/* RFC 8037, appendix A.3. */
Test(proof, the_id_of_a_key_is_the_thumbprint_of_the_standard)
{
    Arena *arena = arena_new(KB(64));
    Str id = proof_key_id(arena, S("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
    cr_expect(str_is(id, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    arena_free(arena);
}
