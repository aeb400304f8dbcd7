/* guard_test.c - what is a secret or personal, and what only looks like it; names and back. */
#include <criterion/criterion.h>

#include "gateway/guard.h"

#define ALL ((1u << MASK_COUNT) - 1)
#define HEX "0123456789abcdef"

/* NULL: nothing is found. The names are numbered from 1 in each text. */
static const struct {
    const char *text, *masked;
} cases[] = {
    /* Addresses */
    { "write to ann@example.com.", "write to <EMAIL_1>." },
    { "<ann.b+c@mail.example.co.uk>, x", "<<EMAIL_1>>, x" },
    { "ann@example.com and bob@example.com, ann@example.com",
      "<EMAIL_1> and <EMAIL_2>, <EMAIL_1>" },
    { "ann@example.com-", "<EMAIL_1>-" },
    { "ann@localhost", NULL },
    { "@handle and a@b", NULL },
    { "user@host:~$ ls", NULL },
    { "f@x.1a", NULL },
    { "\xC3\xA5se@example.no and ann@b\xC3\xBC"
      "cher.de",
      "<EMAIL_1> and <EMAIL_2>" },
    { "\xE8\x81\x94\xE7\xB3\xBB"
      "ann@example.com\xE8\xB0\xA2",
      "\xE8\x81\x94\xE7\xB3\xBB<EMAIL_1>\xE8\xB0\xA2" },
    { "Ann.O'Neil@example.com, 'bob@example.com'", "<EMAIL_1>, '<EMAIL_2>'" },
    /* Keys */
    { "sk-proj-abcDEF0123456789ghijKLMN", "<API_KEY_1>" },
    { "key=sk-ant-api03-" HEX "-" HEX "!", "key=<API_KEY_1>!" },
    { "ghp_" HEX HEX HEX, "<API_KEY_1>" },
    { "AKIAIOSFODNN7EXAMPL3 is", "<API_KEY_1> is" },
    { "AIzaSyD-" HEX HEX, "<API_KEY_1>" },
    { "AKIAIOSFODNN7EXAMPLE", "<API_KEY_1>" },
    { "hf_abcdefghijABCDEFGHIJabcdefghijABCD", "<API_KEY_1>" },
    { "SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz ok", "<API_KEY_1> ok" },
    { "ya29.a0AfH6SMBabcdefghijklmnop ok", "<API_KEY_1> ok" },
    { "dckr_pat_abcdefghijklmnopqrstuvw", "<API_KEY_1>" },
    { "sk-learn-and-other-words-of-ours", NULL },
    { "ASIdentifierNumbersExtended SG.x ya29.y", NULL },
    { "risk-0123456789abcdef01234567", NULL },
    { "sk-short1", NULL },
    { "AKIRA 2020 and AIzen", NULL },
    { "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF_-123 ok", "<TOKEN_1> ok" },
    { "eyJhbGciOiJIUzI1NiJ9 alone", NULL },
    { "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b",
      "a <PRIVATE_KEY_1> b" },
    { "-----BEGIN OPENSSH PRIVATE KEY-----\ncut", "<PRIVATE_KEY_1>" },
    { "-----BEGIN CERTIFICATE-----\nMIIE", NULL },
    { "postgres://me:pa55@db.example.com/x", "postgres://me:<PASSWORD_1>@db.example.com/x" },
    { "password=hunter2hunter2, next", "password=<PASSWORD_1>, next" },
    { "{\"apiKey\": \"abc123def456\"}", "{\"apiKey\": \"<PASSWORD_1>\"}" },
    { "Authorization: Bearer abcdef123456.", "Authorization: Bearer <PASSWORD_1>." },
    { "AccountKey=ab/cd+12345==;x", "AccountKey=<PASSWORD_1>;x" },
    { "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key = <PASSWORD_1>" },
    { "password: required, tokens: 4096abcdefg, token: string", NULL },
    { "https://example.com:8080/a@b", NULL },
    { "see https://example.com/?q=a:b@c", NULL },
    /* Cards */
    { "4111 1111 1111 1111", "<CARD_1>" },
    { "5500-0000-0000-0004,", "<CARD_1>," },
    { "378282246310005", "<CARD_1>" },
    { "3782 822463 10005", "<CARD_1>" },
    { "4111 1111 1111 1112", NULL },
    { "4111 1111 1111-1111", NULL },
    { "41 11 11 11 11 11 11 11", NULL },
    { "id 14111111111111111", NULL },
    { "0.4111111111111111", NULL },
    { "1234567812345670", NULL },
    /* Accounts */
    { "DE89 3704 0044 0532 0130 00.", "<IBAN_1>." },
    { "GB29NWBK60161331926819", "<IBAN_1>" },
    { "nl91abna0417164300", "<IBAN_1>" },
    { "DE89370400440532013001", NULL },
    { "XDE89370400440532013000", NULL },
    { "ISO27001 and DE12", NULL },
    /* Phones */
    { "+49 30 1234567-0 now", "<PHONE_1> now" },
    { "+1 (212) 555-0123", "<PHONE_1>" },
    { "call (212) 555-0123.", "call <PHONE_1>." },
    { "212-555-0123", "<PHONE_1>" },
    { "212.555.0123", "<PHONE_1>" },
    { "1-800-555-0199 or 1 (212) 555-0123", "<PHONE_1> or 1 <PHONE_2>" },
    { "21-800-555-0199 and 1-800-555", NULL },
    { "grew by +12 345", NULL },
    { "112-555-0123", NULL },
    { "2024-01-02 10:00", NULL },
    { "1+123456789", NULL },
    { "978-3-16-148410-0", NULL },
    /* Social security */
    { "SSN 123-45-6789.", "SSN <SSN_1>." },
    { "000-12-3456 666-12-3456 912-12-3456 123-00-4567 123-45-0000", NULL },
    { "1123-45-6789 and 123-45-67890", NULL },
    /* Internet */
    { "::ffff:203.0.113.7 to", "<IP_1> to" },
    { "from 203.0.113.7 to", "from <IP_1> to" },
    { "203.0.113.7:80", "<IP_1>:80" },
    { "see 1.2.3.4 and v10.20.30.40", NULL },
    { "10.20.30.40.50 and 300.20.30.40", NULL },
    { "127.0.0.1 and 0.0.0.0", NULL },
    { "2001:db8::8a2e:370:7334", "<IP_1>" },
    { "12:30:45 std::abc::def", NULL },
    { "", NULL },
};

