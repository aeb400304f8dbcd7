/* labels.c - the words of a document that name what stands behind them. */
#include "base/utf8.h"
#include "fields/fields_int.h"

#define WORDS_MAX 200000
#define GAP_MAX 3 /* bytes between two words of a phrase: "Nr. / No" */

static bool is_word_byte(unsigned char c)
{
    return (c >= '0' && c <= '9') || (unsigned char)((c | 32) - 'a') < 26 || c >= 0x80 || c == '#';
}

/* A no-break space, a dash or a bullet is no letter. */
static size_t mark_size(Str text, size_t at)
{
    static const char *const marks[] = { "\xC2\xA0",     "\xE2\x80\x93", "\xE2\x80\x94",
                                         "\xE2\x80\xA2", "\xE2\x82\xAC", "\xC2\xA3",
                                         "\xE2\x80\xAF", "\xE2\x80\x99", "\xC2\xB7" };
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_starts(str_slice(text, at, at + 3), str(marks[i])))
            return strlen(marks[i]);
    return 0;
}

static size_t skip_marks(Str text, size_t at, size_t end)
{
    while (at < end) {
        size_t size = (unsigned char)text.at[at] >= 0x80
                          ? mark_size(text, at)
                          : !is_word_byte((unsigned char)text.at[at]);
        if (!size)
            break;
        at += size;
    }
    return at;
}

static Str fold_word(Arena *arena, Str word)
{
    for (size_t i = 0; i < word.length; i++)
        if ((unsigned char)word.at[i] >= 0x80)
            return utf8_fold(arena, word);
    return str_lower(arena, word);
}

static void add_words(Reading *reading, Str text, size_t from, size_t to, size_t span)
{
    for (size_t at = skip_marks(text, from, to); at < to && reading->words.count < WORDS_MAX;) {
        size_t end = at;
        while (end < to && is_word_byte((unsigned char)text.at[end]) && !mark_size(text, end))
            end++;
        if (end == at) /* the end of a cut character */
            end++;
        *vec_push(reading->arena, &reading->words) =
            (Word){ at, end, fold_word(reading->arena, str_slice(text, at, end)), span };
        at = skip_marks(text, end, to);
    }
}

/* --- Phrases --- */

static void add_phrase(Reading *reading, Str text, Phrase phrase)
{
    Str word;
    while (phrase.count < 8 && str_next(&text, ' ', &word))
        if (word.length)
            phrase.words[phrase.count++] = word;
    if (!phrase.count || text.length)
        return;
    MapEntry *entry = map_add(&reading->by_first_word, phrase.words[0], NULL);
    phrase.next = (int32_t)entry->number - 1;
    *vec_push(reading->arena, &reading->phrases) = phrase;
    entry->number = (int64_t)reading->phrases.count;
}

static void add_list(Reading *reading, const char *phrases, Phrase phrase)
{
    Str list = str(phrases), one;
    for (unsigned rank = 0; str_next(&list, '|', &one); rank++) {
        phrase.rank = (uint8_t)MIN(rank, 200U);
        add_phrase(reading, fields_fold_name(reading->arena, one), phrase);
    }
}

static void add_node(Reading *reading, const FieldNode *node)
{
    for (int i = 0; i < 2; i++)
        add_phrase(reading, node->own[i],
                   (Phrase){ .thing = -1, .role = -1, .node = (int16_t)node->index });
    for (size_t i = 0; i < node->member_count; i++)
        add_node(reading, node->members[i]);
    if (node->item)
        add_node(reading, node->item);
}

static void collect_phrases(Reading *reading)
{
    reading->by_first_word = map_new(reading->arena);
    for (int16_t thing = 0; thing < THING_COUNT; thing++)
        add_list(reading, thing_rows[thing].phrases,
                 (Phrase){ .thing = thing, .role = -1, .node = -1 });
    for (int16_t role = 0; role < ROLE_COUNT; role++)
        add_list(reading, role_rows[role].phrases,
                 (Phrase){ .thing = -1, .role = role, .node = -1 });
    add_node(reading, reading->root);
}

/* --- Labels --- */

static bool stands_at(const Reading *reading, const Phrase *phrase, size_t word)
{
    for (size_t i = 0; i < (size_t)phrase->count; i++) {
        if (word + i >= reading->words.count)
            return false;
        const Word *at = &reading->words.at[word + i];
        if (!str_equal(at->folded, phrase->words[i]))
            return false;
        if (i && (at->span != at[-1].span || at->start - at[-1].end > GAP_MAX))
            return false;
    }
    return true;
}

