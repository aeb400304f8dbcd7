/* geojson.c - GeoJSON (RFC 7946): each feature is a row of its properties, with where it is. Read
 * twice: once for the names of the properties and the bounds, once for the rows. */
#include "base/map.h"
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/json_pull.h"
#include "extract/metadata.h"

enum { COLUMNS_MAX = 60, NAME_MAX_BYTES = 200, DEPTH_MAX = 8, NUMBER_MAX = 40 };

typedef struct Shape {
    Str type;
    double west, south, east, north;
    int64_t points;
    char first[2][NUMBER_MAX], last[2][NUMBER_MAX]; /* longitude, latitude, as written */
} Shape;

typedef struct GeoJson {
    DocWriter *doc;
    Arena *arena, *row_arena; /* of the file, of a feature */
    JsonReader in;
    Map columns; /* name to position */
    VEC(Str) names;
    Str *cells; /* of a row; NULL in the first pass */
    Str name;   /* of the collection */
    Shape bounds;
    int64_t features;
} GeoJson;

/* --- Geometry --- */

static void add_number(Shape *shape, Str word, int index, char numbers[2][NUMBER_MAX])
{
    double number = 0;
    snprintf(numbers[index], NUMBER_MAX, STR_FMT, STR_ARG(str_slice(word, 0, NUMBER_MAX - 1)));
    if (!str_to_double(word, &number))
        return;
    if (index == 0) {
        shape->west = shape->points ? MIN(shape->west, number) : number;
        shape->east = shape->points ? MAX(shape->east, number) : number;
    } else {
        shape->south = shape->points ? MIN(shape->south, number) : number;
        shape->north = shape->points ? MAX(shape->north, number) : number;
    }
}

/* Arrays of arrays: the first two numbers of each innermost one are a point. */
static void read_coordinates(GeoJson *geo, Shape *shape)
{
    int depth = 0, index = 0;
    do {
        Str word;
        JsonToken token = json_take(&geo->in, geo->row_arena, &word);
        if (token == TOKEN_END || token == TOKEN_BAD)
            return;
        depth += token == TOKEN_ARRAY || token == TOKEN_OBJECT;
        depth -= token == TOKEN_ARRAY_END || token == TOKEN_OBJECT_END;
        if (token == TOKEN_ARRAY)
            index = 0;
        if (token != TOKEN_WORD || index > 1)
            continue;
        add_number(shape, word, index, shape->last);
        if (++index == 2) {
            if (shape->points++ == 0)
                memcpy(shape->first, shape->last, sizeof shape->first);
        }
    } while (depth > 0);
}

static void read_geometry(GeoJson *geo, Shape *shape, int depth)
{
    Str key;
    if (json_peek(&geo->in) != TOKEN_OBJECT || depth > DEPTH_MAX) {
        json_skip(&geo->in);
        return;
    }
    json_take(&geo->in, NULL, NULL);
    while (json_next_member(&geo->in, geo->row_arena, &key)) {
        if (str_is(key, "type") && !shape->type.length)
            shape->type = json_take_text(&geo->in, geo->row_arena);
        else if (str_is(key, "coordinates"))
            read_coordinates(geo, shape);
        else if (str_is(key, "geometries") && json_peek(&geo->in) == TOKEN_ARRAY) {
            json_take(&geo->in, NULL, NULL);
            while (json_next_item(&geo->in))
                read_geometry(geo, shape, depth + 1);
        } else
            json_skip(&geo->in);
    }
}

static void widen(Shape *bounds, const Shape *shape)
{
    if (shape->points == 0)
        return;
    bounds->west = bounds->points ? MIN(bounds->west, shape->west) : shape->west;
    bounds->east = bounds->points ? MAX(bounds->east, shape->east) : shape->east;
    bounds->south = bounds->points ? MIN(bounds->south, shape->south) : shape->south;
    bounds->north = bounds->points ? MAX(bounds->north, shape->north) : shape->north;
    bounds->points += shape->points;
}

/* "52.5, 13.4", or both ends and the count of the points between. */
static Str where(GeoJson *geo, const Shape *shape)
{
    if (shape->points == 0)
        return STR_NONE;
    if (shape->points == 1)
        return str_format(geo->row_arena, "%s, %s", shape->first[1], shape->first[0]);
    return str_format(geo->row_arena, "%s, %s to %s, %s (%" PRId64 " points)", shape->first[1],
                      shape->first[0], shape->last[1], shape->last[0], shape->points);
}

/* --- Features --- */

static void read_properties(GeoJson *geo)
{
    Str key;
    if (json_peek(&geo->in) != TOKEN_OBJECT) {
        json_skip(&geo->in);
        return;
    }
    json_take(&geo->in, NULL, NULL);
    while (json_next_member(&geo->in, geo->row_arena, &key)) {
        key = str_slice(key, 0, NAME_MAX_BYTES);
        MapEntry *column = map_find(&geo->columns, key);
        json_peek(&geo->in);
        size_t begin = geo->in.at;
        bool is_nested = json_peek(&geo->in) == TOKEN_OBJECT || json_peek(&geo->in) == TOKEN_ARRAY;
        Str value = json_take_text(&geo->in, geo->row_arena);
        if (is_nested) /* as it is written */
            value = str_slice(geo->in.text, begin, geo->in.at);
        if (geo->cells && column)
            geo->cells[column->number] = str_is(value, "null") ? STR_NONE : value;
        if (geo->cells || column || geo->names.count >= COLUMNS_MAX)
            continue;
        Str name = str_copy(geo->arena, key);
        map_add(&geo->columns, name, NULL)->number = (int64_t)geo->names.count;
        *vec_push(geo->arena, &geo->names) = name;
    }
}

