"""Problems said in one line: what happened, where, and what to do."""


class Problem(Exception):
    """Something a person can act on; shown as one line, never as a traceback.

    `what` is the fact ("is cut short"), `where` the file, model or server, `advice` the next step.
    """

    def __init__(self, what: str, where: object = "", advice: str = "") -> None:
        super().__init__(what, str(where), advice)
        self.what = " ".join(what.split())
        self.where = str(where)
        self.advice = " ".join(advice.split())

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        rest = f". {self.advice}" if self.advice else ""
        return f"{place}{self.what}{rest}"

    def __reduce__(self) -> tuple[type["Problem"], tuple[str, str, str]]:
        return type(self), (self.what, self.where, self.advice)


class ScanProblem(Problem):
    """A scan that cannot be opened or read."""


def one_line(error: BaseException) -> str:
    """What an error of a library says, on one line of bounded length."""
    text = (str(error).strip().splitlines() or [""])[0][:160].rstrip(". ")
    return text or type(error).__name__
