/* compare_words.c - two statements word by word: which pieces differ, and which numbers. */
#include "summary/compare_int.h"

#include "base/utf8.h"

#define WORDS_MAX 400 /* of one side; longer ones are not marked */

typedef struct Tokens {
    VEC(Str) words; /* with what follows them up to the next: together they are the text */
    Str *folded;    /* the words alone, for comparing */
} Tokens;

static Str bare(Arena *arena, Str word)
{
    while (word.length && HAS_CHAR(word.at[word.length - 1], " .,;:!?)\"'"))
        word.length--;
    while (word.length && HAS_CHAR(word.at[0], "(\"'"))
        word = str_from(word, 1);
    return utf8_fold(arena, word);
}

static Tokens tokens_of(Arena *arena, Str line)
{
    Tokens tokens = { 0 };
    for (size_t at = 0; at < line.length;) {
        ptrdiff_t space = str_find_char(str_from(line, at), ' ');
        size_t end = space < 0 ? line.length : at + (size_t)space + 1;
        *vec_push(arena, &tokens.words) = str_slice(line, at, end);
        at = end;
    }
    tokens.folded = arena_new_array(arena, Str, tokens.words.count + 1);
    for (size_t i = 0; i < tokens.words.count; i++)
        tokens.folded[i] = bare(arena, tokens.words.at[i]);
    return tokens;
}

/* The longest words in a row that both have, by dynamic programming. */
static void mark_common(const Tokens *a, const Tokens *b, bool *in_a, bool *in_b)
{
    size_t rows = a->words.count, columns = b->words.count, width = columns + 1;
    AUTO_FREE uint16_t *length = heap_alloc((rows + 1) * width * sizeof *length);
    for (size_t i = rows; i-- > 0;)
        for (size_t j = columns; j-- > 0;)
            length[i * width + j] =
                str_equal(a->folded[i], b->folded[j])
                    ? (uint16_t)(length[(i + 1) * width + j + 1] + 1)
                    : MAX(length[(i + 1) * width + j], length[i * width + j + 1]);
    for (size_t i = 0, j = 0; i < rows && j < columns;) {
        if (str_equal(a->folded[i], b->folded[j]))
            in_a[i++] = in_b[j++] = true;
        else if (length[(i + 1) * width + j] >= length[i * width + j + 1])
            i++;
        else
            j++;
    }
}

static void set_pieces(Arena *arena, const Tokens *tokens, const bool *is_common,
                       DifferenceSide *side)
{
    VEC(DifferencePiece) pieces = { 0 };
    for (size_t i = 0; i < tokens->words.count; i++) {
        DifferencePiece *last = pieces.count ? &pieces.at[pieces.count - 1] : NULL;
        Str word = tokens->words.at[i];
        if (last && last->is_changed == !is_common[i])
            last->text.length += word.length;
        else
            *vec_push(arena, &pieces) = (DifferencePiece){ word, !is_common[i] };
    }
    side->pieces = pieces.at;
    side->piece_count = pieces.count;
}

static bool is_number(Str word)
{
    for (size_t i = 0; i < word.length; i++)
        if (word.at[i] >= '0' && word.at[i] <= '9')
            return true;
    return false;
}

/* Numbers of `own` that the other side does not have. */
static StrList numbers_of(Arena *arena, const Tokens *own, const Tokens *other)
{
    VEC(Str) numbers = { 0 };
    for (size_t i = 0; i < own->words.count; i++) {
        bool is_known = !is_number(own->folded[i]);
        for (size_t j = 0; j < other->words.count && !is_known; j++)
            is_known = str_equal(own->folded[i], other->folded[j]);
        if (!is_known)
            *vec_push(arena, &numbers) = own->folded[i];
    }
    return (StrList){ numbers.at, numbers.count };
}

void difference_mark(Arena *arena, Str left, Str right, Difference *difference)
{
    Tokens a = tokens_of(arena, left), b = tokens_of(arena, right);
    bool *in_a = arena_new_array(arena, bool, a.words.count + 1);
    bool *in_b = arena_new_array(arena, bool, b.words.count + 1);
    if (a.words.count <= WORDS_MAX && b.words.count <= WORDS_MAX)
        mark_common(&a, &b, in_a, in_b);
    set_pieces(arena, &a, in_a, &difference->left);
    set_pieces(arena, &b, in_b, &difference->right);
    difference->left.numbers = numbers_of(arena, &a, &b);
    difference->right.numbers = numbers_of(arena, &b, &a);
}
