/* feed_test.c - feeds, outlines and translations. */
#include "extract/formats/dump.h"

extern const Extractor extractor_feed, extractor_opml, extractor_xliff;

Test(extract, feeds_become_headings_and_their_html)
{
    static const DumpCase cases[] = {
        { "RSS",
          "<rss xmlns:dc='d'><channel><title>N</title><description>d</description><item><title>I "
          "&amp;amp; J</title><dc:creator>Ada</dc:creator><pubDate>Tue, 19 Nov 2024 13:30:02 +0000"
          "</pubDate><link>http://x/</link><category>c</category><category><![CDATA[e]]></category>"
          "<description>&lt;p&gt;x &lt;b&gt;y&lt;/b&gt;&lt;/p&gt;</description></item></channel>"
          "</rss>",
          "meta(title) N\nh1 N\nmeta(description) d\nh2 I & J\n"
          "p 2024-11-19T13:30:02Z \xC2\xB7 Ada \xC2\xB7 http://x/ \xC2\xB7 c, e\np x y\n"
          "meta(items) 1\n" },
        { "content after a summary that begins it",
          "<rss><channel><item><title>I</title><description>one two</description><c:encoded>"
          "<![CDATA[<p>one two</p><h2>three</h2>]]></c:encoded></item></channel></rss>",
          "h2 I\np one two\nh2 three\nmeta(items) 1\n" },
        { "Atom",
          "<feed xmlns='http://www.w3.org/2005/Atom'><title>F</title><updated>2024-01-02T03:04:05Z"
          "</updated><entry><title>E</title><link rel='self' href='s'/><link href='http://e/'/>"
          "<author><name>Bo</name></author><updated>2024-02-02T03:04:05Z</updated><content "
          "type='xhtml'><div><p>q</p></div></content></entry></feed>",
          "meta(title) F\nh1 F\nmeta(modified) 2024-01-02T03:04:05Z\nh2 E\n"
          "p 2024-02-02T03:04:05Z \xC2\xB7 Bo \xC2\xB7 http://e/\np q\nmeta(items) 1\n" },
        { "cut", "<rss><channel><item><title>I</title><description>x",
          "h2 I\np x\nmeta(items) 1\n" },
    };
    DUMP_CASES(extractor_feed, cases);
}

Test(extract, outlines_become_nested_items)
{
    static const DumpCase cases[] = {
        { "OPML",
          "<opml><head><title>T</title><ownerName>O</ownerName></head><body><outline text='a "
          "&lt;b&gt;b&lt;/b&gt;'><outline text='c' xmlUrl='http://x' _note='n'/></outline><outline "
          "text='d'></outline></body></opml>",
          "meta(title) T\nh1 T\nmeta(author) O\nli1 - a b\nli2 - c <http://x>\nnote(note) n\n"
          "li1 - d\n" },
    };
    DUMP_CASES(extractor_opml, cases);
}

Test(extract, translations_become_pairs)
{
    static const DumpCase cases[] = {
        { "XLIFF 1.2",
          "<xliff version='1.2'><file original='f' source-language='en' target-language='fr'><body>"
          "<trans-unit id='1'><source>Hel<g>lo</g></source><target>Bon&amp;jour</target><note>N"
          "</note><alt-trans><target>x</target></alt-trans></trans-unit><trans-unit><source>b"
          "</source></trans-unit></body></file></xliff>",
          "h1 f\nrowh Source en | Target fr | Note\nrow Hello | Bon&jour | N\nrow b |  | \n"
          "meta(language) en\nmeta(target-language) fr\nmeta(rows) 2\nmeta(untranslated) 1\n" },
        { "XLIFF 2.0",
          "<xliff version='2.0' srcLang='en' trgLang='de'><file id='f1'><unit id='u'><notes><note>n"
          "</note></notes><segment><source>a</source><target>b</target></segment></unit></file>"
          "</xliff>",
          "h1 f1\nrowh Source en | Target de | Note\nrow a | b | n\n"
          "meta(language) en\nmeta(target-language) de\nmeta(rows) 1\n" },
    };
    DUMP_CASES(extractor_xliff, cases);
}
