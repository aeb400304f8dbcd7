/* number_format.c - see number_format.h. */
#include "extract/sheet/number_format.h"

#include <math.h>

enum { SECTIONS_MAX = 4, CODE_MAX = 1000, DIGITS_MAX = 30 };

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

/* --- Reading a code --- */

typedef enum TokenKind {
    TOKEN_LITERAL,
    TOKEN_DIGIT, /* 0 # ? */
    TOKEN_POINT,
    TOKEN_COMMA,
    TOKEN_PERCENT,
    TOKEN_EXPONENT, /* E+ E- */
    TOKEN_SLASH,
    TOKEN_DATE,    /* a run of one of y m d h s, or e */
    TOKEN_ELAPSED, /* [h] [m] [s] */
    TOKEN_HALFDAY, /* AM/PM */
    TOKEN_TEXT,    /* @ */
    TOKEN_GENERAL,
} TokenKind;

typedef struct Token {
    TokenKind kind;
    Str text;
} Token;

typedef struct Section {
    VEC(Token) tokens;
    bool is_date, has_condition;
    char condition[3];
    double limit;
} Section;

static void add_token(Arena *arena, Section *section, TokenKind kind, Str text)
{
    *vec_push(arena, &section->tokens) = (Token){ kind, text };
}

/* [Red], [$EUR-407], [>=100], [h] */
static void read_bracket(Arena *arena, Section *section, Str inside)
{
    if (inside.length == 0)
        return;
    char first = inside.at[0];
    if (first == '$') {
        ptrdiff_t dash = str_find_last_char(inside, '-');
        Str symbol = str_slice(inside, 1, dash < 0 ? inside.length : (size_t)dash);
        add_token(arena, section, TOKEN_LITERAL, symbol);
    } else if (HAS_CHAR(first, "<>=")) {
        size_t sign = inside.length > 1 && HAS_CHAR(inside.at[1], "=>") ? 2 : 1;
        section->has_condition = str_to_double(str_from(inside, sign), &section->limit);
        memcpy(section->condition, inside.at, sign);
        section->condition[sign] = '\0';
    } else if (HAS_CHAR(first, "hHmMsS") && (inside.length == 1 || inside.at[1] == first)) {
        add_token(arena, section, TOKEN_ELAPSED, inside);
        section->is_date = true;
    }
}

static size_t run_length(Str code, size_t at)
{
    size_t end = at;
    while (end < code.length && (code.at[end] | 0x20) == (code.at[at] | 0x20))
        end++;
    return end - at;
}

/* One token at code.at[at]; the number of bytes it takes. */
static size_t read_token(Arena *arena, Section *section, Str code, size_t at)
{
    Str rest = str_from(code, at);
    char c = rest.at[0];
    size_t size = 1;
    if (c == '"') {
        ptrdiff_t end = str_find_char(str_from(rest, 1), '"');
        size = end < 0 ? rest.length : (size_t)end + 2;
        add_token(arena, section, TOKEN_LITERAL, str_slice(rest, 1, end < 0 ? size : size - 1));
    } else if (c == '[') {
        ptrdiff_t end = str_find_char(rest, ']');
        size = end < 0 ? rest.length : (size_t)end + 1;
        read_bracket(arena, section, str_slice(rest, 1, end < 0 ? size : size - 1));
    } else if (c == '\\' && rest.length > 1) {
        size = 2;
        add_token(arena, section, TOKEN_LITERAL, str_slice(rest, 1, 2));
    } else if ((c == '_' || c == '*') && rest.length > 1) {
        size = 2; /* room as wide as a character; a character that fills the cell */
    } else if (HAS_CHAR(c, "gG") && str_equal_ignore_case(str_slice(rest, 0, 7), S("General"))) {
        size = 7;
        add_token(arena, section, TOKEN_GENERAL, str_slice(rest, 0, 7));
    } else if (HAS_CHAR(c, "aA") && str_equal_ignore_case(str_slice(rest, 0, 5), S("AM/PM"))) {
        size = 5;
        add_token(arena, section, TOKEN_HALFDAY, str_slice(rest, 0, 5));
    } else if (HAS_CHAR(c, "aA") && str_equal_ignore_case(str_slice(rest, 0, 3), S("A/P"))) {
        size = 3;
        add_token(arena, section, TOKEN_HALFDAY, str_slice(rest, 0, 3));
    } else if (HAS_CHAR(c, "eE") && rest.length > 1 && HAS_CHAR(rest.at[1], "+-")) {
        size = 2;
        add_token(arena, section, TOKEN_EXPONENT, str_slice(rest, 0, 2));
    } else if (HAS_CHAR(c, "yYmMdDhHsSeEgGbB")) {
        size = run_length(code, at);
        add_token(arena, section, TOKEN_DATE, str_slice(rest, 0, size));
        section->is_date = true;
    } else {
        TokenKind kind = HAS_CHAR(c, "0#?") ? TOKEN_DIGIT
                         : c == '.'         ? TOKEN_POINT
                         : c == ','         ? TOKEN_COMMA
                         : c == '%'         ? TOKEN_PERCENT
                         : c == '/'         ? TOKEN_SLASH
                         : c == '@'         ? TOKEN_TEXT
                                            : TOKEN_LITERAL;
        add_token(arena, section, kind, str_slice(rest, 0, 1));
    }
    return size;
}

