#!/usr/bin/env bash
# OpenVINO 2026.4.1, CPU plugin, several Cores in one thread, seen 2026-11-29 on Linux.
#
# One would expect: a Core that is gone leaves nothing behind; objects may go in any order.
#
# What happens: on Linux, compiling for the CPU gives the thread an alternate stack for signals
# (sigaltstack), once a Core, and the Core takes the stack's memory back when it goes. Only the newest
# Core puts its predecessor's stack back, whether that one's memory is still there or not. So when the
# older of two Cores goes first, as Python's local variables often do, the thread is left with a stack
# that isn't mapped. Python runs its signal handlers on that stack: Ctrl-C, or the end of a child
# process where something listens for it, then ends the program with a segmentation fault, long after
# the last use of OpenVINO.
#
# Whoever makes several keeps one Core for the whole process. This script looks at the state alone and
# sends no signal.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q openvino==2026.4.1 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import ctypes
import gc
import sys
from pathlib import Path

import numpy as np
import openvino
from openvino import opset15


class Stack(ctypes.Structure):
    _fields_ = (("sp", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


def signal_stack() -> str:
    stack = Stack()
    ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack))
    if stack.sp is None:
        return "none"
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, end = (int(each, 16) for each in line.split()[0].split("-"))
        if start <= stack.sp < end:
            return "mapped"
    return "not mapped"


def used_core() -> openvino.Core:
    core, x = openvino.Core(), opset15.parameter([1, 4], np.float32)
    core.compile_model(openvino.Model([opset15.relu(x)], [x]), "CPU")(np.ones((1, 4), np.float32))
    return core


def gone(order: str) -> str:
    cores = {"older": used_core(), "newer": used_core()}
    for each in order.split():
        del cores[each]
        gc.collect()
    return signal_stack()


seen = [signal_stack(), gone("newer older"), gone("older newer")]
print("stack for signals before, after newer and older went, after older and newer went:", seen)
sys.exit(seen != ["none", "none", "not mapped"])
PY
"$folder/venv/bin/python" "$folder/look.py"
# Seen: stack for signals before, after newer and older went, after older and newer went:
# ['none', 'none', 'not mapped']
