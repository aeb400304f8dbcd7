/* query.c - see query.h. */
#include "index/query.h"

#include "base/utf8.h"

typedef struct Parser {
    Arena *arena;
    Words *words;
    const Language *languages;
    size_t language_count;
    Query query;
    VEC(QueryTerm) stop_terms; /* used when there are no others */
} Parser;

/* Bytes of a double quote of any shape at `at`, or 0. */
static size_t quote_size(Str text, size_t at)
{
    static const char *const quotes[] = { "\"",           "\xE2\x80\x9C", "\xE2\x80\x9D",
                                          "\xE2\x80\x9E", "\xC2\xAB",     "\xC2\xBB" };
    for (size_t i = 0; i < COUNT(quotes); i++)
        if (str_starts(str_from(text, at), str(quotes[i])))
            return strlen(quotes[i]);
    return 0;
}

static bool is_space(char c) { return HAS_CHAR(c, " \t\n\r"); }

/* One character of an unspaced script: the pair it is part of is a term already. */
static bool is_single_character(Str word)
{
    size_t size;
    return word.length > 1 && (utf8_decode(word, 0, &size), size == word.length);
}

static QueryTerm *find_term(QueryTerm *terms, size_t count, Str text)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(terms[i].text, text))
            return &terms[i];
    return NULL;
}

/* What accents that were typed count: enough to put the words that have them first. More for parts
 * of names costs 0.005 nDCG@10 on SciFact (siRNA). */
#define HINT_WEIGHT 0.2f

static void add_term(Parser *p, const QueryTerm *term)
{
    p->query.is_cut |= p->query.terms.count >= QUERY_TERMS_MAX;
    if (p->query.terms.count < QUERY_TERMS_MAX)
        *vec_push(p->arena, &p->query.terms) = *term;
}

/* The words at start..end as terms. A word that has the same form in two languages counts once
 * for each time it was typed, whatever the number of languages. */
static void add_terms(Parser *p, size_t start, size_t end)
{
    Str part = str_slice(p->query.text, start, end);
    for (size_t l = 0; l < p->language_count; l++) {
        WordList list = words_list(p->words, p->languages[l], part, p->arena);
        size_t known = p->query.terms.count, known_stop = p->stop_terms.count;
        for (size_t i = 0; i < list.words.count; i++) {
            const Word *word = &list.words.at[i];
            if (word->is_extra && is_single_character(word->text))
                continue;
            QueryTerm term = { .text = word->text,
                               .weight = word->is_hint ? HINT_WEIGHT : 1,
                               .start = (uint32_t)(start + word->start),
                               .end = (uint32_t)(start + word->end) };
            QueryTerm *same = find_term(p->query.terms.at, p->query.terms.count, word->text);
            bool first_language = l == 0 || (same && (size_t)(same - p->query.terms.at) >= known);
            if (word->is_stop) {
                if (!find_term(p->stop_terms.at, known_stop, word->text))
                    *vec_push(p->arena, &p->stop_terms) = term;
            } else if (!same) {
                add_term(p, &term);
            } else if (first_language) {
                same->weight += term.weight;
            }
        }
    }
}

static bool same_phrase(const QueryPhrase *a, const QueryPhrase *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!str_equal(a->words[i], b->words[i]))
            return false;
    return true;
}

static void add_phrase(Arena *arena, QueryClause *clause, QueryPhrase phrase)
{
    for (size_t i = 0; i < clause->phrases.count; i++)
        if (same_phrase(&clause->phrases.at[i], &phrase))
            return;
    if (phrase.count)
        *vec_push(arena, &clause->phrases) = phrase;
}

/* What stands between two spaces: a word, a phrase, either with a sign, a field or a form. */
typedef struct Piece {
    size_t start, end; /* all of it */
    size_t from, to;   /* the words in it */
    bool is_excluded, is_phrase, is_prefix;
    uint8_t edits, fields;
    uint16_t slop;
} Piece;

/* A word's beginning is compared as it is typed: not stemmed. */
static const Language as_typed = LANGUAGE_CHINESE;

