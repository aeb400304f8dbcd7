/* dav.h - what calendar programs ask of tasks by CalDAV (RFC 4791): the bodies of PROPFIND and
 * REPORT, and which tasks a calendar-query wants.
 *
 * Bodies come from anywhere: no document types, so no entities, and at most as many names, hrefs
 * and levels as below. Pure; any thread. */
#pragma once

#include "base/base.h"

#define DAV_BODY_MAX KB(512)
#define DAV_DEPTH_MAX 16
#define DAV_NAMES_MAX 100
#define DAV_HREFS_MAX 5000
#define DAV_CONDITIONS_MAX 50

typedef enum DavKind { DAV_PROPFIND, DAV_QUERY, DAV_MULTIGET, DAV_SYNC } DavKind;

typedef struct DavName {
    Str space, name;
} DavName;

/* A time-range (section 9.9): [from, until) as "20270301T110000Z"; empty: open. */
typedef struct DavRange {
    bool is_set;
    Str from, until;
} DavRange;

/* A prop-filter (section 9.7.2): a property of the VTODO is there, or is not, or holds a text. */
typedef struct DavCondition {
    Str name;
    bool is_absent;
    bool has_text, is_negated;
    Str text;
    DavRange range;
} DavCondition;

typedef struct DavFilter {
    bool wants_none; /* events, alarms: there are none */
    DavRange range;
    VEC(DavCondition) conditions; /* all of them */
} DavFilter;

typedef struct DavRequest {
    DavKind kind;
    bool wants_all, wants_names; /* allprop; propname */
    VEC(DavName) names;
    VEC(Str) hrefs;
    Str sync_token; /* "": the first time */
    DavFilter filter;
} DavRequest;

/* An empty body asks for all properties. ERROR_UNSUPPORTED: a filter that is not known. */
MUST_CHECK bool dav_read(Arena *arena, Str body, DavRequest *request_r, Error *err);
/* Whether the filter wants the VTODO in this calendar, as calendar_write() gives it. */
bool dav_wants(Arena *arena, const DavFilter *filter, Str calendar);
