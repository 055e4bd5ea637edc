"""The runtime client of Python functions: loads the handler, and runs it for one event after the other.

Started by the simulator as: python3 -u -B client.py LIBRARIES LAYERS, where each is a folder laid out as a layer's /opt, or
empty: the AWS SDKs, and the function's layers. Everything else comes from the environment that Lambda gives a runtime. It speaks the Lambda Runtime API and
needs the standard library alone; it keeps to what Python 3.8 knows.
"""

import decimal
import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback

API = "/2018-06-01/runtime/"
JSON_LOGS = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
HERE = os.path.abspath(__file__)


class Fault(Exception):
    """An error that the runtime found, with the type that Lambda gives it."""

    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.kind, self.message, self.trace = kind, message, list(trace)


class Api:
    """The Lambda Runtime API, over one connection that is kept."""

    def __init__(self):
        self.conn = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def call(self, method, path, body=None, headers=None):
        self.conn.request(method, API + path, body, headers or {})
        answer = self.conn.getresponse()
        return answer.status, answer.headers, answer.read()

    def next(self):
        status, headers, body = self.call("GET", "invocation/next")
        if status != 200:
            raise RuntimeError("the Runtime API answered %d: %s" % (status, body.decode("utf-8", "replace")))
        return headers, body

    def post(self, path, body, headers=None):
        status, _, answer = self.call("POST", path, body, dict({"Content-Type": "application/json"}, **(headers or {})))
        if status != 202:
            print("LAMBDA_RUNTIME The Runtime API refused %s with %d: %s" % (path, status, answer.decode("utf-8", "replace")))

    def fail(self, path, document):
        self.post(path, json.dumps(document).encode(), {"Lambda-Runtime-Function-Error-Type": document["errorType"]})


class CognitoIdentity:
    def __init__(self, text):
        fields = json.loads(text) if text else {}
        self.cognito_identity_id = fields.get("cognitoIdentityId")
        self.cognito_identity_pool_id = fields.get("cognitoIdentityPoolId")


class Client:
    def __init__(self, fields):
        for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
            setattr(self, name, fields.get(name))


class ClientContext:
    def __init__(self, fields):
        self.client = Client(fields.get("client") or {})
        self.custom = fields.get("custom")
        self.env = fields.get("env")


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers.get("Lambda-Runtime-Invoked-Function-Arn")
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        client = headers.get("Lambda-Runtime-Client-Context")
        self.client_context = ClientContext(json.loads(client)) if client else None
        self.identity = CognitoIdentity(headers.get("Lambda-Runtime-Cognito-Identity"))
        self.tenant_id = headers.get("Lambda-Runtime-Aws-Tenant-Id")
        self._deadline_ms = int(headers.get("Lambda-Runtime-Deadline-Ms") or 0)

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(message if isinstance(message, str) else str(message))


class LogHandler(logging.Handler):
    """The root logger's handler: text or JSON, each record with the id of the request that it belongs to."""

    request_id = ""

    def emit(self, record):
        try:
            print(self.as_json(record) if JSON_LOGS else self.as_text(record))
        except Exception:  # a record that cannot be formatted must not end the function
            self.handleError(record)

    def stamp(self, record):
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))

    def as_text(self, record):
        text = "[%s]\t%s.%03dZ\t%s\t%s" % (
            record.levelname, self.stamp(record), record.msecs, self.request_id, record.getMessage())
        if record.exc_info:
            text += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        return text

    def as_json(self, record):
        fields = {"timestamp": self.stamp(record) + "Z", "level": record.levelname,
                  "message": record.getMessage(), "logger": record.name}
        if record.exc_info:
            fields["stackTrace"] = traceback.format_tb(record.exc_info[2])
            fields["errorType"] = record.exc_info[0].__name__
            fields["errorMessage"] = str(record.exc_info[1])
            fields["location"] = "%s:%s:%d" % (record.pathname, record.funcName, record.lineno)
        if self.request_id:
            fields["requestId"] = self.request_id
        return json.dumps(fields, default=str)


def own_frames_off(tb):
    """The function's part of a traceback: without this client's frames, and without the import machinery's."""
    frames = traceback.extract_tb(tb)
    return [f for f in frames if os.path.abspath(f.filename) != HERE and not f.filename.startswith("<frozen importlib")
            and os.path.basename(os.path.dirname(f.filename)) != "importlib"]


def document(error, request_id):
    if isinstance(error, Fault):
        return {"errorMessage": error.message, "errorType": error.kind, "requestId": request_id, "stackTrace": error.trace}
    return {"errorMessage": str(error), "errorType": type(error).__name__, "requestId": request_id,
            "stackTrace": traceback.format_list(own_frames_off(error.__traceback__))}


