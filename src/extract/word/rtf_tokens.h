/* rtf_tokens.h - RTF as tokens: groups, control words, characters. */
#pragma once

#include "base/base.h"

typedef enum RtfKind { RTF_BEGIN, RTF_END, RTF_WORD, RTF_SYMBOL, RTF_BYTE, RTF_TEXT } RtfKind;

typedef struct RtfToken {
    RtfKind kind;
    Str text;   /* of a word: its name; of RTF_TEXT: bytes without line ends */
    int number; /* a word's parameter; a byte's value; a symbol's character */
    bool has_number;
} RtfToken;

/* The next token, and *rest moves past it; the bytes of \bin are passed over. */
bool rtf_next_token(Str *rest, RtfToken *token_r);
/* The charset of a font's \fcharset; NULL when it says none. */
const char *rtf_charset(int charset);
