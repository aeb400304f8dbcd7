#include "account/webauthn.h"

#include <criterion/criterion.h>

#include "account/authenticator_test.h"

#define ORIGIN "https://lectern.example"
#define RP "lectern.example"
#define KEY_FLAGS 0x45 /* touched, verified, with a key */
#define USE_FLAGS 0x05

static const WebauthnRules rules = { .origin = S_INIT(ORIGIN),
                                     .rp_id = S_INIT(RP),
                                     .needs_verified = true };
static Error err;

static FakeAnswer creation(void)
{
    return (FakeAnswer){ .type = "webauthn.create",
                         .origin = ORIGIN,
                         .rp_id = RP,
                         .format = "none",
                         .statement = S("\xa0"),
                         .challenge = S("a challenge"),
                         .flags = KEY_FLAGS };
}

static FakeAnswer assertion(void)
{
    FakeAnswer answer = creation();
    answer.type = "webauthn.get";
    answer.flags = USE_FLAGS;
    answer.counter = 7;
    return answer;
}

static bool make(const FakeAuthenticator *fake, const FakeAnswer *answer, WebauthnKey *key_r)
{
    Str challenge;
    return webauthn_client_data(fake->arena, fake_client_data(fake, answer), "webauthn.create",
                                rules.origin, &challenge, &err) &&
           webauthn_new_key(&rules, fake_attestation(fake, answer), key_r, &err);
}

static bool use(const FakeAuthenticator *fake, const FakeAnswer *answer, const WebauthnKey *key)
{
    Str client_data = fake_client_data(fake, answer), challenge;
    Str data = fake_data(fake, answer, STR_NONE);
    Str signature = fake_signature(fake, client_data, data);
    int64_t counter;
    return webauthn_client_data(fake->arena, client_data, "webauthn.get", rules.origin, &challenge,
                                &err) &&
           str_equal(challenge, answer->challenge) &&
           webauthn_signed(&rules, key, client_data, data, signature, &counter, &err) &&
           counter == answer->counter;
}

Test(webauthn, a_key_of_each_algorithm_is_made_and_signs)
{
    static const JwtAlgorithm algorithms[] = { JWT_ES256, JWT_EDDSA, JWT_RS256 };
    for (size_t i = 0; i < COUNT(algorithms); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        FakeAuthenticator fake = fake_authenticator(arena, algorithms[i], "credential");
        FakeAnswer made = creation(), used = assertion();
        WebauthnKey key;
        const char *name = jwt_algorithm_name(algorithms[i]);
        cr_assert(make(&fake, &made, &key), "%s: %s", name, err.message);
        cr_expect(str_is(key.id, "credential") && !key.counter && !key.may_be_synced);
        cr_expect(use(&fake, &used, &key), "%s: %s", name, err.message);
        fake_authenticator_free(&fake);
    }
}

#define NOT_HERE(member, ...)                                                                      \
    {                                                                                              \
#member " = " #__VA_ARGS__, { .member = __VA_ARGS__ }                                      \
    }

/* What is not 0 stands instead of what is right. */
typedef struct Forgery {
    const char *about;
    FakeAnswer instead;
} Forgery;

static FakeAnswer forged(FakeAnswer answer, const FakeAnswer *instead)
{
    answer.type = instead->type ? instead->type : answer.type;
    answer.origin = instead->origin ? instead->origin : answer.origin;
    answer.rp_id = instead->rp_id ? instead->rp_id : answer.rp_id;
    answer.more = instead->more;
    answer.format = instead->format ? instead->format : answer.format;
    answer.statement = instead->statement.length ? instead->statement : answer.statement;
    answer.flags = instead->flags ? instead->flags : answer.flags;
    answer.behind = instead->behind;
    answer.public_key = instead->public_key;
    return answer;
}

