/* route_scopes.c - see route_scopes.h. */
#include "api/route_scopes.h"

/* No key has it. */
#define NOBODY (1u << 31)

static const struct {
    const char *tag;
    unsigned looking, changing;
} by_tag[] = {
#define OF_TAG(tag, looking, changing) { tag, looking, changing },
#define OF_PATH(path, scopes)
#include "api/route_scopes.def"
#undef OF_TAG
#undef OF_PATH
};

static const struct {
    const char *path;
    unsigned scopes;
} by_path[] = {
#define OF_TAG(tag, looking, changing)
#define OF_PATH(path, scopes) { path, scopes },
#include "api/route_scopes.def"
#undef OF_TAG
#undef OF_PATH
};

static bool only_looks(const ApiRoute *route)
{
    static const char *const methods[] = { "GET", "OPTIONS", "PROPFIND", "REPORT" };
    for (size_t i = 0; i < COUNT(methods); i++)
        if (!strcmp(route->method, methods[i]))
            return true;
    return false;
}

static unsigned of_tag(const ApiRoute *route)
{
    for (size_t i = 0; i < COUNT(by_tag); i++)
        if (!strcmp(route->tag, by_tag[i].tag))
            return only_looks(route) ? by_tag[i].looking : by_tag[i].changing;
    return NOBODY;
}

unsigned route_scopes(const ApiRoute *route)
{
    unsigned scopes = of_tag(route);
    if (route->needs == ANYONE)
        return 0;
    if (scopes != KEY_SCIM && route->needs >= ADMIN && route->needs <= OPERATOR)
        return KEY_ADMIN;
    for (size_t i = 0; i < COUNT(by_path); i++)
        if (!strcmp(route->path, by_path[i].path) && !only_looks(route))
            return by_path[i].scopes;
    return scopes;
}

bool route_scopes_need(const ApiRequest *request, unsigned needed, Error *err)
{
    unsigned has = request->visitor.key_scopes;
    if (!needed || key_scopes_allow(has, needed))
        return true;
    Str missing = key_scopes_words(request->arena, needed & ~has);
    return fail(err, ERROR_DENIED, "this needs an API key of the scope " STR_FMT, STR_ARG(missing));
}

bool route_scopes_check(const ApiRequest *request, Error *err)
{
    return route_scopes_need(request, route_scopes(request->route), err);
}
