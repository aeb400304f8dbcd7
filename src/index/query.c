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
                if (p->query.terms.count < QUERY_TERMS_MAX)
                    *vec_push(p->arena, &p->query.terms) = term;
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

static void add_clause(Parser *p, size_t start, size_t end, bool is_excluded)
{
    Str part = str_slice(p->query.text, start, end);
    QueryClause clause = { .is_excluded = is_excluded,
                           .start = (uint32_t)start,
                           .end = (uint32_t)end };
    for (size_t l = 0; l < p->language_count; l++) {
        WordList list = words_list(p->words, p->languages[l], part, p->arena);
        QueryPhrase phrase = { .words = arena_new_array(p->arena, Str, list.words.count) };
        for (size_t i = 0; i < list.words.count; i++)
            if (!list.words.at[i].is_extra && phrase.count < QUERY_PHRASE_MAX)
                phrase.words[phrase.count++] = list.words.at[i].text;
        add_phrase(p->arena, &clause, phrase);
    }
    if (clause.phrases.count && p->query.clauses.count < QUERY_CLAUSES_MAX)
        *vec_push(p->arena, &p->query.clauses) = clause;
}

/* A quoted phrase at `at`: where its closing quote begins, or 0 when it is not closed. */
static size_t closing_quote(Str text, size_t at)
{
    for (; at < text.length; at++)
        if (quote_size(text, at))
            return at;
    return 0;
}

/* A phrase or a -word at `at`; where it ends, or `at` when there is neither. */
static size_t parse_operator(Parser *p, size_t at)
{
    Str text = p->query.text;
    bool at_start = at == 0 || is_space(text.at[at - 1]);
    bool minus = text.at[at] == '-' && at_start && at + 1 < text.length &&
                 !is_space(text.at[at + 1]) && !HAS_CHAR(text.at[at + 1], "-0123456789");
    size_t from = at + minus, quote = from < text.length ? quote_size(text, from) : 0;
    size_t close = quote ? closing_quote(text, from + quote) : 0;
    if (close) {
        add_clause(p, from + quote, close, minus);
        if (!minus)
            add_terms(p, from + quote, close);
        return close + quote_size(text, close);
    }
    if (!minus)
        return at;
    size_t end = from;
    while (end < text.length && !is_space(text.at[end]))
        end++;
    add_clause(p, from, end, true);
    return end;
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
        char c = p.query.text.at[at];
        if (c != '-' && !quote_size(p.query.text, at)) {
            at++;
            continue;
        }
        size_t end = parse_operator(&p, at);
        if (end > at) {
            add_terms(&p, plain, at);
            plain = end;
        }
        at = MAX(end, at + 1);
    }
    add_terms(&p, plain, p.query.text.length);
    for (size_t i = 0; !p.query.terms.count && i < p.stop_terms.count; i++)
        *vec_push(arena, &p.query.terms) = p.stop_terms.at[i];
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
    VEC(Match) matches;
} MatchSink;

static void add_match(void *self, const Word *word)
{
    MatchSink *sink = self;
    const QueryTerm *terms = sink->query->terms.at;
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
