"""A ground: a deployer, the target behind it, and a test's hands on that target. Each `ground_*.py` here has some.

Its module says `GROUNDS = {"name": a_ground}`, where `a_ground(folder)` is an asynchronous context manager that gives a
`Ground`; nothing else needs to know of it. What a deployer's capabilities rule out is asked of no ground: where a test
has `@pytest.mark.needs("cancels")`, it is skipped for a deployer that doesn't cancel with the ground's settings.

What a ground plays, word by word: a script's lines are what the target says while it works, its last line the newest.
With code 0 it then succeeds, with another it fails and says "exit code 3" and its last lines. With `waits` it stays at
work after its lines until it is let go.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from bot.ports import Delivery, Deployer
from bot.rules.deployment import Deployment, Phase
from bot.rules.policy import Environment
from tests.makers import a_deployment, a_service, sha
from tests.twins import Script

D40 = a_deployment(40)
"""What the suite deploys: the ready-made candidate to production."""
SERVICE = a_service()
ANOTHER_COMMIT = sha("what nobody has approved")


class Ground(Protocol):
    """A deployer and the target behind it, which to begin with takes whatever it is asked for and is done at once."""

    @property
    def deployer(self) -> Deployer:
        """The deployer."""
        ...

    @property
    def environment(self) -> Environment:
        """Where to: an environment called production, with right settings."""
        ...

    def another(self) -> Deployer:
        """The deployer of another Slipway, or of this one after a restart: it knows what is kept, and no more."""
        ...

    # ------------------------------------------------------------ how it goes there

    def plays(self, script: Script) -> None:
        """So the deployments go that are started from now on."""
        ...

    def lets_go(self) -> None:
        """Whatever waits goes on to its end."""
        ...

    def refuses(self) -> None:
        """From now on every start is refused, and the target says why."""
        ...

    def starts(self) -> int:
        """How many deployments have really begun there, each try counted."""
        ...

    # ------------------------------------------------------------ what befalls it

    def goes_down(self) -> None:
        """It can't be reached: nothing that is asked arrives. Its work goes on."""
        ...

    def comes_up(self) -> None:
        """It can be reached again, with all that it knew."""
        ...

    def loses_the_next_answer(self) -> None:
        """The next start arrives and takes effect, and whoever asked gets no answer, or one that tells nothing."""
        ...

    def loses_everything(self) -> None:
        """It was restarted: what was at work is gone, and nobody knows how it ended. What was started stays known."""
        ...

    # ------------------------------------------------------------ what only some can

    def keeps(self, *commits: str) -> None:
        """finds_artifacts: only these commits are still there to be deployed, and of others it says "tidied away"."""
        ...

    def goes_blind(self) -> None:
        """finds_artifacts: it can't be told just now what is there."""
        ...

    def says_nothing_of_artifacts(self) -> None:
        """finds_artifacts: from now on the environment's settings don't say how to look."""
        ...

    def says_it_deploys(self, commit: str) -> None:
        """names_commit: that is the commit that it says it deploys."""
        ...

    def word(self, deployment: Deployment, phase: Phase, *, forged: bool = False) -> Delivery:
        """pushes: what the target would send about that deployment now; forged: by somebody who knows no secret."""
        ...


MakesAGround = Callable[[Path], AbstractAsyncContextManager[Ground]]
"""Prepares a ground in an empty folder, and clears it away."""
