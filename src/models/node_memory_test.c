/* node_memory_test.c - how much memory is free, by what the kernel says. */
#include <criterion/criterion.h>

#include "models/node_memory.h"

#define MACHINE "MemTotal:       1000 kB\nMemFree:         10 kB\nMemAvailable:    200 kB\n"

Test(models, free_memory_is_that_of_the_machine_or_of_the_group_where_that_is_less)
{
    static const struct {
        const char *about, *meminfo, *max, *current, *stat;
        double free;
    } cases[] = {
        { "a machine", MACHINE, "", "", "", 20 },
        { "a group without a limit", MACHINE, "max\n", "900\n", "", 20 },
        { "a group that is nearly full", MACHINE, "1000\n", "960\n", "anon 900\n", 4 },
        { "copies of files can be freed", MACHINE, "1000\n", "960\n",
          "anon 900\ninactive_file 60\n", 10 },
        { "a group with room on a full machine", MACHINE, "1000\n", "10\n", "", 20 },
        { "a group beyond its limit", MACHINE, "1000\n", "1010\n", "", 0 },
        { "nobody says", "", "", "", "", -1 },
        { "an old kernel", "MemTotal:       1000 kB\n", "", "", "", -1 },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_float_eq(node_memory_judge(str(cases[i].meminfo), str(cases[i].max),
                                             str(cases[i].current), str(cases[i].stat)),
                           cases[i].free, 1e-6, "%s", cases[i].about);
}

Test(models, this_machine_says_how_much_memory_is_free)
{
    double free = node_memory_free();
    cr_expect(free > 0 && free <= 100, "%f", free);
}
