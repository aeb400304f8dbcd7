/* xls_test.c - Excel streams built record by record. */
#include "extract/formats/dump.h"
#include "extract/ole/ole_sample.h"
#include "extract/sheet/xls_records.h"

extern const Extractor extractor_xls;

typedef struct Sheets {
    Buf out;
    size_t size_at; /* of the open record */
} Sheets;

static void begin(Sheets *book, int type)
{
    sample_number(&book->out, (uint64_t)type, 2);
    book->size_at = book->out.length;
    sample_number(&book->out, 0, 2);
}

static void end(Sheets *book)
{
    size_t size = book->out.length - book->size_at - 2;
    book->out.at[book->size_at] = (char)size;
    book->out.at[book->size_at + 1] = (char)(size >> 8);
}

static void add(Sheets *book, uint64_t number, int width)
{
    for (int i = 0; i < width; i++)
        buf_add_char(&book->out, (char)(i < 8 ? number >> (8 * i) : 0));
}

static void add_double(Sheets *book, double number)
{
    buf_add_bytes(&book->out, &number, sizeof number);
}

static void record(Sheets *book, int type, Str data)
{
    begin(book, type);
    buf_add(&book->out, data);
    end(book);
}

/* A BIFF 8 text of ASCII behind its length. */
static void add_text(Sheets *book, const char *text, int width)
{
    add(book, strlen(text), width);
    add(book, 0, 1);
    buf_add(&book->out, str(text));
}

static void add_bof(Sheets *book, int version, int kind)
{
    begin(book, 0x809);
    add(book, (uint64_t)version, 2);
    add(book, (uint64_t)kind, 2);
    add(book, 0, version == 0x600 ? 12 : 4);
    end(book);
}

static void begin_cell(Sheets *book, int type, int row, int column, int style)
{
    begin(book, type);
    add(book, (uint64_t)row, 2);
    add(book, (uint64_t)column, 2);
    add(book, (uint64_t)style, 2);
}

static void add_number(Sheets *book, int row, int column, int style, double number)
{
    begin_cell(book, 0x203, row, column, style);
    add_double(book, number);
    end(book);
}

static void add_shared(Sheets *book, int row, int column, int string)
{
    begin_cell(book, XLS_LABELSST, row, column, 0);
    add(book, (uint64_t)string, 4);
    end(book);
}

/* The globals with one sheet of a state, whose records follow. */
static Sheets globals(Arena *arena, const char *name, int state, Str strings, Str more)
{
    Sheets book = { .out = buf_new(arena, MB(1)) };
    add_bof(&book, 0x600, 5);
    begin(&book, XLS_FORMAT);
    add(&book, 164, 2);
    add_text(&book, "0.0\"kg\"", 2);
    end(&book);
    static const int formats[] = { 0, 164, 14 };
    for (size_t i = 0; i < COUNT(formats); i++) {
        begin(&book, XLS_XF);
        add(&book, 0, 2);
        add(&book, (uint64_t)formats[i], 2);
        add(&book, 0, 8);
        end(&book);
    }
    begin(&book, XLS_BOUNDSHEET);
    size_t position = book.out.length;
    add(&book, 0, 4);
    add(&book, (uint64_t)state, 1);
    add(&book, 0, 1);
    add_text(&book, name, 1);
    end(&book);
    if (strings.length)
        record(&book, XLS_SST, strings);
    if (more.length)
        record(&book, XLS_CONTINUE, more);
    record(&book, XLS_EOF, STR_NONE);
    for (int i = 0; i < 4; i++)
        book.out.at[position + (size_t)i] = (char)(book.out.length >> (8 * i));
    add_bof(&book, 0x600, 0x10);
    return book;
}

static void expect(Sheets *book, bool places, const char *expected)
{
    record(book, XLS_EOF, STR_NONE);
    const char *got = dump(book->out.arena, &extractor_xls, buf_str(&book->out),
                           (DumpOptions){ .places = places });
    cr_expect_str_eq(got, expected, "--- got\n%s--- expected\n%s", got, expected);
}

