/* A doorbell put together from a port, in the memory that is planned for it: what it sees by, the gallery, visits and
   the owner's line. */
#ifndef PEEPHOLE_FIRMWARE_ASSEMBLY_H
#define PEEPHOLE_FIRMWARE_ASSEMBLY_H

#include "app/owner.h"
#include "firmware/sight.h"

/* What it is made of; everything pointed at is kept. */
typedef struct {
    const ph_port *port;
    const ph_sight_calls *sight;
    ph_owner_calls owner;
    void (*tell)(const ph_gallery *gallery, const ph_event *event); /* beside the owner, who is told first */
} ph_assembly_parts;

typedef struct {
    ph_gallery gallery;
    ph_doorbell bell;
    ph_owner owner;
    int64_t frames; /* looked at since the start */
    void (*tell)(const ph_gallery *gallery, const ph_event *event);
} ph_assembly;

/* Makes a doorbell that sleeps. PH_BAD_SHAPE where the plan of memory does not suit what csrc/app asks for, else what
   the detector's table, the gallery and the doorbell say. */
ph_status ph_assembly_open(ph_assembly *of, const ph_assembly_parts *parts);

/* As ph_doorbell_step, and between two of them ph_owner_serve. */
ph_status ph_assembly_step(ph_assembly *of);
void ph_assembly_serve(ph_assembly *of, bool pairing);

#endif
