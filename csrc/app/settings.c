#include "app/settings.h"

#include <stddef.h>
#include <string.h>

/* Of what type a number is. */
typedef enum { U32, S32, S64 } number_type;

typedef struct {
    const char *name;
    uint16_t place; /* in ph_settings */
    uint8_t type;
    int64_t least, most;
} setting;

#define RATE(member) {#member, offsetof(ph_settings, policy.member), U32, 1, 1000000000}
#define COUNT(member, most) {#member, offsetof(ph_settings, policy.member), S32, 1, most}
#define NUMBER(member, most) {#member, offsetof(ph_settings, policy.member), S32, 0, most}
#define DAY INT64_C(86400000)
#define TIME(member) {#member, offsetof(ph_settings, policy.member), S64, 0, DAY}

/* In the slot a setting goes by its place here: new ones come last, and none ever goes. */
static const setting table[] = {
    RATE(known_rate),
    RATE(stranger_rate),
    RATE(same_stranger_rate),
    COUNT(known_sightings, 64),
    COUNT(stranger_sightings, 64),
    COUNT(votes, 64),
    NUMBER(margin_share, 1000),
    COUNT(opening_faces, 100),
    TIME(hold),
    TIME(blink),
    TIME(gap),
    TIME(longest),
    TIME(cool_down),
    TIME(look),
    TIME(later_look),
    TIME(save),
    TIME(retry),
    COUNT(keep_looks, 64),
    COUNT(keep_stranger_looks, 64),
    NUMBER(min_width, 10000),
    COUNT(good_width, 10000),
    NUMBER(min_sharpness, 1000),
    COUNT(good_sharpness, 1000),
    NUMBER(min_contrast, 255),
    NUMBER(most_clipped, 1000),
    NUMBER(most_turned, 90),
    COUNT(good_neighbours, 10000),
    {"door_open", offsetof(ph_settings, door_open), S64, 0, 60000},
    {"idle_after", offsetof(ph_settings, idle_after), S64, 0, DAY},
    {"replace_strangers", offsetof(ph_settings, replace_strangers), S32, 0, 1},
};

int32_t ph_settings_count(void) {
    return (int32_t)(sizeof table / sizeof *table);
}

const char *ph_settings_name(int32_t index) {
    return table[index].name;
}

int32_t ph_settings_find(const char *name, int32_t bytes) {
    for (int32_t i = 0; i < ph_settings_count(); i++) {
        if ((int32_t)strlen(table[i].name) == bytes && memcmp(table[i].name, name, (size_t)bytes) == 0) {
            return i;
        }
    }
    return -1;
}

int64_t ph_settings_get(const ph_settings *settings, int32_t index) {
    const void *place = (const char *)settings + table[index].place;
    switch ((number_type)table[index].type) {
    case U32:
        return *(const uint32_t *)place;
    case S32:
        return *(const int32_t *)place;
    default:
        return *(const int64_t *)place;
    }
}

void ph_settings_range(int32_t index, int64_t *least, int64_t *most) {
    *least = table[index].least;
    *most = table[index].most;
}

ph_status ph_settings_set(ph_settings *settings, int32_t index, int64_t value) {
    void *place = (char *)settings + table[index].place;
    if (value < table[index].least || value > table[index].most) {
        return PH_BAD_ARGUMENT;
    }
    switch ((number_type)table[index].type) {
    case U32:
        *(uint32_t *)place = (uint32_t)value;
        break;
    case S32:
        *(int32_t *)place = (int32_t)value;
        break;
    default:
        *(int64_t *)place = value;
    }
    return PH_OK;
}

ph_status ph_settings_load(const ph_gallery *gallery, ph_settings *settings, uint8_t *scratch, int32_t bytes) {
    uint16_t version;
    size_t kept;
    const ph_status status = ph_gallery_read_slot(gallery, PH_SLOT_SETTINGS, &version, scratch, (size_t)bytes, &kept);
    if (status != PH_OK) {
        return status;
    }
    if (version != PH_SETTINGS_VERSION) {
        return PH_UNSUPPORTED;
    }
    ph_cbor_reader reader = {scratch, (int32_t)kept, 0, false};
    for (uint32_t left = ph_cbor_get_map(&reader); left > 0 && !reader.failed; left--) {
        const int32_t index = (int32_t)ph_cbor_get_unsigned(&reader, INT16_MAX);
        const int64_t value = ph_cbor_get_signed(&reader);
        if (!reader.failed && index < ph_settings_count()) {
            ph_settings_set(settings, index, value);
        }
    }
    return ph_cbor_is_over(&reader) ? PH_OK : PH_DAMAGED;
}

ph_status ph_settings_store(ph_gallery *gallery, const ph_settings *settings, const ph_settings *defaults,
                            uint8_t *scratch, int32_t bytes) {
    ph_cbor_writer writer = {scratch, bytes, 0, false};
    uint32_t different = 0;
    for (int32_t i = 0; i < ph_settings_count(); i++) {
        different += ph_settings_get(settings, i) != ph_settings_get(defaults, i);
    }
    ph_cbor_put_map(&writer, different);
    for (int32_t i = 0; i < ph_settings_count(); i++) {
        const int64_t value = ph_settings_get(settings, i);
        if (value != ph_settings_get(defaults, i)) {
            ph_cbor_put_unsigned(&writer, (uint64_t)i);
            ph_cbor_put_signed(&writer, value);
        }
    }
    return writer.full
               ? PH_NO_ROOM
               : ph_gallery_write_slot(gallery, PH_SLOT_SETTINGS, PH_SETTINGS_VERSION, scratch, (size_t)writer.count);
}
