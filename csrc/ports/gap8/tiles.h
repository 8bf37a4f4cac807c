/* Layers in tiles: what is read comes from L2 to L1 tile by tile, all cores make the tile, and what is written goes
   back, the next tile's input and weights coming and the last one's output going meanwhile. Sizes of tiles and places
   in L1 are the compiler's. */
#ifndef PEEPHOLE_PORTS_GAP8_TILES_H
#define PEEPHOLE_PORTS_GAP8_TILES_H

#include "peephole/status.h"
#include "peephole/strip.h"
#include "ports/gap8/machine.h"
#include "ports/gap8/parts.h"
#include "ports/gap8/weights.h"

/* How a call that makes `rows` rows from `seen` rows, the first window hanging out above them by `top`, is cut. */
typedef struct {
    int32_t rows, seen, top;
    int32_t tile_rows, tile_columns, tile_channels;
    bool channels_first; /* for each channels all rows and columns, else for each rows and columns all channels */
    /* Places in L1, bytes from the beginning; two, that take turns, or one twice. */
    uint32_t input[2], weight[2], output[2];
    uint32_t source_bytes; /* from the first tensor that is read to the second */
    uint32_t constants;    /* of biases and shifts */
} ph_tiling;

/* How a layer's weights come to L1: at the beginning of its step, to stay; for each call; or once, in the one call that
   there is, so that they are released as they go. */
typedef enum { PH_IN_L1, PH_IN_L2, PH_STAGED } ph_weights_at;

/* Biases int32 [O], shifts uint8 [O] and what makes the next multiple of 4 bytes full, then the weights. */
typedef struct {
    uint32_t l3;    /* where they are stored */
    uint32_t bytes; /* of all; 0: a layer without weights */
    uint32_t norm;  /* where the shifts begin, and the weights, from the biases on */
    uint32_t weight;
    uint32_t each; /* bytes of weights of an output channel */
    ph_weights_at at;
    uint32_t l1; /* where they stay, if they do */
} ph_stored;

/* One tile, in L1. */
typedef struct {
    const void *layer; /* as ph_conv2d, of the whole layer */
    ph_shape input;
    ph_shape output; /* its channels are those that the layer writes */
    int32_t padding_top, padding_left;
    const uint8_t *source[2];
    const void *weight; /* of the first channel that is made, as the next two */
    const int32_t *bias;
    const uint8_t *norm;
    uint8_t *made;
    bool mirrored; /* of an image that enters */
} ph_tile;

/* One core's part of a tile. */
typedef ph_status (*ph_part)(const ph_tile *tile, ph_share share);

/* What a layer's tiles have in common. */
typedef struct {
    int32_t number; /* of the layer, in ph_machine.cycles; none where it is negative */
    const void *layer;
    ph_part part;
    ph_shape input; /* whole tensors */
    ph_shape output;
    int32_t channel;         /* the first that is written, */
    int32_t channels;        /* and how many are */
    const ph_window *window; /* NULL: a row is made of a row, or of everything where that is all there is */
    int32_t input_bytes;     /* of a value */
    int32_t output_bytes;
    int32_t groups;     /* of a convolution, which reads all channels of the groups that it makes; else 0 */
    int32_t first_read; /* else: the channel that is read for the first that is written */
    int32_t apart;      /* both passes run together: bytes from the second one's tensors to the first one's; else 0 */
    const ph_tiling *tilings;
    int32_t tiling_count;
    ph_stored stored;
} ph_tiled;

/* What ph_tiled.layer is of the kinds whose kernels take no struct, or more than one: a mean of everything, and of
   windows. A vector's scaling to length one has the fraction bits of its output, uint8_t. */
typedef struct {
    int32_t factor;
    uint8_t shift;
} ph_whole_mean;

typedef struct {
    const ph_average_pool *layer;
    const int32_t *factors; /* [KH * KW] */
} ph_window_mean;

/* Copies a layer's weights to where they stay in L1, at the beginning of a step. */
void ph_tiles_bring(ph_stream *weights, const ph_stored *stored);

/* Makes the rows that are to be made. other: of a sum, the second tensor, else NULL. PH_BAD_SHAPE: the compiler has not
   foreseen so many rows. */
ph_status ph_tiles_run(const ph_tiled *tiled, const ph_strip *input, const ph_strip *other, const ph_strip *output,
                       ph_stream *weights, bool mirrored);

/* Copies so many bytes within L2, piece by piece through L1, of which nothing lies behind its first `free` bytes. */
void ph_tiles_move(const ph_machine *machine, uint8_t *to, const uint8_t *from, uint32_t bytes, uint32_t free);

/* ph_strip_shift by copies through L1, of which nothing lies behind its first `free` bytes. */
void ph_tiles_shift(const ph_machine *machine, ph_strip *strip, uint32_t free);

/* The rows of a tile that fall to a core, as a tile of their own; of height 0 where there are none.
   input_bytes, output_bytes: of a value. */
ph_tile ph_tile_rows(const ph_tile *tile, const ph_window *window, int32_t input_bytes, int32_t output_bytes,
                     ph_share share);

/* The same of a tile of which each pixel is made of one: its pixels are rows. */
ph_tile ph_tile_pixels(const ph_tile *tile, int32_t input_bytes, int32_t output_bytes, ph_share share);

#endif
