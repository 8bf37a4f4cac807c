"""RV32IM with the instructions of Xpulp that csrc/arch/xpulp.h uses, by their meaning: runs assembled words.

Cycles are those of the core alone, as its manual has them (openhwgroup/cv32e40p, docs/source/pipeline.rst, the same
pipeline): one an instruction; one more where a load's result is used by the very next instruction, for a word or a half
that crosses a word, and for a jump; two more for a branch that is taken; 5 for the upper half of a product and up to
35 for a quotient. Memory and instructions are there at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MASK = 0xFFFFFFFF
STOP = 0xFFFFFFF0  # where the function that is called returns to
A0, RA, SP = 10, 1, 2


def signed(value: int, bits: int = 32) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def lanes(value: int, bits: int) -> list[int]:
    return [signed(value >> at, bits) for at in range(0, 32, bits)]


def dot(total: int, a: int, b: int, bits: int) -> int:
    return total + sum(x * y for x, y in zip(lanes(a, bits), lanes(b, bits), strict=True))


def larger(a: int, b: list[int]) -> int:
    low, high = (max(x, y) & 0xFFFF for x, y in zip(lanes(a, 16), b, strict=True))
    return low | high << 16


def quotient(a: int, b: int) -> int:
    return -1 if b == 0 else abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


# By (opcode, funct3, funct7), of rd, rs1, rs2 as they are in registers.
REGISTERS: Mapping[tuple[int, int, int], Callable[[int, int, int], int]] = {
    (0x33, 0, 0x00): lambda d, a, b: a + b,
    (0x33, 0, 0x20): lambda d, a, b: a - b,
    (0x33, 1, 0x00): lambda d, a, b: a << (b & 31),
    (0x33, 2, 0x00): lambda d, a, b: signed(a) < signed(b),
    (0x33, 3, 0x00): lambda d, a, b: a < b,
    (0x33, 4, 0x00): lambda d, a, b: a ^ b,
    (0x33, 5, 0x00): lambda d, a, b: a >> (b & 31),
    (0x33, 5, 0x20): lambda d, a, b: signed(a) >> (b & 31),
    (0x33, 6, 0x00): lambda d, a, b: a | b,
    (0x33, 7, 0x00): lambda d, a, b: a & b,
    (0x33, 0, 0x01): lambda d, a, b: a * b,
    (0x33, 1, 0x01): lambda d, a, b: signed(a) * signed(b) >> 32,
    (0x33, 3, 0x01): lambda d, a, b: a * b >> 32,
    (0x33, 4, 0x01): lambda d, a, b: quotient(signed(a), signed(b)),
    (0x33, 5, 0x01): lambda d, a, b: a // b if b else MASK,
    (0x33, 6, 0x01): lambda d, a, b: signed(a) - quotient(signed(a), signed(b)) * signed(b) if b else a,
    (0x33, 7, 0x01): lambda d, a, b: a % b if b else a,
    # Xpulp
    (0x57, 0, 0x5C): lambda d, a, b: dot(d, a, b, 16),
    (0x57, 1, 0x5C): lambda d, a, b: dot(d, a, b, 8),
    (0x57, 0, 0x18): lambda d, a, b: larger(a, lanes(b, 16)),
    (0x57, 4, 0x18): lambda d, a, b: larger(a, [signed(b, 16)] * 2),
    (0x33, 0, 0x21): lambda d, a, b: d + a * b,
    (0x5B, 6, 0x01): lambda d, a, b: signed(a + b + 1) >> 1,  # 32 bits, then the shift
    (0x33, 4, 0x02): lambda d, a, b: min(signed(a), signed(b)),
    (0x33, 6, 0x02): lambda d, a, b: max(signed(a), signed(b)),
}
IMMEDIATES: Mapping[int, Callable[[int, int], int]] = {
    0: lambda a, i: a + i,
    1: lambda a, i: a << (i & 31),
    2: lambda a, i: signed(a) < i,
    3: lambda a, i: a < (i & MASK),
    4: lambda a, i: a ^ i,
    5: lambda a, i: (signed(a) if i >> 10 & 1 else a) >> (i & 31),
    6: lambda a, i: a | i,
    7: lambda a, i: a & i,
}
BRANCHES: Mapping[int, Callable[[int, int], bool]] = {
    0: lambda a, b: a == b,
    1: lambda a, b: a != b,
    4: lambda a, b: signed(a) < signed(b),
    5: lambda a, b: signed(a) >= signed(b),
    6: lambda a, b: a < b,
    7: lambda a, b: a >= b,
}
LOADS, STORES, BRANCH, JUMPS = (0x03, 0x0B), (0x23, 0x2B), 0x63, (0x67, 0x6F)  # opcodes
TWO_SOURCES, ACCUMULATING, NO_SOURCE = (0x33, 0x57, 0x5B, 0x23, 0x2B, 0x63), (0x33, 0x57), (0x37, 0x17, 0x6F)
TAKEN, UPPER, QUOTIENT = 2, 5, 35
SIZES = {0: 1, 1: 2, 2: 4, 4: 1, 5: 2}  # of loads and stores, by funct3


@dataclass
class Loop:
    """A hardware loop: after the instruction at `end` it begins anew at `begin`, `left` times in all."""

    begin: int = 0
    end: int = -1
    left: int = 0


@dataclass
class Core:
    """One core, whose program and data lie in one memory from address 0 on; anything else is an `IndexError`.

    retired: instructions so far. dots: those of them that are dot products. cycles: what all of them take. accesses:
    loads and stores, each of which another core may hold up.
    """

    memory: bytearray
    registers: list[int] = field(default_factory=lambda: [0] * 32)
    loop: Loop = field(default_factory=Loop)
    retired: int = 0
    dots: int = 0
    cycles: int = 0
    accesses: int = 0
    loaded: int = 0  # the register that the instruction before has loaded

    def call(self, address: int, *arguments: int) -> int:
        """Call a function by the standard calling convention, at most 8 words, and return what it returns in a0."""
        self.registers[RA], self.registers[SP] = STOP, len(self.memory) & ~15
        self.registers[A0 : A0 + len(arguments)] = [argument & MASK for argument in arguments]
        pc = address
        while pc != STOP:
            pc = self._step(pc)
        return self.registers[A0]

    def load(self, address: int, funct3: int) -> int:
        size = SIZES[funct3]
        if not 0 <= address <= len(self.memory) - size:
            raise IndexError(f"{size} bytes at {address:#x}")
        return int.from_bytes(self.memory[address : address + size], "little", signed=funct3 < 4) & MASK

    def _step(self, pc: int) -> int:
        word = self.load(pc, 2)
        self._count(word)
        following = self._execute(pc, word)
        if following != pc + 4 and word & 127 == BRANCH:
            self.cycles += TAKEN
        self.retired += 1
        self.registers[0] = 0
        if pc == self.loop.end and self.loop.left > 0:
            if following != pc + 4:
                raise ValueError(f"a jump out of a hardware loop at {pc:#x}")
            self.loop.left -= 1
            return self.loop.begin if self.loop.left else following
        return following

    def _count(self, word: int) -> None:
        """What an instruction takes, but for a branch that is taken."""
        opcode, rd, funct3 = word & 127, word >> 7 & 31, word >> 12 & 7
        rs1, rs2 = word >> 15 & 31, word >> 20 & 31
        self.cycles += 1 + (opcode in JUMPS)
        used = set() if opcode in NO_SOURCE else {rs1, rs2} if opcode in TWO_SOURCES else {rs1}
        if opcode in ACCUMULATING and (word >> 25 in (0x5C, 0x21)):
            used.add(rd)
        self.cycles += self.loaded != 0 and self.loaded in used
        self.loaded = rd if opcode in LOADS else 0
        if opcode in LOADS + STORES:
            self.accesses += 1
            offset = {0x03: signed(word >> 20, 12), 0x23: signed(word >> 25 << 5 | rd, 12)}.get(opcode, 0)
            self.cycles += (self.registers[rs1] + offset) % 4 + SIZES[funct3] > 4
        if opcode == 0x33 and word >> 25 == 1 and funct3:
            self.cycles += UPPER - 1 if funct3 < 4 else QUOTIENT - 1

    def _jump(self, pc: int, word: int) -> int:
        """A branch or a jump: where it leads."""
        r = self.registers
        opcode, rd, funct3, rs1 = word & 127, word >> 7 & 31, word >> 12 & 7, word >> 15 & 31
        if opcode == 0x63:
            offset = (word >> 31) << 12 | (word >> 7 & 1) << 11 | (word >> 25 & 63) << 5 | (rd & 30)
            return pc + signed(offset, 13) if BRANCHES[funct3](r[rs1], r[word >> 20 & 31]) else pc + 4
        if opcode == 0x6F:
            high, low = (word >> 31) << 20 | (word >> 12 & 255) << 12, (word >> 20 & 1) << 11
            r[rd] = pc + 4
            return pc + signed(high | low | (word >> 21 & 1023) << 1, 21)
        target, r[rd] = r[rs1] + signed(word >> 20, 12) & MASK & ~1, pc + 4
        return target

    def _execute(self, pc: int, word: int) -> int:
        r = self.registers
        opcode, rd, funct3 = word & 127, word >> 7 & 31, word >> 12 & 7
        rs1, rs2, funct7 = word >> 15 & 31, word >> 20 & 31, word >> 25
        immediate = signed(word >> 20, 12)
        match opcode:
            case 0x33 | 0x57 | 0x5B if (opcode, funct3, funct7) in REGISTERS:
                self.dots += opcode == 0x57 and funct7 == 0x5C
                r[rd] = REGISTERS[opcode, funct3, funct7](r[rd], r[rs1], r[rs2]) & MASK
            case 0x33 if (funct3, funct7) == (1, 0x0A):  # p.clip: bits in the place of rs2
                half = 1 << (rs2 - 1)
                r[rd] = min(max(signed(r[rs1]), -half), half - 1) & MASK
            case 0x13:
                r[rd] = IMMEDIATES[funct3](r[rs1], immediate) & MASK
            case 0x03:
                r[rd] = self.load(r[rs1] + immediate & MASK, funct3)
            case 0x0B:  # load, then step
                r[rd], r[rs1] = self.load(r[rs1], funct3), r[rs1] + immediate & MASK
            case 0x23:
                address = r[rs1] + signed(funct7 << 5 | rd, 12) & MASK
                self.load(address, funct3)
                self.memory[address : address + SIZES[funct3]] = r[rs2].to_bytes(4, "little")[: SIZES[funct3]]
            case 0x2B if funct3 == 2:  # store a word, then step
                self.load(r[rs1], funct3)
                self.memory[r[rs1] : r[rs1] + 4] = r[rs2].to_bytes(4, "little")
                r[rs1] = r[rs1] + signed(funct7 << 5 | rd, 12) & MASK
            case 0x63 | 0x67 | 0x6F:
                return self._jump(pc, word)
            case 0x37:
                r[rd] = word & 0xFFFFF000
            case 0x17:
                r[rd] = pc + (word & 0xFFFFF000) & MASK
            case 0x7B if (funct3, rd) == (4, 0) and r[rs1] > 0:  # lp.setup x0
                self.loop = Loop(pc + 4, pc + 2 * (word >> 20), r[rs1])
            case _:
                raise ValueError(f"no instruction {word:08x} at {pc:#x}")
        return pc + 4