static void add_piece_phrases(Parser *p, const Piece *piece, QueryClause *clause)
{
    Str part = str_slice(p->query.text, piece->from, piece->to);
    size_t count = piece->is_prefix ? 1 : p->language_count;
    for (size_t l = 0; l < count; l++) {
        Language language = piece->is_prefix ? as_typed : p->languages[l];
        WordList list = words_list(p->words, language, part, p->arena);
        QueryPhrase phrase = { .words = arena_new_array(p->arena, Str, list.words.count) };
        for (size_t i = 0; i < list.words.count; i++)
            if (!list.words.at[i].is_extra && phrase.count < QUERY_PHRASE_MAX)
                phrase.words[phrase.count++] = list.words.at[i].text;
        add_phrase(p->arena, clause, phrase);
    }
}

/* Any of the pieces; what they are besides is that of the first. */
static void add_clause(Parser *p, const Piece *pieces, size_t count)
{
    QueryClause clause = { .is_excluded = pieces->is_excluded,
                           .is_prefix = pieces->is_prefix,
                           .edits = pieces->edits,
                           .fields = pieces->fields,
                           .slop = pieces->slop,
                           .start = (uint32_t)pieces->from,
                           .end = (uint32_t)pieces[count - 1].to };
    for (size_t i = 0; i < count; i++)
        add_piece_phrases(p, &pieces[i], &clause);
    if (!clause.phrases.count)
        return;
    p->query.is_cut |= p->query.clauses.count >= QUERY_CLAUSES_MAX;
    if (p->query.clauses.count < QUERY_CLAUSES_MAX)
        *vec_push(p->arena, &p->query.clauses) = clause;
}

static void add_prefix(Parser *p, const Piece *piece)
{
    Str part = str_slice(p->query.text, piece->from, piece->to);
    WordList list = words_list(p->words, as_typed, part, p->arena);
    for (size_t i = 0; i < list.words.count; i++)
        add_term(p, &(QueryTerm){ .text = list.words.at[i].text,
                                  .weight = 1,
                                  .start = (uint32_t)(piece->from + list.words.at[i].start),
                                  .end = (uint32_t)(piece->from + list.words.at[i].end),
                                  .is_prefix = i + 1 == list.words.count });
}

static void add_piece_terms(Parser *p, const Piece *piece)
{
    size_t known = p->query.terms.count;
    if (piece->is_excluded)
        return;
    if (piece->is_prefix)
        add_prefix(p, piece);
    else
        add_terms(p, piece->from, piece->to);
    for (size_t i = known; i < p->query.terms.count; i++)
        p->query.terms.at[i].edits = piece->edits;
}

/* A quoted phrase at `at`: where its closing quote begins, or 0 when it is not closed. */
static size_t closing_quote(Str text, size_t at)
{
    for (; at < text.length; at++)
        if (quote_size(text, at))
            return at;
    return 0;
}

/* The field that a "title:" at *at names, and *at moves past it; 0: none. */
static uint8_t read_field(Str text, size_t *at)
{
    static const struct {
        Str name;
        uint8_t field;
    } fields[] = { { S_INIT("title:"), QUERY_TITLE },
                   { S_INIT("heading:"), QUERY_HEADINGS },
                   { S_INIT("body:"), QUERY_BODY } };
    for (size_t i = 0; i < COUNT(fields); i++) {
        size_t end = *at + fields[i].name.length;
        if (end < text.length && !is_space(text.at[end]) && !HAS_CHAR(text.at[end], ":/") &&
            str_equal_ignore_case(str_slice(text, *at, end), fields[i].name)) {
            *at = end;
            return fields[i].field;
        }
    }
    return 0;
}

