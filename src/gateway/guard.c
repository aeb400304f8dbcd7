/* guard.c - finding: see guard.h.
 *
 * Most bytes of a text begin nothing. A table says which characters a find can be recognised at
 * (the @ of an address, the - behind "sk"), sixteen bytes are asked at a time, and only there is
 * looked around. */
#include "gateway/guard.h"

#include <emmintrin.h>

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

static bool is_email_char(unsigned char c) { return guard_is_alnum(c) || HAS_CHAR(c, "._%+-'"); }
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

/* Latin letters with accents: two bytes of UTF-8, U+00C0 to U+024F. Of scripts that put no space
 * between words a whole sentence would be taken. */
static bool is_latin(const Scan *scan, size_t at)
{
    unsigned char first = at_of(scan, at), second = at_of(scan, at + 1);
    return first >= 0xC3 && first <= 0xC9 && second >= 0x80 && second <= 0xBF;
}

static size_t email_start(const Scan *scan, size_t at)
{
    size_t start = at;
    for (;;) {
        if (is_email_char(before(scan, start)))
            start--;
        else if (start >= scan->floor + 2 && is_latin(scan, start - 2))
            start -= 2;
        else
            break;
    }
    while (start < at && !guard_is_alnum(at_of(scan, start)) && !is_latin(scan, start))
        start++;
    return start;
}

static size_t email_end(const Scan *scan, size_t at)
{
    size_t end = at + 1;
    for (;;) {
        if (guard_is_alnum(at_of(scan, end)) || HAS_CHAR(at_of(scan, end), ".-"))
            end++;
        else if (is_latin(scan, end))
            end += 2;
        else
            break;
    }
    while (HAS_CHAR(at_of(scan, end - 1), ".-"))
        end--;
    return end;
}

static bool find_email(const Scan *scan, size_t at, GuardFound *found_r)
{
    size_t start = email_start(scan, at), end = email_end(scan, at);
    size_t dot = end - 1;
    while (dot > at && at_of(scan, dot) != '.')
        dot--;
    bool has_top = dot > at + 1 && end - dot >= 3;
    for (size_t i = dot + 1; has_top && i < end; i++)
        has_top = guard_is_letter(at_of(scan, i));
    return has_top && start < at && found(found_r, MASK_EMAIL, start, end);
}

#define LEAST 16 /* of key_shapes.def */

/* What is behind a prefix is no word: "sk-learn-extensions-of-mine" has joints and no digits,
 * "ASIdentifierNumbersExt" begins with letters and has none either. */
static bool is_random(const Scan *scan, size_t prefix_end, size_t end)
{
    size_t digits = 0, joints = 0;
    for (size_t i = prefix_end; i < end; i++) {
        digits += is_digit(at_of(scan, i));
        joints += !guard_is_alnum(at_of(scan, i));
    }
    bool has_sign = !guard_is_alnum(at_of(scan, prefix_end - 1));
    return digits >= 2 || (!joints && (digits || has_sign));
}

/* Its prefix ends at `at`: of a shape that is known, with so much behind it. */
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
    /* Three of the characters that must be there tell of nearly all that it is none. */
    if (!is_token_char(at_of(scan, at + 1)) || !is_token_char(at_of(scan, at + LEAST / 2)) ||
        !is_token_char(at_of(scan, at + LEAST)))
        return false;
    size_t end = token_end(scan, at + 1);
    if (end - at - 1 < LEAST || !is_random(scan, at + 1, end))
        return false;
    Str so_far = str_slice(scan->text, scan->floor, at + 1);
    for (size_t i = 0; i < COUNT(shapes); i++) {
        Str prefix = shapes[i].prefix;
        if (end - at - 1 >= shapes[i].least && str_ends(so_far, prefix) &&
            !is_token_char(before(scan, at + 1 - prefix.length)))
            return found(found_r, MASK_API_KEY, at + 1 - prefix.length, end);
    }
    return false;
}

