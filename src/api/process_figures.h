/* process_figures.h - what this process and its disk take, as the system counts it. Any thread. */
#pragma once

#include "base/base.h"

typedef struct ProcessMemory {
    int64_t address_space, resident; /* bytes; 0: not known */
} ProcessMemory;

typedef struct DiskRoom {
    int64_t size, free; /* bytes; 0: not known */
} DiskRoom;

/* Of all threads, in user and system mode, since the start. */
double process_cpu_seconds(void);
/* Of child processes that have ended. */
double process_workers_cpu_seconds(void);
ProcessMemory process_memory(void);
int64_t process_open_descriptors(void);
/* The file system that the folder is on. */
DiskRoom disk_room(const char *folder);
