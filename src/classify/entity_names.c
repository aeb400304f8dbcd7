/* entity_names.c - people, organisations and places: runs of words written as names, told apart by
 * the words that they are made of and that stand beside them. */
#include <pthread.h>

#include "base/map.h"
#include "base/utf8.h"
#include "classify/entities_int.h"

enum {
#define NAME_WORDS(what, words) WORD_##what,
#include "classify/entity_names.def"
#undef NAME_WORDS
    WORD_KINDS
};

#define RUN_MAX 8 /* words of one name */

/* A word with its marks: "U.S.", "O'Brien", "Coca-Cola". */
typedef struct Token {
    size_t start, end;
    uint32_t kinds;  /* bit n: WORD_n */
    bool is_capital; /* its first letter */
    bool is_acronym; /* two to six capitals, and nothing else */
    bool is_first;   /* of its sentence or line */
    bool is_joined;  /* only a blank, or a full stop of a title, stands before it */
    bool is_owned;   /* "'s" stands before it */
    bool has_inner;  /* a capital behind a small letter: "OpenAI" */
} Token;

typedef struct Names {
    EntitySearch *search;
    VEC(Token) tokens;
    Map people; /* last names of people already named: 1 */
} Names;

/* --- Words that say something --- */

static Map known;
static pthread_once_t known_once = PTHREAD_ONCE_INIT;

static void fill_known(void)
{
    static const char *const lists[] = {
#define NAME_WORDS(what, words) words,
#include "classify/entity_names.def"
#undef NAME_WORDS
    };
    known = map_new(arena_new(MB(4)));
    for (int kind = 0; kind < WORD_KINDS; kind++) {
        Str rest = str(lists[kind]), word;
        while (str_next(&rest, '|', &word))
            map_add(&known, word, NULL)->number |= 1 << kind;
    }
}

static uint32_t kinds_of(Str word)
{
    const MapEntry *entry = map_find(&known, word);
    return entry ? (uint32_t)entry->number : 0;
}

static inline bool says(uint32_t kinds, int kind) { return kinds >> kind & 1; }

/* --- Tokens --- */

static bool is_capital_at(Str text, size_t at)
{
    unsigned char first = entity_byte(text, at), second = entity_byte(text, at + 1);
    /* Latin-1 capitals; and those of Latin Extended-A, which are the even ones. */
    return entity_is_upper(first) || (first == 0xC3 && second >= 0x80 && second <= 0x9E) ||
           ((first == 0xC4 || first == 0xC5) && !(second & 1));
}

static size_t word_end(Str text, size_t at)
{
    size_t end = at;
    for (; end < text.length; end++) {
        unsigned char c = entity_byte(text, end), next = entity_byte(text, end + 1);
        bool is_curly = str_starts(str_from(text, end), S("\xE2\x80\x99"));
        if (is_curly ||
            (c == '\'' && (next | 32) == 's' && !entity_is_alnum(entity_byte(text, end + 2))))
            return end;
        if (c == 0xE2)
            return end; /* dashes, quotes, dots */
        bool is_inside = end > at && entity_is_alnum(next) && HAS_CHAR(c, "'-&/");
        bool is_initial = c == '.' && end > at && entity_is_letter(entity_byte(text, end - 1)) &&
                          (end - at == 1 ? entity_is_upper(entity_byte(text, at))
                                         : entity_byte(text, end - 2) == '.');
        if (!entity_is_alnum(c) && !is_inside && !is_initial)
            return end;
    }
    return end;
}

static bool is_acronym(Str word)
{
    for (size_t i = 0; i < word.length; i++)
        if (!entity_is_upper((unsigned char)word.at[i]))
            return false;
    return word.length >= 2 && word.length <= 6;
}

static bool has_inner_capital(Str word)
{
    for (size_t i = 1; i < word.length; i++)
        if (entity_is_upper((unsigned char)word.at[i]) &&
            (unsigned char)(word.at[i - 1] - 'a') < 26)
            return true;
    return false;
}