Test(gateway, secrets_and_personal_data_are_named)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(4));
        GuardNames names;
        Buf held = buf_new(arena, KB(1));
        Str text = str(cases[i].text);
        guard_begin(&names, arena);
        Str masked = guard_mask(&names, ALL, text);
        const char *expected = cases[i].masked ? cases[i].masked : cases[i].text;
        cr_expect(str_is(masked, expected), "%s: " STR_FMT, cases[i].text, STR_ARG(masked));
        Str back = guard_restore(&names, &held, masked, true, false);
        cr_expect(str_equal(back, text), "%s: " STR_FMT, cases[i].text, STR_ARG(back));
    }
}

Test(gateway, only_the_kinds_of_the_rule_are_named)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    GuardNames names;
    Str text = S("ann@example.com 203.0.113.7 sk-proj-abcDEF0123456789ghijKLMN");
    guard_begin(&names, arena);
    cr_assert(str_is(guard_mask(&names, mask_named(S("secrets")), text),
                     "ann@example.com 203.0.113.7 <API_KEY_1>"));
    cr_assert(str_is(guard_mask(&names, mask_named(S("ip")), text),
                     "ann@example.com <IP_1> sk-proj-abcDEF0123456789ghijKLMN"));
    cr_assert_eq(mask_named(S("all")), ALL);
    cr_assert_eq(mask_named(S("nothing")), 0);
}

Test(gateway, what_lies_across_a_joint_is_named_and_no_more)
{
    static const struct {
        const char *first, *second, *first_masked, *second_masked;
    } joints[] = {
        { "to ann@exa", "mple.com now", "to <EMAIL_1>", " now" },
        { "to ann@example.com", "Please write", "to <EMAIL_1>", "Please write" },
        { "4111 1111", " 1111 1111.", "<CARD_1>", "." },
        { "sk-proj-abcDEF01234", "56789ghijKLMN", "<API_KEY_1>", "" },
        { "one", "two", "one", "two" },
        { "", "ann@example.com", "", "<EMAIL_1>" },
    };
    for (size_t i = 0; i < COUNT(joints); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(4));
        GuardNames names;
        guard_begin(&names, arena);
        Str first = guard_mask(&names, ALL, str(joints[i].first));
        Str second = guard_mask(&names, ALL, str(joints[i].second));
        guard_mask_joint(&names, ALL, &first, &second);
        cr_expect(str_is(first, joints[i].first_masked), "%zu: " STR_FMT, i, STR_ARG(first));
        cr_expect(str_is(second, joints[i].second_masked), "%zu: " STR_FMT, i, STR_ARG(second));
    }
}

