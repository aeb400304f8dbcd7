/* kernel_sets.c - see kernel_sets.h. */
#include "encode/kernel_sets.h"

const KernelSet kernel_sets[] = {
#define KERNEL_SET(name, floats, bytes, faster) { #name, &floats, &bytes, faster },
#include "encode/kernel_sets.def"
#undef KERNEL_SET
};
const size_t kernel_set_count = COUNT(kernel_sets);

bool kernel_set_supported(const KernelSet *set)
{
    return kernels_supported(set->floats) && bytes_supported(set->bytes);
}

bool kernel_set_find(Str name, const KernelSet **set_r, Error *err)
{
    static const char names[] =
#define KERNEL_SET(name, floats, bytes, faster) " " #name
#include "encode/kernel_sets.def"
#undef KERNEL_SET
        ;
    *set_r = NULL;
    if (!name.length || str_is(name, "auto"))
        return true;
    for (size_t i = 0; i < COUNT(kernel_sets) && !*set_r; i++)
        if (str_is(name, kernel_sets[i].name))
            *set_r = &kernel_sets[i];
    if (!*set_r)
        return fail(err, ERROR_INVALID,
                    "there are no kernels '" STR_FMT "'; choose auto or one of%s", STR_ARG(name),
                    names);
    return kernel_set_supported(*set_r) ||
           fail(err, ERROR_INVALID, "this processor cannot run the kernels '" STR_FMT "'",
                STR_ARG(name));
}

bool precision_find(Str name, Precision *precision_r, Error *err)
{
    if (!name.length || str_is(name, "auto"))
        *precision_r = PRECISION_AUTO;
    else if (str_is(name, "fp32"))
        *precision_r = PRECISION_FP32;
    else if (str_is(name, "int8"))
        *precision_r = PRECISION_INT8;
    else
        return fail(err, ERROR_INVALID, "the precision '" STR_FMT "' is not auto, fp32 or int8",
                    STR_ARG(name));
    return true;
}

const KernelSet *kernel_set_best(size_t width, size_t inner_width, size_t head_size)
{
    size_t set = 0;
    if (width % KERNEL_LANES_MAX || inner_width % KERNEL_LANES_MAX || head_size % KERNEL_LANES_MAX)
        return &kernel_sets[COUNT(kernel_sets) - 1];
    while (!kernel_set_supported(&kernel_sets[set]))
        set++;
    return &kernel_sets[set];
}
