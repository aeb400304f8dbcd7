/* diagram_test.c - drawings with words and arrows, and mind maps. */
#include "extract/formats/dump.h"
#include "extract/formats/package_of.h"

extern const Extractor extractor_drawio, extractor_excalidraw, extractor_mindmap;

Test(extract, drawio_pages_have_words_and_arrows)
{
    static const DumpCase cases[] = {
        { "shapes, and an arrow with words",
          "<mxfile><diagram name=\"P\"><mxGraphModel><root><mxCell id=\"0\"/>"
          "<mxCell id=\"a\" value=\"Water &lt;b&gt;wheel&lt;/b&gt;\" vertex=\"1\"/>"
          "<mxCell id=\"b\" value=\"Stone\" vertex=\"1\"/>"
          "<mxCell id=\"e\" value=\"turns\" edge=\"1\" source=\"a\" target=\"b\"/>"
          "</root></mxGraphModel></diagram></mxfile>",
          "h1 P\np Water wheel\np Stone\nli1 - Water wheel \u2192 Stone: turns\n" },
        { "words of an object, words beside an arrow, an arrow to nowhere",
          "<mxGraphModel><root><object label=\"A\" id=\"a\"><mxCell vertex=\"1\"/></object>"
          "<mxCell id=\"e\" edge=\"1\" source=\"a\"/><mxCell id=\"w\" value=\"out\" parent=\"e\"/>"
          "</root></mxGraphModel>",
          "p A\np out\n" },
        { "packed",
          "<mxfile><diagram name=\"P\">"
          "rZHNDoIwEISfZu/YGh9A/Dl58uC5ygRMCiXLojy+iyUaJBgPHppMZ7JfJ12yadnt2dXFIWTwZLdkUw5Boiq7"
          "FN6TSa4Z2Q0Zk+ghs5tJF880qR2jkl8GTBy4Od8iOicnYOrHVl4R67OKvBf3AtpvcJX4CgYEWNDN1lh8rWEn"
          "NY4SKvyBvJyQpeWqiS6yHCNuE1q+YPQ14jiHjGrOvq7ivTq9fGz2AQ=="
          "</diagram><diagram name=\"Q\">no base64!</diagram></mxfile>",
          "h1 P\np Water wheel\np Stone\nli1 - Water wheel \u2192 Stone: turns\nh1 Q\n" },
    };
    DUMP_CASES(extractor_drawio, cases);
    cr_expect_eq(extractor_drawio.sniff(str(cases[0].input)), 90);
}

Test(extract, excalidraw_has_words_and_arrows)
{
    static const DumpCase cases[] = {
        { "words in a shape, words alone, what was deleted",
          "{\"type\":\"excalidraw\",\"elements\":[{\"id\":\"a\",\"type\":\"rectangle\"},"
          "{\"id\":\"b\",\"type\":\"text\",\"text\":\"Water\\nwheel\",\"originalText\":\"Water "
          "wheel\",\"containerId\":\"a\"},"
          "{\"id\":\"c\",\"type\":\"arrow\",\"startBinding\":{\"elementId\":\"a\"},"
          "\"endBinding\":{\"elementId\":\"d\"}},"
          "{\"id\":\"d\",\"type\":\"text\",\"text\":\"Stone\"},"
          "{\"id\":\"e\",\"type\":\"text\",\"text\":\"Gone\",\"isDeleted\":true},"
          "{\"id\":\"f\",\"type\":\"arrow\",\"startBinding\":null}]}",
          "p Water wheel\np Stone\nli1 - Water wheel \u2192 Stone\n" },
        { "broken", "{\"type\":\"excalidraw\",", "! damaged\n" },
    };
    DUMP_CASES(extractor_excalidraw, cases);
    cr_expect_eq(extractor_excalidraw.sniff(str(cases[0].input)), 75);
    cr_expect_eq(extractor_excalidraw.sniff(S("{\"type\":\"excalibur\"}")), 0);
}

Test(extract, mind_maps_are_lists)
{
    static const DumpCase cases[] = {
        { "FreeMind",
          "<map><node TEXT=\"Mill\"><node TEXT=\"Wheel\"><node TEXT=\"Deep\"/></node>"
          "<node TEXT=\"Stone\" LINK=\"http://e\"/></node></map>",
          "h1 Mill\nli1 - Wheel\nli2 - Deep\nli1 - Stone\nnote(link) http://e\n" },
        { "words and notes as HTML",
          "<map><node><richcontent TYPE=\"NODE\"><html><p>Rich <b>mill</b></p></html></richcontent>"
          "<node TEXT=\"A\"><richcontent TYPE=\"NOTE\"><html><p>N</p></html></richcontent></node>"
          "</node></map>",
          "h1 Rich mill\nli1 - A\nnote(note) N\n" },
        { "ends too many", "</node></node><map><node TEXT=\"A\"></node></node><node TEXT=\"B\"/>",
          "h1 A\nh1 B\n" },
    };
    DUMP_CASES(extractor_mindmap, cases);
    cr_expect_eq(extractor_mindmap.sniff(str(cases[0].input)), 80);
    cr_expect_eq(extractor_mindmap.sniff(S("<map name=\"m\"><area/></map>")), 0);
}

Test(extract, mind_maps_of_xmind_are_lists)
{
    static const Member members[] = {
        { "content.json",
          "[{\"title\":\"S\",\"rootTopic\":{\"title\":\"Mill\",\"children\":{\"attached\":["
          "{\"title\":\"Wheel\",\"notes\":{\"plain\":{\"content\":\"N\"}}},{\"title\":\"Stone\"}],"
          "\"detached\":[{\"title\":\"Apart\"}]}}}]",
          0 },
        { "metadata.json", "{}", 0 },
        { "manifest.json", "{}", 0 },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = package_of(arena, members, COUNT(members));
    cr_expect_eq(extractor_mindmap.sniff(bytes), 80);
    cr_expect_eq(extractor_mindmap.sniff(package_of(arena, members, 1)), 0);
    const char *got = dump(arena, &extractor_mindmap, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got, "h1 Mill\nli1 - Wheel\nnote(note) N\nli1 - Stone\nli1 - Apart\n", "%s",
                     got);
    got = dump(arena, &extractor_mindmap, package_of(arena, members + 1, 2), (DumpOptions){ 0 });
    cr_expect_str_eq(got, "! damaged\n");
}
