/* number_format.c - see number_format.h. */
#include "extract/sheet/number_format.h"

#include <math.h>

#include "extract/sheet/number_code.h"

enum { DIGITS_MAX = 30 };

static const struct {
    int id;
    const char *code;
} builtins[] = {
    { 0, "General" },
    { 1, "0" },
    { 2, "0.00" },
    { 3, "#,##0" },
    { 4, "#,##0.00" },
    { 5, "$#,##0_);($#,##0)" },
    { 6, "$#,##0_);[Red]($#,##0)" },
    { 7, "$#,##0.00_);($#,##0.00)" },
    { 8, "$#,##0.00_);[Red]($#,##0.00)" },
    { 9, "0%" },
    { 10, "0.00%" },
    { 11, "0.00E+00" },
    { 12, "# ?/?" },
    { 13, "# ?"
          "?/?"
          "?" },
    { 14, "yyyy-mm-dd" },
    { 15, "d-mmm-yy" },
    { 16, "d-mmm" },
    { 17, "mmm-yy" },
    { 18, "h:mm AM/PM" },
    { 19, "h:mm:ss AM/PM" },
    { 20, "h:mm" },
    { 21, "h:mm:ss" },
    { 22, "yyyy-mm-dd h:mm" },
    { 37, "#,##0_);(#,##0)" },
    { 38, "#,##0_);[Red](#,##0)" },
    { 39, "#,##0.00_);(#,##0.00)" },
    { 40, "#,##0.00_);[Red](#,##0.00)" },
    { 41, "#,##0_);(#,##0);-_)" },
    { 42, "$#,##0_);($#,##0);$-_)" },
    { 43, "#,##0.00_);(#,##0.00);-_)" },
    { 44, "$#,##0.00_);($#,##0.00);$-_)" },
    { 45, "mm:ss" },
    { 46, "[h]:mm:ss" },
    { 47, "mm:ss.0" },
    { 48, "##0.0E+0" },
    { 49, "@" },
};

const char *number_format_builtin(int id)
{
    for (size_t i = 0; i < COUNT(builtins); i++)
        if (builtins[i].id == id)
            return builtins[i].code;
    /* Dates of East Asian calendars. */
    return (id >= 27 && id <= 36) || (id >= 50 && id <= 58) ? "yyyy-mm-dd" : NULL;
}

/* --- Numbers --- */

static const double powers_of_ten[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6 };

/* number / 10^decimals. Most cells of a large sheet are such numbers, and printf takes five times
 * as long. */
static Str decimal(Arena *arena, bool is_negative, uint64_t number, int decimals)
{
    char text[32];
    size_t at = sizeof text;
    for (int i = 0; number > 0 || i <= decimals; i++) {
        if (i == decimals && i > 0)
            text[--at] = '.';
        text[--at] = (char)('0' + number % 10);
        number /= 10;
    }
    if (is_negative)
        text[--at] = '-';
    return str_copy(arena, (Str){ text + at, sizeof text - at });
}

/* A number of up to 15 digits is shown as it was typed: the fewest decimals that give it back. */
static bool short_decimal(Arena *arena, double value, Str *text_r)
{
    double size = fabs(value);
    for (int decimals = 0; decimals < (int)COUNT(powers_of_ten); decimals++) {
        double scaled = round(size * powers_of_ten[decimals]);
        if (scaled >= 1e15)
            return false;
        if (scaled / powers_of_ten[decimals] == size) {
            *text_r = decimal(arena, value < 0, (uint64_t)scaled, decimals);
            return true;
        }
    }
    return false;
}

static Str general(Arena *arena, double value)
{
    Str quick;
    if (short_decimal(arena, value, &quick))
        return quick;
    /* Excel keeps 15 digits; a cell shows fewer when it is narrow. */
    Str text = str_format(arena, "%.15g", value);
    ptrdiff_t e = str_find_char(text, 'e');
    if (e >= 0 && fabs(value) < 1e15 && fabs(value) >= 1e-9)
        return str_format(arena, "%.10f", value);
    return text;
}

typedef struct Shape {
    int integer_slots, least_digits, decimals, least_decimals, thousands, percents, exponent_digits;
    bool has_commas, has_point, has_exponent, is_fraction;
    int fraction_digits;
} Shape;

