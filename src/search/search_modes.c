/* search_modes.c - see search_modes.h. */
#include "search/search_modes.h"

const SearchModeAbout search_modes[SEARCH_MODE_COUNT] = {
#define SEARCH_MODE(mode, name, also, looks_for, keeps, needs, plan, title, help)                  \
    [SEARCH_##                                                                                     \
        mode] = { name, also, FOR_##looks_for, keeps, NEEDS_##needs, PLAN_##plan, title, help },
#include "search/search_modes.def"
#undef SEARCH_MODE
};

const char *search_mode_name(SearchMode mode) { return search_modes[mode].name; }

const char *search_need_name(SearchNeed need)
{
    return need == NEEDS_EMBEDDINGS ? "an embedding model" : "nothing";
}

static void add_mode(Buf *names, size_t i)
{
    const SearchModeAbout *mode = &search_modes[i];
    buf_addf(names, "%s%s", i == 0 ? "" : i + 1 < SEARCH_MODE_COUNT ? ", " : " or ", mode->name);
    if (*mode->also)
        buf_addf(names, " (also called %s)", mode->also);
}

bool search_mode_named(Str name, SearchMode *mode_r, Error *err)
{
    if (!name.length) {
        *mode_r = (SearchMode)0;
        return true;
    }
    for (size_t i = 0; i < SEARCH_MODE_COUNT; i++)
        if (str_is(name, search_modes[i].name) || str_is(name, search_modes[i].also)) {
            *mode_r = (SearchMode)i;
            return true;
        }
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Buf names = buf_new(arena, KB(4));
    for (size_t i = 0; i < SEARCH_MODE_COUNT; i++)
        add_mode(&names, i);
    return fail_field(err, "mode", "'mode' is " STR_FMT ", not '" STR_FMT "'",
                      STR_ARG(buf_str(&names)), STR_ARG(str_slice(name, 0, 40)));
}

bool search_mode_check(SearchMode mode, bool has_embeddings, Error *err)
{
    if (search_modes[mode].needs != NEEDS_EMBEDDINGS || has_embeddings)
        return true;
    return fail(err, ERROR_UNSUPPORTED,
                "the mode %s needs an embedding model, and there is none: add one with `lectern "
                "models add FOLDER`, or search with the mode keyword",
                search_modes[mode].name);
}