/* What stands between two words: does it end a sentence, or only part them? */
static void read_gap(Str gap, Token *token)
{
    size_t blanks = 0;
    token->is_owned = str_is(gap, "'s ") || str_is(gap, "\xE2\x80\x99s ");
    token->is_joined = true;
    if (str_is(gap, " & "))
        return;
    for (size_t i = 0; i < gap.length; i++) {
        char c = gap.at[i];
        blanks += c == ' ';
        if (HAS_CHAR(c, "!?\n\r:;\"") || (c == '.' && gap.length > i + 1))
            token->is_first = true;
        if (c != ' ' && c != '.')
            token->is_joined = false;
    }
    token->is_joined = token->is_joined && blanks == 1 && gap.length <= 2;
}

static void read_tokens(Names *n)
{
    Str text = n->search->text;
    size_t before = 0;
    for (size_t at = 0; at < text.length && entity_go_on(n->search);) {
        if (!entity_is_alnum(entity_byte(text, at)) || entity_byte(text, at) == 0xE2) {
            at++;
            continue;
        }
        size_t end = word_end(text, at);
        end = MAX(end, at + 1);
        Str word = str_slice(text, at, end);
        Token token = { .start = at, .end = end, .is_first = before == 0 };
        token.kinds = kinds_of(word);
        token.is_capital = is_capital_at(text, at) && !n->search->is_taken[at];
        token.is_acronym = is_acronym(word);
        token.has_inner = has_inner_capital(word);
        read_gap(str_slice(text, before, at), &token);
        /* The full stop of "Dr." or of an initial ends nothing. */
        if (n->tokens.count && entity_byte(text, before) == '.') {
            const Token *last = &n->tokens.at[n->tokens.count - 1];
            if (says(last->kinds, WORD_TITLE) || says(last->kinds, WORD_PLACE_START) ||
                last->end - last->start == 1)
                token.is_first = false;
            else
                token.is_joined = false;
        }
        *vec_push(n->search->arena, &n->tokens) = token;
        before = at = end;
    }
}

/* --- Runs --- */

static Str token_text(const Names *n, size_t at)
{
    return str_slice(n->search->text, n->tokens.at[at].start, n->tokens.at[at].end);
}

static Str run_text(const Names *n, size_t first, size_t count)
{
    return str_slice(n->search->text, n->tokens.at[first].start,
                     n->tokens.at[first + count - 1].end);
}

/* Small words inside of names: "Bank of England", "Ludwig van Beethoven". */
static bool is_link(Str word, bool is_organisation)
{
    static const char *const links[] = { "of",  "de",  "da", "di", "del", "della", "van", "von",
                                         "der", "den", "la", "le", "du",  "des",   "bin", "al" };
    for (size_t i = 0; i < COUNT(links); i++)
        if (str_is(word, links[i]))
            return true;
    return is_organisation && (str_is(word, "and") || str_is(word, "for") || str_is(word, "the"));
}

/* Words of the longest name of several words that is known, from `first` on; 0: none. */
static size_t known_length(const Names *n, size_t first)
{
    size_t best = 0;
    for (size_t count = 2; count <= 5 && first + count <= n->tokens.count; count++) {
        if (!n->tokens.at[first + count - 1].is_joined)
            break;
        uint32_t kinds = kinds_of(run_text(n, first, count));
        if (says(kinds, WORD_LONG_PLACE) || says(kinds, WORD_LONG_ORGANISATION))
            best = count;
    }
    return best;
}

static bool may_begin(const Names *n, size_t at)
{
    const Token *token = &n->tokens.at[at];
    return token->is_capital &&
           !(says(token->kinds, WORD_NO_NAME) && !says(token->kinds, WORD_TITLE));
}

