/* node_memory.c - see node_memory.h. */
#include "models/node_memory.h"

#include "base/file.h"

#define GROUPS "/sys/fs/cgroup"

/* The number behind a name at the beginning of a line; -1: there is none. */
static int64_t number_of(Str text, Str name)
{
    Str line, rest = text;
    int64_t number;
    while (str_next(&rest, '\n', &line)) {
        if (!str_starts(line, name))
            continue;
        Str value = str_trim(str_from(line, name.length)), word;
        return str_next(&value, ' ', &word) && str_to_int(word, 0, INT64_MAX, &number) ? number
                                                                                       : -1;
    }
    return -1;
}

static double per_cent(int64_t part, int64_t whole)
{
    return whole > 0 ? 100.0 * (double)MAX(part, 0) / (double)whole : -1;
}

double node_memory_judge(Str meminfo, Str max, Str current, Str stat)
{
    int64_t whole = number_of(meminfo, S("MemTotal:"));
    int64_t available = number_of(meminfo, S("MemAvailable:"));
    int64_t limit, used, files = number_of(stat, S("inactive_file "));
    double machine = whole > 0 && available >= 0 ? per_cent(available, whole) : -1;
    if (!str_to_int(str_trim(max), 1, INT64_MAX, &limit) ||
        !str_to_int(str_trim(current), 0, INT64_MAX, &used))
        return machine;
    double group = per_cent(limit - used + MAX(files, 0), limit);
    return machine < 0 ? group : MIN(machine, group);
}

static Str read(Arena *arena, const char *path)
{
    Str text;
    Error ignored;
    return file_read(arena, path, KB(64), &text, &ignored) ? text : STR_NONE;
}

static Str read_of_group(Arena *arena, Str group, const char *name)
{
    return read(arena, str_c(arena, str_format(arena, GROUPS STR_FMT "/%s", STR_ARG(group), name)));
}

double node_memory_free(void)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str line, group = S(""), rest = read(arena, "/proc/self/cgroup");
    while (str_next(&rest, '\n', &line))
        if (str_starts(line, S("0::/")))
            group = str_from(line, 3);
    return node_memory_judge(
        read(arena, "/proc/meminfo"), read_of_group(arena, group, "memory.max"),
        read_of_group(arena, group, "memory.current"), read_of_group(arena, group, "memory.stat"));
}
