/* structured_test.c - DocBook, JATS and TEI. */
#include "extract/formats/dump.h"

extern const Extractor extractor_docbook, extractor_jats, extractor_tei;

Test(extract, docbook_becomes_blocks)
{
    static const DumpCase cases[] = {
        { "facts and sections",
          "<book><bookinfo><title>T</title><author><firstname>A</firstname><surname>B</surname>"
          "</author><date>2006</date></bookinfo><chapter id='c'><title>C <emphasis>d</emphasis>"
          "</title><para>x <sgmltag>y</sgmltag>.</para></chapter><preface><para>z</para></preface>"
          "</book>",
          "h1 T\nmeta(title) T\nmeta(author) A B\nmeta(published) 2006\nh2 C d\np x y.\n"
          "h2 Preface\np z\n" },
        { "lists",
          "<article><orderedlist><listitem><para>a</para><para>b</para><itemizedlist><listitem>"
          "<para>c</para></listitem></itemizedlist></listitem><listitem><para>d</para></listitem>"
          "</orderedlist><variablelist><varlistentry><term>t</term><listitem><para>u</para>"
          "</listitem></varlistentry></variablelist></article>",
          "li1 1. a\np b\nli2 - c\nli1 2. d\nli1  t\nli1 - u\n" },
        { "CALS tables",
          "<article><table><title>N</title><tgroup cols='3'><colspec colname='a'/><colspec "
          "colname='b'/><colspec colname='c'/><thead><row><entry namest='a' nameend='b'>AB</entry>"
          "<entry>C</entry></row></thead><tbody><row><entry><para>1</para><para>2</para></entry>"
          "<entry/><entry>3</entry></row></tbody></tgroup></table><para>after</para></article>",
          "p N\nrowh AB | C\nrow 1 2 |  | 3\np after\n" },
        { "HTML tables",
          "<article><informaltable><tr><td>1</td><td>2</td></tr></informaltable><para>x</para>"
          "</article>",
          "row 1 | 2\np x\n" },
        { "notes, pictures, code",
          "<article><para>a<footnote><para>n</para></footnote> b</para><figure><title>F</title>"
          "<mediaobject><imageobject><imagedata fileref='x'/></imageobject><textobject><phrase>alt"
          "</phrase></textobject></mediaobject></figure><programlisting language='c'>\nx\n y"
          "</programlisting><blockquote><para>q</para></blockquote><graphic/></article>",
          "p a b\nnote(footnote) n\np F\nimg alt\ncode(c) x\\n y\nquote q\n"
          "~ 1 picture without text\n" },
        { "cut", "<article><section><title>S</title><para>one <emphasis>two", "h2 S\np one two\n" },
    };
    DUMP_CASES(extractor_docbook, cases);
}

Test(extract, jats_becomes_blocks)
{
    static const DumpCase cases[] = {
        { "facts",
          "<article><front><journal-meta><journal-title>J</journal-title></journal-meta>"
          "<article-meta><article-id pub-id-type='doi'>10.1/x</article-id><title-group>"
          "<article-title>T <italic>i</italic></article-title></title-group><contrib-group>"
          "<contrib contrib-type='author'><name><surname>S</surname><given-names>G H"
          "</given-names></name><xref>1</xref></contrib><contrib contrib-type='editor'><name>"
          "<surname>E</surname></name></contrib><aff><label>1</label>U</aff></contrib-group>"
          "<pub-date><day>8</day><month>4</month><year>2005</year></pub-date><abstract><p>a "
          "<xref>2</xref></p></abstract></article-meta></front></article>",
          "meta(journal) J\nmeta(identifier) 10.1/x\nh1 T i\nmeta(title) T i\n"
          "meta(author) G H S\nmeta(contributor) E\np 1 U\nmeta(published) 2005-04-08\n"
          "h2 Abstract\np a 2\n" },
        { "sections, figures, references",
          "<article><body><sec><label>1</label><title>M</title><p>p</p><fig><label>Fig 1</label>"
          "<caption><title>c</title><p>d</p></caption><graphic/></fig></sec></body><back>"
          "<ref-list><ref><label>3</label><mixed-citation><person-group><name><surname>A"
          "</surname><given-names>B</given-names></name></person-group> <article-title>W"
          "</article-title>.</mixed-citation></ref></ref-list><fn-group><fn><p>n</p></fn>"
          "</fn-group></back></article>",
          "h2 1 M\np p\np Fig 1 c\np d\nh2 References\nli1 3 A B W .\nnote(footnote) n\n"
          "~ 1 picture without text\n" },
    };
    DUMP_CASES(extractor_jats, cases);
}

Test(extract, tei_becomes_blocks)
{
    static const DumpCase cases[] = {
        { "text",
          "<TEI><teiHeader><titleStmt><title>T</title><author>A</author></titleStmt>"
          "<publicationStmt><date when='2011-03-04'/></publicationStmt></teiHeader>"
          "<text><body><div><head>H</head><lg><l>one</l><l>two</l></lg><list type='ordered'><item>"
          "i</item></list><table><row><cell>a</cell><cell>b</cell></row></table><p>x<note>n</note>"
          "</p></div></body></text></TEI>",
          "meta(title) T\nmeta(author) A\nmeta(published) 2011-03-04\nh1 H\np one\\ntwo\nli1 1. "
          "i\nrow a | b\np x\n"
          "note(note) n\n" },
    };
    DUMP_CASES(extractor_tei, cases);
}

Test(extract, xml_vocabularies_are_recognised)
{
    static const struct {
        const char *xml, *format;
    } cases[] = {
        { "<?xml version='1.0'?><article xmlns='http://docbook.org/ns/docbook'><title/></article>",
          "docbook" },
        { "<!DOCTYPE book PUBLIC \"-//OASIS//DTD DocBook XML V4.1.2//EN\"><book></book>",
          "docbook" },
        { "<?xml version='1.0'?><article article-type='x'><front><article-meta/></front></article>",
          "jats" },
        { "<?xml version='1.0'?><TEI xmlns='http://www.tei-c.org/ns/1.0'></TEI>", "tei" },
        { "<?xml version='1.0'?><article><x/></article>", "xml" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const Extractor *found = extractor_choose(str(cases[i].xml), S("a.xml"), STR_NONE);
        cr_expect_str_eq(found ? found->name : "", cases[i].format, "%s", cases[i].xml);
    }
}
