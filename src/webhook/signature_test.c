/* signature_test.c - signatures as those who made the schemes publish them, and calls that are not
 * what they say. */
#include "webhook/signature.h"

#include <criterion/criterion.h>

#define SLACK_BODY                                                                                 \
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"                     \
    "&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"             \
    "&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"      \
    "%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"                                       \
    "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
#define SLACK_SIGNED "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
#define GITHUB_SIGNED "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
#define STANDARD_SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define STANDARD_SIGNED "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define STANDARD_BODY "{\"test\": 2432232314}"
/* printf '1700000000.{}' | openssl dgst -sha256 -hmac whsec_test */
#define STRIPE_SIGNED "v1=35495024f4ef3f94e5a93e22221544c4b75e9a42300cd965ab81cb85cd994e91"

typedef struct Case {
    const char *about;
    SignatureScheme scheme;
    const char *secret, *headers[6]; /* name, value, name, ... */
    const char *body, *address;
    int64_t now_s;
    bool is_good;
} Case;

#define GITHUB SIGNATURE_github, "It's a Secret to Everybody"
#define SLACK SIGNATURE_slack, "8f742231b10e8888abcd99yyyzzz85a5"
#define STANDARD SIGNATURE_standard, STANDARD_SECRET
#define STRIPE SIGNATURE_stripe, "whsec_test"
#define SLACK_TIME "X-Slack-Request-Timestamp", "1531420618"
#define STANDARD_ID "webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define STANDARD_TIME "webhook-timestamp", "1614265330"

/* clang-format off */
static const Case cases[] = {
    { "GitHub's own", GITHUB, { "X-Hub-Signature-256", GITHUB_SIGNED }, "Hello, World!", "", 1, true },
    { "any case of a name", GITHUB, { "x-hub-signature-256", GITHUB_SIGNED }, "Hello, World!", "", 1, true },
    { "another body", GITHUB, { "X-Hub-Signature-256", GITHUB_SIGNED }, "Hello, World?", "", 1, false },
    { "no signature", GITHUB, { NULL }, "Hello, World!", "", 1, false },
    { "an empty one", GITHUB, { "X-Hub-Signature-256", "sha256=" }, "Hello, World!", "", 1, false },
    { "without its prefix", GITHUB, { "X-Hub-Signature-256", GITHUB_SIGNED + 7 }, "Hello, World!", "", 1, false },
    { "another secret", SIGNATURE_github, "It's no Secret", { "X-Hub-Signature-256", GITHUB_SIGNED }, "Hello, World!", "", 1, false },

    { "Slack's own", SLACK, { "X-Slack-Signature", SLACK_SIGNED, SLACK_TIME }, SLACK_BODY, "", 1531420618, true },
    { "within five minutes", SLACK, { "X-Slack-Signature", SLACK_SIGNED, SLACK_TIME }, SLACK_BODY, "", 1531420618 + 300, true },
    { "after six", SLACK, { "X-Slack-Signature", SLACK_SIGNED, SLACK_TIME }, SLACK_BODY, "", 1531420618 + 360, false },
    { "six before", SLACK, { "X-Slack-Signature", SLACK_SIGNED, SLACK_TIME }, SLACK_BODY, "", 1531420618 - 360, false },
    { "another time", SLACK, { "X-Slack-Signature", SLACK_SIGNED, "X-Slack-Request-Timestamp", "1531420619" }, SLACK_BODY, "", 1531420618, false },
    { "no time", SLACK, { "X-Slack-Signature", SLACK_SIGNED }, SLACK_BODY, "", 1531420618, false },

    { "that of the Standard Webhooks", STANDARD, { "webhook-signature", STANDARD_SIGNED, STANDARD_ID, STANDARD_TIME }, STANDARD_BODY, "", 1614265330, true },
    { "one of several", STANDARD, { "webhook-signature", "v1,bm9uZQ== v2,x " STANDARD_SIGNED, STANDARD_ID, STANDARD_TIME }, STANDARD_BODY, "", 1614265330, true },
    { "another id", STANDARD, { "webhook-signature", STANDARD_SIGNED, "webhook-id", "msg_other", STANDARD_TIME }, STANDARD_BODY, "", 1614265330, false },
    { "no id", STANDARD, { "webhook-signature", STANDARD_SIGNED, STANDARD_TIME }, STANDARD_BODY, "", 1614265330, false },
    { "too old", STANDARD, { "webhook-signature", STANDARD_SIGNED, STANDARD_ID, STANDARD_TIME }, STANDARD_BODY, "", 1614265330 + 301, false },
    { "a secret that is no base64", SIGNATURE_standard, "whsec_!", { "webhook-signature", STANDARD_SIGNED, STANDARD_ID, STANDARD_TIME }, STANDARD_BODY, "", 1614265330, false },

    { "Stripe's form", STRIPE, { "Stripe-Signature", "t=1700000000," STRIPE_SIGNED ",v0=old" }, "{}", "", 1700000000, true },
    { "with the new secret's too", STRIPE, { "Stripe-Signature", "t=1700000000,v1=00," STRIPE_SIGNED }, "{}", "", 1700000000, true },
    { "only an old scheme", STRIPE, { "Stripe-Signature", "t=1700000000,v0=" }, "{}", "", 1700000000, false },
    { "a changed time", STRIPE, { "Stripe-Signature", "t=1700000001," STRIPE_SIGNED }, "{}", "", 1700000000, false },
    { "no time", STRIPE, { "Stripe-Signature", STRIPE_SIGNED }, "{}", "", 1700000000, false },

    { "a secret in a header", SIGNATURE_token, "12345678", { "X-Gitlab-Token", "12345678" }, "{}", "", 1, true },
    { "another", SIGNATURE_token, "12345678", { "X-Gitlab-Token", "12345679" }, "{}", "", 1, false },
    { "a secret in the address", SIGNATURE_path, "12345678", { NULL }, "{}", "12345678", 1, true },
    { "not there", SIGNATURE_path, "12345678", { NULL }, "{}", "", 1, false },
};
/* clang-format on */

