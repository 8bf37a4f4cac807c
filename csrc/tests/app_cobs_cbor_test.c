/* What comes over the line, taken apart: frames and items, right ones, cut ones and anything. */
#include <string.h>

#include "app/cbor.h"
#include "app/cobs.h"
#include "check.h"

/* Frames */

static uint8_t line[4096];
static int32_t line_bytes;

static void write_line(void *context, const uint8_t *from, int32_t bytes) {
    (void)context;
    CHECK(bytes >= 1 && bytes <= 255 && line_bytes + bytes <= (int32_t)sizeof line);
    memcpy(line + line_bytes, from, (size_t)bytes);
    line_bytes += bytes;
}

static ph_cobs_reader reader_of(int32_t capacity) {
    ph_cobs_reader reader;
    ph_cobs_begin(&reader, allocate((size_t)capacity, 1), capacity);
    return reader;
}

/* What the reader makes of the line from `start` on: the last step that was not PH_COBS_MORE. */
static ph_cobs_step take_line(ph_cobs_reader *reader, int32_t start) {
    ph_cobs_step last = PH_COBS_MORE;
    for (int32_t i = start; i < line_bytes; i++) {
        const ph_cobs_step step = ph_cobs_take(reader, line[i]);
        last = step == PH_COBS_MORE ? last : step;
    }
    return last;
}

static void expect_stuffed(const char *frame, int32_t bytes, const char *stuffed, int32_t stuffed_bytes) {
    line_bytes = 0;
    ph_cobs_write((const uint8_t *)frame, bytes, write_line, NULL);
    CHECK_EQUAL(line_bytes, stuffed_bytes);
    CHECK_EQUAL(memcmp(line, stuffed, (size_t)stuffed_bytes), 0);
}

/* The examples of the article, between two zeros. */
static void test_stuffing(void) {
    expect_stuffed("\0", 1, "\0\1\1\0", 4);
    expect_stuffed("\0\0", 2, "\0\1\1\1\0", 5);
    expect_stuffed("\x11\x22\0\x33", 4, "\0\3\x11\x22\2\x33\0", 7);
    expect_stuffed("\x11\x22\x33\x44", 4, "\0\5\x11\x22\x33\x44\0", 7);
    expect_stuffed("\x11\0\0\0", 4, "\0\2\x11\1\1\1\0", 7);
}

static void test_every_length(void) {
    uint8_t frame[600];
    for (int32_t bytes = 1; bytes <= (int32_t)sizeof frame; bytes++) {
        for (int32_t zeros = 0; zeros < 3; zeros++) { /* none, some, at the ends of the longest runs */
            for (int32_t i = 0; i < bytes; i++) {
                const uint32_t number = next_number();
                frame[i] = (uint8_t)(zeros == 1 && number % 9 == 0 ? 0 : number % 255 + 1);
            }
            if (zeros == 2 && bytes > 254) {
                frame[254] = 0;
            }
            line_bytes = 0;
            ph_cobs_write(frame, bytes, write_line, NULL);
            for (int32_t i = 1; i < line_bytes - 1; i++) {
                CHECK(line[i] != 0);
            }
            ph_cobs_reader reader = reader_of(bytes);
            CHECK_EQUAL(take_line(&reader, 0), PH_COBS_FRAME);
            CHECK_EQUAL(reader.count, bytes);
            CHECK_EQUAL(memcmp(reader.frame, frame, (size_t)bytes), 0);
            free(reader.frame);
            ph_cobs_reader small = reader_of(bytes - 1);
            CHECK_EQUAL(take_line(&small, 0), PH_COBS_DAMAGED);
            CHECK_EQUAL(take_line(&small, 0), PH_COBS_DAMAGED);
            free(small.frame);
        }
    }
}

static void test_cut_in_a_run(void) {
    static const uint8_t cut[] = {0, 5, 1, 2, 0, 2, 7, 0};
    static const ph_cobs_step steps[] = {PH_COBS_MORE,    PH_COBS_MORE, PH_COBS_MORE, PH_COBS_MORE,
                                         PH_COBS_DAMAGED, PH_COBS_MORE, PH_COBS_MORE, PH_COBS_FRAME};
    ph_cobs_reader reader = reader_of(8);
    for (size_t i = 0; i < sizeof cut; i++) {
        CHECK_EQUAL(ph_cobs_take(&reader, cut[i]), steps[i]);
    }
    CHECK(reader.count == 1 && reader.frame[0] == 7);
    free(reader.frame);
}

