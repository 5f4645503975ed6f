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

/// count floats as whole numbers from -127 to 127, of 16 bits or as bytes around 128; answers the scale.
static inline __attribute__((always_inline)) float round_numbers(const float *from, void *to, long count, const int wide) {
    uint8_t *bytes = to;
    int16_t *words = to;
    const float largest = largest_size(from, count);
    const float inverse = 127.0f / largest;
    // Below the smallest normal number the inverse is not finite, and nothing is left of the numbers.
    if (isnan(largest) || largest == 0 || !isfinite(inverse)) {
        memset(to, wide ? 0 : 128, (unsigned long)count * (wide ? 2 : 1));
        return isnan(largest) ? NAN : 0;
    }
    long i = 0;
#if defined(__SSE2__)
    const __m128 factor = _mm_set1_ps(inverse);
    const __m128i middle = _mm_set1_epi32(wide ? 0 : 128);
    for (; i + 16 <= count; i += 16) {
        __m128i part[4];
        for (int k = 0; k < 4; k++) {
            part[k] = _mm_add_epi32(_mm_cvtps_epi32(_mm_mul_ps(_mm_loadu_ps(from + i + 4 * k), factor)), middle);
        }
        const __m128i low = _mm_packs_epi32(part[0], part[1]), high = _mm_packs_epi32(part[2], part[3]);
        if (wide) {
            _mm_storeu_si128((__m128i *)(words + i), low);
            _mm_storeu_si128((__m128i *)(words + i + 8), high);
        } else {
            _mm_storeu_si128((__m128i *)(bytes + i), _mm_packus_epi16(low, high));
        }
    }
#endif
    // To the nearest whole number, ties to even, as above.
    for (; i < count; i++) {
        const int number = (int)lrintf(from[i] * inverse);
        if (wide) words[i] = (int16_t)number;
        else bytes[i] = (uint8_t)(number + 128);
    }
    return largest / 127.0f;
}

float kd_int8_round(const float *from, uint8_t *to, long count) { return round_numbers(from, to, count, 0); }
float kd_int8_round_wide(const float *from, int16_t *to, long count) { return round_numbers(from, to, count, 1); }

/// The float behind the numbers of a row.
static inline float row_scale(const uint8_t *end) {
    float scale;
    memcpy(&scale, end, 4);
    return scale;
}

void kd_int8_tile_plain(
    const void *a, long aStride, const int8_t *b, long depth, const int32_t *offsets, const float *scales,
    const float *bias, float *c, long cStride, int rows, int columns
) {
    for (int i = 0; i < rows; i++) {
        const uint8_t *row = (const uint8_t *)a + i * aStride;
        const float own = row_scale(row + 4 * depth);
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
            const __m512 both = _mm512_mul_ps(_mm512_set1_ps(row_scale(a + i * aStride + 4 * depth)), scale);
            __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), both);
            if (bias) product = _mm512_add_ps(product, _mm512_maskz_loadu_ps(mask, bias + 16 * half));
            _mm512_mask_storeu_ps(c + i * cStride + 16 * half, mask, product);
        }
    }
}

KD_VNNI void kd_int8_tile_vnni(
    const void *a, long aStride, const int8_t *b, long depth, const int32_t *offsets, const float *scales,
    const float *bias, float *c, long cStride, int rows, int columns
) {
    switch (rows) {
    case 12: tile(12, a, aStride, b, depth, offsets, scales, bias, c, cStride, columns); return;
    case 8: tile(8, a, aStride, b, depth, offsets, scales, bias, c, cStride, columns); return;
    case 4: tile(4, a, aStride, b, depth, offsets, scales, bias, c, cStride, columns); return;
    default:
        for (int i = 0; i < rows; i++) {
            const uint8_t *row = (const uint8_t *)a + i * aStride;
            tile(1, row, aStride, b, depth, offsets, scales, bias, c + i * cStride, cStride, columns);
        }
    }
}

#define KD_AVX2 __attribute__((target("avx2")))

// Eight columns, of each of which a register holds two sums until the end.
KD_AVX2 static inline __attribute__((always_inline)) void wide_tile(
    const int rows, const uint8_t *a, long aStride, const int8_t *b, long depth, const float *scales, const float *bias,
    float *c, long cStride, int columns
) {
    __m256i x[6], y[6];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) x[i] = y[i] = _mm256_setzero_si256();
    for (long k = 0; k < depth; k++) {
        const __m256i u = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(b + 128 * k)));
        const __m256i v = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(b + 128 * k + 16)));
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            long long quad;
            memcpy(&quad, a + i * aStride + 8 * k, 8);
            const __m256i s = _mm256_set1_epi64x(quad);
            x[i] = _mm256_add_epi32(x[i], _mm256_madd_epi16(s, u));
            y[i] = _mm256_add_epi32(y[i], _mm256_madd_epi16(s, v));
        }
    }
    static const int32_t marks[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    const __m256i mask = _mm256_loadu_si256((const __m256i *)(marks + 8 - (columns < 8 ? columns : 8)));
    const __m256 scale = _mm256_maskload_ps(scales, mask);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
        const __m256i sum = _mm256_permute4x64_epi64(_mm256_hadd_epi32(x[i], y[i]), 0xD8);
        const __m256 both = _mm256_mul_ps(_mm256_set1_ps(row_scale(a + i * aStride + 8 * depth)), scale);
        __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), both);
        if (bias) product = _mm256_add_ps(product, _mm256_maskload_ps(bias, mask));
        // A masked store takes long on some processors.
        if (columns >= 8) _mm256_storeu_ps(c + i * cStride, product);
        else _mm256_maskstore_ps(c + i * cStride, mask, product);
    }
}

KD_AVX2 void kd_int8_tile_wide(
    const void *rowsOfA, long aStride, const int8_t *b, long depth, const int32_t *offsets, const float *scales,
    const float *bias, float *c, long cStride, int rows, int columns
) {
    (void)offsets;
    for (int j = 0; j < columns; j += 8) {
        const int8_t *own = b + 4 * j;
        const float *scale = scales + j, *shift = bias ? bias + j : 0;
        for (int i = 0; i < rows;) {
            const uint8_t *a = (const uint8_t *)rowsOfA + i * aStride;
            float *to = c + i * cStride + j;
            const int left = rows - i;
            if (left == 6 || left >= 10) {
                wide_tile(6, a, aStride, own, depth, scale, shift, to, cStride, columns - j);
                i += 6;
            } else if (left >= 4) {
                wide_tile(4, a, aStride, own, depth, scale, shift, to, cStride, columns - j);
                i += 4;
            } else {
                wide_tile(1, a, aStride, own, depth, scale, shift, to, cStride, columns - j);
                i += 1;
            }
        }
    }
}

#endif