/* A name goes on: with a capital, or with a link and a capital behind it. */
static size_t run_length(const Names *n, size_t first)
{
    size_t count = 1;
    bool is_organisation = says(n->tokens.at[first].kinds, WORD_ORGANISATION_OF);
    while (count < RUN_MAX && first + count < n->tokens.count) {
        const Token *token = &n->tokens.at[first + count];
        bool is_house = token->is_owned && says(token->kinds, WORD_COMPANY_END);
        if ((!token->is_joined && !is_house) || n->search->is_taken[token->start])
            break;
        if (token->is_capital && !says(token->kinds, WORD_NO_NAME)) {
            is_organisation = is_organisation || says(token->kinds, WORD_ORGANISATION_OF);
            count++;
            continue;
        }
        size_t links = 0;
        while (links < 2 && first + count + links < n->tokens.count && token[links].is_joined &&
               is_link(token_text(n, first + count + links), is_organisation))
            links++;
        if (!links || first + count + links >= n->tokens.count || !token[links].is_capital ||
            !token[links].is_joined || says(token[links].kinds, WORD_NO_NAME))
            break;
        bool is_of = str_is(token_text(n, first + count), "of");
        if (is_of && !is_organisation && !says(n->tokens.at[first].kinds, WORD_PLACE_START) &&
            !says(token[-1].kinds, WORD_COMPANY_END))
            break;
        count += links + 1;
    }
    return MIN(count, (size_t)RUN_MAX);
}

/* --- What a run names --- */

typedef struct Verdict {
    EntityKind kind; /* ENTITY_KIND_COUNT: nothing */
    double confidence;
} Verdict;
static const Verdict nothing = { ENTITY_KIND_COUNT, 0 };

static uint32_t beside(const Names *n, size_t at, ptrdiff_t by)
{
    ptrdiff_t place = (ptrdiff_t)at + by;
    if (place < 0 || place >= (ptrdiff_t)n->tokens.count)
        return 0;
    size_t next = (size_t)(by < 0 ? place + 1 : place);
    return n->tokens.at[next].is_first ? 0 : n->tokens.at[place].kinds;
}

/* By the words of the run alone. */
static Verdict by_its_words(const Names *n, size_t first, size_t count)
{
    uint32_t whole = kinds_of(run_text(n, first, count));
    const Token *tokens = n->tokens.at + first, *last = tokens + count - 1;
    if (says(whole, WORD_LONG_PLACE))
        return (Verdict){ ENTITY_PLACE, 0.95 };
    if (says(whole, WORD_LONG_ORGANISATION))
        return (Verdict){ ENTITY_ORGANISATION, 0.95 };
    if (count == 1 && says(whole, WORD_ORGANISATION))
        return (Verdict){ ENTITY_ORGANISATION, 0.9 };
    if (count == 1 && says(whole, WORD_PLACE))
        return (Verdict){ ENTITY_PLACE, 0.9 };
    if (count > 1 && (says(last->kinds, WORD_COMPANY_END) ||
                      (says(tokens->kinds, WORD_ORGANISATION_OF) && count > 2)))
        return (Verdict){ ENTITY_ORGANISATION, 0.9 };
    if (count > 1 && says(tokens->kinds, WORD_ORGANISATION_START))
        return (Verdict){ ENTITY_ORGANISATION, 0.7 };
    if (count > 1 && (says(last->kinds, WORD_PLACE_END) || says(tokens->kinds, WORD_PLACE_START)))
        return (Verdict){ ENTITY_PLACE, 0.8 };
    if (count <= 4 && says(tokens->kinds, WORD_FIRST))
        return (Verdict){ ENTITY_PERSON, count > 1 ? 0.95 : 0.8 };
    return nothing;
}

