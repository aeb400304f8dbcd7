/* url_safety.h - may this program connect to an address that a person or a file has named?
 *
 * The name is resolved once; every address it has must be public, and the caller connects to the
 * one that was checked (HttpCall.pinned_address), so that a second answer of the name server cannot
 * lead elsewhere. Redirects must come here again. Any thread; blocks while resolving. */
#pragma once

#include <sys/socket.h>

#include "net/url.h"

typedef struct UrlSafety {
    bool allows_private;        /* loopback and private networks too, never link-local */
    const char *const *allowed; /* host names that need no check, NULL ends the list; may be NULL */
} UrlSafety;

/* Fails with ERROR_INVALID for what is no http(s) URL, ERROR_DENIED for a forbidden address,
 * ERROR_UPSTREAM when the name cannot be resolved. *address_r is numeric. */
MUST_CHECK bool url_check(Arena *arena, Str url, const UrlSafety *safety, Str *address_r,
                          Error *err);

typedef enum AddressKind { ADDRESS_PUBLIC, ADDRESS_PRIVATE, ADDRESS_FORBIDDEN } AddressKind;
/* What kind a numeric address is; anything that cannot be read is forbidden. */
AddressKind address_kind(Str address);

/* Whether it is https:// and names a host of the public internet, by its look: nobody is asked. */
bool url_looks_public(Str url);

/* The worst kind that the addresses of this host may have. */
AddressKind safety_worst(const UrlSafety *safety, Str host);
/* The addresses of a host, ready to connect to: all are checked, the first `max` are told, one of
 * each family among them when it has both. Blocks. *count_r > 0. */
MUST_CHECK bool host_resolve(const char *host, int port, AddressKind worst,
                             struct sockaddr_storage *addresses, int max, int *count_r, Error *err);
