/* People whom a device is to know from the start, as if their owner had introduced them: people.bin, a file of the
   host: magic `PPP1`, values of a descriptor, how many people; of each the bytes of the name, the name [40], how many
   looks; of each look its quality and its descriptor. Numbers are int32, descriptors int16, little-endian. */
#ifndef PEEPHOLE_PORT_INTRODUCE_H
#define PEEPHOLE_PORT_INTRODUCE_H

#include "app/gallery.h"

/* Adds everybody of the file whose name is not known yet, with at most DEVICE_INTRODUCED_LOOKS looks, of which those
   that the gallery has no room for are left out. PH_OK without a file, PH_BAD_SHAPE for a damaged one, else
   what the gallery says. */
ph_status introduce_people(ph_gallery *gallery, int64_t time);

#endif
