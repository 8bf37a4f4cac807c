"""What api.md says of fields by their name alone, and what each route answers."""

FIELDS = {
    "again": "The new password once more.",
    "back": "The page to go on with, for browsers without scripts.",
    "before": "Those that began earlier: `first_seen` of the last one of the page before, seconds since 1970.",
    "camera": "Name of a camera, as `GET /api/cameras` has it.",
    "code": "From another machine: the code that the doorbell printed at its start, until there is an owner.",
    "do": "assign, ignore, no_face, discard, merge or reopen.",
    "every_state": "With those who are named, ignored or discarded.",
    "faces": "With a message for every frame in which somebody is.",
    "kind": "known, stranger or unsure.",
    "known_rate": "Instead of `recognition.known_rate` in force.",
    "limit": "How many at most.",
    "look": "Number of a look, as `looks` has it.",
    "name": "A name.",
    "new": "The new password.",
    "number": "Number of the reference, as `references` has it.",
    "other": "Id of another stranger.",
    "password": "The password of the account.",
    "person": "Id of a person, as `GET /api/people` has it.",
    "q": "A part of a name.",
    "same": "Whether it is that person.",
    "stranger": "Id of a stranger, as `GET /api/strangers` has it.",
    "stranger_rate": "Instead of `recognition.stranger_rate` in force.",
    "visit": "Id of a visit, as `GET /api/visits` has it.",
    "who": "Id of a person or a stranger.",
}
"""For parameters that their route says nothing about."""

DONE = "`done` (a word) and `text` (a sentence)"
FACTS = {
    "/api/door/open": "`opened`",
    "/api/enrolment/answer": "`name`",
    "/api/enrolment/save": "`id`, `name`, `looks`, `strangers` (numbers)",
    "/api/enrolment/start": "`session`",
    "/api/people": "`id`, `name` and `photos`: of each `label`, `outcome`, `text`, `faces`",
    "/api/people/{person}/forget": "`id`",
    "/api/people/{person}/join": "`id` of who stays",
    "/api/people/{person}/references/empty": "`erased`, how many",
    "/api/people/{person}/references/{number}/aside": "`id`, `reference`",
    "/api/people/{person}/references/{number}/erase": "`erased`, how many",
    "/api/people/{person}/references/{number}/restore": "`id`, `reference`",
    "/api/people/{person}/remove": "`id`",
    "/api/people/{person}/rename": "`id`, `name`",
    "/api/people/{person}/rules": "`id`",
    "/api/ring": "`camera`",
    "/api/strangers/bulk": "`id` and `name` (assign), `id` and `number` (merge), else `ids`",
    "/api/strangers/{stranger}/assign": "`id` and `name` of the person",
    "/api/strangers/{stranger}/discard": "`id`",
    "/api/strangers/{stranger}/ignore": "`id`",
    "/api/strangers/{stranger}/split": "`id` and `number` of the new stranger",
    "/api/undo": "`number` of what was undone",
    "/api/visits/{visit}/name": "`id` and `name` of the person",
    "/api/visits/{visit}/nobody": "`number` of the stranger, if it is one's",
}
"""What a POST answers beside DONE, and beside `undo`, the number by which it can be taken back, where it can."""

FOUND = (
    "`looks`, `compared`, `bars`, and lists of `people`, `strangers` and `visits`, each with `distance` and `likeness`."
)
ANSWERS = {
    "POST /api/people/{person}/export": "A zip archive.",
    "POST /api/search": FOUND,
    "POST /account/password": "A redirection (303), or the page with a sentence (400).",
    "POST /login": "A redirection (303) with the cookie of the session, or the page with a sentence (400, 429).",
    "POST /logout": "A redirection (303).",
    "POST /welcome": "A redirection (303) with the cookie of the session, or the page with a sentence (400).",
    "GET /api/calendar": "`month`, and `days`: by date, how many visits of each kind.",
    "GET /api/cameras": "A list; of each `camera`, `source`, `state`, `text`, `frame_rate`, `frame_age` (seconds), "
    "`present`.",
    "GET /api/door": "`mode`, how it is, and `log`: a list of rows.",
    "GET /api/enrolment": "`session`, `camera`, `name`, `instruction`, `text`, `looks`, `kept`, `wanted`, `like`.",
    "GET /api/events": "A stream of events (`text/event-stream`), the data of each a JSON object.",
    "GET /api/people": "A list; of each `id`, `name`, `references`, `last_seen`, `picture` and more.",
    "GET /api/people/{person}": "`id`, `name`, `created`, `rules`, `bars`, `references` and more.",
    "GET /api/rejudge": "A list; of each `visit`, `before`, `in_force`, `now`, `differs`, `differs_from_then`.",
    "GET /api/search": FOUND,
    "GET /api/strangers": "A list; of each `id`, `number`, how often and when they came, `picture` and more.",
    "GET /api/strangers/suggestions": "A list; of each `one`, `other` (ids), `distance`.",
    "GET /api/strangers/{stranger}": "An object: the stranger, `looks` (each with its `picture`), `visits` (ids).",
    "GET /api/undo": "A list; of each `number`, `text` and until when.",
    "GET /api/visits": "A list; of each `visit` (its id), `decision`, `person`, `stranger`, `distance`, `reason`, "
    "`text`, `first_seen`, `last_seen`, `camera`, `picture` and more.",
    "GET /api/visits/{visit}": "An object: the visit, `bars`, `liveness`, and of each of `looks` `number`, `time`, "
    "`box`, `quality`, `voted`, `nearest`, `distance`, `reason`.",
    "GET /healthz": "`status`; signed in also `text`, `frame_age` (seconds), `cameras`, `viewers`, `problems`.",
}
"""What other routes answer. A GET that is not here fails the page."""


def answer_of(method: str, path: str) -> str:
    """Return the line on what a route answers; raise `KeyError` for one that reads and is not told here."""
    route = f"{method} {path}"
    if route in ANSWERS or method == "GET":
        return ANSWERS[route]
    facts = FACTS.get(path)
    return f"{DONE}, and {facts}." if facts else f"{DONE}."
