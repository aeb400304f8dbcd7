/* xls_chart.c - a chart of a workbook up to 2003 ([MS-XLS] 2.1.7.20.1): its titles, the names of
 * its series, and the values it was last drawn with. */
#include "extract/office/chart.h"
#include "extract/sheet/sheet_rows.h"
#include "extract/sheet/xls_book.h"

enum { TITLES_MAX = 64 << 10, TEXT_MAX = 4096 };

typedef struct ChartReader {
    XlsBook *book;
    Chart chart;
    Buf titles;
    int depth, series_depth; /* of BEGIN; series_depth: of the open series, 0 when there is none */
    bool is_series;          /* the next BEGIN is a series' */
    unsigned index;          /* 1: values follow, 2: categories (2.4.255) */
} ChartReader;

/* 2.4.254: the name of a series, or a title of the chart or an axis. */
static void read_text(ChartReader *reader, const XlsRecord *record)
{
    XlsBook *book = reader->book;
    XlsCursor cursor = xls_cursor(book->stream, record);
    Buf text = buf_new(reader->chart.arena, TEXT_MAX);
    xls_skip(&cursor, 2);
    xls_text(&cursor, &book->charset, 1, &text);
    if (text.length == 0)
        return;
    if (reader->series_depth > 0 && reader->chart.series.count) {
        ChartSeries *series = &reader->chart.series.at[reader->chart.series.count - 1];
        if (series->name.length == 0)
            series->name = buf_str(&text);
        return;
    }
    buf_add(&reader->titles, buf_str(&text));
    buf_add_char(&reader->titles, '\n');
}

/* The cached cells: the row is the point, the column the series. */
static void read_point(ChartReader *reader, const XlsRecord *record)
{
    XlsBook *book = reader->book;
    Arena *arena = reader->chart.arena;
    XlsCursor cursor = xls_cursor(book->stream, record);
    unsigned point = xls_number(&cursor, 2), column = xls_number(&cursor, 2);
    unsigned style = xls_number(&cursor, 2);
    Str text;
    if (column >= reader->chart.series.count || (reader->index != 1 && reader->index != 2))
        return;
    if (record->type == 0x203) {
        text = xls_shown(book, arena, xls_double(&cursor), style);
    } else {
        Buf out = buf_new(arena, TEXT_MAX);
        xls_text(&cursor, &book->charset, 2, &out);
        text = buf_str(&out);
    }
    ChartSeries *series = &reader->chart.series.at[column];
    chart_add_point(&reader->chart, reader->index == 1 ? &series->values : &series->categories,
                    (int)point, text);
}

static void read_record(ChartReader *reader, const XlsRecord *record)
{
    switch (record->type) {
    case XLS_SERIES: reader->is_series = chart_add_series(&reader->chart) != NULL; break;
    case XLS_BEGIN:
        reader->depth++;
        if (reader->is_series)
            reader->series_depth = reader->depth;
        reader->is_series = false;
        break;
    case XLS_END:
        if (reader->depth == reader->series_depth)
            reader->series_depth = 0;
        reader->depth--;
        break;
    case XLS_SERIESTEXT: read_text(reader, record); break;
    case XLS_SIINDEX: reader->index = le16_at(record->data, 0); break;
    case 0x203:
    case 0x204: read_point(reader, record); break;
    default: break;
    }
}

/* Header and footer, and the text boxes drawn on the chart. */
static void write_around(ChartReader *reader, const XlsRecord *record)
{
    XlsBook *book = reader->book;
    XlsCursor cursor = xls_cursor(book->stream, record);
    Buf text = buf_new(reader->chart.arena, KB(64));
    if (record->type == XLS_TXO) {
        cursor.at = cursor.end;
        xls_characters(&cursor, &book->charset, le16_at(record->data, 10), &text);
        doc_paragraph(book->doc, buf_str(&text));
    } else if (record->data.length) {
        xls_text(&cursor, &book->charset, book->version == 8 ? 2 : 1, &text);
        sheet_header(book->doc, buf_str(&text));
    }
}

void xls_write_chart(XlsBook *book, size_t at)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    ChartReader reader = { .book = book,
                           .chart.arena = arena,
                           .titles = buf_new(arena, TITLES_MAX) };
    XlsRecord record;
    int depth = 0;
    for (; xls_record(book->stream, at, &record); at = record.end) {
        if (record.type == XLS_EOF && --depth <= 0)
            break;
        if (xls_version(&record))
            depth++;
        else if (record.type == XLS_TXO || record.type == XLS_HEADER || record.type == XLS_FOOTER)
            write_around(&reader, &record);
        else
            read_record(&reader, &record);
        if (arena_used(arena) > MB(200))
            break;
    }
    reader.chart.titles = buf_str(&reader.titles);
    chart_write(book->doc, &reader.chart);
}
