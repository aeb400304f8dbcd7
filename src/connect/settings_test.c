/* settings_test.c - which settings lead to the same server, so that kept secrets may go there. */
#include <criterion/criterion.h>

#include "connect/connect_int.h"

/* With ' for ". */
static Str place(Arena *arena, const char *kind_name, const char *text)
{
    AUTO_JSON json_t *settings = NULL;
    const ConnectorKind *kind;
    Error err;
    Buf json = buf_new(arena, KB(4));
    for (const char *at = text; *at; at++)
        buf_add_char(&json, *at == '\'' ? '"' : *at);
    cr_assert(connector_named(str(kind_name), &kind, &err) &&
                  json_parse(buf_str(&json), KB(4), &settings, &err),
              "%s", err.message);
    return connect_place(arena, kind, settings);
}

Test(connect, another_scheme_host_or_port_is_another_server_for_secrets)
{
    static const struct {
        const char *kind, *was, *now;
        bool is_same;
    } cases[] = {
        { "webdav", "{'url':'https://a.example/x'}", "{'url':'https://A.example:443/y'}", true },
        { "webdav", "{'url':'https://a.example/x'}", "{'url':'https://b.example/x'}", false },
        { "webdav", "{'url':'https://a.example/x'}", "{'url':'https://a.example:8/x'}", false },
        { "webdav", "{'url':'https://a.example/x'}", "{'url':'http://a.example/x'}", false },
        { "webdav", "{'url':'https://a.example/'}", "{'url':'https://a.example@b.example/'}",
          false },
        { "webdav", "{'url':'https://a.example/'}", "{'url':'https://a.example.b.example/'}",
          false },
        { "s3", "{'endpoint':'https://s.example','bucket':'a'}",
          "{'endpoint':'https://s.example/','bucket':'b'}", true },
        { "s3", "{'endpoint':'https://s.example'}", "{'endpoint':'https://t.example'}", false },
        { "github", "{}", "{'api':'https://api.github.com/'}", true },
        { "github", "{}", "{'api':'https://git.example/api/v3'}", false },
        { "notion", "{'api':'https://n.example/v1'}", "{}", false },
        { "imap", "{'host':'m.example'}", "{'host':'M.example','security':'tls'}", true },
        { "imap", "{'host':'m.example'}", "{'host':'m.example','security':'starttls'}", false },
        { "imap", "{'host':'m.example','port':993}", "{'host':'m.example','port':994}", false },
        { "imap", "{'host':'m.example'}", "{'host':'n.example'}", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        bool is_same = str_equal(place(arena, cases[i].kind, cases[i].was),
                                 place(arena, cases[i].kind, cases[i].now));
        cr_expect(is_same == cases[i].is_same, "%s %s %s", cases[i].kind, cases[i].was,
                  cases[i].now);
    }
}

Test(connect, a_kind_with_secrets_says_which_settings_name_its_server)
{
    for (size_t i = 0; i < connector_count; i++) {
        bool has_secrets = str_find(str(*connector_kinds[i].schema), S("\"writeOnly\":true")) >= 0;
        cr_expect(!has_secrets || connector_kinds[i].connector->place, "%s",
                  connector_kinds[i].name);
    }
}
