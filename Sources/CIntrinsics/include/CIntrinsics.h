// The few machine words for which Swift has none. Header only: each function is inlined into its caller.
#ifndef KD_CINTRINSICS_H
#define KD_CINTRINSICS_H
#endif
