#include "Int8.h"

#include <math.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// The largest size of count floats; not a number when one is not finite.
static float largest_size(const float *from, long count) {
    float largest = 0, spoiled = 0;
    long i = 0;
#if defined(__SSE2__)
    __m128 most = _mm_setzero_ps(), zeros = _mm_setzero_ps();
    const __m128 sign = _mm_set1_ps(-0.0f);
    for (; i + 4 <= count; i += 4) {
        const __m128 x = _mm_loadu_ps(from + i);
        most = _mm_max_ps(_mm_andnot_ps(sign, x), most);
        // Zero for every finite number.
        zeros = _mm_add_ps(zeros, _mm_mul_ps(x, _mm_setzero_ps()));
    }
    float parts[4], zero[4];
    _mm_storeu_ps(parts, most);
    _mm_storeu_ps(zero, zeros);
    for (int k = 0; k < 4; k++) {
        largest = parts[k] > largest ? parts[k] : largest;
        spoiled += zero[k];
    }
#endif
    for (; i < count; i++) {
        const float size = fabsf(from[i]);
        largest = size > largest ? size : largest;
        spoiled += from[i] * 0.0f;
    }
    return spoiled != 0 ? NAN : largest;
}

float kd_int8_round(const float *from, uint8_t *to, long count) {
    const float largest = largest_size(from, count);
    const float inverse = 127.0f / largest;
    // Below the smallest normal number the inverse is not finite, and nothing is left of the numbers.
    if (isnan(largest) || largest == 0 || !isfinite(inverse)) {
        memset(to, 128, (unsigned long)count);
        return isnan(largest) ? NAN : 0;
    }
    long i = 0;
#if defined(__SSE2__)
    const __m128 factor = _mm_set1_ps(inverse);
    const __m128i middle = _mm_set1_epi32(128);
    for (; i + 16 <= count; i += 16) {
        __m128i part[4];
        for (int k = 0; k < 4; k++) {
            part[k] = _mm_add_epi32(_mm_cvtps_epi32(_mm_mul_ps(_mm_loadu_ps(from + i + 4 * k), factor)), middle);
        }
        const __m128i low = _mm_packs_epi32(part[0], part[1]), high = _mm_packs_epi32(part[2], part[3]);
        _mm_storeu_si128((__m128i *)(to + i), _mm_packus_epi16(low, high));
    }
#endif
    // To the nearest whole number, ties to even, as above.
    for (; i < count; i++) to[i] = (uint8_t)((int)lrintf(from[i] * inverse) + 128);
    return largest / 127.0f;
}

static inline float row_scale(const uint8_t *a, long depth) {
    float scale;
    memcpy(&scale, a + 4 * depth, 4);
    return scale;
}

void kd_int8_tile_plain(
    const uint8_t *a, long aStride, const int8_t *b, long depth, const int32_t *offsets, const float *scales,
    const float *bias, float *c, long cStride, int rows, int columns
) {
    for (int i = 0; i < rows; i++) {
        const uint8_t *row = a + i * aStride;
        const float own = row_scale(row, depth);
        for (int j = 0; j < columns; j++) {
            int32_t sum = 0;
            for (long k = 0; k < depth; k++) {
                const int8_t *quad = b + (32 * k + j) * 4;
                for (int q = 0; q < 4; q++) sum += (int32_t)row[4 * k + q] * quad[q];
            }
            const float scale = own * scales[j];
            const float product = (float)(sum - offsets[j]) * scale;
            c[i * cStride + j] = bias ? product + bias[j] : product;
        }
    }
}

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include "CIntrinsics.h"

int kd_has_vnni(void) {
    uint32_t a, b, c, d;
    if (kd_cpu_level() < 3) return 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & (1u << 11)) != 0;
}

#define KD_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))

// The number of rows is a constant wherever this is inlined, so that all sums stay in registers.
KD_VNNI static inline __attribute__((always_inline)) void tile(
    const int rows, const uint8_t *a, long aStride, const int8_t *b, long depth, const int32_t *offsets,
    const float *scales, const float *bias, float *c, long cStride, int columns
) {
    __m512i x[12], y[12];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) x[i] = y[i] = _mm512_setzero_si512();
    for (long k = 0; k < depth; k++) {
        const __m512i u = _mm512_loadu_si512(b + 128 * k), v = _mm512_loadu_si512(b + 128 * k + 64);
        kd_fetch_results(c, cStride, rows, k);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            int quad;
            memcpy(&quad, a + i * aStride + 4 * k, 4);
            const __m512i s = _mm512_set1_epi32(quad);
            x[i] = _mm512_dpbusd_epi32(x[i], s, u);
            y[i] = _mm512_dpbusd_epi32(y[i], s, v);
        }
    }
    for (int half = 0; half < 2; half++) {
        const int left = columns - 16 * half;
        if (left <= 0) break;
        const __mmask16 mask = left >= 16 ? 0xFFFF : (__mmask16)((1u << left) - 1);
        const __m512i offset = _mm512_maskz_loadu_epi32(mask, offsets + 16 * half);
        const __m512 scale = _mm512_maskz_loadu_ps(mask, scales + 16 * half);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            const __m512i sum = _mm512_sub_epi32(half ? y[i] : x[i], offset);
            const __m512 both = _mm512_mul_ps(_mm512_set1_ps(row_scale(a + i * aStride, depth)), scale);
            __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), both);
            if (bias) product = _mm512_add_ps(product, _mm512_maskz_loadu_ps(mask, bias + 16 * half));
            _mm512_mask_storeu_ps(c + i * cStride + 16 * half, mask, product);
        }
    }
}

