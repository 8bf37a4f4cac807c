/* HyperRAM, HyperFlash and the files on it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum {
    RAM_BYTES = 8 * 1024 * 1024,
    FLASH_BYTES = 64 * 1024 * 1024,
    SECTOR_BYTES = 256 * 1024,
    KEPT_BYTES = 2 * SECTOR_BYTES,
    KEPT_AT = FLASH_BYTES - KEPT_BYTES,
    PAGE_BYTES = 512,
    UNIT_BYTES = 16,
};

static uint8_t ram[RAM_BYTES], kept[KEPT_BYTES], programmed[KEPT_BYTES / UNIT_BYTES];
static FILE *kept_file;

void *pi_l2_malloc(int size) {
    return malloc((size_t)size);
}

void pi_l2_free(void *memory, int size) {
    (void)size;
    free(memory);
}

void pi_hyperram_conf_init(struct pi_hyperram_conf *conf) {
    memset(conf, 0, sizeof *conf);
}

int32_t pi_ram_open(struct pi_device *device) {
    (void)device;
    return 0;
}

int pi_ram_alloc(struct pi_device *device, uint32_t *address, uint32_t size) {
    (void)device;
    *address = 4096;
    return size <= RAM_BYTES - 4096 ? 0 : -1;
}

void pi_ram_read(struct pi_device *device, uint32_t address, void *data, uint32_t size) {
    (void)device;
    on_controller("pi_ram_read");
    memcpy(data, ram + address, size);
}

void pi_ram_write(struct pi_device *device, uint32_t address, void *data, uint32_t size) {
    (void)device;
    on_controller("pi_ram_write");
    memcpy(ram + address, data, size);
}

void pi_cl_ram_read(struct pi_device *device, uint32_t address, void *data, uint32_t size, pi_cl_ram_req_t *req) {
    (void)device;
    on_first_core("pi_cl_ram_read");
    in_l2(data);
    memcpy(data, ram + address, size);
    req->done = 1;
}

void pi_cl_ram_read_wait(pi_cl_ram_req_t *req) {
    if (req->done != 1) {
        fail("waits for no read");
    }
    req->done = 0;
}

void pi_hyperflash_conf_init(struct pi_hyperflash_conf *conf) {
    memset(conf, 0, sizeof *conf);
}

int pi_flash_open(struct pi_device *device) {
    (void)device;
    memset(kept, 0xff, sizeof kept);
    const char *name = getenv("GAP8_FLASH");
    if (name != NULL) {
        kept_file = fopen(name, "r+b");
        if (kept_file == NULL || fread(kept, sizeof kept, 1, kept_file) != 1) {
            fail("no flash");
        }
    }
    for (size_t i = 0; i < sizeof kept; i++) {
        programmed[i / UNIT_BYTES] |= kept[i] != 0xff;
    }
    return 0;
}

int32_t pi_flash_ioctl(struct pi_device *device, uint32_t command, void *arg) {
    struct pi_flash_info *info = arg;
    (void)device;
    (void)command;
    *info = (struct pi_flash_info){SECTOR_BYTES, SECTOR_BYTES};
    return 0;
}

static uint8_t *at_flash(uint32_t address, const void *data, uint32_t size) {
    on_controller("the flash");
    in_l2(data);
    if (address < KEPT_AT || size > FLASH_BYTES - address || ((address | size | (uintptr_t)data) & 3) != 0) {
        fail("flash outside of what is kept, or no whole words");
    }
    return kept + (address - KEPT_AT);
}

static void store(uint8_t *from, uint32_t size) {
    if (kept_file != NULL) {
        fseek(kept_file, from - kept, SEEK_SET);
        fwrite(from, size, 1, kept_file);
        fflush(kept_file);
    }
}

void pi_flash_read(struct pi_device *device, uint32_t address, void *data, uint32_t size) {
    (void)device;
    memcpy(data, at_flash(address, data, size), size);
}

void pi_flash_program(struct pi_device *device, uint32_t address, const void *data, uint32_t size) {
    uint8_t *to = at_flash(address, data, size);
    const uint8_t *from = data;
    (void)device;
    if (address / PAGE_BYTES != (address + size - 1) / PAGE_BYTES || (address | size) % UNIT_BYTES != 0) {
        fail("programmed over the end of a page, or no whole units");
    }
    for (uint32_t i = 0; i < size; i += UNIT_BYTES) {
        uint8_t *was = &programmed[(address - KEPT_AT + i) / UNIT_BYTES];
        static const uint8_t zeros[UNIT_BYTES];
        if (*was && memcmp(from + i, zeros, UNIT_BYTES) != 0) {
            fail("a unit of flash is programmed twice");
        }
        *was = 1;
    }
    for (uint32_t i = 0; i < size; i++) {
        to[i] &= from[i];
    }
    store(to, size);
}

void pi_flash_erase_sector(struct pi_device *device, uint32_t address) {
    (void)device;
    if (address % SECTOR_BYTES != 0 || address < KEPT_AT || address >= FLASH_BYTES) {
        fail("no sector of ours");
    }
    on_controller("pi_flash_erase_sector");
    memset(kept + (address - KEPT_AT), 0xff, SECTOR_BYTES);
    memset(programmed + (address - KEPT_AT) / UNIT_BYTES, 0, SECTOR_BYTES / UNIT_BYTES);
    store(kept + (address - KEPT_AT), SECTOR_BYTES);
}

static FILE *file;

void pi_readfs_conf_init(struct pi_readfs_conf *conf) {
    memset(conf, 0, sizeof *conf);
}

int pi_fs_mount(struct pi_device *device) {
    (void)device;
    return 0;
}

pi_fs_file_t *pi_fs_open(struct pi_device *device, const char *name, int flags) {
    static pi_fs_file_t opened;
    (void)device;
    (void)flags;
    file = fopen(name, "rb");
    if (file == NULL) {
        return NULL;
    }
    fseek(file, 0, SEEK_END);
    opened.size = (uint32_t)ftell(file);
    rewind(file);
    return &opened;
}

int pi_fs_read(pi_fs_file_t *of, void *buffer, uint32_t size) {
    (void)of;
    return (int)fread(buffer, 1, size, file);
}

void pi_fs_close(pi_fs_file_t *of) {
    (void)of;
    fclose(file);
}
