#include "introduce.h"

#include <string.h>

#include "board.h"
#include "firmware/memory.h"
#include "recogniser.h"

#define MAGIC 0x31505050 /* PPP1 */

typedef struct {
    int32_t name_bytes;
    char name[PH_NAME_BYTES];
    int32_t looks;
} introduced;

/* One person's looks, where the recogniser's activations lie later. */
typedef struct {
    ph_look look[DEVICE_INTRODUCED_LOOKS];
    int16_t descriptor[DEVICE_INTRODUCED_LOOKS * RECOGNISER_VALUES];
} introduced_looks;

static bool is_known(const ph_gallery *gallery, const introduced *one) {
    for (int32_t i = 0; i < gallery->people_count; i++) {
        const ph_person *person = &gallery->people[i];
        if (person->name_bytes == one->name_bytes && memcmp(person->name, one->name, person->name_bytes) == 0) {
            return true;
        }
    }
    return false;
}

static ph_status read_looks(int32_t file, int32_t count, int64_t time, introduced_looks *to) {
    for (int32_t i = 0; i < count; i++) {
        int32_t quality;
        int16_t *values = to->descriptor + i * RECOGNISER_VALUES;
        const int32_t bytes = RECOGNISER_VALUES * (int32_t)sizeof *values;
        if (board_read(file, &quality, sizeof quality) != (int32_t)sizeof quality ||
            board_read(file, values, bytes) != bytes) {
            return PH_BAD_SHAPE;
        }
        to->look[i] = (ph_look){.time = time, .quality = {.value = quality, .fault = PH_FAULT_NONE}};
    }
    return PH_OK;
}

ph_status introduce_people(ph_gallery *gallery, int64_t time) {
    int32_t header[3]; /* magic, values, people */
    introduced_looks *all = AT(RECOGNISER);
    const int32_t file = board_open("people.bin");
    if (file < 0) {
        return PH_OK;
    }
    if (board_read(file, header, sizeof header) != (int32_t)sizeof header || header[0] != MAGIC ||
        header[1] != RECOGNISER_VALUES) {
        return PH_BAD_SHAPE;
    }
    for (int32_t i = 0; i < header[2]; i++) {
        introduced one;
        uint16_t id;
        if (board_read(file, &one, sizeof one) != (int32_t)sizeof one || one.name_bytes < 1 ||
            one.name_bytes > PH_NAME_BYTES || one.looks < 0 || one.looks > DEVICE_INTRODUCED_LOOKS) {
            return PH_BAD_SHAPE;
        }
        ph_status status = read_looks(file, one.looks, time, all);
        if (status == PH_OK && !is_known(gallery, &one)) {
            const int32_t room = gallery->size.references;
            const ph_looks looks = {RECOGNISER_VALUES, DEVICE_INTRODUCED_LOOKS, one.looks < room ? one.looks : room,
                                    all->look, all->descriptor};
            status =
                ph_gallery_add_person(gallery, one.name, (size_t)one.name_bytes, time, &looks, PH_SOURCE_PHOTO, &id);
        }
        if (status != PH_OK) {
            return status;
        }
    }
    return PH_OK;
}
