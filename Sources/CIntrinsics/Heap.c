#include "Heap.h"

#if defined(__GLIBC__) || defined(__linux__)

#include <malloc.h>

void kd_use_large_heap(void) {
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TOP_PAD, 16 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

#else

void kd_use_large_heap(void) {}

#endif
