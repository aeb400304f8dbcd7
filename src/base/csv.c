#include "base/csv.h"

void csv_cell(Buf *out, Str text, bool is_last)
{
    double number;
    bool is_run = text.length && HAS_CHAR(text.at[0], "=+-@\t\r") && !str_to_double(text, &number);
    buf_add_char(out, '"');
    if (is_run)
        buf_add_char(out, '\'');
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] == '"')
            buf_add_char(out, '"');
        buf_add_char(out, text.at[i]);
    }
    buf_add(out, is_last ? S("\"\r\n") : S("\","));
}
