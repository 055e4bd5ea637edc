"""The Python function of the tests: each handler does one thing."""

import decimal
import logging
import os
import subprocess
import sys
import tempfile
import time

count = 0


def counter(event, context):
    global count
    count += 1
    return count


def echo(event, context):
    print("got", event)
    return event


def nothing(event, context):
    pass


def fail(event, context):
    raise ValueError("bad \"value\" é")


class Custom(Exception):
    pass


def fail_custom(event, context):
    raise Custom("custom")


def unserialisable(event, context):
    return {1, 2}


def numbers(event, context):
    return {"d": decimal.Decimal("1.5"), "u": "é"}


def leave(event, context):
    sys.exit(event["code"])


def hard_exit(event, context):
    print("last words", end="")
    os._exit(event["code"])


def hang(event, context):
    if event.get("pids"):
        child = subprocess.Popen(["sleep", "3600"])
        with open(event["pids"], "w") as f:
            f.write("%d %d" % (os.getpid(), child.pid))
    time.sleep(event.get("seconds", 3600))
    return "woken"


def count_or_hang(event, context):
    global count
    count += 1
    kept = os.path.join(tempfile.gettempdir(), "kept")
    if event.get("hang"):
        open(kept, "w").close()
        time.sleep(3600)
    return {"count": count, "kept": os.path.exists(kept)}


def wait_for(event, context):
    """Says that it runs (a file of its own in the folder "here"), and waits until "go" is there."""
    open(os.path.join(event["here"], "at-%d" % os.getpid()), "w").close()
    while not os.path.exists(event["go"]):
        time.sleep(0.005)
    return os.getpid()


def environment(event, context):
    return dict(os.environ)


def who(event, context):
    return {"uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(), "cwd": os.getcwd(), "pid": os.getpid(),
            "pgid": os.getpgid(0), "tmp": tempfile.gettempdir(), "root_writable": os.access(os.getcwd(), os.W_OK)}


def context(event, context):
    return {name: getattr(context, name) for name in (
        "aws_request_id", "function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb",
        "log_group_name", "log_stream_name")} | {
            "left": context.get_remaining_time_in_millis(), "custom": context.client_context.custom,
            "app": context.client_context.client.app_title, "identity": context.identity.cognito_identity_id,
            "trace": os.environ["_X_AMZN_TRACE_ID"]}


def write(event, context):
    sys.stdout.write("x" * event["size"] + "\n")
    sys.stderr.write("to stderr\n")
    logging.getLogger().warning("warned")
    logging.getLogger().info("not shown")
