#include "BF16.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include "CIntrinsics.h"

int kd_has_bf16(void) {
    uint32_t a, b, c, d;
    if (kd_cpu_level() < 3) return 0;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 5)) != 0;
}

int kd_bf16_is_fast(void) {
    uint32_t a, b, c, d;
    if (!kd_has_bf16() || !__get_cpuid(0, &a, &b, &c, &d)) return 0;
    const int isIntel = b == signature_INTEL_ebx && c == signature_INTEL_ecx && d == signature_INTEL_edx;
    // Intel's processors with AVX512_FP16 leave bf16 to their matrix units and take two cycles for a dot product here.
    return !(isIntel && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & (1u << 23)) != 0);
}

#define KD_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

KD_BF16 void kd_bf16_round(const float *from, uint16_t *to, long count) {
    long i = 0;
    for (; i + 16 <= count; i += 16) {
        _mm256_storeu_si256((__m256i *)(to + i), (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(from + i)));
    }
    if (i < count) {
        __mmask16 rest = (__mmask16)((1u << (count - i)) - 1);
        _mm256_mask_storeu_epi16(to + i, rest, (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(rest, from + i)));
    }
}

// The columns of a tile of 32, and what its sums begin with.
#define KD_TILE_START                                                                                                  \
    const __mmask16 left = columns >= 16 ? 0xFFFF : (__mmask16)((1u << columns) - 1);                                  \
    const __mmask16 right = columns >= 32 ? 0xFFFF : columns <= 16 ? 0 : (__mmask16)((1u << (columns - 16)) - 1);      \
    const __m512 x0 = bias ? _mm512_maskz_loadu_ps(left, bias) : _mm512_setzero_ps();                                  \
    const __m512 y0 = bias ? _mm512_maskz_loadu_ps(right, bias + 16) : _mm512_setzero_ps();                            \
    __m512 x[12], y[12];                                                                                               \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) { x[i] = x0; y[i] = y0; }

#define KD_TILE_END                                                                                                    \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) {                                                \
        _mm512_mask_storeu_ps(c + i * cStride, left, x[i]);                                                            \
        if (right) _mm512_mask_storeu_ps(c + i * cStride + 16, right, y[i]);                                           \
    }

// The number of rows is a constant wherever these are inlined, so that all sums stay in registers.
#define KD_WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))

KD_BF16 static inline __attribute__((always_inline)) void tile(
    const int rows, const uint32_t *a, long aStride, const uint32_t *b, long depth, const float *bias, float *c, long cStride,
    int columns
) {
    KD_TILE_START
    for (long k = 0; k < depth; k++) {
        kd_fetch_results(c, cStride, rows, k);
        const __m512bh u = (__m512bh)_mm512_loadu_si512(b + 32 * k), v = (__m512bh)_mm512_loadu_si512(b + 32 * k + 16);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            const __m512bh s = (__m512bh)_mm512_set1_epi32((int)a[i * aStride + k]);
            x[i] = _mm512_dpbf16_ps(x[i], s, u);
            y[i] = _mm512_dpbf16_ps(y[i], s, v);
        }
    }
    KD_TILE_END
}

KD_WIDE static inline __attribute__((always_inline)) void wide_tile(
    const int rows, const float *a, long aStride, const uint32_t *b, long depth, const float *bias, float *c, long cStride,
    int columns
) {
    KD_TILE_START
    const __m512i upper = _mm512_set1_epi32((int)0xFFFF0000);
    for (long k = 0; k < depth; k++) {
        kd_fetch_results(c, cStride, rows, k);
        const __m512i u = _mm512_loadu_si512(b + 32 * k), v = _mm512_loadu_si512(b + 32 * k + 16);
        // A bf16 is the upper half of a float.
        const __m512 u0 = (__m512)_mm512_slli_epi32(u, 16), u1 = (__m512)_mm512_and_si512(u, upper);
        const __m512 v0 = (__m512)_mm512_slli_epi32(v, 16), v1 = (__m512)_mm512_and_si512(v, upper);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            const __m512 s = _mm512_set1_ps(a[i * aStride + 2 * k]), t = _mm512_set1_ps(a[i * aStride + 2 * k + 1]);
            x[i] = _mm512_fmadd_ps(s, u0, x[i]);
            y[i] = _mm512_fmadd_ps(s, v0, y[i]);
            x[i] = _mm512_fmadd_ps(t, u1, x[i]);
            y[i] = _mm512_fmadd_ps(t, v1, y[i]);
        }
    }
    KD_TILE_END
}

#define KD_TILE_BY_ROWS(TILE)                                                                                          \
    switch (rows) {                                                                                                    \
    case 12: TILE(12, a, aStride, b, depth, bias, c, cStride, columns); return;                                        \
    case 8: TILE(8, a, aStride, b, depth, bias, c, cStride, columns); return;                                          \
    case 4: TILE(4, a, aStride, b, depth, bias, c, cStride, columns); return;                                          \
    default:                                                                                                           \
        for (int i = 0; i < rows; i++)                                                                                 \
            TILE(1, a + i * aStride, aStride, b, depth, bias, c + i * cStride, cStride, columns);                      \
    }

