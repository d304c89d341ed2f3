"""Leads the calls to what is there: most ids in paths are those of things that the server told of before.

Without this nearly every call would end as 404. The key that the run itself uses is never among them, for revoking it would end
the run; and the organization is one that was made for this run.
"""

import os
import random

import schemathesis

ORGANIZATION = os.environ["MENFANG_ORGANIZATION"]
OWN_KEY = "key_" + os.environ["MENFANG_KEY"].split("_")[1]
APPS = f"/api/v1/organizations/{ORGANIZATION}/apps"
# Things with an address of their own, and the lists that tell of them.
LISTED_ELSEWHERE = {"ntf": "/notifications", "dlv": "/deliveries"}
# Streams of what is there end when that does, which may be in days.
STREAMS = "/notifications/{ntf}/events"
# How often a known id is taken where there is one; else what schemathesis made up.
KNOWN = 0.85
# How often a call keeps an Idempotency-Key that was made up: those repeat, and a repeated one hides the route itself.
KEPT = 0.2


known: dict[str, list[str]] = {}
chance = random.Random(0)


def ids_for(name, collection):
    """The ids that fit a place in a path."""
    if name == "org":
        return [ORGANIZATION]
    if name in LISTED_ELSEWHERE:
        return [one for path, ids in known.items() if path.endswith(LISTED_ELSEWHERE[name]) for one in ids]
    return known.get(APPS if name == "app" else collection, [])


def is_wrong_on_purpose(case, where):
    """Whether the call was made to break the description in this place, so that its place must stay as it is."""
    components = case.meta.components if case.meta else {}
    return any(place.value == where and made.mode == "negative" for place, made in components.items())


@schemathesis.hook
def before_call(context, case, kwargs):
    path_is_free = not is_wrong_on_purpose(case, "path") and not case.operation.path.endswith(STREAMS)
    pieces = case.operation.path.split("/")
    path = []
    for piece in pieces:
        if piece.startswith("{"):
            name = piece.strip("{}")
            ids = ids_for(name, "/".join(path))
            if ids and path_is_free and chance.random() < KNOWN:
                case.path_parameters[name] = chance.choice(ids)
            piece = str(case.path_parameters.get(name))
        path.append(piece)
    if case.headers and not is_wrong_on_purpose(case, "header") and chance.random() > KEPT:
        case.headers.pop("Idempotency-Key", None)


@schemathesis.hook
def after_call(context, case, response):
    path = case.operation.path
    for name, value in (case.path_parameters or {}).items():
        path = path.replace(f"{{{name}}}", str(value))
    if not 200 <= response.status_code < 300:
        return
    if case.method.upper() == "DELETE":
        collection, _, gone = path.rpartition("/")
        known[collection] = [one for one in known.get(collection, []) if one != gone]
        return
    try:
        told = response.json()
    except ValueError:
        return
    if not isinstance(told, dict):
        return
    things = told["items"] if isinstance(told.get("items"), list) else [told]
    ids = [thing["id"] for thing in things if isinstance(thing, dict) and isinstance(thing.get("id"), str)]
    # What a GET of one thing tells would stand under the thing itself, where no path looks for it.
    there = known.setdefault(path, [])
    there.extend(one for one in ids if one not in there and one != OWN_KEY)
