/* export_names.c - see export_names.h. */
#include "export/export_names.h"

#include <stdlib.h>

#include "base/utf8.h"

#define NAME_MAX_BYTES 120
#define PATH_MAX_BYTES 200 /* with room for where it lies below Windows' 260 */
#define EXTENSION_MAX 16

void export_names_free(ExportNames *names)
{
    free(names->slots);
    *names = (ExportNames){ 0 };
}

/* --- Safe names --- */

static bool is_reserved_sign(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f || strchr("<>:\"/\\|?*", c);
}

/* Devices of old in Windows, with any extension. */
static bool is_device(Arena *arena, Str name)
{
    static const char *const names[] = { "con", "prn", "aux", "nul" };
    ptrdiff_t dot = str_find(name, S("."));
    Str stem = utf8_fold(arena, dot < 0 ? name : str_slice(name, 0, (size_t)dot));
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(stem, names[i]))
            return true;
    return stem.length == 4 && (str_starts(stem, S("com")) || str_starts(stem, S("lpt"))) &&
           stem.at[3] >= '0' && stem.at[3] <= '9';
}

/* Where ".pdf" begins; the length when there is none worth keeping. */
static size_t extension_at(Str name)
{
    for (size_t i = name.length; i > 1 && name.length - i < EXTENSION_MAX; i--)
        if (name.at[i - 1] == '.')
            return i - 1;
    return name.length;
}

static Str shortened(Arena *arena, Str name)
{
    size_t dot = extension_at(name), extension = name.length - dot;
    if (name.length <= NAME_MAX_BYTES)
        return name;
    Str stem = str_slice(name, 0, utf8_floor(name, NAME_MAX_BYTES - extension));
    return str_format(arena, STR_FMT STR_FMT, STR_ARG(stem), STR_ARG(str_from(name, dot)));
}

Str export_safe_name(Arena *arena, Str name)
{
    char *copy = str_c(arena, shortened(arena, utf8_clean(arena, name)));
    Str safe = str(copy);
    for (size_t i = 0; i < safe.length; i++)
        if (is_reserved_sign(copy[i]))
            copy[i] = '_';
    while (safe.length && strchr(". ", safe.at[safe.length - 1]))
        safe.length--;
    while (safe.length && safe.at[0] == ' ')
        safe = str_from(safe, 1);
    if (!safe.length)
        return S("_");
    return is_device(arena, safe) ? str_format(arena, "_" STR_FMT, STR_ARG(safe)) : safe;
}

Str export_safe_path(Arena *arena, Str path)
{
    Buf out = buf_new(arena, KB(64));
    Str part, last = S("_");
    while (str_next(&path, '/', &part)) {
        if (!part.length)
            continue;
        last = export_safe_name(arena, part);
        buf_addf(&out, "%s" STR_FMT, out.length ? "/" : "", STR_ARG(last));
    }
    return out.length && out.length <= PATH_MAX_BYTES ? buf_str(&out) : last;
}

/* --- Each only once --- */

static uint64_t mark_of(Arena *arena, Str path)
{
    uint64_t hash = str_hash(utf8_fold(arena, path));
    return hash ? hash : 1;
}

static uint64_t *slot_of(const ExportNames *names, uint64_t mark)
{
    size_t mask = names->capacity - 1, at = mark & mask;
    while (names->slots[at] && names->slots[at] != mark)
        at = (at + 1) & mask;
    return &names->slots[at];
}

static void grow(ExportNames *names)
{
    ExportNames bigger = { .count = names->count,
                           .capacity = names->capacity ? names->capacity * 2 : 1024 };
    bigger.slots = heap_alloc(bigger.capacity * sizeof(uint64_t));
    for (size_t i = 0; i < names->capacity; i++)
        if (names->slots[i])
            *slot_of(&bigger, names->slots[i]) = names->slots[i];
    free(names->slots);
    *names = bigger;
}

static bool take(ExportNames *names, uint64_t mark)
{
    if (names->count * 2 >= names->capacity)
        grow(names);
    uint64_t *slot = slot_of(names, mark);
    if (*slot)
        return false;
    *slot = mark;
    names->count++;
    return true;
}

Str export_names_take(ExportNames *names, Arena *arena, const char *folder, Str path,
                      const char *ending)
{
    size_t dot = extension_at(path);
    const char *slash = folder[0] ? "/" : "";
    Str whole = str_format(arena, "%s%s" STR_FMT "%s", folder, slash, STR_ARG(path), ending);
    for (int n = 2; !take(names, mark_of(arena, whole)); n++)
        whole =
            str_format(arena, "%s%s" STR_FMT " (%d)" STR_FMT "%s", folder, slash,
                       STR_ARG(str_slice(path, 0, dot)), n, STR_ARG(str_from(path, dot)), ending);
    return whole;
}

bool export_names_has(const ExportNames *names, Arena *arena, Str path)
{
    return names->capacity && *slot_of(names, mark_of(arena, path)) != 0;
}
