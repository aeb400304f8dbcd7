/* torrent_test.c - lists of files of torrents. */
#include "extract/formats/dump.h"

extern const Extractor extractor_torrent;

Test(extract, torrents_list_their_files)
{
    static const DumpCase cases[] = {
        { "many files",
          "d8:announce8:http://a7:comment4:Maps13:creation datei1700000000e4:infod5:filesld6:length"
          "i10e4:pathl3:map5:a.pdfeed4:pathl5:b.txte6:lengthi20eee4:name4:mill6:pieces3:"
          "\xC8\xC9\xCA"
          "ee",
          "p Maps\nmeta(created) 2023-11-14T22:13:20Z\nrowh File | Size\nrow map/a.pdf | 10\n"
          "row b.txt | 20\nmeta(title) mill\nmeta(members) 2\nmeta(unpacked_size) 30\n" },
        { "one file", "d4:infod6:lengthi5e4:name5:a.txtee",
          "rowh File | Size\nrow a.txt | 5\nmeta(title) a.txt\nmeta(members) 1\n"
          "meta(unpacked_size) 5\n" },
        { "cut", "d4:infod5:filesld6:lengthi10e4:pathl5:a.pdfeed6:leng",
          "rowh File | Size\nrow a.pdf | 10\nmeta(members) 1\nmeta(unpacked_size) 10\n"
          "~ the torrent is broken: not all of its files are listed\n" },
        { "no files", "d4:infod4:name99999999:a", "! damaged\n" },
        { "lists without end", "d1:alllllllllllllllllllllllllllllllllllllllllllllllllll",
          "! damaged\n" },
    };
    DUMP_CASES(extractor_torrent, cases);
    cr_expect_eq(extractor_torrent.sniff(str(cases[0].input)), 85);
    cr_expect_eq(extractor_torrent.sniff(S("d10: a list")), 0);
}