static Verdict by_its_neighbours(const Names *n, size_t first, size_t count)
{
    uint32_t before = beside(n, first, -1), after = beside(n, first + count - 1, 1);
    const Token *token = &n->tokens.at[first];
    bool owns =
        str_starts(str_from(n->search->text, n->tokens.at[first + count - 1].end), S("'s")) ||
        str_starts(str_from(n->search->text, n->tokens.at[first + count - 1].end),
                   S("\xE2\x80\x99s"));
    if (count == 1 && map_find(&n->people, token_text(n, first)))
        return (Verdict){ ENTITY_PERSON, 0.85 };
    if (token->has_inner && count == 1 && !token->is_acronym)
        return (Verdict){ ENTITY_ORGANISATION, 0.6 };
    if (count == 1 && token->is_first && !owns && !says(after, WORD_PERSON_AFTER) &&
        !says(after, WORD_ORGANISATION_AFTER))
        return nothing;
    if (says(after, WORD_ORGANISATION_AFTER))
        return (Verdict){ ENTITY_ORGANISATION, 0.7 };
    if (token->is_acronym && count == 1 && says(before, WORD_ORGANISATION_BEFORE))
        return (Verdict){ ENTITY_ORGANISATION, 0.6 };
    /* Other words in capitals alone are abbreviations, constants and headings. */
    for (size_t i = 0; i < count; i++)
        if (token[i].is_acronym)
            return nothing;
    if (says(after, WORD_PERSON_AFTER) && count <= 3)
        return (Verdict){ ENTITY_PERSON, 0.7 };
    if (says(before, WORD_PLACE_BEFORE) && count <= 2)
        return (Verdict){ ENTITY_PLACE, 0.6 };
    if (says(before, WORD_PERSON_BEFORE) && count >= 2 && count <= 3)
        return (Verdict){ ENTITY_PERSON, 0.6 };
    if (says(before, WORD_ORGANISATION_BEFORE))
        return (Verdict){ ENTITY_ORGANISATION, 0.55 };
    /* Headings begin so too. */
    if (count >= 2 && count <= 3 && !token->is_first)
        return (Verdict){ ENTITY_PERSON, 0.5 };
    return nothing;
}

static void remember_person(Names *n, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const Token *token = &n->tokens.at[first + i];
        if (token->is_capital && token->end - token->start > 2)
            map_add(&n->people, token_text(n, first + i), NULL)->number = 1;
    }
}

static void name_run(Names *n, size_t first, size_t count)
{
    Verdict verdict = nothing;
    bool has_title = false;
    size_t name = first, left = count;
    while (left && says(n->tokens.at[name].kinds, WORD_TITLE)) {
        /* "Saint Petersburg" keeps its title, "King" alone names nobody. */
        name++;
        left--;
        has_title = true;
    }
    uint32_t whole = kinds_of(run_text(n, first, count));
    if (has_title && (says(whole, WORD_LONG_PLACE) || says(whole, WORD_LONG_ORGANISATION))) {
        name = first, left = count;
    } else if (has_title && left && left <= 4) {
        verdict = (Verdict){ ENTITY_PERSON, 0.95 };
        if (left > 1 && says(n->tokens.at[name + left - 1].kinds, WORD_COMPANY_END))
            verdict = by_its_words(n, first, count), name = first, left = count;
    }
    /* A letter alone is a variable or an initial. */
    if (!left || (left == 1 && n->tokens.at[name].end - n->tokens.at[name].start < 2))
        return;
    if (verdict.kind == ENTITY_KIND_COUNT)
        verdict = by_its_words(n, name, left);
    /* "German chancellor" and "Swiss Alps" are named by what follows, if by anything. */
    if (verdict.kind == ENTITY_KIND_COUNT && says(n->tokens.at[name].kinds, WORD_NATION)) {
        if (left > 1)
            name_run(n, name + 1, left - 1);
        return;
    }
    if (verdict.kind == ENTITY_KIND_COUNT)
        verdict = by_its_neighbours(n, name, left);
    if (verdict.kind == ENTITY_KIND_COUNT)
        return;
    /* A guess is not passed on. */
    if (verdict.kind == ENTITY_PERSON && verdict.confidence >= 0.7)
        remember_person(n, name, left);
    entity_add(n->search, verdict.kind, n->tokens.at[name].start, n->tokens.at[name + left - 1].end,
               STR_NONE, verdict.confidence, false);
}

void entity_find_names(EntitySearch *search)
{
    Names names = { .search = search, .people = map_new(search->arena) };
    pthread_once(&known_once, fill_known);
    read_tokens(&names);
    for (size_t at = 0; at < names.tokens.count && entity_go_on(search);) {
        size_t count = known_length(&names, at);
        if (!count && !may_begin(&names, at)) {
            at++;
            continue;
        }
        count = MAX(count, run_length(&names, at));
        name_run(&names, at, count);
        at += count;
    }
}
