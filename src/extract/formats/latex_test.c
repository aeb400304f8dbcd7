/* latex_test.c - LaTeX: sections, accents, lists, tables, notes; comments dropped. */
#include "extract/formats/dump.h"

extern const Extractor extractor_latex;

Test(extract, latex_is_read)
{
    static const DumpCase cases[] = {
        { "sections",
          "\\documentclass{article}\n\\title{T}\n\\section{A}\ntext\n\n\\subsection*{B}\n",
          "meta(title) T\nh2 A\np text\nh3 B\n" },
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
        { "an unclosed group", "\\textbf{b and \\begin{itemize} \\item x", "p b and\nli1 - x\n" },
    };
    DUMP_CASES(extractor_latex, cases);
}