/* "tele*", "word~", "word~2" */
static void read_form(Str text, Piece *piece)
{
    size_t to = piece->to;
    while (to > piece->from && HAS_CHAR(text.at[to - 1], "),.;:!?"))
        to--;
    Str word = str_slice(text, piece->from, to);
    if (str_ends(word, S("*")))
        piece->is_prefix = true, to--;
    else if (str_ends(word, S("~1")) || str_ends(word, S("~2")))
        piece->edits = (uint8_t)(text.at[to - 1] - '0'), to -= 2;
    else if (str_ends(word, S("~")))
        piece->edits = 1, to--;
    else
        return;
    if (to > piece->from)
        piece->to = to;
    else
        piece->is_prefix = false, piece->edits = 0;
}

/* `"two words"~5`: the number behind the phrase. */
static void read_slop(Str text, Piece *piece)
{
    size_t at = piece->end + 1;
    uint32_t slop = 0;
    if (piece->end >= text.length || text.at[piece->end] != '~')
        return;
    while (at < text.length && text.at[at] >= '0' && text.at[at] <= '9' && slop < QUERY_SLOP_MAX)
        slop = slop * 10 + (uint32_t)(text.at[at++] - '0');
    piece->slop = (uint16_t)MIN(slop, QUERY_SLOP_MAX);
    piece->end = at;
}

static Piece read_piece(Str text, size_t at)
{
    Piece piece = { .start = at };
    piece.is_excluded = text.at[at] == '-' && at + 1 < text.length && !is_space(text.at[at + 1]) &&
                        !HAS_CHAR(text.at[at + 1], "-0123456789");
    at += piece.is_excluded;
    piece.fields = read_field(text, &at);
    size_t quote = quote_size(text, at), close = quote ? closing_quote(text, at + quote) : 0;
    piece.is_phrase = close > 0;
    piece.from = at + (close ? quote : 0);
    if (close) {
        piece.to = close;
        piece.end = close + quote_size(text, close);
        read_slop(text, &piece);
        return piece;
    }
    while (at < text.length && !is_space(text.at[at]) &&
           (piece.is_excluded || at == piece.from || !quote_size(text, at)))
        at++;
    piece.to = piece.end = at;
    read_form(text, &piece);
    return piece;
}

/* Whether it is more than a plain word. */
static bool is_special(const Piece *piece)
{
    return piece->is_excluded || piece->is_phrase || piece->is_prefix || piece->edits ||
           piece->fields;
}

enum { CHAIN_MAX = 16 };

/* "a OR b OR c" from the piece at `at`: how many there are. One that is excluded, a beginning or
 * has edits is in no chain. */
static size_t read_chain(Str text, size_t at, Piece pieces[CHAIN_MAX])
{
    size_t count = 0;
    while (count < CHAIN_MAX && at < text.length) {
        Piece piece = read_piece(text, at);
        bool fits = !piece.is_excluded && !piece.is_prefix && !piece.edits && !piece.slop &&
                    (!count || piece.fields == pieces->fields);
        if (count && !fits)
            break;
        pieces[count++] = piece;
        at = piece.end;
        while (at < text.length && is_space(text.at[at]))
            at++;
        if (!fits || !str_starts(str_from(text, at), S("OR ")))
            break;
        for (at += 2; at < text.length && is_space(text.at[at]);)
            at++;
    }
    return count;
}

/* What begins at `at`, if it is more than a plain word: where it ends, or `at`. Parentheses in
 * front of it are skipped at once: read anew behind each of 8,000 they would take seconds. */
static size_t parse_operator(Parser *p, size_t at)
{
    Str text = p->query.text;
    Piece pieces[CHAIN_MAX];
    bool at_start = at == 0 || is_space(text.at[at - 1]);
    if (!at_start && !quote_size(text, at))
        return at;
    size_t first = at;
    while (first < text.length && text.at[first] == '(')
        first++;
    size_t count = read_chain(text, first, pieces);
    if (!count || (count == 1 && !is_special(pieces)))
        return at;
    /* A beginning and a word with edits are wanted, not needed. */
    if (count > 1 || pieces->is_excluded || pieces->is_phrase || pieces->fields)
        add_clause(p, pieces, count);
    for (size_t i = 0; i < count; i++)
        add_piece_terms(p, &pieces[i]);
    return pieces[count - 1].end;
}

