/* wordpiece.c - see wordpiece.h. */
#include "text/wordpiece.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "base/file.h"
#include "base/utf8.h"
#include "text/trie.h"

#define ROOT_WORD 1u   /* pieces that begin a word */
#define ROOT_INSIDE 2u /* pieces written with ## */
#define NO_TOKEN TRIE_NONE
#define WORD_BYTES_MAX (WORDPIECE_CHARS_MAX * 4)
#define DECOMPOSED_MAX 8 /* the longest canonical decomposition has 4 characters */

typedef enum CharKind { CHAR_DROP, CHAR_SPACE, CHAR_ALONE, CHAR_WORD } CharKind;

static const char *const special_names[] = { "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]" };
enum { SPECIAL_PAD, SPECIAL_UNK, SPECIAL_CLS, SPECIAL_SEP, SPECIAL_MASK, SPECIAL_COUNT };

struct WordPiece {
    Trie pieces;
    bool keeps_case; /* and accents */
    uint32_t size;
    uint32_t special[SPECIAL_COUNT]; /* ids, NO_TOKEN when not in the vocabulary */
    uint8_t ascii_kind[128];
    char ascii_lower[128];
    const UNormalizer2 *nfd;
};

/* --- Characters ------------------------------------------------------------------------- */

/* The ranges of BertNormalizer's is_chinese_char: CJK ideographs, not kana or Hangul. */
static bool is_cjk(uint32_t c)
{
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
           (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
           (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

/* The category of the reference's tables, which end at Unicode 8: newer characters are
 * unassigned there, so they are neither marks nor punctuation nor dropped. */
static uint32_t category(uint32_t c)
{
    /* Characters whose category has changed since, found by trying all of them. */
    static const struct {
        uint32_t character, category;
    } changed[] = { { 0x166D, U_GC_PO_MASK }, { 0x1734, U_GC_MN_MASK }, { 0x1885, U_GC_LO_MASK },
                    { 0x1886, U_GC_LO_MASK }, { 0xA9BD, U_GC_MC_MASK }, { 0x111C9, U_GC_PO_MASK } };
    for (size_t i = 0; i < COUNT(changed); i++)
        if (c == changed[i].character)
            return changed[i].category;
    UVersionInfo age;
    u_charAge((UChar32)c, age);
    return age[0] > 8 ? U_GC_CN_MASK : U_GET_GC_MASK((UChar32)c);
}

static bool is_space(uint32_t c) { return u_isUWhiteSpace((UChar32)c); }

/* What clean_text removes: controls, format characters, private use. */
static bool is_dropped(uint32_t c)
{
    if (c == '\t' || c == '\n' || c == '\r')
        return false;
    return c == 0 || c == UTF8_REPLACEMENT ||
           (category(c) & (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK)) != 0;
}

static bool is_punctuation(uint32_t c)
{
    if (c < 128)
        return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
               (c >= 123 && c <= 126);
    return (category(c) & U_GC_P_MASK) != 0;
}

/* The character decomposed, without marks, in lower case; the count of characters in out. */
static size_t normalize_char(const WordPiece *tokenizer, uint32_t c, uint32_t out[DECOMPOSED_MAX])
{
    if (tokenizer->keeps_case) {
        out[0] = c;
        return 1;
    }
    UChar units[2 * DECOMPOSED_MAX];
    UErrorCode status = U_ZERO_ERROR;
    int32_t length =
        unorm2_getDecomposition(tokenizer->nfd, (UChar32)c, units, COUNT(units), &status);
    if (length < 0 || U_FAILURE(status)) {
        length = 0;
        U16_APPEND_UNSAFE(units, length, c);
    }
    size_t count = 0;
    for (int32_t i = 0; i < length && count < DECOMPOSED_MAX;) {
        UChar32 part;
        U16_NEXT(units, i, length, part);
        if (category((uint32_t)part) != U_GC_MN_MASK)
            out[count++] = (uint32_t)u_tolower(part);
    }
    return count;
}

static void fill_ascii(WordPiece *tokenizer)
{
    for (uint32_t c = 0; c < 128; c++) {
        tokenizer->ascii_lower[c] =
            (char)(tokenizer->keeps_case ? (UChar32)c : u_tolower((UChar32)c));
        tokenizer->ascii_kind[c] = is_dropped(c)       ? CHAR_DROP
                                   : is_space(c)       ? CHAR_SPACE
                                   : is_punctuation(c) ? CHAR_ALONE
                                                       : CHAR_WORD;
    }
}

/* --- Opening ---------------------------------------------------------------------------- */

static bool add_line(WordPiece *tokenizer, Str line, uint32_t id, Error *err)
{
    if (!utf8_is_valid(line))
        return fail(err, ERROR_INVALID, "line %u is not UTF-8", id + 1);
    for (size_t i = 0; i < SPECIAL_COUNT; i++)
        if (str_is(line, special_names[i]))
            tokenizer->special[i] = id;
    if (str_starts(line, S("##")) && line.length > 2)
        return trie_add(&tokenizer->pieces, ROOT_INSIDE, str_from(line, 2), id, err);
    return !line.length || trie_add(&tokenizer->pieces, ROOT_WORD, line, id, err);
}

static bool read_vocab(WordPiece *tokenizer, Str vocab, Error *err)
{
    Str line;
    while (vocab.length && str_next(&vocab, '\n', &line)) {
        if (line.length && line.at[line.length - 1] == '\r')
            line.length--;
        if (!add_line(tokenizer, line, tokenizer->size, err))
            return false;
        tokenizer->size++;
    }
    for (size_t i = SPECIAL_UNK; i <= SPECIAL_SEP; i++)
        if (tokenizer->special[i] == NO_TOKEN)
            return fail(err, ERROR_INVALID, "the entry %s is missing", special_names[i]);
    return true;
}

bool wordpiece_new(Str vocab, bool keeps_case, WordPiece **tokenizer_r, Error *err)
{
    if (vocab.length > WORDPIECE_VOCAB_BYTES_MAX)
        return fail(err, ERROR_TOO_LARGE, "the vocabulary has %zu bytes; %zu are allowed",
                    vocab.length, WORDPIECE_VOCAB_BYTES_MAX);
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfd = unorm2_getNFDInstance(&status);
    if (U_FAILURE(status))
        return fail(err, ERROR_INTERNAL, "ICU has no NFD data: %s", u_errorName(status));
    WordPiece *tokenizer = heap_alloc(sizeof *tokenizer);
    tokenizer->nfd = nfd;
    tokenizer->keeps_case = keeps_case;
    for (size_t i = 0; i < SPECIAL_COUNT; i++)
        tokenizer->special[i] = NO_TOKEN;
    fill_ascii(tokenizer);
    trie_begin(&tokenizer->pieces, ROOT_INSIDE);
    if (!read_vocab(tokenizer, vocab, err)) {
        wordpiece_free(tokenizer);
        return false;
    }
    *tokenizer_r = tokenizer;
    return true;
}

bool wordpiece_open(const char *path, bool keeps_case, WordPiece **tokenizer_r, Error *err)
{
    AUTO_MAP FileMap map = { 0 };
    return file_map(path, &map, err) && (wordpiece_new(map.bytes, keeps_case, tokenizer_r, err) ||
                                         fail_in(err, "reading %s", path));
}

void wordpiece_free(WordPiece *tokenizer)
{
    if (!tokenizer)
        return;
    trie_end(&tokenizer->pieces);
    free(tokenizer);
}

size_t wordpiece_size(const WordPiece *tokenizer) { return tokenizer->size; }

/* --- Encoding --------------------------------------------------------------------------- */

/* The word being gathered: normalised bytes, and where each came from. While `plain`, byte i
 * came from start + i and the two arrays are not filled. */
typedef struct Word {
    uint32_t length, char_count;
    uint32_t start, end; /* in the text */
    bool plain;
    char bytes[WORD_BYTES_MAX];
    uint32_t from[WORD_BYTES_MAX], to[WORD_BYTES_MAX];
} Word;

typedef struct Scan {
    const WordPiece *tokenizer;
    WordPieceToken *tokens; /* NULL: only count */
    size_t count, max;
    Word word;
} Scan;

static void emit(Scan *scan, uint32_t id, uint32_t start, uint32_t end)
{
    if (scan->tokens) {
        if (scan->count >= scan->max)
            return;
        scan->tokens[scan->count] = (WordPieceToken){ id, start, end };
    }
    scan->count++;
}

/* The length of the longest piece at the start of the bytes, 0 for none. */
static uint32_t longest_piece(const Trie *pieces, uint32_t node, const char *bytes, uint32_t length,
                              uint32_t *id_r)
{
    uint32_t best = 0;
    for (uint32_t i = 0; i < length; i++) {
        node = trie_child(pieces, node, (uint8_t)bytes[i]);
        if (!node)
            break;
        if (pieces->values[node] != NO_TOKEN) {
            best = i + 1;
            *id_r = pieces->values[node];
        }
    }
    return best;
}

/* Turn the gathered word into pieces. All of it is matched before any piece is given out: a
 * word whose last letters have no piece is one [UNK], also when it is cut by the limit. */
static void end_word(Scan *scan)
{
    Word *word = &scan->word;
    const WordPiece *tokenizer = scan->tokenizer;
    if (!word->char_count)
        return;
    WordPieceToken pieces[WORDPIECE_CHARS_MAX];
    size_t count = 0;
    uint32_t at = 0, id = 0;
    while (word->char_count <= WORDPIECE_CHARS_MAX && at < word->length) {
        uint32_t length = longest_piece(&tokenizer->pieces, at ? ROOT_INSIDE : ROOT_WORD,
                                        word->bytes + at, word->length - at, &id);
        if (!length)
            break;
        uint32_t last = at + length - 1;
        pieces[count++] = word->plain
                              ? (WordPieceToken){ id, word->start + at, word->start + at + length }
                              : (WordPieceToken){ id, word->from[at], word->to[last] };
        at += length;
    }
    if (word->char_count > WORDPIECE_CHARS_MAX || at < word->length)
        emit(scan, tokenizer->special[SPECIAL_UNK], word->start, word->end);
    else
        for (size_t i = 0; i < count; i++)
            emit(scan, pieces[i].id, pieces[i].start, pieces[i].end);
    word->char_count = word->length = 0;
}

static void begin_word(Word *word, uint32_t start)
{
    word->start = start;
    word->plain = true;
}

/* Fill the places of the bytes so far, because from now on they are not one to one. */
static void make_placed(Word *word)
{
    for (uint32_t i = 0; i < word->length; i++) {
        word->from[i] = word->start + i;
        word->to[i] = word->start + i + 1;
    }
    word->plain = false;
}

/* Append one normalised character that came from bytes [from, to) of the text. */
static void add_char(Word *word, uint32_t c, uint32_t from, uint32_t to)
{
    if (!word->char_count)
        begin_word(word, from);
    word->end = to;
    if (++word->char_count > WORDPIECE_CHARS_MAX)
        return;
    if (word->plain)
        make_placed(word);
    char bytes[4];
    size_t size = utf8_encode(c, bytes);
    for (size_t i = 0; i < size; i++) {
        word->bytes[word->length] = bytes[i];
        word->from[word->length] = from;
        word->to[word->length++] = to;
    }
}

static void add_ascii(Word *word, char c, uint32_t at)
{
    if (!word->char_count)
        begin_word(word, at);
    else if (word->plain && word->end != at)
        make_placed(word); /* something between was dropped */
    word->end = at + 1;
    if (++word->char_count > WORDPIECE_CHARS_MAX)
        return;
    if (!word->plain) {
        word->from[word->length] = at;
        word->to[word->length] = at + 1;
    }
    word->bytes[word->length++] = c;
}

/* A character alone between two word ends: punctuation or an ideograph. */
static void add_alone(Scan *scan, uint32_t c, uint32_t from, uint32_t to)
{
    end_word(scan);
    add_char(&scan->word, c, from, to);
    end_word(scan);
}

static void scan_char(Scan *scan, uint32_t c, uint32_t from, uint32_t to)
{
    if (is_dropped(c))
        return;
    if (is_space(c)) {
        end_word(scan);
        return;
    }
    uint32_t parts[DECOMPOSED_MAX];
    size_t count = normalize_char(scan->tokenizer, c, parts);
    bool cjk = is_cjk(c);
    if (cjk)
        end_word(scan);
    for (size_t i = 0; i < count; i++) {
        if (is_punctuation(parts[i]))
            add_alone(scan, parts[i], from, to);
        else
            add_char(&scan->word, parts[i], from, to);
    }
    if (cjk)
        end_word(scan);
}

/* The bytes of the special name at this '[', 0 when there is none. */
static size_t special_at(const WordPiece *tokenizer, Str rest, uint32_t *id_r)
{
    for (size_t i = 0; i < SPECIAL_COUNT; i++) {
        Str name = str(special_names[i]);
        if (tokenizer->special[i] != NO_TOKEN && str_starts(rest, name)) {
            *id_r = tokenizer->special[i];
            return name.length;
        }
    }
    return 0;
}

static void scan_ascii(Scan *scan, Str text, uint32_t *at)
{
    const WordPiece *tokenizer = scan->tokenizer;
    uint8_t c = (uint8_t)text.at[*at];
    uint32_t id;
    size_t special = c == '[' ? special_at(tokenizer, str_from(text, *at), &id) : 0;
    if (special) {
        end_word(scan);
        emit(scan, id, *at, *at + (uint32_t)special);
        *at += (uint32_t)special;
        return;
    }
    switch ((CharKind)tokenizer->ascii_kind[c]) {
    case CHAR_DROP: break;
    case CHAR_SPACE: end_word(scan); break;
    case CHAR_ALONE:
        end_word(scan);
        add_ascii(&scan->word, (char)c, *at);
        end_word(scan);
        break;
    case CHAR_WORD: add_ascii(&scan->word, tokenizer->ascii_lower[c], *at); break;
    }
    ++*at;
}

static void scan_text(Scan *scan, Str text)
{
    text = str_slice(text, 0, UINT32_MAX);
    uint32_t at = 0;
    while (at < text.length && !(scan->tokens && scan->count >= scan->max)) {
        if ((uint8_t)text.at[at] < 128) {
            scan_ascii(scan, text, &at);
            continue;
        }
        size_t size;
        uint32_t c = utf8_decode(text, at, &size);
        scan_char(scan, c, at, at + (uint32_t)size);
        at += (uint32_t)size;
    }
    end_word(scan);
}

size_t wordpiece_encode(const WordPiece *tokenizer, Str text, WordPieceToken *tokens, size_t max)
{
    if (max < 2)
        return 0;
    Scan scan = { .tokenizer = tokenizer, .tokens = tokens, .max = max - 1 };
    emit(&scan, tokenizer->special[SPECIAL_CLS], 0, 0);
    scan_text(&scan, text);
    tokens[scan.count] = (WordPieceToken){ tokenizer->special[SPECIAL_SEP], 0, 0 };
    return scan.count + 1;
}

size_t wordpiece_count(const WordPiece *tokenizer, Str text)
{
    Scan scan = { .tokenizer = tokenizer };
    scan_text(&scan, text);
    return scan.count;
}
