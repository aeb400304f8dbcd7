/* html_test.c - web pages: structure, repairs, hidden text, hostile mark-up. */
#include "extract/formats/dump.h"

extern const Extractor extractor_html;

Test(extract, html_becomes_blocks)
{
    static const DumpCase cases[] = {
        { "white space collapses", "<p>a  b\n c</p>", "p a b c\n" },
        { "entities", "<p>&lt;&amp;&#8364;&#x41;&nbsp;&hellip;&copy 1 &unknown;</p>",
          "p <&\u20ac"
          "A \u2026\u00a9 1 &unknown;\n" },
        { "paragraphs without end tags", "<p>one<p>two<div>three", "p one\np two\np three\n" },
        { "headings", "<h1>A <em>b</em></h1><h3>C</h2>d", "h1 A b\nh3 C\np d\n" },
        { "nested lists", "<ul><li>a<ol start=3><li>b<li>c</ol><li>d</ul>",
          "li1 - a\nli2 3. b\nli2 4. c\nli1 - d\n" },
        { "definition list", "<dl><dt>Term<dd>Meaning</dl>", "p Term\nli1 - Meaning\n" },
        { "a second block of an item has no marker", "<ul><li><p>a</p><p>b</p></li></ul>",
          "li1 - a\np b\n" },
        { "table with spans", "<table><tr><th>A<th>B</tr><tr><td colspan=2>x<p>y</table>",
          "rowh A | B\nrow x y\n" },
        { "thead", "<table><thead><tr><td>A<td>B<tbody><tr><td>1<td>2</table>",
          "rowh A | B\nrow 1 | 2\n" },
        { "layout tables are not data",
          "<table><tr><td><h2>T</h2>x<table><tr><td>1<td>2</table></td></tr></table>",
          "h2 T\np x\nrow 1 | 2\n" },
        { "preformatted", "<pre>a\n  b</pre>", "code a\\n  b\n" },
        { "quotes and images", "<blockquote>q</blockquote><img alt='A b'>", "quote q\nimg A b\n" },
        { "hidden text",
          "<p>a<span hidden>x</span><span style='color:red; display : none'>y</span>b</p>"
          "<script>if (a<b) '</p>'</script><style>p{}</style><template>t</template>",
          "p ab\nnote(hidden) x\\ny\n" },
        { "title and metadata",
          "<html lang=de><head><title>T &amp; x</title><meta name=author content='Me'>"
          "<meta property='article:published_time' content='2011-03-04T05:06:07Z'>"
          "<meta name=DC.date content='March 2011'></head>",
          "meta(language) de\nmeta(title) T & x\nmeta(author) Me\n"
          "meta(published) 2011-03-04T05:06:07Z\nmeta(published) 2011-03\n" },
        { "forms",
          "<form><label>Name <input value='Ada'></label><input type=hidden value=no>"
          "<button>Go</button></form>",
          "p Name Ada Go\n" },
        { "comments and CDATA", "<p>a<!-- <b> -->b<![CDATA[<c>]]></p>", "p ab<c>\n" },
        { "quotes in attributes", "<a title=\"x > y\">link</a>", "p link\n" },
        { "an attribute that never ends", "<p>a</p><a title=\"x>b</p>", "p a\np b\n" },
        { "line breaks", "<p>a<br>b</p>", "p a\\nb\n" },
        { "a picture within a line stands apart", "<p>a<img alt='lamp'>b</p>", "p a lamp b\n" },
        { "fractions, powers and roots",
          "<p>so <math><mi>y</mi><mo>=</mo><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow>"
          "<mn>2</mn></mfrac><msup><mi>x</mi><mn>2</mn></msup><msqrt><mi>p</mi><mo>-</mo>"
          "<mi>q</mi></msqrt><mroot><mi>z</mi><mn>3</mn></mroot></math> holds</p>",
          "p so y=(a+b)/2x^2\u221A(p-q)z^(1/3) holds\n" },
        { "sums, functions, fences, matrices and what another program wrote",
          "<m:math><m:semantics><m:mrow><m:munderover><m:mo>&sum;</m:mo><m:mi>i</m:mi><m:mi>n</"
          "m:mi>"
          "</m:munderover><m:mi>sin</m:mi><m:mo>&#x2061;</m:mo><m:mi>x</m:mi>"
          "<m:mfenced open='[' close=')'><m:mi>a</m:mi><m:mi>b</m:mi></m:mfenced>"
          "<m:mtable><m:mtr><m:mtd><m:mn>1</m:mn></m:mtd><m:mtd><m:mn>2</m:mn></m:mtd></m:mtr>"
          "<m:mtr><m:mtd/></m:mtr></m:mtable></m:mrow><m:annotation>tex</m:annotation>"
          "</m:semantics></m:math>",
          "p \u2211_i^n sin x[a, b)1, 2;\n" },
        { "how a word is read",
          "<p><ruby>漢字<rp>[</rp><rt>かんじ</rt><rp>]</rp></ruby>を<ruby>x<rt></rt></ruby></p>",
          "p 漢字(かんじ)をx\n" },
        { "a formula that never ends", "<p>a <math><mi>x</mi></p><p>b</p><math>", "p a x\np b\n" },
        { "end tags of nothing", "</div></p>a</table></ul>", "p a\n" },
        { "XHTML", "<?xml version='1.0'?><html><body><div/><p>a</p></body></html>", "p a\n" },
    };
    DUMP_CASES(extractor_html, cases);
}

Test(extract, html_blocks_know_their_lines_and_anchor)
{
    static const DumpCase cases[] = {
        { "lines", "<p>one</p>\n<p>two\nthree</p>", "p one @line 1\np two three @lines 2-3\n" },
    };
    DUMP_CASES(extractor_html, cases, .places = true);
}

/* Each of these takes some other parser minutes. */
Test(extract, html_hostile_input_takes_linear_time)
{
    static const char *const pieces[] = { "<div>",
                                          "<b><p>",
                                          "<font a=1>",
                                          "<a b=\"",
                                          "<!--",
                                          "<table>",
                                          "<table><tr><td>",
                                          "</p>",
                                          "<title>",
                                          "<script",
                                          "&amp",
                                          "<li>",
                                          "<ul><li>",
                                          "<a b='>",
                                          "<![CDATA[",
                                          "<x y=",
                                          "<math>",
                                          "<math><mfrac>",
                                          "<math><mfrac></math>" };
    for (size_t i = 0; i < COUNT(pieces); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(512));
        Buf input = buf_new(arena, MB(1));
        while (input.length < MB(1) - 32)
            buf_add(&input, str(pieces[i]));
        DocLimits limits = doc_limits_default;
        limits.block_max = 1000;
        dump(arena, &extractor_html, buf_str(&input), (DumpOptions){ .limits = &limits });
    }
}

Test(extract, html_sample_reads_whole)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *got = dump_sample(arena, "page.html", false);
    cr_expect(strstr(got, "rowh From | Departs\nrow Lindholm | 08:15\n"), "%s", got);
    cr_expect(strstr(got, "note(hidden) secret draft\n"), "%s", got);
}
