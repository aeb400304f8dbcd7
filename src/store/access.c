/* access.c - see access.h. */
#include "store/access.h"

static const char *const names[] = {
    [ACCESS_USER] = "user",
    [ACCESS_SESSION] = "session",
    [ACCESS_KEY] = "key",
};

bool access_changed(DbTx *tx, AccessKind kind, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(16));
    return db_notify(tx, ACCESS_CHANNEL,
                     str_format(arena, "%s " STR_FMT "\n", names[kind], STR_ARG(id)), err);
}

bool access_next(Str *text, AccessKind *kind_r, Str *id_r)
{
    Str line, name;
    while (str_next(text, '\n', &line)) {
        if (!str_next(&line, ' ', &name))
            continue;
        for (size_t i = 0; i < COUNT(names); i++)
            if (str_is(name, names[i])) {
                *kind_r = (AccessKind)i;
                *id_r = line;
                return line.length > 0;
            }
    }
    return false;
}
