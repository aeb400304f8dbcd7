/* client.h - how a command speaks to the library: always over HTTP, to the server that runs on the
 * data folder, to a far one (--server), or to one that the command starts for itself.
 *
 * Threads: a client belongs to one. */
#pragma once

#include "base/json.h"
#include "cli/command.h"

typedef struct Client Client;

MUST_CHECK bool client_open(CommandLine *line, Client **client_r, Error *err);
/* Ends the program it started, if it did. NULL is fine. */
void client_close(Client *client);
static inline void client_auto(Client **client) { client_close(*client); }
#define AUTO_CLIENT AUTO(client_auto)
/* For a command that searches: waits until a program that it started for itself has read the index,
 * with what was added last. One that takes long to build is not waited for: the answer says so. */
void client_wait_indexed(const Client *client);
/* True when the command started the program for itself. */
bool client_is_alone(const Client *client);

/* One exchange. `body` is JSON, or empty for none. The answer is parsed; JSON null when it has no
 * body. A response of 400 or more fails with the server's own sentence and code. */
MUST_CHECK bool client_call(Client *client, const char *method, const char *path, Str body,
                            json_t **answer_r, Error *err);
/* Hand a message on and its answer back as it is, whatever the status, when `mark` is in it; any
 * other answer of 400 or more fails as above. The headers are whole lines. */
MUST_CHECK bool client_relay(Client *client, const char *path, StrList headers, Str body,
                             Arena *arena, const char *mark, Str *answer_r, Error *err);
typedef struct UploadFields {
    Str name; /* as it is to be called; may hold folders */
    Str collection, password, tags;
    Str document; /* id: a new version of this one */
} UploadFields;
/* Upload one file; the answer is that of POST /v1/documents, or of PUT /v1/documents/ID/original.
 */
MUST_CHECK bool client_upload(Client *client, const char *file, const UploadFields *fields,
                              json_t **answer_r, Error *err);

/* Called for each server-sent event; false stops. */
typedef bool ClientEvent(void *self, Str event, Str data, Error *err);
MUST_CHECK bool client_stream(Client *client, const char *path, Str body, ClientEvent *event,
                              void *self, Error *err);
