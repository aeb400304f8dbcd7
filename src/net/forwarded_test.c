#include "net/forwarded.h"

#include <criterion/criterion.h>

#define TRUSTED "127.0.0.1, 10.0.0.0/8, 2001:db8:1::/48"

typedef struct Case {
    const char *peer;
    HttpPair headers[4];
    const char *client;
    bool is_https;
    const char *host; /* NULL: as the client said */
} Case;

#define XFF(text)                                                                                  \
    {                                                                                              \
        S("X-Forwarded-For"), S(text)                                                              \
    }
#define PROTO(text)                                                                                \
    {                                                                                              \
        S("X-Forwarded-Proto"), S(text)                                                            \
    }
#define XHOST(text)                                                                                \
    {                                                                                              \
        S("X-Forwarded-Host"), S(text)                                                             \
    }
#define FORWARDED(text)                                                                            \
    {                                                                                              \
        S("Forwarded"), S(text)                                                                    \
    }

static const Case client_cases[] = {
    { "127.0.0.1", { XFF("203.0.113.7") }, "203.0.113.7", false, NULL },
    { "127.0.0.1",
      { XFF("203.0.113.7"), PROTO("https"), XHOST("a.example") },
      "203.0.113.7",
      true,
      "a.example" },
    { "127.0.0.1", { XFF("203.0.113.7, 10.1.2.3") }, "203.0.113.7", false, NULL },
    { "127.0.0.1", { XFF("10.0.0.1, 10.1.2.3") }, "10.0.0.1", false, NULL },
    /* What stands to the left of it the client has written itself. */
    { "127.0.0.1", { XFF("127.0.0.1, 203.0.113.7") }, "203.0.113.7", false, NULL },
    { "127.0.0.1", { XFF("198.51.100.1, 203.0.113.7, 10.1.2.3") }, "203.0.113.7", false, NULL },
    { "127.0.0.1", { XFF("198.51.100.1"), XFF("203.0.113.7") }, "203.0.113.7", false, NULL },
    { "127.0.0.1", { XFF("203.0.113.7"), XFF("") }, "127.0.0.1", false, NULL },
    { "127.0.0.1", { XFF("local") }, "127.0.0.1", false, NULL },
    { "127.0.0.1", { XFF("203.0.113.7, unknown") }, "127.0.0.1", false, NULL },
    { "127.0.0.1", { XFF("203.0.113.7, 10.1.2.3, x") }, "127.0.0.1", false, NULL },
    { "127.0.0.1", { XFF("203.0.113.7, 10.1.2.3.4") }, "127.0.0.1", false, NULL },
    { "127.0.0.1", { XFF("203.0.113.7\t,\t10.1.2.3:8080") }, "203.0.113.7", false, NULL },
    { "127.0.0.1", { XFF("203.0.113.7:4711") }, "203.0.113.7", false, NULL },
    { "127.0.0.1", { XFF("2001:db8:2::5") }, "2001:db8:2::5", false, NULL },
    { "127.0.0.1", { XFF("[2001:DB8:2::5]:80, 2001:db8:1::9") }, "2001:db8:2::5", false, NULL },
    { "127.0.0.1", { XFF("::ffff:203.0.113.7") }, "203.0.113.7", false, NULL },
    { "127.0.0.1", { XFF("203.0.113.7, ::ffff:10.9.9.9") }, "203.0.113.7", false, NULL },
    { "2001:db8:1::4", { XFF("203.0.113.7") }, "203.0.113.7", false, NULL },
    { "127.0.0.1", { PROTO("https") }, "127.0.0.1", true, NULL },
    { "127.0.0.1", { PROTO("https, http") }, "127.0.0.1", false, NULL },
    { "127.0.0.1", { XHOST("a.example/x") }, "127.0.0.1", false, NULL },
    { "127.0.0.1", { XHOST("evil.example, a.example:444") }, "127.0.0.1", false, "a.example:444" },
    /* RFC 7239 */
    { "127.0.0.1",
      { FORWARDED("for=203.0.113.7;proto=https;host=a.example") },
      "203.0.113.7",
      true,
      "a.example" },
    { "127.0.0.1", { FORWARDED("For=\"[2001:db8:2::5]:4711\"") }, "2001:db8:2::5", false, NULL },
    { "127.0.0.1",
      { FORWARDED("for=198.51.100.1, for=203.0.113.7;proto=https, for=10.1.1.1") },
      "203.0.113.7",
      true,
      NULL },
    { "127.0.0.1", { FORWARDED("for=203.0.113.7, for=_hidden") }, "127.0.0.1", false, NULL },
    /* One of both kinds the client has written itself: only what both say counts. */
    { "127.0.0.1",
      { FORWARDED("for=198.51.100.1"), XFF("203.0.113.7") },
      "127.0.0.1",
      false,
      NULL },
    { "127.0.0.1",
      { FORWARDED("for=203.0.113.7;proto=https"), XFF("203.0.113.7") },
      "127.0.0.1",
      false,
      NULL },
    { "127.0.0.1",
      { FORWARDED("for=203.0.113.7;host=a.example"), PROTO("https") },
      "127.0.0.1",
      false,
      NULL },
    { "127.0.0.1",
      { FORWARDED("for=203.0.113.7;proto=https"), XFF("203.0.113.7"), PROTO("https") },
      "203.0.113.7",
      true,
      NULL },
    { "127.0.0.1", { FORWARDED("by=10.0.0.1") }, "127.0.0.1", false, NULL },
    { "127.0.0.1", { FORWARDED(";;=;for") }, "127.0.0.1", false, NULL },
    /* Nobody is believed who is not trusted. */
    { "203.0.113.9",
      { XFF("127.0.0.1"), PROTO("https"), XHOST("a.example") },
      "203.0.113.9",
      false,
      NULL },
    { "203.0.113.9",
      { FORWARDED("for=10.0.0.1;proto=https;host=a.example") },
      "203.0.113.9",
      false,
      NULL },
    { "11.0.0.1", { XFF("203.0.113.7") }, "11.0.0.1", false, NULL },
    { "2001:db8:2::4", { XFF("203.0.113.7") }, "2001:db8:2::4", false, NULL },
    { "local", { XFF("203.0.113.7"), PROTO("https") }, "local", false, NULL },
};

