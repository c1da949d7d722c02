"""Programs written in Go, built from the module proxy that this machine is set up with, each at one version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.services.obtain import Program, once, run, tool


@dataclass(frozen=True)
class Command:
    """A program's package and version.

    Attributes:
        name: What the binary is called.
        package: Import path of its main package.
        version: With a leading v.
        variables: `-X` assignments that its own release build would make.
    """

    name: str
    package: str
    version: str
    variables: tuple[str, ...] = ()

    def obtain(self) -> Program:
        """The program, built into the cache on first use.

        Raises:
            UnobtainableError: Go is missing, or the module cannot be had or built.
        """
        return Program((str(once(f"{self.name}-{self.version}", self._build) / self.name),))

    def _build(self, folder: Path) -> None:
        go = tool("go", f"install Go 1.24 or newer: {self.name} {self.version} is built from source")
        flags = " ".join(["-s -w", *(f"-X {each}" for each in self.variables)])
        run(go, "install", "-trimpath", f"-ldflags={flags}", f"{self.package}@{self.version}", cwd=folder, env={"GOBIN": str(folder)})


# Built by `go install`, Helm takes itself for one of Kubernetes 1.20, which the chart is not made for.
_LIBRARY = "helm.sh/helm/v3/pkg"
HELM = Command(
    "helm",
    "helm.sh/helm/v3/cmd/helm",
    "v3.21.0",
    tuple(
        f"{_LIBRARY}/{each}"
        for each in (
            "chartutil.k8sVersionMajor=1",
            "chartutil.k8sVersionMinor=34",
            "lint/rules.k8sVersionMajor=1",
            "lint/rules.k8sVersionMinor=34",
        )
    ),
)
KUBECONFORM = Command("kubeconform", "github.com/yannh/kubeconform/cmd/kubeconform", "v0.7.0")
