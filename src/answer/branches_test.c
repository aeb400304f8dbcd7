/* branches_test.c - paths through messages that follow parents. */
#include <criterion/criterion.h>

#include "answer/branches.h"

#define ROW(own, before, who)                                                                      \
    {                                                                                              \
        .id = S_INIT(own), .parent = S_INIT(before), .role = S_INIT(who)                           \
    }

/* q1 - a1 - q2 - a2        (q3 stands for q2, a4 is a3 asked for again)
 *         `- q3 - a3
 *               `- a4 */
static Message rows[] = {
    ROW("q1", "", "user"),           ROW("a1", "q1", "assistant"), ROW("q2", "a1", "user"),
    ROW("a2", "q2", "assistant"),    ROW("q3", "a1", "user"),      ROW("a3", "q3", "assistant"),
    ROW("s", "a1", MESSAGE_SUMMARY), ROW("a4", "q3", "assistant"),
};
static const MessageList all = { rows, COUNT(rows) };

static Str shown(Arena *arena, Str leaf)
{
    Buf out = buf_new(arena, KB(1));
    MessageList path = branch_path(arena, &all, leaf);
    BranchPlace *places = branch_places(arena, &all, &path);
    for (size_t i = 0; i < path.count; i++)
        buf_addf(&out, "%s" STR_FMT ":%zu/%zu", i ? " " : "", STR_ARG(path.at[i].id),
                 places[i].ids.count ? places[i].at + 1 : 0, places[i].ids.count);
    return buf_str(&out);
}

Test(answer, a_path_goes_by_parents_and_knows_its_branches)
{
    static const struct {
        const char *leaf, *path;
    } cases[] = {
        { "a2", "q1:1/1 a1:1/1 s:0/0 q2:1/2 a2:1/1" },
        { "a4", "q1:1/1 a1:1/1 s:0/0 q3:2/2 a4:2/2" },
        { "q1", "q1:1/1" },
        { "no", "" },
        { "", "" },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str path = shown(arena, str(cases[i].leaf));
        cr_expect(str_is(path, cases[i].path), "%s: " STR_FMT, cases[i].leaf, STR_ARG(path));
    }
}

Test(answer, a_branch_ends_with_its_newest_message)
{
    static const struct {
        const char *from, *end;
    } cases[] = { { "q1", "a4" }, { "q2", "a2" }, { "a3", "a3" }, { "a1", "a4" }, { "no", "" } };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(str_is(branch_end(arena, &all, str(cases[i].from)), cases[i].end), "%s",
                  cases[i].from);
}
