"""What the locked packages are, and what is known against them: `make sbom`, `make audit`.

python .ci/supply.py sbom       # build/sbom.json, CycloneDX 1.5, from requirements/base.txt
python .ci/supply.py audit      # known weaknesses of every locked version, from the OSV database
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("base.txt", "dev.txt")
SOURCE = "https://api.osv.dev/v1/querybatch"


@dataclass(frozen=True, slots=True)
class Package:
    """A locked package, and which packages asked for it."""

    name: str
    version: str
    via: tuple[str, ...]


def locked(text: str) -> list[Package]:
    """The packages of a lock file as `make lock` writes it."""
    found: list[Package] = []
    name, version, via = "", "", []
    for line in [*text.splitlines(), "end==0"]:
        if match := re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", line):
            if name:
                found.append(Package(name, version, tuple(via)))
            name, version, via = match[1], match[2], []
        elif match := re.match(r"\s+#\s+(?:via\s+)?(?!via$)([A-Za-z0-9._-]+)", line):
            via.append(match[1])
    return found


def bill(packages: list[Package], product: dict[str, Any]) -> dict[str, Any]:
    """The bill of materials: CycloneDX 1.5, the same for the same lock file."""
    refs = {each.name: f"pkg:pypi/{each.name.lower()}@{each.version}" for each in packages}
    top = f"pkg:pypi/{product['name']}@{product['version']}"
    asked = {top: [refs[each.name] for each in packages if product["name"] in each.via]}
    for name, ref in refs.items():
        asked[ref] = [refs[each.name] for each in packages if name in each.via]
    body: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": top,
                "name": product["name"],
                "version": product["version"],
                "purl": top,
                "licenses": [{"license": {"id": product["license"]}}],
            }
        },
        "components": [
            {
                "type": "library",
                "bom-ref": refs[p.name],
                "name": p.name,
                "version": p.version,
                "purl": refs[p.name],
            }
            for p in packages
        ],
        "dependencies": [{"ref": ref, "dependsOn": sorted(needs)} for ref, needs in sorted(asked.items())],
    }
    name = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))
    return {"serialNumber": f"urn:uuid:{name}"} | body


def audit(packages: list[Package], ask: Callable[[bytes], bytes]) -> tuple[int, str]:
    """Ask what is known against each version: 1 where something is, 0 where nothing is or nobody answers."""
    queries = [
        {"package": {"name": each.name, "ecosystem": "PyPI"}, "version": each.version} for each in packages
    ]
    try:
        results = json.loads(ask(json.dumps({"queries": queries}).encode()))["results"]
    except (OSError, ValueError, KeyError) as error:
        return 0, f"Nothing was compared: the advisory source {SOURCE} could not be reached or read ({error})"
    known = [
        f"{each.name} {each.version}: {', '.join(sorted(found['id'] for found in result['vulns']))}"
        for each, result in zip(packages, results, strict=True)
        if result.get("vulns")
    ]
    if known:
        return 1, "\n".join(
            [f"{len(known)} of {len(packages)} locked packages have known weaknesses:", *known]
        )
    return 0, f"Nothing is known against the {len(packages)} locked packages"


def _ask(body: bytes) -> bytes:
    request = urllib.request.Request(SOURCE, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return bytes(answer.read())


def main(command: str) -> int:
    """Run one of the two commands."""
    texts = {name: (ROOT / "requirements" / name).read_text(encoding="utf-8") for name in LOCKS}
    if command == "audit":
        packages = {(each.name, each.version): each for text in texts.values() for each in locked(text)}
        code, told = audit([packages[key] for key in sorted(packages)], _ask)
        print(told)
        return code
    product = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    place = ROOT / "build" / "sbom.json"
    place.parent.mkdir(exist_ok=True)
    packages_of_base = locked(texts["base.txt"])
    place.write_text(json.dumps(bill(packages_of_base, product), indent=2) + "\n", encoding="utf-8")
    print(f"{place.relative_to(ROOT)}: {len(packages_of_base)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