/* The next phrase in the chain that stands here, with just so many words (0: any). */
static int32_t next_standing(const Reading *reading, int32_t phrase, size_t word, int count)
{
    for (; phrase >= 0; phrase = reading->phrases.at[phrase].next) {
        const Phrase *one = &reading->phrases.at[phrase];
        if ((!count || one->count == count) && stands_at(reading, one, word))
            return phrase;
    }
    return -1;
}

static int32_t longest_at(const Reading *reading, size_t word)
{
    const MapEntry *entry = map_find(&reading->by_first_word, reading->words.at[word].folded);
    int32_t best = -1;
    for (int32_t at = entry ? (int32_t)entry->number - 1 : -1;
         (at = next_standing(reading, at, word, 0)) >= 0; at = reading->phrases.at[at].next)
        if (best < 0 || reading->phrases.at[at].count > reading->phrases.at[best].count)
            best = at;
    return best;
}

/* What is between a label and a colon behind it: "Total (EUR):", "Nr.:". */
static bool has_colon(Str text, size_t at, size_t end)
{
    while (at < end && HAS_CHAR(text.at[at], " .)*"))
        at++;
    if (at < end && text.at[at] == '(') {
        ptrdiff_t close = str_find_char(str_slice(text, at, MIN(end, at + 24)), ')');
        at += close < 0 ? 0 : (size_t)close + 1;
    }
    while (at < end && text.at[at] == ' ')
        at++;
    return at < end && HAS_CHAR(text.at[at], ":=");
}

static void add_label(Reading *reading, size_t word, int32_t phrase)
{
    size_t count = (size_t)reading->phrases.at[phrase].count, last = word + count - 1;
    const Word *words = reading->words.at;
    const Span *span = &reading->spans.at[words[word].span];
    Label label = { .start = words[word].start,
                    .end = words[last].end,
                    .span = words[word].span,
                    .first_word = word,
                    .word_count = count,
                    .phrase = phrase };
    label.begins = !word || words[word - 1].span != label.span;
    label.has_colon = has_colon(reading->text, label.end, span->end);
    label.is_whole =
        label.begins && (last + 1 == reading->words.count || words[last + 1].span != label.span);
    *vec_push(reading->arena, &reading->labels) = label;
}

void fields_find_labels(Reading *reading)
{
    for (size_t i = 0; i < reading->spans.count; i++)
        add_words(reading, reading->text, reading->spans.at[i].start, reading->spans.at[i].end, i);
    collect_phrases(reading);
    for (size_t word = 0; word < reading->words.count;) {
        int32_t phrase = longest_at(reading, word);
        if (phrase >= 0)
            add_label(reading, word, phrase);
        word += phrase >= 0 ? (size_t)reading->phrases.at[phrase].count : 1;
    }
}

/* --- What a label means --- */

typedef bool PhraseTest(const Phrase *phrase, int wanted);

static bool means(const Reading *reading, const Label *label, PhraseTest *test, int wanted,
                  int *rank_r)
{
    int count = (int)label->word_count;
    const MapEntry *entry =
        map_find(&reading->by_first_word, reading->words.at[label->first_word].folded);
    for (int32_t at = entry ? (int32_t)entry->number - 1 : -1;
         (at = next_standing(reading, at, label->first_word, count)) >= 0;
         at = reading->phrases.at[at].next)
        if (test(&reading->phrases.at[at], wanted)) {
            if (rank_r)
                *rank_r = reading->phrases.at[at].rank;
            return true;
        }
    return false;
}

static bool is_thing(const Phrase *phrase, int wanted) { return phrase->thing == wanted; }
static bool is_role(const Phrase *phrase, int wanted) { return phrase->role == wanted; }
static bool is_node(const Phrase *phrase, int wanted) { return phrase->node == wanted; }

bool label_means_thing(const Reading *reading, const Label *label, Thing thing, int *rank_r)
{
    return means(reading, label, is_thing, (int)thing, rank_r);
}

bool label_means_role(const Reading *reading, const Label *label, RoleName role)
{
    return means(reading, label, is_role, (int)role, NULL);
}

bool label_means_node(const Reading *reading, const Label *label, const FieldNode *node,
                      int *rank_r)
{
    return means(reading, label, is_node, node->index, rank_r) ||
           (node->thing < THING_COUNT && label_means_thing(reading, label, node->thing, rank_r));
}

size_t word_from(const Reading *reading, size_t byte)
{
    size_t low = 0, high = reading->words.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (reading->words.at[middle].start < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Labels are in the order of the text: the first that does not begin before the span. */
const Label *label_of_span(const Reading *reading, size_t span)
{
    size_t low = 0, high = reading->labels.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (reading->labels.at[middle].span < span)
            low = middle + 1;
        else
            high = middle;
    }
    return low < reading->labels.count && reading->labels.at[low].span == span
               ? &reading->labels.at[low]
               : NULL;
}