/* Of these the parts are told by dots: SG.xxx.yyy of SendGrid, ya29.xxx of Google. */
static bool find_dotted_key(const Scan *scan, size_t at, GuardFound *found_r)
{
    static const Str prefixes[] = { S_INIT("SG."), S_INIT("ya29.") };
    for (size_t i = 0; i < COUNT(prefixes); i++) {
        size_t end = token_end(scan, at + prefixes[i].length);
        if (!str_starts(str_from(scan->text, at), prefixes[i]) || is_token_char(before(scan, at)) ||
            end < at + prefixes[i].length + LEAST)
            continue;
        if (at_of(scan, end) == '.' && is_token_char(at_of(scan, end + 1)))
            end = token_end(scan, end + 1);
        return found(found_r, MASK_API_KEY, at, end);
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

/* --- Behind a label --- */

#define LABEL_MAX 40
#define SECRET_MIN 8

static bool is_between(unsigned char c)
{
    return c == ' ' || c == '"' || c == '\'' || c == '`' || c == '*';
}

/* The last two letters of every label below: two bytes are looked at before forty are. */
static bool may_end_label(unsigned char previous, unsigned char last)
{
    switch (last | 32) {
    case 'd': return (previous | 32) == 'r' || (previous | 32) == 'w'; /* password, passwd */
    case 'e': return (previous | 32) == 's';                           /* passphrase */
    case 't':                                                          /* secret */
    case 'y': return (previous | 32) == 'e';                           /* apikey */
    case 'n': return (previous | 32) == 'e' || (previous | 32) == 'o'; /* token */
    default: return false;
    }
}

/* What stands before an = or :, with what may stand between: api_key, "apiKey", API-KEY. */
static bool is_secret_label(const Scan *scan, size_t at)
{
    static const Str labels[] = {
        S_INIT("password"),   S_INIT("passwd"),    S_INIT("passphrase"), S_INIT("pwd"),
        S_INIT("secret"),     S_INIT("token"),     S_INIT("apikey"),     S_INIT("accesskey"),
        S_INIT("accountkey"), S_INIT("secretkey"), S_INIT("privatekey"), S_INIT("authorization")
    };
    char word[LABEL_MAX];
    size_t length = 0;
    while (is_between(before(scan, at)))
        at--;
    if (at < scan->floor + 2 || !may_end_label(before(scan, at - 1), before(scan, at)))
        return false;
    for (; is_token_char(before(scan, at)) && length < sizeof word; at--)
        if (guard_is_alnum(before(scan, at)))
            word[sizeof word - ++length] = (char)(before(scan, at) | 32);
    Str label = { word + sizeof word - length, length };
    for (size_t i = 0; i < COUNT(labels); i++)
        if (str_ends(label, labels[i]))
            return true;
    return false;
}

static bool is_secret_char(unsigned char c)
{
    return c > ' ' && c < 0x7F && !HAS_CHAR(c, "\"'`,;<>(){}[]\\");
}

/* A secret is one word with letters and digits; "password: required" tells none. */
static bool find_labelled(const Scan *scan, size_t at, GuardFound *found_r)
{
    static const Str schemes[] = { S_INIT("Bearer "), S_INIT("Basic "), S_INIT("token ") };
    size_t start = at + 1, digits = 0, letters = 0;
    if (!is_secret_label(scan, at))
        return false;
    while (start - at < 6 && HAS_CHAR(at_of(scan, start), " =>\"'`*"))
        start++;
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (str_equal_ignore_case(str_slice(scan->text, start, start + schemes[i].length),
                                  schemes[i]))
            start += schemes[i].length;
    size_t end = start;
    for (; is_secret_char(at_of(scan, end)); end++) {
        digits += is_digit(at_of(scan, end));
        letters += guard_is_letter(at_of(scan, end));
    }
    while (end > start && HAS_CHAR(at_of(scan, end - 1), ".!?:*"))
        end--;
    return digits && letters && end >= start + SECRET_MIN &&
           found(found_r, MASK_PASSWORD, start, end);
}

/* --- The pass --- */

/* Signs are everywhere in code and JSON: one look at what stands beside them comes first. */
static bool find_sign(const Scan *scan, size_t at, GuardFound *found_r)
{
    unsigned char next = at_of(scan, at + 1);
    bool is_colon = scan->text.at[at] == ':';
    if (is_colon && next == '/' && wants(scan, MASK_PASSWORD) && find_password(scan, at, found_r))
        return true;
    if (is_colon && (next == ':' || guard_is_alnum(next)) && wants(scan, MASK_IP) &&
        guard_find_ip6(scan->text, scan->floor, at, found_r))
        return true;
    return wants(scan, MASK_PASSWORD) && find_labelled(scan, at, found_r);
}

/* The letters that prefixes end in, behind the one that must stand before them. */
static bool ends_prefix(const Scan *scan, size_t at)
{
    unsigned char last = at_of(scan, at), previous = before(scan, at);
    return last == 'z' ? previous == 'I' : last != 'I' || previous == 'K' || previous == 'S';
}

static bool find_at(const Scan *scan, size_t at, GuardFound *found_r)
{
    unsigned char c = (unsigned char)scan->text.at[at];
    switch (c) {
    case '@': return wants(scan, MASK_EMAIL) && find_email(scan, at, found_r);
    case 'J':
        return before(scan, at) == 'y' && wants(scan, MASK_JWT) && find_jwt(scan, at, found_r);
    case ':':
    case '=': return find_sign(scan, at, found_r);
    case 'S':
        return at_of(scan, at + 1) == 'G' && wants(scan, MASK_API_KEY) &&
               find_dotted_key(scan, at, found_r);
    case '-':
        if (at_of(scan, at + 1) == '-' && wants(scan, MASK_PRIVATE_KEY) &&
            find_private_key(scan, at, found_r))
            return true;
        break;
    case '_':
    case 'I':
    case 'z': break;
    default:
        if (c == '2' && before(scan, at) == 'a' && wants(scan, MASK_API_KEY) &&
            at >= scan->floor + 2 && find_dotted_key(scan, at - 2, found_r))
            return true;
        return guard_find_number(scan->text, scan->floor, at, scan->kinds, found_r);
    }
    return ends_prefix(scan, at) && wants(scan, MASK_API_KEY) && find_key(scan, at, found_r);
}

static const bool stops[256] = {
    ['@'] = true, ['J'] = true, [':'] = true, ['+'] = true, ['-'] = true,
    ['_'] = true, ['I'] = true, ['z'] = true, ['='] = true, ['S'] = true,
    ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true,
    ['5'] = true, ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true
};

/* The characters that a find may be recognised at, of a block of the text at a time. */
typedef struct Stops {
    Str text;
    size_t block;
    uint64_t bits; /* of block: where one stands */
} Stops;

#define BLOCK 64

static uint64_t stops_at_end(Str rest)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < rest.length; i++)
        bits |= (uint64_t)stops[(unsigned char)rest.at[i]] << i;
    return bits;
}

