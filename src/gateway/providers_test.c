#include <criterion/criterion.h>

#include "gateway/providers.h"

Test(gateway, services_are_known_by_their_address)
{
    static const char *const known[][2] = {
        { "http://127.0.0.1:11434/v1", "ollama" },
        { "http://localhost:11434", "ollama" },
        { "http://localhost:8080/v1/", "llama.cpp" },
        { "https://api.openai.com/v1", "openai" },
        { "https://api.openai.com.example.org/v1", "openai-compatible" },
        { "https://api.x.ai", "xai" },
        { "https://our-own.openai.azure.com/openai/v1", "azure" },
        { "https://openai.azure.com.example.org/openai/v1", "openai-compatible" },
        { "http://10.0.0.1:11434/v1", "openai-compatible" },
        { "nonsense", "openai-compatible" },
        { "", "openai-compatible" },
    };
    for (size_t i = 0; i < COUNT(known); i++)
        cr_assert_str_eq(gateway_provider_of(str(known[i][0]))->name, known[i][1], "%s",
                         known[i][0]);
}

Test(gateway, quirks_rename_members_and_leave_them_out)
{
    DialectQuirks quirks = { .members = "seed=random_seed n=" };
    cr_assert(str_is(dialect_member(&quirks, S("seed")), "random_seed"));
    cr_assert(str_is(dialect_member(&quirks, S("n")), ""));
    cr_assert(str_is(dialect_member(&quirks, S("see")), "see"));
    cr_assert(str_is(dialect_member(&(DialectQuirks){ 0 }, S("seed")), "seed"));
}

Test(gateway, keys_go_where_the_service_looks_for_them)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    static const struct {
        const char *provider, *header, *value;
    } cases[] = { { "openai", "Authorization", "Bearer k" },
                  { "azure", "api-key", "k" },
                  { "portkey", "x-portkey-api-key", "k" },
                  { "openrouter", "X-Title", "Lectern" } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const GatewayProvider *provider = gateway_provider_find(str(cases[i].provider));
        DialectTarget target = { .key = S("k"), .quirks = provider->quirks };
        WireRequest wire = { 0 };
        provider->dialect->authorize(arena, &target, &wire);
        cr_assert(str_is(wire.headers[0].name, cases[i].header), "%s", cases[i].provider);
        cr_assert(str_is(wire.headers[0].value, cases[i].value), "%s", cases[i].provider);
    }
}
