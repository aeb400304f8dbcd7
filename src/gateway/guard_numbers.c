/* guard_numbers.c - see guard_numbers.h. */
#include "gateway/guard_numbers.h"

#include <arpa/inet.h>
#include <ctype.h>

static unsigned char at_of(Str text, size_t at)
{
    return at < text.length ? (unsigned char)text.at[at] : 0;
}

static bool found(GuardFound *found_r, MaskKind kind, size_t start, size_t end)
{
    *found_r = (GuardFound){ kind, start, end };
    return true;
}

/* Digits in groups with one separator between two. */
typedef struct Groups {
    char digits[40];
    int count;
    int sizes[16];
    int group_count;
    char separator; /* 0: none; ' ' or '-', the same everywhere */
    size_t end;
} Groups;

static void read_groups(Str text, size_t at, int max, Groups *groups)
{
    *groups = (Groups){ .group_count = 1, .end = at };
    for (; groups->count < max; at++) {
        char c = (char)at_of(text, at);
        bool is_joint = (c == ' ' || c == '-') && groups->count &&
                        (!groups->separator || groups->separator == c) &&
                        is_digit(at_of(text, at + 1)) && groups->group_count < 16;
        if (is_digit((unsigned char)c)) {
            groups->digits[groups->count++] = c;
            groups->sizes[groups->group_count - 1]++;
            groups->end = at + 1;
        } else if (is_joint) {
            groups->separator = c;
            groups->group_count++;
        } else {
            return;
        }
    }
}

static int prefix_of(const Groups *groups, int digits)
{
    int number = 0;
    for (int i = 0; i < digits; i++)
        number = number * 10 + groups->digits[i] - '0';
    return number;
}

/* --- Cards --- */

/* ISO/IEC 7812-1, annex B. */
static bool luhn(const Groups *groups)
{
    int sum = 0;
    for (int i = 0; i < groups->count; i++) {
        int digit = groups->digits[groups->count - 1 - i] - '0';
        sum += i % 2 ? digit * 2 - (digit > 4 ? 9 : 0) : digit;
    }
    return sum % 10 == 0;
}

/* The ranges that networks have given out, and the lengths of their numbers. */
static bool is_network(const Groups *groups)
{
    static const struct {
        int digits, first, last, least, most;
    } ranges[] = {
        { 1, 4, 4, 13, 19 },       { 2, 51, 55, 16, 16 },     { 4, 2221, 2720, 16, 16 },
        { 2, 34, 34, 15, 15 },     { 2, 37, 37, 15, 15 },     { 4, 6011, 6011, 16, 19 },
        { 3, 644, 659, 16, 19 },   { 2, 62, 62, 16, 19 },     { 4, 3528, 3589, 16, 19 },
        { 3, 300, 305, 14, 19 },   { 2, 36, 36, 14, 19 },     { 2, 38, 39, 14, 19 },
        { 4, 5018, 5018, 12, 19 }, { 4, 5020, 5020, 12, 19 }, { 4, 5038, 5038, 12, 19 },
        { 4, 6304, 6304, 12, 19 }, { 4, 6759, 6763, 12, 19 },
    };
    for (size_t i = 0; i < COUNT(ranges); i++) {
        int prefix = prefix_of(groups, ranges[i].digits);
        if (prefix >= ranges[i].first && prefix <= ranges[i].last)
            return groups->count >= ranges[i].least && groups->count <= ranges[i].most;
    }
    return false;
}

/* As they stand on cards: in one piece, fours, or 4-6-5 and 4-6-4. */
static bool is_grouped(const Groups *groups)
{
    const int *sizes = groups->sizes;
    if (groups->group_count == 1)
        return true;
    if (groups->group_count == 3)
        return sizes[0] == 4 && sizes[1] == 6 && (sizes[2] == 5 || sizes[2] == 4);
    for (int i = 0; i < groups->group_count - 1; i++)
        if (sizes[i] != 4)
            return false;
    return groups->group_count >= 4;
}

static bool find_card(Str text, size_t floor, size_t at, GuardFound *found_r)
{
    Groups groups;
    unsigned char before = at > floor ? at_of(text, at - 1) : 0;
    read_groups(text, at, 20, &groups);
    unsigned char after = at_of(text, groups.end);
    bool is_apart = !guard_is_alnum(before) && !HAS_CHAR(before, "._-/=") &&
                    !guard_is_alnum(after) && after != '_' &&
                    !(after == '.' && is_digit(at_of(text, groups.end + 1)));
    return is_apart && groups.count >= 12 && groups.count <= 19 && is_grouped(&groups) &&
           is_network(&groups) && luhn(&groups) && found(found_r, MASK_CARD, at, groups.end);
}

/* --- Accounts --- */

/* Lengths by country (SWIFT's registry of IBANs, release 99). */
static int iban_length(const char *country)
{
    static const char lengths[] =
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29"
        "ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20"
        "LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29"
        "PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20"
        "YE30";
    for (const char *at = lengths; *at; at += 4)
        if (!memcmp(at, country, 2))
            return (at[2] - '0') * 10 + at[3] - '0';
    return 0;
}

