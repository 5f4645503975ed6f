// One vector register of floats and one of doubles, as wide as the build's instruction set, with the operations that
// Swift's SIMD types leave to scalar loops: select, square root, rounding, partial loads and stores.
#ifndef KD_LANES_H
#define KD_LANES_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#define KD_BYTES 64
#elif defined(__AVX2__)
#include <immintrin.h>
#define KD_BYTES 32
#else
#define KD_BYTES 16
#endif

#define KD_F32_WIDTH (KD_BYTES / 4)
#define KD_F64_WIDTH (KD_BYTES / 8)

typedef float kd_f32 __attribute__((ext_vector_type(KD_F32_WIDTH)));
typedef double kd_f64 __attribute__((ext_vector_type(KD_F64_WIDTH)));
typedef int32_t kd_i32 __attribute__((ext_vector_type(KD_F32_WIDTH)));
typedef int64_t kd_i64 __attribute__((ext_vector_type(KD_F64_WIDTH)));
typedef uint8_t kd_f32_bytes __attribute__((ext_vector_type(KD_F32_WIDTH)));
typedef uint8_t kd_f64_bytes __attribute__((ext_vector_type(KD_F64_WIDTH)));

#define KD_INLINE static inline __attribute__((always_inline))

#if defined(__FMA__) || defined(__aarch64__)
#define KD_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define KD_FMA(a, b, c) ((a) * (b) + (c))
#endif

// A vector register that inline assembly reads and writes.
#if defined(__AVX512F__)
#define KD_REGISTER "+v"
#elif defined(__x86_64__)
#define KD_REGISTER "+x"
#else
#define KD_REGISTER "+w"
#endif

// The operations that read the same for both types. V vector, S scalar, I integers of the same width, B bytes.
#define KD_LANES(V, S, I, B, W, SIGN)                                                                                  \
    KD_INLINE V V##_load(const S *p) { V v; memcpy(&v, p, sizeof v); return v; }                                       \
    KD_INLINE void V##_store(S *p, V v) { memcpy(p, &v, sizeof v); }                                                   \
    KD_INLINE V V##_fma(V a, V b, V c) { return KD_FMA(a, b, c); }                                                     \
    KD_INLINE V V##_fma_in_turn(V a, V b, V c) {                                                                       \
        c = KD_FMA(a, b, c); __asm__ volatile("" : KD_REGISTER(c) : : "memory"); return c;                             \
    }                                                                                                                  \
    KD_INLINE V V##_less(V a, V b, V x, V y) { return (a < b) ? x : y; }                                               \
    KD_INLINE V V##_equal(V a, V b, V x, V y) { return (a == b) ? x : y; }                                             \
    KD_INLINE V V##_max(V a, V b) { return ((a > b) | (a != a)) ? a : b; }                                             \
    KD_INLINE V V##_min(V a, V b) { return ((a < b) | (a != a)) ? a : b; }                                             \
    KD_INLINE V V##_fastmax(V a, V b) { return (a > b) ? a : b; }                                                      \
    KD_INLINE V V##_sqrt(V a) { return __builtin_elementwise_sqrt(a); }                                                \
    KD_INLINE V V##_abs(V a) { return __builtin_elementwise_abs(a); }                                                  \
    KD_INLINE V V##_copysign(V a, V b) {                                                                               \
        I sign = (I)SIGN, x, y, z; V r;                                                                                \
        memcpy(&x, &a, sizeof x); memcpy(&y, &b, sizeof y);                                                            \
        z = (x & ~sign) | (y & sign); memcpy(&r, &z, sizeof r);                                                        \
        return r;                                                                                                      \
    }                                                                                                                  \
    KD_INLINE int V##_any_not_equal(V a, V b) {                                                                        \
        I m = a != b; I zero = (I)0; return memcmp(&m, &zero, sizeof m) != 0;                                          \
    }                                                                                                                  \
    KD_INLINE void V##_put_bytes(uint8_t *p, I m, intptr_t n) {                                                            \
        B b = __builtin_convertvector(m, B) & (B)1;                                                                    \
        if (n >= W) memcpy(p, &b, W); else for (intptr_t i = 0; i < n; i++) p[i] = b[i];                               \
    }                                                                                                                  \
    KD_INLINE void V##_store_equal(uint8_t *p, V a, V b, intptr_t n) { V##_put_bytes(p, a == b, n); }                      \
    KD_INLINE void V##_store_less(uint8_t *p, V a, V b, intptr_t n) { V##_put_bytes(p, a < b, n); }                        \
    KD_INLINE void V##_store_less_equal(uint8_t *p, V a, V b, intptr_t n) { V##_put_bytes(p, a <= b, n); }                 \
    KD_INLINE void V##_store_not_equal(uint8_t *p, V a, V b, intptr_t n) { V##_put_bytes(p, a != b, n); }                  \
    KD_INLINE V V##_select_bytes(const uint8_t *p, V x, V y, intptr_t n) {                                             \
        B b = (B)0;                                                                                                    \
        if (n >= W) memcpy(&b, p, W); else for (intptr_t i = 0; i < n; i++) b[i] = p[i];                               \
        return (__builtin_convertvector(b, I) != (I)0) ? x : y;                                                        \
    }                                                                                                                  \
    KD_INLINE S V##_sum(V v) { return kd_reduce_add_##V(v); }

