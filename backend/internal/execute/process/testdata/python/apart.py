"""Functions that try what keeps them apart."""

import os
import signal
import subprocess
import sys
import threading
import time

ticks = 0


def tick():
    global ticks
    while True:
        ticks += 1
        time.sleep(0.001)


def background(event, context):
    """Starts a thread that counts, and returns what it has counted."""
    if event.get("start"):
        threading.Thread(target=tick, daemon=True).start()
    return ticks


def daemon(event, context):
    """Leaves behind a process that has left the session and the process group, and returns its number."""
    code = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    print(os.getpid(), flush=True)\n    os.close(1); os.close(2)\n    time.sleep(3600)"
    return int(subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.readline())


def eat(event, context):
    """Uses more and more memory, in this process or in another."""
    code = "import time\nall = []\nfor i in range(200): all.append(b'x' * (4 << 20)); time.sleep(0.002)\ntime.sleep(3600)"
    if event.get("child"):
        subprocess.run([sys.executable, "-c", code])
    else:
        exec(code)


def tried(call, *arguments):
    try:
        return str(call(*arguments))
    except OSError as e:
        return e.strerror


def look(event, context):
    """What it gets of files and of processes."""
    return {"files": {path: tried(lambda: open(path).read(5)) for path in event["files"]},
            "environ": tried(lambda: open("/proc/%d/environ" % event["pid"]).read(5)),
            "signal": tried(os.kill, event["pid"], signal.SIGCONT)}


def pid(event, context):
    return os.getpid()


def fill(event, context):
    """Writes so many MB to /tmp."""
    try:
        with open("/tmp/filled", "wb") as f:
            for _ in range(event["mb"]):
                f.write(b"x" * (1 << 20))
        return "written"
    except OSError as e:
        return e.strerror


def crash(event, context):
    """Says whether an earlier one wrote to /tmp, or writes and ends."""
    if os.path.exists("/tmp/left"):
        return "left"
    open("/tmp/left", "w").close()
    os._exit(1)


def folder(event, context):
    return os.environ["_LAMBDASIM_FOLDER"]
