/* csv_test.c - separated values: separators, quotes, header rows. */
#include "extract/formats/dump.h"

extern const Extractor extractor_csv;

Test(extract, csv_becomes_rows)
{
    static const DumpCase cases[] = {
        { "comma", "a,b\n1,2\n", "rowh a | b\nrow 1 | 2\n" },
        { "semicolon with decimal commas", "x;y\n1,5;2,5\n3,5;4\n",
          "rowh x | y\nrow 1,5 | 2,5\nrow 3,5 | 4\n" },
        { "tab", "a\tb\n1\t2\n", "rowh a | b\nrow 1 | 2\n" },
        { "bar", "a|b\n1|2\n", "rowh a | b\nrow 1 | 2\n" },
        { "sep= line", "sep=;\na;b,c\n1;2\n", "rowh a | b,c\nrow 1 | 2\n" },
        { "quotes", "n,m\n\"a,b\",\"c \"\"d\"\"\"\n", "rowh n | m\nrow a,b | c \"d\"\n" },
        { "line end in quotes", "n,m\n\"a\nb\",c\n", "rowh n | m\nrow a b | c\n" },
        { "a quote inside", "n,m\n5\" pipe,x\n", "rowh n | m\nrow 5\" pipe | x\n" },
        { "a quote not doubled", "n,m\n\"a \"b\" c\",x\n", "rowh n | m\nrow a \"b\" c | x\n" },
        { "a quoted word first", "n,m\n\"a\" b,c\n\"d\",e\n",
          "rowh n | m\nrow \"a\" b | c\nrow d | e\n" },
        { "a quote never closed", "n,m\n\"a,x\nb,y\n", "rowh n | m\nrow \"a | x\nrow b | y\n" },
        { "no header when a name is a number", "1,2\n3,4\n", "row 1 | 2\nrow 3 | 4\n" },
        { "no header when a name is there twice", "a,a\n3,4\n", "row a | a\nrow 3 | 4\n" },
        { "CR only", "a,b\r1,2\r", "rowh a | b\nrow 1 | 2\n" },
        { "rows of different length", "a,b\n1\n2,3,4\n", "rowh a | b\nrow 1\nrow 2 | 3 | 4\n" },
        { "one column", "word\nother\n", "row word\nrow other\n" },
        { "types of columns",
          "n,d,t,e\n1,2020-05-01,x,\n\"2,5\",1.5.2020,3,\n-3e5,05/01/20 10:00,y,\n",
          "rowh n | d | t | e\nrow 1 | 2020-05-01 | x | \nrow 2,5 | 1.5.2020 | 3 | \n"
          "row -3e5 | 05/01/20 10:00 | y | \nmeta(rows) 3\nmeta(columns) 4\n"
          "meta(column-types) n: number; d: date; t: text; e: empty\n" },
    };
    DUMP_CASES(extractor_csv, cases);
}

Test(extract, csv_rows_know_their_lines)
{
    static const DumpCase cases[] = {
        { "lines", "a,b\n\"1\n2\",3\n4,5",
          "rowh a | b @line 1\nrow 1 2 | 3 @lines 2-3\nrow 4 | 5 @line 4\n" },
    };
    DUMP_CASES(extractor_csv, cases, .places = true);
}

Test(extract, csv_is_recognised_by_regular_rows)
{
    cr_expect_eq(extractor_csv.sniff(S("a,b\n1,2\n3,4\n5,6\n7,8\n")), 15);
    cr_expect_lt(extractor_csv.sniff(S("Dear Ada,\nI came, I saw.\nYours\n")), 10);
    cr_expect_eq(extractor_csv.sniff((Str){ "a,b\0c", 5 }), 0);
}