// Asks for the cache line at p; any address is allowed.
KD_INLINE void kd_prefetch(const void *p) { __builtin_prefetch(p); }
// The places of a tile's results, 32 columns, come near while its sums are made: a row every four of the k steps.
KD_INLINE void kd_fetch_results(const float *c, intptr_t stride, int rows, intptr_t k) {
    if ((k & 3) != 0 || k >> 2 >= rows) return;
    kd_prefetch(c + (k >> 2) * stride);
    kd_prefetch(c + (k >> 2) * stride + 16);
}
// Into the second cache only.
KD_INLINE void kd_prefetch_far(const void *p) { __builtin_prefetch(p, 0, 2); }

// Sixteen flags: whether the upper 24 bits of a word, as a number, are at least a limit.
typedef uint32_t kd_u32x16 __attribute__((ext_vector_type(16)));
typedef uint8_t kd_u8x16 __attribute__((ext_vector_type(16)));
KD_INLINE void kd_flags_at_least(const uint32_t *words, uint32_t limit, uint8_t *flags) {
    kd_u32x16 w;
    memcpy(&w, words, sizeof w);
    kd_u8x16 f = __builtin_convertvector((kd_u32x16)((w >> 8) >= limit) & 1, kd_u8x16);
    memcpy(flags, &f, sizeof f);
}

// Four scalars at once, whatever the register's width: what packing a matrix moves. Strides are in scalars.
#define KD_FOURS(V, S)                                                                                                 \
    typedef S V##_four __attribute__((ext_vector_type(4)));                                                            \
    KD_INLINE void V##_copy4(const S *x, S *out) { memcpy(out, x, 4 * sizeof(S)); }                                    \
    KD_INLINE void V##_copy2(const S *x, S *out) { memcpy(out, x, 2 * sizeof(S)); }                                    \
    KD_INLINE void V##_transpose4(const S *x, intptr_t stride, S *out, intptr_t out_stride) {                          \
        V##_four a, b, c, d;                                                                                           \
        memcpy(&a, x, sizeof a); memcpy(&b, x + stride, sizeof b);                                                     \
        memcpy(&c, x + 2 * stride, sizeof c); memcpy(&d, x + 3 * stride, sizeof d);                                    \
        V##_four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), AB = __builtin_shufflevector(a, b, 2, 6, 3, 7);       \
        V##_four cd = __builtin_shufflevector(c, d, 0, 4, 1, 5), CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);       \
        a = __builtin_shufflevector(ab, cd, 0, 1, 4, 5); b = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);              \
        c = __builtin_shufflevector(AB, CD, 0, 1, 4, 5); d = __builtin_shufflevector(AB, CD, 2, 3, 6, 7);              \
        memcpy(out, &a, sizeof a); memcpy(out + out_stride, &b, sizeof b);                                             \
        memcpy(out + 2 * out_stride, &c, sizeof c); memcpy(out + 3 * out_stride, &d, sizeof d);                        \
    }                                                                                                                  \
    KD_INLINE void V##_add_transposed4(const S *x, intptr_t stride, S *out, intptr_t out_stride, S beta) {             \
        S turned[16];                                                                                                  \
        V##_transpose4(x, stride, turned, 4);                                                                          \
        for (int i = 0; i < 4; i++) {                                                                                  \
            V##_four sum, rest;                                                                                        \
            memcpy(&sum, turned + 4 * i, sizeof sum); memcpy(&rest, out + i * out_stride, sizeof rest);                \
            sum += beta * rest;                                                                                        \
            memcpy(out + i * out_stride, &sum, sizeof sum);                                                            \
        }                                                                                                              \
    }                                                                                                                  \
    KD_INLINE void V##_transpose2(const S *x, intptr_t stride, S *out, intptr_t out_stride) {                          \
        V##_four a, b;                                                                                                 \
        memcpy(&a, x, sizeof a); memcpy(&b, x + stride, sizeof b);                                                     \
        V##_four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), AB = __builtin_shufflevector(a, b, 2, 6, 3, 7);       \
        memcpy(out, &ab, 2 * sizeof(S)); memcpy(out + out_stride, (S *)&ab + 2, 2 * sizeof(S));                        \
        memcpy(out + 2 * out_stride, &AB, 2 * sizeof(S)); memcpy(out + 3 * out_stride, (S *)&AB + 2, 2 * sizeof(S));   \
    }

