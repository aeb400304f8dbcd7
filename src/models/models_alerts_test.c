/* models_alerts_test.c - when an alert is over. */
#include <criterion/criterion.h>

#include "models/models_alerts.h"

Test(models, an_alert_is_over_after_three_calm_minutes_in_a_row)
{
    static const struct {
        double value;
        bool is_over;
    } minutes[] = {
        { 7, false },   { 3.9, false }, { 3.9, false },
        { 4.5, false }, /* below the limit, not calm */
        { 0, false },   { -1, false },  { 4, true },
    };
    Alert alert = { .threshold = 5, .value = 9 };
    for (size_t i = 0; i < COUNT(minutes); i++)
        cr_expect(alert_judge(&alert, minutes[i].value) == minutes[i].is_over, "%zu", i);
    cr_expect(alert.value == 4);
}

Test(models, what_cannot_be_judged_any_more_is_calm)
{
    Alert alert = { .threshold = 1, .value = 2 };
    cr_expect(!alert_judge(&alert, -1) && !alert_judge(&alert, -1) && alert_judge(&alert, -1));
    cr_expect(alert.value == 2);
}
