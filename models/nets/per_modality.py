"""A network for each modality, whatever the modality is called."""

from collections.abc import Iterator

from torch import nn

DOT, STAND_IN = ".", "·"
"""Torch separates names of nested networks by dots, and the names of features at 29.97 frames a second have one."""


class PerModality(nn.ModuleDict):
    """``nn.ModuleDict`` from modality names, which may have dots in them."""

    @staticmethod
    def key(modality: str) -> str:
        """The name that a modality's network has among the weights."""
        return modality.replace(DOT, STAND_IN)

    def __setitem__(self, modality: str, module: nn.Module) -> None:
        super().__setitem__(self.key(modality), module)

    def __getitem__(self, modality: str) -> nn.Module:
        return super().__getitem__(self.key(modality))

    def __delitem__(self, modality: str) -> None:
        super().__delitem__(self.key(modality))

    def __contains__(self, modality: object) -> bool:
        return isinstance(modality, str) and super().__contains__(self.key(modality))

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> list[str]:  # type: ignore[override]
        """The modalities."""
        return [name.replace(STAND_IN, DOT) for name in self._modules]

    def items(self) -> list[tuple[str, nn.Module]]:  # type: ignore[override]
        """Each modality and its network."""
        return list(zip(self.keys(), self.values(), strict=True))