static int read_sections(Arena *arena, Str code, Section *sections)
{
    int count = 1;
    code = str_slice(code, 0, CODE_MAX);
    for (size_t at = 0; at < code.length;) {
        if (code.at[at] == ';') {
            if (count == SECTIONS_MAX)
                return count;
            count++;
            at++;
        } else {
            at += read_token(arena, &sections[count - 1], code, at);
        }
    }
    return count;
}

static bool meets(const Section *section, double value)
{
    const char *sign = section->condition;
    double limit = section->limit;
    if (strcmp(sign, "<") == 0)
        return value < limit;
    if (strcmp(sign, "<=") == 0)
        return value <= limit;
    if (strcmp(sign, ">") == 0)
        return value > limit;
    if (strcmp(sign, ">=") == 0)
        return value >= limit;
    if (strcmp(sign, "<>") == 0)
        return value != limit;
    return value == limit;
}

/* Which section shows the value; *is_signed_r when a minus is still to be written. */
static const Section *choose(const Section *sections, int count, double value, bool *is_signed_r)
{
    *is_signed_r = value < 0;
    if (sections[0].has_condition || (count > 1 && sections[1].has_condition)) {
        for (int i = 0; i < count && i < 3; i++)
            if (!sections[i].has_condition || meets(&sections[i], value))
                return &sections[i];
        return &sections[count - 1];
    }
    if (count >= 2 && value < 0) {
        *is_signed_r = false;
        return &sections[1];
    }
    if (count >= 3 && value == 0)
        return &sections[2];
    return &sections[0];
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

static Shape shape_of(const Section *section)
{
    Shape shape = { 0 };
    int commas = 0;
    for (size_t i = 0; i < section->tokens.count; i++) {
        const Token *token = &section->tokens.at[i];
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

static void write_number(Arena *arena, const Section *section, double value, Buf *out)
{
    Shape shape = shape_of(section);
    int exponent = 0, slot = 0;
    bool after_point = false, after_exponent = false, fraction_done = false;
    double shown = fabs(value) * pow(100, shape.percents) / pow(1000, shape.thousands);
    if (!isfinite(shown)) {
        buf_add(out, general(arena, fabs(value)));
        return;
    }
    value = shown;
    if (shape.has_exponent && value > 0) {
        int step = MAX(1, shape.integer_slots);
        exponent = (int)floor(log10(value));
        exponent = step > 1 ? (int)floor((double)exponent / step) * step : exponent;
        value /= pow(10, exponent);
    }
    /* Halves are rounded up; printf would round them to even. */
    Str number;
    double scale = shape.decimals < (int)COUNT(powers_of_ten) ? powers_of_ten[shape.decimals]
                                                              : pow(10, MIN(shape.decimals, 15));
    double scaled = round(value * scale);
    if (!shape.is_fraction && scaled < 1e15)
        value = scaled / scale;
    if (!shape.is_fraction && scaled < 1e15 && shape.decimals < (int)COUNT(powers_of_ten))
        number = decimal(arena, false, (uint64_t)scaled, shape.decimals);
    else
        number = str_format(arena, "%.*f", MIN(shape.decimals, DIGITS_MAX), value);
    Str digits = integer_of(arena, &shape, number), decimals = decimals_of(&shape, number);
    for (size_t i = 0; i < section->tokens.count; i++) {
        const Token *token = &section->tokens.at[i];
        switch (token->kind) {
        case TOKEN_DIGIT:
            if (shape.is_fraction) {
                if (!fraction_done)
                    add_fraction(out, &shape, value);
                fraction_done = true;
            } else if (!after_point && !after_exponent) {
                add_integer_slot(out, &shape, digits, slot++);
            }
            break;
        case TOKEN_POINT:
            after_point = true;
            if (shape.integer_slots == 0)
                buf_add(out, str_is(digits, "0") ? STR_NONE : digits);
            if (decimals.length || shape.least_decimals)
                buf_add_char(out, '.');
            buf_add(out, decimals);
            break;
        case TOKEN_EXPONENT:
            after_exponent = true;
            buf_addf(out, "E%s%0*d",
                     exponent < 0               ? "-"
                     : token->text.at[1] == '+' ? "+"
                                                : "",
                     MIN(shape.exponent_digits, 5), abs(exponent));
            break;
        case TOKEN_PERCENT: buf_add_char(out, '%'); break;
        case TOKEN_GENERAL: buf_add(out, general(arena, value)); break;
        case TOKEN_LITERAL:
            if (!shape.is_fraction || !fraction_done)
                buf_add(out, shape.is_fraction && slot == 0 && str_is(token->text, " ")
                                 ? STR_NONE
                                 : token->text);
            break;
        case TOKEN_TEXT: buf_add(out, general(arena, value)); break;
        default: break;
        }
    }
}

/* --- Dates --- */

typedef struct Moment {
    int year, month, day, weekday, hour, minute, second;
    double fraction, total_seconds;
} Moment;

/* Days since 1970 to a date (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
static void civil_from_days(int64_t days, Moment *moment)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    moment->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    moment->month = (int)(month < 10 ? month + 3 : month - 9);
    moment->year = (int)(year + era * 400 + (moment->month <= 2));
}

static Moment moment_of(double value, bool is_1904, int fraction_digits)
{
    Moment moment = { .total_seconds = value * 86400 };
    double scale = pow(10, fraction_digits);
    double seconds = round(value * 86400 * scale) / scale;
    int64_t days = (int64_t)floor(seconds / 86400);
    double rest = seconds - (double)days * 86400;
    moment.fraction = rest - floor(rest);
    moment.hour = (int)(rest / 3600);
    moment.minute = (int)(rest / 60) % 60;
    moment.second = (int)rest % 60;
    moment.weekday = (int)((days + (is_1904 ? 5 : 6)) % 7);
    /* Day 60 of the 1900 system is 29 February 1900, which never was. */
    int64_t since_1970 = is_1904 ? days - 24107 : days - 25569 + (days < 60);
    civil_from_days(since_1970, &moment);
    return moment;
}

static const char *const months[] = { "January",   "February", "March",    "April",
                                      "May",       "June",     "July",     "August",
                                      "September", "October",  "November", "December" };
static const char *const weekdays[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday" };

/* "m" means minutes right after hours or right before seconds. */
static bool is_minutes(const Section *section, size_t at)
{
    for (size_t i = at; i-- > 0;) {
        TokenKind kind = section->tokens.at[i].kind;
        if (kind == TOKEN_DATE || kind == TOKEN_ELAPSED) {
            if (HAS_CHAR(section->tokens.at[i].text.at[0], "hH"))
                return true;
            break;
        }
    }
    for (size_t i = at + 1; i < section->tokens.count; i++) {
        TokenKind kind = section->tokens.at[i].kind;
        if (kind == TOKEN_DATE || kind == TOKEN_ELAPSED)
            return HAS_CHAR(section->tokens.at[i].text.at[0], "sS");
    }
    return false;
}

static void write_date_part(const Section *section, size_t at, const Moment *moment, bool is_halved,
                            Buf *out)
{
    Str text = section->tokens.at[at].text;
    int width = text.length >= 2 ? 2 : 1;
    switch (text.at[0] | 0x20) {
    case 'y':
    case 'e':
        if (text.length <= 2 && (text.at[0] | 0x20) == 'y')
            buf_addf(out, "%02d", moment->year % 100);
        else
            buf_addf(out, "%04d", moment->year);
        break;
    case 'm':
        if (text.length <= 2 && is_minutes(section, at))
            buf_addf(out, "%0*d", width, moment->minute);
        else if (text.length <= 2)
            buf_addf(out, "%0*d", width, moment->month);
        else if (text.length == 4)
            buf_add(out, str(months[moment->month - 1]));
        else
            buf_addf(out, "%.*s", text.length == 5 ? 1 : 3, months[moment->month - 1]);
        break;
    case 'd':
        if (text.length <= 2)
            buf_addf(out, "%0*d", width, moment->day);
        else
            buf_addf(out, "%.*s", text.length == 3 ? 3 : 12, weekdays[moment->weekday]);
        break;
    case 'h': {
        int hour = is_halved ? (moment->hour + 11) % 12 + 1 : moment->hour;
        buf_addf(out, "%0*d", width, hour);
        break;
    }
    case 's': buf_addf(out, "%0*d", width, moment->second); break;
    default: break;
    }
}

static void write_date(const Section *section, double value, bool is_1904, Buf *out)
{
    int fraction_digits = 0;
    bool is_halved = false, in_fraction = false;
    for (size_t i = 0; i < section->tokens.count; i++) {
        fraction_digits += section->tokens.at[i].kind == TOKEN_DIGIT;
        is_halved |= section->tokens.at[i].kind == TOKEN_HALFDAY;
    }
    Moment moment = moment_of(value, is_1904, MIN(fraction_digits, 3));
    for (size_t i = 0; i < section->tokens.count; i++) {
        const Token *token = &section->tokens.at[i];
        char unit = (char)(token->text.length ? token->text.at[0] | 0x20 : 0);
        switch (token->kind) {
        case TOKEN_DATE: write_date_part(section, i, &moment, is_halved, out); break;
        case TOKEN_ELAPSED:
            buf_addf(out, "%0*lld", (int)token->text.length,
                     (long long)floor(round(moment.total_seconds) / (unit == 'h'   ? 3600
                                                                     : unit == 'm' ? 60
                                                                                   : 1)));
            break;
        case TOKEN_HALFDAY:
            buf_addf(out, "%.*s", token->text.length == 5 ? 2 : 1, moment.hour < 12 ? "AM" : "PM");
            break;
        case TOKEN_DIGIT:
            if (!in_fraction)
                buf_addf(out, "%0*d", MIN(fraction_digits, 3),
                         (int)round(moment.fraction * pow(10, MIN(fraction_digits, 3))));
            in_fraction = true;
            break;
        default: buf_add(out, token->text); break;
        }
    }
}

/* --- The way in --- */

Str number_format(Arena *arena, double value, Str code, bool is_1904)
{
    Section sections[SECTIONS_MAX] = { 0 };
    Buf out = buf_new(arena, KB(8));
    bool is_signed;
    if (code.length == 0 || str_equal_ignore_case(code, S("General")) || !isfinite(value))
        return general(arena, value);
    int count = read_sections(arena, code, sections);
    const Section *section = choose(sections, count, value, &is_signed);
    if (section->tokens.count == 0)
        return count > 1 ? STR_NONE : general(arena, value); /* ";;;" hides the value */
    if (section->is_date) {
        /* Outside the years 1900-9999 Excel shows no date either. */
        if (value < 0 || value >= 2958466)
            return general(arena, value);
        write_date(section, value, is_1904, &out);
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
    Section sections[SECTIONS_MAX] = { 0 };
    if (code.length == 0 || read_sections(arena, code, sections) < 4)
        return text;
    Buf out = buf_new(arena, text.length + KB(4));
    for (size_t i = 0; i < sections[3].tokens.count; i++) {
        const Token *token = &sections[3].tokens.at[i];
        buf_add(&out,
                token->kind == TOKEN_TEXT || token->kind == TOKEN_GENERAL ? text : token->text);
    }
    return buf_str(&out);
}