/* After any garbage the next frame is found, once a zero has ended the garbage. */
static void test_garbage(void) {
    ph_cobs_reader reader = reader_of(32);
    for (int32_t round = 0; round < 2000; round++) {
        line_bytes = (int32_t)(next_number() % 80);
        for (int32_t i = 0; i < line_bytes; i++) {
            line[i] = (uint8_t)(next_number() % 40);
        }
        take_line(&reader, 0);
        CHECK(reader.count <= 32);
        const int32_t start = line_bytes;
        ph_cobs_write((const uint8_t *)"after\0all", 9, write_line, NULL);
        CHECK_EQUAL(take_line(&reader, start), PH_COBS_FRAME);
        CHECK_EQUAL(reader.count, 9);
        CHECK_EQUAL(memcmp(reader.frame, "after\0all", 9), 0);
    }
    free(reader.frame);
}

/* Items */

static uint8_t items[64];

static ph_cbor_writer writer_of(int32_t capacity) {
    return (ph_cbor_writer){items, capacity, 0, false};
}

static void expect_items(const ph_cbor_writer *writer, const char *expected, int32_t bytes) {
    CHECK(!writer->full);
    CHECK_EQUAL(writer->count, bytes);
    CHECK_EQUAL(memcmp(items, expected, (size_t)bytes), 0);
}

/* RFC 8949, appendix A. */
static void test_written(void) {
    static const struct {
        int64_t number;
        const char *bytes;
        int32_t count;
    } numbers[] = {
        {0, "\x00", 1},
        {23, "\x17", 1},
        {24, "\x18\x18", 2},
        {100, "\x18\x64", 2},
        {1000, "\x19\x03\xe8", 3},
        {1000000, "\x1a\x00\x0f\x42\x40", 5},
        {1000000000000, "\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00", 9},
        {-1, "\x20", 1},
        {-100, "\x38\x63", 2},
        {-1000, "\x39\x03\xe7", 3},
        {INT64_MIN, "\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", 9},
    };
    ph_cbor_writer writer;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        writer = writer_of(sizeof items);
        ph_cbor_put_signed(&writer, numbers[i].number);
        expect_items(&writer, numbers[i].bytes, numbers[i].count);
        ph_cbor_reader reader = {items, writer.count, 0, false};
        CHECK_EQUAL(ph_cbor_get_signed(&reader), numbers[i].number);
        CHECK(ph_cbor_is_over(&reader));
        writer = writer_of(numbers[i].count - 1);
        ph_cbor_put_signed(&writer, numbers[i].number);
        CHECK(writer.full && writer.count == 0);
    }
    writer = writer_of(sizeof items);
    ph_cbor_put_unsigned(&writer, UINT64_MAX);
    expect_items(&writer, "\x1b\xff\xff\xff\xff\xff\xff\xff\xff", 9);
    writer = writer_of(sizeof items);
    ph_cbor_put_map(&writer, 2);
    ph_cbor_put_text(&writer, "a", 1);
    ph_cbor_put_bool(&writer, true);
    ph_cbor_put_bytes(&writer, "\1\2\3\4", 4);
    ph_cbor_open_array(&writer);
    ph_cbor_put_null(&writer);
    ph_cbor_put_bool(&writer, false);
    ph_cbor_close(&writer);
    expect_items(&writer, "\xa2\x61\x61\xf5\x44\1\2\3\4\x9f\xf6\xf4\xff", 13);
    writer = writer_of(4);
    ph_cbor_put_bytes(&writer, "\1\2\3\4", 4); /* neither its head nor anything behind it */
    ph_cbor_put_null(&writer);
    CHECK(writer.full && writer.count == 0);
}

