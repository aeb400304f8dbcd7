/* dates_bench.c - microseconds of processor time that finding the dates of a sentence takes.
 *
 *     dates_bench CASES.json    a list of {"Input": sentence}; the mean over them, best of 20
 * rounds */
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "text/date.h"

#define ROUNDS 20
#define REFERENCE INT64_C(1478535120) /* 2016-11-07T16:12 */

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double one_round(Arena *arena, const json_t *cases, size_t *found_r)
{
    const DateReference reference = { .now = REFERENCE, .language = S("en") };
    double began = now_us();
    *found_r = 0;
    for (size_t i = 0; i < json_array_size(cases); i++) {
        DateFound *found;
        Str text = json_member_text(json_array_get(cases, i), "Input");
        *found_r += date_find(arena, text, &reference, &found);
        arena_reset(arena);
    }
    return (now_us() - began) / (double)MAX(json_array_size(cases), 1u);
}

int main(int argc, char **argv)
{
    AUTO_ARENA Arena *file = arena_new(MB(64)), *arena = arena_new(MB(64));
    AUTO_JSON json_t *cases = NULL;
    Error err = { 0 };
    Str bytes;
    if (argc != 2 || !file_read(file, argv[1], MB(16), &bytes, &err) ||
        !json_parse(str_starts(bytes, S("\xEF\xBB\xBF")) ? str_from(bytes, 3) : bytes, MB(16),
                    &cases, &err)) {
        fprintf(stderr, "dates_bench: %s\n", argc == 2 ? err.message : "which cases?");
        return 1;
    }
    double best = 1e9;
    size_t found = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double took = one_round(arena, cases, &found);
        best = MIN(best, took);
    }
    printf("in process: %.1f us a sentence, %zu sentences, %zu found\n", best,
           json_array_size(cases), found);
    return 0;
}