static const Forgery wrong_pages[] = {
    NOT_HERE(type, "webauthn.other"),
    NOT_HERE(type, "payment.get"),
    NOT_HERE(type, ""),
    NOT_HERE(origin, "https://lectern.example.evil.net"),
    NOT_HERE(origin, "http://lectern.example"),
    NOT_HERE(origin, "https://lectern.example:8443"),
    NOT_HERE(origin, "https://sub.lectern.example"),
    NOT_HERE(origin, "https://LECTERN.example"),
    NOT_HERE(origin, "https://lectern.example/"),
    NOT_HERE(origin, "null"),
    NOT_HERE(origin, ""),
    NOT_HERE(more, ",\"crossOrigin\":true"),
    NOT_HERE(more, ",\"crossOrigin\":\"false\""),
    NOT_HERE(more, ",\"topOrigin\":\"https://evil.net\""),
    NOT_HERE(more, ",\"origin\":\"https://evil.net\""),
    NOT_HERE(more, "}{"),
    NOT_HERE(rp_id, "example"),
    NOT_HERE(rp_id, "evil.net"),
    NOT_HERE(rp_id, "https://lectern.example"),
};

static const Forgery wrong_keys[] = {
    NOT_HERE(flags, 0x44),                                       /* nobody touched it */
    NOT_HERE(flags, 0x41),                                       /* nobody was asked for */
    NOT_HERE(flags, 0x05),                                       /* no key */
    NOT_HERE(flags, 0x55),                                       /* copied, and cannot be */
    NOT_HERE(flags, 0xC5),                                       /* extensions that are not there */
    NOT_HERE(behind, S("x")),                                    /* more than was said */
    NOT_HERE(statement, S("\xa1\x61x\x01")),                     /* a statement of "none" */
    NOT_HERE(statement, S("\x80")),                              /* no map */
    NOT_HERE(public_key, S("\xa1\x01\x02")),                     /* no algorithm */
    NOT_HERE(public_key, S("\xa2\x01\x02\x03\x26")),             /* no curve, no point */
    NOT_HERE(public_key, S("\xa3\x01\x02\x03\x26\x20\x02")),     /* P-384 */
    NOT_HERE(public_key, S("\xa3\x01\x02\x03\x38\x22\x20\x02")), /* ES384 */
    NOT_HERE(public_key, S("\xa3\x01\x04\x03\x05\x20\x41x")),    /* a shared secret */
    NOT_HERE(public_key, S("\xa3\x01\x02\x01\x02\x03\x26")),     /* its kind twice */
    NOT_HERE(public_key, S("\xa4\x01\x01\x03\x27\x20\x06\x21\x41x")), /* a short point */
    NOT_HERE(public_key, S("\xa4\x01\x01\x03\x26\x20\x06\x21\x41x")), /* ES256 of Ed25519 */
    NOT_HERE(public_key, S("\x80")),
    NOT_HERE(public_key, S("\xbf\xff")),
    /* A point that is not on the curve. */
    NOT_HERE(public_key, S("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"
                           "abcdefghijklmnopqrstuvwxyzabcdef\x22\x58\x20"
                           "abcdefghijklmnopqrstuvwxyzabcdef")),
};

static const Forgery wrong_uses[] = {
    NOT_HERE(flags, 0x04),       /* nobody touched it */
    NOT_HERE(flags, 0x01),       /* nobody was asked for */
    NOT_HERE(flags, 0x0D),       /* it may be copied now */
    NOT_HERE(flags, 0x15),       /* copied, and cannot be */
    NOT_HERE(flags, 0x45),       /* with a key that is not there */
    NOT_HERE(flags, 0x85),       /* extensions that are not there */
    NOT_HERE(behind, S("x")),    /* more than was said */
    NOT_HERE(behind, S("\xa0")), /* extensions that were not said to be there */
};

static void refuses(const FakeAuthenticator *fake, const WebauthnKey *key, const Forgery *at,
                    size_t count, bool is_made)
{
    for (size_t i = 0; i < count; i++) {
        FakeAnswer answer = forged(is_made ? creation() : assertion(), &at[i].instead);
        WebauthnKey made;
        err = (Error){ 0 };
        cr_expect(!(is_made ? make(fake, &answer, &made) : use(fake, &answer, key)) &&
                      err.code == ERROR_INVALID && err.message[0],
                  "%s: %s", at[i].about, err.message);
    }
}

