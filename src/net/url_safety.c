/* url_safety.c - see url_safety.h. */
#include "net/url_safety.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

typedef struct Network {
    uint8_t bytes[16];
    int bits;
    AddressKind kind;
} Network;

/* IANA's special-purpose registries (RFC 6890 and after). */
static const Network networks4[] = {
    { { 0 }, 8, ADDRESS_FORBIDDEN },             /* this network */
    { { 10 }, 8, ADDRESS_PRIVATE },              /* RFC 1918 */
    { { 100, 64 }, 10, ADDRESS_PRIVATE },        /* carrier-grade NAT */
    { { 127 }, 8, ADDRESS_PRIVATE },             /* loopback */
    { { 169, 254 }, 16, ADDRESS_FORBIDDEN },     /* link-local: metadata of clouds */
    { { 172, 16 }, 12, ADDRESS_PRIVATE },        /* RFC 1918 */
    { { 192, 0, 0 }, 24, ADDRESS_FORBIDDEN },    /* protocol assignments */
    { { 192, 0, 2 }, 24, ADDRESS_FORBIDDEN },    /* documentation */
    { { 192, 88, 99 }, 24, ADDRESS_FORBIDDEN },  /* 6to4 relays */
    { { 192, 168 }, 16, ADDRESS_PRIVATE },       /* RFC 1918 */
    { { 198, 18 }, 15, ADDRESS_FORBIDDEN },      /* benchmarks */
    { { 198, 51, 100 }, 24, ADDRESS_FORBIDDEN }, /* documentation */
    { { 203, 0, 113 }, 24, ADDRESS_FORBIDDEN },  /* documentation */
    { { 224 }, 3, ADDRESS_FORBIDDEN },           /* multicast, reserved, broadcast */
};

static const Network networks6[] = {
    { { [15] = 1 }, 128, ADDRESS_PRIVATE },                /* loopback */
    { { 0xfc }, 7, ADDRESS_PRIVATE },                      /* unique local */
    { { 0xfe, 0x80 }, 10, ADDRESS_FORBIDDEN },             /* link-local */
    { { 0x20, 0x01, 0x00 }, 23, ADDRESS_FORBIDDEN },       /* Teredo and others */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32, ADDRESS_FORBIDDEN }, /* documentation */
    { { 0x20, 0x02 }, 16, ADDRESS_FORBIDDEN },             /* 6to4 */
    { { 0x3f, 0xff }, 20, ADDRESS_FORBIDDEN },             /* documentation, RFC 9637 */
};

static bool is_inside(const uint8_t *bytes, const Network *network)
{
    int whole = network->bits / 8, rest = network->bits % 8;
    if (memcmp(bytes, network->bytes, (size_t)whole) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xff << (8 - rest));
    return !rest || (bytes[whole] & mask) == (network->bytes[whole] & mask);
}

static AddressKind kind4(const uint8_t *bytes)
{
    for (size_t i = 0; i < COUNT(networks4); i++)
        if (is_inside(bytes, &networks4[i]))
            return networks4[i].kind;
    return ADDRESS_PUBLIC;
}

static AddressKind kind6(const uint8_t *bytes)
{
    static const Network mapped = { { [10] = 0xff, [11] = 0xff }, 96, ADDRESS_FORBIDDEN };
    if (is_inside(bytes, &mapped))
        return kind4(bytes + 12);
    for (size_t i = 0; i < COUNT(networks6); i++)
        if (is_inside(bytes, &networks6[i]))
            return networks6[i].kind;
    /* Only global unicast is public: that leaves out NAT64, compatible forms and multicast. */
    return bytes[0] >> 5 == 1 ? ADDRESS_PUBLIC : ADDRESS_FORBIDDEN;
}

AddressKind address_kind(Str address)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    uint8_t bytes[16];
    const char *text = str_c(arena, address);
    if (inet_pton(AF_INET, text, bytes) == 1)
        return kind4(bytes);
    if (inet_pton(AF_INET6, text, bytes) == 1)
        return kind6(bytes);
    return ADDRESS_FORBIDDEN;
}

