/* column_text.c - see column_text.h. */
#include "extract/columns/column_text.h"

#include <math.h>

#include "base/utf8.h"
#include "extract/byte_view.h"

enum { HEX_MAX = 16, DECIMAL_BYTES_MAX = 32, DIGITS_MAX = 80, DAY_S = 86400 };

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static void add_date(Buf *out, int64_t days)
{
    if (days < -4000000 || days > 100000000) {
        buf_addf(out, "day %" PRId64, days);
        return;
    }
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t shifted = (5 * of_year + 2) / 153, month = shifted < 10 ? shifted + 3 : shifted - 9;
    year += era * 400 + (month <= 2);
    buf_addf(out, "%04" PRId64 "-%02d-%02d", year, (int)month,
             (int)(of_year - (153 * shifted + 2) / 5 + 1));
}

/* The clock of `ticks` since midnight, each 10^-digits of a second; no fraction when it is zero. */
static void add_clock(Buf *out, int64_t ticks, int digits)
{
    int64_t unit = digits >= 9 ? 1000000000 : digits >= 6 ? 1000000 : digits >= 3 ? 1000 : 1;
    int64_t seconds = ticks / unit, fraction = ticks % unit;
    buf_addf(out, "%02" PRId64 ":%02d:%02d", seconds / 3600, (int)(seconds / 60 % 60),
             (int)(seconds % 60));
    for (; digits > 3 && fraction % 1000 == 0; digits -= 3)
        fraction /= 1000;
    if (fraction)
        buf_addf(out, ".%0*" PRId64, digits, fraction);
}

static void add_moment(Buf *out, int64_t ticks, const ColumnType *type)
{
    int64_t unit = type->scale >= 9   ? 1000000000
                   : type->scale >= 6 ? 1000000
                   : type->scale >= 3 ? 1000
                                      : 1;
    int64_t days = ticks / (unit * DAY_S), rest = ticks % (unit * DAY_S);
    if (rest < 0) {
        days--;
        rest += unit * DAY_S;
    }
    add_date(out, days);
    buf_add_char(out, type->is_utc ? 'T' : ' ');
    add_clock(out, rest, type->scale);
    if (type->is_utc)
        buf_add_char(out, 'Z');
}

static void add_scaled(Buf *out, const char *digits, int count, int scale, bool is_negative)
{
    if (is_negative)
        buf_add_char(out, '-');
    if (scale < 0 || scale > DIGITS_MAX) {
        buf_addf(out, "%.*se%d", count, digits, -scale);
        return;
    }
    if (count <= scale)
        buf_addf(out, "0.%0*d%.*s", scale - count, 0, count, digits);
    else
        buf_addf(out, "%.*s%s%.*s", count - scale, digits, scale ? "." : "", scale,
                 digits + count - scale);
}

static void add_decimal(Buf *out, int64_t number, int scale)
{
    char digits[24];
    uint64_t size = number < 0 ? (uint64_t)0 - (uint64_t)number : (uint64_t)number;
    int count = snprintf(digits, sizeof digits, "%" PRIu64, size);
    add_scaled(out, digits, count, scale, number < 0);
}

/* Division by ten, byte by byte: at most 32 bytes. */
static void add_long_decimal(Buf *out, Str bytes, const ColumnType *type)
{
    unsigned char number[DECIMAL_BYTES_MAX];
    char digits[DIGITS_MAX];
    size_t length = MIN(bytes.length, sizeof number);
    int at = DIGITS_MAX;
    for (size_t i = 0; i < length; i++)
        number[i] = byte_at(bytes, type->is_little_ended ? length - 1 - i : i);
    bool is_negative = length && number[0] & 0x80;
    unsigned carry = 1;
    for (size_t i = length; is_negative && i-- > 0; carry >>= 8) {
        carry += (unsigned char)~number[i];
        number[i] = (unsigned char)carry;
    }
    for (bool is_zero = false; !is_zero && at > 0;) {
        unsigned rest = 0;
        is_zero = true;
        for (size_t i = 0; i < length; i++) {
            rest = rest << 8 | number[i];
            number[i] = (unsigned char)(rest / 10);
            is_zero &= number[i] == 0;
            rest %= 10;
        }
        digits[--at] = (char)('0' + rest);
    }
    add_scaled(out, digits + at, DIGITS_MAX - at, type->scale, is_negative);
}

static void add_double(Buf *out, double number, int digits)
{
    if (isnan(number))
        buf_add(out, S("NaN"));
    else if (isinf(number))
        buf_add(out, number < 0 ? S("-Infinity") : S("Infinity"));
    else
        buf_addf(out, "%.*g", digits, number);
}