Test(webauthn, forged_answers_are_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    FakeAuthenticator fake = fake_authenticator(arena, JWT_ES256, "credential");
    FakeAnswer answer = creation();
    WebauthnKey key;
    cr_assert(make(&fake, &answer, &key), "%s", err.message);
    refuses(&fake, &key, wrong_pages, COUNT(wrong_pages), true);
    refuses(&fake, &key, wrong_pages, COUNT(wrong_pages), false);
    refuses(&fake, &key, wrong_keys, COUNT(wrong_keys), true);
    refuses(&fake, &key, wrong_uses, COUNT(wrong_uses), false);
    FakeAnswer swapped = assertion(), other_way = creation();
    swapped.type = "webauthn.create";
    other_way.type = "webauthn.get";
    cr_expect(!use(&fake, &swapped, &key) && !make(&fake, &other_way, &key));
    fake_authenticator_free(&fake);
}

Test(webauthn, a_changed_or_foreign_signature_is_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    FakeAuthenticator fake = fake_authenticator(arena, JWT_ES256, "credential"),
                      other = fake_authenticator(arena, JWT_ES256, "other"),
                      third = fake_authenticator(arena, JWT_EDDSA, "third");
    FakeAnswer made = creation(), answer = assertion(), again = assertion();
    again.challenge = S("another");
    WebauthnKey key;
    int64_t counter;
    cr_assert(make(&fake, &made, &key), "%s", err.message);
    Str client_data = fake_client_data(&fake, &answer), data = fake_data(&fake, &answer, STR_NONE);
    Str signature = fake_signature(&fake, client_data, data);
    Str later = fake_client_data(&fake, &again), short_data = str_slice(data, 0, 36);
    char *changed = str_c(arena, data);
    memcpy(changed, data.at, data.length);
    changed[36]++; /* the counter */
    const struct {
        const char *about;
        Str client_data, data, signature;
    } wrong[] = {
        { "none", client_data, data, STR_NONE },
        { "half of it", client_data, data, str_slice(signature, 0, signature.length / 2) },
        { "of another key", client_data, data, fake_signature(&other, client_data, data) },
        { "of another algorithm", client_data, data, fake_signature(&third, client_data, data) },
        { "of another challenge", later, data, signature },
        { "of another counter", client_data, (Str){ changed, data.length }, signature },
        { "of cut data", client_data, short_data, fake_signature(&fake, client_data, short_data) },
        { "of nothing", client_data, STR_NONE, fake_signature(&fake, client_data, STR_NONE) },
    };
    cr_expect(webauthn_signed(&rules, &key, client_data, data, signature, &counter, &err), "%s",
              err.message);
    for (size_t i = 0; i < COUNT(wrong); i++)
        cr_expect(!webauthn_signed(&rules, &key, wrong[i].client_data, wrong[i].data,
                                   wrong[i].signature, &counter, &err),
                  "%s", wrong[i].about);
    fake_authenticator_free(&fake);
    fake_authenticator_free(&other);
    fake_authenticator_free(&third);
}

/* Nothing is read past its end, and no cut answer is taken for a whole one. */
Test(webauthn, a_cut_attestation_is_refused_wherever_it_is_cut)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    FakeAuthenticator fake = fake_authenticator(arena, JWT_EDDSA, "credential");
    FakeAnswer answer = creation();
    Str whole = fake_attestation(&fake, &answer);
    WebauthnKey key;
    for (size_t length = 0; length < whole.length; length++) {
        char *cut = malloc(length + 1); /* so that the sanitizer sees its end */
        memcpy(cut, whole.at, length);
        cr_expect(!webauthn_new_key(&rules, (Str){ cut, length }, &key, &err), "%zu", length);
        free(cut);
    }
    cr_expect(webauthn_new_key(&rules, whole, &key, &err), "%s", err.message);
    fake_authenticator_free(&fake);
}

/* A second factor besides the password need not ask who is there. */
Test(webauthn, being_verified_is_asked_for_only_where_it_is_needed)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    FakeAuthenticator fake = fake_authenticator(arena, JWT_ES256, "credential");
    FakeAnswer answer = creation();
    WebauthnRules lax = rules;
    WebauthnKey key;
    lax.needs_verified = false;
    answer.flags = 0x41;
    cr_expect(webauthn_new_key(&lax, fake_attestation(&fake, &answer), &key, &err), "%s",
              err.message);
    fake_authenticator_free(&fake);
}
