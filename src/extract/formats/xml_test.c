/* xml_test.c - XML: well-known names, records, entities. */
#include "extract/formats/dump.h"

extern const Extractor extractor_xml;

Test(extract, xml_becomes_blocks)
{
    static const DumpCase cases[] = {
        { "DocBook",
          "<article><title>T</title><section><title>S</title><para>a <emphasis>b</emphasis>c"
          "</para><programlisting>x\n y</programlisting></section></article>",
          "h1 T\nh2 S\np a bc\ncode x\\n y\n" },
        { "records",
          "<r><person><name>Ada</name><age>3</age></person><person><name>Bo</name></person></r>",
          "p name: Ada\\nage: 3\np name: Bo\n" },
        { "RSS",
          "<rss><channel><title>N</title><item><title>I</title><description>&lt;p&gt;x "
          "&lt;b&gt;y&lt;/b&gt;&lt;/p&gt;</description></item></channel></rss>",
          "h1 N\nh2 I\np x y\n" },
        { "table",
          "<table><thead><row><entry>A</entry><entry>B</entry></row></thead><tbody><row>"
          "<entry><para>1</para></entry><entry>2</entry></row></tbody></table>",
          "rowh A | B\nrow 1 | 2\n" },
        { "Word runs join", "<w:p><w:r><w:t>Hel</w:t></w:r><w:r><w:t>lo</w:t></w:r></w:p>",
          "p Hello\n" },
        { "attributes that are words", "<opml><outline text='My feeds'/><x class='a b c'/></opml>",
          "p My feeds\n" },
        { "property list", "<dict><key>Name</key><string>Ada</string></dict>", "p Name: Ada\n" },
        { "CDATA", "<p><![CDATA[a < b]]></p>", "p a < b\n" },
        { "entities are not expanded",
          "<!DOCTYPE x [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;\">]><p>&b;</p>",
          "p &b;\n~ entities that the file declares were not expanded\n" },
        { "no external files",
          "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><p>a&e;</p>",
          "p a&e;\n~ entities that the file declares were not expanded\n" },
        { "end tags are missing", "<a><p>x<p>y", "p x\np y\n" },
    };
    DUMP_CASES(extractor_xml, cases);
}

Test(extract, xml_blocks_know_their_lines)
{
    static const DumpCase cases[] = {
        { "lines", "<a>\n<b>x</b>\n<c>y</c>\n</a>\n", "p b: x\\nc: y @lines 2-3\n" },
    };
    DUMP_CASES(extractor_xml, cases, .places = true);
}