Test(gateway, names_are_put_back_however_the_answer_is_torn)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    GuardNames names;
    guard_begin(&names, arena);
    (void)guard_mask(&names, ALL, S("ann@example.com 203.0.113.7"));
    Str answer = S("a < b <EMAIL_1><IP_1> <EMAIL_2> <EM <<IP_1>> <EMAIL_1");
    Str expected = S("a < b ann@example.com203.0.113.7 <EMAIL_2> <EM <203.0.113.7> <EMAIL_1");
    for (size_t a = 0; a <= answer.length; a++)
        for (size_t b = a; b <= answer.length; b++) {
            Buf held = buf_new(arena, KB(1)), out = buf_new(arena, KB(1));
            buf_add(&out, guard_restore(&names, &held, str_slice(answer, 0, a), false, false));
            buf_add(&out, guard_restore(&names, &held, str_slice(answer, a, b), false, false));
            buf_add(&out, guard_restore(&names, &held, str_from(answer, b), true, false));
            cr_assert(str_equal(buf_str(&out), expected), "%zu %zu: " STR_FMT, a, b,
                      STR_ARG(buf_str(&out)));
        }
}

Test(gateway, what_is_put_back_into_json_is_escaped)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    GuardNames names;
    Buf held = buf_new(arena, KB(1));
    guard_begin(&names, arena);
    (void)guard_mask(&names, ALL, S("-----BEGIN PRIVATE KEY-----\n\"\n-----END PRIVATE KEY-----"));
    Str back = guard_restore(&names, &held, S("{\"key\":\"<PRIVATE_KEY_1>\"}"), true, true);
    cr_assert(str_is(back, "{\"key\":\"-----BEGIN PRIVATE KEY-----\\n\\\"\\n"
                           "-----END PRIVATE KEY-----\"}"),
              STR_FMT, STR_ARG(back));
}

/* Any bytes, in any place: the finds are in order, apart, and within the text. */
Test(gateway, finds_are_apart_and_within_the_text)
{
    static const char alphabet[] = "0123456789+-.:@ ()aeyJAKIz_skDE/x\"<>\n=SG\xC3\xA5token";
    unsigned seed = 5;
    char text[200];
    for (int round = 0; round < 20000; round++) {
        size_t length = (size_t)rand_r(&seed) % sizeof text, at = 0, end = 0;
        for (size_t i = 0; i < length; i++)
            text[i] = alphabet[(size_t)rand_r(&seed) % (sizeof alphabet - 1)];
        GuardFound found;
        while (guard_find((Str){ text, length }, ALL, &at, &found)) {
            cr_assert(found.start >= end && found.end > found.start && found.end <= length);
            cr_assert_eq(at, found.end);
            end = found.end;
        }
    }
}

Test(gateway, a_secret_is_found_wherever_in_a_text_it_stands)
{
    static const char *const secrets[] = { "ann@example.com",
                                           "203.0.113.77",
                                           "+49 30 12345678",
                                           "4111 1111 1111 1111",
                                           "DE89 3704 0044 0532 0130 00",
                                           "sk-abcdefghij0123456789",
                                           "gsk_abcdefghij0123456789",
                                           "AKIAIOSFODNN7EXAMPL3",
                                           "SG.abcdefghij0123456789.x1",
                                           "AIzaSyA0123456789abcdefghijklmnopqrstuv",
                                           "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0abc.c2ln" };
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    for (size_t i = 0; i < COUNT(secrets); i++)
        for (int lead = 0; lead < 140; lead++)
            for (int tail = 0; tail < 2; tail++) {
                Str text = str_format(arena, "%*s %s%*s", lead, "", secrets[i], tail * 90, "");
                size_t at = 0;
                GuardFound found;
                cr_assert(guard_find(text, mask_named(S("all")), &at, &found), "%s behind %d",
                          secrets[i], lead);
                cr_assert_eq(found.start, (size_t)lead + 1, "%s behind %d", secrets[i], lead);
                cr_assert_eq(found.end - found.start, strlen(secrets[i]), "%s", secrets[i]);
            }
}
