/* GAP8's cluster, its DMA and the HyperRAM as the machine of machine.h. Called on the fabric controller, which computes
   nothing. */
#ifndef PEEPHOLE_PORTS_GAP8_GAP8_H
#define PEEPHOLE_PORTS_GAP8_GAP8_H

#include "peephole/status.h"
#include "ports/gap8/machine.h"

/* What could not be opened. */
typedef enum {
    PH_GAP8_OPEN,
    PH_GAP8_NO_CLOCKS,
    PH_GAP8_NO_RAM,
    PH_GAP8_NO_FLASH,
    PH_GAP8_NO_FILE, /* it is not there, or has another size */
    PH_GAP8_NO_CLUSTER,
    PH_GAP8_NO_L1,
} ph_gap8_status;

/* What a program needs; the file of its weights lies on the flash. */
typedef struct {
    const char *weights;
    uint32_t weights_bytes;
    uint32_t l1_bytes; /* beside stacks */
    uint32_t stack_bytes;
    uint32_t first_stack_bytes; /* of the cluster's first core */
} ph_gap8_needs;

/* Sets voltage and clocks, copies the weights from flash to HyperRAM, and powers the cluster. */
ph_gap8_status ph_gap8_open(const ph_gap8_needs *needs);

/* What runs on the cluster's first core. */
typedef ph_status (*ph_gap8_work)(const ph_machine *machine, void *argument);

/* Runs it, and returns what it returned. cycles: by layer, or NULL; total: of all of it. */
ph_status ph_gap8_run(ph_gap8_work work, void *argument, uint32_t *cycles, uint32_t *total);

#endif
