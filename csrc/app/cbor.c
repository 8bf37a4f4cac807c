#include "app/cbor.h"

#include <string.h>

/* The highest three bits of an item's first byte; the other five are its argument, or how many bytes that has. */
enum { UNSIGNED = 0x00, NEGATIVE = 0x20, BYTES = 0x40, TEXT = 0x60, ARRAY = 0x80, MAP = 0xa0, SIMPLE = 0xe0 };
enum { FALSE = 20, TRUE = 21, NOTHING = 22, ONE_BYTE = 24, EIGHT_BYTES = 27, OPEN = 31 };

/* Writing */

static uint8_t *space(ph_cbor_writer *writer, int32_t bytes) {
    if (writer->full || bytes < 0 || bytes > writer->capacity - writer->count) {
        writer->full = true;
        return NULL;
    }
    writer->count += bytes;
    return writer->to + writer->count - bytes;
}

static void put_byte(ph_cbor_writer *writer, int byte) {
    uint8_t *to = space(writer, 1);
    if (to) {
        *to = (uint8_t)byte;
    }
}

/* rest: bytes that come right behind the head, and have to fit too */
static bool put_head(ph_cbor_writer *writer, int type, uint64_t argument, int32_t rest) {
    const int size = argument < ONE_BYTE      ? 0
                     : argument <= UINT8_MAX  ? 1
                     : argument <= UINT16_MAX ? 2
                     : argument <= UINT32_MAX ? 4
                                              : 8;
    static const uint8_t code[] = {[1] = ONE_BYTE, [2] = 25, [4] = 26, [8] = EIGHT_BYTES};
    if (rest < 0 || rest > writer->capacity - writer->count - 1 - size) {
        writer->full = true;
    }
    uint8_t *to = space(writer, 1 + size);
    if (!to) {
        return false;
    }
    to[0] = (uint8_t)(type | (size ? code[size] : (int)argument));
    for (int i = size; i > 0; i--, argument >>= 8) { /* the highest byte first */
        to[i] = (uint8_t)argument;
    }
    return true;
}

void ph_cbor_put_unsigned(ph_cbor_writer *writer, uint64_t number) {
    put_head(writer, UNSIGNED, number, 0);
}

void ph_cbor_put_signed(ph_cbor_writer *writer, int64_t number) {
    put_head(writer, number < 0 ? NEGATIVE : UNSIGNED, number < 0 ? ~(uint64_t)number : (uint64_t)number, 0);
}

void ph_cbor_put_bool(ph_cbor_writer *writer, bool value) {
    put_byte(writer, SIMPLE | (value ? TRUE : FALSE));
}

void ph_cbor_put_null(ph_cbor_writer *writer) {
    put_byte(writer, SIMPLE | NOTHING);
}

void ph_cbor_put_text(ph_cbor_writer *writer, const char *text, int32_t bytes) {
    if (put_head(writer, TEXT, (uint64_t)bytes, bytes) && bytes > 0) {
        memcpy(space(writer, bytes), text, (size_t)bytes);
    }
}

uint8_t *ph_cbor_put_space(ph_cbor_writer *writer, int32_t bytes) {
    return put_head(writer, BYTES, (uint64_t)bytes, bytes) ? space(writer, bytes) : NULL;
}

void ph_cbor_put_bytes(ph_cbor_writer *writer, const void *from, int32_t bytes) {
    uint8_t *to = ph_cbor_put_space(writer, bytes);
    if (to && bytes > 0) {
        memcpy(to, from, (size_t)bytes);
    }
}

void ph_cbor_put_array(ph_cbor_writer *writer, uint32_t items) {
    put_head(writer, ARRAY, items, 0);
}

void ph_cbor_put_map(ph_cbor_writer *writer, uint32_t pairs) {
    put_head(writer, MAP, pairs, 0);
}

void ph_cbor_open_array(ph_cbor_writer *writer) {
    put_byte(writer, ARRAY | OPEN);
}

void ph_cbor_open_map(ph_cbor_writer *writer) {
    put_byte(writer, MAP | OPEN);
}

void ph_cbor_close(ph_cbor_writer *writer) {
    put_byte(writer, SIMPLE | OPEN);
}

/* Reading */

static uint64_t fail(ph_cbor_reader *reader) {
    reader->failed = true;
    return 0;
}

/* The type of the next item; an impossible one when there is none. */
static int next_type(const ph_cbor_reader *reader) {
    return reader->failed || reader->at >= reader->bytes ? -1 : reader->from[reader->at] & 0xe0;
}

/* The argument of the next item, which is of a type. */
static uint64_t get_head(ph_cbor_reader *reader, int type) {
    if (next_type(reader) != type) {
        return fail(reader);
    }
    const int code = reader->from[reader->at++] & 0x1f;
    if (code < ONE_BYTE) {
        return (uint64_t)code;
    }
    const int size = 1 << ((code - ONE_BYTE) & 3);
    if (code > EIGHT_BYTES || size > reader->bytes - reader->at) { /* those beyond are reserved, or of no length */
        return fail(reader);
    }
    uint64_t argument = 0;
    for (int i = 0; i < size; i++) {
        argument = argument << 8 | reader->from[reader->at++];
    }
    return argument;
}

/* An argument that counts items or bytes, of which there cannot be more than there are bytes left. */
static uint32_t get_count(ph_cbor_reader *reader, int type) {
    const uint64_t count = get_head(reader, type);
    return (uint32_t)(count > (uint64_t)(reader->bytes - reader->at) ? fail(reader) : count);
}

uint64_t ph_cbor_get_unsigned(ph_cbor_reader *reader, uint64_t most) {
    const uint64_t number = get_head(reader, UNSIGNED);
    return number > most ? fail(reader) : number;
}

int64_t ph_cbor_get_signed(ph_cbor_reader *reader) {
    const bool negative = next_type(reader) == NEGATIVE;
    const uint64_t number = get_head(reader, negative ? NEGATIVE : UNSIGNED);
    if (number > INT64_MAX) {
        return (int64_t)fail(reader);
    }
    return negative ? -1 - (int64_t)number : (int64_t)number;
}

static bool take_simple(ph_cbor_reader *reader, int value) {
    const bool is_next = next_type(reader) == SIMPLE && reader->from[reader->at] == (SIMPLE | value);
    reader->at += is_next;
    return is_next;
}

bool ph_cbor_get_bool(ph_cbor_reader *reader) {
    const bool value = take_simple(reader, TRUE);
    return value || take_simple(reader, FALSE) ? value : fail(reader) != 0;
}

bool ph_cbor_take_null(ph_cbor_reader *reader) {
    return take_simple(reader, NOTHING);
}

static const uint8_t *get_string(ph_cbor_reader *reader, int type, int32_t *bytes) {
    const uint32_t count = get_count(reader, type);
    *bytes = (int32_t)count;
    if (reader->failed) {
        return NULL;
    }
    reader->at += (int32_t)count;
    return reader->from + reader->at - count;
}

const char *ph_cbor_get_text(ph_cbor_reader *reader, int32_t *bytes) {
    return (const char *)get_string(reader, TEXT, bytes);
}

const uint8_t *ph_cbor_get_bytes(ph_cbor_reader *reader, int32_t *bytes) {
    return get_string(reader, BYTES, bytes);
}

uint32_t ph_cbor_get_array(ph_cbor_reader *reader) {
    return get_count(reader, ARRAY);
}

uint32_t ph_cbor_get_map(ph_cbor_reader *reader) {
    return get_count(reader, MAP);
}

bool ph_cbor_is_over(const ph_cbor_reader *reader) {
    return !reader->failed && reader->at == reader->bytes;
}