Query query_parse(Arena *arena, Words *words, const Language *languages, size_t language_count,
                  Str text)
{
    Parser p = { .arena = arena,
                 .words = words,
                 .languages = languages,
                 .language_count = MIN(language_count, QUERY_LANGUAGES_MAX) };
    p.query.text =
        str_copy(arena, str_slice(text, 0, utf8_floor(text, MIN(text.length, QUERY_TEXT_MAX))));
    size_t plain = 0, at = 0;
    while (at < p.query.text.length) {
        /* Plain words gather up to the next operator, so that terms keep their order. */
        size_t end = is_space(p.query.text.at[at]) ? at : parse_operator(&p, at);
        if (end > at) {
            add_terms(&p, plain, at);
            plain = end;
        }
        at = MAX(end, at + 1);
    }
    add_terms(&p, plain, p.query.text.length);
    for (size_t i = 0; !p.query.terms.count && i < p.stop_terms.count; i++)
        *vec_push(arena, &p.query.terms) = p.stop_terms.at[i];
    query_mark_frame(arena, words, languages, p.language_count, &p.query);
    return p.query;
}

/* From here on scripts are written without spaces (CJK Radicals Supplement). */
#define UNSPACED_FROM 0x2E80

Str query_open_word(Arena *arena, Words *words, const Query *query, ByteRange *range_r)
{
    Str text = query->text;
    size_t from = 0, size;
    for (size_t i = 0; i < query->clauses.count; i++)
        from = MAX(from, query->clauses.at[i].end);
    from += from ? quote_size(text, from) : 0;
    for (size_t i = from; i < text.length; i++)
        if (quote_size(text, i))
            return STR_NONE; /* a phrase that is not closed yet */
    /* A language without a stemmer: words as they are. */
    WordList list = words_list(words, LANGUAGE_CHINESE, text, arena);
    for (size_t i = list.words.count; i-- > 0;) {
        const Word *word = &list.words.at[i];
        if (word->is_extra)
            continue;
        if (word->end != text.length || word->start < from || word->text.length < 2 ||
            utf8_decode(word->text, 0, &size) >= UNSPACED_FROM)
            return STR_NONE;
        *range_r = (ByteRange){ word->start, word->end };
        return word->text;
    }
    return STR_NONE;
}

/* --- Snippets --- */

typedef struct Match {
    ByteRange range;
    size_t term;
} Match;

typedef struct MatchSink {
    Arena *arena;
    const Query *query;
    uint64_t marks; /* of the query's terms: most words are none of them */
    VEC(Match) matches;
} MatchSink;

/* Of 64, by length and first byte. */
static uint64_t mark_of(Str text)
{
    unsigned first = text.length ? (uint8_t)text.at[0] : 0;
    return UINT64_C(1) << ((first + 7 * text.length) % 64);
}

static void add_match(void *self, const Word *word)
{
    MatchSink *sink = self;
    const QueryTerm *terms = sink->query->terms.at;
    if (!(sink->marks & mark_of(word->text)))
        return;
    for (size_t i = 0; i < sink->query->terms.count; i++)
        if (str_equal(terms[i].text, word->text)) {
            ByteRange range = { word->start, word->end };
            *vec_push(sink->arena, &sink->matches) = (Match){ range, i };
            return;
        }
}

/* The words of the text from `first` on are those of the phrase; *last_r is the last of them. */
static bool phrase_at(const WordList *list, size_t first, const QueryPhrase *phrase, size_t *last_r)
{
    size_t found = 0;
    for (size_t i = first; i < list->words.count && found < phrase->count; i++) {
        const Word *word = &list->words.at[i];
        if (word->is_extra)
            continue;
        if (!str_equal(word->text, phrase->words[found]))
            return false;
        *last_r = i;
        found++;
    }
    return phrase->count && found == phrase->count;
}

static int by_start(const void *a, const void *b)
{
    const Match *left = a, *right = b;
    if (left->range.start != right->range.start)
        return left->range.start < right->range.start ? -1 : 1;
    return (left->range.end < right->range.end) - (left->range.end > right->range.end);
}

