// The few machine words for which Swift has none. Each function of this header is inlined into its caller.
#ifndef KD_CINTRINSICS_H
#define KD_CINTRINSICS_H

#include "BF16.h"
#include "Heap.h"
#include "Int8.h"
#include "Lanes.h"
#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>

/// The bits of XCR0: which registers the operating system saves.
static inline uint64_t kd_xcr0(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((uint64_t)high << 32) | low;
}
#endif

/// Tells the processor that this is a loop that waits.
static inline void kd_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// The x86-64 level of processor and operating system that kd has loops for: 0 portable, 2 = x86-64-v3 (AVX2, FMA, F16C,
/// BMI), 3 = x86-64-v4 (AVX-512 F, BW, CD, DQ, VL).
static inline int kd_cpu_level(void) {
#if defined(__x86_64__)
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    const uint32_t fma = 1u << 12, movbe = 1u << 22, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;
    const uint32_t basic = fma | movbe | osxsave | avx | f16c;
    if ((c & basic) != basic) return 0;
    const uint64_t xcr0 = kd_xcr0();
    if ((xcr0 & 0x6) != 0x6) return 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    const uint32_t extended = b;
    const uint32_t bmi1 = 1u << 3, avx2 = 1u << 5, bmi2 = 1u << 8;
    if ((extended & (bmi1 | avx2 | bmi2)) != (bmi1 | avx2 | bmi2)) return 0;
    if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !(c & (1u << 5))) return 0;  // LZCNT
    const uint32_t f = 1u << 16, dq = 1u << 17, cd = 1u << 28, bw = 1u << 30, vl = 1u << 31;
    const uint32_t level4 = f | dq | cd | bw | vl;
    if ((extended & level4) == level4 && (xcr0 & 0xE0) == 0xE0) return 3;
    return 2;
#else
    return 0;
#endif
}

#endif
