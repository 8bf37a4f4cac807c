/* The vector code of packed convolutions, a function for each path (conv2d_tiles_in.h). */
#ifndef PEEPHOLE_HOST_CONV2D_TILES_H
#define PEEPHOLE_HOST_CONV2D_TILES_H

#include "host/conv2d_packed.h"

/* Which paths the compiler knows: AVX-VNNI is younger than the others. */
#if defined(__x86_64__) && defined(__GNUC__)
#define PH_HAS_X86_TILES 1
#else
#define PH_HAS_X86_TILES 0
#endif

#if PH_HAS_X86_TILES && (defined(__clang__) ? __clang_major__ >= 13 : __GNUC__ >= 11)
#define PH_HAS_AVX_VNNI_TILES 1
#else
#define PH_HAS_AVX_VNNI_TILES 0
#endif

#if defined(__aarch64__) && defined(__ARM_NEON)
#define PH_HAS_NEON_TILES 1
#else
#define PH_HAS_NEON_TILES 0
#endif

/* Packed weights begin with the places of a window's units in the prepared input, and then come blocks of 16 outputs. A
   block begins with their biases, their shifts but one, and that one; then come the weights, [unit][16]. */
enum { PH_BLOCK_HEAD = 3 * PH_PACKED_BLOCK };

static inline int32_t ph_units_of_window(const ph_packed_conv2d *packed) {
    return packed->runs * packed->columns * packed->units;
}

static inline int32_t ph_place_words(const ph_packed_conv2d *packed) {
    return (ph_units_of_window(packed) + PH_PACKED_BLOCK - 1) / PH_PACKED_BLOCK * PH_PACKED_BLOCK;
}

static inline int32_t ph_block_words(const ph_packed_conv2d *packed) {
    return PH_BLOCK_HEAD + ph_units_of_window(packed) * PH_PACKED_BLOCK;
}

/* Bytes behind the prepared input, which the last stretch may be read beyond its end by. */
enum { PH_PREPARED_SLACK = 64 };

/* The input as vectors read it: in scratch, or where it is. */
const uint8_t *ph_prepare_conv2d(const ph_packed_conv2d *packed, const void *input, uint8_t *scratch);

/* One of so many parts of the tiles of a layer, of about as many as the others. */
typedef struct {
    int32_t part, parts;
} ph_share;

/* A share of a layer, from the prepared input. Shares may be computed in any order, and at once. */
typedef void ph_conv2d_tiles(const ph_packed_conv2d *packed, const int32_t *words, const uint8_t *prepared,
                             int32_t output_bits, void *output, ph_share share);

ph_conv2d_tiles ph_conv2d_tiles_avx2;
ph_conv2d_tiles ph_conv2d_tiles_avx_vnni;
ph_conv2d_tiles ph_conv2d_tiles_avx512_vnni;
ph_conv2d_tiles ph_conv2d_tiles_neon;

#endif
