/* proxy.c - see proxy.h. */
#include "net/proxy.h"

#include <arpa/inet.h>

#include "net/url.h"

bool proxy_check(const Proxy *proxy, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Url url;
    if (!proxy->url || !proxy->url[0])
        return true;
    if (!url_parse(arena, str(proxy->url), &url, err))
        return fail_in(err, "the proxy's address");
    return str_is(url.scheme, "http") ||
           fail(err, ERROR_INVALID, "the proxy's address does not begin with http://");
}

static bool read_ip4(Str text, uint32_t *address_r)
{
    char copy[INET_ADDRSTRLEN];
    struct in_addr address;
    if (text.length >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    if (inet_pton(AF_INET, copy, &address) != 1)
        return false;
    *address_r = ntohl(address.s_addr);
    return true;
}

/* "10.0.0.0/8" */
static bool is_in_network(Str host, Str network)
{
    ptrdiff_t slash = str_find_char(network, '/');
    uint32_t address, base;
    int64_t bits;
    if (slash < 0 || !read_ip4(host, &address) ||
        !read_ip4(str_slice(network, 0, (size_t)slash), &base) ||
        !str_to_int(str_from(network, (size_t)slash + 1), 0, 32, &bits))
        return false;
    return !bits || (address ^ base) >> (32 - bits) == 0;
}

static bool ends_with_name(Str host, Str name)
{
    if (name.length >= host.length)
        return name.length == host.length && str_equal_ignore_case(host, name);
    size_t start = host.length - name.length;
    return host.at[start - 1] == '.' && str_equal_ignore_case(str_from(host, start), name);
}

static bool is_this_machine(Str host)
{
    return ends_with_name(host, S("localhost")) || is_in_network(host, S("127.0.0.0/8")) ||
           str_is(host, "::1");
}

bool proxy_serves(const Proxy *proxy, Str host)
{
    Str rest, name;
    if (!proxy || !proxy->url || !proxy->url[0] || is_this_machine(host))
        return false;
    rest = str(proxy->except ? proxy->except : "");
    while (str_next(&rest, ',', &name)) {
        name = str_trim(name);
        if (str_starts(name, S(".")))
            name = str_from(name, 1);
        if (name.length &&
            (str_is(name, "*") || ends_with_name(host, name) || is_in_network(host, name)))
            return false;
    }
    return true;
}
