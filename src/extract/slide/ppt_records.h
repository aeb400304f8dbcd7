/* ppt_records.h - the records of a PowerPoint 97-2003 stream ([MS-PPT] 2.3.1) and the objects that
 * its directory of persistent objects knows. */
#pragma once

#include "extract/ole/ole_file.h"

/* clang-format off */
enum {
    PPT_DOCUMENT = 1000, PPT_DOCUMENT_ATOM = 1001, PPT_SLIDE = 1006, PPT_SLIDE_ATOM = 1007,
    PPT_NOTES = 1008, PPT_NOTES_ATOM = 1009, PPT_SLIDE_PERSIST = 1011, PPT_MASTER = 1016,
    PPT_SLIDE_INFO = 1017, PPT_OBJECT_LIST = 1033, PPT_DRAWING = 1036, PPT_PLACEHOLDER = 3011,
    PPT_OUTLINE_REF = 3998, PPT_TEXT_HEADER = 3999, PPT_TEXT_CHARS = 4000, PPT_TEXT_STYLE = 4001,
    PPT_TEXT_BYTES = 4008, PPT_STRING = 4026, PPT_OLE_ATOM = 4035, PPT_OLE_EMBED = 4044,
    PPT_HYPERLINK_ATOM = 4051, PPT_HYPERLINK = 4055, PPT_HEADERS_FOOTERS = 4057,
    PPT_HEADERS_FOOTERS_ATOM = 4058, PPT_SLIDE_LIST = 4080, PPT_INTERACTIVE = 4082,
    PPT_INTERACTIVE_ATOM = 4083, PPT_USER_EDIT = 4085, PPT_OLE_STORAGE = 4113, PPT_TAGS = 5000,
    PPT_PERSIST_DIRECTORY = 6002, PPT_COMMENT = 12000, PPT_CRYPT_SESSION = 12052,
    ART_GROUP = 0xF003, ART_SHAPE = 0xF004, ART_GROUP_FRAME = 0xF009, ART_SHAPE_ATOM = 0xF00A,
    ART_PROPERTIES = 0xF00B, ART_TEXT = 0xF00D, ART_CHILD_ANCHOR = 0xF00F,
    ART_CLIENT_ANCHOR = 0xF010, ART_CLIENT_DATA = 0xF011, ART_PROPERTIES_3 = 0xF122,
};
/* clang-format on */

typedef struct PptRecord {
    int version, instance, type;
    Str data;   /* cut where its container ends */
    size_t end; /* behind it, in the bytes it was read from */
} PptRecord;

enum { PPT_CONTAINER = 15 }; /* the version of a record that holds records */

/* The record at a position; false when there is no room for its header. */
bool ppt_record(Str bytes, size_t at, PptRecord *record_r);
/* The next of a container's records; *rest moves past it. */
bool ppt_next(Str *rest, PptRecord *record_r);
/* The first child of this type, and instance unless it is -1. */
bool ppt_child(Str container, int type, int instance, PptRecord *record_r);

/* The text of TextChars, TextBytes and CString atoms; line ends as "\n". */
Str ppt_text(Arena *arena, const PptRecord *atom);
/* The text of the child CString with this instance; empty if none. */
Str ppt_child_text(Arena *arena, Str container, int instance);

typedef struct PptFile {
    Arena *arena;
    Str stream;              /* decrypted */
    VEC(uint32_t) positions; /* of each persistent object plus one, by its id; 0: none */
    uint32_t document;       /* its id */
} PptFile;

/* Reads the directory, from the newest edit to the oldest, and decrypts what is encrypted. Fails
 * with ERROR_DAMAGED or ERROR_ENCRYPTED. */
MUST_CHECK bool ppt_open(PptFile *file, Str current_user, Str password, Error *err);
/* A persistent object; false when the id is unknown. */
bool ppt_object(const PptFile *file, uint32_t id, PptRecord *record_r);
/* The OLE file that an object's storage record holds, unpacked (2.10.34); empty when damaged. */
Str ppt_unpack(Arena *arena, const PptRecord *storage);
