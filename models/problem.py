"""Problems of models."""

from imaging.errors import Problem


class ModelProblem(Problem):
    """A model that cannot be used, or cannot be used on this scan."""
