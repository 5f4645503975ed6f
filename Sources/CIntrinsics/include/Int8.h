// Products of bytes, summed in whole numbers: by the processor's instruction for them (AVX512_VNNI), in pairs (AVX2), or one by
// one. All give the same bits.
#ifndef KD_INT8_H
#define KD_INT8_H

#include <stdint.h>

/// Whether processor and operating system have what kd_int8_tile_vnni needs.
int kd_has_vnni(void);

/// count floats as bytes around 128, value = scale · (byte − 128), the scale chosen so that the largest becomes ±127; answers
/// the scale, which is not a number when some float is not finite.
float kd_int8_round(const float *from, uint8_t *to, long count);

/// C[rows, columns] = rowScale · scale · (A − 128) · B + bias, for up to 12 rows and 32 columns.
///
/// A holds rows of depth quads of bytes and then the row's scale as a float, aStride bytes apart; B holds depth rows of 32
/// quads of signed bytes, a quad for each column; no number of either has the size 128. offsets is 128 times the sum of each
/// column of B; bias may be null; the rows of C are cStride floats apart.
typedef void kd_int8_tile(
    const uint8_t *a, long aStride, const int8_t *b, long depth, const int32_t *offsets, const float *scales,
    const float *bias, float *c, long cStride, int rows, int columns);
kd_int8_tile kd_int8_tile_vnni, kd_int8_tile_avx2, kd_int8_tile_plain;

#endif
