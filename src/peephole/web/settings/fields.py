"""Settings as fields of a form: made from the descriptions of the settings, and read back from what a form sends."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData

from peephole.settings.household import Settings
from peephole.settings.mistakes import mistake
from peephole.settings.owner import OwnerSettings, field_of, value_of
from peephole.settings.reading import HERE

Kind = Literal["number", "text", "choice", "choices", "yes"]


@dataclass(frozen=True)
class FormField:
    """One setting, as a page shows it.

    Attributes:
        key: dotted, as in the file.
        label: what it is called.
        help: the description of the setting.
        kind: what is shown.
        value: in force; of choices those that are chosen.
        options: of a choice.
        least, most: of a number, where there is a limit.
        step: of a number: "1", or "any" for one with a fraction.
        origin: where the value comes from, in words.
        fixed: whether the environment says what it is.
        back: what the file, or the default, says where the page says otherwise; None where it does not.
        back_to: whose value that is: "file" or "usual".
    """

    key: str
    label: str
    help: str
    kind: Kind
    value: Any
    options: tuple[str, ...]
    least: float | None
    most: float | None
    step: str
    origin: str
    fixed: bool
    back: str | None
    back_to: str


def fields(owner: OwnerSettings, keys: Iterable[str]) -> list[FormField]:
    """Return the fields of some settings."""
    return [_field(owner, key) for key in keys]


def changes(owner: OwnerSettings, form: FormData, keys: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return what a form changes: values that differ from those in force, and keys that go back to the file.

    Raises ValueError for a value that is none of its kind.
    """
    if back := [key for key in form.getlist("back") if key in keys]:
        return {}, [str(key) for key in back]
    values: dict[str, Any] = {}
    for key in keys:
        if owner.fixed_by(key):
            continue
        value = _read(form, key)
        if value is not None and value != _plain(value_of(owner.settings, key)):
            values[key] = value
    return values, []


def refuse_others(given: Iterable[object], names: Collection[str]) -> None:
    """Raise ValueError for a name, such as a form's field, that a page has no use for: nothing would come of it."""
    for name in given:
        if name not in names:
            raise ValueError(f"{str(name)[:80]}: this is not set on this page; nothing was changed")


def title_of(key: str) -> str:
    """Return what an editable setting is called on the page; raises ValueError for any other key."""
    return field_of(key).title or key.rpartition(".")[2].replace("_", " ").capitalize()


def said(key: str) -> str:
    """Return `title_of` as it stands within a sentence."""
    title = title_of(key)
    return f"{title[:1].lower()}{title[1:]}"


def shown(value: Any) -> str:
    """Return a value in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, float):
        return _digits(value)
    return str(value) if value not in ("", None) else "none"


def in_words(settings: Settings, keys: Iterable[str]) -> str:
    """Return what some settings are now: `mode = on; hours = none`."""
    return "; ".join(f"{key.partition('.')[2]} = {shown(value_of(settings, key))}" for key in keys)


def _digits(value: float) -> str:
    """Return a number with all its digits, so that a form that is sent as it was shown changes nothing."""
    return str(value).removesuffix(".0")


def _field(owner: OwnerSettings, key: str) -> FormField:
    info = field_of(key)
    value = value_of(owner.settings, key)
    kind, options = _kind(info.annotation)
    limits = {name: getattr(rule, name) for rule in info.metadata for name in ("ge", "gt", "le") if hasattr(rule, name)}
    origin = owner.origin(key)
    here = origin == HERE
    return FormField(
        key=key,
        label=title_of(key),
        help=(info.description or "").replace("`", ""),
        kind=kind,
        value=_digits(value) if isinstance(value, float) else value,
        options=options,
        least=limits.get("ge", 0 if "gt" in limits else None),
        most=limits.get("le"),
        step="1" if info.annotation is int else "any",
        origin=_origin(origin),
        fixed=owner.fixed_by(key) is not None,
        back=shown(owner.without_the_page(key)) if here else None,
        back_to="usual" if owner.is_usual(key) else "file",
    )


def _origin(origin: str) -> str:
    if origin == HERE:
        return "set here"
    if origin == "default":
        return "as usual"
    if origin.startswith("PEEPHOLE_"):
        return f"fixed by {origin} of the environment"
    return f"from {origin}"


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    if annotation is bool:
        return "yes", ()
    if annotation in (int, float):
        return "number", ()
    if get_origin(annotation) is Literal:
        return "choice", get_args(annotation)
    if get_origin(annotation) is tuple:
        return "choices", get_args(get_args(annotation)[0])
    return "text", ()


def _read(form: FormData, key: str) -> Any:
    """Return what a form says of a setting, as JSON would hold it; None where it says nothing."""
    if f"has:{key}" not in form and key not in form:
        return None
    info = field_of(key)
    kind, _ = _kind(info.annotation)
    given: Any = form.get(key, "")
    if kind == "yes":
        return key in form and given not in ("", "false", "no")
    if kind == "choices":
        given = [str(one) for one in form.getlist(key)]
    annotated: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
    try:
        return _plain(TypeAdapter(annotated).validate_python(given))
    except ValidationError as error:
        text = mistake(error.errors(include_url=False)[0])
        raise ValueError(f"{said(key)}: {text[:1].lower()}{text[1:]}") from error


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
