// The system's heap.
#ifndef KD_HEAP_H
#define KD_HEAP_H

/// One heap for all threads, which grows and shrinks in large steps: to be called before anything is allocated.
void kd_use_large_heap(void);

#endif