/* Names that lead into the own network (RFC 6761, RFC 8375, ICANN's "internal", and habits). */
static bool is_near_name(Str last)
{
    static const char *const names[] = {
        "local", "localhost", "internal", "intranet", "lan",
        "home",  "corp",      "private",  "arpa",     "localdomain"
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(last, names[i]))
            return true;
    return false;
}

/* A last label without a letter at its beginning may be a number in one of its spellings. */
bool url_looks_public(Str url)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Url parsed;
    Error ignored;
    if (url.length > KB(64) || !url_parse(arena, url, &parsed, &ignored))
        return false;
    Str host = str_ends(parsed.host, S(".")) ? str_slice(parsed.host, 0, parsed.host.length - 1)
                                             : parsed.host;
    ptrdiff_t dot = str_find_last_char(host, '.');
    Str last = dot < 0 ? S("") : str_from(host, (size_t)dot + 1);
    return str_is(parsed.scheme, "https") && parsed.port == 443 && !parsed.is_ip6 &&
           last.length > 1 && last.at[0] >= 'a' && last.at[0] <= 'z' && !is_near_name(last);
}

static bool is_allowed(const UrlSafety *safety, Str host)
{
    for (const char *const *name = safety->allowed; name && *name; name++)
        if (str_equal_ignore_case(host, str(*name)))
            return true;
    return false;
}

AddressKind safety_worst(const UrlSafety *safety, Str host)
{
    if (is_allowed(safety, host))
        return ADDRESS_FORBIDDEN;
    return safety->allows_private ? ADDRESS_PRIVATE : ADDRESS_PUBLIC;
}

static bool check_all(const struct addrinfo *found, AddressKind worst, const char *host, Error *err)
{
    for (const struct addrinfo *at = found; at; at = at->ai_next) {
        char text[INET6_ADDRSTRLEN + 20] = "";
        int failure =
            getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST);
        if (worst != ADDRESS_FORBIDDEN && (failure || address_kind(str(text)) > worst))
            return fail(err, ERROR_DENIED, "%s leads to %s, which is not a public address", host,
                        text);
    }
    return true;
}

/* A machine without IPv6, or without IPv4, still finds one that it can reach. */
static void show_other_family(const struct addrinfo *found, struct sockaddr_storage *last,
                              int shown)
{
    for (const struct addrinfo *at = found; at; at = at->ai_next, shown--)
        if (at->ai_family != found->ai_family) {
            if (shown <= 0)
                memcpy(last, at->ai_addr, at->ai_addrlen);
            return;
        }
}

bool host_resolve(const char *host, int port, AddressKind worst, struct sockaddr_storage *addresses,
                  int max, int *count_r, Error *err)
{
    char service[12];
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *found;
    int count = 0;
    snprintf(service, sizeof service, "%d", port);
    int failure = getaddrinfo(host, service, &hints, &found);
    if (failure)
        return fail(err, ERROR_UPSTREAM, "the name %s cannot be resolved: %s", host,
                    gai_strerror(failure));
    bool good = check_all(found, worst, host, err);
    for (const struct addrinfo *at = found; good && at && count < max; at = at->ai_next)
        memcpy(&addresses[count++], at->ai_addr, at->ai_addrlen);
    if (count == max && max > 1)
        show_other_family(found, &addresses[max - 1], max);
    freeaddrinfo(found);
    *count_r = count;
    return good;
}

bool url_check(Arena *arena, Str text, const UrlSafety *safety, Str *address_r, Error *err)
{
    Url url;
    struct sockaddr_storage address = { 0 };
    char numeric[INET6_ADDRSTRLEN + 20] = "";
    int count;
    if (!url_parse(arena, text, &url, err))
        return false;
    if (!str_is(url.scheme, "http") && !str_is(url.scheme, "https"))
        return fail(err, ERROR_INVALID, "only http and https addresses are fetched");
    if (!host_resolve(str_c(arena, url.host), url.port, safety_worst(safety, url.host), &address, 1,
                      &count, err))
        return false;
    if (getnameinfo((struct sockaddr *)&address, sizeof address, numeric, sizeof numeric, NULL, 0,
                    NI_NUMERICHOST) != 0)
        return fail(err, ERROR_UPSTREAM, "the name " STR_FMT " has no address", STR_ARG(url.host));
    *address_r = str_copy(arena, str(numeric));
    return true;
}
