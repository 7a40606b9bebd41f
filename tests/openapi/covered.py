"""Fails where a model of the document had no input accepted, or a call was never made."""

import json
import sys
import urllib.parse
import urllib.request

document, origin = sys.argv[1:]


def ask(path):
    with urllib.request.urlopen(f"{origin}/_simulator/{path}") as reply:
        return json.load(reply)


with open(document, encoding="utf-8") as file:
    paths = json.load(file)["paths"]
start = "/v1/models/"
models = {urllib.parse.unquote(path[len(start):]) for path, item in paths.items()
          if path.startswith(start) and "post" in item}
accepted = {entry["model"] for entry in ask("ledger")}
calls = ask("traffic")["calls"]
missing = sorted(models - accepted)
missing += [call for call, count in calls.items() if count == 0 and call != "output"]
if missing or not models:
    sys.exit(f"never called as it should be: {', '.join(missing) or 'anything'}")
print(f"{len(models)} models each accepted an input; calls: {calls}")
