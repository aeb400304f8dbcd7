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
        { 0, false },   { 1, false },   { 4, true },
    };
    Alert alert = { .threshold = 5, .value = 9 };
    for (size_t i = 0; i < COUNT(minutes); i++)
        cr_expect(alert_judge(&alert, &minutes[i].value) == minutes[i].is_over, "%zu", i);
    cr_expect(alert.value == 4);
}

Test(models, what_cannot_be_judged_any_more_is_calm)
{
    Alert alert = { .threshold = 1, .value = 2 };
    cr_expect(!alert_judge(&alert, NULL) && !alert_judge(&alert, NULL) &&
              alert_judge(&alert, NULL));
    cr_expect(alert.value == 2);
}

Test(models, an_alert_below_its_limit_is_over_when_it_is_well_above)
{
    static const struct {
        double value;
        int64_t calm_count;
    } minutes[] = { { 3, 0 }, { 5, 0 }, { 6.2, 0 }, { 6.3, 1 }, { 50, 2 } };
    Alert alert = { .rule = S("low_memory"), .threshold = 5, .value = 3 };
    for (size_t i = 0; i < COUNT(minutes); i++) {
        (void)alert_judge(&alert, &minutes[i].value);
        cr_expect_eq(alert.calm_count, minutes[i].calm_count, "%zu", i);
    }
}