/* As few digits as read back the same. */
static void add_short_double(Buf *out, double number)
{
    int digits = 15;
    for (; digits < 17; digits++) {
        char text[40];
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    add_double(out, number, digits);
}

static void add_short_float(Buf *out, float number)
{
    int digits = 6;
    for (; digits < 9; digits++) {
        char text[40];
        snprintf(text, sizeof text, "%.*g", digits, (double)number);
        if (strtof(text, NULL) == number)
            break;
    }
    add_double(out, (double)number, digits);
}

static void add_float(Buf *out, uint64_t bits, bool is_double)
{
    float single;
    double number;
    uint32_t low = (uint32_t)bits;
    memcpy(&single, &low, sizeof single);
    memcpy(&number, &bits, sizeof number);
    is_double ? add_short_double(out, number) : add_short_float(out, single);
}

static double half_value(uint64_t bits)
{
    int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    double size = exponent == 31  ? fraction ? (double)NAN : (double)INFINITY
                  : exponent == 0 ? ldexp(fraction, -24)
                                  : ldexp(fraction + 1024, exponent - 25);
    return bits & 0x8000 ? -size : size;
}

static void add_text(Buf *out, Str bytes)
{
    buf_add(out, str_slice(bytes, 0, utf8_floor(bytes, MIN(bytes.length, COLUMN_CELL_TEXT_MAX))));
    if (bytes.length > COLUMN_CELL_TEXT_MAX)
        buf_add(out, S("\xE2\x80\xA6"));
}

static void add_bytes(Buf *out, Str bytes)
{
    bool is_text = utf8_is_valid(bytes);
    for (size_t i = 0; is_text && i < bytes.length; i++)
        is_text = (unsigned char)bytes.at[i] >= ' ' || HAS_CHAR(bytes.at[i], "\t\r\n");
    if (is_text) {
        add_text(out, bytes);
        return;
    }
    for (size_t i = 0; i < MIN(bytes.length, HEX_MAX); i++)
        buf_addf(out, "%02x", byte_at(bytes, i));
    if (bytes.length > HEX_MAX)
        buf_addf(out, "\xE2\x80\xA6 (%zu bytes)", bytes.length);
}

static void add_uuid(Buf *out, Str bytes)
{
    for (size_t i = 0; i < MIN(bytes.length, 16); i++)
        buf_addf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                 byte_at(bytes, i));
}

static void add_duration(Buf *out, Str bytes)
{
    buf_addf(out, "%" PRIu32 " months %" PRIu32 " days %" PRIu32 " ms", little32(bytes, 0),
             little32(bytes, 4), little32(bytes, 8));
}

void column_text(Buf *out, const ColumnType *type, uint64_t bits, Str bytes)
{
    int64_t number = (int64_t)bits;
    switch (type->kind) {
    case COLUMN_BOOLEAN: buf_add(out, bits ? S("true") : S("false")); break;
    case COLUMN_WHOLE: buf_addf(out, "%" PRId64, number); break;
    case COLUMN_UNSIGNED: buf_addf(out, "%" PRIu64, bits); break;
    case COLUMN_HALF: add_double(out, half_value(bits), 5); break;
    case COLUMN_FLOAT: add_float(out, bits, false); break;
    case COLUMN_DOUBLE: add_float(out, bits, true); break;
    case COLUMN_DECIMAL: add_decimal(out, number, type->scale); break;
    case COLUMN_DATE: add_date(out, number); break;
    case COLUMN_TIME: add_clock(out, MAX(number, 0), type->scale); break;
    case COLUMN_MOMENT: add_moment(out, number, type); break;
    case COLUMN_TEXT: add_text(out, bytes); break;
    case COLUMN_BYTES: add_bytes(out, bytes); break;
    case COLUMN_UUID: add_uuid(out, bytes); break;
    case COLUMN_LONG_DECIMAL: add_long_decimal(out, bytes, type); break;
    case COLUMN_NANOSECONDS:
        add_date(out, (int64_t)little32(bytes, 8) - 2440588);
        buf_add_char(out, ' ');
        add_clock(out, (int64_t)(little64(bytes, 0) % (UINT64_C(1000000000) * DAY_S)), 9);
        break;
    case COLUMN_DURATION: add_duration(out, bytes); break;
    }
}

const char *column_kind_name(ColumnKind kind)
{
    static const char *const names[] = {
        [COLUMN_BOOLEAN] = "yes or no",
        [COLUMN_WHOLE] = "whole number",
        [COLUMN_UNSIGNED] = "whole number",
        [COLUMN_HALF] = "number",
        [COLUMN_FLOAT] = "number",
        [COLUMN_DOUBLE] = "number",
        [COLUMN_DECIMAL] = "decimal",
        [COLUMN_DATE] = "date",
        [COLUMN_TIME] = "time",
        [COLUMN_MOMENT] = "time stamp",
        [COLUMN_TEXT] = "text",
        [COLUMN_BYTES] = "bytes",
        [COLUMN_UUID] = "UUID",
        [COLUMN_LONG_DECIMAL] = "decimal",
        [COLUMN_NANOSECONDS] = "time stamp",
        [COLUMN_DURATION] = "duration",
    };
    return names[kind];
}
