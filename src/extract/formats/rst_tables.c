/* rst_tables.c - see rst_tables.h. */
#include "extract/formats/rst_tables.h"

enum { COLUMNS_MAX = 64 };

size_t rst_body_end(const Marked *m, size_t i, size_t end, size_t indent)
{
    while (i < end && (marked_is_blank(m, i) || marked_indent(marked_line(m, i)) >= indent))
        i++;
    return i;
}

static void write_cells(Marked *m, size_t first, size_t end, const size_t *columns, size_t count,
                        char border)
{
    for (size_t c = 0; c < count; c++) {
        Buf cell = buf_new(m->scratch, SIZE_MAX / 4);
        for (size_t i = first; i < end; i++) {
            Str part = str_slice(marked_line(m, i), columns[c],
                                 c + 1 < count || border ? columns[c + 1] : SIZE_MAX);
            if (border && str_starts(part, S("|")))
                part = str_from(part, 1);
            part = str_trim(part);
            if (cell.length && part.length)
                buf_add_char(&cell, ' ');
            buf_add(&cell, part);
        }
        doc_cell(m->doc, marked_plain(m, buf_str(&cell)));
    }
    marked_place(m, first, end);
    doc_row_end(m->doc);
    marked_done(m);
}

static bool is_border(Str line)
{
    line = str_trim(line);
    for (size_t i = 0; i < line.length; i++)
        if (!HAS_CHAR(line.at[i], "+-="))
            return false;
    return line.length >= 3 && line.at[0] == '+' && line.at[line.length - 1] == '+';
}

size_t rst_grid_table(Marked *m, size_t i, size_t end)
{
    Str top = marked_line(m, i);
    size_t columns[COLUMNS_MAX + 1], count = 0, stop = i + 1, row = i + 1;
    if (!is_border(top))
        return 0;
    for (size_t at = 0; at < top.length && count <= COLUMNS_MAX; at++)
        if (top.at[at] == '+')
            columns[count++] = at;
    while (stop < end && !marked_is_blank(m, stop) &&
           HAS_CHAR(str_trim(marked_line(m, stop)).at[0], "+|"))
        stop++;
    doc_table_begin(m->doc);
    for (size_t k = i + 1; k < stop; k++) {
        if (!is_border(marked_line(m, k)))
            continue;
        if (k > row)
            write_cells(m, row, k, columns, count - 1, '|');
        if (str_find_char(marked_line(m, k), '=') >= 0)
            doc_header_end(m->doc);
        row = k + 1;
    }
    doc_table_end(m->doc);
    return stop - i;
}

static bool is_simple_border(Str line)
{
    line = str_trim(line);
    for (size_t i = 0; i < line.length; i++)
        if (!HAS_CHAR(line.at[i], "= "))
            return false;
    return str_starts(line, S("==")) && str_find(line, S(" ")) > 0;
}

size_t rst_simple_table(Marked *m, size_t i, size_t end)
{
    Str top = marked_line(m, i);
    size_t columns[COLUMNS_MAX + 1], count = 0, stop = i + 1, borders = 0;
    if (!is_simple_border(top))
        return 0;
    for (size_t at = 0; at < top.length && count < COLUMNS_MAX; at++)
        if (top.at[at] == '=' && (at == 0 || top.at[at - 1] != '='))
            columns[count++] = at;
    while (stop < end && (borders < 1 || !marked_is_blank(m, stop)))
        borders += is_simple_border(marked_line(m, stop++));
    doc_table_begin(m->doc);
    size_t seen = 0;
    for (size_t k = i + 1; k < stop; k++) {
        Str line = marked_line(m, k);
        if (is_simple_border(line)) {
            if (seen++ == 0 && borders > 1)
                doc_header_end(m->doc);
            continue;
        }
        if (marked_is_blank(m, k) || marked_is_rule(line, '-', 3))
            continue;
        size_t last = k + 1;
        while (
            last < stop && !is_simple_border(marked_line(m, last)) && !marked_is_blank(m, last) &&
            str_trim(str_slice(marked_line(m, last), columns[0], count > 1 ? columns[1] : SIZE_MAX))
                    .length == 0)
            last++;
        write_cells(m, k, last, columns, count, 0);
        k = last - 1;
    }
    doc_table_end(m->doc);
    return stop - i;
}

void rst_list_table(Marked *m, size_t first, size_t end, int header_rows)
{
    size_t row = first;
    int rows = 0;
    bool is_open = false;
    doc_table_begin(m->doc);
    for (size_t i = first; i < end;) {
        Str line = str_trim(marked_line(m, i));
        bool begins_row = str_starts(line, S("* -"));
        if (!begins_row && !str_starts(line, S("-"))) {
            i++;
            continue;
        }
        if (begins_row && is_open) {
            marked_place(m, row, i);
            doc_row_end(m->doc);
            if (++rows == header_rows)
                doc_header_end(m->doc);
        }
        if (begins_row)
            row = i;
        size_t indent = marked_indent(marked_line(m, i)) + (begins_row ? 2 : 0);
        size_t last = rst_body_end(m, i + 1, end, indent + 1);
        doc_cell(m->doc, marked_plain(m, str_from(marked_joined(m, i, last), begins_row ? 3 : 1)));
        is_open = true;
        i = last;
    }
    if (is_open) {
        marked_place(m, row, end);
        doc_row_end(m->doc);
    }
    doc_table_end(m->doc);
    marked_done(m);
}

void rst_csv_row(Marked *m, Str line)
{
    while (line.length) {
        line = str_trim(line);
        bool quoted = str_starts(line, S("\""));
        ptrdiff_t end = str_find_char(str_from(line, quoted), quoted ? '"' : ',');
        size_t length = end < 0 ? line.length - quoted : (size_t)end;
        doc_cell(m->doc, marked_plain(m, str_trim(str_slice(line, quoted, quoted + length))));
        line = str_from(line, quoted + length + (end >= 0 && quoted));
        ptrdiff_t comma = str_find_char(line, ',');
        line = comma < 0 ? STR_NONE : str_from(line, (size_t)comma + 1);
    }
    doc_row_end(m->doc);
    marked_done(m);
}
