/* url_safety_test.c - addresses that a person may name and this program must not ask. */
#include <criterion/criterion.h>

#include "net/url_safety.h"

static bool is_refused(Arena *arena, Str url)
{
    Error err;
    Str address;
    return !url_check(arena, url, &(UrlSafety){ 0 }, &address, &err);
}

typedef struct Quad {
    unsigned a, b, c, d;
} Quad;

/* Loopback, private networks, metadata of clouds (also Alibaba's, Oracle's and of containers), and
 * what is nobody's. */
static const Quad inside[] = {
    { 127, 0, 0, 1 },       { 127, 0, 1, 1 },       { 127, 255, 255, 254 }, { 0, 0, 0, 0 },
    { 0, 1, 2, 3 },         { 10, 0, 0, 1 },        { 10, 255, 255, 255 },  { 172, 16, 0, 1 },
    { 172, 31, 255, 254 },  { 192, 168, 0, 1 },     { 192, 168, 255, 255 }, { 169, 254, 169, 254 },
    { 169, 254, 170, 2 },   { 169, 254, 0, 1 },     { 100, 64, 0, 1 },      { 100, 100, 100, 200 },
    { 100, 127, 255, 255 }, { 192, 0, 0, 192 },     { 192, 0, 2, 1 },       { 192, 88, 99, 1 },
    { 198, 18, 0, 1 },      { 198, 51, 100, 7 },    { 203, 0, 113, 9 },     { 224, 0, 0, 1 },
    { 240, 0, 0, 1 },       { 255, 255, 255, 255 },
};

static unsigned number_of(Quad at) { return at.a << 24 | at.b << 16 | at.c << 8 | at.d; }

/* The ways in which the system's functions and other programs read an IPv4 address. */
static size_t spell(Arena *arena, Quad at, Str hosts[20])
{
    unsigned number = number_of(at), high = at.a << 8 | at.b, low = at.c << 8 | at.d;
    size_t count = 0;
    hosts[count++] = str_format(arena, "%u.%u.%u.%u", at.a, at.b, at.c, at.d);
    hosts[count++] = str_format(arena, "%u", number);
    hosts[count++] = str_format(arena, "0x%x", number);
    hosts[count++] = str_format(arena, "0%o", number);
    hosts[count++] = str_format(arena, "0%o.0%o.0%o.0%o", at.a, at.b, at.c, at.d);
    hosts[count++] = str_format(arena, "0x%x.0x%x.0x%x.0x%x", at.a, at.b, at.c, at.d);
    hosts[count++] = str_format(arena, "000%o.%u.0x%x.%u", at.a, at.b, at.c, at.d);
    hosts[count++] = str_format(arena, "%u.%u.%u", at.a, at.b, low);
    hosts[count++] = str_format(arena, "%u.%u", at.a, at.b << 16 | low);
    hosts[count++] = str_format(arena, "[::ffff:%u.%u.%u.%u]", at.a, at.b, at.c, at.d);
    hosts[count++] = str_format(arena, "[::ffff:%x:%x]", high, low);
    hosts[count++] = str_format(arena, "[0:0:0:0:0:ffff:%x:%x]", high, low);
    hosts[count++] = str_format(arena, "[::%x:%x]", high, low);
    hosts[count++] = str_format(arena, "[64:ff9b::%x:%x]", high, low);
    hosts[count++] = str_format(arena, "[64:ff9b:1::%x:%x]", high, low);
    hosts[count++] = str_format(arena, "[2002:%x:%x::1]", high, low);
    hosts[count++] =
        str_format(arena, "[2001:0:4136:e378:8000:63bf:%x:%x]", ~high & 0xffff, ~low & 0xffff);
    return count;
}

Test(net, an_address_inside_is_refused_in_each_of_its_spellings)
{
    Arena *arena = arena_new(MB(4));
    size_t tried = 0;
    for (size_t i = 0; i < COUNT(inside); i++) {
        Str hosts[20];
        size_t count = spell(arena, inside[i], hosts);
        for (size_t j = 0; j < count; j++, tried++) {
            Str url = str_format(arena, "http://" STR_FMT "/latest/meta-data/", STR_ARG(hosts[j]));
            cr_expect(is_refused(arena, url), STR_FMT, STR_ARG(url));
        }
    }
    cr_expect(tried >= 400);
    cr_log_info("%zu spellings of %zu addresses were tried", tried, COUNT(inside));
    arena_free(arena);
}

