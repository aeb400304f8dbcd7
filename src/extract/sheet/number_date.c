/* number_date.c - see number_code.h. */
#include <math.h>

#include "extract/sheet/number_code.h"

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
static bool is_minutes(const NumberSection *section, size_t at)
{
    for (size_t i = at; i-- > 0;) {
        NumberTokenKind kind = section->tokens.at[i].kind;
        if (kind == TOKEN_DATE || kind == TOKEN_ELAPSED) {
            if (HAS_CHAR(section->tokens.at[i].text.at[0], "hH"))
                return true;
            break;
        }
    }
    for (size_t i = at + 1; i < section->tokens.count; i++) {
        NumberTokenKind kind = section->tokens.at[i].kind;
        if (kind == TOKEN_DATE || kind == TOKEN_ELAPSED)
            return HAS_CHAR(section->tokens.at[i].text.at[0], "sS");
    }
    return false;
}

static void write_date_part(const NumberSection *section, size_t at, const Moment *moment,
                            bool is_halved, Buf *out)
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

void number_date(const NumberSection *section, double value, bool is_1904, Buf *out)
{
    int fraction_digits = 0;
    bool is_halved = false, in_fraction = false;
    for (size_t i = 0; i < section->tokens.count; i++) {
        fraction_digits += section->tokens.at[i].kind == TOKEN_DIGIT;
        is_halved |= section->tokens.at[i].kind == TOKEN_HALFDAY;
    }
    Moment moment = moment_of(value, is_1904, MIN(fraction_digits, 3));
    for (size_t i = 0; i < section->tokens.count; i++) {
        const NumberToken *token = &section->tokens.at[i];
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
