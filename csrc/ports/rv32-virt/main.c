#include "board.h"
#include "device.h"
#include "frames.h"
#include "looks.h"
#include "watching.h"

#define BAD_FRAMES 4 /* exit code */

int main(void) {
    frames source;
    must(device_open(), "the plan of memory");
    if (frames_open(&source, device_frame_size) != PH_OK) {
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
