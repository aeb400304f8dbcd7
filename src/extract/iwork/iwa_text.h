/* iwa_text.h - the texts and tables of an iWork document since 2013. */
#pragma once

#include "extract/iwork/iwa_file.h"

typedef enum IwaRole {
    IWA_BODY,
    IWA_TITLE,   /* of a slide */
    IWA_OUTLINE, /* list items of a slide */
    IWA_HEADER,
    IWA_FOOTNOTE,
    IWA_SPEAKER_NOTE,
} IwaRole;

typedef struct IwaBody {
    const IwaFile *file;
    DocWriter *doc;
    Arena *scratch; /* of a row */
    Str sheet;      /* of Numbers */
    int depth, pictures;
} IwaBody;

/* What is drawn: a text box, table, group, picture; passed over when it was written already. */
void iwa_write_drawable(IwaBody *body, IwaObject *object, IwaRole role);
/* A text storage with what is attached to it. */
void iwa_write_storage(IwaBody *body, IwaObject *storage, IwaRole role);
bool iwa_is_storage(const IwaObject *object);
/* All of a storage's text, paragraphs on lines of their own. */
Str iwa_storage_text(const IwaObject *storage);

/* iwa_table.c: a table model. */
void iwa_write_table(IwaBody *body, const IwaObject *model);
