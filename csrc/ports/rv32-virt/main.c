#include "board.h"
#include "console.h"
#include "device_memory.h"
#include "frames.h"
#include "looks.h"
#include "watching.h"

#define BAD_FRAMES 4 /* exit code */

int main(void) {
    frames source;
    if (frames_open(&source, (ph_image_size){DEVICE_FRAME_HEIGHT, DEVICE_FRAME_WIDTH}) != PH_OK) {
        board_print("frames.bin: not there, or no frames of this size\n");
        return BAD_FRAMES;
    }
    if ((source.mode & FRAMES_LOOKS ? tell_looks(&source) : keep_watch(&source)) != PH_OK) {
        board_print("frames.bin: ends within a frame\n");
        return BAD_FRAMES;
    }
    tell_number("{\"stack\": ", board_stack_used());
    board_print("}\n");
    return 0;
}
