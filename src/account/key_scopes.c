/* key_scopes.c - see key_scopes.h. */
#include "account/key_scopes.h"

static const char *const words[] = {
#define KEY_SCOPE(name, word, help) word,
#include "account/key_scopes.def"
#undef KEY_SCOPE
};

static unsigned bit_of(Str word)
{
    for (unsigned i = 0; i < COUNT(words); i++)
        if (str_is(word, words[i]))
            return 1u << i;
    return 0;
}

unsigned key_scopes_read(Str text)
{
    unsigned scopes = 0;
    Str word;
    while (str_next(&text, ' ', &word))
        scopes |= word.length ? KEY_LIMITED | bit_of(word) : 0;
    return scopes;
}

bool key_scopes_wished(StrList wished, unsigned *scopes_r, Error *err)
{
    unsigned scopes = 0;
    for (size_t i = 0; i < wished.count; i++) {
        unsigned bit = bit_of(wished.at[i]);
        if (!bit)
            return fail_field(err, "scopes",
                              "'" STR_FMT "' is no scope: read, write, ask, models, admin, scim",
                              STR_ARG(str_slice(wished.at[i], 0, 40)));
        scopes |= KEY_LIMITED | bit;
    }
    *scopes_r = scopes;
    return true;
}

Str key_scopes_words(Arena *arena, unsigned scopes)
{
    Buf out = buf_new(arena, KB(1));
    for (unsigned i = 0; i < COUNT(words); i++)
        if (scopes >> i & 1)
            buf_addf(&out, "%s%s", out.length ? " " : "", words[i]);
    return buf_str(&out);
}

bool key_scopes_allow(unsigned scopes, unsigned needed)
{
    return scopes ? !(needed & ~scopes) : !(needed & KEY_SCIM);
}
