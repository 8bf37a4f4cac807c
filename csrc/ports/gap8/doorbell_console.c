#include "ports/gap8/doorbell_console.h"

#include <stdio.h>

#include "app/console.h"
#include "ports/gap8/gap8.h"

enum { TEXT_BYTES = 768 };

/* Put together by whoever tells; printed by the controller, which has the console. */
static struct {
    char text[TEXT_BYTES];
    size_t bytes;
} told;

static void put(const char *text) {
    while (*text != 0 && told.bytes + 1 < TEXT_BYTES) {
        told.text[told.bytes++] = *text++;
    }
}

static void do_print(void *argument) {
    (void)argument;
    printf("%s", told.text);
    told.bytes = 0;
}

static void print(void) {
    told.text[told.bytes] = 0;
    ph_gap8_on_controller(do_print, NULL);
}

void ph_tell_event(const ph_gallery *gallery, const ph_event *event) {
    ph_console_event(put, gallery, event);
    print();
}

void ph_tell_kept(const ph_gallery *gallery) {
    ph_console_kept(put, gallery);
    print();
}

void ph_tell_cycles(int64_t frames, const ph_sight_cost *cost, uint32_t all) {
    ph_console_number(put, "{\"frame\": ", frames);
    ph_console_number(put, ", \"cycles\": {\"detect\": ", (int64_t)cost->detect);
    ph_console_number(put, ", \"landmarks\": ", (int64_t)cost->landmarks);
    ph_console_number(put, ", \"describe\": ", (int64_t)cost->describe);
    ph_console_number(put, ", \"all\": ", all);
    put("}}\n");
    print();
}
