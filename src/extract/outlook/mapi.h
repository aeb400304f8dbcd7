/* mapi.h - a message as Outlook keeps it: properties by tag ([MS-OXPROPS]), recipients and
 * attachments. MSG, TNEF and PST files are read into this, and it becomes a MIME message that the
 * mail format reads and that other programs can open.
 *
 * Everything is borrowed from the file or lies in its arena. One thread. */
#pragma once

#include "extract/extractor.h"

typedef enum MapiType { /* [MS-OXCDATA] 2.11.1 */
                        MAPI_INT16 = 0x02,
                        MAPI_INT32 = 0x03,
                        MAPI_BOOL = 0x0B,
                        MAPI_OBJECT = 0x0D,
                        MAPI_INT64 = 0x14,
                        MAPI_STRING8 = 0x1E,
                        MAPI_UNICODE = 0x1F,
                        MAPI_TIME = 0x40,
                        MAPI_BINARY = 0x102,
                        MAPI_MULTIPLE = 0x1000, /* added to the others */
} MapiType;

typedef enum MapiId {
    MAPI_IMPORTANCE = 0x0017,
    MAPI_MESSAGE_CLASS = 0x001A,
    MAPI_SUBJECT = 0x0037,
    MAPI_SUBMIT_TIME = 0x0039,
    MAPI_REPRESENTING_NAME = 0x0042,
    MAPI_REPRESENTING_ADDRESS = 0x0065,
    MAPI_TRANSPORT_HEADERS = 0x007D,
    MAPI_RECIPIENT_TYPE = 0x0C15,
    MAPI_SENDER_NAME = 0x0C1A,
    MAPI_SENDER_ADDRESS = 0x0C1F,
    MAPI_DISPLAY_BCC = 0x0E02,
    MAPI_DISPLAY_CC = 0x0E03,
    MAPI_DISPLAY_TO = 0x0E04,
    MAPI_DELIVERY_TIME = 0x0E06,
    MAPI_BODY = 0x1000,
    MAPI_RTF = 0x1009,
    MAPI_HTML = 0x1013,
    MAPI_MESSAGE_ID = 0x1035,
    MAPI_REFERENCES = 0x1039,
    MAPI_IN_REPLY_TO = 0x1042,
    MAPI_DISPLAY_NAME = 0x3001,
    MAPI_ADDRESS = 0x3003,
    MAPI_CREATED = 0x3007,
    MAPI_MODIFIED = 0x3008,
    MAPI_ATTACH_DATA = 0x3701,
    MAPI_ATTACH_SHORT_NAME = 0x3704,
    MAPI_ATTACH_METHOD = 0x3705,
    MAPI_ATTACH_NAME = 0x3707,
    MAPI_ATTACH_MIME = 0x370E,
    MAPI_ATTACH_CONTENT_ID = 0x3712,
    MAPI_SMTP_ADDRESS = 0x39FE,
    MAPI_INTERNET_CODEPAGE = 0x3FDE,
    MAPI_LOCALE = 0x3FF1,
    MAPI_CODEPAGE = 0x3FFD,
    MAPI_SENDER_SMTP = 0x5D01,
    MAPI_REPRESENTING_SMTP = 0x5D02,
} MapiId;

enum { MAPI_METHOD_MESSAGE = 5, MAPI_METHOD_OLE = 6, MAPI_DEPTH_MAX = 8 };

typedef struct MapiProperty {
    uint16_t id, type;
    uint32_t lid; /* of a named property with a number ([MS-OXPROPS]); else 0 */
    Str name;     /* of one with a name; else empty */
    Str value;    /* as in the file: little-endian numbers, text in its type */
} MapiProperty;

typedef struct MapiBag {
    VEC(MapiProperty) list;
} MapiBag;

typedef struct MapiMessage MapiMessage;
typedef struct MapiAttachment {
    MapiBag bag;
    MapiMessage *message; /* when it is one; else NULL */
} MapiAttachment;

struct MapiMessage {
    MapiBag bag;
    VEC(MapiBag) recipients;
    VEC(MapiAttachment) attachments;
    int ole_count; /* attachments that are OLE objects and were not read */
};

/* NULL when the bag has none with this id. */
const MapiProperty *mapi_find(const MapiBag *bag, uint16_t id);
/* A text property as UTF-8; strings in a code page are read with `charset`. Empty: none. */
Str mapi_text(Arena *arena, const MapiBag *bag, uint16_t id, const char *charset);
/* A number, truth value or time; `otherwise` when there is none. */
int64_t mapi_number(const MapiBag *bag, uint16_t id, int64_t otherwise);
/* The charset of a message's strings. */
const char *mapi_charset(const MapiBag *bag);
/* A name for a message's file: "subject.eml". */
Str mapi_message_name(Arena *arena, const MapiMessage *message);

/* The message as MIME (RFC 5322, UTF-8 headers), with its attachments when asked. */
Str mapi_to_mime(Arena *arena, const MapiMessage *message, bool with_attachments);
/* The message into the document, its attachments as children. */
MUST_CHECK bool mapi_write(DocWriter *doc, const MapiMessage *message, const ExtractSource *source,
                           Error *err);
