/* route_scopes.h - what a route asks of an API key that has scopes: route_scopes.def. Any thread.
 */
#pragma once

#include "account/key_scopes.h"
#include "api/api.h"

/* Bits of KeyScope, all of which are needed; 0: open to anybody. */
unsigned route_scopes(const ApiRoute *route);
/* ERROR_DENIED, naming what is missing. */
MUST_CHECK bool route_scopes_check(const ApiRequest *request, Error *err);
/* The same for what a request asks for beyond its route. */
MUST_CHECK bool route_scopes_need(const ApiRequest *request, unsigned needed, Error *err);
