/* Concise binary object representation (RFC 8949), as much of it as the owner's line needs: whole numbers, byte
   strings, texts, arrays, maps, true, false and null. Neither side recurs: who reads asks for one item after another.
 */
#ifndef PEEPHOLE_APP_CBOR_H
#define PEEPHOLE_APP_CBOR_H

#include <stdbool.h>
#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

/* Writing. What does not fit is left out, and so is everything behind it; `full` says so. */
typedef struct {
    uint8_t *to; /* [capacity] the caller's */
    int32_t capacity;
    int32_t count;
    bool full;
} ph_cbor_writer;

void ph_cbor_put_unsigned(ph_cbor_writer *writer, uint64_t number);
void ph_cbor_put_signed(ph_cbor_writer *writer, int64_t number);
void ph_cbor_put_bool(ph_cbor_writer *writer, bool value);
void ph_cbor_put_null(ph_cbor_writer *writer);
void ph_cbor_put_text(ph_cbor_writer *writer, const char *text, int32_t bytes); /* UTF-8 */
void ph_cbor_put_bytes(ph_cbor_writer *writer, const void *from, int32_t bytes);

/* The head of a byte string whose bytes the caller writes: where they go, NULL where they do not fit. */
uint8_t *ph_cbor_put_space(ph_cbor_writer *writer, int32_t bytes);

/* So many items, or pairs, follow. */
void ph_cbor_put_array(ph_cbor_writer *writer, uint32_t items);
void ph_cbor_put_map(ph_cbor_writer *writer, uint32_t pairs);

/* An array or map of which nobody knows yet how long it will be, and its end. */
void ph_cbor_open_array(ph_cbor_writer *writer);
void ph_cbor_open_map(ph_cbor_writer *writer);
void ph_cbor_close(ph_cbor_writer *writer);

/* Reading. After the first item that is not what was asked for, `failed` is set and everything is 0, NULL or false.
   Of known length only; a number may be written longer than need be. */
typedef struct {
    const uint8_t *from; /* [bytes] */
    int32_t bytes;
    int32_t at;
    bool failed;
} ph_cbor_reader;

uint64_t ph_cbor_get_unsigned(ph_cbor_reader *reader, uint64_t most);
int64_t ph_cbor_get_signed(ph_cbor_reader *reader);
bool ph_cbor_get_bool(ph_cbor_reader *reader);
const char *ph_cbor_get_text(ph_cbor_reader *reader,
                             int32_t *bytes); /* any bytes: whether it is UTF-8 is not looked at */
const uint8_t *ph_cbor_get_bytes(ph_cbor_reader *reader, int32_t *bytes);
uint32_t ph_cbor_get_array(ph_cbor_reader *reader);
uint32_t ph_cbor_get_map(ph_cbor_reader *reader);

/* Takes a null if one comes next. */
bool ph_cbor_take_null(ph_cbor_reader *reader);

/* Whether everything was read, and was what it should be. */
bool ph_cbor_is_over(const ph_cbor_reader *reader);

PH_END_C

#endif
