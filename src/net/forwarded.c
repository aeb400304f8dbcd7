/* forwarded.c - see forwarded.h. */
#include "net/forwarded.h"

#include <arpa/inet.h>
#include <ctype.h>

#define HOPS_MAX 32 /* that are looked at */
#define NETWORKS_MAX 256

/* Of IPv4 as IPv6 maps it. */
typedef struct Address {
    uint8_t bytes[16];
} Address;

typedef struct Network {
    Address base;
    int bits;
} Network;

struct TrustedProxies {
    size_t count;
    Network at[NETWORKS_MAX];
};

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool read_address(Str text, Address *address_r, bool *is_four_r)
{
    char copy[INET6_ADDRSTRLEN];
    if (!text.length || text.length >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    *is_four_r = inet_pton(AF_INET, copy, address_r->bytes + sizeof mapped) == 1;
    if (*is_four_r)
        memcpy(address_r->bytes, mapped, sizeof mapped);
    return *is_four_r || inet_pton(AF_INET6, copy, address_r->bytes) == 1;
}

static Str write_address(Arena *arena, const Address *address)
{
    char text[INET6_ADDRSTRLEN];
    bool is_four = memcmp(address->bytes, mapped, sizeof mapped) == 0;
    const void *bytes = is_four ? address->bytes + sizeof mapped : address->bytes;
    return inet_ntop(is_four ? AF_INET : AF_INET6, bytes, text, sizeof text)
               ? str_copy(arena, str(text))
               : S("");
}

/* --- Networks --- */

static bool read_network(Str text, Network *network_r)
{
    ptrdiff_t slash = str_find_char(text, '/');
    bool is_four;
    int64_t bits;
    if (!read_address(slash < 0 ? text : str_slice(text, 0, (size_t)slash), &network_r->base,
                      &is_four))
        return false;
    int max = is_four ? 32 : 128;
    if (slash < 0)
        bits = max;
    else if (!str_to_int(str_from(text, (size_t)slash + 1), 0, max, &bits))
        return false;
    network_r->bits = (int)bits + (is_four ? 96 : 0);
    return true;
}

bool trusted_proxies_read(Str list, TrustedProxies **proxies_r, Error *err)
{
    TrustedProxies *proxies = heap_alloc(sizeof *proxies);
    Str one;
    *proxies_r = NULL;
    while (str_next(&list, ',', &one)) {
        one = str_trim(one);
        if (!one.length)
            continue;
        if (proxies->count == NETWORKS_MAX || !read_network(one, &proxies->at[proxies->count])) {
            bool is_full = proxies->count == NETWORKS_MAX;
            free(proxies);
            return is_full ? fail_field(err, "trusted_proxies",
                                        "trusted_proxies: more than %d networks", NETWORKS_MAX)
                           : fail_field(err, "trusted_proxies",
                                        "trusted_proxies: '" STR_FMT
                                        "' is no address or network, as 10.0.0.0/8 or ::1",
                                        STR_ARG(str_slice(one, 0, 60)));
        }
        proxies->count++;
    }
    if (proxies->count)
        *proxies_r = proxies;
    else
        free(proxies);
    return true;
}

bool trusted_proxies_check(Str list, Error *err)
{
    TrustedProxies *proxies;
    bool good = trusted_proxies_read(list, &proxies, err);
    trusted_proxies_free(proxies);
    return good;
}

void trusted_proxies_free(TrustedProxies *proxies) { free(proxies); }

static bool is_in(const Network *network, const Address *address)
{
    for (int bit = 0; bit < network->bits; bit++) {
        int mask = 0x80 >> bit % 8;
        if ((network->base.bytes[bit / 8] ^ address->bytes[bit / 8]) & mask)
            return false;
    }
    return true;
}

static bool have(const TrustedProxies *proxies, const Address *address)
{
    for (size_t i = 0; i < proxies->count; i++)
        if (is_in(&proxies->at[i], address))
            return true;
    return false;
}

bool trusted_proxies_have(const TrustedProxies *proxies, Str address)
{
    Address read;
    bool is_four;
    return proxies && read_address(address, &read, &is_four) && have(proxies, &read);
}

/* --- What proxies say --- */

typedef struct Hop {
    Str client, scheme, host; /* as written; empty: not told */
} Hop;

typedef struct Hops { /* the last ones, from the right */
    size_t count;
    Hop at[HOPS_MAX];
} Hops;

/* The elements of a header that may stand on many lines, from the right, at most `max`. An element
 * in quotes may not hold a comma here: none of what is looked for has one. */
static size_t elements(const HttpRequest *request, const char *name, Str *elements_r, size_t max)
{
    size_t count = 0;
    for (size_t i = request->headers.count; i-- > 0;) {
        Str rest = request->headers.at[i].value;
        if (!str_equal_ignore_case(request->headers.at[i].name, str(name)))
            continue;
        while (count < max) {
            ptrdiff_t comma = str_find_last_char(rest, ',');
            elements_r[count++] = str_trim(str_from(rest, (size_t)(comma + 1)));
            if (comma < 0)
                break;
            rest = str_slice(rest, 0, (size_t)comma);
        }
    }
    return count;
}

static Str unquote(Str text)
{
    bool is_quoted = text.length >= 2 && text.at[0] == '"' && text.at[text.length - 1] == '"';
    return is_quoted ? str_slice(text, 1, text.length - 1) : text;
}

/* for="[2001:db8::1]:80";proto=https;host=example.org */
static Hop read_forwarded(Str element)
{
    Hop hop = { 0 };
    Str pair;
    while (str_next(&element, ';', &pair)) {
        ptrdiff_t equals = str_find_char(pair, '=');
        if (equals < 0)
            continue;
        Str name = str_trim(str_slice(pair, 0, (size_t)equals));
        Str value = unquote(str_trim(str_from(pair, (size_t)equals + 1)));
        if (str_equal_ignore_case(name, S("for")))
            hop.client = value;
        else if (str_equal_ignore_case(name, S("proto")))
            hop.scheme = value;
        else if (str_equal_ignore_case(name, S("host")))
            hop.host = value;
    }
    return hop;
}

/* Of RFC 7239, where every hop has its own. */
static void read_standard(const HttpRequest *request, Hops *hops)
{
    Str found[HOPS_MAX];
    hops->count = elements(request, "Forwarded", found, HOPS_MAX);
    for (size_t i = 0; i < hops->count; i++)
        hops->at[i] = read_forwarded(found[i]);
}

/* Scheme and host are mostly told once, by the last proxy: they count for every hop. */
static void read_customary(const HttpRequest *request, Hops *hops)
{
    Str found[HOPS_MAX] = { STR_NONE }, scheme = S(""), host = S("");
    hops->count = elements(request, "X-Forwarded-For", found, HOPS_MAX);
    bool is_told = elements(request, "X-Forwarded-Proto", &scheme, 1) +
                       elements(request, "X-Forwarded-Host", &host, 1) >
                   0;
    if (!hops->count && is_told)
        hops->count = 1;
    for (size_t i = 0; i < hops->count; i++)
        hops->at[i] = (Hop){ found[i], scheme, host };
}

/* "192.0.2.1:80", "[2001:db8::1]:80" and without the port. */
static bool read_client(Str text, Address *address_r)
{
    bool is_four;
    ptrdiff_t close = str_find_char(text, ']'), colon = str_find_char(text, ':');
    if (str_starts(text, S("[")) && close > 0)
        text = str_slice(text, 1, (size_t)close);
    else if (colon > 0 && colon == str_find_last_char(text, ':'))
        text = str_slice(text, 0, (size_t)colon);
    return read_address(text, address_r, &is_four);
}

static bool is_host(Str host)
{
    for (size_t i = 0; i < host.length; i++)
        if (!isalnum((unsigned char)host.at[i]) && !HAS_CHAR(host.at[i], "-.[]:"))
            return false;
    return host.length > 0 && host.length < 256;
}

/* What the proxies say together; the connection's own where they say nothing. */
typedef struct Origin {
    Str peer, host;
    bool is_https;
} Origin;

static void follow(const TrustedProxies *proxies, Arena *arena, const Hops *hops, Origin *origin)
{
    for (size_t i = 0; i < hops->count; i++) {
        const Hop *hop = &hops->at[i];
        Address client;
        if (hop->scheme.length)
            origin->is_https = str_equal_ignore_case(hop->scheme, S("https"));
        if (is_host(hop->host))
            origin->host = hop->host;
        if (!read_client(hop->client, &client))
            return; /* hidden or unknown: then it is whoever said so */
        origin->peer = write_address(arena, &client);
        if (!have(proxies, &client))
            return;
    }
}

static bool is_same(const Origin *a, const Origin *b)
{
    return str_equal(a->peer, b->peer) && str_equal_ignore_case(a->host, b->host) &&
           a->is_https == b->is_https;
}

/* A proxy writes one kind and hands on the other as its client wrote it; nobody knows which, so two
 * that differ are not believed. */
void forwarded_read(const TrustedProxies *proxies, HttpRequest *request)
{
    Hops customary, standard;
    request->host = http_header_in(request, "Host");
    if (!trusted_proxies_have(proxies, request->peer))
        return;
    read_customary(request, &customary);
    read_standard(request, &standard);
    Origin own = { request->peer, request->host, request->is_https }, first = own, second = own;
    follow(proxies, request->arena, &customary, &first);
    follow(proxies, request->arena, &standard, &second);
    if (!customary.count)
        first = second;
    else if (standard.count && !is_same(&first, &second))
        first = own;
    request->peer = first.peer;
    request->host = first.host;
    request->is_https = first.is_https;
}
