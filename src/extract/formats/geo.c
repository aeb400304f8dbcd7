/* geo.c - places on maps: GPX 1.0 and 1.1 (topografix.com) and KML 2.x (OGC 07-147): names,
 * descriptions and coordinates as rows. Of a track only its ends and the count of its points are
 * said. */
#include "extract/extractor.h"
#include "extract/formats/markup.h"
#include "extract/metadata.h"

enum { POINT_LENGTH = 100, LEVELS_MAX = 6 };

typedef struct Spot {
    Str name, description, time, first, last;    /* coordinates as written */
    char begin[POINT_LENGTH], end[POINT_LENGTH]; /* `first` and `last` */
    int64_t points;
    int line;
} Spot;

typedef struct Geo {
    DocWriter *doc;
    Arena *arena; /* of a place */
    HtmlReader in;
    int64_t spots, points;
    char last[POINT_LENGTH]; /* where the last place begins: "52.5, 13.4" */
    int folders;
    bool in_table, has_title;
} Geo;

static void end_table(Geo *geo)
{
    if (geo->in_table)
        doc_table_end(geo->doc);
    geo->in_table = false;
}

static void begin_table(Geo *geo)
{
    static const char *const names[] = { "Name", "Coordinates", "Points", "Time", "Description" };
    if (geo->in_table)
        return;
    doc_table_begin(geo->doc);
    for (size_t i = 0; i < COUNT(names); i++)
        doc_cell(geo->doc, str(names[i]));
    doc_row_end(geo->doc);
    doc_header_end(geo->doc);
    geo->in_table = true;
}

static void write_spot(Geo *geo, const Spot *spot)
{
    Arena *arena = geo->arena;
    doc_place(geo->doc, &(Place){ .line_first = spot->line, .line_last = geo->in.line });
    begin_table(geo);
    doc_cell(geo->doc, spot->name);
    doc_cell(geo->doc, spot->points > 1 ? str_format(arena, STR_FMT " to " STR_FMT,
                                                     STR_ARG(spot->first), STR_ARG(spot->last))
                                        : spot->first);
    doc_cell(geo->doc, str_format(arena, "%" PRId64, spot->points));
    doc_cell(geo->doc, spot->time);
    doc_cell(geo->doc, spot->description);
    doc_row_end(geo->doc);
    geo->spots++;
    snprintf(geo->last, sizeof geo->last, STR_FMT, STR_ARG(spot->first));
    geo->points += spot->points;
    arena_reset(arena);
}

static void add_point(Spot *spot, Str coordinates)
{
    if (spot->points++ == 0)
        spot->first = coordinates;
    spot->last = coordinates;
}

/* --- KML: "longitude,latitude,altitude" apart by white space --- */

/* Only the first and the last are kept, so that a long line takes little memory. */
static Str keep_point(Spot *spot, Str latitude, Str longitude)
{
    char *room = spot->points ? spot->end : spot->begin;
    snprintf(room, POINT_LENGTH, STR_FMT ", " STR_FMT, STR_ARG(latitude), STR_ARG(longitude));
    return str(room);
}

static void add_coordinates(Spot *spot, Str text)
{
    size_t at = 0;
    while (at < text.length) {
        size_t begin = at;
        while (at < text.length && !HAS_CHAR(text.at[at], " \t\r\n"))
            at++;
        Str point = str_slice(text, begin, at), longitude, latitude;
        at++;
        if (str_next(&point, ',', &longitude) && str_next(&point, ',', &latitude) &&
            longitude.length + latitude.length < 80)
            add_point(spot, keep_point(spot, latitude, longitude));
    }
}

/* The words of an element that may hold escaped HTML. */
static Str words_of(Geo *geo, HtmlReader *in)
{
    return markup_plain(geo->arena, markup_words(geo->arena, markup_inner(in)));
}

static Str point_of(Geo *geo, Spot *spot, Str attributes)
{
    Str lat = markup_attribute(geo->arena, attributes, "lat");
    Str lon = markup_attribute(geo->arena, attributes, "lon");
    return keep_point(spot, str_slice(lat, 0, 40), str_slice(lon, 0, 40));
}