KD_FOURS(kd_f32, float)
KD_FOURS(kd_f64, double)

KD_INLINE float kd_reduce_add_kd_f32(kd_f32 v) {
    float t[KD_F32_WIDTH];
    memcpy(t, &v, sizeof t);
    for (int s = KD_F32_WIDTH / 2; s > 0; s /= 2)
        for (int i = 0; i < s; i++) t[i] += t[i + s];
    return t[0];
}

KD_INLINE double kd_reduce_add_kd_f64(kd_f64 v) {
    double t[KD_F64_WIDTH];
    memcpy(t, &v, sizeof t);
    for (int s = KD_F64_WIDTH / 2; s > 0; s /= 2)
        for (int i = 0; i < s; i++) t[i] += t[i + s];
    return t[0];
}

// The largest lane, halves first; not a number when one is not.
KD_INLINE float kd_f32_largest(kd_f32 v) {
    float t[KD_F32_WIDTH];
    memcpy(t, &v, sizeof t);
    for (int s = KD_F32_WIDTH / 2; s > 0; s /= 2)
        for (int i = 0; i < s; i++) t[i] = ((t[i] > t[i + s]) | (t[i] != t[i])) ? t[i] : t[i + s];
    return t[0];
}

KD_INLINE double kd_f64_largest(kd_f64 v) {
    double t[KD_F64_WIDTH];
    memcpy(t, &v, sizeof t);
    for (int s = KD_F64_WIDTH / 2; s > 0; s /= 2)
        for (int i = 0; i < s; i++) t[i] = ((t[i] > t[i + s]) | (t[i] != t[i])) ? t[i] : t[i + s];
    return t[0];
}

KD_LANES(kd_f32, float, kd_i32, kd_f32_bytes, KD_F32_WIDTH, 0x80000000u)
KD_LANES(kd_f64, double, kd_i64, kd_f64_bytes, KD_F64_WIDTH, 0x8000000000000000u)

// The first n of a vector; the rest is read as zero and not written.
#if defined(__AVX512F__)
KD_INLINE kd_f32 kd_f32_load_part(const float *p, intptr_t n) {
    return (kd_f32)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}
KD_INLINE void kd_f32_store_part(float *p, kd_f32 v, intptr_t n) {
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
}
KD_INLINE kd_f64 kd_f64_load_part(const double *p, intptr_t n) {
    return (kd_f64)_mm512_maskz_loadu_pd((__mmask8)((1u << n) - 1), p);
}
KD_INLINE void kd_f64_store_part(double *p, kd_f64 v, intptr_t n) {
    _mm512_mask_storeu_pd(p, (__mmask8)((1u << n) - 1), (__m512d)v);
}
#else
KD_INLINE kd_f32 kd_f32_load_part(const float *p, intptr_t n) {
    float t[KD_F32_WIDTH] = {0};
    for (intptr_t i = 0; i < n; i++) t[i] = p[i];
    return kd_f32_load(t);
}
KD_INLINE void kd_f32_store_part(float *p, kd_f32 v, intptr_t n) {
    float t[KD_F32_WIDTH];
    kd_f32_store(t, v);
    for (intptr_t i = 0; i < n; i++) p[i] = t[i];
}
KD_INLINE kd_f64 kd_f64_load_part(const double *p, intptr_t n) {
    double t[KD_F64_WIDTH] = {0};
    for (intptr_t i = 0; i < n; i++) t[i] = p[i];
    return kd_f64_load(t);
}
KD_INLINE void kd_f64_store_part(double *p, kd_f64 v, intptr_t n) {
    double t[KD_F64_WIDTH];
    kd_f64_store(t, v);
    for (intptr_t i = 0; i < n; i++) p[i] = t[i];
}
#endif

