/* guard.c - finding: see guard.h.
 *
 * Most bytes of a text begin nothing. A table says which characters a find can be recognised at
 * (the
 * @ of an address, the - behind "sk"), eight bytes are asked at a time, and only there is looked
 * around. */
#include "gateway/guard.h"

#include "gateway/guard_numbers.h"

const MaskRow mask_rows[MASK_COUNT] = {
#define MASK(name, word, group, title) { word, group, title },
#include "gateway/masks.def"
#undef MASK
};

unsigned mask_named(Str name)
{
    unsigned kinds = 0;
    for (unsigned i = 0; i < MASK_COUNT; i++)
        if (str_is(name, "all") || str_is(name, mask_rows[i].group) ||
            str_equal_ignore_case(name, str(mask_rows[i].word)))
            kinds |= 1u << i;
    return kinds;
}

typedef struct Scan {
    Str text;
    unsigned kinds;
    size_t floor; /* nothing before it: it has been found, or looked at */
} Scan;

static bool wants(const Scan *scan, MaskKind kind) { return scan->kinds >> kind & 1; }

static unsigned char at_of(const Scan *scan, size_t at)
{
    return at < scan->text.length ? (unsigned char)scan->text.at[at] : 0;
}

/* What stands before `at`; 0 at the start. */
static unsigned char before(const Scan *scan, size_t at)
{
    return at > scan->floor ? (unsigned char)scan->text.at[at - 1] : 0;
}

static bool is_email_char(unsigned char c) { return guard_is_alnum(c) || HAS_CHAR(c, "._%+-"); }
static bool is_token_char(unsigned char c) { return guard_is_alnum(c) || c == '_' || c == '-'; }

static size_t token_end(const Scan *scan, size_t at)
{
    while (is_token_char(at_of(scan, at)))
        at++;
    return at;
}

static bool found(GuardFound *found_r, MaskKind kind, size_t start, size_t end)
{
    *found_r = (GuardFound){ kind, start, end };
    return true;
}

/* --- Words --- */

static bool find_email(const Scan *scan, size_t at, GuardFound *found_r)
{
    size_t start = at, end = at + 1;
    while (start > scan->floor && is_email_char((unsigned char)scan->text.at[start - 1]))
        start--;
    while (start < at && !guard_is_alnum(at_of(scan, start)))
        start++;
    while (guard_is_alnum(at_of(scan, end)) || HAS_CHAR(at_of(scan, end), ".-"))
        end++;
    while (HAS_CHAR(at_of(scan, end - 1), ".-"))
        end--;
    size_t dot = end - 1;
    while (dot > at && at_of(scan, dot) != '.')
        dot--;
    bool has_top = dot > at + 1 && end - dot >= 3;
    for (size_t i = dot + 1; has_top && i < end; i++)
        has_top = guard_is_letter(at_of(scan, i));
    return has_top && start < at && found(found_r, MASK_EMAIL, start, end);
}

#define LEAST 16 /* of key_shapes.def */

/* Its prefix ends at `at`: of a shape that is known, with so much behind it, and no word in one
 * piece ("sk-learn-extensions-of-mine" has no digit). */
static bool find_key(const Scan *scan, size_t at, GuardFound *found_r)
{
    static const struct {
        Str prefix;
        size_t least;
    } shapes[] = {
#define KEY_SHAPE(prefix, least) { S_INIT(prefix), least },
#include "gateway/key_shapes.def"
#undef KEY_SHAPE
    };
    size_t end = token_end(scan, at + 1), digits = 0;
    if (end - at - 1 < LEAST) /* nearly always: no prefix need be compared */
        return false;
    for (size_t i = at + 1; i < end; i++)
        digits += guard_is_digit(at_of(scan, i));
    Str so_far = str_slice(scan->text, scan->floor, at + 1);
    for (size_t i = 0; i < COUNT(shapes) && digits >= 2; i++) {
        Str prefix = shapes[i].prefix;
        if (end - at - 1 >= shapes[i].least && str_ends(so_far, prefix) &&
            !is_token_char(before(scan, at + 1 - prefix.length)))
            return found(found_r, MASK_API_KEY, at + 1 - prefix.length, end);
    }
    return false;
}