static void test_read(void) {
    static const uint8_t text[] = "\x84\x63\x61\x62\x63\x42\x01\x02\xf5\xa1\xf6\x19\x00\x05";
    int32_t bytes;
    ph_cbor_reader reader = {text, sizeof text - 1, 0, false};
    CHECK_EQUAL(ph_cbor_get_array(&reader), 4);
    CHECK_EQUAL(memcmp(ph_cbor_get_text(&reader, &bytes), "abc", 3), 0);
    CHECK_EQUAL(bytes, 3);
    CHECK_EQUAL(ph_cbor_get_bytes(&reader, &bytes)[1], 2);
    CHECK_EQUAL(bytes, 2);
    CHECK(ph_cbor_get_bool(&reader));
    CHECK_EQUAL(ph_cbor_get_map(&reader), 1);
    CHECK(!ph_cbor_is_over(&reader));
    CHECK(ph_cbor_take_null(&reader) && !ph_cbor_take_null(&reader));
    CHECK_EQUAL(ph_cbor_get_unsigned(&reader, 5), 5); /* written longer than need be */
    CHECK(ph_cbor_is_over(&reader));
    CHECK_EQUAL(ph_cbor_get_unsigned(&reader, 5), 0);
    CHECK(reader.failed);
}

static bool fails(const char *text, int32_t count, int what) {
    ph_cbor_reader reader = {(const uint8_t *)text, count, 0, false};
    int32_t bytes;
    switch (what) {
    case 'u':
        ph_cbor_get_unsigned(&reader, 10);
        break;
    case 's':
        ph_cbor_get_signed(&reader);
        break;
    case 't':
        CHECK(ph_cbor_get_text(&reader, &bytes) == NULL && bytes == 0);
        break;
    case 'a':
        CHECK_EQUAL(ph_cbor_get_array(&reader), 0);
        break;
    default:
        ph_cbor_get_bool(&reader);
    }
    return reader.failed;
}

static void test_refused(void) {
    CHECK(fails("", 0, 'u') && fails("\x0b", 1, 'u') && fails("\x20", 1, 'u') && fails("\x19\x00", 2, 'u'));
    CHECK(fails("\x1c", 1, 'u') && fails("\x1f", 1, 'u'));                                     /* no such length */
    CHECK(fails("\x1b\x80\0\0\0\0\0\0\0", 9, 's') && fails("\x3b\x80\0\0\0\0\0\0\0", 9, 's')); /* beyond 63 bits */
    CHECK(fails("\x62\x61", 2, 't') && fails("\x7b\xff\xff\xff\xff\xff\xff\xff\xff", 9, 't') &&
          fails("\x41\x61", 2, 't'));
    CHECK(fails("\x82\x01", 2, 'a') && fails("\x9f\xff", 2, 'a') && fails("\x9a\xff\xff\xff\xff", 5, 'a'));
    CHECK(fails("\xf6", 1, 'b') && fails("\xf8\x15", 2, 'b') && fails("\x15", 1, 'b'));
}

/* Codes of lengths that are reserved, before as many bytes as any length that they could be mistaken for. */
static void test_reserved_lengths(void) {
    for (int code = 28; code < 32; code++) {
        char text[200] = {0};
        text[0] = (char)code;
        CHECK(fails(text, sizeof text, 'u') && fails(text, sizeof text, 's'));
    }
}

/* Any bytes, asked for anything: nothing outside of them is read. */
static void test_anything(void) {
    for (int32_t round = 0; round < 100000; round++) {
        const int32_t count = (int32_t)(next_number() % 24);
        uint8_t *bytes = allocate((size_t)count, 1);
        for (int32_t i = 0; i < count; i++) {
            bytes[i] = (uint8_t)(next_number() >> 9);
        }
        ph_cbor_reader reader = {bytes, count, 0, false};
        for (int32_t turn = 0; turn < 12; turn++) {
            int32_t length;
            const uint8_t *part;
            switch (next_number() % 7) {
            case 0:
                ph_cbor_get_unsigned(&reader, UINT64_MAX);
                break;
            case 1:
                ph_cbor_get_signed(&reader);
                break;
            case 2:
                ph_cbor_take_null(&reader);
                break;
            case 3:
                ph_cbor_get_array(&reader);
                break;
            case 4:
                ph_cbor_get_map(&reader);
                break;
            case 5:
                ph_cbor_get_bool(&reader);
                break;
            default:
                part = ph_cbor_get_bytes(&reader, &length);
                CHECK(part == NULL ? length == 0 : part + length <= bytes + count);
            }
            CHECK(reader.at >= 0 && reader.at <= count);
        }
        free(bytes);
    }
}

int main(void) {
    test_stuffing();
    test_every_length();
    test_cut_in_a_run();
    test_garbage();
    test_written();
    test_read();
    test_refused();
    test_reserved_lengths();
    test_anything();
    FINISH();
}
