/* language.h - which language a text is written in, and what we know of each (languages.def).
 *
 * Recognition counts scripts and stop words; it never fails: a text that says nothing gets the
 * caller's guess. Any thread. */
#pragma once

#include "base/base.h"

typedef enum Language {
#define LANGUAGE(name, code, stemmer, accents, elides, stop_words) LANGUAGE_##name,
#include "text/languages.def"
#undef LANGUAGE
    LANGUAGE_COUNT,
} Language;

/* When a word's accents are dropped: before it is stemmed or after. */
typedef enum AccentFolding { FOLD_FIRST, FOLD_LAST } AccentFolding;

typedef struct LanguageAbout {
    const char *code;    /* ISO 639-1: "en" */
    const char *stemmer; /* libstemmer's name, NULL: words are not stemmed */
    AccentFolding accents;
    bool elides;            /* an apostrophe ends a word */
    const char *stop_words; /* separated by spaces */
} LanguageAbout;

const LanguageAbout *language_about(Language language);
/* The language of an ISO code ("de", "de-AT", "DE"); LANGUAGE_OTHER when we have none. */
Language language_named(Str code);
/* The language in whose way the words of a document of this code are read for searching: what is in
 * none ("und": sheets, cards, code) is read as English, the language that most ask in. */
Language language_read_as(Str code);
/* The language most of the first 16 KiB is written in; `guess` when nothing can be said. */
Language language_detect(Str text, Language guess);
/* The same of a document: LANGUAGE_OTHER where there is too little running text to tell by, as in
 * sheets, cards, lists and code. */
Language language_of_document(Str text);
/* Of a text that somebody gave to be read: as of a document, but a few words that say too little
 * are taken for the likeliest language, `guess` where none is; so is more that may be `guess`. */
Language language_of_text(Str text, Language guess);
/* `word` (lower case, with accents or without) is one of the language's stop words. */
bool language_is_stop_word(Language language, Str word);
/* ... one of those with which people ask (asking.def): "tell", "about". */
bool language_is_asking_word(Language language, Str word);