static Shape shape_of(const NumberSection *section)
{
    Shape shape = { 0 };
    int commas = 0;
    for (size_t i = 0; i < section->tokens.count; i++) {
        const NumberToken *token = &section->tokens.at[i];
        bool is_zero = token->kind == TOKEN_DIGIT && token->text.at[0] == '0';
        switch (token->kind) {
        case TOKEN_DIGIT:
            if (shape.has_exponent) {
                shape.exponent_digits++;
            } else if (shape.is_fraction) {
                shape.fraction_digits++;
            } else if (shape.has_point) {
                shape.decimals++;
                shape.least_decimals = is_zero ? shape.decimals : shape.least_decimals;
            } else {
                shape.has_commas |= commas > 0;
                shape.integer_slots++;
                shape.least_digits += shape.least_digits > 0 || is_zero;
            }
            commas = 0;
            break;
        case TOKEN_COMMA: commas += shape.integer_slots > 0; break;
        case TOKEN_POINT:
            shape.has_point = true;
            shape.thousands += commas;
            commas = 0;
            break;
        case TOKEN_PERCENT: shape.percents++; break;
        case TOKEN_EXPONENT: shape.has_exponent = true; break;
        case TOKEN_SLASH: shape.is_fraction = shape.integer_slots > 0; break;
        default: break;
        }
    }
    shape.thousands += commas;
    return shape;
}

static void add_grouped(Buf *out, Str digits, bool has_commas)
{
    for (size_t i = 0; i < digits.length; i++) {
        if (has_commas && i > 0 && (digits.length - i) % 3 == 0)
            buf_add_char(out, ',');
        buf_add_char(out, digits.at[i]);
    }
}

/* Digits go into the places from the right; what is left over goes before the first place. */
static void add_integer_slot(Buf *out, const Shape *shape, Str digits, int slot)
{
    int from_right = shape->integer_slots - slot;
    if (slot == 0) {
        size_t left = digits.length > (size_t)(shape->integer_slots - 1)
                          ? digits.length - (size_t)(shape->integer_slots - 1)
                          : 0;
        if (shape->has_commas) {
            add_grouped(out, digits, true);
            return;
        }
        buf_add(out, str_slice(digits, 0, left));
    } else if (!shape->has_commas && (int)digits.length >= from_right) {
        buf_add_char(out, digits.at[digits.length - (size_t)from_right]);
    }
}

static void add_fraction(Buf *out, const Shape *shape, double value)
{
    int most = shape->fraction_digits >= 3 ? 999 : shape->fraction_digits == 2 ? 99 : 9, best = 1;
    double whole = floor(value), rest = value - whole, error = 2;
    if (shape->integer_slots < 2) {
        rest = value;
        whole = 0;
    }
    for (int below = 1; below <= most; below++) {
        double off = fabs(rest - round(rest * below) / below);
        if (off < error - 1e-9) {
            error = off;
            best = below;
        }
    }
    double above = round(rest * best);
    if (whole > 0 || above == 0)
        buf_addf(out, "%.0f", whole);
    if (above > 0)
        buf_addf(out, "%s%.0f/%d", whole > 0 ? " " : "", above, best);
}

static Str decimals_of(const Shape *shape, Str number)
{
    ptrdiff_t point = str_find_char(number, '.');
    Str decimals = point < 0 ? STR_NONE : str_from(number, (size_t)point + 1);
    while (decimals.length > (size_t)shape->least_decimals &&
           decimals.at[decimals.length - 1] == '0')
        decimals.length--;
    return decimals;
}

static Str integer_of(Arena *arena, const Shape *shape, Str number)
{
    ptrdiff_t point = str_find_char(number, '.');
    Str digits = str_slice(number, 0, point < 0 ? number.length : (size_t)point);
    if (shape->least_digits == 0 && str_is(digits, "0"))
        return STR_NONE;
    Buf padded = buf_new(arena, KB(1));
    for (int i = (int)digits.length; i < shape->least_digits && i < DIGITS_MAX; i++)
        buf_add_char(&padded, '0');
    buf_add(&padded, digits);
    return buf_str(&padded);
}

/* The number of a section on its way into its places. */
typedef struct Written {
    const Shape *shape;
    double value;
    int exponent, slot; /* slot: the next place before the point */
    Str digits, decimals;
    bool after_point, after_exponent, fraction_done;
} Written;

/* Takes the power of ten out of the value, so many places before the point as the code has. */
static void take_exponent(Written *w)
{
    int step = MAX(1, w->shape->integer_slots);
    if (!w->shape->has_exponent || w->value <= 0)
        return;
    w->exponent = (int)floor(log10(w->value));
    if (step > 1)
        w->exponent = (int)floor((double)w->exponent / step) * step;
    w->value /= pow(10, w->exponent);
}

