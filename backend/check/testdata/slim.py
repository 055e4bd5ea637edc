"""Takes out of a plan what does not count here, so that the files stay small."""
import json
import sys

p = json.load(sys.stdin)
for gone in ("timestamp", "relevant_attributes", "output_changes"):
    p.pop(gone, None)


def slim(module, modes):
    module["resources"] = [r for r in module.get("resources", []) if r["mode"] in modes]
    for r in module["resources"]:
        r.pop("sensitive_values", None)
    for child in module.get("child_modules", []):
        slim(child, modes)


for c in p["resource_changes"]:
    for gone in ("before_sensitive", "after_sensitive"):
        c["change"].pop(gone, None)
p["resource_changes"] = [c for c in p["resource_changes"] if c["change"]["actions"] != ["no-op"]]
slim(p["planned_values"]["root_module"], ("managed", "data"))
if "values" in p.get("prior_state", {}):
    slim(p["prior_state"]["values"]["root_module"], ("data",))
json.dump(p, sys.stdout, separators=(",", ":"))
print()
