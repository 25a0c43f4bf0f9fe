"""What the demo claims, checked as it is claimed."""

from dataclasses import dataclass, field

from local.show import paint


@dataclass
class Promises:
    kept: int = 0
    broken: list[str] = field(default_factory=list)

    def check(self, claim: str, holds: bool, instead: object = "") -> None:
        """Say whether the claim holds; `instead` is what was found where it does not."""
        if holds:
            self.kept += 1
            print(f"   {paint('kept', 'green')}    {claim}")
        else:
            self.broken.append(claim)
            print(f"   {paint('BROKEN', 'red')}  {claim}; instead: {instead}")

    @property
    def summary(self) -> str:
        total = self.kept + len(self.broken)
        return f"{self.kept} of {total} promises kept"
