/* node_memory.h - how much memory this node may still use. Any thread. */
#pragma once

#include "base/base.h"

/* Per cent of what the machine has, or of what the control group of the process may use where that
 * is less, that is free or holds nothing but copies of files; -1: nobody says. */
double node_memory_free(void);
/* The same of texts as the kernel writes them: /proc/meminfo, and the group's memory.max,
 * memory.current and memory.stat, empty where there is no limit. */
double node_memory_judge(Str meminfo, Str max, Str current, Str stat);
