/* date_recurrence_test.c - what comes again, as rules of RFC 5545; the day of reference is
 * Thursday, 12 March 2026, 10:00. */
#include "text/date_check.h"

#define REFERENCE "2026-03-12T10:00:00"

static const DateCase english[] = {
    { "Payday is every other Friday.", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR" },
    { "Bus leaves each weekday at 8:15.", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=8;BYMINUTE=15" },
    { "Board call on the last Friday of each month", "FREQ=MONTHLY;BYDAY=-1FR" },
    { "Change the filter every 3 months.", "FREQ=MONTHLY;INTERVAL=3" },
    { "The licence renews annually.", "FREQ=YEARLY" },
    { "Yoga on Mondays and Wednesdays at noon", "FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=12;BYMINUTE=0" },
    { "Take one pill every two hours.", "FREQ=HOURLY;INTERVAL=2" },
    { "Invoices go out on the 1st and 15th of every month.", "FREQ=MONTHLY;BYMONTHDAY=1,15" },
    { "Choir every second Tuesday until June", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20260601" },
    { "He runs every morning at 6.", "FREQ=DAILY;BYHOUR=6;BYMINUTE=0" },
    { "Water the plants once a week.", "FREQ=WEEKLY" },
    { "Flowers every year on March 8", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=8" },
    { "A report is written each quarter.", "FREQ=MONTHLY;INTERVAL=3" },
    { "The job runs nightly at 2am.", "FREQ=DAILY;BYHOUR=2;BYMINUTE=0" },
    { "Physio every Thursday for six weeks", "FREQ=WEEKLY;BYDAY=TH;COUNT=6" },
    { "Market day is the first Saturday of the month, every month.", "FREQ=MONTHLY;BYDAY=1SA" },
    { "every second Tuesday of the month", "FREQ=MONTHLY;BYDAY=2TU" },
    { "monthly on the first Monday", "FREQ=MONTHLY;BYDAY=1MO" },
    { "every 4 July", "FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=4" },
    { "every Monday, 5 times", "FREQ=WEEKLY;BYDAY=MO;COUNT=5" },
    { "every week on Tuesday and Friday", "FREQ=WEEKLY;BYDAY=TU,FR" },
    { "every month on the last day", "FREQ=MONTHLY;BYMONTHDAY=-1" },
    { "weekdays at 9", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9;BYMINUTE=0" },
};

Test(date_recurrence, english_rules_are_understood)
{
    DATE_CHECK_ALL(english, REFERENCE, .language = S("en"));
}

static const DateCase german[] = {
    { "jeden zweiten Dienstag bis Juni", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20260601" },
    { "alle 14 Tage", "FREQ=WEEKLY;INTERVAL=2" },
    { "alle zwei Wochen am Montag", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO" },
    { "der Bericht geht wöchentlich raus", "FREQ=WEEKLY" },
    { "am letzten Freitag im Monat", "FREQ=MONTHLY;BYDAY=-1FR" },
    { "jeden ersten Montag im Monat um 9 Uhr", "FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9;BYMINUTE=0" },
    { "werktags um 7:30 Uhr", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=7;BYMINUTE=30" },
    { "montags und donnerstags", "FREQ=WEEKLY;BYDAY=MO,TH" },
    { "jeden Tag", "FREQ=DAILY" },
    { "jeden Morgen um 6 Uhr", "FREQ=DAILY;BYHOUR=6;BYMINUTE=0" },
    { "alle drei Monate", "FREQ=MONTHLY;INTERVAL=3" },
    { "am 1. und 15. jedes Monats", "FREQ=MONTHLY;BYMONTHDAY=1,15" },
    { "jeden 15. des Monats", "FREQ=MONTHLY;BYMONTHDAY=15" },
    { "einmal im Monat", "FREQ=MONTHLY" },
    { "jedes Jahr am 8. März", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=8" },
    { "jeden Dienstag und Donnerstag um 18 Uhr bis Ende Juni",
      "FREQ=WEEKLY;BYDAY=TU,TH;BYHOUR=18;BYMINUTE=0;UNTIL=20260630" },
    { "jeden Mittwoch für sechs Wochen", "FREQ=WEEKLY;BYDAY=WE;COUNT=6" },
    { "an jedem Werktag", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" },
    { "jedes Wochenende", "FREQ=WEEKLY;BYDAY=SA,SU" },
    { "vierteljährlich", "FREQ=MONTHLY;INTERVAL=3" },
    { "jeden dritten Tag", "FREQ=DAILY;INTERVAL=3" },
};

Test(date_recurrence, german_rules_are_understood)
{
    DATE_CHECK_ALL(german, REFERENCE, .language = S("de"));
}

static const DateCase french[] = {
    { "chaque lundi", "FREQ=WEEKLY;BYDAY=MO" },
    { "tous les lundis à 9h", "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0" },
    { "tous les quinze jours", "FREQ=WEEKLY;INTERVAL=2" },
    { "le premier jeudi du mois", "FREQ=MONTHLY;BYDAY=1TH" },
    { "le dernier vendredi de chaque mois", "FREQ=MONTHLY;BYDAY=-1FR" },
    { "chaque semaine", "FREQ=WEEKLY" },
    { "toutes les deux semaines le mardi", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU" },
    { "un mardi sur deux", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU" },
    { "une semaine sur deux", "FREQ=WEEKLY;INTERVAL=2" },
    { "tous les jours à 8h30", "FREQ=DAILY;BYHOUR=8;BYMINUTE=30" },
    { "les lundis et jeudis", "FREQ=WEEKLY;BYDAY=MO,TH" },
    { "le 15 de chaque mois", "FREQ=MONTHLY;BYMONTHDAY=15" },
    { "une fois par mois", "FREQ=MONTHLY" },
    { "chaque année le 14 juillet", "FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=14" },
    { "tous les trois mois", "FREQ=MONTHLY;INTERVAL=3" },
    { "chaque jour ouvrable", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" },
    { "chaque mardi jusqu'en juin", "FREQ=WEEKLY;BYDAY=TU;UNTIL=20260601" },
    { "tous les matins", "FREQ=DAILY;BYHOUR=8;BYMINUTE=0" },
    { "tous les deux mardis", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU" },
};

Test(date_recurrence, french_rules_are_understood)
{
    DATE_CHECK_ALL(french, REFERENCE, .language = S("fr"));
}
