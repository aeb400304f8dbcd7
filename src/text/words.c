/* words.c - see words.h. */
#include "text/words.h"

#include <assert.h>
#include <libstemmer.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "base/utf8.h"
#include "text/fold.h"

/* Words repeat: the cache saves the stemmer nine times of ten. Direct mapped, by the raw bytes. */
#define CACHE_SLOTS 8192
#define CACHE_KEY_MAX 26
#define CACHE_TEXT_MAX 34

typedef struct CacheSlot {
    uint8_t key_length, text_length;
    uint8_t language, is_stop, has_accents;
    char key[CACHE_KEY_MAX];
    char text[CACHE_TEXT_MAX];
} CacheSlot;

struct Words {
    struct sb_stemmer *stemmers[LANGUAGE_COUNT];
    CacheSlot cache[CACHE_SLOTS];
};

typedef enum CharClass { CHAR_OTHER, CHAR_LETTER, CHAR_DIGIT, CHAR_MARK, CHAR_UNSPACED } CharClass;

/* One text being split. */
typedef struct Splitter {
    Words *words;
    Language language;
    const LanguageAbout *about;
    Str text;
    WordSink *sink;
    void *self;
    uint32_t position;
    bool is_hint; /* what is emitted now */
} Splitter;

/* What stands between two white spaces, as far as connectors join it. */
#define PARTS_MAX 24
typedef struct Part {
    uint32_t start, end;
    bool is_number, has_digit;
} Part;

Words *words_new(void) { return heap_alloc(sizeof(Words)); }

void words_free(Words *words)
{
    if (!words)
        return;
    for (Language l = 0; l < LANGUAGE_COUNT; l++)
        sb_stemmer_delete(words->stemmers[l]);
    free(words);
}

/* --- Characters --- */

/* Scripts that put no spaces between words; Hangul is cut the same way because its particles hang
 * on the word and no stemmer of ours knows them. */
static bool is_unspaced(uint32_t c)
{
    return (c >= 0x0E00 && c < 0x0F00) || (c >= 0x1000 && c < 0x10A0) ||
           (c >= 0x1780 && c < 0x1800) || (c >= 0x3005 && c <= 0x3007) ||
           (c >= 0x3040 && c < 0x3130) || (c >= 0x31F0 && c < 0x3200) ||
           (c >= 0x3400 && c < 0xA000) || (c >= 0xAC00 && c < 0xD7B0) ||
           (c >= 0xF900 && c < 0xFB00) || (c >= 0xFF66 && c < 0xFFA0) ||
           (c >= 0x20000 && c < 0x32000);
}

static CharClass class_of(uint32_t c)
{
    if (c < 0x80)
        return (c | 0x20) - 'a' < 26 ? CHAR_LETTER : c - '0' < 10 ? CHAR_DIGIT : CHAR_OTHER;
    uint32_t mask = U_MASK(u_charType((UChar32)c));
    if (mask & U_GC_M_MASK)
        return CHAR_MARK;
    if (!(mask & (U_GC_L_MASK | U_GC_N_MASK)))
        return c == 0x200D || c == 0x200C || c == 0xAD ? CHAR_MARK : CHAR_OTHER;
    if (is_unspaced(c))
        return CHAR_UNSPACED;
    return mask & U_GC_ND_MASK ? CHAR_DIGIT : CHAR_LETTER;
}

static CharClass class_at(Str text, size_t at, size_t *size_r)
{
    if (at >= text.length) {
        *size_r = 0;
        return CHAR_OTHER;
    }
    if ((uint8_t)text.at[at] < 0x80) {
        *size_r = 1;
        return class_of((uint8_t)text.at[at]);
    }
    return class_of(utf8_decode(text, at, size_r));
}

static bool is_digit_at(Str text, size_t at)
{
    return at < text.length && text.at[at] >= '0' && text.at[at] <= '9';
}

static size_t digits_end(Str text, size_t at)
{
    while (is_digit_at(text, at))
        at++;
    return at;
}

/* Of ASCII, which most are: no need to ask what each of them is. */
static size_t letters_end(Str text, size_t at)
{
    while (at < text.length && (uint8_t)((text.at[at] | 0x20) - 'a') < 26)
        at++;
    return at;
}

/* --- One word --- */

