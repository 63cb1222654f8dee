"""What azd makes on Azure: the files fit each other and the site, and a release is swapped in only when it may be."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.hosting import bicep
from tests.site.test_settings import documented

MAIN = bicep.parse(bicep.FOLDER / "main.bicep")
SOURCES = bicep.sources()
# Read by App Service or by Azure's libraries, not by the site: docs/hosting.md names them.
OF_THE_PLATFORM = re.compile(r"WEBSITES?_[A-Z_]+|AZURE_CLIENT_ID|APPLICATIONINSIGHTS_CONNECTION_STRING")


def test_every_file_is_bicep() -> None:
    assert len(SOURCES) > 10
    assert [fault for source in SOURCES for fault in source.faults()] == []
    broken = bicep.parse(
        MAIN.path, MAIN.path.read_text().replace("module web 'modules/web.bicep' = {", "module web = {")
    )
    assert broken.faults() != []


def test_every_module_is_there_used_and_given_what_it_takes() -> None:
    calls = [call for source in SOURCES for call in source.calls()]
    assert {call.path for call in calls} == {source.path for source in SOURCES} - {MAIN.path}
    known = {source.path: source for source in SOURCES}
    for call in calls:
        takes = known[call.path].parameters()
        assert call.given <= set(takes), call
        assert {name for name, has_default in takes.items() if not has_default} <= call.given, call
    for source in SOURCES:
        for call in source.calls():
            used = set(re.findall(rf"\b{call.symbol}!?\.outputs\.(\w+)", source.text))
            assert used <= known[call.path].outputs(), call


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.path.stem)
def test_every_parameter_and_variable_is_used(source: bicep.Source) -> None:
    declared = set(source.parameters())
    declared |= {bicep.said(node.children[1]) for node in source.of("variable_declaration")}
    assert [name for name in declared if len(re.findall(rf"\b{name}\b", source.text)) < 2] == []


def test_every_setting_is_documented() -> None:
    named = set().union(*(source.settings() for source in SOURCES))
    assert {"SECRET_KEY", "REDIS_URL", "AZURE_SQL_SERVER", "COSMOS_URL", "PHOTOS_URL", "PORT"} <= named
    known = documented()
    assert sorted(name for name in named if not OF_THE_PLATFORM.fullmatch(name) and name not in known) == []
    document = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    assert [name for name in named if OF_THE_PLATFORM.fullmatch(name) and f"`{name}`" not in document] == []
    # Whatever production requires is set, by one of the names that it goes by.
    instead = {"DATABASE_URL": "AZURE_POSTGRESQL_HOST"}
    required = {name for name, cells in known.items() if cells[-1] == "required"}
    assert {instead.get(name, name) for name in required} <= named


def test_the_parameters_are_those_of_the_template() -> None:
    told = json.loads((bicep.FOLDER / "main.parameters.json").read_text())["parameters"]
    assert set(told) == set(MAIN.parameters())
    for name, one in told.items():
        assert re.fullmatch(r"\$\{[A-Z_]+(=[\w.-]*)?\}", one["value"]), name
        assert ("=" in one["value"]) is MAIN.parameters()[name], name


def test_nothing_is_open_and_nothing_has_a_key_where_there_is_an_identity() -> None:
    texts = {source.path.stem: source.text for source in SOURCES}
    for name in ("vault", "storage", "postgres", "sql", "cosmos"):
        assert "publicNetworkAccess: 'Disabled'" in texts[name], name
    for name in ("vault", "storage", "postgres", "sql", "cosmos", "redis"):
        assert "endpoint.bicep" in texts[name], name
    assert "accessKeysAuthentication: 'Disabled'" in texts["redis"]
    assert "clusteringPolicy: 'EnterpriseCluster'" in texts["redis"]
    assert "allowSharedKeyAccess: false" in texts["storage"]
    assert "passwordAuth: 'Disabled'" in texts["postgres"]
    assert "azureADOnlyAuthentication: true" in texts["sql"]
    assert "disableLocalAuth: true" in texts["cosmos"]
    for parameter in ("secretKey", "secretKeyFallbacks", "emailUrl"):
        for name in ("main", "vault"):
            assert re.search(rf"@secure\(\)\n(@.*\n)*param {parameter} ", texts[name]), (name, parameter)


def test_the_web_tier_is_as_the_site_needs_it() -> None:
    text = next(source.text for source in SOURCES if source.path.stem == "web")
    for line in (
        "clientAffinityEnabled: false",
        "alwaysOn: true",
        "httpsOnly: true",
        "healthCheckPath: '/healthz'",
        "WEBSITE_SWAP_WARMUP_PING_PATH: '/readyz'",
    ):
        assert line in text


# --- deploy.sh, with programs that write down what they are asked ------------------------------------


@pytest.fixture
def deploy(tmp_path: Path) -> Path:
    """Return a folder with an az and an azd; what they were asked stands in its file asked."""
    answers = 'case "$*" in *"job start"*) echo run-1 ;; *"execution show"*) echo "$STATE" ;; *linuxFxVersion*) '
    answers += "echo 'DOCKER|reg.azurecr.io/site:before' ;; esac\n"
    for program, says in (("az", answers), ("azd", 'case "$*" in *get-value*) echo "the-$3" ;; esac\n')):
        path = tmp_path / program
        path.write_text(f'#!/bin/sh\necho "{program} $*" >> {tmp_path}/asked\n{says}')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return tmp_path


def run(folder: Path, *arguments: str, state: str = "Succeeded") -> tuple[int, list[str]]:
    """Deploy, and return the exit code with what was asked of Azure, shortened."""
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "STATE": state, "POLL_SECONDS": "0"}
    script = ROOT / "infra" / "azure" / "deploy.sh"
    done = subprocess.run(["sh", script, *arguments], env=environment, capture_output=True, check=False)
    asked = (folder / "asked").read_text().splitlines()
    return done.returncode, [line for line in asked if "get-value" not in line]


def test_a_release_is_built_then_migrated_then_swapped_in(deploy: Path) -> None:
    code, asked = run(deploy, "r42")
    assert code == 0
    wanted = [
        "az acr build",
        "az containerapp job update",
        "az containerapp job start",
        "az containerapp job execution",
    ]
    wanted += ["az webapp config appsettings", "az webapp config container", "az webapp deployment slot swap"]
    wanted += ["az containerapp update", "azd env set IMAGE", "azd env set RELEASE"]
    assert [line.startswith(start) for line, start in zip(asked, wanted, strict=True)] == [True] * len(wanted)
    assert "--slot staging --settings RELEASE=r42" in asked[4]
    assert "--container-image-name the-REGISTRY_HOST/site:r42" in asked[5]


def test_what_did_not_migrate_is_not_swapped_in(deploy: Path) -> None:
    code, asked = run(deploy, "r42", state="Failed")
    assert code == 1
    assert not any("slot" in line for line in asked)


def test_the_release_before_comes_back_by_a_swap_alone(deploy: Path) -> None:
    code, asked = run(deploy, "back")
    assert code == 0
    assert "slot swap" in asked[0]
    assert not any("job" in line or "acr" in line for line in asked)
    assert "--image reg.azurecr.io/site:before" in asked[2]


def test_azd_finds_what_it_is_told_of() -> None:
    told = yaml.safe_load((ROOT / "azure.yaml").read_text())
    assert (ROOT / told["infra"]["path"] / f"{told['infra']['module']}.bicep") == MAIN.path
    assert (ROOT / told["hooks"]["postprovision"]["run"].split()[-1]).is_file()
    outputs = MAIN.outputs()
    script = (ROOT / "infra" / "azure" / "deploy.sh").read_text()
    assert set(re.findall(r"\$\(value (\w+)\)", script)) == outputs
