/* calendar_test.c - calendars and address cards. */
#include "extract/formats/dump.h"

extern const Extractor extractor_calendar, extractor_vcard;

Test(extract, calendars_become_events)
{
    static const DumpCase cases[] = {
        { "one event",
          "BEGIN:VCALENDAR\nX-WR-CALNAME:Work\nBEGIN:VTIMEZONE\nTZID:X\nEND:VTIMEZONE\nBEGIN:"
          "VEVENT\n"
          "SUMMARY:A\\, b\nDTSTART;TZID=Europe/Berlin:20121201T210000\nDTEND;VALUE=DATE:20121202\n"
          "GEO:59.9;10.7\nLOCATION:He\n re\nATTENDEE;CN=\"Bo: "
          "B\":mailto:b@c\nBEGIN:VALARM\nDESCRIPTION:no\n"
          "END:VALARM\nDESCRIPTION:x\\ny\nEND:VEVENT\nEND:VCALENDAR\n",
          "meta(title) Work\nmeta(subject) A, b\nmeta(starts) 2012-12-01T21:00:00\nmeta(ends) "
          "2012-12-02\nmeta(location) Here\nmeta(latitude) 59.9\nmeta(longitude) 10.7\nh2 A, b\np "
          "Begins: 2012-12-01T21:00:00 "
          "(Europe/Berlin)\\nEnds: 2012-12-02\\nPosition: 59.9;10.7\\nPlace: Here\\nAttendee: Bo: "
          "B "
          "<b@c>\\nDescription: x\\ny\n" },
        { "two tasks", "BEGIN:VTODO\nSUMMARY:a\nEND:VTODO\nBEGIN:VTODO\nDUE:20200101T000000Z\n",
          "h2 a\nh2 Task\np Due: 2020-01-01T00:00:00Z\n" },
        { "vCalendar",
          "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:caf="
          "E9 "
          "=\n a\nEND:VEVENT\n",
          "meta(subject) caf\u00e9  a\nh2 caf\u00e9  a\n" },
    };
    DUMP_CASES(extractor_calendar, cases);
}

Test(extract, address_cards_become_headings_and_lines)
{
    static const DumpCase cases[] = {
        { "2.1",
          "BEGIN:VCARD\nN:Doe;John;;Mr.;III\nFN:John Doe\nTEL;WORK;VOICE:1\nNOTE;ENCODING=QUOTED-"
          "PRINTABLE:a=0D=0Ab=\nc\nADR;HOME:;;Main St;Austin;TX;1;USA\nEND:VCARD\n",
          "h2 John Doe\np Name: Mr. John Doe III\\nPhone (work): 1\\nNote: a\\nbc\\nAddress "
          "(home): Main St, Austin, TX, 1, USA\nmeta(members) 1\n" },
        { "3.0 and groups",
          "BEGIN:VCARD\nitem1.EMAIL;type=INTERNET;type=pref:a@b\nN:Doe;Jo\nBDAY:19800321\nEND:"
          "VCARD",
          "h2 Jo Doe\np E-mail: a@b\\nName: Jo Doe\\nBirthday: 1980-03-21\nmeta(members) 1\n" },
        { "a picture", "BEGIN:VCARD\nFN:A\nPHOTO;TYPE=PLAIN;ENCODING=b:aGVs\n bG8=\nEND:VCARD\n",
          "h2 A\nmeta(members) 1\n+ picture-1.plain\n  p hello\n" },
        { "two", "BEGIN:VCARD\nFN:A\nEND:VCARD\nBEGIN:VCARD\nFN:B\n",
          "h2 A\nh2 B\nmeta(members) 2\n" },
    };
    DUMP_CASES(extractor_vcard, cases);
}

Test(extract, calendars_and_cards_are_told_apart)
{
    Str calendar = S("begin:vcalendar\r\n"), card = S("BEGIN:VCARD\r\nFN:x");
    cr_expect_eq(extractor_calendar.sniff(calendar), 85);
    cr_expect_eq(extractor_calendar.sniff(card), 0);
    cr_expect_eq(extractor_vcard.sniff(card), 85);
    cr_expect_eq(extractor_vcard.sniff(calendar), 0);
}