static Str stem(Splitter *s, Str word)
{
    if (!s->about->stemmer || word.length < 3)
        return word;
    for (size_t i = 0; i < word.length; i++)
        if (is_digit_at(word, i))
            return word;
    struct sb_stemmer **stemmer = &s->words->stemmers[s->language];
    if (!*stemmer)
        *stemmer = sb_stemmer_new(s->about->stemmer, "UTF_8");
    if (!*stemmer)
        return word;
    const sb_symbol *stemmed =
        sb_stemmer_stem(*stemmer, (const sb_symbol *)word.at, (int)word.length);
    return stemmed ? (Str){ (const char *)stemmed, (size_t)sb_stemmer_length(*stemmer) } : word;
}

/* U+2019 is how most texts write the apostrophe that the stemmers know as '. */
static Str plain_apostrophes(Str word, char *out)
{
    size_t length = 0;
    for (size_t i = 0; i < word.length; i++)
        if (i + 3 <= word.length && memcmp(word.at + i, "\xE2\x80\x99", 3) == 0)
            out[length++] = '\'', i += 2;
        else
            out[length++] = word.at[i];
    return (Str){ out, length };
}

#define FORM_MAX (WORD_TEXT_MAX * 4)

typedef struct Form {
    char first[FORM_MAX], second[FORM_MAX], third[FORM_MAX];
} Form;

/* Raw bytes to what the index stores, the long way; the text is inside `form` or the stemmer.
 * *accents_r: accents were dropped. */
static Str make_form(Splitter *s, Str raw, Form *form, bool *is_stop_r, bool *accents_r)
{
    Str word = str_slice(raw, 0, utf8_floor(raw, MIN(raw.length, WORD_TEXT_MAX)));
    word = plain_apostrophes(word, form->first);
    word = fold_case(word, form->second, FORM_MAX);
    *is_stop_r = language_is_stop_word(s->language, word);
    Str plain = fold_accents(word, form->third, FORM_MAX);
    *accents_r = !str_equal(plain, word);
    if (s->about->accents == FOLD_FIRST)
        return stem(s, plain);
    return fold_accents(stem(s, word), form->third, FORM_MAX);
}

static void emit(Splitter *s, Str text, size_t start, size_t end, bool is_extra, bool is_stop)
{
    Word word = {
        text, (uint32_t)start, (uint32_t)end, s->position, is_extra, is_stop, s->is_hint
    };
    if (text.length)
        s->sink(s->self, &word);
}

/* The word in lower case, as it is written: who types the accents means them. */
static void emit_exact(Splitter *s, size_t start, size_t end, bool is_stop)
{
    char lower[FORM_MAX];
    Str raw = str_slice(s->text, start, end);
    Str text = fold_case(str_slice(raw, 0, utf8_floor(raw, MIN(raw.length, WORD_TEXT_MAX))), lower,
                         FORM_MAX);
    Word word = { text, (uint32_t)start, (uint32_t)end, s->position, true, is_stop, true };
    s->sink(s->self, &word);
}

static void emit_word(Splitter *s, size_t start, size_t end, bool is_extra)
{
    Str raw = str_slice(s->text, start, end);
    bool is_stop, has_accents, is_short = raw.length <= CACHE_KEY_MAX;
    Form form;

    CacheSlot *slot = &s->words->cache[(str_hash(raw) + s->language * 31u) & (CACHE_SLOTS - 1)];
    if (is_short && slot->key_length == raw.length && slot->language == s->language &&
        memcmp(slot->key, raw.at, raw.length) == 0) {
        emit(s, (Str){ slot->text, slot->text_length }, start, end, is_extra, slot->is_stop);
        if (slot->has_accents)
            emit_exact(s, start, end, slot->is_stop);
        return;
    }
    Str text = make_form(s, raw, &form, &is_stop, &has_accents);
    if (is_short && text.length <= CACHE_TEXT_MAX) {
        *slot = (CacheSlot){ .key_length = (uint8_t)raw.length,
                             .text_length = (uint8_t)text.length,
                             .language = (uint8_t)s->language,
                             .is_stop = is_stop,
                             .has_accents = has_accents };
        memcpy(slot->key, raw.at, raw.length);
        memcpy(slot->text, text.at, text.length);
    }
    emit(s, text, start, end, is_extra, is_stop);
    if (has_accents)
        emit_exact(s, start, end, is_stop);
}

