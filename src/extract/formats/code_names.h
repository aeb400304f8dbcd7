/* code_names.h - what a line of source code defines: "parse" of "static int parse(Str text)".
 *
 * No parser of a language: a row of language_families.def says which words begin a definition, and
 * its family how one looks. Lines are those of code_lexer.h, without strings and comments. */
#pragma once

#include "base/base.h"

typedef enum CodeFamilyIs {
    CODE_C,
    CODE_JAVA,
    CODE_SCRIPT,
    CODE_INDENT,
    CODE_END,
    CODE_LISP,
    CODE_SQL,
    CODE_SIGNATURE, /* name :: type */
    CODE_CLAUSE,    /* name(...) -> */
    CODE_LABEL,     /* name: or :name */
    CODE_STYLE,     /* selector { */
    CODE_DIVISION,  /* NAME. and NAME SECTION. in the area that COBOL keeps for them */
    CODE_DATA
} CodeFamilyIs;

typedef struct CodeFamily {
    CodeFamilyIs is;
    const char *definers; /* words that a name follows */
    const char *imports;  /* words that begin a line of import */
} CodeFamily;

/* Of CODE_DATA, which defines nothing, for a language that has no row. */
const CodeFamily *code_family(const char *language);
/* Whether the line begins a definition. `deepest`: bracket within the line; `before`: the name of
 * the definition that it stands in. */
bool code_definition_name(const CodeFamily *of, Str line, int deepest, Str before, Str *name_r);

bool code_is_word_char(char c);
/* Whether words that stand apart by spaces have this one. */
bool code_has_word(const char *words, Str word);
/* The next word of the line, whatever lies between. */
bool code_next_word(Str line, size_t *at, Str *word_r);
bool code_is_comment(Str line);