/* Phrases are marked whole, with their stop words. */
static void add_phrase_matches(MatchSink *sink, Words *words, Language language, Str text)
{
    const Query *query = sink->query;
    WordList list = { 0 };
    size_t last = 0, before = sink->matches.count;
    for (size_t c = 0; c < query->clauses.count; c++) {
        const QueryClause *clause = &query->clauses.at[c];
        if (clause->is_excluded || clause->slop)
            continue;
        if (!list.words.count)
            list = words_list(words, language, text, sink->arena);
        for (size_t p = 0; p < clause->phrases.count; p++)
            for (size_t i = 0; i < list.words.count; i++)
                if (!list.words.at[i].is_extra &&
                    phrase_at(&list, i, &clause->phrases.at[p], &last)) {
                    ByteRange range = { list.words.at[i].start, list.words.at[last].end };
                    *vec_push(sink->arena, &sink->matches) = (Match){ range, 0 };
                }
    }
    if (sink->matches.count > before)
        qsort(sink->matches.at, sink->matches.count, sizeof(Match), by_start);
}

/* How good the window that begins with match `first` is: different words first, then matches. */
static size_t window_value(const MatchSink *sink, size_t first, size_t bytes_max)
{
    uint8_t seen[QUERY_TERMS_MAX] = { 0 };
    size_t value = 0;
    const Match *matches = sink->matches.at;
    for (size_t i = first; i < sink->matches.count; i++) {
        if (matches[i].range.end > matches[first].range.start + bytes_max)
            break;
        value += seen[matches[i].term] ? 1 : 100;
        seen[matches[i].term] = 1;
    }
    return value;
}

/* The beginning of a sentence at most `room` bytes before `at`, else of a word. */
static size_t window_start(Str text, size_t at, size_t room)
{
    size_t least = at > room ? at - room : 0, word = at;
    for (size_t i = at; i > least; i--) {
        if (!is_space(text.at[i - 1]))
            continue;
        word = i;
        if (i > 1 && (HAS_CHAR(text.at[i - 2], ".!?") || text.at[i - 1] == '\n'))
            return i;
    }
    return least == 0 ? 0 : word;
}

static size_t window_end(Str text, size_t start, size_t bytes_max)
{
    size_t end = MIN(start + bytes_max, text.length), word = end;
    if (end == text.length)
        return end;
    while (word > start && !is_space(text.at[word]))
        word--;
    return word > start + bytes_max / 2 ? word : utf8_floor(text, end);
}

Snippet query_snippet(Arena *arena, const Query *query, Words *words, Language language, Str text,
                      size_t bytes_max)
{
    MatchSink sink = { .arena = arena, .query = query };
    Snippet snippet = { 0 };
    size_t best = 0, best_value = 0;

    for (size_t i = 0; i < query->terms.count; i++)
        sink.marks |= mark_of(query->terms.at[i].text);
    words_split(words, language, text, add_match, &sink);
    add_phrase_matches(&sink, words, language, text);
    for (size_t i = 0; i < sink.matches.count; i++) {
        size_t value = window_value(&sink, i, bytes_max * 3 / 4);
        if (value > best_value)
            best = i, best_value = value;
    }
    size_t first = sink.matches.count ? sink.matches.at[best].range.start : 0;
    snippet.start = (uint32_t)window_start(text, first, bytes_max / 4);
    snippet.end = (uint32_t)window_end(text, snippet.start, bytes_max);
    uint32_t done = 0;
    for (size_t i = 0; i < sink.matches.count; i++) {
        ByteRange range = sink.matches.at[i].range;
        /* Two forms of one word, or overlapping pairs, are marked once. */
        if (range.start < snippet.start || range.end > snippet.end)
            continue;
        if (range.start < done && snippet.matches.count) {
            ByteRange *last = &snippet.matches.at[snippet.matches.count - 1];
            last->end = done = MAX(last->end, range.end);
            continue;
        }
        *vec_push(arena, &snippet.matches) = range;
        done = range.end;
    }
    return snippet;
}