Test(extract, xls_cells_are_shown_with_their_formats)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Sheets book = globals(arena, "Data", 0, STR_NONE, STR_NONE);
    add_number(&book, 0, 0, 0, 12.5);
    add_number(&book, 0, 1, 1, 3);
    add_number(&book, 0, 2, 2, 45292);
    begin(&book, XLS_MULRK); /* 7, 1.23 */
    add(&book, 1, 2);
    add(&book, 0, 2);
    add(&book, 0, 2);
    add(&book, 7 << 2 | 2, 4);
    add(&book, 0, 2);
    add(&book, 123 << 2 | 3, 4);
    add(&book, 1, 2);
    end(&book);
    begin_cell(&book, 0x205, 1, 2, 0);
    add(&book, 0x07, 1);
    add(&book, 1, 1);
    end(&book);
    begin_cell(&book, XLS_FORMULA2, 2, 0, 0);
    add(&book, 0xFFFF000000000000, 8);
    add(&book, 0, 8);
    end(&book);
    begin(&book, 0x207);
    add_text(&book, "result", 2);
    end(&book);
    begin_cell(&book, XLS_FORMULA2, 2, 1, 0);
    add(&book, 0xFFFF000000010001, 8);
    end(&book);
    expect(&book, true,
           "h1 Data @Data\nrow 12.5 | 3.0kg | 2024-01-01 @Data!A1:C1\n"
           "row 7 | 1.23 | #DIV/0! @Data!A2:C2\nrow result | TRUE @Data!A3:B3\n");
}

Test(extract, xls_strings_go_on_in_another_width)
{
    static const char head[] = "\2\0\0\0\2\0\0\0\6\0\0abc", tail[] = "\1d\0e\0\xE9\0\3\0\0xyz";
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Sheets book =
        globals(arena, "S", 0, (Str){ head, sizeof head - 1 }, (Str){ tail, sizeof tail - 1 });
    add_shared(&book, 0, 0, 0);
    add_shared(&book, 0, 1, 1);
    add_shared(&book, 1, 0, 99);
    expect(&book, false, "h1 S\nrow abcde\xC3\xA9 | xyz\n");
}

Test(extract, xls_rows_are_in_order_and_merged)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Sheets book = globals(arena, "Secret", 2, STR_NONE, STR_NONE);
    add_number(&book, 3, 0, 0, 4);
    add_number(&book, 0, 2, 0, 2);
    add_number(&book, 0, 0, 0, 1);
    begin(&book, XLS_MERGEDCELLS);
    add(&book, 1, 2);
    add(&book, 0, 4);
    add(&book, 1 << 16, 4);
    end(&book);
    expect(&book, false, "h1 Secret (hidden)\nrow 1 | 2\nrow 4\n");
}

Test(extract, xls_notes_links_and_headers_are_there)
{
    static const char url_class[] = "\xE0\xC9\xEA\x79\xF9\xBA\xCE\x11\x8C\x82\0\xAA\0\x4B\xA9\x0B";
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Sheets book = globals(arena, "S", 0, STR_NONE, STR_NONE);
    begin(&book, XLS_HEADER);
    add_text(&book, "&LTop&C&\"Arial,Bold\"&12Middle", 2);
    end(&book);
    add_number(&book, 0, 0, 0, 1);
    static const int kinds[] = { 0x19, 6 };
    static const char *const texts[] = { "a note", "a box" };
    for (int i = 0; i < 2; i++) {
        begin(&book, XLS_OBJ);
        add(&book, 0x120015, 4);
        add(&book, (uint64_t)kinds[i], 2);
        add(&book, (uint64_t)i + 7, 2);
        add(&book, 0, 14);
        end(&book);
        begin(&book, XLS_TXO);
        add(&book, 0, 10);
        add(&book, strlen(texts[i]), 2);
        add(&book, 0, 6);
        end(&book);
        begin(&book, XLS_CONTINUE);
        add(&book, 0, 1);
        buf_add(&book.out, str(texts[i]));
        end(&book);
    }
    begin(&book, XLS_NOTE);
    add(&book, 0, 6);
    add(&book, 7, 2);
    add_text(&book, "Ada", 2);
    end(&book);
    begin(&book, XLS_HLINK);
    add(&book, 0, 8);
    add(&book, 0, 16);
    add(&book, 2, 4);
    add(&book, 3, 4);
    buf_add(&book.out, (Str){ url_class, 16 });
    add(&book, 10, 4);
    for (const char *c = "a:b\0"; *c; c++)
        add(&book, (unsigned char)*c, 2);
    add(&book, 0, 4);
    end(&book);
    expect(&book, true,
           "h1 S @S\nheader Top Middle @S\nrow 1 @S!A1\nnote(comment) Ada: a note @S!A1\n"
           "note(link) a:b @S!A1\np a box @S\n");
}

