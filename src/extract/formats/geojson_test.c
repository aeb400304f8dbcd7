/* geojson_test.c - GeoJSON and HTTP archives. */
#include "extract/formats/dump.h"

extern const Extractor extractor_geojson, extractor_har;

Test(extract, features_of_geojson_are_rows)
{
    static const DumpCase cases[] = {
        { "a collection",
          "{\"type\":\"FeatureCollection\",\"name\":\"Towns\",\"features\":["
          "{\"type\":\"Feature\",\"properties\":{\"name\":\"Berlin\",\"people\":3645000},"
          "\"geometry\":{\"type\":\"Point\",\"coordinates\":[13.4,52.5,34]}},\n"
          "{\"type\":\"Feature\",\"properties\":{\"name\":\"Way\",\"tags\":[1,2],\"x\":null},"
          "\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[1,2],[3,4],[-5,6]]}},"
          "{\"type\":\"Feature\",\"properties\":null,\"geometry\":null}]}",
          "meta(title) Towns\nh1 Towns\n"
          "rowh name | people | tags | x | Geometry | Coordinates\n"
          "row Berlin | 3645000 |  |  | Point | 52.5, 13.4\n"
          "row Way |  | [1,2] |  | LineString | 2, 1 to 6, -5 (3 points)\n"
          "meta(places) 3\nmeta(points) 4\nmeta(bounds) 2, -5 to 52.5, 13.4\n" },
        { "one feature",
          "{\"type\":\"Feature\",\"properties\":{\"a\":true},\"geometry\":{\"type\":"
          "\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\",\"coordinates\":[1,2]}]}}",
          "rowh a | Geometry | Coordinates\nrow true | GeometryCollection | 2, 1\n"
          "meta(places) 1\nmeta(points) 1\nmeta(bounds) 2, 1 to 2, 1\n" },
        { "a text without its end, where an item or a member is to come", "{\"features\":[\"a",
          "rowh Geometry | Coordinates\nmeta(places) 0\nmeta(points) 0\n" },
        { "cut", "{\"type\":\"FeatureCollection\",\"features\":[{\"properties\":{\"a\":\"b\",",
          "rowh a | Geometry | Coordinates\nrow b |  | \nmeta(places) 1\nmeta(points) 0\n" },
    };
    DUMP_CASES(extractor_geojson, cases);
}

Test(extract, requests_of_http_archives_are_rows)
{
    static const DumpCase cases[] = {
        { "two requests",
          "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"Browser\",\"version\":\"1\"},"
          "\"pages\":[{\"id\":\"p\",\"title\":\"Home\"}],\"entries\":[{\"startedDateTime\":"
          "\"2020-01-01T00:00:00Z\",\"time\":12.5,\"request\":{\"method\":\"GET\",\"url\":"
          "\"https://a/b\",\"headers\":[{\"name\":\"method\"}]},\"response\":{\"status\":200,"
          "\"content\":{\"size\":7,\"mimeType\":\"text/html\",\"text\":\"hi\"}}},{}]}}",
          "li1 - Home\n"
          "rowh Started | Method | Address | Status | Type | Bytes | Milliseconds\n"
          "row 2020-01-01T00:00:00Z | GET | https://a/b | 200 | text/html | 7 | 12.5\n"
          "meta(software) Browser\nmeta(requests) 2\n"
          "~ headers and bodies of requests and answers are not shown\n" },
        { "no log", "{\"a\":1}", "! damaged\n" },
    };
    DUMP_CASES(extractor_har, cases);
}

Test(extract, families_of_json_are_told_apart)
{
    static const struct {
        const char *text, *format;
    } cases[] = {
        { "{\"type\":\"FeatureCollection\",\"features\":[]}", "geojson" },
        { "{\"crs\":{\"a\":[1]},\"type\":\"Feature\"}", "geojson" },
        { "{\"log\":{\"version\":\"1.2\",\"entries\":[]}}", "har" },
        { "{\"type\":\"other\"}", "json" },
        { "{\"log\":{\"a\":1}}", "json" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const Extractor *found = extractor_choose(str(cases[i].text), S("a.json"), STR_NONE);
        cr_expect_str_eq(found ? found->name : "", cases[i].format, "%s", cases[i].text);
    }
}