static bool check(Arena *arena, const Case *row, Str *seen_r)
{
    HttpPair pairs[3];
    size_t count = 0;
    for (; count < COUNT(pairs) && row->headers[2 * count]; count++)
        pairs[count] = (HttpPair){ str(row->headers[2 * count]), str(row->headers[2 * count + 1]) };
    const SignedCall call = { .headers = { pairs, count },
                              .body = str(row->body),
                              .address = str(row->address),
                              .now_ms = row->now_s * 1000 };
    Error err = { 0 };
    bool is_good = signature_check(arena, row->scheme, str(row->secret), &call, seen_r, &err);
    cr_expect(is_good || err.code == ERROR_DENIED, "%s: %s", row->about, err.message);
    cr_expect(is_good || str_find(str(err.message), str(row->secret)) < 0, "%s", row->about);
    return is_good;
}

Test(webhook, calls_are_believed_by_their_signature_alone)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str seen, again;
        bool is_good = check(arena, &cases[i], &seen);
        cr_expect_eq(is_good, cases[i].is_good, "%s", cases[i].about);
        if (!is_good)
            continue;
        cr_expect(check(arena, &cases[i], &again) && str_equal(seen, again));
        bool shows_only_a_secret =
            cases[i].scheme == SIGNATURE_path || cases[i].scheme == SIGNATURE_token;
        cr_expect_eq(seen.length == 0, shows_only_a_secret, "%s", cases[i].about);
    }
}

Test(webhook, what_we_sign_is_what_the_standard_says)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str signature = signature_standard(arena, S(STANDARD_SECRET), S("msg_p5jXN8AQM9LWM0D4loKWxJek"),
                                       1614265330, S(STANDARD_BODY));
    cr_expect(str_is(signature, STANDARD_SIGNED), STR_FMT, STR_ARG(signature));
}

Test(webhook, every_scheme_is_found_by_its_name_and_takes_the_secret_it_makes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Error err;
    for (SignatureScheme i = 0; i < SIGNATURE_SCHEME_COUNT; i++) {
        SignatureScheme found;
        Str secret = signature_new_secret(arena, i);
        cr_expect(signature_scheme_named(str(signature_scheme_name(i)), &found, &err) &&
                  found == i);
        cr_expect_eq(signature_check_secret(arena, i, secret, &err), i != SIGNATURE_path);
        cr_expect(!signature_check_secret(arena, i, S("short"), &err));
    }
    cr_expect(!signature_check_secret(arena, SIGNATURE_standard, S("whsec_!!!!!!!!"), &err));
}
