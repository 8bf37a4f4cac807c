/* What is around GAP8's cores on a board: camera, the owner's serial line, the door. The serial line and the HyperRAM
   share a pad on Gapoc boards, which have no use for both at once. */
#ifndef PEEPHOLE_PORTS_GAP8_BOARD_H
#define PEEPHOLE_PORTS_GAP8_BOARD_H

#include <stdbool.h>
#include <stdint.h>

enum { PH_CAMERA_WIDTH = 324, PH_CAMERA_HEIGHT = 244, PH_FRAME_WIDTH = 320, PH_FRAME_HEIGHT = 240 };

bool ph_board_open_camera(void);
bool ph_board_open_door(void); /* the pin, not the door */
bool ph_board_open_serial(uint32_t bits_per_second);

/* Waits for the camera's next picture, uint8 [PH_CAMERA_HEIGHT,PH_CAMERA_WIDTH], and moves its middle,
   [PH_FRAME_HEIGHT,PH_FRAME_WIDTH], to the beginning. */
void ph_board_frame(uint8_t *picture);

void ph_board_door(bool open);
int32_t ph_board_read(uint8_t *to,
                      int32_t bytes); /* waits for all of them; returns what the driver does: 0, no error */
int32_t ph_board_write(const uint8_t *from, int32_t bytes);
uint32_t ph_board_microseconds(void); /* wraps after 71 minutes */

#endif
