/* hostile_test.c - inputs that once broke a reader: each is read or refused with a reason, under
 * the sanitizers and in a moment. */
#include <criterion/criterion.h>
#include <time.h>

#include "extract/extractor.h"
#include "extract/package.h"

static bool read_it(const Extractor *format, Str bytes, Str password, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    DocSink sink;
    doc_tree_new(arena, S("file"), false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    ExtractSource source = { .bytes = bytes, .password = password };
    bool ok = format ? format->extract(&source, doc, err) && doc_writer_end(doc, err)
                     : extract_document(&source, doc, err);
    doc_writer_free(doc);
    return ok;
}

/* What stands on the stack is never zero by chance. */
static void fill_stack(void)
{
    volatile char used[KB(64)];
    for (size_t i = 0; i < sizeof used; i++)
        used[i] = 0x5A;
}

Test(extract, files_that_broke_a_reader_do_no_more)
{
    static const struct {
        const char *about, *format; /* NULL: whatever it is taken for */
        Str bytes;
    } cases[] = {
        { "a ZIP that ends inside its first header", NULL, S_INIT("PK\3\4aaaaaaaa") },
        { "a ZIP of several disks, refused before it is looked into", "zip",
          S_INIT("PK\7\10PK\3\4aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") },
        { "a value of no size, four thousand million times", "tnef",
          S_INIT(
              "x\x9f>\"\1\0\1\3\x90\6\0\x10\0\0\0\1\0\0\0\1\x10\x37\0\xff\xff\xff\xff\0\0\0\0") },
        { "the only event's time is none", "calendar",
          S_INIT("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:soon\nSUMMARY:a\nLOCATION;X=\"longer "
                 "than the time\":here\nEND:VEVENT\nEND:VCALENDAR\n") },
        { "a key that is no text", "plist",
          S_INIT("bplist00\xD1\1\1\x40\x08\x0B\0\0\0\0\0\0\1\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0"
                 "\0\0\0\0"
                 "\0\x0C") },
        { "a mark of Korean and nothing behind it", "text", S_INIT("\x1B$)C") },
        { "a heading in a cell", "latex",
          S_INIT("\\begin{tabular}{ll}some text \\section{title} more & b\\\\\\end{tabular}") },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Error err = { 0 };
        const Extractor *format = cases[i].format ? extractor_named(str(cases[i].format)) : NULL;
        fill_stack();
        if (!read_it(format, cases[i].bytes, STR_NONE, &err))
            cr_assert(err.code != ERROR_NONE && err.message[0], "%s", cases[i].about);
    }
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What opens and never closes must not be searched for again and again. */
Test(extract, marks_without_an_end_take_linear_time)
{
    static const struct {
        const char *format, *head, *again;
    } cases[] = {
        { "latex", "\\documentclass{a}", "\\caption{" },
        { "latex", "\\documentclass{a}", "\\(" },
        { "rst", "a\n", "\t.\n\n" },
        { "org", "", ":a:\n\n" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Buf text = buf_new(arena, MB(1));
        buf_add(&text, str(cases[i].head));
        while (!text.overflowed)
            buf_add(&text, str(cases[i].again));
        Error err = { 0 };
        double from = cpu_seconds();
        (void)!read_it(extractor_named(str(cases[i].format)), buf_str(&text), STR_NONE, &err);
        cr_expect(cpu_seconds() - from < 5, "%s of %s", cases[i].format, cases[i].again);
    }
}

Test(extract, parts_of_a_package_with_many_are_found_in_a_moment)
{
    enum { PARTS = 30000 };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Buf zip = buf_new(arena, MB(4));
    for (int i = 0; i < PARTS; i++) {
        char head[31] = "PK\3\4", name[32];
        head[26] = (char)snprintf(name, sizeof name, "word/parts/part%05d.xml", i);
        buf_add_bytes(&zip, head, 30);
        buf_add(&zip, str(name));
    }
    Package package;
    Error err;
    double from = cpu_seconds();
    cr_assert(package_open(arena, buf_str(&zip), MB(1), &package, &err), "%s", err.message);
    for (int i = 0; i < PARTS; i++)
        cr_assert(package_find(&package, S("word/parts/part29999.xml")) != NULL);
    cr_expect(cpu_seconds() - from < 5);
}

Test(extract, many_members_that_grow_without_measure_end_the_reading)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    DocSink sink;
    DocNode *node = doc_tree_new(arena, S("file"), false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    for (int i = 0; i < 15; i++)
        doc_bomb(doc);
    cr_expect(doc_writer_ok(doc));
    doc_bomb(doc);
    cr_expect(!doc_writer_ok(doc));
    cr_assert_eq(node->warnings.count, 1);
    cr_expect(str_find(node->warnings.at[0], S("out of all proportion")) > 0);
    doc_writer_free(doc);
}