static void read_member(Geo *geo, HtmlReader *in, Spot *spot, const HtmlToken *token)
{
    Str name = token->name;
    bool is_point = str_is(name, "trkpt") || str_is(name, "rtept");
    if (is_point)
        add_point(spot, point_of(geo, spot, token->attributes));
    if (token->is_empty)
        return;
    if (is_point)
        (void)markup_inner(in);
    else if (str_is(name, "name") && !spot->name.length)
        spot->name = words_of(geo, in);
    else if (str_is(name, "desc") || str_is(name, "description") || str_is(name, "cmt") ||
             str_is(name, "address"))
        spot->description = words_of(geo, in);
    else if (str_is(name, "time") || str_is(name, "when"))
        spot->time = words_of(geo, in);
    else if (str_is(name, "coordinates"))
        add_coordinates(spot, markup_inner(in));
}

/* A waypoint, route, track or placemark that has just begun. */
static void read_spot(Geo *geo, const HtmlToken *token)
{
    Spot spot = { .line = geo->in.token_line };
    HtmlToken inside;
    if (str_is(token->name, "wpt"))
        add_point(&spot, point_of(geo, &spot, token->attributes));
    if (!token->is_empty) {
        HtmlReader in = html_reader(markup_inner(&geo->in));
        in.is_xml = true;
        while (html_next(&in, &inside))
            if (inside.kind == HTML_START)
                read_member(geo, &in, &spot, &inside);
    }
    write_spot(geo, &spot);
}

static void begin_element(Geo *geo, const HtmlToken *token)
{
    Str name = token->name;
    if (str_is(name, "wpt") || str_is(name, "rte") || str_is(name, "trk") ||
        str_is(name, "placemark")) {
        read_spot(geo, token);
        return;
    }
    if (token->is_empty)
        return;
    if (str_is(name, "document") || str_is(name, "folder")) {
        end_table(geo);
        geo->folders++;
        return;
    }
    doc_place(geo->doc, &(Place){ .line_first = geo->in.token_line, .line_last = geo->in.line });
    if (str_is(name, "name")) {
        Str title = words_of(geo, &geo->in);
        end_table(geo);
        if (!geo->has_title)
            doc_meta(geo->doc, "title", title);
        geo->has_title = true;
        doc_heading(geo->doc, MAX(1, MIN(geo->folders, LEVELS_MAX)), title);
    } else if (str_is(name, "desc") || str_is(name, "description")) {
        end_table(geo);
        doc_paragraph(geo->doc, words_of(geo, &geo->in));
    } else if (str_is(name, "time")) {
        doc_meta(geo->doc, "created", words_of(geo, &geo->in));
    } else if (str_is(name, "author")) {
        doc_meta(geo->doc, "author", words_of(geo, &geo->in));
    } else if (str_is(name, "style") || str_is(name, "stylemap")) {
        (void)markup_inner(&geo->in);
    }
    arena_reset(geo->arena);
}

/* A file about one point is about that place. */
static void write_position(Geo *geo)
{
    Str position = str(geo->last), latitude;
    if (!str_next(&position, ',', &latitude) || !position.length)
        return;
    doc_meta(geo->doc, "latitude", str_trim(latitude));
    doc_meta(geo->doc, "longitude", str_trim(position));
}

static bool geo_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *text_arena = arena_new(GB(1));
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Geo geo = { .doc = doc, .arena = arena, .in = markup_reader(text_arena, source->bytes) };
    HtmlToken token;
    (void)err;
    while (doc_writer_ok(doc) && html_next(&geo.in, &token)) {
        if (token.kind == HTML_START)
            begin_element(&geo, &token);
        else if (token.kind == HTML_END &&
                 (str_is(token.name, "folder") || str_is(token.name, "document"))) {
            end_table(&geo);
            geo.folders -= geo.folders > 0;
        }
    }
    end_table(&geo);
    doc_place(doc, &(Place){ 0 });
    doc_meta_whole(doc, "places", geo.spots);
    doc_meta_whole(doc, "points", geo.points);
    if (geo.points == 1)
        write_position(&geo);
    return true;
}

static int geo_sniff(Str bytes)
{
    static const char *const roots[] = { "gpx", "kml", NULL };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    return markup_root_is(arena, bytes, roots, NULL) ? 90 : 0;
}

const Extractor extractor_geo = {
    .name = "geo",
    .title = "Places and tracks (GPX, KML)",
    .extensions = LIST("gpx", "kml"),
    .media_types = LIST("application/gpx+xml", "application/vnd.google-earth.kml+xml"),
    .sniff = geo_sniff,
    .extract = geo_extract,
};