/* Folded, never stemmed. `drop_commas`: of a number. */
static void emit_whole(Splitter *s, size_t start, size_t end, bool drop_commas, bool is_extra)
{
    char raw[WORD_TEXT_MAX], lower[FORM_MAX], plain[FORM_MAX];
    size_t length = 0;
    for (size_t i = start; i < end && length < sizeof(raw); i++)
        if (!(drop_commas && s->text.at[i] == ','))
            raw[length++] = s->text.at[i];
    Str word = fold_case((Str){ raw, utf8_floor((Str){ raw, length }, length) }, lower, FORM_MAX);
    emit(s, fold_accents(word, plain, FORM_MAX), start, end, is_extra, false);
}

/* --- Where words end --- */

/* From a digit: "1,060", "1,060.50", "3.5", but "3" of "3.2.1" and "1" of "1,06". */
static size_t number_end(Str text, size_t at)
{
    size_t end = digits_end(text, at);
    if (end - at <= 3)
        while (end < text.length && text.at[end] == ',' && digits_end(text, end + 1) == end + 4)
            end += 4;
    if (end < text.length && text.at[end] == '.' && is_digit_at(text, end + 1)) {
        size_t decimals = digits_end(text, end + 1);
        bool more =
            decimals < text.length && text.at[decimals] == '.' && is_digit_at(text, decimals + 1);
        bool before = at > 1 && text.at[at - 1] == '.' && is_digit_at(text, at - 2);
        if (!more && !before)
            end = decimals;
    }
    return end;
}

/* Bytes of an apostrophe between two letters at `at`, or 0. */
static size_t apostrophe_size(const Splitter *s, size_t at)
{
    size_t size = 0, next;
    if (s->about->elides || at >= s->text.length)
        return 0;
    if (s->text.at[at] == '\'')
        size = 1;
    else if (at + 3 <= s->text.length && memcmp(s->text.at + at, "\xE2\x80\x99", 3) == 0)
        size = 3;
    return size && class_at(s->text, at + size, &next) == CHAR_LETTER ? size : 0;
}

/* The word that begins at `at`, which is a letter or digit. */
static Part part_at(const Splitter *s, size_t at)
{
    Part part = { .start = (uint32_t)at };
    size_t size;
    if (is_digit_at(s->text, at)) {
        at = number_end(s->text, at);
        part.has_digit = true;
    }
    part.is_number = part.has_digit;
    for (;;) {
        size_t letters = letters_end(s->text, at);
        part.is_number &= letters == at;
        at = letters;
        CharClass class = class_at(s->text, at, &size);
        size_t apostrophe;
        if (class == CHAR_LETTER || class == CHAR_DIGIT || class == CHAR_MARK) {
            part.has_digit |= class == CHAR_DIGIT;
            part.is_number = false;
            at += size;
        } else if (!part.has_digit && (apostrophe = apostrophe_size(s, at))) {
            at += apostrophe;
        } else {
            break;
        }
    }
    part.end = (uint32_t)at;
    return part;
}

static bool is_connector(char c) { return HAS_CHAR(c, "-_./:@#&+\\~"); }

/* The parts of the run that begins at `at`; *end_r is behind the last. */
static size_t run_parts(const Splitter *s, size_t at, Part parts[PARTS_MAX])
{
    size_t count = 0, size;
    for (;;) {
        parts[count] = part_at(s, at);
        at = parts[count++].end;
        if (count == PARTS_MAX || at >= s->text.length || !is_connector(s->text.at[at]))
            return count;
        CharClass next = class_at(s->text, at + 1, &size);
        if (next != CHAR_LETTER && next != CHAR_DIGIT)
            return count;
        at++;
    }
}

/* Bytes of a currency sign just before `at`, or 0. */
static size_t currency_before(Str text, size_t at)
{
    if (at >= 1 && text.at[at - 1] == '$')
        return 1;
    if (at >= 2 && (memcmp(text.at + at - 2, "\xC2\xA3", 2) == 0 ||
                    memcmp(text.at + at - 2, "\xC2\xA5", 2) == 0))
        return 2;
    return at >= 3 && memcmp(text.at + at - 3, "\xE2\x82\xAC", 3) == 0 ? 3 : 0;
}

