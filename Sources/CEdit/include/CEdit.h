#ifndef KD_CEDIT_H
#define KD_CEDIT_H
#endif