static void write_feature(GeoJson *geo, const Shape *shape, int line)
{
    char anchor[40];
    snprintf(anchor, sizeof anchor, "$.features[%" PRId64 "]", geo->features);
    doc_place(geo->doc, &(Place){ .line_first = line,
                                  .line_last = MAX(line, geo->in.line),
                                  .anchor = str(anchor) });
    for (size_t i = 0; i < geo->names.count; i++)
        doc_cell(geo->doc, geo->cells[i]);
    doc_cell(geo->doc, shape->type);
    doc_cell(geo->doc, where(geo, shape));
    doc_row_end(geo->doc);
}

static void read_feature(GeoJson *geo, bool is_writing)
{
    Shape shape = { .points = 0 };
    Str key;
    int line = (json_peek(&geo->in), geo->in.line);
    arena_reset(geo->row_arena);
    geo->cells = is_writing ? arena_new_array(geo->row_arena, Str, geo->names.count + 1) : NULL;
    if (json_peek(&geo->in) != TOKEN_OBJECT) {
        json_skip(&geo->in);
        return;
    }
    json_take(&geo->in, NULL, NULL);
    while (json_next_member(&geo->in, geo->row_arena, &key)) {
        if (str_is(key, "properties"))
            read_properties(geo);
        else if (str_is(key, "geometry"))
            read_geometry(geo, &shape, 0);
        else
            json_skip(&geo->in);
    }
    if (is_writing)
        write_feature(geo, &shape, line);
    else
        widen(&geo->bounds, &shape);
    geo->features++;
}

/* The whole file: a collection, or one feature. */
static void read_file(GeoJson *geo, bool is_writing)
{
    JsonReader begin = geo->in;
    Str key;
    bool is_collection = false;
    geo->features = 0;
    json_take(&geo->in, NULL, NULL);
    while (json_next_member(&geo->in, geo->arena, &key)) {
        if (str_is(key, "features") && json_peek(&geo->in) == TOKEN_ARRAY) {
            is_collection = true;
            json_take(&geo->in, NULL, NULL);
            while (doc_writer_ok(geo->doc) && json_next_item(&geo->in))
                read_feature(geo, is_writing);
        } else if (str_is(key, "name")) {
            geo->name = json_take_text(&geo->in, geo->arena);
        } else {
            json_skip(&geo->in);
        }
    }
    if (!is_collection) {
        geo->in = begin;
        read_feature(geo, is_writing);
    }
}

static void write_facts(GeoJson *geo)
{
    const Shape *bounds = &geo->bounds;
    doc_place(geo->doc, &(Place){ 0 });
    doc_meta_whole(geo->doc, "places", geo->features);
    doc_meta_whole(geo->doc, "points", bounds->points);
    if (bounds->points)
        doc_meta(geo->doc, "bounds",
                 str_format(geo->arena, "%.10g, %.10g to %.10g, %.10g", bounds->south, bounds->west,
                            bounds->north, bounds->east));
}

static bool geojson_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *row_arena = arena_new(GB(1));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    GeoJson geo = { .doc = doc, .arena = arena, .row_arena = row_arena };
    geo.columns = map_new(arena);
    geo.in = (JsonReader){ .text = text_decode(arena, source->bytes, STR_NONE, NULL), .line = 1 };
    JsonReader begin = geo.in;
    if (json_peek(&geo.in) != TOKEN_OBJECT)
        return fail(err, ERROR_DAMAGED, "it does not begin as GeoJSON does");
    read_file(&geo, false);
    if (geo.name.length) {
        doc_meta(doc, "title", geo.name);
        doc_heading(doc, 1, geo.name);
    }
    doc_table_begin(doc);
    for (size_t i = 0; i < geo.names.count; i++)
        doc_cell(doc, geo.names.at[i]);
    doc_cell(doc, S("Geometry"));
    doc_cell(doc, S("Coordinates"));
    doc_row_end(doc);
    doc_header_end(doc);
    geo.in = begin;
    read_file(&geo, true);
    doc_table_end(doc);
    write_facts(&geo);
    return true;
}

static int geojson_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str key;
    if (!bytes.length || text_is_binary(bytes))
        return 0;
    JsonReader in = { .text = text_head(arena, bytes, KB(8)), .line = 1 };
    if (json_take(&in, NULL, NULL) != TOKEN_OBJECT)
        return 0;
    while (json_next_member(&in, arena, &key)) {
        if (str_is(key, "type") && json_peek(&in) == TOKEN_STRING) {
            Str type = json_take_text(&in, arena);
            return str_is(type, "FeatureCollection") ? 90 : str_is(type, "Feature") ? 88 : 0;
        }
        if (!json_skip(&in))
            return 0;
    }
    return 0;
}

const Extractor extractor_geojson = {
    .name = "geojson",
    .title = "GeoJSON",
    .extensions = LIST("geojson"),
    .media_types = LIST("application/geo+json", "application/vnd.geo+json"),
    .sniff = geojson_sniff,
    .extract = geojson_extract,
};
