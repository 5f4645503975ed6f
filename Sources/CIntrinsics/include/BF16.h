// Products with bf16 weights, summed in f32: of pairs, where the processor has an instruction for them (AVX512_BF16), and
// of weights that are widened on the way (AVX-512, AVX2).
#ifndef KD_BF16_H
#define KD_BF16_H

#include <stdint.h>

/// Whether processor and operating system have what kd_bf16_tile needs.
int kd_has_bf16(void);

/// Whether the dot products of pairs are faster than the same in f32.
int kd_bf16_is_fast(void);

/// count floats as bf16, rounded to the nearest, ties to even.
void kd_bf16_round(const float *from, uint16_t *to, long count);

/// C[rows, columns] = A · B + bias, for up to 12 rows and 32 columns.
///
/// A holds rows of depth pairs of bf16, aStride pairs apart; B holds depth rows of 32 pairs, a pair for each column. bias may
/// be null; the rows of C are cStride floats apart.
void kd_bf16_tile(
    const uint32_t *a, long aStride, const uint32_t *b, long depth, const float *bias, float *c, long cStride, int rows,
    int columns);

/// The same for floats in A: rows of 2 · depth of them, aStride floats apart.
void kd_bf16_wide_tile(
    const float *a, long aStride, const uint32_t *b, long depth, const float *bias, float *c, long cStride, int rows,
    int columns);
void kd_bf16_wide_tile_avx2(
    const float *a, long aStride, const uint32_t *b, long depth, const float *bias, float *c, long cStride, int rows,
    int columns);

#endif