Test(net_forwarded, the_client_is_the_last_address_that_no_trusted_proxy_has)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    TrustedProxies *proxies;
    Error err;
    cr_assert(trusted_proxies_read(S(TRUSTED), &proxies, &err), "%s", err.message);
    for (size_t i = 0; i < COUNT(client_cases); i++) {
        HttpPair headers[5] = { { S("Host"), S("as.said") } };
        memcpy(headers + 1, client_cases[i].headers, sizeof client_cases[i].headers);
        HttpRequest request = { .arena = arena,
                                .peer = str(client_cases[i].peer),
                                .headers = { headers, COUNT(headers) } };
        forwarded_read(proxies, &request);
        cr_expect(str_is(request.peer, client_cases[i].client), "%zu: " STR_FMT, i,
                  STR_ARG(request.peer));
        cr_expect_eq(request.is_https, client_cases[i].is_https, "%zu", i);
        cr_expect(str_is(request.host, client_cases[i].host ? client_cases[i].host : "as.said"),
                  "%zu: " STR_FMT, i, STR_ARG(request.host));
    }
    trusted_proxies_free(proxies);
}

Test(net_forwarded, a_list_of_hops_of_any_length_is_read_from_its_end)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    TrustedProxies *proxies;
    Error err;
    Buf list = buf_new(arena, MB(1));
    cr_assert(trusted_proxies_read(S("10.0.0.0/8"), &proxies, &err));
    for (int i = 0; i < 1000; i++)
        buf_add(&list, S("10.1.1.1,"));
    buf_add(&list, S("203.0.113.7"));
    HttpPair header = { S("x-forwarded-for"), buf_str(&list) };
    HttpRequest request = { .arena = arena, .peer = S("10.0.0.1"), .headers = { &header, 1 } };
    forwarded_read(proxies, &request);
    cr_expect(str_is(request.peer, "203.0.113.7"));
    trusted_proxies_free(proxies);
}

Test(net_forwarded, networks_are_read_or_refused)
{
    static const struct {
        const char *list, *inside; /* NULL: refused; "": none */
        const char *outside;
    } cases[] = {
        { "", "", "127.0.0.1" },
        { " , ", "", "127.0.0.1" },
        { "0.0.0.0/0", "203.0.113.7", "2001:db8::1" },
        { "::/0", "203.0.113.7", NULL },
        { "192.0.2.128/25", "192.0.2.255", "192.0.2.127" },
        { "192.0.2.1", "192.0.2.1", "192.0.2.2" },
        { "fd00::/7", "fc00::1", "fe00::1" },
        { "10.0.0.0/33", NULL, NULL },
        { "10.0.0.0/-1", NULL, NULL },
        { "10.0.0/8", NULL, NULL },
        { "example.org", NULL, NULL },
        { "::1/129", NULL, NULL },
        { "127.0.0.1;10.0.0.1", NULL, NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        TrustedProxies *proxies;
        Error err;
        bool good = trusted_proxies_read(str(cases[i].list), &proxies, &err);
        cr_expect_eq(good, cases[i].inside != NULL, "%zu", i);
        if (!good)
            continue;
        if (cases[i].inside[0])
            cr_expect(trusted_proxies_have(proxies, str(cases[i].inside)), "%zu", i);
        if (cases[i].outside)
            cr_expect(!trusted_proxies_have(proxies, str(cases[i].outside)), "%zu", i);
        trusted_proxies_free(proxies);
    }
}
