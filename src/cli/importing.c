/* importing.c - see importing.h. */
#include "cli/importing.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/id.h"

#define REASONS_MAX 20 /* of a table that are named */

bool importing_path(Importing *in, Str name, char **path_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(256));
    struct stat about;
    char *path = path_join(arena, in->folder, name), *real;
    if (!name.length || name.at[0] == '/' || name.length > KB(4))
        return fail(err, ERROR_INVALID, "the export names a file outside its folder: " STR_FMT,
                    STR_ARG(str_slice(name, 0, 100)));
    real = realpath(path, NULL);
    if (!real)
        return fail_errno(err, STR_FMT, STR_ARG(name));
    bool is_inside = str_starts(str(real), in->folder) && real[in->folder.length] == '/' &&
                     lstat(path, &about) == 0 && S_ISREG(about.st_mode);
    *path_r = str_c(in->line->arena, str(real));
    free(real);
    return is_inside || fail(err, ERROR_INVALID,
                             "the export names something else than a file of its folder: " STR_FMT,
                             STR_ARG(name));
}

bool importing_map(Importing *in, Str name, FileMap *map_r, Error *err)
{
    Error why = { 0 };
    char *path;
    if (importing_path(in, name, &path, &why))
        return file_map(path, map_r, err);
    *map_r = (FileMap){ 0 };
    if (why.code == ERROR_NOT_FOUND)
        return true;
    *err = why;
    return false;
}

void importing_know(Importing *in, Str old_id, Str new_id)
{
    Arena *arena = in->line->arena;
    if (!id_is_valid(old_id) || !id_is_valid(new_id))
        return;
    Str *kept = arena_new_one(arena, Str);
    *kept = str_copy(arena, new_id);
    map_add(&in->ids, str_copy(arena, old_id), NULL)->pointer = kept;
}

Str importing_id(const Importing *in, Str old_id)
{
    const MapEntry *entry = map_find(&in->ids, old_id);
    return entry ? *(Str *)entry->pointer : STR_NONE;
}

void importing_replace_ids(const Importing *in, char *text, size_t length)
{
    for (size_t i = 0; i + ID_LENGTH <= length; i++) {
        if (text[i + 8] != '-' || !id_is_valid((Str){ text + i, ID_LENGTH }))
            continue;
        Str id = importing_id(in, (Str){ text + i, ID_LENGTH });
        if (id.length)
            memcpy(text + i, id.at, ID_LENGTH);
        i += ID_LENGTH - 1;
    }
}

/* --- What came of it --- */

static json_t *table_of(Importing *in, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(in->tables, i,
                       one) if (str_is(json_member_text(one, "name"), name)) return one;
    one = json_pack("{s:s, s:i, s:i, s:i, s:[]}", "name", name, "added", 0, "there", 0, "left_out",
                    0, "reasons");
    json_array_append_new(in->tables, one);
    return one;
}

static void add_to(json_t *table, const char *member, int64_t count)
{
    json_t *number = json_object_get(table, member);
    json_integer_set(number, json_integer_value(number) + count);
}

void importing_count(Importing *in, const char *table, int64_t added, int64_t there)
{
    json_t *one = table_of(in, table);
    add_to(one, "added", added);
    add_to(one, "there", there);
}

void importing_leave(Importing *in, const char *table, Str reason)
{
    json_t *one = table_of(in, table), *reasons = json_object_get(one, "reasons");
    size_t i;
    const json_t *known;
    add_to(one, "left_out", 1);
    json_array_foreach(reasons, i, known) if (str_is(reason, json_string_value(known))) return;
    if (json_array_size(reasons) < REASONS_MAX)
        json_array_append_new(reasons, json_stringn(reason.at, reason.length));
}

bool importing_refused(Importing *in, const char *table, const Error *why, Error *err)
{
    if (why->code == ERROR_UPSTREAM) {
        *err = *why;
        return false;
    }
    importing_leave(in, table, str(why->message));
    return true;
}

/* --- Lines --- */

bool importing_each(Importing *in, const char *table, const char *file, ImportVisit *visit,
                    Error *err)
{
    AUTO_MAP FileMap map = { 0 };
    Str line;
    if (!importing_map(in, str(file), &map, err))
        return false;
    for (Str rest = map.bytes; str_next(&rest, '\n', &line);) {
        AUTO_JSON json_t *row = NULL;
        Error why = { 0 };
        if (!line.length)
            continue;
        if (!json_parse(line, IMPORT_LINE_MAX, &row, &why) || !json_is_object(row))
            importing_leave(in, table, S("the line is no JSON object"));
        else if (!visit(in, row, err))
            return fail_in(err, "%s", file);
    }
    return true;
}
