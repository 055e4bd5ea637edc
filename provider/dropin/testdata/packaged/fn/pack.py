"""Names the zip file of some sources by their hash ("name"), and makes it ("make"), as modules do that package functions."""
import hashlib
import json
import os
import sys
import zipfile


def files(source):
    for folder, _, names in sorted(os.walk(source)):
        for name in sorted(names):
            yield os.path.join(folder, name)


if sys.argv[1] == "name":
    query = json.load(sys.stdin)
    digest = hashlib.sha256(query.get("salt", "").encode())
    for path in files(query["source"]):
        digest.update(open(path, "rb").read())
    name = os.path.join(query["artifacts"], digest.hexdigest() + ".zip")
    json.dump({"filename": name, "plan": json.dumps({"filename": name, "source": query["source"]}), "plan_filename": name + ".json"}, sys.stdout)
else:
    plan = json.load(open(sys.argv[2]))
    os.makedirs(os.path.dirname(plan["filename"]), exist_ok=True)
    with zipfile.ZipFile(plan["filename"], "w") as z:
        for path in files(plan["source"]):
            z.write(path, os.path.relpath(path, plan["source"]))