/* ISO 13616: the first four characters at the end, letters as numbers from 10, modulo 97 is 1. */
static bool iban_is_right(const char *iban, int length)
{
    int rest = 0;
    for (int i = 0; i < length; i++) {
        char c = iban[(i + 4) % length];
        rest = is_digit((unsigned char)c) ? (rest * 10 + c - '0') % 97
                                          : (rest * 100 + c - 'A' + 10) % 97;
    }
    return rest == 1;
}

/* `at`: the check digits behind the country. */
static bool find_iban(Str text, size_t floor, size_t at, GuardFound *found_r)
{
    char iban[40];
    int count = 0;
    if (at < floor + 2 || !is_digit(at_of(text, at + 1)))
        return false;
    size_t start = at - 2, end = start;
    if (!guard_is_letter(at_of(text, start)) ||
        (start > floor && guard_is_alnum(at_of(text, start - 1))))
        return false;
    char country[] = { (char)toupper(at_of(text, start)), (char)toupper(at_of(text, start + 1)) };
    int length = iban_length(country);
    if (!length)
        return false;
    for (; count < length && end < text.length; end++) {
        unsigned char c = at_of(text, end);
        if (guard_is_alnum(c))
            iban[count++] = (char)toupper(c);
        else if (c != ' ' || count % 4)
            return false;
    }
    return count == length && !guard_is_alnum(at_of(text, end)) && iban_is_right(iban, length) &&
           found(found_r, MASK_IBAN, start, end);
}

/* --- Phones --- */

/* +49 (0)30 1234-5678: a country code, nine digits or more. */
static bool find_phone_abroad(Str text, size_t floor, size_t at, GuardFound *found_r)
{
    int digits = 0;
    size_t end = at + 1, last = at;
    unsigned char before = at > floor ? at_of(text, at - 1) : 0;
    if (guard_is_alnum(before) || HAS_CHAR(before, "+_=") || at_of(text, end) == '0')
        return false;
    for (int joints = 0; digits <= 15 && joints <= 2 && end < text.length; end++) {
        unsigned char c = at_of(text, end);
        if (is_digit(c)) {
            digits++;
            joints = 0;
            last = end;
        } else if (HAS_CHAR(c, " -.()/")) {
            joints++;
        } else {
            break;
        }
    }
    return digits >= 9 && digits <= 15 && !guard_is_alnum(at_of(text, last + 1)) &&
           found(found_r, MASK_PHONE, at, last + 1);
}

static bool three_digits(Str text, size_t at, bool is_area)
{
    return (!is_area || at_of(text, at) >= '2') && is_digit(at_of(text, at)) &&
           is_digit(at_of(text, at + 1)) && is_digit(at_of(text, at + 2));
}

/* (212) 555-0123, 212-555-0123, 212.555.0123: the plan of North America. */
static bool find_phone_here(Str text, size_t floor, size_t at, GuardFound *found_r)
{
    unsigned char before = at > floor ? at_of(text, at - 1) : 0, joint = at_of(text, at + 3);
    bool is_bracket = before == '(' && joint == ')';
    size_t start = is_bracket ? at - 1 : at, next = at + 4;
    if (is_bracket && at_of(text, next) == ' ')
        next++;
    else if (!is_bracket && (guard_is_alnum(before) || HAS_CHAR(before, ".-/_+$")))
        return false;
    if (!three_digits(text, at, true) || !three_digits(text, next, true) ||
        (!is_bracket && joint != '-' && joint != '.'))
        return false;
    unsigned char second = at_of(text, next + 3), after = at_of(text, next + 8);
    bool is_one = (is_bracket ? HAS_CHAR(second, "-. ") : second == joint) &&
                  three_digits(text, next + 4, false) && is_digit(at_of(text, next + 7)) &&
                  !guard_is_alnum(after) && !HAS_CHAR(after, "-_");
    return is_one && found(found_r, MASK_PHONE, start, next + 8);
}

/* 1-800-555-0123: the same, with the country's number in front. */
static bool find_phone_long(Str text, size_t floor, size_t at, GuardFound *found_r)
{
    unsigned char before = at > floor ? at_of(text, at - 1) : 0, joint = at_of(text, at + 1);
    if (at_of(text, at) != '1' || !HAS_CHAR(joint, "-. ") || guard_is_alnum(before) ||
        HAS_CHAR(before, ".-/_+$") || !find_phone_here(text, at + 2, at + 2, found_r))
        return false;
    found_r->start = at;
    return true;
}

/* --- Social security --- */

