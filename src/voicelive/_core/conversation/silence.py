"""Whether the user is still there: how long they have said nothing since it was their turn."""

from ..._public import public_in
from ...errors import ConfigurationError
from ..numbers import is_number
from ..timeouts import LONGEST

__all__ = ["SilenceWatch"]


@public_in("voicelive.conversation")
class SilenceWatch:
    """Says when the user has been silent for so long, once for each silence. Times are in seconds, of any one clock.

    Example::

        watch = SilenceWatch(10)
        watch.rest(time.monotonic())            # the answer has been played to its end
        if watch.tick(time.monotonic()):        # 10 s later, and not a word
            connection.say("Are you still there?")
    """

    def __init__(self, seconds: float) -> None:
        """Prepare.

        Raises:
            ConfigurationError: if `seconds` is not a time above 0.
        """
        if not is_number(seconds) or not 0 < seconds <= LONGEST:
            raise ConfigurationError(f"user_away is {seconds!r}; it takes seconds above 0, at most {LONGEST:g}")
        self.seconds: float = seconds
        """How long a silence has to last."""
        self._since: float | None = None
        self._is_speaking = False
        self._was_told = False
        self._count = 0

    def user_began(self) -> None:
        """Note that the user began to speak."""
        self._is_speaking = True
        self._count = 0
        self.busy()

    def user_ended(self) -> None:
        """Note that the user ended to speak."""
        self._is_speaking = False

    def user_wrote(self, now: float) -> None:
        """Note a message of the user's that was not spoken: the silence begins anew."""
        self._count = 0
        if self._since is not None:
            self._since = now

    def busy(self) -> None:
        """Note that an answer is made or played, or a tool runs: nothing is expected of the user."""
        self._since = None
        self._was_told = False

    def rest(self, now: float) -> None:
        """Note that it is the user's turn, from a time on that may lie ahead; what is noted again changes nothing."""
        if self._since is None and not self._is_speaking and not self._was_told:
            self._since = now

    def due(self) -> float | None:
        """Return when :meth:`tick` is to be called; None while nothing waits for the clock."""
        return None if self._since is None else self._since + self.seconds

    def tick(self, now: float) -> int:
        """Return how many silences there have been in a row, if one has lasted long enough now; else 0."""
        due = self.due()
        if due is None or now < due:
            return 0
        self._since = None
        self._was_told = True
        self._count += 1
        return self._count
