/* web_read.h - what visitors of web sites read: robots.txt (RFC 9309), sitemaps (sitemaps.org), and
 * the links of a page. Pure; every input is read once from start to end. */
#pragma once

#include "base/json.h"

#define ROBOTS_MAX KB(500) /* what follows is not read: RFC 9309, section 2.5 */
#define WEB_LINKS_MAX 5000 /* of one page or sitemap */

typedef struct RobotsRule {
    Str path; /* with * and a $ at the end */
    bool allows;
} RobotsRule;

typedef struct Robots {
    VEC(RobotsRule) rules; /* for us */
    VEC(Str) sitemaps;
    int64_t delay_ms; /* between two requests; 0: not said */
    bool refuses_all; /* it could not be read for now */
} Robots;

/* The rules for the visitor of this name, else for all. */
void robots_read(Arena *arena, Str text, Str visitor, Robots *robots_r);
/* `path` with its query; the longest rule decides, and of two the one that allows. */
bool robots_allow(const Robots *robots, Str path);

typedef struct WebLinks {
    VEC(Str) all;     /* as written, but for entities */
    Str base;         /* of <base href>; empty: the page's own address */
    bool is_hidden;   /* the page asks not to be kept (noindex) */
    bool is_followed; /* and does not ask that its links are left alone (nofollow) */
} WebLinks;

void web_links_read(Arena *arena, Str html, WebLinks *links_r);

typedef struct Sitemap {
    VEC(Str) pages, sitemaps;
} Sitemap;

/* As XML or as plain text (one address a line), packed with gzip or not. False when it is no
 * sitemap. */
bool sitemap_read(Arena *arena, Str packed, Sitemap *sitemap_r);
