/* What a doorbell tells those who develop: lines of JSON on a console, in pieces as they are made. Enums are their
   numbers, times are in milliseconds. */
#ifndef PEEPHOLE_APP_CONSOLE_H
#define PEEPHOLE_APP_CONSOLE_H

#include "app/event.h"
#include "app/gallery.h"

PH_BEGIN_C

/* Where the pieces go: text up to a zero, of which a line may take many. */
typedef void ph_put(const char *text);

/* What stands before a value, as its name, and the value: a number, or a string of JSON. */
void ph_console_number(ph_put *put, const char *name, int64_t number);
void ph_console_text(ph_put *put, const char *name, const char *text);

/* An event. */
void ph_console_event(ph_put *put, const ph_gallery *gallery, const ph_event *event);

/* What is kept when the doorbell starts: how many people and strangers, and records that were damaged if there are. */
void ph_console_kept(ph_put *put, const ph_gallery *gallery);

PH_END_C

#endif