KD_BF16 void kd_bf16_tile(
    const uint32_t *a, long aStride, const uint32_t *b, long depth, const float *bias, float *c, long cStride, int rows,
    int columns
) {
    KD_TILE_BY_ROWS(tile)
}

KD_WIDE void kd_bf16_wide_tile(
    const float *a, long aStride, const uint32_t *b, long depth, const float *bias, float *c, long cStride, int rows,
    int columns
) {
    KD_TILE_BY_ROWS(wide_tile)
}

#define KD_AVX2 __attribute__((target("avx2,fma")))

// Sixteen columns: more would not leave registers for the weights.
KD_AVX2 static inline __attribute__((always_inline)) void wide_half_tile(
    const int rows, const float *a, long aStride, const uint32_t *b, long depth, const float *bias, float *c, long cStride,
    int columns
) {
    static const int32_t marks[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    const __m256i left = _mm256_loadu_si256((const __m256i *)(marks + 8 - (columns < 8 ? columns : 8)));
    const int more = columns <= 8 ? 0 : columns - 8;
    const __m256i right = _mm256_loadu_si256((const __m256i *)(marks + 8 - (more < 8 ? more : 8)));
    __m256 x[4], y[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
        x[i] = bias ? _mm256_maskload_ps(bias, left) : _mm256_setzero_ps();
        y[i] = bias ? _mm256_maskload_ps(bias + 8, right) : _mm256_setzero_ps();
    }
    const __m256i upper = _mm256_set1_epi32((int)0xFFFF0000);
    for (long k = 0; k < depth; k++) {
        const __m256i u = _mm256_loadu_si256((const __m256i *)(b + 32 * k));
        const __m256i v = _mm256_loadu_si256((const __m256i *)(b + 32 * k + 8));
        const __m256 u0 = (__m256)_mm256_slli_epi32(u, 16), u1 = (__m256)_mm256_and_si256(u, upper);
        const __m256 v0 = (__m256)_mm256_slli_epi32(v, 16), v1 = (__m256)_mm256_and_si256(v, upper);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            const __m256 s = _mm256_set1_ps(a[i * aStride + 2 * k]), t = _mm256_set1_ps(a[i * aStride + 2 * k + 1]);
            x[i] = _mm256_fmadd_ps(s, u0, x[i]);
            y[i] = _mm256_fmadd_ps(s, v0, y[i]);
            x[i] = _mm256_fmadd_ps(t, u1, x[i]);
            y[i] = _mm256_fmadd_ps(t, v1, y[i]);
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
        float *to = c + i * cStride;
        // A masked store takes long on some processors.
        if (columns >= 8) _mm256_storeu_ps(to, x[i]);
        else _mm256_maskstore_ps(to, left, x[i]);
        if (columns >= 16) _mm256_storeu_ps(to + 8, y[i]);
        else if (columns > 8) _mm256_maskstore_ps(to + 8, right, y[i]);
    }
}

KD_AVX2 void kd_bf16_wide_tile_avx2(
    const float *a, long aStride, const uint32_t *b, long depth, const float *bias, float *c, long cStride, int rows,
    int columns
) {
    for (int j = 0; j < columns; j += 16) {
        const float *shift = bias ? bias + j : 0;
        for (int i = 0; i < rows;) {
            const int height = rows - i >= 4 ? 4 : 1;
            const float *from = a + i * aStride;
            float *to = c + i * cStride + j;
            if (height == 4) wide_half_tile(4, from, aStride, b + j, depth, shift, to, cStride, columns - j);
            else wide_half_tile(1, from, aStride, b + j, depth, shift, to, cStride, columns - j);
            i += height;
        }
    }
}

#else

int kd_has_bf16(void) { return 0; }
int kd_bf16_is_fast(void) { return 0; }
void kd_bf16_round(const float *from, uint16_t *to, long count) { (void)from; (void)to; (void)count; }
void kd_bf16_tile(
    const uint32_t *a, long aStride, const uint32_t *b, long depth, const float *bias, float *c, long cStride, int rows,
    int columns
) {
    (void)a; (void)aStride; (void)b; (void)depth; (void)bias; (void)c; (void)cStride; (void)rows; (void)columns;
}

void kd_bf16_wide_tile(
    const float *a, long aStride, const uint32_t *b, long depth, const float *bias, float *c, long cStride, int rows,
    int columns
) {
    (void)a; (void)aStride; (void)b; (void)depth; (void)bias; (void)c; (void)cStride; (void)rows; (void)columns;
}

void kd_bf16_wide_tile_avx2(
    const float *a, long aStride, const uint32_t *b, long depth, const float *bias, float *c, long cStride, int rows,
    int columns
) {
    (void)a; (void)aStride; (void)b; (void)depth; (void)bias; (void)c; (void)cStride; (void)rows; (void)columns;
}

#endif
