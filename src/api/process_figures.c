/* process_figures.c - see process_figures.h. */
#include "api/process_figures.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"

static double cpu_seconds(int who)
{
    struct rusage used;
    if (getrusage(who, &used) != 0)
        return 0;
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

double process_cpu_seconds(void) { return cpu_seconds(RUSAGE_SELF); }

double process_workers_cpu_seconds(void) { return cpu_seconds(RUSAGE_CHILDREN); }

ProcessMemory process_memory(void)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str text, size, resident;
    int64_t size_pages, resident_pages, page = sysconf(_SC_PAGESIZE);
    Error ignored;
    if (!file_read(arena, "/proc/self/statm", KB(1), &text, &ignored) ||
        !str_next(&text, ' ', &size) || !str_next(&text, ' ', &resident) ||
        !str_to_int(size, 0, INT64_MAX / page, &size_pages) ||
        !str_to_int(resident, 0, INT64_MAX / page, &resident_pages))
        return (ProcessMemory){ 0 };
    return (ProcessMemory){ .address_space = size_pages * page, .resident = resident_pages * page };
}

int64_t process_open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int64_t count = -3; /* ".", ".." and the folder itself */
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return MAX(count, 0);
}

DiskRoom disk_room(const char *folder)
{
    struct statvfs about;
    if (statvfs(folder, &about) != 0)
        return (DiskRoom){ 0 };
    return (DiskRoom){ .size = (int64_t)(about.f_blocks * about.f_frsize),
                       .free = (int64_t)(about.f_bavail * about.f_frsize) };
}
