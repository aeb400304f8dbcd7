#include "jobs/job_wishes.h"

#include <criterion/criterion.h>

Test(jobs, rates_and_days_are_read_from_settings)
{
    JobType types[] = { { .name = "embed" }, { .name = "ai.x" } };
    Error err = { 0 };

    cr_assert(job_wishes_rates(S("embed=20/s, ai.x=3/h,"), types, 2, &err), "%s", err.message);
    cr_assert(types[0].rate_count == 20 && types[0].rate_ms == 1000);
    cr_assert(types[1].rate_count == 3 && types[1].rate_ms == 3600000);
    cr_assert(job_wishes_days(S("embed=0,ai.x=30"), types, 2, &err), "%s", err.message);
    cr_assert(types[0].forgets_done && !types[1].forgets_done && types[1].done_days == 30);
    cr_assert(job_wishes_days(S(""), types, 2, &err) && job_wishes_rates(S(" "), types, 2, &err));
}

Test(jobs, a_wish_with_a_mistake_is_refused_by_its_part)
{
    static const char *const rates[] = { "embed",     "embed=",    "embed=5",     "embed=0/s",
                                         "embed=5/d", "other=5/s", "embed=5/s/s", "=5/s" };
    static const char *const days[] = { "embed", "embed=-1", "embed=1.5", "other=1", "embed=9999" };
    JobType types[] = { { .name = "embed" } };
    Error err = { 0 };

    for (size_t i = 0; i < COUNT(rates); i++) {
        cr_expect(!job_wishes_rates(str(rates[i]), types, 1, &err), "%s", rates[i]);
        cr_expect_str_eq(err.field, "job_rates");
    }
    for (size_t i = 0; i < COUNT(days); i++) {
        cr_expect(!job_wishes_days(str(days[i]), types, 1, &err), "%s", days[i]);
        cr_expect_str_eq(err.field, "job_days");
    }
}