KD_VNNI void kd_int8_tile_vnni(
    const uint8_t *a, long aStride, const int8_t *b, long depth, const int32_t *offsets, const float *scales,
    const float *bias, float *c, long cStride, int rows, int columns
) {
    switch (rows) {
    case 12: tile(12, a, aStride, b, depth, offsets, scales, bias, c, cStride, columns); return;
    case 8: tile(8, a, aStride, b, depth, offsets, scales, bias, c, cStride, columns); return;
    case 4: tile(4, a, aStride, b, depth, offsets, scales, bias, c, cStride, columns); return;
    default:
        for (int i = 0; i < rows; i++) {
            tile(1, a + i * aStride, aStride, b, depth, offsets, scales, bias, c + i * cStride, cStride, columns);
        }
    }
}

#define KD_AVX2 __attribute__((target("avx2")))

// Sixteen columns at a time. Of bytes with a sign the processor adds the products of two to 16 bits, the one factor without
// a sign: |w| · (x with w's sign). Two products of at most 127² fit, so that nothing is lost. No number may be -128.
KD_AVX2 static inline __attribute__((always_inline)) void half_tile(
    const int rows, const uint8_t *a, long aStride, const int8_t *b, long depth, const float *scales,
    const float *bias, float *c, long cStride, int columns
) {
    const __m256i ones = _mm256_set1_epi16(1), middle = _mm256_set1_epi8(-128);
    __m256i x[4], y[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) x[i] = y[i] = _mm256_setzero_si256();
    for (long k = 0; k < depth; k++) {
        const __m256i u = _mm256_loadu_si256((const __m256i *)(b + 128 * k));
        const __m256i v = _mm256_loadu_si256((const __m256i *)(b + 128 * k + 32));
        const __m256i sizesOfU = _mm256_abs_epi8(u), sizesOfV = _mm256_abs_epi8(v);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            int quad;
            memcpy(&quad, a + i * aStride + 4 * k, 4);
            const __m256i s = _mm256_xor_si256(_mm256_set1_epi32(quad), middle);
            const __m256i p = _mm256_maddubs_epi16(sizesOfU, _mm256_sign_epi8(s, u));
            const __m256i q = _mm256_maddubs_epi16(sizesOfV, _mm256_sign_epi8(s, v));
            x[i] = _mm256_add_epi32(x[i], _mm256_madd_epi16(p, ones));
            y[i] = _mm256_add_epi32(y[i], _mm256_madd_epi16(q, ones));
        }
    }
    static const int32_t marks[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    for (int part = 0; part < 2; part++) {
        const int left = columns - 8 * part;
        if (left <= 0) break;
        const __m256i mask = _mm256_loadu_si256((const __m256i *)(marks + 8 - (left < 8 ? left : 8)));
        const __m256 scale = _mm256_maskload_ps(scales + 8 * part, mask);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            const __m256 both = _mm256_mul_ps(_mm256_set1_ps(row_scale(a + i * aStride, depth)), scale);
            __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(part ? y[i] : x[i]), both);
            if (bias) product = _mm256_add_ps(product, _mm256_maskload_ps(bias + 8 * part, mask));
            _mm256_maskstore_ps(c + i * cStride + 8 * part, mask, product);
        }
    }
}

KD_AVX2 void kd_int8_tile_avx2(
    const uint8_t *a, long aStride, const int8_t *b, long depth, const int32_t *offsets, const float *scales,
    const float *bias, float *c, long cStride, int rows, int columns
) {
    (void)offsets;
    for (int half = 0; 16 * half < columns; half++) {
        const int8_t *own = b + 64 * half;
        const float *scale = scales + 16 * half, *shift = bias ? bias + 16 * half : 0;
        const int left = columns - 16 * half;
        int i = 0;
        for (; i + 4 <= rows; i += 4) {
            half_tile(4, a + i * aStride, aStride, own, depth, scale, shift, c + i * cStride + 16 * half, cStride, left);
        }
        for (; i < rows; i++) {
            half_tile(1, a + i * aStride, aStride, own, depth, scale, shift, c + i * cStride + 16 * half, cStride, left);
        }
    }
}

#else

int kd_has_vnni(void) { return 0; }
void kd_int8_tile_vnni(
    const uint8_t *a, long aStride, const int8_t *b, long depth, const int32_t *offsets, const float *scales,
    const float *bias, float *c, long cStride, int rows, int columns
) {
    kd_int8_tile_plain(a, aStride, b, depth, offsets, scales, bias, c, cStride, rows, columns);
}
void kd_int8_tile_avx2(
    const uint8_t *a, long aStride, const int8_t *b, long depth, const int32_t *offsets, const float *scales,
    const float *bias, float *c, long cStride, int rows, int columns
) {
    kd_int8_tile_plain(a, aStride, b, depth, offsets, scales, bias, c, cStride, rows, columns);
}

#endif
