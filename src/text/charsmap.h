/* charsmap.h - SentencePiece's precompiled normalisation, as tokenizer.json carries it.
 *
 * The bytes: u32 size of a trie, the trie as a double array (Aoe, "An efficient implementation of
 * trie structures", 1992, in the layout of darts-clone), then the replacements, each ended by NUL.
 * As the reference (the `tokenizers` package) does it: a grapheme of fewer than six bytes is
 * replaced as a whole by its shortest prefix in the trie, else each of its characters for itself.
 * The bytes are foreign: every step through them is checked. Any thread. */
#pragma once

#include "base/base.h"

#define CHARSMAP_BYTES_MAX MB(4)

typedef struct Charsmap Charsmap;

/* The bytes are copied. */
MUST_CHECK bool charsmap_new(Str bytes, Charsmap **map_r, Error *err);
void charsmap_free(Charsmap *map); /* NULL is fine */
/* The text as the map has it, added to `out`. */
void charsmap_apply(const Charsmap *map, Str text, Buf *out);
/* The same as SentencePiece's own program does it: the longest match in the trie at each place,
 * whatever graphemes are. */
void charsmap_apply_longest(const Charsmap *map, Str text, Buf *out);
