/* older_processor.c - makes a program believe that its processor has less than it has.
 *
 *   cc -O2 -D_GNU_SOURCE -shared -fPIC -o older.so older_processor.c
 *   PROCESSOR=avx2 LD_PRELOAD=./older.so program         (or avx512vnni: all but the tile unit)
 *
 * Libraries such as ONNX Runtime choose their kernels by CPUID and have no switch. Linux lets a
 * process make that instruction fault (arch_prctl(2), ARCH_SET_CPUID) where the processor can; the
 * fault is answered with what the processor says, without what is newer. Threads inherit the
 * setting. Prints a line and changes nothing where that cannot be done. */
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012
#define BIT(n) (1u << (n))

static int keeps_avx512;

/* By Intel's manual, volume 2, CPUID leaf 7. */
static void hide_tiles(uint32_t part, uint32_t regs[4])
{
    regs[0] = part == 1 ? regs[0] & ~BIT(21) : regs[0];
    regs[3] &= part == 1 ? ~BIT(8) : ~(BIT(22) | BIT(24) | BIT(25));
}

static void hide_avx512_and_vnni(uint32_t part, uint32_t regs[4])
{
    if (part == 0) {
        regs[1] &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31));
        regs[2] &= ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14));
        regs[3] &= ~(BIT(2) | BIT(3) | BIT(8) | BIT(23));
    } else {
        regs[0] = part == 1 ? regs[0] & ~(BIT(4) | BIT(5) | BIT(23)) : regs[0];
        regs[3] = part == 1 ? 0 : regs[3];
    }
}

static void hide(uint32_t leaf, uint32_t part, uint32_t regs[4])
{
    if (leaf != 7)
        return;
    hide_tiles(part, regs);
    if (!keeps_avx512)
        hide_avx512_and_vnni(part, regs);
}

static void answer(int signal_number, siginfo_t *info, void *context)
{
    greg_t *now = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *at = (const uint8_t *)now[REG_RIP];
    uint32_t regs[4], leaf = (uint32_t)now[REG_RAX], part = (uint32_t)now[REG_RCX];
    (void)info;
    if (at[0] != 0x0F || at[1] != 0xA2) { /* not CPUID: the program's own fault */
        signal(signal_number, SIG_DFL);
        return;
    }
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1ul);
    __cpuid_count(leaf, part, regs[0], regs[1], regs[2], regs[3]);
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0ul);
    hide(leaf, part, regs);
    now[REG_RAX] = regs[0];
    now[REG_RBX] = regs[1];
    now[REG_RCX] = regs[2];
    now[REG_RDX] = regs[3];
    now[REG_RIP] += 2;
}

static __attribute__((constructor)) void begin(void)
{
    struct sigaction action = { .sa_sigaction = answer, .sa_flags = SA_SIGINFO };
    const char *processor = getenv("PROCESSOR");
    keeps_avx512 = processor && !strcmp(processor, "avx512vnni");
    sigaction(SIGSEGV, &action, NULL);
    if (syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0ul))
        fprintf(stderr, "older_processor: this processor's CPUID cannot be changed\n");
}
