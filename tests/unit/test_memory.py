"""What is large and was let go is the system's again, whichever thread had it."""

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from peephole.operations.memory import HEAPS

HASHING = """
import ctypes, json, sys, threading
from pathlib import Path
from peephole.accounts.passwords import hashed
from peephole.operations.memory import keep_little

def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024

if sys.argv[1] == "told":
    assert keep_little()
hashed("correct horse battery")
meet, over = threading.Barrier(5), threading.Event()

def sign_in():
    meet.wait()
    hashed("correct horse battery")
    meet.wait()
    over.wait()

before = resident()
threads = [threading.Thread(target=sign_in) for _ in range(4)]
for thread in threads:
    thread.start()
meet.wait()
meet.wait()
grown = resident() - before

libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
over.set()
print(json.dumps([grown, Path(sys.argv[2]).read_text().count("<heap nr=")]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library does not keep memory for threads")
def test_four_who_sign_in_at_once_leave_no_memory_taken(tmp_path: Path) -> None:
    def after(how: str) -> tuple[float, int]:
        command = [sys.executable, "-c", HASHING, how, str(tmp_path / how)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        grown, heaps = json.loads(done.stdout)
        return grown, heaps

    grown, heaps = after("told")
    assert grown < 10.0 and heaps <= HEAPS
    grown, heaps = after("not told")
    assert grown > 40.0 and heaps > HEAPS, "else there is nothing to be told any more"
