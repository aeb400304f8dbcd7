/* code_test.c - source code: blocks by definition, named; imports. */
#include "extract/formats/dump.h"

extern const Extractor extractor_code;

typedef struct NameCase {
    const char *file, *text, *anchors;
} NameCase;

static void expect_anchors(const NameCase *c)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    DocSink sink;
    Error err = { 0 };
    DocNode *node = doc_tree_new(arena, str(c->file), false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    ExtractSource source = { .bytes = str(c->text), .name = str(c->file) };
    cr_assert(extractor_code.extract(&source, doc, &err) && doc_writer_end(doc, &err), "%s",
              err.message);
    doc_writer_free(doc);
    Buf out = buf_new(arena, KB(64));
    for (size_t i = 0; i < node->blocks.count; i++)
        if (node->blocks.at[i].kind == BLOCK_CODE)
            buf_addf(&out, STR_FMT "@%d ", STR_ARG(node->blocks.at[i].place.anchor),
                     node->blocks.at[i].place.line_first);
    cr_expect(str_is(buf_str(&out), c->anchors), "%s: got '%s'", c->file, buf_c(&out));
}

Test(extract, code_blocks_carry_the_names_of_definitions)
{
    static const NameCase cases[] = {
        { "a.c",
          "#include <x.h>\n\n/* About. */\nstatic int one(int a)\n{\n    call(a);\n}\n\nint "
          "two(void)\n{\n}\n",
          "@1 one@3 two@9 " },
        { "a.py",
          "import os\n\n# why\ndef one(a):\n    return a\n\nclass Two:\n    def three(self):\n     "
          "   pass\n",
          "@1 one@3 Two@7 three@8 " },
        { "a.js", "const one = (a) => {\n};\nexport async function two() {\n}\n", "one@1 two@3 " },
        { "a.go", "package x\n\nfunc (s *T) One() {\n}\n", "@1 One@3 " },
        { "a.rb", "class A\n  def b?\n  end\nend\n", "A@1 b?@2 " },
        { "a.java", "class A {\n  public int b(int c) {\n    return d(c);\n  }\n}\n", "A@1 b@2 " },
        { "a.rs", "use x;\n\npub fn one() {}\n", "@1 one@3 " },
        { "a.sh", "#!/bin/sh\none() {\n  echo\n}\n", "one@1 " },
        { "a.el", "(defun one-two (a)\n  a)\n", "one-two@1 " },
        { "a.ini", "[a]\nb = c\n", "@1 " },
        { "b.c",
          "int one(void)\n{\n    say(\"}\\\"{\"); /* { */\n    // {\n}\n\nint after = 1;\n\n"
          "struct two {\n    int a;\n};\n",
          "one@1 @7 two@9 " },
        { "b.py",
          "def one():\n    \"\"\"\ndef no():\n    \"\"\"\n    return 'def x():'\n\ntop = "
          "1\n\nclass "
          "A:\n    def b(self):\n        pass\n\n    c = 2\n",
          "one@1 @7 A@9 b@10 A@13 " },
        { "b.js", "const a = `\nfunction no() {\n`;\nfunction yes() {\n}\nrun();\n",
          "@1 yes@4 @6 " },
        { "b.rb", "def a\n  1\nend\n\nputs a\n", "a@1 @5 " },
        { "b.lua", "--[[\nfunction no()\n]]\nlocal function yes()\nend\n", "@1 yes@4 " },
        { "a.hs", "import X\n\none :: Int -> Int\none x = x\n\ndata T = A\n", "@1 one@3 T@6 " },
        { "a.erl", "-module(a).\none(0) -> 1;\none(N) -> N.\ntwo() -> 2.\n", "@1 one@2 two@4 " },
        { "a.css", "a b {\n  color: red;\n}\n\n.c { x: y }\n@media x {\n  d {\n  }\n}\n",
          "a b@1 @5 @media x@6 " },
        { "a.bat", "@echo off\n:again\ngoto again\n", "again@1 " },
        { "a.asm", "section .text\nstart:\n  mov a, b ; {\n", "@1 start@2 " },
        { "a.sol", "contract A {\n  function b() public {\n  }\n}\n", "A@1 b@2 " },
        { "b.rs", "impl<'a> A<'a> {\n    fn b(&self) {\n    }\n}\nstruct C<T>(T);\n",
          "A@1 b@2 C@5 " },
        { "b.cpp", "template <class T> struct A {\n};\n", "A@1 " },
        { "c.js",
          "const a = /function no() {/;\nfunction yes() {\n  return /[/}]\\/}/.test(b) && c / d / "
          "e;\n}\nrun(x => /{/);\nfunction two() {\n  return <p>{a}</p>;\n}\n",
          "@1 yes@2 @5 two@6 " },
        { "a.cbl",
          "       IDENTIFICATION DIVISION.\n       PROGRAM-ID. LAMPS.\n      * NO.\n       "
          "PROCEDURE "
          "DIVISION.\n       MAIN-PARA.\n           DISPLAY \"X\".\n           EXIT.\n000100 "
          "SUB-PARA.\n",
          "IDENTIFICATION@1 LAMPS@2 PROCEDURE@3 MAIN-PARA@5 SUB-PARA@8 " },
        { "Dockerfile", "FROM a\nRUN b\n", "@1 " },
        { "Makefile", "all: a\n\tb\n", "all@1 " },
        { "a.gd", "extends Node\nfunc _ready():\n\tpass\n", "@1 _ready@2 " },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_anchors(&cases[i]);
}

Test(extract, imports_over_several_lines_are_whole)
{
    static const NameCase cases[] = {
        { "a.py", "from a import (\n    b,  # why\n\n    # all\n    c as d,\n)\nimport os\nx = 1\n",
          "meta(imports) from a import (b, c as d); import os\n" },
        { "a.go", "import (\n\t\"fmt\"\n\tx \"os\"\n)\n",
          "meta(imports) import (\"fmt\" x \"os\")\n" },
        { "a.ts", "import {\n  a,\n  b\n} from 'c';\n", "meta(imports) import {a, b} from 'c'\n" },
        { "b.py", "import (\n", "meta(imports) import (\n" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        const char *got = dump(arena, &extractor_code, str(cases[i].text),
                               (DumpOptions){ .name = cases[i].file });
        cr_expect(strstr(got, cases[i].anchors), "%s: got %s", cases[i].file, got);
    }
}

Test(extract, patterns_that_never_end_take_linear_time)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Buf text = buf_new(arena, MB(2));
    while (text.length < MB(1))
        buf_add(&text, S("=/["));
    dump(arena, &extractor_code, buf_str(&text), (DumpOptions){ .name = "a.js" });
}
