/* geo_test.c - GPX and KML. */
#include "extract/formats/dump.h"

extern const Extractor extractor_geo;

Test(extract, places_on_maps_become_rows)
{
    static const DumpCase cases[] = {
        { "GPX",
          "<gpx><metadata><name>Trip</name><author><name>Ada</name></"
          "author><time>2024-01-02T03:04:05Z</time></metadata><wpt "
          "lat='1.5' "
          "lon='-2'><name>Hut</name><desc>cold &amp; dry</desc></wpt><trk><name>Way</name><trkseg>"
          "<trkpt lat='1' lon='2'><ele>3</ele></trkpt><trkpt lat='4' "
          "lon='5'/></trkseg></trk></gpx>",
          "meta(title) Trip\nh1 Trip\nmeta(author) Ada\nmeta(created) 2024-01-02T03:04:05Z\n"
          "rowh Name | Coordinates | Points | Time | Description\n"
          "row Hut | 1.5, -2 | 1 |  | cold & dry\nrow Way | 1, 2 to 4, 5 | 2 |  | \n"
          "meta(places) 2\nmeta(points) 3\n" },
        { "KML",
          "<kml><Document><name>D</name><Folder><name>F</name><Placemark><name>P</"
          "name><description>"
          "<![CDATA[<b>bold</b> words]]></description><Point><coordinates> 13.4,52.5,0 "
          "</coordinates></Point></Placemark></Folder></Document></kml>",
          "meta(title) D\nh1 D\nh2 F\nrowh Name | Coordinates | Points | Time | Description\n"
          "row P | 52.5, 13.4 | 1 |  | bold words\nmeta(places) 1\nmeta(points) 1\n"
          "meta(latitude) 52.5\nmeta(longitude) 13.4\n" },
        { "cut", "<gpx><trk><name>W</name><trkpt lat='1' lon='2'>",
          "rowh Name | Coordinates | Points | Time | Description\nrow W | 1, 2 | 1 |  | \n"
          "meta(places) 1\nmeta(points) 1\nmeta(latitude) 1\nmeta(longitude) 2\n" },
    };
    DUMP_CASES(extractor_geo, cases);
}