/* Halves are rounded up; printf would round them to even. */
static void take_digits(Arena *arena, Written *w)
{
    const Shape *shape = w->shape;
    bool is_quick = shape->decimals < (int)COUNT(powers_of_ten);
    double scale = is_quick ? powers_of_ten[shape->decimals] : pow(10, MIN(shape->decimals, 15));
    double scaled = round(w->value * scale);
    Str number;
    if (!shape->is_fraction && scaled < 1e15)
        w->value = scaled / scale;
    if (!shape->is_fraction && scaled < 1e15 && is_quick)
        number = decimal(arena, false, (uint64_t)scaled, shape->decimals);
    else
        number = str_format(arena, "%.*f", MIN(shape->decimals, DIGITS_MAX), w->value);
    w->digits = integer_of(arena, shape, number);
    w->decimals = decimals_of(shape, number);
}

static void add_digit(Written *w, Buf *out)
{
    if (w->shape->is_fraction) {
        if (!w->fraction_done)
            add_fraction(out, w->shape, w->value);
        w->fraction_done = true;
    } else if (!w->after_point && !w->after_exponent) {
        add_integer_slot(out, w->shape, w->digits, w->slot++);
    }
}

static void add_point(Written *w, Buf *out)
{
    w->after_point = true;
    if (w->shape->integer_slots == 0)
        buf_add(out, str_is(w->digits, "0") ? STR_NONE : w->digits);
    if (w->decimals.length || w->shape->least_decimals)
        buf_add_char(out, '.');
    buf_add(out, w->decimals);
}

static void add_exponent(Written *w, Str sign, Buf *out)
{
    const char *shown = w->exponent < 0 ? "-" : sign.at[1] == '+' ? "+" : "";
    w->after_exponent = true;
    buf_addf(out, "E%s%0*d", shown, MIN(w->shape->exponent_digits, 5), abs(w->exponent));
}

/* A fraction has its own space between the whole and the parts. */
static void add_literal(const Written *w, Str text, Buf *out)
{
    bool is_own =
        w->shape->is_fraction && (w->fraction_done || (w->slot == 0 && str_is(text, " ")));
    if (!is_own)
        buf_add(out, text);
}

static void write_number(Arena *arena, const NumberSection *section, double value, Buf *out)
{
    Shape shape = shape_of(section);
    Written w = { .shape = &shape };
    w.value = fabs(value) * pow(100, shape.percents) / pow(1000, shape.thousands);
    if (!isfinite(w.value)) {
        buf_add(out, general(arena, fabs(value)));
        return;
    }
    take_exponent(&w);
    take_digits(arena, &w);
    for (size_t i = 0; i < section->tokens.count; i++) {
        const NumberToken *token = &section->tokens.at[i];
        switch (token->kind) {
        case TOKEN_DIGIT: add_digit(&w, out); break;
        case TOKEN_POINT: add_point(&w, out); break;
        case TOKEN_EXPONENT: add_exponent(&w, token->text, out); break;
        case TOKEN_PERCENT: buf_add_char(out, '%'); break;
        case TOKEN_LITERAL: add_literal(&w, token->text, out); break;
        case TOKEN_GENERAL:
        case TOKEN_TEXT: buf_add(out, general(arena, w.value)); break;
        default: break;
        }
    }
}

/* --- The way in --- */

Str number_format(Arena *arena, double value, Str code, bool is_1904)
{
    NumberSection sections[SECTIONS_MAX] = { 0 };
    Buf out = buf_new(arena, KB(8));
    bool is_signed;
    if (code.length == 0 || str_equal_ignore_case(code, S("General")) || !isfinite(value))
        return general(arena, value);
    int count = number_sections(arena, code, sections);
    const NumberSection *section = number_section(sections, count, value, &is_signed);
    if (section->tokens.count == 0)
        return count > 1 ? STR_NONE : general(arena, value); /* ";;;" hides the value */
    if (section->is_date) {
        /* Outside the years 1900-9999 Excel shows no date either. */
        if (value < 0 || value >= 2958466)
            return general(arena, value);
        number_date(section, value, is_1904, &out);
        return buf_str(&out);
    }
    if (is_signed)
        buf_add_char(&out, '-');
    write_number(arena, section, value, &out);
    Str text = str_trim(buf_str(&out));
    return str_is(text, "-0") ? S("0") : text;
}

Str number_format_text(Arena *arena, Str text, Str code)
{
    NumberSection sections[SECTIONS_MAX] = { 0 };
    if (code.length == 0 || number_sections(arena, code, sections) < 4)
        return text;
    Buf out = buf_new(arena, text.length + KB(4));
    for (size_t i = 0; i < sections[3].tokens.count; i++) {
        const NumberToken *token = &sections[3].tokens.at[i];
        buf_add(&out,
                token->kind == TOKEN_TEXT || token->kind == TOKEN_GENERAL ? text : token->text);
    }
    return buf_str(&out);
}
