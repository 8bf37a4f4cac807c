/* Kernels that eight cores run together: each core calls the same function with its number and makes its part of the
   output. The parts are as equal as blocks can be counted, and meet in no value; no core waits for another. The bits
   are those of the kernels of csrc/kernels. */
#ifndef PEEPHOLE_PORTS_GAP8_PARTS_H
#define PEEPHOLE_PORTS_GAP8_PARTS_H

#include "peephole/conv2d.h"
#include "peephole/depthwise.h"
#include "peephole/pool.h"

/* Which of so many cores this is: 0 <= core < cores. */
typedef struct {
    int32_t core;
    int32_t cores;
} ph_share;

/* The first of `count` things that fall to a core; those of the next core begin where its own end. Eight cores need no
   division. */
static inline int32_t ph_share_begin(ph_share share, int32_t count) {
    const uint32_t all = (uint32_t)count * (uint32_t)share.core;
    return (int32_t)(share.cores == 8 ? all / 8 : all / (uint32_t)share.cores);
}

static inline int32_t ph_share_end(ph_share share, int32_t count) {
    return ph_share_begin((ph_share){share.core + 1, share.cores}, count);
}

/* As ph_conv2d_s16, for sums of 32 bits that are rounded once; arguments are as that function would accept them. */
void ph_conv2d_part_s16(const ph_conv2d *layer, const int16_t *input, /* [H,W,I] Q(F_in) */
                        const int16_t *weight,                        /* [O,KH,KW,I/G] Q(F_w[o]) */
                        const int32_t *bias,                          /* [O] Q(F_in + F_w[o]) */
                        const uint8_t *norm,                          /* [O] F_in + F_w[o] - F_out */
                        int16_t *output,                              /* [OH,OW,C] Q(F_out) */
                        ph_share share);

/* As ph_conv2d_s8 and ph_conv2d_s8_s16. */
void ph_conv2d_part_s8(const ph_conv2d *layer, const int8_t *input, const int8_t *weight, const int32_t *bias,
                       const uint8_t *norm, int8_t *output, ph_share share);
void ph_conv2d_part_s8_s16(const ph_conv2d *layer, const int8_t *input, const int8_t *weight, const int32_t *bias,
                           const uint8_t *norm, int16_t *output, ph_share share);

/* As ph_depthwise_conv2d_s16. */
void ph_depthwise_part_s16(const ph_depthwise_conv2d *layer, const int16_t *input, /* [H,W,C] Q(F_in) */
                           const int16_t *weight,                                  /* [C,KH,KW] Q(F_w[c]) */
                           const int32_t *bias,                                    /* [C] Q(F_in + F_w[c]) */
                           const uint8_t *norm,                                    /* [C] F_in + F_w[c] - F_out */
                           int16_t *output,                                        /* [OH,OW,CT] Q(F_out) */
                           ph_share share);

/* As ph_max_pool_s16. */
void ph_max_pool_part_s16(const ph_max_pool *layer, const int16_t *input, /* [H,W,C] */
                          int16_t *output,                                /* [OH,OW,CT], same Q-format */
                          ph_share share);

#endif
