"""Langtail's template language: Handlebars without HTML escaping, with its own rules about newlines."""

from __future__ import annotations

import json
import operator
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.extras import wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic_handlebars import HandlebarsEnvironment, HelperOptions

_AROUND_ELSE: Final = re.compile(r"\n?(\{\{else\}\})\n?")
_BEFORE_END: Final = re.compile(r"\n(\{\{/(?:if|unless|with)\}\})")


def render(template: str, variables: Mapping[str, Any]) -> str:
    r"""Return a message of a prompt with its variables filled in.

    A list or an object that is given as JSON text is taken as such; a missing variable is empty; a template that cannot
    be read is left as it is, as the service leaves it. Two differences to the service's own engine: an object that is
    named alone is not written as JSON (``toJSON`` does it), and the fields of objects inside ``each`` are filled in.

    Args:
        template: The message, in Handlebars.
        variables: Values by name.

    Example:
        >>> render("{{#if name}}Dear {{name}}{{else}}Hello{{/if}}, {{#each items}}\n- {{this}}{{/each}}",
        ...        {"name": "Ann & Bo", "items": '["tea", "jam"]'})
        'Dear Ann & Bo, \n- tea\n- jam'
    """
    handlebars = wanted("pydantic_handlebars", "langtail", "a prompt's template")
    text = _BEFORE_END.sub(r"\1", _AROUND_ELSE.sub(r"\1", template))
    try:
        rendered: str = _environment().render(text, {name: _decoded(value) for name, value in variables.items()})
    except handlebars.HandlebarsError:
        return template
    return rendered.removesuffix("\n")


@cache
def _environment() -> HandlebarsEnvironment:
    from pydantic_handlebars import HandlebarsEnvironment

    environment = HandlebarsEnvironment(extra_helpers=True)
    environment.helper("toJSON")(_to_json)
    for name, compare in (("gt", operator.gt), ("gte", operator.ge), ("lt", operator.lt), ("lte", operator.le)):
        environment.helper(name)(_comparing(compare))
    return environment


def _to_json(value: object, *, options: HelperOptions) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _comparing(compare: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    """Return a helper that compares as JavaScript does: a text with a number by the number in it."""

    def helper(left: object, right: object, *, options: HelperOptions) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            return compare(left, right)
        try:
            return compare(float(left), float(right))  # type: ignore[arg-type] # what is no number is not compared
        except (TypeError, ValueError):
            return False

    return helper


def _decoded(value: Any) -> Any:
    """Return a list or an object that was given as text; all other text, numbers too, stays text."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