/* Three parts in base64url, of which the first is an object: {" is eyJ. */
static bool find_jwt(const Scan *scan, size_t at, GuardFound *found_r)
{
    if (at < scan->floor + 2 || memcmp(scan->text.at + at - 2, "ey", 2) ||
        is_token_char(before(scan, at - 2)))
        return false;
    size_t head = token_end(scan, at + 1);
    size_t body = at_of(scan, head) == '.' ? token_end(scan, head + 1) : head;
    size_t end = at_of(scan, body) == '.' ? token_end(scan, body + 1) : body;
    bool is_one = head - at >= 10 && body - head >= 10 && end > body;
    return is_one && found(found_r, MASK_JWT, at - 2, end);
}

static bool find_private_key(const Scan *scan, size_t at, GuardFound *found_r)
{
    Str rest = str_slice(scan->text, at, at + KB(32));
    if (!str_starts(rest, S("-----BEGIN ")))
        return false;
    ptrdiff_t key = str_find(str_slice(rest, 0, 64), S("PRIVATE KEY"));
    if (key < 0)
        return false;
    ptrdiff_t last = str_find(rest, S("-----END "));
    ptrdiff_t close = last < 0 ? -1 : str_find(str_from(rest, (size_t)last + 9), S("-----"));
    size_t length = close < 0 ? rest.length : (size_t)last + 9 + (size_t)close + 5;
    return found(found_r, MASK_PRIVATE_KEY, at, at + length);
}

/* scheme://user:password@host: only the password. */
static bool find_password(const Scan *scan, size_t at, GuardFound *found_r)
{
    Str rest = str_slice(scan->text, at, at + 300);
    size_t colon = 0, end = 3;
    if (!str_starts(rest, S("://")))
        return false;
    for (; end < rest.length && (unsigned char)rest.at[end] > ' ' &&
           !HAS_CHAR(rest.at[end], "/?#\"'<>@");
         end++)
        if (rest.at[end] == ':' && !colon)
            colon = end;
    bool is_one = colon && end > colon + 1 && end < rest.length && rest.at[end] == '@';
    return is_one && found(found_r, MASK_PASSWORD, at + colon + 1, at + end);
}

/* --- The pass --- */

static bool find_at(const Scan *scan, size_t at, GuardFound *found_r)
{
    unsigned char c = (unsigned char)scan->text.at[at];
    if (c == '@')
        return wants(scan, MASK_EMAIL) && find_email(scan, at, found_r);
    if (c == 'J')
        return wants(scan, MASK_JWT) && find_jwt(scan, at, found_r);
    if (c == ':')
        return (wants(scan, MASK_PASSWORD) && find_password(scan, at, found_r)) ||
               (wants(scan, MASK_IP) && guard_find_ip6(scan->text, scan->floor, at, found_r));
    if (c == '+' || guard_is_digit(c))
        return guard_find_number(scan->text, scan->floor, at, scan->kinds, found_r);
    return (c == '-' && wants(scan, MASK_PRIVATE_KEY) && find_private_key(scan, at, found_r)) ||
           (wants(scan, MASK_API_KEY) && find_key(scan, at, found_r));
}

static const bool stops[256] = {
    ['@'] = true, ['J'] = true, [':'] = true, ['+'] = true, ['-'] = true, ['_'] = true,
    ['I'] = true, ['z'] = true, ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true,
    ['4'] = true, ['5'] = true, ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true
};

/* The next character that a find may be recognised at; the end when there is none. */
static size_t next_stop(Str text, size_t at)
{
    const unsigned char *bytes = (const unsigned char *)text.at;
    for (; at + 8 <= text.length; at += 8)
        if (stops[bytes[at]] | stops[bytes[at + 1]] | stops[bytes[at + 2]] | stops[bytes[at + 3]] |
            stops[bytes[at + 4]] | stops[bytes[at + 5]] | stops[bytes[at + 6]] |
            stops[bytes[at + 7]])
            break;
    while (at < text.length && !stops[bytes[at]])
        at++;
    return at;
}

bool guard_find(Str text, unsigned kinds, size_t *at, GuardFound *found_r)
{
    Scan scan = { text, kinds, *at };
    for (size_t stop = next_stop(text, *at); stop < text.length; stop = next_stop(text, stop)) {
        if (find_at(&scan, stop, found_r)) {
            *at = found_r->end;
            return true;
        }
        /* A number is looked at once, as a whole. */
        bool is_number = guard_is_digit(at_of(&scan, stop));
        while (is_number && guard_is_digit(at_of(&scan, stop + 1)))
            stop++;
        stop++;
    }
    *at = text.length;
    return false;
}
