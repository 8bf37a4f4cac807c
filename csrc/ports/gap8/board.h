/* What is around GAP8's cores on a board: camera, pins, the owner's serial line, time. The serial line and the HyperRAM
   share a pad on Gapoc boards, which have no use for both at once. All of it is for the fabric controller. */
#ifndef PEEPHOLE_PORTS_GAP8_BOARD_H
#define PEEPHOLE_PORTS_GAP8_BOARD_H

#include <stdbool.h>
#include <stdint.h>

enum { PH_CAMERA_WIDTH = 324, PH_CAMERA_HEIGHT = 244, PH_FRAME_WIDTH = 320, PH_FRAME_HEIGHT = 240 };

/* Why a wait ended. */
typedef enum { PH_BOARD_MOTION, PH_BOARD_BUTTON, PH_BOARD_OWNER } ph_board_wake;

bool ph_board_open_camera(void);
bool ph_board_open_pins(void); /* the door's stays as it is: locked */
bool ph_board_open_serial(uint32_t bits_per_second);

/* Waits for the camera's next picture, uint8 [PH_CAMERA_HEIGHT,PH_CAMERA_WIDTH], and moves its middle,
   [PH_FRAME_HEIGHT,PH_FRAME_WIDTH], to the beginning. Switches the camera on where it is off. False where none comes
   for a second or two; then it is waited for again the next time, which must be with the same memory. */
bool ph_board_frame(uint8_t *picture);
void ph_board_camera_off(void);

/* Where no picture is asked for any more, an open door is locked after 20 seconds, whatever the cluster does. */
void ph_board_door(bool open);
bool ph_board_pairing(void); /* is the button for pairing held? */

/* Waits for the bell's button, motion, or the owner: a byte on the serial line, or the button for pairing. */
ph_board_wake ph_board_wait(void);

/* What has arrived, at most `capacity` bytes, without waiting; returns how many. */
int32_t ph_board_read(uint8_t *to, int32_t capacity);

/* Waits until all of it is sent; from: in L2. */
void ph_board_write(const uint8_t *from, int32_t bytes);

/* Since the start; never goes back. It is read at least every half hour, also while waiting. */
int64_t ph_board_microseconds(void);

#endif
