/* From reset to main: memory as C wants it, and the stack painted; and from a trap to its report. */
#define STACK_PAINT 0x57ac57ac /* as in board.c */
#define EXIT_DEVICE 0x100000
#define UART_QUEUE 0x10000002
#define UART_QUEUE_ON 0xc1 /* of 14: so many does QEMU bring at once */

    .section .init, "ax"
    .globl _start
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, __stack_top
    la t0, trap
    csrw mtvec, t0

    /* The serial line queues 16 bytes of what arrives; at once, as switching that on throws away what is there. */
    li t0, UART_QUEUE
    li t1, UART_QUEUE_ON
    sb t1, 0(t0)

    la t0, __data_start
    la t1, __data_end
    la t2, __data_load
1:  bgeu t0, t1, 2f
    lw t3, 0(t2)
    sw t3, 0(t0)
    addi t0, t0, 4
    addi t2, t2, 4
    j 1b
2:  la t0, __bss_start
    la t1, __bss_end
3:  bgeu t0, t1, 4f
    sw zero, 0(t0)
    addi t0, t0, 4
    j 3b
4:  la t0, __stack_limit
    li t1, STACK_PAINT
5:  bgeu t0, sp, 6f
    sw t1, 0(t0)
    addi t0, t0, 4
    j 5b
6:  call main
    /* main's result is the exit code */

    .globl board_exit
board_exit: /* a0: 0 to 255 */
    li t0, EXIT_DEVICE
    li t1, 0x5555
    beqz a0, 7f
    slli a0, a0, 16
    li t1, 0x3333
    or t1, t1, a0
7:  sw t1, 0(t0)
8:  wfi
    j 8b

    .balign 4
trap:
    csrr a0, mcause
    csrr a1, mepc
    csrr a2, mtval
    mv a3, sp
    la sp, __stack_top /* what lay there is lost, and nothing returns to it */
    call board_trap
    j board_exit

    .section .text.board_semihost, "ax"
    .globl board_semihost
    .balign 16 /* the three instructions must lie in one page and may not be compressed */
board_semihost: /* a0: operation, a1: its block; returns a0 */
    .option push
    .option norvc
    slli x0, x0, 0x1f
    ebreak
    srai x0, x0, 7
    .option pop
    ret
