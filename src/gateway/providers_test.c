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
        { "http://10.0.0.1:11434/v1", "openai-compatible" },
        { "nonsense", "openai-compatible" },
        { "", "openai-compatible" },
    };
    for (size_t i = 0; i < COUNT(known); i++)
        cr_assert_str_eq(gateway_provider_of(str(known[i][0]))->name, known[i][1], "%s",
                         known[i][0]);
}
