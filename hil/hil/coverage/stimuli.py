"""The truth of stimuli that a virtual instrument is given: how far it truly errs over all that could be given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hil_drivers.virtual.families import FAMILIES, MODELS
from hil_drivers.virtual.family import Estimate, Made, Model, SettableFamily

from ..errors import UsageError

if TYPE_CHECKING:
    from ..bench.config import BenchConfig

Array = NDArray[np.float64]
Domain = Mapping[str, tuple[float, float]]

POPULATION = 4000
"""Stimuli of each content that stand for all of them."""
PILOT = 200
"""Of which none may be in the domain before a content is given up."""
POPULATION_SEED = 2**40 + 1
"""No run has it: seeds of runs are counted from where the user says, and are small."""
INSTRUMENT = "virtual-instrument"


@dataclass(frozen=True)
class Population:
    """``n`` stimuli in the domain: ``error``, answer minus true value, by the ``subject`` of each, shape ``(n,)``.

    :param features: by which the domain is declared, each of shape ``(n,)``.
    """

    error: Array
    subject: tuple[str, ...]
    features: Mapping[str, Array]

    def within(self, domain: Domain) -> NDArray[np.bool_]:
        """Which of them lie in a narrower domain."""
        found: NDArray[np.bool_] = np.all(
            [(low <= self.features[name]) & (self.features[name] <= high) for name, (low, high) in domain.items()], 0
        )
        return found


@dataclass(frozen=True)
class NewAnswer:
    """What the model answered to a new stimulus, and the ``true`` value of that."""

    value: float
    true: float


@dataclass(frozen=True)
class AnswerTo:
    """What a model answers to a stimulus whose ``settings`` have the values given; minus its reference value where the
    ``error`` is wanted."""

    family: str
    model: str
    settings: tuple[str, ...]
    error: bool

    def __call__(self, values: Sequence[float]) -> float:
        family = FAMILIES[self.family]
        if not isinstance(family, SettableFamily):
            raise UsageError("has nothing that can be set", where=self.family)
        nominal = {name: setting.nominal for name, setting in family.settings.items()}
        made = family.stated({**nominal, **dict(zip(self.settings, values, strict=True))})
        return _model(self.model).estimate(made.values).value - (made.reference if self.error else 0.0)


class TrueStimuli:
    """The stimuli of one seed, and the model that is given them.

    :param device: that makes the stimuli.
    :raises UsageError: if the bench has no model to give them to.
    """

    def __init__(self, config: BenchConfig, device: str, seed: int) -> None:
        models = [section.options for section in config.devices.values() if section.driver == INSTRUMENT]
        if not models:
            raise UsageError(
                "has no virtual instrument", where=str(config.path), remedy=f"use a bench with the driver {INSTRUMENT}"
            )
        self._config, self._device, self._seed = config, device, seed
        self._family, self._named = str(config.devices[device].options["family"]), str(models[0]["model"])
        declared = {**_model(self._named).domain, **models[0].get("domain", {})}
        self._domain = {name: (float(low), float(high)) for name, (low, high) in declared.items()}

    def population(self, contents: Sequence[str]) -> Population:
        """All that could be given of ``contents``, each as often as the others, as far as it is in the domain."""
        return _population(self._family, self._named, tuple(contents), tuple(self._domain.items()))

    def new(self, contents: Sequence[str], used: int, domain: Domain) -> NewAnswer:
        """The answer to a stimulus of this seed that lies in ``domain``.

        :param used: how many of each content the run was given; those are left out.
        """
        which = np.random.default_rng([self._seed, POPULATION_SEED])
        for number in range(used, used + POPULATION):
            made = FAMILIES[self._family].make(contents[int(which.integers(len(contents)))], number, self._seed)
            found = _estimate(_model(self._named), made)
            if found is not None and _inside(found, domain):
                return NewAnswer(found.value, FAMILIES[self._family].true(made))
        raise UsageError("makes no stimulus in the domain", where=str(self._config.path), remedy="use other contents")

    def answer(self, roles: Sequence[str], *, error: bool) -> AnswerTo:
        """What the model answers where these roles of the bench are set, and all else is nominal.

        :param error: whether the answer minus the reference value is wanted.
        :raises UsageError: if a role sets nothing of the stimuli.
        """
        settings = [self._setting(role) for role in roles]
        known = tuple(setting for setting in settings if setting is not None)
        if len(known) < len(settings) or not isinstance(FAMILIES[self._family], SettableFamily):
            raise UsageError(
                f"not all of {', '.join(roles)} set something of the stimuli",
                where=str(self._config.path),
                remedy="vary what does",
            )
        return AnswerTo(self._family, self._named, known, error)

    def _setting(self, role: str) -> str | None:
        channel = self._config.channels.get(self._config.roles.get(role, ""))
        if channel is None or channel.device != self._device or not channel.point.endswith(".set"):
            return None
        return channel.point.removesuffix(".set")


@cache
def _model(name: str) -> Model:
    return MODELS[name]()


def _estimate(model: Model, made: Made) -> Estimate | None:
    """``None`` for a stimulus that the model cannot take."""
    try:
        return model.estimate(made.values)
    except ValueError:
        return None


def _inside(found: Estimate, domain: Domain) -> bool:
    return all(low <= found.features.get(name, np.nan) <= high for name, (low, high) in domain.items())


@cache
def _population(
    family: str, named: str, contents: tuple[str, ...], domain: tuple[tuple[str, tuple[float, float]], ...]
) -> Population:
    """Drawn once in a process."""
    rows: list[tuple[Estimate, float, str]] = []
    for content in contents:
        rows += _drawn(family, named, content, dict(domain))
    return Population(
        np.array([found.value - true for found, true, _ in rows]),
        tuple(subject for _, _, subject in rows),
        {name: np.array([found.features[name] for found, _, _ in rows]) for name, _ in domain},
    )


def _drawn(family: str, named: str, content: str, domain: Domain) -> Iterator[Any]:
    """The stimuli of one content that lie in the domain: answer, true value, subject."""
    there = 0
    for number in range(POPULATION):
        made = FAMILIES[family].make(content, number, POPULATION_SEED)
        found = _estimate(_model(named), made)
        if found is not None and _inside(found, domain):
            there += 1
            yield found, FAMILIES[family].true(made), made.subject
        if number == PILOT and not there:
            return