Test(extract, xls_first_pages_have_headers_of_their_own)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Sheets book = globals(arena, "S", 0, STR_NONE, STR_NONE);
    begin(&book, XLS_HEADERFOOTER);
    add(&book, 0, 30);
    add(&book, 0, 4);
    add(&book, 5, 2);
    add(&book, 0, 2);
    add_text(&book, "Cover", 2);
    end(&book);
    expect(&book, false, "h1 S\nheader Cover\n");
}

Test(extract, xls_charts_have_titles_and_values)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Sheets book = globals(arena, "S", 0, STR_NONE, STR_NONE);
    add_bof(&book, 0x600, 0x20);
    record(&book, XLS_SERIES, STR_NONE);
    record(&book, XLS_BEGIN, STR_NONE);
    begin(&book, XLS_SERIESTEXT);
    add(&book, 0, 2);
    add_text(&book, "Ducks", 1);
    end(&book);
    record(&book, XLS_END, STR_NONE);
    begin(&book, XLS_SERIESTEXT);
    add(&book, 0, 2);
    add_text(&book, "The title", 1);
    end(&book);
    record(&book, XLS_SIINDEX, (Str){ "\2\0", 2 });
    begin_cell(&book, 0x204, 0, 0, 0);
    add_text(&book, "2019", 2);
    end(&book);
    record(&book, XLS_SIINDEX, (Str){ "\1\0", 2 });
    add_number(&book, 0, 0, 0, 120);
    record(&book, XLS_EOF, STR_NONE);
    expect(&book, false, "h1 S\np The title\nrowh  | Ducks\nrow 2019 | 120\n");
}

Test(extract, xls_of_excel_5_has_a_code_page)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Sheets book = { .out = buf_new(arena, KB(64)) };
    add_bof(&book, 0x500, 0x10);
    record(&book, XLS_CODEPAGE, (Str){ "\xE3\x04", 2 }); /* 1251 */
    begin_cell(&book, 0x204, 0, 0, 0);
    add(&book, 3, 2);
    buf_add(&book.out, S("\xE4\xE0!"));
    end(&book);
    expect(&book, false, "h1 Sheet1\nrow \xD0\xB4\xD0\xB0!\n");
}

Test(extract, xls_of_excel_2_is_read)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Sheets book = { .out = buf_new(arena, KB(64)) };
    record(&book, 0x09, (Str){ "\2\0\x10\0", 4 });
    record(&book, 0x04, (Str){ "\0\0\0\0\0\0\0\3old", 11 });
    record(&book, 0x02, (Str){ "\0\0\1\0\0\0\0\x2A\0", 9 });
    expect(&book, false, "h1 Sheet1\nrow old | 42\n");
}

Test(extract, xls_without_its_password_is_encrypted)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Sheets book = { .out = buf_new(arena, KB(64)) };
    add_bof(&book, 0x600, 5);
    record(&book, XLS_FILEPASS, (Str){ "\0\0\1\2\3\4", 6 });
    expect(&book, false, "! encrypted\n");
}

Test(extract, xls_is_recognised_in_ole_files)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Sheets book = { .out = buf_new(arena, KB(64)) };
    add_bof(&book, 0x600, 0x10);
    add_number(&book, 0, 0, 0, 1);
    OleMember members[] = { { "Workbook", buf_str(&book.out) } };
    Str file = ole_sample(arena, members, COUNT(members));
    cr_expect_eq(extractor_xls.sniff(file), 90);
    cr_expect_str_eq(dump(arena, &extractor_xls, file, (DumpOptions){ 0 }), "h1 Sheet1\nrow 1\n");
    cr_expect_eq(extractor_xls.sniff(S("\x09\x08 no workbook")), 0);
}
