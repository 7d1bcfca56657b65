"""What can go wrong with a dataset folder, said in one line."""

from imaging.errors import Problem


class DatasetProblem(Problem):
    """A dataset folder that cannot be read, or that cannot be written at present."""
