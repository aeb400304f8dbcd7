/* forwarded.h - who the client is behind proxies: X-Forwarded-For, -Proto, -Host, and Forwarded
 * (RFC 7239), of proxies that are trusted alone.
 *
 * Each proxy adds on the right whom it was called by, so the list is read from there: the first
 * address that is no trusted proxy is the client. What stands further left anybody may have
 * written. Where X-Forwarded-* and Forwarded both stand and differ, neither counts. Any thread. */
#pragma once

#include "net/http.h"

typedef struct TrustedProxies TrustedProxies;

/* Addresses and networks with commas between: "127.0.0.1, 10.0.0.0/8, 2001:db8::/32". Empty: none,
 * and *proxies_r is NULL. */
MUST_CHECK bool trusted_proxies_read(Str list, TrustedProxies **proxies_r, Error *err);
/* Whether it could be read. */
MUST_CHECK bool trusted_proxies_check(Str list, Error *err);
void trusted_proxies_free(TrustedProxies *proxies); /* NULL is fine */
/* `address` as numbers; false when `proxies` is NULL. */
bool trusted_proxies_have(const TrustedProxies *proxies, Str address);
/* Sets peer, host and is_https of a request whose peer is who has connected; once, when its head is
 * read. */
void forwarded_read(const TrustedProxies *proxies, HttpRequest *request);