def log_error(doc):
    if JSON_LOGS:
        fields = {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "log_level": "ERROR"}
        fields.update(doc)
        print(json.dumps(fields))
        return
    text = "[ERROR] %s: %s" % (doc["errorType"], doc["errorMessage"])
    if doc["stackTrace"]:
        text += "\nTraceback (most recent call last):\n" + "".join(doc["stackTrace"]).rstrip("\n")
    print(text)


def load(name):
    """The handler of that name (module.function, with / or . between packages)."""
    if "." not in name:
        raise Fault("Runtime.MalformedHandlerName",
                    "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name)
    module_name, function_name = name.rsplit(".", 1)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as e:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, e))
    except SyntaxError as e:
        raise Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, e),
                    ['  File "%s" Line %s\n    %s' % (e.filename, e.lineno, (e.text or "").strip("\n"))])
    if not hasattr(module, function_name):
        raise Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name))
    return getattr(module, function_name)


def plain(value):
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def escapes_unicode():
    """Before Python 3.12, Lambda's results hold \\u escapes for what is not ASCII."""
    asked = os.environ.get("AWS_EXECUTION_ENV", "").rpartition("python3.")[2]
    return asked.isdigit() and int(asked) < 12


def answer(handler, headers, body):
    """Runs the handler, and returns its result as JSON. What it raises is raised."""
    try:
        event = json.loads(body.decode("utf-8"))
    except ValueError as e:
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % e)
    result = handler(event, Context(headers))
    try:
        return json.dumps(result, default=plain, ensure_ascii=escapes_unicode()).encode("utf-8")
    except Exception as e:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % e)


def serve(api, handler, log):
    while True:
        headers, body = api.next()
        request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        log.request_id = request_id
        if headers.get("Lambda-Runtime-Trace-Id"):
            os.environ["_X_AMZN_TRACE_ID"] = headers["Lambda-Runtime-Trace-Id"]
        try:
            result = answer(handler, headers, body)
        except Exception as e:  # SystemExit and its like are no errors: they end the process, and Lambda says so
            doc = document(e, request_id)
            log_error(doc)
            api.fail("invocation/%s/error" % request_id, doc)
        else:
            api.post("invocation/%s/response" % request_id, result)


class PointOldBotocore:
    """Points a botocore that is too old to read AWS_ENDPOINT_URL (before 1.31) at that address all the same."""

    def find_spec(self, name, path=None, target=None):
        if name != "botocore.session":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            self.patch(module)

        spec.loader.exec_module = exec_module
        return spec

    def patch(self, module):
        import botocore
        if tuple(int(n) for n in botocore.__version__.split(".")[:2]) >= (1, 31):
            return
        create = module.Session.create_client

        def create_client(session, *args, **kwargs):
            if len(args) < 6 and not kwargs.get("endpoint_url"):
                kwargs["endpoint_url"] = os.environ["AWS_ENDPOINT_URL"]
            return create(session, *args, **kwargs)

        module.Session.create_client = create_client


def find_modules(libraries, layers):
    """Where modules are looked for: the package, its layers, then the libraries, then what the interpreter knows."""
    ahead = [os.environ["LAMBDA_TASK_ROOT"]]
    if layers:
        # the version is that of the function's runtime, whichever interpreter there is
        version = os.environ.get("AWS_EXECUTION_ENV", "")[len("AWS_Lambda_"):] or "python3"
        ahead += [os.path.join(layers, "python", "lib", version, "site-packages"), os.path.join(layers, "python")]
    if libraries:
        ahead.append(os.path.join(libraries, "python"))
    sys.path[0:1] = ahead
    if os.environ.get("AWS_ENDPOINT_URL"):
        import importlib.util
        sys.meta_path.insert(0, PointOldBotocore())


def main():
    find_modules(*(sys.argv[1:3] + ["", ""])[:2])
    sys.argv = [""]
    api, log = Api(), LogHandler()
    logging.getLogger().addHandler(log)
    if os.environ.get("AWS_LAMBDA_LOG_LEVEL"):
        level = os.environ["AWS_LAMBDA_LOG_LEVEL"].upper()
        logging.getLogger().setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level))
    try:
        handler = load(os.environ["_HANDLER"])
    except Exception as e:
        doc = document(e, "")
        log_error(doc)
        api.fail("init/error", doc)
        sys.exit(1)
    serve(api, handler, log)


if __name__ == "__main__":
    main()
