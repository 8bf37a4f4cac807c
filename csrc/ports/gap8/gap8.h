/* GAP8's cluster, its DMA and the HyperRAM as the machine of machine.h. Called on the fabric controller, which computes
   nothing. */
#ifndef PEEPHOLE_PORTS_GAP8_GAP8_H
#define PEEPHOLE_PORTS_GAP8_GAP8_H

#include "peephole/status.h"
#include "ports/gap8/machine.h"

struct pi_device;

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

/* Cuts the cluster's power and lowers voltage and clocks, and the reverse; HyperRAM keeps the weights. */
void ph_gap8_rest(void);
ph_gap8_status ph_gap8_wake(void);

/* What runs on the cluster's first core. */
typedef ph_status (*ph_gap8_work)(const ph_machine *machine, void *argument);

/* Runs it, and returns what it returned. cycles: by layer, or NULL; total: of all of it. */
ph_status ph_gap8_run(ph_gap8_work work, void *argument, uint32_t *cycles, uint32_t *total);

/* Has the fabric controller call a function, and waits for its end. For what only the controller may touch: flash,
   pins, the serial line. From work that ph_gap8_run runs, on the first core, or from anywhere on the controller. */
void ph_gap8_on_controller(void (*function)(void *argument), void *argument);

/* The same machine for a program whose weights begin at *l3, so many bytes behind the first of the file. */
ph_machine ph_gap8_with_weights(const ph_machine *machine, const uint32_t *l3);

/* The flash that the weights came from, where other things may be kept too. */
struct pi_device *ph_gap8_flash(void);

/* Reads the weights' file as it lies in HyperRAM; to: in L2. On the controller. */
void ph_gap8_read_weights(uint32_t offset, void *to, uint32_t bytes);

/* L1 beside stacks, which belongs to whoever computes, until the next one does. */
uint8_t *ph_gap8_l1(uint32_t *bytes);

/* Calls the work on every core, from the first one. Cycles: since ph_gap8_run began its work; wraps. */
void ph_gap8_fork(void (*work)(void *argument, int32_t core, int32_t cores), void *argument);
uint32_t ph_gap8_cycles(void);

#endif
