/* routes.h - which route of routes.def a request asks for. Any thread. */
#pragma once

#include "api/api.h"

/* Sets request->route and params. A path that is written out comes before one with :parts, wherever
 * their lines are. False: there is none; *path_known_r: but for another method. */
bool route_find(ApiRequest *request, bool *path_known_r);
/* Whether the path is the route's; its :parts go to params. */
bool route_fits(const char *pattern, Str path, Str params[2]);
/* HEAD is asked as GET. */
Str route_method(const HttpRequest *http);
/* The one that would fit, were anything a name: who asks so is a client of it. NULL: none. */
const ApiRoute *route_similar(const HttpRequest *http);
/* The path as logs, spans and answers may tell it, by whichever method it was asked for. */
Str route_told_path(const HttpRequest *http);
