// Products of numbers of 8 bits, summed in whole numbers: by the processor's instruction for bytes (AVX512_VNNI), widened to 16
// bits (AVX2), or one by one. All give the same bits.
#ifndef KD_INT8_H
#define KD_INT8_H

#include <stdint.h>

/// count floats as bytes around 128, value = scale · (byte − 128), the scale chosen so that the largest becomes ±127; answers
/// the scale, which is not a number when some float is not finite.
float kd_int8_round(const float *from, uint8_t *to, long count);

/// The same numbers, value = scale · number, in 16 bits.
float kd_int8_round_wide(const float *from, int16_t *to, long count);

/// C[rows, columns] = rowScale · scale · A · B + bias, for up to 12 rows and 32 columns.
///
/// A holds rows of depth quads of numbers and then the row's scale as a float, aStride bytes apart; B holds depth rows of 32
/// quads of signed bytes, a quad for each column. offsets is 128 times the sum of each column of B; bias may be null; the rows
/// of C are cStride floats apart.
typedef void kd_int8_tile(
    const void *a, long aStride, const int8_t *b, long depth, const int32_t *offsets, const float *scales,
    const float *bias, float *c, long cStride, int rows, int columns);

/// For rows that kd_int8_round made.
kd_int8_tile kd_int8_tile_plain;

#if defined(__x86_64__)
/// Whether processor and operating system have what kd_int8_tile_vnni needs.
int kd_has_vnni(void);
kd_int8_tile kd_int8_tile_vnni;

/// For rows that kd_int8_round_wide made, where AVX2 is known to be.
kd_int8_tile kd_int8_tile_wide;
#endif

#endif
