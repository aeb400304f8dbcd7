/* fuzz_query.c - any text typed into a search: it is understood or refused at a place inside it,
 * and what the index reads of it is the text with spaces in it. */
#include "search/query_language.h"

#include "base/utf8.h"
#include "index/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
    if (!good)
        abort();
}

static void check_reading(const QueryReading *reading)
{
    Str text = reading->text, words = reading->words;
    need(words.length == text.length);
    for (size_t i = 0; i < words.length; i++)
        need(words.at[i] == text.at[i] || words.at[i] == ' ' || words.at[i] == '-');
    for (size_t i = 0; i < reading->parts.count; i++)
        need(reading->parts.at[i].start < reading->parts.at[i].end &&
             reading->parts.at[i].end <= text.length);
    size_t conditions = 0;
    for (size_t i = 0; i < reading->clauses.count; i++)
        conditions += reading->clauses.at[i].count;
    need(conditions <= DOCUMENT_CONDITIONS_MAX && reading->clauses.count <= conditions);
}

static void check_index(Arena *arena, Str text)
{
    static const Language languages[] = { LANGUAGE_ENGLISH, LANGUAGE_GERMAN, LANGUAGE_CHINESE };
    Words *words = words_new();
    Query query = query_parse(arena, words, languages, COUNT(languages), text);
    for (size_t i = 0; i < query.terms.count; i++)
        need(query.terms.at[i].end <= query.text.length);
    for (size_t i = 0; i < query.clauses.count; i++)
        need(query.clauses.at[i].phrases.count > 0 && query.clauses.at[i].end <= query.text.length);
    words_free(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Str text = utf8_clean(arena, (Str){ (const char *)data, MIN(size, KB(9)) });
    QueryReading reading;
    Error err = { 0 };
    if (query_language_read(arena, text, QUERY_STRICT, &reading, &err)) {
        check_reading(&reading);
        check_index(arena, reading.words);
    } else {
        need(err.start <= err.end && err.end <= utf8_utf16_units(text, text.length));
    }
    if (query_language_read(arena, text, QUERY_LENIENT, &reading, &err))
        check_reading(&reading);
    return 0;
}
