/* proxy_test.c - who is called through a proxy. */
#include <criterion/criterion.h>

#include "net/proxy.h"

Test(net, hosts_that_are_excepted_and_this_machine_are_called_without_the_proxy)
{
    static const struct {
        const char *except, *host;
        bool serves;
    } cases[] = {
        { "", "api.example.org", true },
        { NULL, "api.example.org", true },
        { "", "localhost", false },
        { "", "models.localhost", false },
        { "", "127.0.0.1", false },
        { "", "127.8.9.10", false },
        { "", "::1", false },
        { "", "128.0.0.1", true },
        { "example.org", "example.org", false },
        { "example.org", "api.example.org", false },
        { "example.org", "API.Example.ORG", false },
        { "example.org", "badexample.org", true },
        { "example.org", "example.org.evil.net", true },
        { ".example.org", "api.example.org", false },
        { "a.net, example.org ,b.net", "example.org", false },
        { "a.net, example.org ,b.net", "b.net", false },
        { "a.net, example.org ,b.net", "c.net", true },
        { ",,", "c.net", true },
        { "*", "c.net", false },
        { "10.0.0.0/8", "10.200.3.4", false },
        { "10.0.0.0/8", "11.0.0.1", true },
        { "192.168.1.0/24", "192.168.1.255", false },
        { "192.168.1.0/24", "192.168.2.0", true },
        { "0.0.0.0/0", "8.8.8.8", false },
        { "10.0.0.0/33", "10.0.0.1", true },
        { "10.0.0.0/x", "10.0.0.1", true },
        { "192.0.2.7", "192.0.2.7", false },
        { "2001:db8::1", "2001:db8::1", false },
        { "2001:db8::1", "2001:db8::2", true },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Proxy proxy = { .url = "http://proxy:3128", .except = cases[i].except };
        cr_expect_eq(proxy_serves(&proxy, str(cases[i].host)), cases[i].serves, "%s without %s",
                     cases[i].host, cases[i].except ? cases[i].except : "exceptions");
    }
    cr_expect(!proxy_serves(NULL, S("example.org")));
    cr_expect(!proxy_serves(&(Proxy){ .url = "" }, S("example.org")));
}

Test(net, a_proxy_is_named_by_an_http_address)
{
    static const struct {
        const char *url;
        bool good;
    } cases[] = { { NULL, true },
                  { "", true },
                  { "http://proxy:3128", true },
                  { "http://user:pass@[::1]:3128/", true },
                  { "socks5://proxy:1080", false },
                  { "https://proxy", false },
                  { "proxy:3128", false } };
    Error err;
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_eq(proxy_check(&(Proxy){ .url = cases[i].url }, &err), cases[i].good, "%s",
                     cases[i].url);
}
