/* certificate_test.c - what is told of certificate files, right and wrong ones. */
#include "net/certificate.h"

#include <criterion/criterion.h>

#include "base/clock.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

static Arena *arena;
static char folder[64];

static void make(void)
{
    static const char script[] =
        "cd %s && exec 2>/dev/null && new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
        "-nodes' && $new -x509 -keyout ca.key -out ca.pem -subj /CN=ca -days 9 && "
        "$new -keyout mid.key -out mid.csr -subj /CN=mid && echo basicConstraints=CA:TRUE > mid.ext"
        " && openssl x509 -req -in mid.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 "
        "-extfile mid.ext -out mid.pem && for n in own:30 old:-1; do name=${n%%%%:*}; "
        "$new -keyout $name.key -out $name.csr -subj /CN=common && "
        "echo subjectAltName=DNS:library.example.org > $name.ext && "
        "openssl x509 -req -in $name.csr -CA mid.pem -CAkey mid.key -CAcreateserial "
        "-days ${n##*:} -extfile $name.ext -out $name.pem || exit 1; done; "
        "$new -x509 -keyout self.key -out self.pem -subj /CN=self -days 9 && "
        "cat own.pem mid.pem > chain.pem && cat own.pem mid.pem ca.pem > full.pem && "
        "cat own.pem ca.pem mid.pem > mixed.pem && echo nothing > text.pem && "
        "openssl ec -in own.key -aes128 -passout pass:secret -out locked.key";
    arena = arena_new(MB(4));
    snprintf(folder, sizeof folder, "/tmp/lectern-certificate-XXXXXX");
    cr_assert(mkdtemp(folder));
    cr_assert(system(str_format(arena, script, folder).at) == 0, "openssl(1) did not make them");
}

static void clean(void)
{
    cr_assert(system(str_format(arena, "rm -r %s", folder).at) == 0);
    arena_free(arena);
}

TestSuite(certificate, .init = make, .fini = clean, .timeout = 60);

static bool look(const char *certificate, const char *key, CertificateFacts *facts_r, Error *err)
{
    return certificate_look(arena, str_format(arena, "%s/%s", folder, certificate).at,
                            str_format(arena, "%s/%s", folder, key).at, facts_r, err);
}

Test(certificate, its_days_and_its_chain_are_told)
{
    static const struct {
        const char *file, *key, *subject;
        int64_t days;
        size_t chain;
        bool is_whole, is_self_signed;
    } cases[] = {
        { "full.pem", "own.key", "library.example.org", 30, 2, true, false },
        { "chain.pem", "own.key", "library.example.org", 30, 1, true, false },
        { "own.pem", "own.key", "library.example.org", 30, 0, false, false },
        { "mixed.pem", "own.key", "library.example.org", 30, 2, false, false },
        { "old.pem", "old.key", "library.example.org", -1, 0, false, false },
        { "self.pem", "self.key", "self", 9, 0, true, true },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        CertificateFacts facts;
        Error err;
        cr_assert(look(cases[i].file, cases[i].key, &facts, &err), "%s: %s", cases[i].file,
                  err.message);
        int64_t rest_ms = facts.until_ms - now_ms() - cases[i].days * DAY_MS;
        cr_expect(rest_ms > -DAY_MS / 24 && rest_ms < DAY_MS / 24, "%s", cases[i].file);
        cr_expect(str_is(facts.subject, cases[i].subject), "%s", cases[i].file);
        cr_expect(facts.chain_count == cases[i].chain, "%s", cases[i].file);
        cr_expect(facts.is_chain_whole == cases[i].is_whole, "%s", cases[i].file);
        cr_expect(facts.is_self_signed == cases[i].is_self_signed, "%s", cases[i].file);
    }
}

Test(certificate, the_file_that_is_wrong_is_named)
{
    static const struct {
        const char *file, *key, *told;
    } cases[] = {
        { "none.pem", "own.key", "tls_certificate" },
        { "text.pem", "own.key", "holds no certificate" },
        { "own.pem", "none.key", "tls_key" },
        { "own.pem", "own.pem", "holds no key" },
        { "own.pem", "locked.key", "tls_key" },
        { "own.pem", "self.key", "tls_key" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        CertificateFacts facts;
        Error err;
        cr_expect(!look(cases[i].file, cases[i].key, &facts, &err), "%s", cases[i].key);
        cr_expect(strstr(err.message, cases[i].told), "%s: %s", cases[i].key, err.message);
    }
}
