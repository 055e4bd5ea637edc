"""Slow to load the first time (the file in TMPDIR says that it is not the first)."""
import os
import tempfile
import time

mark = os.path.join(tempfile.gettempdir(), "mark")
if not os.path.exists(mark):
    open(mark, "w").close()
    time.sleep(3600)


def handler(event, context):
    return "ready"
