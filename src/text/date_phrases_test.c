/* date_phrases_test.c - ways of saying a day in English, and deadlines in German and French; the
 * day of reference is Thursday, 12 March 2026, 10:00. */
#include "text/date_check.h"

#define REFERENCE "2026-03-12T10:00:00"

static const DateCase english[] = {
    { "See you at half past seven tonight", "2026-03-12T19:30:00" },
    { "Doors open at twenty-five to nine.", "08:35:00" },
    { "Same place, tomorrow at the same time.", "2026-03-13T10:00:00" },
    { "Submit three days before the end of the month.", "2026-03-28" },
    { "We signed a month ago today.", "2026-02-12" },
    { "My visa starts next month on the 5th.", "2026-04-05" },
    { "They met half an hour before noon.", "11:30:00" },
    { "It rained 45 minutes after midnight.", "00:45:00" },
    { "Workshop at 12 noon next Tuesday", "2026-03-17T12:00:00" },
    { "Demo on the penultimate Friday of April.", "2026-04-17" },
    { "Kick-off: Thursday, 2nd April, 14h30", "2026-04-02T14:30:00" },
    { "second half of next month", "2026-04-16/2026-05-01" },
    { "Applications are open through April 30.", "../2026-04-30" },
    { "Boil for three quarters of an hour.", "PT0.75H" },
    { "runtime 1h 20m", "PT1H20M" },
    { "He may march second in line.", "" },
    { "An august body of scholars decided.", "" },
    { "We offer 24/7 support.", "" },
    { "The day my lease ends is far away.", "" },
};

Test(date_phrases, days_are_said_in_many_ways)
{
    DATE_CHECK_ALL(english, REFERENCE, .language = S("en"));
}

static const DateCase german[] = {
    { "bis Freitag", "../2026-03-13" },
    { "spätestens am 3. April", "../2026-04-03" },
    { "innerhalb von zwei Wochen", "2026-03-12/2026-03-26" },
    { "bis zum 15.", "../2026-03-15" },
    { "bis spätestens Freitag", "../2026-03-13" },
    { "spätestens bis Montag", "../2026-03-16" },
    { "spätestens Montag", "../2026-03-16" },
    { "binnen 10 Tagen", "2026-03-12/2026-03-22" },
    { "in den nächsten drei Tagen", "2026-03-13/2026-03-16" },
    { "bis Ende der Woche", "../2026-03-16" },
    { "bis Ende Mai", "../2026-06-01" },
    { "bis zum Ende des Monats", "../2026-04-01" },
    { "bis Monatsende", "../2026-04-01" },
    { "vor dem 20. März", "../2026-03-20" },
    { "vor Weihnachten", "../2026-12-25" },
    { "bis morgen Mittag", "../2026-03-13T12:00:00" },
    { "bis heute 17 Uhr", "../2026-03-12T17:00:00" },
    { "noch diese Woche", "2026-03-09/2026-03-16" },
    { "bis 17 Uhr", "../17:00:00" },
    { "bis Mitte Juni", "../2026-06-16" },
    { "bis nächsten Mittwoch", "../2026-03-18" },
    { "nicht später als 1. April", "../2026-04-01" },
    { "heute Abend", "2026-03-12T16:00:00/2026-03-12T20:00:00" },
    { "zum 1. April", "2026-04-01" },
    { "am 3. April um 14:30 Uhr", "2026-04-03T14:30:00" },
    { "nächsten Freitag", "2026-03-20" },
    { "Freitag in einer Woche", "2026-03-20" },
    { "heute in 14 Tagen", "2026-03-26" },
    { "in drei Werktagen", "2026-03-17" },
    { "bis zum 20. um 12 Uhr", "../2026-03-20T12:00:00" },
};

Test(date_phrases, german_deadlines_are_understood)
{
    DATE_CHECK_ALL(german, REFERENCE, .language = S("de"));
}

static const DateCase french[] = {
    { "d'ici vendredi", "../2026-03-13" },
    { "d’ici à lundi", "../2026-03-16" },
    { "d'ici la fin du mois", "../2026-04-01" },
    { "d'ici la fin de la semaine", "../2026-03-16" },
    { "avant le 15", "../2026-03-15" },
    { "avant le 20 mars", "../2026-03-20" },
    { "sous huit jours", "2026-03-12/2026-03-20" },
    { "sous 48 heures", "2026-03-12T10:00:00/2026-03-14T10:00:00" },
    { "au plus tard le 3 avril", "../2026-04-03" },
    { "le 3 avril au plus tard", "../2026-04-03" },
    { "jusqu'au 15 mars", "../2026-03-15" },
    { "jusqu’à demain", "../2026-03-13" },
    { "avant fin mars", "../2026-04-01" },
    { "avant la fin de la semaine", "../2026-03-16" },
    { "avant demain midi", "../2026-03-13T12:00:00" },
    { "dans les deux semaines", "2026-03-12/2026-03-26" },
    { "d'ici deux semaines", "2026-03-12/2026-03-26" },
    { "fin du mois", "2026-03-16/2026-04-01" },
    { "fin mars", "2026-03-16/2026-04-01" },
    { "demain matin", "2026-03-13T08:00:00/2026-03-13T12:00:00" },
    { "ce soir", "2026-03-12T16:00:00/2026-03-12T20:00:00" },
    { "pour le 15 avril", "2026-04-15" },
    { "lundi prochain à 10h", "2026-03-16T10:00:00" },
    { "après-demain", "2026-03-14" },
    { "demain à 14h30", "2026-03-13T14:30:00" },
    { "dans trois jours ouvrés", "2026-03-17" },
    { "cet après-midi", "2026-03-12T12:00:00/2026-03-12T16:00:00" },
    { "ce week-end", "2026-03-14/2026-03-16" },
    { "jusqu'au 15", "../2026-03-15" },
    { "à partir du 20 mars", "2026-03-20/.." },
    { "au plus tard vendredi à 17h", "../2026-03-13T17:00:00" },
};

Test(date_phrases, french_deadlines_are_understood)
{
    DATE_CHECK_ALL(french, REFERENCE, .language = S("fr"));
}
