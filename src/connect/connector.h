/* connector.h - one kind of place that documents come from, and what it is given to work with.
 *
 *     list()   what is there now, part by part: names and versions, no contents
 *     fetch()  one item's bytes; may say what else it leads to
 *
 * Everything else (rows, what is new, what is gone, repeats, progress, errors) is the same for all
 * kinds: see connect.h. To add a kind: src/connect/kinds/NAME.c with connector_NAME, and a line in
 * connectors.def.
 *
 * Threads: one run belongs to one thread at a time. Texts live in run->arena, which is reset
 * between parts and items, unless said otherwise. */
#pragma once

#include "base/json.h"
#include "connect/connect.h"
#include "store/connections_store.h"

typedef struct ConnectRun ConnectRun;

/* What is there: `remote` (never empty, the same each time), `name` as a file with its folders,
 * `listed`: another one when it has changed, empty when only fetch() can tell, and depth. */
typedef struct FoundItems {
    VEC(ConnectionItem) all;
} FoundItems;

typedef struct ConnectPage {
    FoundItems found;
    FoundItems busy; /* there, but not to be taken yet: as it is being written */
    Str cursor;      /* where list() goes on, or begins in the next round */
    bool is_last;    /* of this round */
    bool is_whole;   /* the parts of this round were all there is: what they lack is gone */
    bool is_again;   /* what was found in earlier rounds is looked at again */
    Str left_out;    /* what could not be looked at, for people; empty: nothing */
} ConnectPage;

/* What fetch() fills in. Bytes go into it with connect_file_add(). */
typedef struct ConnectFile {
    Str name, media_type; /* empty: as the item has them, unknown */
    Str version;          /* empty: the item's, else the digest of the bytes */
    StrList tags;
    bool is_unchanged; /* the version that is here is the newest; no bytes */
    bool is_gone;      /* it is not there any more; no bytes */
    FoundItems found;  /* what it leads to */
    struct ConnectBytes *bytes;
} ConnectFile;

/* What goes out. */
typedef struct ConnectNote {
    Str title, markdown;
    Str below; /* what the place calls the thing that it goes into; empty: it stays where it is */
    json_t *properties;  /* of it, by their names there; NULL: none */
    Str remote, version; /* what it was written as before; empty: it was not, not as a whole */
    bool replaces;       /* also what was edited there since */
} ConnectNote;

/* What it is there now. `remote` is also set when sending failed after it was begun. */
typedef struct ConnectSent {
    Str remote, version;
    bool is_new;
} ConnectSent;

typedef struct Connector {
    const char *schema; /* of its settings, JSON Schema; a writeOnly one is a secret */
    const char *place;  /* the settings that say which server is asked; NULL: it has no secrets */
    int64_t items_max;  /* of one round, unless the setting items_max says; 0: 10,000 */
    /* Whether the place can be reached with these settings; *says_r: what it found. */
    bool (*check)(ConnectRun *run, Str *says_r, Error *err);
    /* A part of what is there. The cursor is empty in the first round. */
    bool (*list)(ConnectRun *run, Str cursor, ConnectPage *page_r, Error *err);
    /* item->version is the one that is here; empty: none is. */
    bool (*fetch)(ConnectRun *run, const ConnectionItem *item, ConnectFile *file, Error *err);
    /* Writes a text there, as one thing, or over what it was written as before. ERROR_CONFLICT:
     * that was edited there since. NULL: the place only gives. */
    bool (*send)(ConnectRun *run, const ConnectNote *note, ConnectSent *sent_r, Error *err);
    /* Waits at most `wait_ms` for the place to tell of something new, with a session that stays
     * open from the first call on; *is_new_r. Called for places of which list() has set
     * run->tells. ERROR_UNSUPPORTED: it tells nothing. NULL: it has to be asked. */
    bool (*watch)(ConnectRun *run, int64_t wait_ms, bool *is_new_r, Error *err);
    void (*close)(ConnectRun *run); /* frees run->own; NULL: there is nothing */
} Connector;

struct ConnectRun {
    Connect *connect;
    const ConnectOptions *options;
    const ConnectorKind *kind;
    const Connector *connector; /* the kind's */
    const Scope *scope;
    Connection connection;
    json_t *settings;    /* with the secrets */
    Arena *arena;        /* of one part or item */
    Arena *kept;         /* of the whole run, for the connector's own */
    void *own;           /* the connector's; zero at first */
    struct Job *job;     /* NULL: somebody waits for check() */
    Error last_failure;  /* of an item */
    int64_t retry_ms;    /* set where a service says when to come again */
    Str left_out;        /* of the parts so far: see ConnectPage */
    bool tells;          /* the place tells of news by itself: see watch() */
    int64_t asked_at_ms; /* when a service was last asked: see ConnectAsk.pause_ms */
};

/* A member of the settings; empty or `otherwise` when it is not there. */
Str connect_text(const ConnectRun *run, const char *name);
int64_t connect_number(const ConnectRun *run, const char *name, int64_t otherwise);
bool connect_is_on(const ConnectRun *run, const char *name, bool otherwise);
/* Whether somebody wants the run to stop. */
bool connect_is_stopped(const ConnectRun *run);

void connect_found(ConnectRun *run, FoundItems *found, ConnectionItem item);
/* More bytes of the file; fails over the largest that is taken. */
MUST_CHECK bool connect_file_add(ConnectRun *run, ConnectFile *file, Str bytes, Error *err);
/* The bytes that are in it so far, at most `most`. */
MUST_CHECK bool connect_file_read(ConnectRun *run, const ConnectFile *file, size_t most,
                                  Str *bytes_r, Error *err);
/* A receiver for HttpCall and the like; its self is a ConnectTake. */
typedef struct ConnectTake {
    ConnectRun *run;
    ConnectFile *file;
} ConnectTake;
bool connect_receive(void *take, Str bytes, Error *err);
