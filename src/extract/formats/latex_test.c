/* latex_test.c - LaTeX: sections, accents, lists, tables, notes; comments dropped. */
#include "extract/formats/dump.h"

extern const Extractor extractor_latex;

Test(extract, latex_is_read)
{
    static const DumpCase cases[] = {
        { "sections",
          "\\documentclass{article}\n\\title{T}\\date{March 4, "
          "2011}\n\\section{A}\ntext\n\n\\subsection*{B}\n",
          "meta(title) T\nmeta(published) 2011-03-04\nh2 A\np text\nh3 B\n" },
        { "accents and symbols", "caf\\'e, \\\"{o}, \\c{c}, \\ss{} 50\\% \\& a--b ``q''\n",
          "p caf\u00e9, \u00f6, \u00e7, \u00df 50% & a\u2013b \u201cq\u201d\n" },
        { "marks and notes", "\\textbf{b} \\emph{i} x\\footnote{why} \\cite{k}\n",
          "p b i x [why] [k]\n" },
        { "comments", "a % b\nc\n", "p a c\n" },
        { "mathematics", "so $x^2$ is\n\\begin{equation}\ny\n\\end{equation}\n",
          "p so $x^2$ is\ncode(latex) y\n" },
        { "lists", "\\begin{enumerate}\n\\item one\n\\item two\n\\end{enumerate}\n",
          "li1 1. one\nli1 2. two\n" },
        { "a table",
          "\\begin{tabular}{ll}\n\\hline a & b \\\\ \\hline\n1 & 2 \\\\\n\\end{tabular}\n",
          "rowh a | b\nrow 1 | 2\n" },
        { "code within a line", "a \\verb|x_1 {| b \\verb*+y|+ \\lstinline{z} \\verb|cut\nc\n",
          "p a x_1 { b y| z cut c\n" },
        { "commands of its own",
          "\\newcommand{\\ship}[2][old]{the #1 ship \\emph{#2}}\n\\def\\two#1#2{#2-#1}\n"
          "\\newcommand\\co{Lamp Co.\\xspace}\\renewcommand{\\name}{N}\n\n"
          "\\ship{Vega}, \\ship[new]{Ora}, \\two ab, \\co and \\name{} \\name us\n",
          "p the old ship Vega, the new ship Ora, b-a, Lamp Co. and N Nus\n" },
        { "a macro may hold blocks", "\\newcommand{\\s}[1]{\\section{#1}}\\s{One}\ntext\n",
          "h2 One\np text\n" },
        { "definitions that break off", "a \\newcommand{\\x \\def\\y#1 b", "p a #1 b\n" },
        { "an unclosed group", "\\textbf{b and \\begin{itemize} \\item x", "p b and\nli1 - x\n" },
    };
    DUMP_CASES(extractor_latex, cases);
}

Test(extract, latex_macros_that_call_themselves_and_each_other_end)
{
    static const DumpCase cases[] = {
        { "itself", "\\def\\a{x\\a}\\a", NULL },
        { "each twice the last",
          "\\def\\a{xxxxxxxx}\\def\\b{\\a\\a\\a\\a\\a\\a\\a\\a}\\def\\c{\\b\\b\\b\\b\\b\\b\\b\\b}"
          "\\def\\d{\\c\\c\\c\\c\\c\\c\\c\\c}\\def\\e{\\d\\d\\d\\d\\d\\d\\d\\d}"
          "\\def\\f{\\e\\e\\e\\e\\e\\e\\e\\e}\\def\\g{\\f\\f\\f\\f\\f\\f\\f\\f}\\g\\g\\g\\g\\g",
          NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        const char *got = dump(arena, &extractor_latex, str(cases[i].input), (DumpOptions){ 0 });
        size_t length = strlen(got);
        cr_expect(length > 20 && length < MB(2), "%s: %zu", cases[i].about, length);
    }
}
