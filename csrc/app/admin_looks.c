#include <string.h>

#include "app/admin_parts.h"
#include "app/gallery_tables.h"
#include "app/little_endian.h"

/* [id or number, index, offset in bytes] -> [looks, time, quality, source, bytes of the descriptor, a piece of it] */
static void answer_look(ph_asked *asked, bool of_person) {
    const ph_gallery *gallery = asked->admin->gallery;
    const ph_gallery_table *table = of_person ? &gallery->known : &gallery->seen;
    const uint32_t id = (uint32_t)ph_cbor_get_unsigned(&asked->in, UINT16_MAX);
    const int32_t index = (int32_t)ph_cbor_get_unsigned(&asked->in, INT16_MAX);
    const int32_t offset = (int32_t)ph_cbor_get_unsigned(&asked->in, INT16_MAX);
    const int32_t bytes = 2 * gallery->size.values;
    if (!ph_asked_well(asked, 3)) {
        return;
    }
    const int32_t row = of_person ? ph_gallery_person_row(gallery, id) : ph_gallery_stranger_row(gallery, id);
    const int32_t count = row < 0 ? 0 : ph_table_count(table, row);
    if (row < 0 || index >= count || offset >= bytes || offset % 2 != 0) {
        ph_asked_answer(asked, row < 0 || index >= count ? PH_UNKNOWN : PH_BAD_ARGUMENT,
                        row < 0          ? (of_person ? "person" : "stranger")
                        : index >= count ? "look"
                                         : "offset");
        return;
    }
    const int32_t at = ph_table_first(table, row) + index;
    const int32_t room = (asked->out.capacity - 64) / 2 * 2, left = bytes - offset, piece = left < room ? left : room;
    ph_asked_ok(asked, 6);
    ph_cbor_put_signed(&asked->out, count);
    ph_put_time(&asked->out, table->reference[at].time);
    ph_cbor_put_signed(&asked->out, table->reference[at].quality);
    ph_cbor_put_unsigned(&asked->out, table->reference[at].source);
    ph_cbor_put_signed(&asked->out, bytes);
    uint8_t *to = ph_cbor_put_space(&asked->out, piece);
    const int16_t *value = table->descriptor + (size_t)at * (size_t)gallery->size.values + offset / 2;
    for (int32_t i = 0; to && i < piece / 2; i++) {
        ph_put_u16(to + 2 * i, (uint16_t)value[i]);
    }
}

/* [index, time, quality, first value, values as bytes] -> []: looks one after the other, each from its first value on.
   Index 0 from value 0 begins anew. */
static void put_look(ph_asked *asked) {
    ph_admin *admin = asked->admin;
    ph_looks *looks = &admin->looks;
    const int32_t index = (int32_t)ph_cbor_get_unsigned(&asked->in, INT16_MAX);
    const int64_t time = ph_cbor_get_signed(&asked->in);
    const int32_t quality = (int32_t)ph_cbor_get_unsigned(&asked->in, 1000);
    const int32_t first = (int32_t)ph_cbor_get_unsigned(&asked->in, INT16_MAX);
    int32_t bytes;
    const uint8_t *from = ph_cbor_get_bytes(&asked->in, &bytes);
    if (!ph_asked_well(asked, 5)) {
        return;
    }
    if (index == 0 && first == 0) {
        looks->count = 0;
    }
    const bool is_next = first == 0 ? index == looks->count && (index == 0 || admin->put == looks->values)
                                    : index == looks->count - 1 && first == admin->put;
    if (!is_next || bytes % 2 != 0 || bytes / 2 > looks->values - first) {
        ph_asked_answer(asked, PH_ERROR_LOOKS, "looks");
        return;
    }
    if (index >= looks->capacity) {
        ph_asked_answer(asked, PH_NO_ROOM, "looks");
        return;
    }
    int16_t *value = looks->descriptor + (size_t)index * (size_t)looks->values + first;
    for (int32_t i = 0; i < bytes / 2; i++) {
        value[i] = (int16_t)ph_get_u16(from + 2 * i);
    }
    looks->count = index + 1;
    memset(&looks->look[index], 0, sizeof looks->look[index]);
    looks->look[index].time = time;
    looks->look[index].quality = (ph_quality){.value = quality, .fault = PH_FAULT_NONE};
    admin->put = first + bytes / 2;
    ph_asked_answer(asked, PH_OK, "");
}

void ph_answer_looks(ph_asked *asked, ph_command command) {
    if (command == PH_ASK_PUT_LOOK) {
        put_look(asked);
    } else {
        answer_look(asked, command == PH_ASK_PERSON_LOOK);
    }
}