static const char *const ways[] = {
    "http://localhost/",
    "http://LOCALHOST:8000/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25lo]/",
    "http://[febf::1]/",
    "http://[fec0::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[fdff:ffff::1]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://[2001:10::1]/",
    "http://[3fff::1]/",
    "http://[100::1]/",
    "http://[5f00::1]/",
    "http://example.org@127.0.0.1/",
    "http://example.org:80@127.0.0.1:80/",
    "http://127.0.0.1#@example.org/",
    "http://127.0.0.1?@example.org/",
    "http://127.0.0.1\\@example.org/",
    "http://example.org\\@127.0.0.1/",
    "http:\\\\127.0.0.1/",
    "http:/127.0.0.1/",
    "http:127.0.0.1/",
    "//127.0.0.1/",
    "http:// 127.0.0.1/",
    "http://127.0.0.1 /",
    "http://127.0.0.1\t/",
    "http://127.0.0.1\r\nHost: example.org/",
    "http://127.0.0.1%00.example.org/",
    "http://%31%32%37.0.0.1/",
    "http://[127.0.0.1]/",
    "http://[::ffff:127.0.0.1%25lo]/",
    "http://0/",
    "http://127.1/",
    "http:///etc/passwd",
    "file:///etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "ftp://127.0.0.1/",
    "dict://127.0.0.1:11211/stat",
    "ldap://127.0.0.1/",
    "unix:/run/docker.sock",
    "jar:http://127.0.0.1!/",
    "data:text/plain,x",
    "javascript:alert(1)",
    "",
    "127.0.0.1",
    /* The end of a name, and names that every machine knows. */
    "http://localhost./",
    "http://127.0.0.1./",
    "http://169.254.169.254./latest/",
    "http://0x7f.1./",
    "http://localhost.localdomain/",
    "http://ip6-localhost/",
    /* Digits and dots of other scripts, which some readers make plain. */
    "http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1/",
    "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/",
    "http://127\xe3\x80\x82"
    "0\xe3\x80\x82"
    "0\xe3\x80\x82"
    "1/",
    "http://127%2e0%2e0%2e1/",
    "http://%6c%6f%63%61%6c%68%6f%73%74/",
    "http://loc\xc2\xad"
    "alhost/",
    /* IPv4 inside IPv6 in its rarer forms. */
    "http://[::ffff:0:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[fe80::5efe:127.0.0.1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b:1:7f00:0:100::]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[2002:7f00:1::]/",
    "http://[2001::1]/",
    "http://[2001:2::1]/",
    "http://[2001:20::1]/",
    "http://[::ffff:7f00:1%25eth0]/",
    "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "http://[::1/",
    "http://::1/",
    "http://[::1]]/",
    "http://[[::1]]/",
    "http://[v1.127.0.0.1]/",
    /* Where one reader of an address finds another host than the next. */
    "http://example.org@[::1]/",
    "http://example.org%40127.0.0.1/",
    "http://127.0.0.1:80@example.org:80@127.0.0.1/",
    "http://user:127.0.0.1@127.0.0.1/",
    "http://127.0.0.1;@example.org/",
    "http://127.0.0.1,example.org/",
    "http://example.org,127.0.0.1/",
    "http://127.0.0.1|example.org/",
    "http://127.0.0.1%23@example.org/",
    "http://127.0.0.1%2f@example.org/",
    "http://127.0.0.1:0x50/",
    "http://127.0.0.1:080/",
    "http://127.0.0.1:/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:-1/",
    "http:///127.0.0.1/",
    "http:////127.0.0.1/",
    "http://@127.0.0.1/",
    "http://:@127.0.0.1/",
    "http://?@127.0.0.1/",
    "HTTP://127.0.0.1/",
    "\thttp://127.0.0.1/",
    "url:http://127.0.0.1/",
    "http://127.0.0.1\nexample.org/",
    "http://256.256.256.256/",
    "http://127.0.0.1.1/",
    "http://4294967296/",
    "http://0x100000000/",
    "http://0x7f000001.0x0/",
};

Test(net, other_ways_to_lead_inside_are_refused)
{
    Arena *arena = arena_new(MB(4));
    for (size_t i = 0; i < COUNT(ways); i++)
        cr_expect(is_refused(arena, str(ways[i])), "%s", ways[i]);
    cr_log_info("%zu other ways were tried", COUNT(ways));
    arena_free(arena);
}

Test(net, an_address_outside_is_let_through)
{
    static const char *const urls[] = {
        "http://93.184.216.34/", "https://8.8.8.8:8443/a?b=c", "http://[2606:4700:4700::1111]/",
        "http://11.0.0.1/",      "http://172.32.0.1/",         "http://100.128.0.1/"
    };
    Arena *arena = arena_new(MB(4));
    for (size_t i = 0; i < COUNT(urls); i++)
        cr_expect(!is_refused(arena, str(urls[i])), "%s", urls[i]);
    arena_free(arena);
}
