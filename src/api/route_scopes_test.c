#include "api/route_scopes.h"

#include <criterion/criterion.h>

#define ALL (KEY_READ | KEY_WRITE | KEY_ASK | KEY_MODELS | KEY_ADMIN | KEY_SCIM)

/* A new tag has no line yet: then no key with scopes may use it. */
Test(route_scopes, every_route_says_what_it_asks_of_a_key)
{
    for (size_t i = 0; i < api_route_count; i++) {
        const ApiRoute *route = &api_routes[i];
        unsigned scopes = route_scopes(route);
        cr_expect(!(scopes & ~(unsigned)ALL), "%s %s: add its tag to route_scopes.def",
                  route->method, route->path);
        cr_expect((scopes == 0) == (route->needs == ANYONE), "%s %s", route->method, route->path);
    }
}

/* Who calls a model is remembered by the key alone for half a minute, so that no route of these may
 * ask for less than another. */
Test(route_scopes, calls_of_models_all_ask_for_the_same)
{
    for (size_t i = 0; i < api_route_count; i++)
        if (api_routes[i].body == CALL_BODY)
            cr_expect(route_scopes(&api_routes[i]) == KEY_MODELS, "%s", api_routes[i].path);
}

/* By the role first: whoever names an administrator's route wrongly in the list opens nothing. */
Test(route_scopes, what_administrators_do_asks_for_admin)
{
    for (size_t i = 0; i < api_route_count; i++) {
        const ApiRoute *route = &api_routes[i];
        bool is_admins = route->needs >= ADMIN && route->needs <= OPERATOR;
        if (is_admins && strcmp(route->tag, "SCIM") != 0)
            cr_expect(route_scopes(route) == KEY_ADMIN, "%s %s", route->method, route->path);
    }
}

Test(route_scopes, routes_ask_for_what_they_do)
{
    static const struct {
        const char *method, *path;
        unsigned scopes;
    } cases[] = {
        { "GET", "/v1/documents/:id", KEY_READ },
        { "POST", "/v1/documents", KEY_WRITE },
        { "POST", "/v1/search", KEY_READ },
        { "POST", "/v1/search/saved", KEY_WRITE },
        { "POST", "/v1/ask", KEY_ASK },
        { "GET", "/v1/conversations", KEY_READ },
        { "POST", "/v1/chat/completions", KEY_MODELS },
        { "POST", "/v1/keys", KEY_ADMIN },
        { "GET", "/v1/keys", KEY_READ },
        { "GET", "/v1/users", KEY_ADMIN },
        { "POST", "/v1/session/password", KEY_ADMIN },
        { "POST", "/mcp", KEY_READ | KEY_ASK | KEY_WRITE },
        { "GET", "/health", 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool found = false;
        for (size_t j = 0; j < api_route_count; j++) {
            const ApiRoute *route = &api_routes[j];
            if (strcmp(route->method, cases[i].method) || strcmp(route->path, cases[i].path))
                continue;
            found = true;
            cr_expect(route_scopes(route) == cases[i].scopes, "%s %s: %x", route->method,
                      route->path, route_scopes(route));
        }
        cr_expect(found, "%s %s", cases[i].method, cases[i].path);
    }
}

/* What is open to auditors changes nothing but their own account, and asks no model. */
Test(route_scopes, auditors_only_look)
{
    static const char *const own[] = { "/v1/session", "/v1/sessions", "/v1/notices/read" };
    for (size_t i = 0; i < api_route_count; i++) {
        const ApiRoute *route = &api_routes[i];
        bool is_own = false;
        for (size_t j = 0; j < COUNT(own); j++)
            is_own |= str_starts(str(route->path), str(own[j]));
        if (route->is_audited)
            cr_expect(is_own || strcmp(route->method, "GET") == 0, "%s %s", route->method,
                      route->path);
        cr_expect(!route->is_audited || route->body != CALL_BODY, "%s", route->path);
    }
}

/* Their handlers ask for documents by a scope that has the key's collections; what works later, as
 * somebody else, has not. */
Test(route_scopes, limited_keys_reach_what_is_of_documents_alone)
{
    static const char *const tags[] = { "Documents", "Uploads", "Search", "Answers", "Summaries",
                                        "Fields",    "MCP",     "Tasks",  "Study" };
    static const char *const paths[] = { "/ws", "/v1/ws", "/v1/events", "/v1/chat/completions" };
    for (size_t i = 0; i < api_route_count; i++) {
        const ApiRoute *route = &api_routes[i];
        bool is_of_documents = false;
        for (size_t j = 0; j < COUNT(tags); j++)
            is_of_documents |= strcmp(route->tag, tags[j]) == 0;
        for (size_t j = 0; j < COUNT(paths); j++)
            is_of_documents |= strcmp(route->path, paths[j]) == 0;
        cr_expect(!route->is_limited || (is_of_documents && route->needs <= EDITOR), "%s %s",
                  route->method, route->path);
    }
}
