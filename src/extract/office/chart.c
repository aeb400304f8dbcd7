/* chart.c - see chart.h. */
#include "extract/office/chart.h"

enum { SERIES_MAX = 1000, POINTS_MAX = 10000 };

ChartSeries *chart_add_series(Chart *chart)
{
    if (chart->series.count >= SERIES_MAX)
        return NULL;
    ChartSeries *series = vec_push(chart->arena, &chart->series);
    *series = (ChartSeries){ 0 };
    return series;
}

void chart_add_point(Chart *chart, ChartPoints *points, int index, Str value)
{
    if (index < 0 || index >= POINTS_MAX)
        return;
    while ((int)points->values.count <= index)
        *vec_push(chart->arena, &points->values) = STR_NONE;
    points->values.at[index] = value;
}

static Str point_at(const ChartPoints *points, size_t index)
{
    return index < points->values.count ? points->values.at[index] : STR_NONE;
}

static void write_series(DocWriter *doc, const Chart *chart)
{
    const ChartPoints *categories = &chart->series.at[0].categories;
    size_t count = categories->values.count;
    for (size_t s = 0; s < chart->series.count; s++)
        count = MAX(count, chart->series.at[s].values.values.count);
    doc_table_begin(doc);
    doc_cell(doc, STR_NONE);
    for (size_t s = 0; s < chart->series.count; s++)
        doc_cell(doc, chart->series.at[s].name);
    doc_row_end(doc);
    doc_header_end(doc);
    for (size_t i = 0; i < count && doc_writer_ok(doc); i++) {
        doc_cell(doc, point_at(categories, i));
        for (size_t s = 0; s < chart->series.count; s++)
            doc_cell(doc, point_at(&chart->series.at[s].values, i));
        doc_row_end(doc);
    }
    doc_table_end(doc);
}

void chart_write(DocWriter *doc, const Chart *chart)
{
    doc_paragraph(doc, chart->titles);
    if (chart->series.count)
        write_series(doc, chart);
}
