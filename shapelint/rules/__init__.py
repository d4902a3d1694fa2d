"""Rules: what turns the facts about one model into diagnostics.

A rule is one module, named by the rule's slug, with one generator in it::

    @rule("SHP101", "roundtrip-length", severity="error")
    def check(subject: Subject) -> Iterator[Diagnostic]:
        \"\"\"Output length differs from input length at every ordinary size.

        ## What it does
        ...
        \"\"\"
        yield check.diagnostic("output is 1 shorter ...", target=subject.target, span=...)

The docstring is the documentation that ``shapelint rule`` prints; its headings are
:data:`shapelint.catalog.HEADINGS`. Rules are found by walking this package.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from shapelint.catalog import Entry, find_entry
from shapelint.model import Diagnostic, Severity
from shapelint.registry import Registry

if TYPE_CHECKING:
    from shapelint.subject import Subject
    from shapelint.trace import Span

Check = Callable[["Subject"], Iterator[Diagnostic]]

RULES: Registry[Rule] = Registry("shapelint.rules")
"""Every rule, by code and by name."""


@dataclass(frozen=True)
class Rule:
    """One rule: the generator and what is known about it without running it."""

    code: str
    """``SHPnnn``: the alias that never changes."""
    name: str
    """What is wrong, in kebab case; reads well after "ignore"."""
    severity: Severity
    """Severity of its diagnostics unless the rule or the user says otherwise."""
    check: Check
    enabled: bool = True
    """Whether it runs without being selected."""
    preview: bool = False
    """Whether it may still change, and runs with ``--preview`` or where it is named."""
    after: tuple[str, ...] = ()
    """Rules whose errors about a model explain what this one would say: it is silent then."""

    def __call__(self, subject: Subject) -> Iterator[Diagnostic]:
        """The diagnostics of this rule for one model."""
        return self.check(subject)

    def diagnostic(self, message: str, *, target: str, span: Span, **rest: Any) -> Diagnostic:
        """A diagnostic of this rule; ``rest`` are further fields of :class:`Diagnostic`."""
        fields = {"severity": self.severity, **rest}
        return Diagnostic(self.code, self.name, message=message, target=target, span=span, **fields)

    @property
    def entry(self) -> Entry:
        """What :mod:`shapelint.catalog` reads in the source."""
        documentation = inspect.getdoc(self.check) or ""
        return Entry(self.code, self.name, self.severity, self.enabled, documentation, self.preview)


def rule(
    code: str,
    name: str,
    *,
    severity: Severity,
    enabled: bool = True,
    preview: bool = False,
    after: tuple[str, ...] = (),
) -> Callable[[Check], Rule]:
    """Decorator: make a generator the rule ``name``.

    Raises ValueError for a malformed code or name, or one that is taken.
    """
    if not re.fullmatch(r"SHP\d{3}", code):
        raise ValueError(f"rule code must be SHP and three digits, got {code!r}")
    if not re.fullmatch(r"[a-z]+(-[a-z]+)*", name):
        raise ValueError(f"rule name must be in kebab case, got {name!r}")

    def decorate(check: Check) -> Rule:
        return RULES.register(code, name)(
            Rule(code, name, severity, check, enabled, preview, after)
        )

    return decorate


def notice(code: str, name: str, *, severity: Severity) -> Callable[[Callable[[], None]], Rule]:
    """Decorator: document a rule whose findings are not about an analysed model.

    There is no model to look at where a file fails to load, or where a comment or the baseline is
    wrong; the code that notices it reports it.
    """

    def decorate(documented: Callable[[], None]) -> Rule:
        @wraps(documented)
        def silent(subject: Subject) -> Iterator[Diagnostic]:
            return iter(())

        return rule(code, name, severity=severity)(silent)

    return decorate


def all_rules() -> tuple[Rule, ...]:
    """Every rule once, in the order of their codes."""
    return tuple(sorted({r.code: r for _, r in RULES.items()}.values(), key=lambda r: r.code))


def find_rule(word: str) -> Rule:
    """The rule with that code or name, in any case. Raises UsageError with the closest match."""
    found = RULES.get(find_entry(word).code)
    assert found is not None
    return found
