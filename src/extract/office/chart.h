/* chart.h - the words and numbers of a chart: its titles, and a table of its series by category. */
#pragma once

#include "extract/document.h"

typedef struct ChartPoints {
    VEC(Str) values; /* by index; an empty text where there is none */
} ChartPoints;

typedef struct ChartSeries {
    Str name;
    ChartPoints categories, values;
} ChartSeries;

typedef struct Chart {
    Arena *arena;
    Str titles; /* one line each */
    VEC(ChartSeries) series;
} Chart;

/* A new series; NULL when there are too many. */
ChartSeries *chart_add_series(Chart *chart);
/* The text is kept, not copied. */
void chart_add_point(Chart *chart, ChartPoints *points, int index, Str value);
/* The titles as a paragraph and the series as a table. */
void chart_write(DocWriter *doc, const Chart *chart);