/* 123-45-6789, of the United States, but for those that are never given out. */
static bool find_ssn(Str text, size_t floor, size_t at, GuardFound *found_r)
{
    static const char form[] = "ddd-dd-dddd";
    unsigned char before = at > floor ? at_of(text, at - 1) : 0;
    for (size_t i = 0; form[i]; i++)
        if (form[i] == 'd' ? !is_digit(at_of(text, at + i)) : at_of(text, at + i) != '-')
            return false;
    size_t end = at + sizeof form - 1;
    Str number = str_slice(text, at, end);
    bool is_apart = !guard_is_alnum(before) && !HAS_CHAR(before, "-._/") &&
                    !guard_is_alnum(at_of(text, end)) && !HAS_CHAR(at_of(text, end), "-_/");
    return is_apart && !str_starts(number, S("000")) && !str_starts(number, S("666")) &&
           number.at[0] != '9' && !str_equal(str_slice(number, 4, 6), S("00")) &&
           !str_ends(number, S("0000")) && found(found_r, MASK_SSN, at, end);
}

/* --- Internet addresses --- */

/* Numbers of sections (1.2.3.4) and of versions (v10.0.19.2) look the same: four single digits and
 * what follows a letter are none. */
static bool find_ip4(Str text, size_t floor, size_t at, GuardFound *found_r)
{
    unsigned char before = at > floor ? at_of(text, at - 1) : 0;
    int parts[4] = { 0 };
    size_t end = at;
    if (guard_is_alnum(before) || HAS_CHAR(before, "._-"))
        return false;
    for (int part = 0; part < 4; part++) {
        size_t first = end;
        while (is_digit(at_of(text, end)) && end - first < 3)
            parts[part] = parts[part] * 10 + at_of(text, end++) - '0';
        bool is_padded = end - first > 1 && at_of(text, first) == '0';
        if (end == first || parts[part] > 255 || is_padded || (part < 3 && at_of(text, end) != '.'))
            return false;
        end += part < 3;
    }
    unsigned char after = at_of(text, end);
    bool goes_on = guard_is_alnum(after) || after == '_' || after == '-' ||
                   (after == '.' && guard_is_alnum(at_of(text, end + 1)));
    bool is_own = parts[0] == 127 || parts[0] == 0 || parts[0] == 255;
    return !goes_on && !is_own && end - at > 7 && found(found_r, MASK_IP, at, end);
}

/* The end of ::ffff:203.0.113.7 behind its last colon; `end` when there is no more. */
static size_t mapped_end(Str text, size_t end)
{
    int dots = 0;
    size_t last = end;
    for (; is_digit(at_of(text, last)) ||
           (at_of(text, last) == '.' && is_digit(at_of(text, last + 1)));
         last++)
        dots += at_of(text, last) == '.';
    return dots == 3 ? last : end;
}

bool guard_find_ip6(Str text, size_t floor, size_t at, GuardFound *found_r)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr ignored;
    size_t start = at, end = at;
    int colons = 0;
    while (start > floor && (isxdigit(at_of(text, start - 1)) || at_of(text, start - 1) == ':'))
        start--;
    for (; isxdigit(at_of(text, end)) || at_of(text, end) == ':'; end++)
        colons += at_of(text, end) == ':';
    if (at_of(text, end) == '.')
        end = mapped_end(text, end);
    unsigned char before = start > floor ? at_of(text, start - 1) : 0;
    if (guard_is_alnum(before) || guard_is_alnum(at_of(text, end)) || end - start < 7 ||
        colons < 2 || end - start >= sizeof address)
        return false;
    memcpy(address, text.at + start, end - start);
    address[end - start] = 0;
    return inet_pton(AF_INET6, address, &ignored) == 1 && found(found_r, MASK_IP, start, end);
}

/* --- Any of them --- */

bool guard_find_number(Str text, size_t floor, size_t at, unsigned kinds, GuardFound *found_r)
{
    if (at_of(text, at) == '+')
        return (kinds >> MASK_PHONE & 1) && is_digit(at_of(text, at + 1)) &&
               find_phone_abroad(text, floor, at, found_r);
    size_t digits = 1;
    while (is_digit(at_of(text, at + digits)) && digits < 20)
        digits++;
    unsigned char before = at > floor ? at_of(text, at - 1) : 0;
    if (guard_is_letter(before))
        return (kinds >> MASK_IBAN & 1) && find_iban(text, floor, at, found_r);
    unsigned char after = at_of(text, at + digits);
    if (digits <= 3 && after == '.' && (kinds >> MASK_IP & 1) && find_ip4(text, floor, at, found_r))
        return true;
    if (digits == 3 && after == '-' && (kinds >> MASK_SSN & 1) &&
        find_ssn(text, floor, at, found_r))
        return true;
    if (digits == 1 && (kinds >> MASK_PHONE & 1) && find_phone_long(text, floor, at, found_r))
        return true;
    if (digits == 3 && HAS_CHAR(after, ".-)"))
        return (kinds >> MASK_PHONE & 1) && find_phone_here(text, floor, at, found_r);
    return digits >= 4 && (kinds >> MASK_CARD & 1) && find_card(text, floor, at, found_r);
}
