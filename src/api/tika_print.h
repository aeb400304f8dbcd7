/* tika_print.h - a tree of documents in the forms that Apache Tika's server gives: text, XHTML, and
 * metadata as names with one or more texts. Any thread. */
#pragma once

#include "api/convert.h"

typedef enum TikaForm { TIKA_TEXT, TIKA_XHTML, TIKA_IGNORE } TikaForm;

typedef struct TikaFact {
    Str name;
    VEC(Str) values;
} TikaFact;

typedef struct TikaFacts {
    Arena *arena;
    VEC(TikaFact) list;
} TikaFacts;

void tika_fact_add(TikaFacts *facts, Str name, Str value);
const TikaFact *tika_fact(const TikaFacts *facts, Str name);
/* What is known of one document, without its members. */
TikaFacts tika_facts(Arena *arena, const DocNode *node);
/* One value as text, several as an array. */
void tika_put_facts(JsonWriter *json, const TikaFacts *facts);
/* "name","value","value" a line (RFC 4180). */
void tika_csv(Buf *out, const TikaFacts *facts);

/* `deep`: its members too, each under its name. */
void tika_text(Buf *out, const DocNode *node, bool deep);
/* A whole page; the facts are its <meta> elements. */
void tika_xhtml(Buf *out, const DocNode *node, const TikaFacts *facts, bool deep);
