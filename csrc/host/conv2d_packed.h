/* Convolutions of the host with vectors: weights are laid out once, as the vectors will read them, and used for as long
   as the program is. The same bits as ph_conv2d_s16, ph_conv2d_s8 and ph_conv2d_s8_s16 (peephole/conv2d.h).

   A block is 16 outputs. Four bytes of the input, two values of 16 bits or four of 8, are a unit: one instruction
   multiplies a unit of one pixel by the weights of many outputs. Sums wrap at 2^32, as the rule of 32-bit accumulators
   wants, so that any order of adding gives the same bits. */
#ifndef PEEPHOLE_HOST_CONV2D_PACKED_H
#define PEEPHOLE_HOST_CONV2D_PACKED_H

#include <stddef.h>
#include <stdint.h>

#include "host/path.h"
#include "host/workers.h"
#include "peephole/conv2d.h"

PH_BEGIN_C

enum { PH_PACKED_BLOCK = 16 };

/* Where the prepared input comes from. */
typedef enum {
    PH_AS_IT_IS, /* the input itself */
    PH_PADDED,   /* a copy with zeros around it */
    PH_GATHERED, /* a copy of every pixel's window, one behind the other: for outputs of short rows */
} ph_preparing;

/* A layer as the vectors see it: `runs` times `columns` stretches of the window lie side by side in the prepared input,
   each of `units`. Sizes are in bytes where not said otherwise. */
typedef struct {
    ph_conv2d layer;
    ph_path path;
    int32_t bits;        /* of the input's values and of the weights: 16 or 8 */
    int32_t value_bytes; /* of a prepared value: 2, or 1 for int8 + 128 as a byte */
    ph_preparing preparing;
    int32_t rows; /* of the output, as they are computed: where pixels lie alike in a row, all are one row */
    int32_t pixels;
    int32_t runs;
    int32_t columns;
    int32_t units;
    ptrdiff_t run_step; /* in the prepared input, from one stretch to the next */
    ptrdiff_t column_step;
    ptrdiff_t row_step;   /* from the first window of a row of the output to that of the next */
    ptrdiff_t pixel_step; /* from one window to the next */
    int32_t prepared_height;
    int32_t prepared_width;
    bool shifts_twice; /* every norm is at least 2 */
} ph_packed_conv2d;

/* Can a convolution be computed on this path? If so fills `packed`. Else it is for the portable kernel: groups, sums of
   64 bits, the rule PH_PER_CHANNEL, and whatever that kernel refuses. bits: of input and weights. norm: [O],
   F_in + F_w[o] - F_out. */
bool ph_plan_packed_conv2d(const ph_conv2d *layer, int32_t bits, const uint8_t *norm, ph_path path,
                           ph_packed_conv2d *packed);

/* How many int32 the weights take once packed, with biases and shifts; and how many bytes the prepared input does. */
size_t ph_packed_conv2d_words(const ph_packed_conv2d *packed);
size_t ph_packed_conv2d_scratch(const ph_packed_conv2d *packed);

/* weight: int16 or int8 [O,KH,KW,I] as `bits` says; bias: [O], F_in + F_w fraction bits; norm: [O]; words:
   [ph_packed_conv2d_words]. words may lie anywhere, and are read fastest from the begin of a line of the cache, 64
   bytes; so is scratch below. */
void ph_pack_conv2d(const ph_packed_conv2d *packed, const void *weight, const int32_t *bias, const uint8_t *norm,
                    int32_t *words);

/* words: as packed. input: int16 or int8 [H,W,I] Q(F_in). output: int16 [OH,OW,C] Q(F_out), or int8 where output_bits
   is 8. scratch: [ph_packed_conv2d_scratch] bytes, for the prepared input. workers: who help the caller, who leads
   them, where the layer is large enough; or NULL. */
void ph_conv2d_packed(const ph_packed_conv2d *packed, const int32_t *words, const void *input, int32_t output_bits,
                      void *output, uint8_t *scratch, ph_workers *workers);

PH_END_C

#endif
