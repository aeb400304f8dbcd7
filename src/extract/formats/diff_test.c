/* diff_test.c - patches: files and hunks. */
#include "extract/formats/dump.h"

extern const Extractor extractor_diff;

Test(extract, diff_files_and_hunks_are_read)
{
    static const DumpCase cases[] = {
        { "a patch", "Why.\n\n--- a/x.c\t2020\n+++ b/x.c\t2021\n@@ -1 +1 @@\n-a\n+b\n",
          "p Why.\nh2 x.c\ncode(diff) --- a/x.c\t2020\\n+++ b/x.c\t2021\ncode(diff) @@ -1 +1 "
          "@@\\n-a\\n+b\n" },
    };
    DUMP_CASES(extractor_diff, cases);
}
