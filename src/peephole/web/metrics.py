"""Figures for Prometheus. A listener counts what happens; all the rest is looked up when somebody asks."""

import time
from collections.abc import Callable, Iterator, Mapping

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from peephole.doorbell.events import Decided, LockedOut, Problem, Rang, Refused, VisitEnded, VisitStarted
from peephole.listening import Service
from peephole.live import Message, View
from peephole.operations.health import Health
from peephole.people.records import Counts
from peephole.web.door import Happenings

FRAME_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
DECISION_SECONDS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0)


class Metrics(Collector):
    """The figures of a household. They name cameras, parts and kinds, never a person."""

    def __init__(
        self, live: Happenings, counts: Callable[[], Counts], services: Mapping[str, Service], health: Health
    ) -> None:
        """Start at nothing. services: by the name of their part."""
        self._live, self._counts, self._services, self._health = live, counts, services, health
        self._begun: dict[str, float] = {}
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(self)
        self._frames = Histogram(
            "peephole_frame_seconds",
            "Time that the doorbell worked on a frame.",
            ["camera"],
            buckets=FRAME_SECONDS,
            registry=self._registry,
        )
        self._visits = Counter("peephole_visits", "Visits that ended.", ["camera", "decision"], registry=self._registry)
        self._rings = Counter("peephole_rings", "Presses of the bell.", ["camera"], registry=self._registry)
        self._problems = Counter("peephole_problems", "Problems told.", ["reason"], registry=self._registry)
        self._refusals = Counter(
            "peephole_refusals", "Suspicious refusals of the door, one a visit.", ["reason"], registry=self._registry
        )
        self._lock_outs = Counter(
            "peephole_lock_outs", "Times that faces or codes had to wait.", ["who"], registry=self._registry
        )
        self._decisions = Histogram(
            "peephole_decision_seconds",
            "Time from a visit's begin to its first decision of this kind.",
            ["decision"],
            buckets=DECISION_SECONDS,
            registry=self._registry,
        )

    def hear(self, message: Message) -> None:
        """Count a message; in the doorbell's thread, so nothing but counters."""
        if isinstance(message, View):
            self._frames.labels(message.camera).observe(message.seconds)
        elif isinstance(message, VisitStarted):
            self._begun[message.visit] = message.time
        elif isinstance(message, Decided):
            begun = self._begun.pop(message.visit, None) if message.decision != "unsure" else None
            if begun is not None:
                self._decisions.labels(message.decision).observe(message.time - begun)
        elif isinstance(message, VisitEnded):
            self._begun.pop(message.visit, None)
            self._visits.labels(message.camera, message.decision).inc()
        elif isinstance(message, Rang):
            self._rings.labels(message.camera).inc()
        elif isinstance(message, Refused):
            self._refusals.labels(message.reason).inc()
        elif isinstance(message, LockedOut):
            self._lock_outs.labels(message.who).inc()
        elif isinstance(message, Problem):
            self._problems.labels(message.reason).inc()

    def text(self) -> bytes:
        """Return all figures in Prometheus' text format; from any thread."""
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        """Name nothing before it is asked for."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Look up what is not counted."""
        yield from self._cameras()
        wrong = {fault.part for fault in self._health.faults()}
        trouble = GaugeMetricFamily("peephole_trouble", "1 while something is wrong, else 0.", labels=["part"])
        for part in self._health.parts:
            trouble.add_metric([part], float(part in wrong))
        yield trouble
        dropped = CounterMetricFamily(
            "peephole_messages_dropped", "Messages that a part was too slow for.", labels=["part"]
        )
        for part, service in self._services.items():
            if (count := getattr(service, "dropped", None)) is not None:
                dropped.add_metric([part], count)
        yield dropped
        yield from self._deliveries()
        yield from self._sizes()

    def _cameras(self) -> Iterator[Metric]:
        watching = GaugeMetricFamily("peephole_watching", "1 while the source gives frames, else 0.", labels=["camera"])
        age = GaugeMetricFamily("peephole_frame_age_seconds", "Since the newest frame came.", labels=["camera"])
        rate = GaugeMetricFamily("peephole_frame_rate", "Frames a second of late.", labels=["camera"])
        for live in self._live.cameras:
            watching.add_metric([live.camera], float(live.status.state == "watching"))
            rate.add_metric([live.camera], live.rate)
            if live.newest_at is not None:
                age.add_metric([live.camera], time.monotonic() - live.newest_at)
        yield from (watching, rate, age)

    def _deliveries(self) -> Iterator[Metric]:
        """Yield what became of messages to the owner."""
        for service in self._services.values():
            if (deliveries := getattr(service, "deliveries", None)) is not None:
                told = CounterMetricFamily("peephole_notifications", "Messages to the owner.", labels=["outcome"])
                for outcome, count in deliveries().items():
                    told.add_metric([outcome], count)
                yield told

    def _sizes(self) -> Iterator[Metric]:
        try:
            counts = self._counts()
        except OSError:  # the trouble of the storage stands above
            return
        sizes = GaugeMetricFamily("peephole_gallery_size", "How much is remembered.", labels=["what"])
        for what, count in vars(counts).items():
            sizes.add_metric([what], count)
        yield sizes


def metrics_routes(metrics: Metrics) -> APIRouter:
    """The route that Prometheus asks."""
    router = APIRouter(tags=["reading"])

    @router.get("/metrics", response_class=Response)
    def figures() -> Response:
        """Figures for Prometheus; without a session for programs of this machine alone."""
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router