/// 2ⁿ for the integers in the low bits of 1.5 · 2²³ + n, −127 < n < 128.
KD_INLINE kd_f32 kd_f32_power_of_two(kd_f32 magic) {
    kd_i32 i;
    kd_f32 r;
    memcpy(&i, &magic, sizeof i);
    i = (i - 0x4B400000 + 127) << 23;
    memcpy(&r, &i, sizeof r);
    return r;
}

/// x · 2ⁿ, rounded once, for whole numbers n of at most 252.
KD_INLINE kd_f32 kd_f32_times_power_of_two(kd_f32 x, kd_f32 n) {
#if defined(__AVX512F__)
    return (kd_f32)_mm512_scalef_ps((__m512)x, (__m512)n);
#else
    // Two halves of the exponent, so that neither overflows before the product does.
    const kd_f32 half = n * 0.5f + 12582912.0f, low = half - 12582912.0f;
    return x * kd_f32_power_of_two(half) * kd_f32_power_of_two((n - low) + 12582912.0f);
#endif
}

/// The exponent e of x = m · 2ᵉ with m in [√½, √2), for normal positive x.
KD_INLINE kd_f32 kd_f32_exponent(kd_f32 x) {
    kd_i32 i;
    memcpy(&i, &x, sizeof i);
    return __builtin_convertvector((i - 0x3F3504F3) >> 23, kd_f32);
}

/// The m of `kd_f32_exponent`.
KD_INLINE kd_f32 kd_f32_mantissa(kd_f32 x) {
    kd_i32 i;
    kd_f32 r;
    memcpy(&i, &x, sizeof i);
    i -= ((i - 0x3F3504F3) >> 23) << 23;
    memcpy(&r, &i, sizeof r);
    return r;
}

// Functions of the C library, lane by lane.
#define KD_MAP(V, W, NAME, F)                                                                                          \
    KD_INLINE V V##_##NAME(V x) {                                                                                      \
        V r = x;                                                                                                       \
        for (int i = 0; i < W; i++) r[i] = F(x[i]);                                                                    \
        return r;                                                                                                      \
    }
#define KD_MAP2(V, W, NAME, F)                                                                                         \
    KD_INLINE V V##_##NAME(V x, V y) {                                                                                 \
        V r = x;                                                                                                       \
        for (int i = 0; i < W; i++) r[i] = F(x[i], y[i]);                                                              \
        return r;                                                                                                      \
    }
#define KD_MAP_BOTH(F) KD_MAP(kd_f32, KD_F32_WIDTH, F, F##f) KD_MAP(kd_f64, KD_F64_WIDTH, F, F)

KD_MAP_BOTH(sin)
KD_MAP_BOTH(cos)
KD_MAP_BOTH(tan)
KD_MAP_BOTH(asin)
KD_MAP_BOTH(acos)
KD_MAP_BOTH(atan)
KD_MAP_BOTH(sinh)
KD_MAP_BOTH(cosh)
KD_MAP_BOTH(log2)
KD_MAP(kd_f64, KD_F64_WIDTH, exp, exp)
KD_MAP(kd_f64, KD_F64_WIDTH, expm1, expm1)
KD_MAP(kd_f64, KD_F64_WIDTH, log, log)
KD_MAP(kd_f64, KD_F64_WIDTH, log1p, log1p)
KD_MAP(kd_f64, KD_F64_WIDTH, tanh, tanh)
KD_MAP(kd_f64, KD_F64_WIDTH, erf, erf)
KD_MAP2(kd_f32, KD_F32_WIDTH, pow, powf)
KD_MAP2(kd_f64, KD_F64_WIDTH, pow, pow)
KD_MAP2(kd_f32, KD_F32_WIDTH, atan2, atan2f)
KD_MAP2(kd_f64, KD_F64_WIDTH, atan2, atan2)
KD_MAP2(kd_f32, KD_F32_WIDTH, fmod, fmodf)
KD_MAP2(kd_f64, KD_F64_WIDTH, fmod, fmod)

#endif
