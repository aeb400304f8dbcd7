/* tokenizer_bench.c - the tokenizer of a folder over texts that are divided by NUL, for
 * tokenizer_peer.py.
 *
 *     tokenizer_bench FOLDER TEXTS_FILE          million tokens a second of processor time, best of
 * five tokenizer_bench FOLDER TEXTS_FILE --ids    the ids of each text on a line */
#include <time.h>

#include "base/file.h"
#include "text/tokenizer.h"

#define IDS_MAX KB(16)

static uint32_t ids[IDS_MAX];

static void print_ids(const Tokenizer *tokenizer, Str text)
{
    size_t count = tokenizer_encode(tokenizer, text, ids, IDS_MAX);
    for (size_t i = 0; i < count; i++)
        printf("%s%u", i ? " " : "", ids[i]);
    putchar('\n');
}

/* Processor time, since other work may go on beside. */
static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double measure(const Tokenizer *tokenizer, Str texts)
{
    double best = 0;
    for (int pass = 0; pass < 5; pass++) {
        Str rest = texts, text;
        size_t tokens = 0;
        double start = now_us();
        while (str_next(&rest, '\0', &text))
            tokens += tokenizer_encode(tokenizer, text, ids, IDS_MAX);
        double rate = (double)tokens / (now_us() - start);
        best = MAX(best, rate);
    }
    return best;
}

int main(int argc, char **argv)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Tokenizer *tokenizer = NULL;
    Error err = { 0 };
    Str texts, text;
    if (argc < 3 || !tokenizer_open(argv[1], &tokenizer, &err) ||
        !file_read(arena, argv[2], MB(200), &texts, &err)) {
        fprintf(stderr, "tokenizer_bench: %s\n",
                argc < 3 ? "FOLDER TEXTS_FILE [--ids]" : err.message);
        return 1;
    }
    if (argc > 3)
        while (str_next(&texts, '\0', &text))
            print_ids(tokenizer, text);
    else
        printf("%s %.2f\n", tokenizer_kind(tokenizer), measure(tokenizer, texts));
    tokenizer_free(tokenizer);
    return 0;
}
