#include "CIntrinsics.h"

#include <string.h>

// Swift writes a weak function that copies a type's bytes beside each type, named by size and alignment only, and the
// linker keeps any one of them for the whole program: it could be the one of a faster instruction set. A definition that
// is not weak wins over all of them. These are the sizes of a vector register with AVX2 and with AVX-512.
void *__swift_memcpy32_16(void *to, const void *from) { return memcpy(to, from, 32); }
void *__swift_memcpy64_16(void *to, const void *from) { return memcpy(to, from, 64); }
