/* named.c - see named.h. */
#include "cli/named.h"

static bool is_called(const json_t *item, Str word)
{
    return str_equal(json_member_text(item, "name"), word) ||
           str_equal_ignore_case(json_member_text(item, "email"), word);
}

/* NULL: none is, or (with `count` over 1) several are. An id is meant before a name. */
static const json_t *find(const json_t *items, Str word, size_t *count_r, Buf *ids)
{
    const json_t *found = NULL;
    size_t i;
    json_t *item;
    *count_r = 0;
    json_array_foreach(items, i, item)
    {
        if (str_equal(json_member_text(item, "id"), word))
            return item;
        if (!is_called(item, word))
            continue;
        buf_add(ids, *count_r ? S(", ") : S(""));
        buf_add(ids, json_member_text(item, "id"));
        found = item;
        ++*count_r;
    }
    return *count_r == 1 ? found : NULL;
}

bool named_id(Client *client, Arena *arena, const char *path, const char *what, const char *command,
              Str word, Str *id_r, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf ids = buf_new(arena, KB(64));
    size_t count;
    if (!client_call(client, "GET", path, S(""), &answer, err))
        return false;
    const json_t *item = find(json_object_get(answer, "items"), word, &count, &ids);
    if (!item && count)
        return fail(err, ERROR_CONFLICT,
                    "'" STR_FMT "' is the name of %zu: say which by its id, one of " STR_FMT,
                    STR_ARG(word), count, STR_ARG(buf_str(&ids)));
    if (!item)
        return fail(err, ERROR_NOT_FOUND, "there is no %s '" STR_FMT "': '%s' shows them", what,
                    STR_ARG(word), command);
    *id_r = str_copy(arena, json_member_text(item, "id"));
    return true;
}
