"""The Helm chart: what Helm makes of it is what Kubernetes takes, and it holds what it promises."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from server.setting_parsers import PARSERS
from tests.conftest import missing
from tests.deployment.charts import CHART, NEEDED, by_kind, helm, rendered, schema

KUBERNETES = ("1.27", "1.34")
EVERYTHING: dict[str, Any] = {
    "nats": {"tls": {"existing": "nats-tls"}, "storage": {"size": "1Gi", "className": "fast"}},
    "ingress": {
        "enabled": True,
        "host": "doorward.example",
        "className": "nginx",
        "tls": {"secretName": "doorward-tls"},
    },
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "networkPolicy": {
        "ingressFrom": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}],
        "metricsFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
    },
    "trustedProxies": ["10.0.0.0/8"],
    "settings": {"DOORWARD_LOG": "json"},
    "imagePullSecrets": [{"name": "registry"}],
    "nodeSelector": {"disk": "fast"},
    "tolerations": [{"key": "access", "operator": "Exists"}],
    "podAnnotations": {"note": "x"},
    "podLabels": {"team": "access"},
    "priorityClassName": "high",
}
OWN_NATS: dict[str, Any] = {
    "nats": {
        "enabled": False,
        "url": "tls://a.example,tls://b.example",
        "tls": {"existing": "nats-ca"},
    }
}


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("values", [{}, EVERYTHING, OWN_NATS], ids=["least", "all", "own-nats"])
def test_kubernetes_takes_what_the_chart_makes(values: dict[str, Any], version: str) -> None:
    try:
        import kubernetes_validate  # noqa: PLC0415 - only this test needs it
    except ImportError:
        missing("kubernetes-validate")
    for document in rendered(**values):
        # Of the Prometheus operator, not of Kubernetes.
        if document["kind"] != "ServiceMonitor":
            kubernetes_validate.validate(document, version, strict=True)


def test_helm_has_nothing_against_the_chart_but_that_it_has_no_icon() -> None:
    with helm().Chart.load(CHART) as chart:
        chart.validate_schema(NEEDED)
    said = helm().lint(CHART)["messages"]
    told = [one["error"] for one in said if "publicUrl" not in one["error"]]
    assert told == ["icon is recommended"]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"publicUrl": ""}, "publicUrl"),
        ({"publicUrl": "http://doorward.example"}, "publicUrl"),
        ({"oidc": {"issuer": "", "clientId": "x"}}, "issuer"),
        ({"replica": 3}, "replica"),
        ({"settings": {"LOG": "json"}}, "LOG"),
        ({"nats": {"enabled": False}}, "nats.url is needed"),
        ({"ingress": {"enabled": True}}, "ingress.host is needed"),
    ],
)
def test_values_that_cannot_work_are_refused_with_the_reason(
    values: dict[str, Any], why: str
) -> None:
    with pytest.raises(helm().HelmError, match=why):
        rendered(**values)


def test_every_value_has_its_place_in_the_schema() -> None:
    def compare(values: dict[str, Any], described: dict[str, Any], where: str) -> None:
        if "$ref" in described:
            described = schema()["definitions"][described["$ref"].rsplit("/", 1)[-1]]
        for name, value in values.items():
            known = described.get("properties", {})
            assert name in known or described.get("additionalProperties") is not False, where
            if isinstance(value, dict) and name in known:
                compare(value, known[name], f"{where}.{name}")

    compare(yaml.safe_load((CHART / "values.yaml").read_text()), schema(), "values")


@pytest.mark.parametrize("values", [{}, EVERYTHING, OWN_NATS], ids=["least", "all", "own-nats"])
def test_settings_that_the_chart_gives_are_settings_of_doorward(values: dict[str, Any]) -> None:
    pod = by_kind(rendered(**values))["Deployment doorward"]["spec"]["template"]["spec"]
    given = {one["name"]: one["value"] for one in pod["containers"][0]["env"]}
    assert len(given) == len(pod["containers"][0]["env"])
    for name, value in given.items():
        setting = name.removeprefix("DOORWARD_").lower()
        if setting not in PARSERS:
            assert setting.removesuffix("_file") in PARSERS, name
        else:
            PARSERS[setting](value)
    # A Service named doorward would give the pod a DOORWARD_PORT that is none.
    assert pod["enableServiceLinks"] is False


def test_of_a_nats_of_ones_own_the_chart_takes_address_and_authority_alone() -> None:
    found = by_kind(rendered(**OWN_NATS))
    assert not [name for name in found if name.startswith(("StatefulSet", "ConfigMap"))]
    (container,) = found["Deployment doorward"]["spec"]["template"]["spec"]["containers"]
    given = {one["name"]: one["value"] for one in container["env"]}
    assert given["DOORWARD_NATS_URL"] == OWN_NATS["nats"]["url"]
    assert given["DOORWARD_NATS_CA"] == "/nats-tls/ca.crt"
    assert "DOORWARD_NATS_INSECURE" not in given


def test_a_pod_has_no_right_that_it_does_not_need() -> None:
    for name in ("Deployment doorward", "StatefulSet doorward-nats"):
        pod = by_kind(rendered())[name]["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]


def test_an_upgrade_takes_no_pod_away_before_another_is_ready() -> None:
    found = by_kind(rendered())
    deployed = found["Deployment doorward"]["spec"]
    assert deployed["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    (container,) = deployed["template"]["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["lifecycle"]["preStop"]
    assert found["PodDisruptionBudget doorward"]["spec"]["maxUnavailable"] == 1
    assert found["PodDisruptionBudget doorward-nats"]["spec"]["maxUnavailable"] == 1
    assert found["StatefulSet doorward-nats"]["spec"]["replicas"] == 3