/* Forms beside a single word: "$9.43", "5%", "1.06" of "1.06M", "c++", "c#". */
static void emit_extras(Splitter *s, const Part *part)
{
    Str text = s->text;
    size_t currency = part->has_digit ? currency_before(text, part->start) : 0;
    if (currency)
        emit_whole(s, part->start - currency, part->end, true, true);
    if (part->is_number && part->end < text.length && text.at[part->end] == '%')
        emit_whole(s, part->start, part->end + 1, true, true);
    if (part->has_digit && !part->is_number && is_digit_at(text, part->start)) {
        size_t digits = number_end(text, part->start);
        if (digits > part->start && digits < part->end)
            emit_whole(s, part->start, digits, true, true);
    }
    Str rest = str_slice(text, part->end, part->end + 2);
    if (!part->has_digit && part->end - part->start <= 3 &&
        (str_is(rest, "++") || str_starts(rest, S("#"))))
        emit_whole(s, part->start, part->end + (rest.at[0] == '#' ? 1 : 2), false, true);
}

static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

/* "get", "User" and "Name" of "getUserName", "XML" and "Parser" of "XMLParser". */
static void emit_humps(Splitter *s, const Part *part)
{
    const char *at = s->text.at;
    uint32_t from = part->start;
    if (part->has_digit)
        return;
    for (uint32_t i = part->start + 1; i <= part->end; i++) {
        bool is_hump = i < part->end && is_upper(at[i]) &&
                       (is_lower(at[i - 1]) ||
                        (is_upper(at[i - 1]) && i + 1 < part->end && is_lower(at[i + 1])));
        if (!is_hump && (i < part->end || from == part->start))
            continue;
        s->is_hint = true;
        if (i - from > 1)
            emit_word(s, from, i, true);
        s->is_hint = false;
        from = i;
    }
}

/* Words joined by connectors, from `at`; where they end. */
static size_t split_run(Splitter *s, size_t at)
{
    Part parts[PARTS_MAX];
    size_t count = run_parts(s, at, parts), end = parts[count - 1].end;

    for (size_t i = 0; i < count; i++) {
        if (parts[i].is_number || (parts[i].has_digit && is_digit_at(s->text, parts[i].start)))
            emit_whole(s, parts[i].start, parts[i].end, true, false);
        else
            emit_word(s, parts[i].start, parts[i].end, false);
        if (i == 0 && count > 1 && end - at <= WORD_TEXT_MAX)
            emit_whole(s, at, end, false, true);
        emit_extras(s, &parts[i]);
        emit_humps(s, &parts[i]);
        s->position++;
    }
    return end;
}

/* A character of an unspaced script with the marks that follow it. */
static size_t cluster_end(Str text, size_t at)
{
    size_t size;
    class_at(text, at, &size);
    do
        at += size;
    while (class_at(text, at, &size) == CHAR_MARK);
    return at;
}

/* Overlapping pairs: the first of n characters gives n - 1 words; one alone is a word itself. */
static size_t split_unspaced(Splitter *s, size_t at)
{
    size_t size, here = at, next = cluster_end(s->text, at);
    bool alone = true;
    for (;;) {
        bool more = class_at(s->text, next, &size) == CHAR_UNSPACED;
        if (!more) {
            emit_whole(s, here, next, false, !alone);
            s->position++;
            return next;
        }
        size_t after = cluster_end(s->text, next);
        emit_whole(s, here, after, false, false);
        emit_whole(s, here, next, false, true);
        s->position++;
        alone = false;
        here = next;
        next = after;
    }
}

void words_split(Words *words, Language language, Str text, WordSink *sink, void *self)
{
    assert(text.length < UINT32_MAX && language < LANGUAGE_COUNT);
    Splitter s = { words, language, language_about(language), text, sink, self, 0, false };
    size_t at = 0, size;
    while (at < text.length) {
        CharClass class = class_at(text, at, &size);
        if (class == CHAR_LETTER || class == CHAR_DIGIT)
            at = split_run(&s, at);
        else if (class == CHAR_UNSPACED)
            at = split_unspaced(&s, at);
        else
            at += size;
    }
}

typedef struct ListSink {
    Arena *arena;
    WordList list;
} ListSink;

static void add_to_list(void *self, const Word *word)
{
    ListSink *sink = self;
    Word *kept = vec_push(sink->arena, &sink->list.words);
    *kept = *word;
    kept->text = str_copy(sink->arena, word->text);
}

WordList words_list(Words *words, Language language, Str text, Arena *arena)
{
    ListSink sink = { .arena = arena };
    words_split(words, language, text, add_to_list, &sink);
    return sink.list;
}

static void count_one(void *self, const Word *word) { *(size_t *)self += !word->is_extra; }

size_t words_count(Words *words, Language language, Str text)
{
    size_t count = 0;
    words_split(words, language, text, count_one, &count);
    return count;
}
