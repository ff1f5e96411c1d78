"""The example of a deployment: what its parts say of each other, and of the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from voicelive._answering.settings import AnswerSettings

from .image_steps import steps

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "deploy"


def test_the_manifests_fit_the_server() -> None:
    """Probes ask for what is answered, a pod outlives its drain, and its calls are fewer than it takes."""
    found: dict[str, Any] = {
        one["kind"]: one for one in yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text(encoding="utf-8"))
    }
    assert set(found) == {"Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"}
    pod = found["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    paths = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}
    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    settings = AnswerSettings(line="genesys", agent="a:b")
    assert pod["terminationGracePeriodSeconds"] > settings.drain_seconds
    (metric,) = found["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] == "voicelive_calls_active"
    assert int(metric["pods"]["target"]["averageValue"]) < settings.max_calls


def test_the_image_runs_the_server_itself() -> None:
    """SIGTERM reaches the server: no shell stands between, and nothing runs as root."""
    lines = (FOLDER / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert lines[-1].startswith('CMD ["sh", "-c", "exec voicelive answer')
    assert "USER voicelive" in lines


def test_every_step_of_the_image_is_one_that_is_tried() -> None:
    """`nox -s deploy` carries out each instruction, or says that it needs an image: none is unknown to it."""
    found = list(steps((FOLDER / "Dockerfile").read_text(encoding="utf-8")))
    assert [name for name, _ in found] == [
        "FROM",
        "RUN",
        "WORKDIR",
        "COPY",
        "RUN",
        "COPY",
        "USER",
        "ARG",
        "ENV",
        "EXPOSE",
        "CMD",
    ]
    installing = found[4][1]
    assert installing.startswith("pip install ")
    assert installing.endswith("rm -r /tmp/wheels")
