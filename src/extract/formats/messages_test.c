/* messages_test.c - catalogues of translated texts. */
#include "extract/formats/dump.h"

extern const Extractor extractor_po, extractor_resx;

Test(extract, translations_are_rows)
{
    static const DumpCase cases[] = {
        { "gettext",
          "msgid \"\"\nmsgstr \"\"\n\"Language: de\\n\"\n\"X-Generator: me\\n\"\n\n"
          "#. said at first\n#: a.c:1\nmsgid \"Hello \"\n\"you\"\nmsgstr \"Hallo \\\"du\\\"\"\n\n"
          "#, fuzzy\nmsgctxt \"menu\"\nmsgid \"a file\"\nmsgid_plural \"files\"\n"
          "msgstr[0] \"Datei\"\nmsgstr[1] \"Dateien\"\nmsgid \"none\"\nmsgstr \"\"\n"
          "#~ msgid \"old\"\n#~ msgstr \"alt\"\n",
          "rowh Text | Translation | Context | Remark\nmeta(language) de\nmeta(software) me\n"
          "row Hello you | Hallo \"du\" |  | said at first\n"
          "row a file files | Datei Dateien | menu | \nrow none |  |  | \n"
          "meta(messages) 3\nmeta(translated) 1\n" },
        { "broken", "msgid \"a\nmsgstr\n\"\n",
          "rowh Text | Translation | Context | Remark\n"
          "meta(messages) 0\nmeta(translated) 0\n" },
    };
    DUMP_CASES(extractor_po, cases);
}

Test(extract, resources_are_rows)
{
    static const DumpCase cases[] = {
        { "texts and others",
          "<?xml version=\"1.0\"?><root><resheader name=\"resmimetype\"><value>text/microsoft-resx"
          "</value></resheader><data name=\"Ok\" xml:space=\"preserve\"><value>Fine &amp; well"
          "</value><comment>button</comment></data><data name=\"Icon\" type=\"x\"><value>AAAA"
          "</value></data></root>",
          "rowh Name | Text | Remark\nrow Ok | Fine & well | button\nmeta(messages) 1\n"
          "~ 1 resource is no text\n" },
    };
    DUMP_CASES(extractor_resx, cases);
}
