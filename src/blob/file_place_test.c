#include "blob/file_place.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include "base/file.h"

Test(file_place, a_folder_keeps_files_by_name_until_they_are_removed)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    char folder[64];
    Error err;
    FilePlace *place;
    StrList names;
    Str bytes;
    snprintf(folder, sizeof folder, "/tmp/lectern-place-%d", (int)getpid());
    cr_assert(file_place_open_folder(folder, &place, &err), "%s", err.message);
    char *new = path_join(arena, str(folder), S(".new")),
         *out = path_join(arena, str(folder), S("out"));
    const char *const order[] = { "b-2", "b-1", "a-3" };
    for (size_t i = 0; i < COUNT(order); i++) {
        cr_assert(file_write(new, str(order[i]), 0600, &err));
        cr_assert(file_place_put(place, new, str(order[i]), &err), "%s", err.message);
        cr_expect(!file_exists(new));
    }
    cr_assert(file_place_list(place, arena, S("b-"), &names, &err));
    cr_assert(names.count == 2 && str_is(names.at[0], "b-1") && str_is(names.at[1], "b-2"));
    cr_assert(file_place_get(place, S("b-2"), out, &err), "%s", err.message);
    cr_assert(file_read(arena, out, 100, &bytes, &err) && str_is(bytes, "b-2"));
    cr_assert(file_place_remove(place, S("b-1"), &err) && file_place_remove(place, S("b-1"), &err));
    cr_assert(file_place_list(place, arena, S("b-"), &names, &err) && names.count == 1);
    file_place_free(place);
    cr_assert(folder_remove(folder, &err));
}

Test(file_place, a_name_leads_nowhere_else)
{
    static const char *const names[] = { "", "../x", "a/b", ".hidden", "/etc/x" };
    char folder[64];
    Error err;
    FilePlace *place;
    snprintf(folder, sizeof folder, "/tmp/lectern-place-%d", (int)getpid());
    cr_assert(file_place_open_folder(folder, &place, &err));
    for (size_t i = 0; i < COUNT(names); i++)
        cr_expect(!file_place_remove(place, str(names[i]), &err) && err.code == ERROR_INVALID, "%s",
                  names[i]);
    file_place_free(place);
    cr_assert(folder_remove(folder, &err));
}