static __m128i is_char(__m128i bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); }

/* From `first`, so many more. */
static __m128i is_within(__m128i bytes, char first, char more)
{
    __m128i distance = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(distance, _mm_set1_epi8(more)), distance);
}

/* The table above as comparisons: sixteen bytes are asked at once. */
static unsigned stops_in(__m128i bytes)
{
    __m128i numbers = _mm_or_si128(is_within(bytes, '0', ':' - '0'), is_char(bytes, '+'));
    __m128i joints = _mm_or_si128(is_char(bytes, '-'), is_char(bytes, '_'));
    __m128i signs = _mm_or_si128(is_char(bytes, '='), is_char(bytes, '@'));
    __m128i letters = _mm_or_si128(is_within(bytes, 'I', 'J' - 'I'),
                                   _mm_or_si128(is_char(bytes, 'S'), is_char(bytes, 'z')));
    return (unsigned)_mm_movemask_epi8(
        _mm_or_si128(_mm_or_si128(numbers, joints), _mm_or_si128(signs, letters)));
}

static void read_block(Stops *all)
{
    Str rest = str_from(all->text, all->block);
    all->bits = 0;
    if (rest.length < BLOCK) {
        all->bits = stops_at_end(rest);
        return;
    }
    for (int i = 0; i < BLOCK / 16; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(rest.at + 16 * i));
        all->bits |= (uint64_t)stops_in(bytes) << 16 * i;
    }
}

static Stops stops_from(Str text, size_t at)
{
    Stops all = { .text = text, .block = at };
    read_block(&all);
    return all;
}

/* The next one at or behind `at`; the end of the text when there is none. */
static size_t next_stop(Stops *all, size_t at)
{
    while (all->block + BLOCK <= at || !(all->bits >> (at - all->block))) {
        all->block += BLOCK;
        if (all->block >= all->text.length)
            return all->text.length;
        at = MAX(at, all->block);
        read_block(all);
    }
    return at + (size_t)__builtin_ctzll(all->bits >> (at - all->block));
}

bool guard_find(Str text, unsigned kinds, size_t *at, GuardFound *found_r)
{
    Scan scan = { text, kinds, *at };
    Stops all = stops_from(text, *at);
    for (size_t stop = next_stop(&all, *at); stop < text.length; stop = next_stop(&all, stop)) {
        if (find_at(&scan, stop, found_r)) {
            *at = found_r->end;
            return true;
        }
        /* A number is looked at once, as a whole. */
        bool is_number = is_digit(at_of(&scan, stop));
        while (is_number && is_digit(at_of(&scan, stop + 1)))
            stop++;
        stop++;
    }
    *at = text.length;
    return false;
}
