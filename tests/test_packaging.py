"""What ships with the program fits it: the Debian package, the container, the files for Compose and Kubernetes."""
import ipaddress
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from conftest import PROGRAM, ROOT

PACKAGING = ROOT / "packaging"
MANIFESTS = [file for file in sorted((PACKAGING / "kubernetes").glob("*.yaml")) if file.name != "kustomization.yaml"]
# Versions that Makefile's libraries are not linked with, or tools that Debian's build has anyway.
NOT_LINKED = {"gcc", "g++", "make", "python3-pip", "ca-certificates", "linux-libc-dev", "tesseract-ocr-eng", "tesseract-ocr-osd", "pocketsphinx-en-us"}


def tool(name, *words):
    done = subprocess.run([Path(sys.executable).with_name(name), *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def settings():
    example = subprocess.run([PROGRAM, "config", "--example"], capture_output=True, text=True, check=True).stdout
    return {f"LECTERN_{name.upper()}" for name in re.findall(r"^#? ?([a-z0-9_]+) = ?", example, re.M)}


def test_the_manifests_for_kubernetes_are_valid():
    tool("kubernetes-validate", "--strict", *MANIFESTS)


def test_the_kustomization_names_every_manifest():
    named = yaml.safe_load((PACKAGING / "kubernetes" / "kustomization.yaml").read_text())["resources"]
    assert sorted(named) == [file.name for file in MANIFESTS]


def test_the_file_for_compose_is_valid():
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", PACKAGING / "compose" / "compose.yaml")


@pytest.mark.parametrize("file", [file for file in sorted(PACKAGING.rglob("*")) if file.is_file()], ids=lambda file: file.name)
def test_every_setting_that_is_named_exists(file):
    named = set(re.findall(r"LECTERN_[A-Z0-9_]+", file.read_text())) - {"LECTERN_IMAGE", "LECTERN_NAME"}
    assert named <= settings()


def test_probes_ask_paths_that_answer_to_anyone():
    routes = set(re.findall(r'ROUTE\("GET",\s*"([^"]+)",\s*ANYONE', (ROOT / "src" / "api" / "routes.def").read_text()))
    probed = set(re.findall(r"httpGet: \{path: ([^,]+),", (PACKAGING / "kubernetes" / "lectern.yaml").read_text()))
    assert probed and probed <= routes


def test_every_node_of_compose_is_behind_its_proxy():
    services = yaml.safe_load((PACKAGING / "compose" / "compose.yaml").read_text())["services"]
    nodes = {name for name in services if name.startswith("lectern")}
    assert nodes == set(re.findall(r"server (\w+):8000", (PACKAGING / "compose" / "nginx.conf").read_text()))


def test_nodes_believe_their_proxy_and_nobody_else_of_their_network():
    compose = yaml.safe_load((PACKAGING / "compose" / "compose.yaml").read_text())
    network = compose["networks"]["default"]["ipam"]["config"][0]
    trusted = compose["services"]["proxy"]["networks"]["default"]["ipv4_address"]
    assert {service["environment"]["LECTERN_TRUSTED_PROXIES"] for name, service in compose["services"].items() if name.startswith("lectern")} == {trusted}
    assert ipaddress.ip_address(trusted) in ipaddress.ip_network(network["subnet"])
    assert ipaddress.ip_address(trusted) not in ipaddress.ip_network(network["ip_range"]), "another container may get it"


def test_the_debian_package_is_built_with_what_the_program_is_built_with():
    control = (ROOT / "debian" / "control").read_text()
    build = set(re.findall(r"[a-z0-9+.-]+", re.search(r"Build-Depends:((?:.|\n )+)", control)[1]))
    needed = set(re.search(r'^run="([^"]+)"', (ROOT / "tools" / "need").read_text(), re.M)[1].split())
    assert needed - NOT_LINKED <= build


def test_the_debian_package_has_the_programs_version():
    version = subprocess.run([PROGRAM, "version"], capture_output=True, text=True, check=True).stdout.split()[1]
    assert (ROOT / "debian" / "changelog").read_text().startswith(f"lectern ({version})")
