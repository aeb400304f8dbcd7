/* dialect.h - how one kind of model service is spoken to: what its requests and answers look like.
 *
 * To add a dialect: a file in dialects/ that defines `const Dialect dialect_NAME`, and its line in
 * dialects.def. Nothing here touches the network, so every case is a table of bytes in a test. */
#pragma once

#include "gateway/chat_reader.h"

struct Dialect {
    const char *name;
    const char *chat_path, *models_path; /* behind the base URL */
    /* The header that carries the key. */
    HttpPair (*authorize)(Arena *arena, Str key);
    /* The body of a request for a stream. */
    void (*write_chat)(Buf *out, const GatewayChat *chat);
    /* One event of the stream, into the reader. */
    bool (*read_event)(ChatReader *reader, Str data, Error *err);
    /* An answer that came in one piece although a stream was asked for. */
    bool (*read_answer)(ChatReader *reader, Str body, Error *err);
    bool (*read_models)(Arena *arena, Str body, StrList *names_r, Error *err);
    /* What an error body says, for people; empty when it says nothing. */
    Str (*read_error)(Arena *arena, Str body);
};

#define DIALECT(name) extern const Dialect dialect_##name;
#include "gateway/dialects.def"
#undef DIALECT
