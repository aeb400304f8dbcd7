/* numpy_test.c - arrays of NumPy; heads are as numpy 2.4 writes them. */
#include "extract/formats/dump.h"

extern const Extractor extractor_numpy;

typedef struct ArrayCase {
    const char *about, *head; /* without the braces */
    Str values;
    const char *expected;
} ArrayCase;

static Str make_array(Arena *arena, const char *head, Str values)
{
    Str text = str_format(arena, "{%s}\n", head);
    Buf file = buf_new(arena, KB(64));
    buf_add(&file, S("\x93NUMPY\x01\x00"));
    buf_add_char(&file, (char)(text.length & 255));
    buf_add_char(&file, (char)(text.length >> 8));
    buf_add(&file, text);
    buf_add(&file, values);
    return buf_str(&file);
}

#define ORDER "'fortran_order': False, "

static const ArrayCase arrays[] = {
    { "a matrix", "'descr': '<i2', " ORDER "'shape': (2, 3), ",
      S("\x01\0\x02\0\x03\0\xFF\xFF\x05\0\x06\0"),
      "row 1 | 2 | 3\nrow -1 | 5 | 6\nmeta(rows) 2\nmeta(columns) 3\nmeta(shape) 2 x 3\n"
      "meta(data_type) <i2\nmeta(minimum) -1\nmeta(maximum) 6\nmeta(mean) 2.66666666666667\n" },
    { "columns first, the big end first",
      "'descr': '>u2', 'fortran_order': True, 'shape': (2, 2), ", S("\0\x01\0\x03\0\x02\0\x04"),
      "row 1 | 2\nrow 3 | 4\nmeta(rows) 2\nmeta(columns) 2\nmeta(shape) 2 x 2\n"
      "meta(data_type) >u2\nmeta(minimum) 1\nmeta(maximum) 4\nmeta(mean) 2.5\n" },
    { "three dimensions", "'descr': '|u1', " ORDER "'shape': (2, 1, 2), ", S("\1\2\3\4"),
      "row 0,0 | 1 | 2\nrow 1,0 | 3 | 4\nmeta(rows) 2\nmeta(columns) 2\nmeta(shape) 2 x 1 x 2\n"
      "meta(data_type) |u1\nmeta(minimum) 1\nmeta(maximum) 4\nmeta(mean) 2.5\n" },
    { "a value alone", "'descr': '<f4', " ORDER "'shape': (), ", S("\0\0\x50\x40"),
      "row 3.25\nmeta(rows) 1\nmeta(columns) 1\nmeta(data_type) <f4\n" },
    { "texts", "'descr': '<U2', " ORDER "'shape': (2,), ", S("a\0\0\0\xE9\0\0\0b\0\0\0\0\0\0\0"),
      "row a\xC3\xA9\nrow b\nmeta(rows) 2\nmeta(columns) 1\nmeta(shape) 2\n"
      "meta(data_type) <U2\n" },
    { "complex numbers", "'descr': '<c8', " ORDER "'shape': (2L,), ",
      S("\0\0\x80\x3F\0\0\0\x40\0\0\x80\x3F\0\0\0\xC0"),
      "row 1+2j\nrow 1-2j\nmeta(rows) 2\nmeta(columns) 1\nmeta(shape) 2\nmeta(data_type) <c8\n" },
    { "times, one of them none", "'descr': '<M8[ms]', " ORDER "'shape': (2,), ",
      S("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0\0\0\0\x80"),
      "row 1969-12-31 23:59:59.999\nmeta(rows) 2\nmeta(columns) 1\nmeta(shape) 2\n"
      "meta(data_type) <M8[ms]\n" },
    { "months, by the quarter", "'descr': '<M8[3M]', " ORDER "'shape': (1,), ",
      S("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
      "row 1969-10\nmeta(rows) 1\nmeta(columns) 1\nmeta(shape) 1\nmeta(data_type) <M8[3M]\n" },
    { "records, with a title, values side by side, room and a record inside",
      "'descr': [(('a title', 'n'), '|S2'), ('v', '|u1', (2,)), ('', '|V1'), "
      "('in', [('x)', '|b1')])], " ORDER "'shape': (2,), ",
      S("ab\1\2\0\1c\0\3\4\0\0"),
      "rowh n | v | in.x)\nrow ab | 1, 2 | true\nrow c | 3, 4 | false\nmeta(rows) 2\n"
      "meta(columns) 3\nmeta(shape) 2\nmeta(data_type) record\n" },
    { "nothing in it", "'descr': '<f8', " ORDER "'shape': (0, 9223372036854775807, 3), ", S(""),
      "meta(rows) 0\nmeta(columns) 3\nmeta(shape) 0 x 9223372036854775807 x 3\n"
      "meta(data_type) <f8\n" },
    { "cut", "'descr': '|u1', " ORDER "'shape': (3, 2), ", S("\1\2\3"),
      "row 1 | 2\nmeta(rows) 3\nmeta(columns) 2\nmeta(shape) 3 x 2\nmeta(data_type) |u1\n"
      "meta(minimum) 1\nmeta(maximum) 3\nmeta(mean) 2\n"
      "~ the file is cut off: it has 3 of 6 values\n~ only the first 1 of 3 rows are shown\n" },
    { "cut, columns first", "'descr': '|u1', 'fortran_order': True, 'shape': (3, 2), ", S("\1\2\3"),
      "! damaged\n" },
    { "more values than there can be", "'descr': '<f8', " ORDER "'shape': (9999999999, 9999999999)",
      S(""), "! damaged\n" },
    { "a type of no size", "'descr': '<S0', " ORDER "'shape': (5,)", S("12345"), "! damaged\n" },
    { "a size that no number has", "'descr': '<i3', " ORDER "'shape': (1,)", S("123"),
      "! damaged\n" },
    { "objects of Python", "'descr': '|O', " ORDER "'shape': (1,), ", S("\x80\x04."),
      "! unsupported\n" },
};

Test(extract, numpy_arrays_are_rows)
{
    for (size_t i = 0; i < COUNT(arrays); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        const char *got =
            dump(arena, &extractor_numpy, make_array(arena, arrays[i].head, arrays[i].values),
                 (DumpOptions){ 0 });
        cr_expect_str_eq(got, arrays[i].expected, "%s:\n--- got\n%s--- expected\n%s",
                         arrays[i].about, got, arrays[i].expected);
    }
}

Test(extract, numpy_arrays_end_wherever_they_are_cut)
{
    for (size_t i = 0; i < COUNT(arrays); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Str whole = make_array(arena, arrays[i].head, arrays[i].values);
        cr_expect_eq(extractor_numpy.sniff(whole), 90);
        for (size_t cut = 0; cut < whole.length; cut++) {
            /* In a place of its own size, so that a read past its end is found. */
            char *bytes = heap_alloc(cut + 1);
            memcpy(bytes, whole.at, cut);
            dump(arena, &extractor_numpy, (Str){ bytes, cut }, (DumpOptions){ 0 });
            free(bytes);
        }
    }
}

Test(extract, of_many_numbers_the_first_are_shown)
{
    enum { ROWS = 300, COLUMNS = 100 };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    char values[ROWS * COLUMNS] = { 0 };
    const char *got = dump(arena, &extractor_numpy,
                           make_array(arena, "'descr': '|u1', " ORDER "'shape': (300, 100)",
                                      (Str){ values, sizeof values }),
                           (DumpOptions){ 0 });
    cr_expect(str_find(str(got), S("~ only the first 100 of 300 rows are shown")) > 0, "%.200s",
              got);
}
